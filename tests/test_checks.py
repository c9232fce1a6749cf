"""Checks of arguments: what lies inside comes back as it is, what lies outside is named with what it takes."""

import numpy as np
import pytest

from cuspworld.checks import LARGEST_SIDE, image_size, number, whole
from cuspworld.errors import CuspError


def test_what_is_allowed_comes_back_as_it_is_ends_included():
    assert [number("x", v, -1, 2.5) for v in (-1, 0, 1.25, 2.5)] == [-1.0, 0.0, 1.25, 2.5]
    assert [whole("n", v, 0, 7) for v in (0, 3, np.int64(7))] == [0, 3, 7]
    assert image_size(64) == (64, 64) and image_size((2, LARGEST_SIDE)) == (2, LARGEST_SIDE)
    assert image_size([3, 5]) == (3, 5)
    assert image_size(1, 1, 8192) == (1, 1) and image_size((8192, np.int64(5)), 1, 8192) == (8192, 5)


@pytest.mark.parametrize("value", [-1.001, 2.501, float("nan"), float("inf"), True, "1", None])
def test_a_number_outside_is_named(value):
    with pytest.raises(CuspError, match=r"x must be a number from -1 to 2\.5: got "):
        number("x", value, -1, 2.5)


@pytest.mark.parametrize("value", [-1, 8, 3.0, False, "3", np.float64(3)])
def test_a_whole_number_outside_is_named(value):
    with pytest.raises(CuspError, match="n must be a whole number from 0 to 7: got "):
        whole("n", value, 0, 7)


@pytest.mark.parametrize("size", [1, LARGEST_SIDE + 1, (64, 1), (1, 64), (2.0, 64)])
def test_a_side_outside_is_named(size):
    with pytest.raises(CuspError, match=f"size must be a whole number from 2 to {LARGEST_SIDE}"):
        image_size(size)


def test_a_caller_s_own_range_is_named():
    with pytest.raises(CuspError, match="size must be a whole number from 8 to 100: got 101"):
        image_size((8, 101), 8, 100)


@pytest.mark.parametrize("size", ["64", None, True, (64,), (64, 64, 3), 64.0])
def test_what_is_no_size_is_told_what_one_is(size):
    with pytest.raises(CuspError, match=r"a number of pixels or \(height, width\): got "):
        image_size(size)
