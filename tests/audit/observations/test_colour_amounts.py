"""Colours that end, begin or grow inside the frame."""

import numpy as np

from cuspworld.audit.evidence.scene import observe
from cuspworld.audit.observations.colour_amounts import Matter, matter

from ..drawn import ship
from ..scenes import BLUE, RED, render, straight

FPS = 24.0


def _kinds(found: list[Matter]) -> set[str]:
    return {m.kind for m in found if m.strength > 2}


def test_a_colour_that_is_gone_inside_the_frame_is_told_and_one_that_leaves_is_not() -> None:
    stays, goes = straight((20, 70), (1.5, 0), 50), straight((30, 30), (1.0, 0), 50)
    goes[28:] = np.nan
    found = matter(observe(render([stays, goes], [9, 9], [BLUE, RED]), FPS))
    gone = [m for m in found if m.kind == "gone"]
    assert gone and abs(gone[0].frame - 27) <= 1
    x0, y0, x1, y1 = gone[0].box
    assert x0 <= 57 <= x1 and y0 <= 30 <= y1
    leaves = straight((60, 30), (3.0, 0), 50)  # past the right border after 26 frames
    assert "gone" not in _kinds(matter(observe(render([stays, leaves], [9, 9], [BLUE, RED]), FPS)))


def test_a_thing_that_grows_in_width_and_height_is_told() -> None:
    size = np.r_[np.full(20, 16.0), np.linspace(16, 34, 15), np.full(25, 34.0)]
    found = [m for m in matter(observe(ship(size, np.zeros(60)), FPS)) if m.kind == "grows"]
    assert found and found[0].strength > 2.5 and found[0].growth > 3


def test_what_turns_or_stretches_one_way_does_not_grow() -> None:
    still = np.full(60, 18.0)
    turning = np.r_[np.full(20, 1.2), np.linspace(1.2, 0, 15), np.zeros(25)]  # from its edge to its full face
    for frames in (ship(still, turning), ship(still, np.zeros(60), np.linspace(0, 20, 60))):
        assert not [m for m in matter(observe(frames, FPS)) if m.kind == "grows" and m.strength > 0.5]
