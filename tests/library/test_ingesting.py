"""Folders of video into a library: captions, bad files, real files."""

import json
import os
import shutil
import subprocess
import sys
import tarfile
from dataclasses import replace

import av
import numpy as np
import pytest
from PIL import Image

from cuspworld import Clip, Library
from cuspworld.errors import CuspError
from cuspworld.video.folder import look, videos_of
from tests.helpers import moving_box


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Six good videos in two folders, with captions of every kind, and five bad ones."""
    folder = tmp_path_factory.mktemp("videos")
    (folder / "deep" / "er").mkdir(parents=True)
    (folder / ".hidden").mkdir()
    names = ["a.mp4", "b.webm", "c.gif", "deep/d.mov", "deep/er/e.mp4", "f.MP4"]
    for seed, name in enumerate(names):
        clip = moving_box(seed, 10, (32, 40))
        clip.write(folder / name.lower())
        if name != name.lower():
            (folder / name.lower()).rename(folder / name)
    shutil.copy(folder / "a.mp4", folder / ".hidden" / "h.mp4")
    (folder / "metadata.csv").write_text('file_name,caption\na.mp4,from csv\nb.webm,"csv, with a comma"\n,nobody\n')
    lines = [{"file_name": "a.mp4", "text": "from jsonl"}, {"file_name": "deep/d.mov", "caption": "深い箱"}]
    text = "\n".join([json.dumps(lines[0]), "{broken", json.dumps(lines[1], ensure_ascii=False), "[1]", ""])
    (folder / "metadata.jsonl").write_text(text, encoding="utf-8")
    (folder / "c.txt").write_text("from a\n text file \n")
    whole = (folder / "a.mp4").read_bytes()
    (folder / "bad-empty.mp4").write_bytes(b"")
    (folder / "bad-text.mp4").write_text("this is not a video")
    (folder / "bad-cut.mp4").write_bytes(whole[: len(whole) // 2])
    (folder / "deep" / "bad-noise.gif").write_bytes(np.random.default_rng(0).bytes(500))
    (folder / "bad-link.mp4").symlink_to(folder / "nowhere.mp4")
    (folder / "notes.pdf").write_text("not asked for")
    return folder


GOOD = ["a.mp4", "b.webm", "c.gif", "deep/d.mov", "deep/er/e.mp4", "f.MP4"]


@pytest.fixture(scope="module")
def library(folder, tmp_path_factory):
    library = Library.create(tmp_path_factory.mktemp("library") / "real.lance")
    addition = library.ingest(folder, size=32, fps=10, shots=False)
    return library, addition


def test_the_good_files_are_in_and_the_bad_ones_are_named(library):
    opened, addition = library
    assert opened.column("source") == sorted(GOOD) and addition.added == 6
    wrong = dict(addition.problems)
    assert {"bad-empty.mp4", "bad-text.mp4", "bad-cut.mp4", "bad-link.mp4", "deep/bad-noise.gif", "captions"} == set(
        wrong
    )
    assert "empty" in wrong["bad-empty.mp4"] and "0 frames could be read" in wrong["bad-text.mp4"]
    assert sum(what == "captions" for what, _ in addition.problems) == 3  # one csv line, two jsonl lines


def test_captions_come_from_the_tables_then_the_text_file_then_the_video(library):
    opened, _ = library
    found = dict(zip(opened.column("source"), opened.column("caption"), strict=True))
    assert found == {
        "a.mp4": "from jsonl",
        "b.webm": "csv, with a comma",
        "c.gif": "from a text file",
        "deep/d.mov": "深い箱",
        "deep/er/e.mp4": moving_box(4).caption,
        "f.MP4": moving_box(5).caption,
    }


def test_clips_are_what_clip_read_reads(library, folder):
    opened, _ = library
    for name, clip in zip(opened.column("source"), opened, strict=True):
        direct = Clip.read(folder / name, size=32, fps=10)
        assert np.array_equal(clip.frames, direct.frames) and clip.fps == direct.fps == 10


def test_ingesting_again_adds_nothing_and_another_reading_adds_all(library, folder, tmp_path):
    opened = Library.open(shutil.copytree(library[0].path, tmp_path / "again.lance"))
    again = opened.ingest(folder, size=32, fps=10, shots=False, workers=2)
    assert (again.added, again.present, len(opened)) == (0, 6, 6)
    assert opened.ingest(folder, size=(16, 24), fps=10, shots=False).added == 6


def test_copies_of_a_file_share_a_split(tmp_path):
    (tmp_path / "videos").mkdir()
    for seed in range(4):
        moving_box(seed, 3).write(tmp_path / "videos" / f"{seed}.mp4")
        shutil.copy(tmp_path / "videos" / f"{seed}.mp4", tmp_path / "videos" / f"copy of {seed}.mp4")
    library = Library.create(tmp_path / "copies.lance")
    assert library.ingest(tmp_path / "videos").added == 8
    splits = dict(zip(library.column("source"), library.column("split"), strict=True))
    assert all(splits[f"{seed}.mp4"] == splits[f"copy of {seed}.mp4"] for seed in range(4))


def test_long_videos_are_cut_into_clips_that_follow_one_another(tmp_path):
    clip = moving_box(1, 25, (32, 32))
    (tmp_path / "videos").mkdir()
    clip.write(tmp_path / "videos" / "long.mp4")
    library = Library.create(tmp_path / "pieces.lance")
    assert library.ingest(tmp_path / "videos", size=None, fps=None, seconds=1.0, shots=False).added == 3
    assert library.column("time") == [10, 10, 5] and set(library.column("caption")) == {clip.caption}
    joined = np.concatenate([piece.frames for piece in library])
    assert np.array_equal(joined, Clip.read(tmp_path / "videos" / "long.mp4").frames)
    assert len(set(library.column("split"))) == 1
    again = library.ingest(tmp_path / "videos", size=None, fps=None, seconds=1.0, shots=False)
    assert (again.added, again.present, len(library)) == (0, 1, 3)


def test_pieces_shorter_than_a_frame_are_frames(tmp_path):
    (tmp_path / "videos").mkdir()
    moving_box(1, 4, (32, 32)).write(tmp_path / "videos" / "short.mp4")
    library = Library.create(tmp_path / "pieces.lance")
    assert library.ingest(tmp_path / "videos", size=None, fps=None, seconds=0.01, shots=False).added == 4
    assert library.column("time") == [1, 1, 1, 1]


def test_folders_that_give_nothing(tmp_path):
    library = Library.create(tmp_path / "nothing.lance")
    (tmp_path / "empty").mkdir()
    (tmp_path / "file.txt").write_text("")
    for name, why in (("missing", "does not exist"), ("file.txt", "is a file"), ("empty", "no video in the folder")):
        with pytest.raises(CuspError, match=why):
            library.ingest(tmp_path / name)
    (tmp_path / "empty" / "v.mp4").write_bytes(b"")
    for bad in ({"size": 0}, {"size": 10**6}, {"fps": 0}, {"seconds": -1}, {"seconds": 0}, {"seconds": float("nan")}):
        with pytest.raises(CuspError, match=f"{next(iter(bad))} must be"):
            library.ingest(tmp_path / "empty", **bad)


def test_links_out_of_the_folder_are_not_followed(tmp_path):
    (tmp_path / "outside.txt").write_text("a secret")
    folder = tmp_path / "videos"
    folder.mkdir()
    moving_box(0, 3).write(folder / "a.mp4")
    moving_box(1, 3).write(tmp_path / "outside.mp4")
    (folder / "a.txt").symlink_to(tmp_path / "outside.txt")
    (folder / "b.mp4").symlink_to(tmp_path / "outside.mp4")
    library = Library.create(tmp_path / "links.lance")
    addition = library.ingest(folder)
    assert library.column("source") == ["a.mp4"] and library.column("caption") == [moving_box(0).caption]
    assert addition.problems == (("b.mp4", "a link that leads out of the folder is not followed"),)


def test_names_and_captions_that_are_no_utf_8_spoil_nothing(tmp_path):
    """Two names that differ in such a byte alone are two; a caption's half of a character comes from hostile JSON."""
    folder = tmp_path / "of\udce9"
    try:
        folder.mkdir()
    except OSError:
        pytest.skip("this file system takes UTF-8 names only")
    for name in ("caf\udce8.mp4", "caf\udce9.mp4", "noise.\udce9"):
        moving_box(3, 3).write(tmp_path / "a.mp4")
        (tmp_path / "a.mp4").rename(folder / name)
    (folder / "caf\udce9.txt").write_text("coffee")
    moving_box(1, 3).write(folder / "good.mp4")
    said = folder / "said.gif"
    replace(moving_box(2, 3), caption="halved").write(said)
    said.write_bytes(said.read_bytes().replace(b"halved", b"\\ud800"))
    library = Library.create(tmp_path / "l.lance")
    for size in (None, 16):
        addition = library.ingest(folder, size=size)
        assert addition.added == 5 and not addition.problems and library.ingest(folder, size=size).added == 0
    assert library.column("caption").count("\\ud800") == 2
    assert library.column("caption").count("coffee") == 2 and len({*library.column("source")}) == 5
    with pytest.raises(CuspError, match="must be UTF-8"):
        Library.create(tmp_path / "l\udce9.lance")


def test_what_is_no_file_is_named_and_not_opened(tmp_path):
    moving_box(0, 3).write(tmp_path / "a.mp4")
    os.mkfifo(tmp_path / "pipe.mp4")
    (tmp_path / "gone.mp4").symlink_to(tmp_path / "nowhere")
    (tmp_path / "endless.mp4").symlink_to("/dev/zero")
    found, left = look(tmp_path)
    assert [path.name for path in found] == ["a.mp4"]
    assert [name for name, _ in left] == ["endless.mp4", "gone.mp4", "pipe.mp4"]


def test_a_library_inside_its_own_folder_is_not_taken_in(tmp_path):
    """Where files are kept as they came, each run would take the kept ones for new."""
    moving_box(0, 3).write(tmp_path / "a.mp4")
    library = Library.create(tmp_path / "l.lance")
    assert library.ingest(tmp_path).added == 1 and library.ingest(tmp_path).added == 0
    assert videos_of(tmp_path) == [tmp_path / "a.mp4"] and library.column("source") == ["a.mp4"]


def test_a_whole_number_of_frames_a_second(tmp_path):
    moving_box(0, 9).write(tmp_path / "a.mp4")
    addition = Library.create(tmp_path / "l.lance").ingest(tmp_path, fps=10)
    assert addition.added == 1 and not addition.problems


def test_containers_beyond_mp4(data_folder, tmp_path):
    """Transport and program streams, Theora, 3GP and a file without a suffix are read; music with a cover is not."""
    place = data_folder / "cases" / "video"
    for name in ("ts.ts", "mpg.mpg", "theora.ogv", "3gp.3gp", "noext", "cover_art.mp4", "anim.webp"):
        shutil.copy(place / name, tmp_path / name)
    library = Library.create(tmp_path / "formats.lance")
    addition = library.ingest(tmp_path)
    assert library.column("source") == ["3gp.3gp", "mpg.mpg", "noext", "theora.ogv", "ts.ts"]
    wrong = dict(addition.problems)
    assert "no video" in wrong["cover_art.mp4"] and "cannot be read here" in wrong["anim.webp"]


def test_a_video_is_known_by_its_first_bytes_where_its_name_tells_nothing(tmp_path):
    """Ten more containers, one of them under four names of no kind; sounds and still pictures are no videos."""
    frames = np.repeat(np.arange(0, 200, 20, dtype=np.uint8), 48 * 64 * 3).reshape(10, 48, 64, 3)
    kinds = {
        "vob": ("vob", "mpeg2video"), "m2v": ("mpeg2video", "mpeg2video"), "m1v": ("mpeg1video", "mpeg1video"),
        "asf": ("asf", "mpeg4"), "divx": ("avi", "mpeg4"), "f4v": ("f4v", "libx264"), "qt": ("mov", "libx264"),
        "mxf": ("mxf", "mpeg2video"), "y4m": ("yuv4mpegpipe", "rawvideo"), "m2ts": ("mpegts", "libx264"),
        "h264": ("h264", "libx264"),
    }  # fmt: skip
    for suffix, (container, codec) in kinds.items():
        with av.open(str(tmp_path / f"clip.{suffix}"), "w", format=container) as file:
            stream = file.add_stream(codec, rate=25)
            stream.height, stream.width, stream.pix_fmt = 48, 64, "yuv420p"
            for frame in frames:
                file.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
            file.mux(stream.encode(None))
    pictures = [Image.fromarray(frame) for frame in frames]
    animated = {"save_all": True, "append_images": pictures[1:], "duration": 40}
    pictures[0].save(tmp_path / "clip.apng", format="PNG", **animated)
    pictures[0].save(tmp_path / "moving.webp", **animated)
    pictures[0].save(tmp_path / "still.webp")
    pictures[0].save(tmp_path / "still.png")
    for suffix, name in (("m2ts", "bare"), ("f4v", "clip.mp4.part"), ("vob", "CLIP.001"), ("apng", "moving.png")):
        shutil.copy(tmp_path / f"clip.{suffix}", tmp_path / name)
    shutil.copy(tmp_path / "clip.f4v", tmp_path / "song.m4a")
    found, left = look(tmp_path)
    expected = {f"clip.{suffix}" for suffix in kinds} - {"clip.h264"}
    assert {path.name for path in found} == expected | {"clip.apng", "bare", "clip.mp4.part", "CLIP.001", "moving.png"}
    assert {name for name, _ in left} == {"clip.h264", "moving.webp"}
    for path in found:
        read = Clip.read(path)
        assert read.frames.shape[0] == 10 and abs(read.frames.mean(axis=(1, 2, 3)) - frames[:, 0, 0, 0]).max() < 4, path
    alone = Library.create(tmp_path / "alone.lance")
    assert alone.ingest(tmp_path / "bare", shots=False).added == 1  # as a file, too


def test_videos_beside_a_tar_are_read_too(tmp_path):
    for name in ("a.mp4", "b.mp4"):
        moving_box(0, 5 + (name == "b.mp4")).write(tmp_path / name)
    with tarfile.open(tmp_path / "more.tar", "w") as tar:
        tar.add(tmp_path / "b.mp4", "0.mp4")
    (tmp_path / "b.mp4").unlink()
    with tarfile.open(tmp_path / "photos.tar", "w"):
        pass
    library = Library.create(tmp_path.parent / f"{tmp_path.name}.lance")
    addition = library.ingest(tmp_path, shots=False)
    assert sorted(library.column("source")) == ["a.mp4", "more.tar/0.mp4"] and not addition.problems


def test_real_videos(data_folder, tmp_path):
    """Every clip of the test inputs decodes, and is small, exact and upright in the library."""
    files = sorted(path.name for path in (data_folder / "videos").iterdir() if path.suffix in (".mp4", ".mov", ".gif"))
    library = Library.create(tmp_path / "real.lance")
    addition = library.ingest(data_folder / "videos", size=64, fps=10, shots=False)
    assert (addition.problems, library.column("source")) == ((), files) and len(files) >= 20
    assert all(clip.size == (64, 64) and clip.fps == 10 and clip.frames.std() > 1 for clip in library)


@pytest.mark.long
def test_one_bad_file_in_a_thousand(tmp_path):
    folder = tmp_path / "videos"
    folder.mkdir()
    for seed in range(20):
        moving_box(seed, 3, (16, 16)).write(folder / f"{seed:04d}.mp4")
    for seed in range(20, 1000):
        shutil.copy(folder / f"{seed % 20:04d}.mp4", folder / f"{seed:04d}.mp4")
    (folder / "0500.mp4").write_bytes((folder / "0500.mp4").read_bytes()[:300])
    library = Library.create(tmp_path / "thousand.lance")
    addition = library.ingest(folder, size=16, workers=2)
    assert addition.added == len(library) == 999
    assert [what for what, _ in addition.problems] == ["0500.mp4"]


def test_a_library_without_its_packages_names_the_extra():
    hidden = "import sys; sys.modules['lance'] = None; import cuspworld.library"
    done = subprocess.run([sys.executable, "-c", hidden], capture_output=True, text=True)
    assert done.returncode != 0 and "cuspworld[library]" in done.stderr.splitlines()[-1]
