"""Frames come back exactly, whatever they show."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cuspworld.errors import CuspError
from cuspworld.library.storage import pack_frames, unpack_frames


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 5), st.integers(1, 9), st.integers(1, 9), st.integers(0, 2**32 - 1))
def test_any_frames_come_back_exactly(time, height, width, seed):
    frames = np.random.default_rng(seed).integers(0, 256, (time, height, width, 3), np.uint8)
    back = unpack_frames(pack_frames(frames), (time, height, width))
    assert np.array_equal(back, frames) and back.dtype == np.uint8
    assert pack_frames(frames) == pack_frames(frames.copy())


def test_a_view_of_an_array_is_stored_as_it_looks_and_left_alone():
    whole = np.random.default_rng(0).integers(0, 256, (6, 8, 10, 3), np.uint8)
    before = whole.copy()
    view = whole[::2, ::-1, 1:7]
    assert np.array_equal(unpack_frames(pack_frames(view), (3, 8, 6)), view)
    assert np.array_equal(whole, before)


def test_a_still_video_costs_next_to_nothing():
    frames = np.broadcast_to(np.random.default_rng(0).integers(0, 256, (1, 32, 32, 3), np.uint8), (100, 32, 32, 3))
    assert len(pack_frames(frames)) < 1.2 * frames[0].nbytes


@pytest.mark.parametrize("data", [b"", b"nonsense", pack_frames(np.zeros((2, 4, 4, 3), np.uint8))[:-3]])
def test_damaged_bytes_are_a_clear_error(data):
    with pytest.raises(CuspError, match="damaged"):
        unpack_frames(data, (2, 4, 4))
