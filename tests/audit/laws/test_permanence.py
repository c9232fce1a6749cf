"""Things on plain ground under a camera that cannot be taken out; colours that end inside the frame."""

import numpy as np
import pytest

from cuspworld.audit.evidence.scene import observe
from cuspworld.audit.laws.permanence.plain_ground import unexplained_passings

from ..drawn import panned
from ..scenes import FPS, RED, render


@pytest.mark.parametrize("seed", range(4))
def test_a_thing_that_is_gone_in_mid_frame_went_nowhere(seed: int) -> None:
    found = unexplained_passings(observe(panned(seed, range(18, 30)), FPS))
    assert found and found[0].kind == "goes" and found[0].frame == 17
    assert unexplained_passings(observe(panned(seed, range(0)), FPS)) == []


def test_leaving_through_the_border_is_no_finding() -> None:
    path = np.array([20.0, 45.0]) + np.arange(30)[:, None] * (6.0, 0.5)
    assert unexplained_passings(observe(render([path], [6], [RED], textured=False), FPS)) == []


def test_a_ground_of_many_hues_cannot_tell() -> None:
    rng = np.random.default_rng(0)
    frames = np.repeat(np.kron(rng.integers(0, 255, (1, 12, 16, 3), np.uint8), np.ones((1, 8, 8, 1), np.uint8)), 12, 0)
    assert unexplained_passings(observe(frames, FPS)) is None
