"""Batches that threads read ahead: every clip once, in order or in one that the seed draws, and their errors."""

import numpy as np
import pytest

from cuspworld import Library
from cuspworld.errors import CuspError


def test_every_clip_once(tmp_path):
    library = Library.create(tmp_path / "worlds.lance")
    library.record("Collision", 11, size=16, seconds=0.3)
    plain = list(library[:].batches(4))
    assert [len(batch) for batch in plain] == [4, 4, 3]
    read = [clip.frames for batch in plain for clip in batch]
    assert all(np.array_equal(a, b.frames) for a, b in zip(read, library, strict=True))
    drawn = [clip.caption for batch in library[:].batches(2, threads=3, seed=1) for clip in batch]
    assert drawn != library.column("caption") and sorted(drawn) == sorted(library.column("caption"))
    assert drawn == [clip.caption for batch in library[:].batches(5, threads=1, seed=1) for clip in batch]
    next(library[:].batches(1))  # one that is given up leaves no threads waiting
    with pytest.raises(CuspError, match="size must be"):
        next(library[:].batches(0))
