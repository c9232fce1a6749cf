"""Libraries out again: what is written can be read by what it is for."""

import io
import json
import os
import subprocess
import tarfile

import numpy as np
import pyarrow.parquet as parquet
import pytest

from cuspworld import Clip, Library
from cuspworld.errors import CuspError
from cuspworld.truth import Truth
from tests.cli.test_library_verbs import cusp
from tests.helpers import moving_box


@pytest.fixture(scope="module")
def library(tmp_path_factory) -> Library:
    library = Library.create(tmp_path_factory.mktemp("out") / "l.lance")
    library.record("Collision", 3, size=(24, 32), seconds=0.5)
    return library


def test_a_folder_of_files_comes_back_by_ingest(library, tmp_path):
    assert library[:].export(tmp_path / "videos") == 3
    back = Library.create(tmp_path / "back.lance")
    addition = back.ingest(tmp_path / "videos", size=None, fps=None)
    assert addition.added == 3 and not addition.problems and not addition.uncaptioned
    assert [clip.caption for clip in back] == [clip.caption for clip in library]
    one = Clip.read(tmp_path / "videos" / "000001.mp4", truth=True)
    assert one.truth.to_bytes() == library[1].truth.to_bytes()
    assert abs(one.frames.astype(int) - library[1].frames).mean() < 6


def test_webdataset_groups_a_clips_parts_by_name(library, tmp_path):
    for name in ("a", "b"):
        library[:].export(tmp_path / name, "webdataset")
    files = [tmp_path / name / "clips-000000.tar" for name in "ab"]
    assert files[0].read_bytes() == files[1].read_bytes()
    with tarfile.open(files[0]) as tar:
        parts = {entry.name: tar.extractfile(entry).read() for entry in tar}
    assert {name.partition(".")[2] for name in parts} == {"mp4", "txt", "json", "truth.npz"} and len(parts) == 12
    facts = json.loads(parts["00000002.json"])
    assert facts["text"] == parts["00000002.txt"].decode() == library[2].caption
    assert Truth.from_bytes(parts["00000002.truth.npz"]).world == "Collision"
    assert len(Clip.read(_file(tmp_path, parts["00000002.mp4"]))) == 5


def _file(folder, data: bytes):
    path = folder / "one.mp4"
    path.write_bytes(io.BytesIO(data).read())
    return path


def test_lerobot_has_an_episode_a_clip(library, tmp_path):
    library[:].export(tmp_path / "robot", "lerobot")
    info = json.loads((tmp_path / "robot/meta/info.json").read_text())
    assert info["codebase_version"] == "v3.0" and info["total_episodes"] == 3 and info["total_frames"] == 15
    episodes = parquet.read_table(tmp_path / "robot/meta/episodes/chunk-000/file-000.parquet").to_pylist()
    assert [e["dataset_from_index"] for e in episodes] == [0, 5, 10] and episodes[2]["tasks"] == [library[2].caption]
    for episode in episodes:
        place = {"chunk_index": episode["data/chunk_index"], "file_index": episode["data/file_index"]}
        table = parquet.read_table(tmp_path / "robot" / info["data_path"].format(**place))
        truth = library[episode["episode_index"]].truth
        assert table["observation.state"].to_pylist()[3] == pytest.approx(list(truth.state[3]), rel=1e-5, abs=1e-6)
        assert table["action"].type.list_size == info["features"]["action"]["shape"][0] == 2
        assert table["timestamp"].to_pylist() == pytest.approx([0, 0.1, 0.2, 0.3, 0.4])
        video = info["video_path"].format(video_key="observation.images.main", **place)
        assert Clip.read(tmp_path / "robot" / video).frames.shape == (5, 24, 32, 3)
    stats = json.loads((tmp_path / "robot/meta/stats.json").read_text())["observation.state"]
    every = np.concatenate([np.array(clip.truth.state.tolist()) for clip in library])
    assert stats["mean"] == pytest.approx(every.mean(0), rel=1e-4, abs=1e-5)
    assert stats["std"] == pytest.approx(every.std(0), rel=1e-2, abs=1e-3)
    picture = json.loads((tmp_path / "robot/meta/stats.json").read_text())["observation.images.main"]
    assert np.ravel(picture["mean"]) == pytest.approx(
        np.mean([clip.frames / 255 for clip in library], axis=(0, 1, 2, 3)), abs=1e-3
    )
    pandas = pytest.importorskip("pandas")
    tasks = pandas.read_parquet(tmp_path / "robot/meta/tasks.parquet")
    assert tasks.index[0] == library[0].caption and list(tasks.columns) == ["task_index"]


READ_BY_LEROBOT = """
import json, sys
from lerobot.datasets.lerobot_dataset import LeRobotDataset
from torch.utils.data import DataLoader
data = LeRobotDataset("here/robot", root=sys.argv[1], video_backend="pyav")
item, batch = data[7], next(iter(DataLoader(data, batch_size=4)))
print(json.dumps([len(data), data.num_episodes, item["task"], item["observation.state"].tolist(),
    item["observation.images.main"].tolist(), list(batch["action"].shape),
    list(data.meta.stats["observation.images.main"]["mean"].shape)]))
"""


@pytest.mark.skipif("LEROBOT_PYTHON" not in os.environ, reason="LEROBOT_PYTHON names a Python that has lerobot")
def test_lerobot_itself_reads_it(library, tmp_path):
    """In a process of another environment: lerobot 0.6.1 wants av < 16, and we 18 at least."""
    library[:].export(tmp_path / "robot", "lerobot")
    command = [os.environ["LEROBOT_PYTHON"], "-c", READ_BY_LEROBOT, str(tmp_path / "robot")]
    alone = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"} | {"HF_HUB_OFFLINE": "1"}
    said = subprocess.run(command, capture_output=True, text=True, env=alone, check=True).stdout
    frames, episodes, task, state, seen, batch, picture = json.loads(said.splitlines()[-1])
    clip = library[1]
    assert (frames, episodes, task, batch, picture) == (15, 3, clip.caption, [4, 2], [3, 1, 1])
    assert state == pytest.approx(list(clip.truth.state[2]), rel=1e-5, abs=1e-6)
    assert np.abs(np.transpose(seen, (1, 2, 0)) - clip.frames[2] / 255).mean() < 0.02


def test_what_a_format_cannot_hold_is_said_and_leaves_nothing(library, tmp_path):
    mixed = Library.create(tmp_path / "m.lance")
    mixed.add([moving_box(0)], "mine")
    with pytest.raises(CuspError, match="states and actions"):
        mixed[:].export(tmp_path / "robot", "lerobot")
    assert not (tmp_path / "robot").exists() and not list(tmp_path.glob(".*aside*"))
    for arguments, said in (((tmp_path, "mp4"), "something is there"), ((tmp_path / "x", "zip"), "no format")):
        with pytest.raises(CuspError, match=said):
            library[:].export(*arguments)
    with pytest.raises(CuspError, match="no clips"):
        library[:0].export(tmp_path / "y")


def test_the_verb(library, tmp_path, capsys):
    assert cusp("export", library.path, "-o", tmp_path / "v", "--where", "seed = 1", "--json") == 0
    assert json.loads(capsys.readouterr().out)["clips"] == 1 and (tmp_path / "v/000000.mp4").is_file()
    assert cusp("export", library.path, "-o", tmp_path / "v", "--format", "webdataset") == 2


def test_a_data_loader_takes_it_with_its_own_collate(library):
    loading = pytest.importorskip("torch.utils.data")
    batches = list(loading.DataLoader(library[:].torch(frames=4), batch_size=3))
    assert batches[0]["frames"].shape == (3, 4, 24, 32, 3) and batches[0]["caption"][2] == library[2].caption
    with pytest.raises(CuspError, match="fewer than 9"):
        library[:].torch(frames=9)[0]


def test_clips_of_several_sizes_make_a_batch_of_one_that_is_asked_for(tmp_path):
    loading = pytest.importorskip("torch.utils.data")
    mixed = Library.create(tmp_path / "m.lance")
    mixed.add([moving_box(0), moving_box(1, 9, (32, 40))], "mine")
    with pytest.raises(CuspError, match=r"2 sizes \(.*32x40\) make no batch: take size=64"):
        mixed[:].torch(frames=4)
    (batch,) = loading.DataLoader(mixed[:].torch(frames=4, size=16), batch_size=2)
    assert batch["frames"].shape == (2, 4, 16, 16, 3)
    assert mixed[:1].torch(frames=4)[0]["frames"].shape[1:3] == mixed[0].size
