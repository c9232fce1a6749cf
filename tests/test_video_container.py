"""Whole or cut short, from the file's structure alone."""

import pytest

from cuspworld import Clip
from cuspworld.video.container import is_cut_short
from tests.helpers import moving_box


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".webm", ".gif"])
def test_any_missing_tail_is_seen(tmp_path, suffix):
    path = Clip(moving_box(0, 8).frames, 10.0).write(tmp_path / f"a{suffix}")
    data = path.read_bytes()
    assert not is_cut_short(path)
    for left in (len(data) - 1, len(data) * 9 // 10, len(data) // 2, 64):
        path.write_bytes(data[:left])
        assert is_cut_short(path), left
    path.write_bytes(data + b"\0" * 7)  # junk after the end is not a loss
    assert not is_cut_short(path)


def test_formats_that_do_not_say_are_not_accused(tmp_path):
    for data in (b"x", b"RIFF" + bytes(50), b"ffconcat version 1.0\n", bytes(100)):
        (tmp_path / "a.bin").write_bytes(data)
        assert not is_cut_short(tmp_path / "a.bin")
