"""Jumps of velocity: one that nothing caused is found at its step, an animal's wandering is none."""

import numpy as np
import pytest

from cuspworld.audit import audit_clip
from cuspworld.clip import Clip

from ..scenes import BLUE, RED, render

FPS = 25.0


def _jumps(paths: list[np.ndarray], seed: int = 0) -> list:
    colours = [RED, BLUE][: len(paths)]
    report = audit_clip(Clip(render(paths, [7.0] * len(paths), colours, seed=seed), FPS), taught=False)
    return [f for f in report.findings if f.law == "inertia"]


@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize("factor", [2.0, 0.0])
def test_a_ball_that_is_faster_or_stands_at_once_is_found_at_that_step(seed: int, factor: float) -> None:
    steps = np.full((50, 2), (1.3, 0.2))
    steps[24:] *= factor
    (found,) = _jumps([np.array([22.0, 36.0]) + np.cumsum(steps, 0)[:40]], seed)
    assert abs(found.start - 23 / FPS) < 0.1
    assert abs(found.measured["speed before"].value - 1.315 * FPS) < 1.5
    assert abs(found.measured["speed after"].value - factor * 1.315 * FPS) < 1.5


def test_even_motion_and_a_fall_have_none() -> None:
    t = np.arange(40.0)
    assert not _jumps([np.stack([20 + 1.5 * t, 20 + 0.02 * t**2], 1), np.stack([100 - 1.2 * t, 60 + 0 * t], 1)])


@pytest.mark.parametrize("seed", [0, 1, 2, 3])
def test_an_animal_that_turns_every_few_frames_is_left_alone(seed: int) -> None:
    rng = np.random.default_rng(seed)
    velocity = np.repeat(rng.normal(0, 1.2, (8, 2)), 6, 0)
    path = np.cumsum(velocity, 0)
    path = 50 + 16 * (path - path.mean(0)) / np.abs(path - path.mean(0)).max()
    assert not _jumps([path])
