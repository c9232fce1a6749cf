"""Slow faults begin when they say, where they say, and stay."""

import numpy as np
import pytest

from cuspworld.exam.audit import faults, slow_faults

from ...audit.scenes import BLUE, RED, render, straight

AT, COUNT = 20, 15


@pytest.fixture(scope="module")
def scene() -> tuple[np.ndarray, np.ndarray, faults.Box, tuple[int, int]]:
    frames = render([straight((25, 30), (1.2, 0), 60), straight((100, 65), (-1.1, 0.1), 60)], [7, 9], [RED, BLUE])
    box = faults.moving_region(frames, AT, share=0.3)
    assert box is not None
    shift = faults.still_place(frames, box)
    assert shift is not None
    return frames, np.median(frames, 0).astype(np.uint8), box, shift


@pytest.mark.parametrize("name", ["grow", "melt", "morph", "drift", "hover", "teleport", "local_speed"])
def test_nothing_differs_before_it_begins_and_something_after(name: str, scene: tuple) -> None:
    frames, background, box, shift = scene
    given = {"hover": (background, box), "teleport": (background, box, shift), "local_speed": (COUNT, box)}
    result, fault = getattr(slow_faults, name)(frames, AT, *given.get(name, (COUNT, background, box)))
    assert len(result) == len(frames) and (result[:AT] == frames[:AT]).all()
    assert np.abs(result[AT + COUNT].astype(int) - frames[AT + COUNT]).max() > 40
    assert AT - 1 <= fault.first <= AT and fault.end > fault.first


def test_what_grows_covers_more_of_the_picture(scene: tuple) -> None:
    frames, background, box, _ = scene
    result, _ = slow_faults.grow(frames, AT, COUNT, background, box, factor=1.5)
    before, after = ((np.abs(f[AT + COUNT].astype(int) - background).max(-1) > 30).sum() for f in (frames, result))
    assert after > 1.3 * before


def test_what_appears_was_not_there_and_then_is(scene: tuple) -> None:
    frames, background, box, _ = scene
    result, fault = slow_faults.appear(frames, AT, background, box)
    assert (result[AT + 1 :] == frames[AT + 1 :]).all() and fault.first == AT - 1
    x0, y0, x1, y1 = box
    assert np.abs(result[AT - 3, y0:y1, x0:x1].astype(int) - background[y0:y1, x0:x1]).max() < 60


def test_what_merges_is_two_and_then_one(scene: tuple) -> None:
    frames, _, box, shift = scene
    result, _ = slow_faults.merge(frames, AT, COUNT, box, shift)
    x0, y0, x1, y1 = (v + d for v, d in zip(box, (*shift, *shift), strict=True))
    assert np.abs(result[AT - 1, y0:y1, x0:x1].astype(int) - frames[AT - 1, y0:y1, x0:x1]).max() > 40
    assert (result[AT + COUNT :] == frames[AT + COUNT :]).all()
