"""Motion that is born inside the picture, and motion that comes from outside or goes on."""

import numpy as np

from cuspworld.audit.evidence.scene import observe
from cuspworld.audit.laws.cause.moves_by_itself import MOVES_BY_ITSELF
from cuspworld.audit.laws.gravity.rises_by_itself import RISES_BY_ITSELF
from cuspworld.audit.laws.runner import look
from cuspworld.audit.observations.births import _panned, births
from cuspworld.audit.observations.seen import Observations

from .. import breaking
from ..scenes import RED, render, straight


def _born(paths: list[np.ndarray], radius: float = 12.0) -> list[float]:
    frames = render(paths, [radius] * len(paths), [RED] * len(paths), noise=1.0)
    return [birth.share for birth in births(observe(frames, 30.0))]


def test_what_begins_to_move_is_born_at_its_time_and_place() -> None:
    birth = births(observe(breaking.moves_by_itself(), 30.0))[0]
    assert abs(birth.start - 30) <= 8 and birth.end > birth.start + 8
    x0, y0, x1, y1 = birth.box
    assert x0 <= 64 <= x1 and y0 <= 60 <= y1 and birth.share > 0.05
    assert birth.rise > 0.02


def test_what_moves_all_along_or_comes_in_is_not_born() -> None:
    assert not _born([straight((30, 48), (1.0, 0), 60)])
    entering = straight((-60, 48), (2.0, 0), 60)
    assert not _born([entering])


def test_what_is_struck_by_what_came_in_is_not_born() -> None:
    striker, struck = np.full((60, 2), (-30.0, 48.0)), np.full((60, 2), (64.0, 48.0))
    striker[:, 0] += 2.3 * np.minimum(np.arange(60), 30)
    struck[30:, 0] += 1.5 * np.arange(30)
    assert not _born([striker, struck])


def test_a_pan_is_told_by_what_lies_outside_the_thing_that_moves() -> None:
    ground = np.kron(np.random.default_rng(0).integers(60, 180, (24, 40)), np.ones((4, 4))).astype(np.uint8)

    def look_at(pan: int, thing: int) -> np.ndarray:
        frame = ground[:, pan : pan + 128, None].repeat(3, -1).copy()
        frame[40:60, 54 + thing : 74 + thing] = RED
        return frame

    box = (54, 40, 80, 60)
    assert _panned(look_at(0, 0), look_at(2, 0), box)
    assert not _panned(look_at(0, 0), look_at(0, 5), box)
    assert not _panned(np.full((96, 128, 3), 90, np.uint8), np.full((96, 128, 3), 90, np.uint8), box)


def test_where_the_light_changes_nothing_is_said_to_move_by_itself() -> None:
    frames = breaking.moves_by_itself()
    frames[:20] = frames[:20] // 2
    looked = look(Observations(observe(frames, 30.0)), (MOVES_BY_ITSELF, RISES_BY_ITSELF))
    assert [one.unchecked for one in looked] == ["the light changes"] * 2
