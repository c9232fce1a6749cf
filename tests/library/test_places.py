"""Places that clips come from: globs, files, addresses, tars, tables, datasets, recordings."""

import io
import json
import tarfile

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from cuspworld import Clip, Library
from cuspworld.errors import CuspError
from cuspworld.library.places import web
from tests.helpers import moving_box
from tests.library.servers import bucket, folder_pages, say, served


@pytest.fixture(scope="module")
def videos(tmp_path_factory):
    """Three videos in two folders, two of them with captions of a table and one with a text."""
    folder = tmp_path_factory.mktemp("videos")
    (folder / "deep").mkdir()
    for seed, name in enumerate(("a.mp4", "b.mp4", "deep/c.mp4")):
        moving_box(seed, 6, (32, 40)).write(folder / name)
    (folder / "metadata.csv").write_text("file_name,caption\na.mp4,one\ndeep/c.mp4,three\n")
    (folder / "b.txt").write_text("two")
    return folder


@pytest.fixture
def library(tmp_path):
    return Library.create(tmp_path / "places.lance")


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch):
    monkeypatch.setattr(web, "PAUSES", (0.0, 0.0))


def captions(library):
    return dict(zip(library.column("source"), library.column("caption"), strict=True))


ALL = {"a.mp4": "one", "b.mp4": "two", "deep/c.mp4": "three"}


def test_a_glob_and_a_file(videos, library):
    assert library.ingest(f"{videos}/*.mp4").added == 2
    assert captions(library) == {"a.mp4": "one", "b.mp4": "two"}
    assert (library.ingest(videos / "a.mp4").present, library.ingest(f"{videos}/**/*.mp4").added) == (1, 1)
    assert captions(library) == ALL
    with pytest.raises(CuspError, match="no file matches"):
        library.ingest(f"{videos}/*.avi")


def test_a_web_server_that_lists_its_files(videos, library):
    with served(folder_pages(videos)) as url:
        addition = library.ingest(f"{url}/")
        assert (captions(library), addition.added, addition.problems) == (ALL, 3, ())
        assert library.ingest(f"{url}/").added == 0
        assert library.ingest(f"{url}/a.mp4").present == 1
    assert np.array_equal(library[0].frames, Clip.read(videos / "a.mp4").frames)


def test_a_bucket(videos, library, monkeypatch):
    fsspec = pytest.importorskip("s3fs") and pytest.importorskip("fsspec")
    with served(bucket(videos)) as url:
        monkeypatch.setitem(fsspec.config.conf, "s3", {"endpoint_url": url, "key": "k", "secret": "s"})
        addition = library.ingest("s3://bucket/")
        assert (captions(library), addition.added, addition.problems) == (ALL, 3, ())
        assert library.ingest("s3://bucket").added == 0


def test_servers_that_misbehave(videos, library):
    good = (videos / "a.mp4").read_bytes()
    times = {}

    def answer(handler, path):
        count = times[path] = times.get(path, 0) + 1
        if path == "/":
            names = (
                "busy.mp4",
                "error.mp4",
                "garbage.mp4",
                "nothing.mp4",
                "short.mp4",
                "good.mp4",
                "file.mp4",
                "gone.mp4",
            )
            return say(handler, "".join(f"<a href='{name}'>" for name in (*names, "..%2f..%2fup.mp4")).encode())
        if path == "/busy.mp4" and count == 1:
            return say(handler, b"", 429, Retry_After="0")
        if path == "/error.mp4":
            return say(handler, b"", 500)
        if path == "/garbage.mp4":
            return say(handler, np.random.default_rng(0).bytes(5000))
        if path == "/nothing.mp4":
            return handler.connection.close()
        if path == "/short.mp4":
            return say(handler, good[:300], Content_Length=str(len(good)))
        if path == "/file.mp4":
            return say(handler, b"", 302, Location="file:///etc/passwd")
        if path == "/gone.mp4":
            return say(handler, b"", 404)
        return say(handler, good)

    with served(answer) as url:
        addition = library.ingest(f"{url}/")
    assert library.column("source") == ["busy.mp4", "good.mp4"] and times["/busy.mp4"] == 2
    wrong = dict(addition.problems)
    assert set(wrong) == {"error.mp4", "garbage.mp4", "nothing.mp4", "short.mp4", "file.mp4", "gone.mp4"}
    assert "answers 500" in wrong["error.mp4"] and "404" in wrong["gone.mp4"] and "not allowed" in wrong["file.mp4"]


def test_addresses_that_are_refused(library):
    for url in ("file:///etc/passwd", "local:///etc", "filecache::s3://b/a.mp4", "memory://a.mp4", "ftp://host/a.mp4"):
        with pytest.raises(CuspError, match=r"cuspworld reads http://"):
            library.ingest(url)
    with (
        served(lambda handler, path: say(handler, b"<p>nothing here")) as url,
        pytest.raises(CuspError, match="no video at"),
    ):
        library.ingest(f"{url}/")


def test_from_the_open_net_into_a_private_one(monkeypatch):
    where = {"open.example": "93.184.216.34", "inside.example": "169.254.169.254"}
    monkeypatch.setattr(web.socket, "getaddrinfo", lambda host, port: [(0, 0, 0, "", (where[host], 0))])
    follow = web._Redirects("https://open.example/a.mp4").redirect_request
    request = web.urllib.request.Request("https://open.example/a.mp4")
    with pytest.raises(CuspError, match="into a private network"):
        follow(request, None, 302, "Found", {}, "http://inside.example/latest")
    assert follow(request, None, 302, "Found", {}, "https://open.example/b.mp4").full_url.endswith("b.mp4")


def test_shards_that_we_wrote_and_links_and_names_that_lead_out(library, tmp_path, videos):
    with tarfile.open(tmp_path / "clips.tar", "w") as tar:
        for name, arc in (("a.mp4", "x/a.mp4"), ("b.mp4", "x/b.mp4"), ("a.mp4", "../up.mp4"), ("a.mp4", "/root.mp4")):
            info = tarfile.TarInfo(arc)
            info.size = (videos / name).stat().st_size
            tar.addfile(info, (videos / name).open("rb"))
            if arc == "x/a.mp4":
                text = json.dumps({"text": "from json"}).encode()
                info = tarfile.TarInfo("x/a.json")
                info.size = len(text)
                tar.addfile(info, io.BytesIO(text))
        link = tarfile.TarInfo("x/link.mp4")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(link)
    addition = library.ingest(tmp_path / "clips.tar")
    assert captions(library) == {"clips.tar/x/a.mp4": "from json", "clips.tar/x/b.mp4": moving_box(1).caption}
    assert len(addition.problems) == 3 and {"refused", "not followed"} == {
        why.split()[-1] if "refused" in why else "not followed" for _, why in addition.problems
    }
    assert library.ingest(tmp_path / "clips.tar").present == 2


def test_a_tar_bomb_is_refused(library, tmp_path, videos, monkeypatch):
    from cuspworld.library.places import shards

    monkeypatch.setattr(shards, "_SMALL", 1 << 20)
    with tarfile.open(tmp_path / "bomb.tar.gz", "w:gz", compresslevel=9) as tar:
        info = tarfile.TarInfo("good.mp4")
        info.size = (videos / "a.mp4").stat().st_size
        tar.addfile(info, (videos / "a.mp4").open("rb"))
        info = tarfile.TarInfo("zeros.mp4")
        info.size = 64 << 20
        tar.addfile(info, io.BytesIO(bytes(info.size)))
    addition = library.ingest(tmp_path / "bomb.tar.gz")
    assert library.column("source") == ["bomb.tar.gz/good.mp4"]
    assert "times its size" in addition.problems[0][1]


def test_videos_inside_parquet_and_arrow_files(library, tmp_path, videos):
    rows = [
        {"video": {"bytes": (videos / "a.mp4").read_bytes(), "path": "a.mp4"}, "text": "one"},
        {"video": {"bytes": None, "path": "/etc/passwd"}, "text": "a path of this machine"},
        {"video": {"bytes": (videos / "b.mp4").read_bytes(), "path": None}, "text": "two"},
    ]
    table = pa.Table.from_pylist(rows)
    parquet.write_table(table, tmp_path / "train-00000.parquet")
    (tmp_path / "saved").mkdir()
    with (
        pa.OSFile(str(tmp_path / "saved" / "data-00000.arrow"), "wb") as file,
        pa.ipc.new_stream(file, table.schema) as out,
    ):
        out.write_table(table)
    for place, name in (
        (tmp_path / "train-00000.parquet", "train-00000.parquet"),
        (tmp_path / "saved", "data-00000.arrow"),
    ):
        addition = library.ingest(place)
        assert addition.added == 2 and "no path is followed" in addition.problems[0][1]
        assert {captions(library)[f"{name}/{k:06d}"] for k in (0, 2)} == {"one", "two"}


def test_a_lerobot_dataset_brings_states_and_actions(library, tmp_path):
    recorded = Library.create(tmp_path / "juice.lance")
    recorded.record("Juice", 2, size=32, seconds=0.5)
    recorded[:].export(tmp_path / "robot", "lerobot")
    addition = library.ingest(tmp_path / "robot")
    assert (addition.added, addition.problems) == (2, ())
    for original, clip in zip(recorded, library, strict=True):
        assert clip.caption == original.caption and len(clip) == len(original)
        for table in ("state", "action"):
            truth, found = getattr(original.truth, table), getattr(clip.truth, table)
            assert found.dtype.names == truth.dtype.names
            assert all(np.allclose(found[name], truth[name], rtol=1e-5, atol=1e-6) for name in truth.dtype.names)
    assert library.column("world") == [None, None]


def test_episodes_that_share_one_video_file(library, tmp_path):
    """As LeRobot writes them: several episodes one after another in one file, cut by their times."""
    clips = [moving_box(seed, 10, (32, 32)) for seed in range(3)]
    frames = np.concatenate([clip.frames for clip in clips])
    (tmp_path / "meta" / "episodes").mkdir(parents=True)
    (tmp_path / "data").mkdir()
    Clip(frames, 10.0).write(tmp_path / "videos.mp4", quality=100)
    info = {
        "codebase_version": "v3.0", "fps": 10, "data_path": "data/{chunk_index}-{file_index}.parquet",
        "video_path": "videos.mp4",
        "features": {"cam": {"dtype": "video"}, "action": {"names": {"motors": ["x", "y"]}}},
    }  # fmt: skip
    (tmp_path / "meta" / "info.json").write_text(json.dumps(info))
    parquet.write_table(
        pa.table({"episode_index": np.repeat([0, 1, 2], 10), "action": np.arange(60.0).reshape(30, 2).tolist()}),
        tmp_path / "data" / "0-0.parquet",
    )
    rows = [
        {"episode_index": k, "tasks": [f"task {k}"], "data/chunk_index": 0, "data/file_index": 0,
         "videos/cam/chunk_index": 0, "videos/cam/file_index": 0, "videos/cam/from_timestamp": float(k),
         "videos/cam/to_timestamp": k + 1.0}
        for k in range(3)
    ]  # fmt: skip
    parquet.write_table(pa.Table.from_pylist(rows), tmp_path / "meta" / "episodes" / "e.parquet")
    library.ingest(tmp_path)
    assert library.column("caption") == ["task 0", "task 1", "task 2"] and library.column("time") == [10, 10, 10]
    for k, clip in enumerate(library):
        assert np.abs(clip.frames.astype(int) - clips[k].frames).mean() < 4
        assert clip.truth.action["y"].tolist() == [20 * k + 2 * row + 1 for row in range(10)]


def test_a_gymnasium_recording(library, tmp_path):

    rng = np.random.default_rng(0)
    moving_box(0, 11, (32, 32)).write(tmp_path / "rl-video-episode-0.mp4")
    observations, actions = rng.normal(size=(11, 3)), rng.normal(size=(10, 2))
    np.savez(tmp_path / "rl-video-episode-0.npz", observations=observations, actions=actions)
    moving_box(1, 5, (32, 32)).write(tmp_path / "rl-video-episode-1.mp4")
    np.savez(tmp_path / "rl-video-episode-1.npz", observations=np.array([{}], object), actions=actions)
    addition = library.ingest(tmp_path)
    assert addition.added == 2
    assert "its signals are left out" in dict(addition.problems)["rl-video-episode-1.mp4"]
    first, second = library
    assert np.allclose(first.truth.state["observation_2"], observations[:, 2]) and second.truth is None
    assert np.allclose(first.truth.action["action_1"][:-1], actions[:, 1]) and np.isnan(
        first.truth.action["action_1"][-1]
    )
