"""What moves inside the picture, detached from its border: how much of it, and whether it stays up."""

import numpy as np

from cuspworld.audit.evidence.scene import observe
from cuspworld.audit.laws.cause.driven_by_nothing import DRIVEN_BY_NOTHING
from cuspworld.audit.laws.runner import look
from cuspworld.audit.observations.detached import Detached, detached
from cuspworld.audit.observations.looks import looks
from cuspworld.audit.observations.seen import Observations

from .. import breaking
from ..scenes import RED, render


def _detached(path: np.ndarray, textured: bool = False) -> list[Detached]:
    return list(detached(observe(render([path], [14], [RED], textured=textured, noise=1.0), 30.0)).found)


def test_what_floats_up_is_seen_where_it_is_and_stays_up() -> None:
    found = max(detached(observe(breaking.floats_up(), 30.0)).found, key=lambda piece: piece.rise)
    assert 0.1 < found.rise < 33 / 128 * 1.3  # it rises 33 pixels of 128, by the flow of what moves of it
    x0, y0, x1, y1 = found.box
    assert x0 <= 64 <= x1 and y0 < 50 < y1 and found.at_once > 0.02


def test_what_is_thrown_comes_down_again() -> None:
    time = np.minimum(np.arange(80) / 30, 1)
    path = np.stack([30 + 60 * time, 75 - 200 * time * (1 - time)], 1)
    found = _detached(path)
    assert found and max(piece.rise for piece in found) < 0.03


def test_what_comes_from_beyond_the_border_is_not_detached() -> None:
    arm = np.full((96, 128), False)
    frames = []
    for t in range(60):
        arm[:] = False
        arm[20 : 40 + t // 2, 60:76] = arm[:40, 60:76] = True
        frame = np.full((96, 128, 3), 150, np.uint8)
        frame[arm] = RED
        frame[arm] -= np.uint8(20 * (t % 2))  # all of it moves, from the border on
        frames.append(frame)
    pieces = detached(observe(np.stack(frames), 30.0))
    assert not pieces.found and "border" in pieces.why_not


def test_bars_are_no_part_of_the_picture() -> None:
    frames = breaking.floats_up()
    framed = np.zeros((len(frames), 96, 168, 3), np.uint8)
    framed[:, :, 20:148] = frames
    at = looks(observe(framed, 30.0))
    height, width = at.pictures[0].shape[:2]
    assert width / height < 1.5 and abs(at.corner[0] - 20) <= 2
    there = np.zeros((height, width))
    there[:, 0] = 1
    assert abs(at.box(there)[0] - 20) <= 2


def test_in_a_drawing_nothing_is_said_to_be_driven_by_nothing() -> None:
    path = np.stack([np.full(60, 64.0), 66 - np.minimum(np.arange(60), 30)], 1)
    frames = np.full((60, 96, 128, 3), 255, np.uint8)
    for t, (x, y) in enumerate(path.astype(int)):
        frames[t, y - 9 : y + 9, x - 9 : x + 9] = RED
    (looked,) = look(Observations(observe(frames, 30.0)), [DRIVEN_BY_NOTHING])
    assert looked.unchecked.startswith("it is a drawing")
