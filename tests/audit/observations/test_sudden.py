"""The most sudden step: a limb that is there at once, against walking, flashes and splashes."""

import numpy as np
import pytest

from cuspworld.audit.evidence.isolation import isolation
from cuspworld.audit.evidence.scene import observe
from cuspworld.audit.observations.most_sudden_step import sudden
from cuspworld.audit.observations.sudden_changes import find_jumps

from ..drawn import legged
from ..scenes import BLUE, RED, render

FPS = 24.0


@pytest.mark.parametrize("before,after", [(4, 3), (3, 4)])
def test_a_leg_that_comes_or_goes_at_once_is_the_most_sudden_step(before: int, after: int) -> None:
    frames = legged([before] * 24 + [after] * 24)
    found = sudden(frames, 0.0)
    assert found is not None and found.frame == 23 and found.ratio > 3
    rows, columns = np.nonzero(found.mask)
    assert 50 <= rows.mean() <= 68 and abs(columns.mean() - (40 + 12 + 12)) < 8  # at the fourth leg
    jumps = find_jumps(observe(frames, FPS))
    assert any(jump.frame == 23 and jump.sudden > 3 for jump in jumps)


def test_walking_and_a_flash_have_no_sudden_step() -> None:
    walking = sudden(legged([4] * 48), 0.0)
    assert walking is None or walking.ratio < 1.5
    frames = legged([4] * 48)
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


@pytest.mark.parametrize("other", [RED, BLUE])
def test_what_is_elsewhere_at_once_has_moved_if_it_is_of_the_same_colour(other: tuple[int, int, int]) -> None:
    here, there = np.array([30.0, 30.0]), np.array([90.0, 60.0])
    before, after = (render([np.repeat(p[None], 20, 0)], [8], [c]) for p, c in ((here, RED), (there, other)))
    jump = find_jumps(observe(np.concatenate([before, after]), FPS))[0]
    assert jump.frame == 19 and (jump.kind == "moves") == (other == RED)
    if other == RED:
        assert jump.old_box is not None
        for (x0, y0, x1, y1), middle in ((jump.box, there), (jump.old_box, here)):
            assert np.allclose(((x0 + x1) / 2, (y0 + y1) / 2), middle, atol=2)


def test_a_change_is_as_isolated_as_it_exceeds_those_around_it() -> None:
    frames = legged([4] * 30)
    frames[15:, 8:28, 90:110] = (40, 60, 200)  # comes at once and stays
    alone = isolation(frames, 0.0, 3)
    step, row, column = np.unravel_index(int(alone.argmax()), alone.shape)
    assert step == 14 and 4 <= row <= 14 and 45 <= column <= 55  # on a grid of half the sides
    assert alone[step].max() > 10
    undone = legged([4] * 30)
    undone[15:17, 8:28, 90:110] = (40, 60, 200)  # does not last
    assert isolation(undone, 0.0, 3).max() < 3
