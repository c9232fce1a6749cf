"""Writing files whole or not at all: bad places, full disks, streams, and what a player expects."""

import os
import resource
import subprocess

import av
import numpy as np
import pytest

from cuspworld import Clip, Library, worlds
from cuspworld.errors import CuspError
from cuspworld.video.files import check_output, write_stream
from tests.helpers import moving_box
from tests.video_files import numbered, numbers

SUFFIXES = (".mp4", ".mov", ".webm", ".gif", ".png")


def noisy(frames: int = 30) -> Clip:
    """A clip that takes some hundred kilobytes in every format."""
    return Clip(np.random.default_rng(0).integers(0, 256, (frames, 96, 96, 3), np.uint8), 10.0, "noise")


def test_an_mp4_is_what_browsers_play(tmp_path):
    """H.264, 4:2:0, BT.709, its index at the front (ISO/IEC 14496-12: moov before mdat)."""
    path = moving_box(0).write(tmp_path / "a.mp4")
    data = path.read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")
    with av.open(str(path)) as container:
        context = container.streams.video[0].codec_context
        assert (context.name, context.pix_fmt, context.colorspace) == ("h264", "yuv420p", 1)


def test_frames_are_written_as_they_come(tmp_path):
    """A stream of pieces gives the file of the whole, and only the current piece is asked for."""
    frames = numbered(20)
    asked = []

    def pieces():
        for start in (0, 7, 8):
            asked.append(start)
            yield frames[start : {0: 7, 7: 8, 8: 20}[start]]

    streamed = write_stream(tmp_path / "streamed.mp4", pieces(), 10.0)
    assert asked == [0, 7, 8]
    assert streamed.read_bytes() == Clip(frames, 10.0).write(tmp_path / "whole.mp4").read_bytes()


def test_streams_that_cannot_be_written(tmp_path):
    mixed = [np.zeros((1, 8, 8, 3), np.uint8), np.zeros((1, 8, 10, 3), np.uint8)]
    for chunks, fps, message in (
        (mixed, 10.0, "one size"),
        ([], 10.0, "there are no frames"),
        (mixed[:1], 0.0, "fps must be"),
        (mixed[:1], 1e9, "fps must be"),
        (mixed[:1], float("nan"), "fps must be"),
    ):
        with pytest.raises(CuspError, match=message):
            write_stream(tmp_path / "a.mp4", chunks, fps)
    assert not list(tmp_path.iterdir())


def test_an_error_or_ctrl_c_on_the_way_leaves_the_old_file(tmp_path):
    old = Clip(numbered(3), 10.0).write(tmp_path / "a.mp4").read_bytes()
    for kind in (KeyboardInterrupt, RuntimeError):

        def broken(kind=kind):
            yield numbered(5)
            raise kind

        with pytest.raises(kind):
            write_stream(tmp_path / "a.mp4", broken(), 10.0)
        assert (tmp_path / "a.mp4").read_bytes() == old and len(list(tmp_path.iterdir())) == 1


def test_a_gif_beyond_fifty_fps_shows_the_frames_of_its_times(tmp_path):
    path = Clip(numbered(20), 100.0).write(tmp_path / "fast.gif")
    back = Clip.read(path)
    assert back.fps == pytest.approx(50) and numbers(back.frames) == list(range(0, 20, 2))


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_places_where_nothing_can_be_written(tmp_path, suffix):
    (tmp_path / "file").write_text("in the way")
    (tmp_path / f"folder{suffix}").mkdir()
    for path, message in (
        (tmp_path / "no" / "folder" / f"a{suffix}", "does not exist"),
        (tmp_path / "file" / f"a{suffix}", "does not exist|Not a directory"),
        (tmp_path / f"folder{suffix}", "a folder of that name"),
        (tmp_path / ("x" * 300 + suffix), "too long|cannot write"),
    ):
        with pytest.raises(CuspError, match=message):
            Clip(numbered(3), 10.0).write(path)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["file", f"folder{suffix}"]


def test_a_folder_without_permission(tmp_path, monkeypatch):
    """Root may write anywhere, so the system's answer is replaced; as another user the folder's mode would do."""
    monkeypatch.setattr(os, "access", lambda path, mode: mode != os.W_OK)
    with pytest.raises(CuspError, match="no permission to write in"):
        Clip(numbered(3), 10.0).write(tmp_path / "a.mp4")


@pytest.mark.parametrize("name", ["a", "a.txt", "a.avi", "mp4", ".mp4"])
def test_names_without_a_known_format(tmp_path, name):
    with pytest.raises(CuspError, match=r"must end in \.mp4"):
        check_output(tmp_path / name)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_disk_that_takes_no_more(tmp_path, suffix):
    """The system refuses every write past 8 kB, as a full disk does: a clear error, no rest, the old file stays."""
    path = tmp_path / f"a{suffix}"
    path.write_bytes(b"the old file")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (8000, hard))
    try:
        with pytest.raises(CuspError, match=r"cannot write .*a\."):
            noisy().write(path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert path.read_bytes() == b"the old file" and len(list(tmp_path.iterdir())) == 1


@pytest.fixture
def tiny_disk(tmp_path):
    """A real file system of 96 kB. Only root may mount one."""
    if os.geteuid() != 0:
        pytest.skip("mounting a tmpfs of 96 kB takes root")
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=96k", "tmpfs", str(place)], capture_output=True)
    if mounted.returncode:
        pytest.skip(f"this machine does not let root mount a tmpfs: {mounted.stderr.decode().strip()}")
    yield place
    subprocess.run(["umount", str(place)], check=True)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_full_disk(tiny_disk, suffix):
    small = Clip(numbered(2), 10.0).write(tiny_disk / f"small{suffix}").read_bytes()
    big = noisy() if suffix != ".png" else Clip(np.kron(noisy(16).frames, np.ones((1, 3, 3, 1), np.uint8)), 10.0)
    for name in ("small", "other"):
        with pytest.raises(CuspError, match="cannot write"):
            big.write(tiny_disk / f"{name}{suffix}")
    assert [p.name for p in tiny_disk.iterdir()] == [f"small{suffix}"]
    assert (tiny_disk / f"small{suffix}").read_bytes() == small
    Clip(numbered(2), 10.0).write(tiny_disk / f"again{suffix}")  # there is room again


def test_a_library_on_a_full_disk_keeps_what_it_has(tiny_disk):
    library = Library.create(tiny_disk / "a.lance")
    library.add([Clip(numbered(2), 10.0, "first")], "made")
    with pytest.raises(CuspError, match="cannot write to the library"):
        library.add([noisy()], "made")
    opened = Library.open(library.path)
    assert [clip.caption for clip in opened] == ["first"] and numbers(opened[0].frames) == [0, 1]
    assert opened.add([Clip(numbered(3), 10.0, "second")], "made").added == 1


def test_truth_on_a_full_disk(tiny_disk):
    clip = worlds.make("Collision").record(0, seconds=3, size=64)
    (tiny_disk / "filler").write_bytes(bytes(22 * 4096))  # two pages of 24 are left
    with pytest.raises(CuspError, match="cannot write"):
        clip.write(tiny_disk / "a.mp4", truth=True)
    left = {p.name for p in tiny_disk.iterdir()} - {"filler"}
    assert left <= {"a.mp4"}  # whole, or not there
