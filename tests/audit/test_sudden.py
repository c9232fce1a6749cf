"""The most sudden step: a limb that is there at once, against walking, flashes and splashes."""

import cv2
import numpy as np
import pytest

from cuspworld.audit.evidence.isolation import isolation
from cuspworld.audit.evidence.scene import observe
from cuspworld.audit.observations.most_sudden_step import sudden

FPS = 24.0


def _walker(legs: list[int], speed: float = 0.5) -> np.ndarray:
    """A body on swinging legs that crosses the picture; how many legs it has in each frame: (time, 96, 128, 3)."""
    frames = []
    for t, count in enumerate(legs):
        frame = np.full((96, 128, 3), (150, 165, 150), np.uint8)
        x = 40 + speed * t
        cv2.ellipse(frame, (round(16 * x), 16 * 48), (16 * 16, 16 * 7), 0, 0, 360, (150, 40, 40), -1, cv2.LINE_AA, 4)
        for leg in range(count):
            hip = x - 12 + 8 * leg
            foot = hip + 3 * np.sin(0.5 * t + 1.7 * leg)
            ends = [(round(16 * hip), 16 * 50), (round(16 * foot), 16 * 66)]
            cv2.line(frame, ends[0], ends[1], (150, 40, 40), 2, cv2.LINE_AA, 4)
        frames.append(frame)
    return np.stack(frames)


@pytest.mark.parametrize("before,after", [(4, 3), (3, 4)])
def test_a_leg_that_comes_or_goes_at_once_is_the_most_sudden_step(before: int, after: int) -> None:
    frames = _walker([before] * 24 + [after] * 24)
    found = sudden(frames, 0.0)
    assert found is not None and found.frame == 23 and found.ratio > 3
    rows, columns = np.nonzero(found.mask)
    assert 50 <= rows.mean() <= 68 and abs(columns.mean() - (40 + 12 + 12)) < 8  # at the fourth leg
    jumps = observe(frames, FPS).jumps
    assert any(jump.frame == 23 and jump.sudden > 3 for jump in jumps)


def test_walking_and_a_flash_have_no_sudden_step() -> None:
    walking = sudden(_walker([4] * 48), 0.0)
    assert walking is None or walking.ratio < 1.5
    frames = _walker([4] * 48)
    frames[20, 10:30, 10:30] = 255  # there in one frame only: as much goes as comes
    flash = sudden(frames, 0.0)
    assert flash is not None and flash.ratio < 1.1


def test_a_shot_full_of_sparks_has_no_sudden_step() -> None:
    rng = np.random.default_rng(0)
    frames = np.full((40, 96, 128, 3), 90, np.uint8)
    for frame in frames:
        for x, y in rng.integers(5, 90, (12, 2)):
            frame[y : y + 4, x : x + 4] = 230
    found = sudden(frames, 0.0)
    assert found is not None and found.ratio < 1.6


def test_a_change_is_as_isolated_as_it_exceeds_those_around_it() -> None:
    frames = _walker([4] * 30)
    frames[15:, 8:28, 90:110] = (40, 60, 200)  # comes at once and stays
    alone = isolation(frames, 0.0, 3)
    step, row, column = np.unravel_index(int(alone.argmax()), alone.shape)
    assert step == 14 and 4 <= row <= 14 and 45 <= column <= 55  # on a grid of half the sides
    assert alone[step].max() > 10
    undone = _walker([4] * 30)
    undone[15:17, 8:28, 90:110] = (40, 60, 200)  # does not last
    assert isolation(undone, 0.0, 3).max() < 3
