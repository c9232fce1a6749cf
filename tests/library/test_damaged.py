"""A library that was damaged, or written by something else, is named and never a raw error."""

import signal
import subprocess
import sys
from contextlib import suppress

import lance
import numpy as np
import pyarrow as pa
import pytest

from cuspworld import Library
from cuspworld.errors import CuspError
from cuspworld.library.heeding import heeding_ctrl_c
from cuspworld.library.schema import SCHEMA, row_of
from cuspworld.library.storage import pack_frames, unpack_frames
from tests.helpers import moving_box


@pytest.mark.parametrize("place", [0, 7, 100, 2000, -1])
def test_any_changed_byte_of_stored_frames_is_found(place):
    frames = np.random.default_rng(0).integers(0, 256, (4, 16, 16, 3), np.uint8)
    packed = bytearray(pack_frames(frames))
    packed[place] ^= 1
    with pytest.raises(CuspError, match="damaged"):
        unpack_frames(bytes(packed), (4, 16, 16))


def test_frames_of_before_the_checksum_are_read():
    frames = np.random.default_rng(0).integers(0, 256, (4, 16, 16, 3), np.uint8)
    assert np.array_equal(unpack_frames(pack_frames(frames)[:-12], (4, 16, 16)), frames)


@pytest.mark.parametrize(
    ("column", "value"),
    [("fps", float("nan")), ("fps", -1.0), ("time", 10**9), ("time", -3), ("height", 0), ("frames", b""),
     ("frames", b"junk"), ("truth", b"junk"), ("truth", b"")],
)  # fmt: skip
def test_a_row_of_nonsense_is_named(tmp_path, column, value):
    rows = [row_of(moving_box(k, 3), f"k{k}", "s", "g") for k in range(2)]
    rows[1][column] = value
    lance.write_dataset(pa.Table.from_pylist(rows, schema=SCHEMA), str(tmp_path / "l.lance"), schema=SCHEMA)
    library = Library.open(tmp_path / "l.lance")
    assert len(library[0]) == 3
    with pytest.raises(CuspError, match="k1"):
        library[1]


def test_files_that_are_gone_or_changed(tmp_path):
    library = Library.create(tmp_path / "l.lance")
    library.add([moving_box(k, 3) for k in range(3)], "mine")
    for file in (tmp_path / "l.lance" / "data").iterdir():
        data = file.read_bytes()
        file.write_bytes(data[:40] + bytes(len(data) - 40))
    for what in (lambda: list(Library.open(tmp_path / "l.lance")), lambda: Library.open(tmp_path / "l.lance")[0]):
        with pytest.raises(CuspError, match="damaged"):
            what()
    for file in (tmp_path / "l.lance" / "data").iterdir():
        file.unlink()
    with pytest.raises(CuspError, match="damaged"):
        list(Library.open(tmp_path / "l.lance"))


def test_a_list_of_columns_that_is_damaged_is_named(tmp_path):
    """At an unknown type Lance panics, which is no Exception."""
    Library.create(tmp_path / "l.lance").add([moving_box(0, 3)], "mine")
    newest = min((tmp_path / "l.lance" / "_versions").iterdir())  # they count down
    data = newest.read_bytes()
    assert data.count(b"double")
    newest.write_bytes(data.replace(b"double", b"doubl%"))
    with pytest.raises(CuspError, match=r"l\.lance is not a library"):
        Library.open(tmp_path / "l.lance")


def test_ctrl_c_is_heard_though_a_library_swallowed_it(tmp_path, request):
    """As under load, when it came while Arrow or Lance had the word."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background ignores it
    request.addfinalizer(lambda: signal.signal(signal.SIGINT, before))
    library = Library.create(tmp_path / "l.lance")
    calls = []

    def swallow(done: int, total: int) -> None:
        calls.append(done)
        if done == 1:
            with suppress(KeyboardInterrupt):
                signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        library.record("Collision", 3, size=16, seconds=0.2, progress=swallow)
    assert calls == [0, 1] and signal.getsignal(signal.SIGINT) is signal.default_int_handler
    with pytest.raises(KeyboardInterrupt), heeding_ctrl_c():
        try:
            signal.raise_signal(signal.SIGINT)
        except KeyboardInterrupt as error:
            raise OSError("interrupted") from error


def test_a_killed_writers_aside_is_cleared_by_the_next_and_a_living_ones_is_not(tmp_path):
    code = (
        "import os, signal, sys; from pathlib import Path; from cuspworld.files import written_whole\n"
        "with written_whole(Path(sys.argv[1]) / 'clip.mp4') as aside:\n"
        "    aside.write_text('half'); os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False)
    assert len(list(tmp_path.iterdir())) == 1
    from cuspworld.files import clear_abandoned, written_whole

    clear_abandoned.cache_clear()
    with written_whole(tmp_path / "one.txt") as aside:
        aside.write_text("one")
        clear_abandoned.cache_clear()
        with written_whole(tmp_path / "two.txt") as other:
            other.write_text("two")
        assert aside.exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one.txt", "two.txt"]


def test_sigterm_ends_as_ctrl_c_does_and_leaves_nothing_half(tmp_path):
    code = (
        "import os, signal, sys; from cuspworld.cli import main; import cuspworld.worlds.world as w\n"
        "w.World.record = lambda *a, **k: (os.kill(os.getpid(), signal.SIGTERM), open('/dev/null').read())\n"
        "main(['record', 'Collision', '-o', sys.argv[1]])"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path / "a.mp4")], capture_output=True, text=True)
    assert done.returncode == 143 and done.stderr.strip() == "terminated" and not list(tmp_path.iterdir())


def test_a_full_disk_is_said(tmp_path):
    torch = pytest.importorskip("torch")
    from cuspworld.files import written_whole
    from cuspworld.models import write_tensors

    with pytest.raises(CuspError, match="cannot write"), written_whole(tmp_path / "m.safetensors"):
        write_tensors("/dev/full", {"a": torch.zeros(4096)})
