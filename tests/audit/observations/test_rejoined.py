"""What goes behind another thing and comes out again is remembered, for two seconds and more."""

import numpy as np

from cuspworld.audit.evidence.scene import observe
from cuspworld.audit.laws.identity.comes_out_as_another import COMES_OUT_AS_ANOTHER
from cuspworld.audit.laws.permanence.more_come_out import MORE_COME_OUT
from cuspworld.audit.laws.runner import Looked, look
from cuspworld.audit.observations.rejoined import rejoined
from cuspworld.audit.observations.seen import Observations
from cuspworld.audit.observations.standing_apart import standing_apart

from .. import breaking
from ..scenes import RED, render, straight


def _both(frames: np.ndarray) -> list[Looked]:
    return look(Observations(observe(frames, 30.0)), [COMES_OUT_AS_ANOTHER, MORE_COME_OUT])


def test_what_comes_out_is_held_against_what_went_in_two_seconds_ago() -> None:
    (group,) = rejoined(standing_apart(observe(breaking.comes_out_again(), 30.0)))
    assert group.end - group.start >= 16  # looks, of eight a second
    assert len(group.went_in) == 2 and len(group.came_out) == 1 and group.stays


def test_the_same_thing_that_comes_out_alone_is_no_suspect() -> None:
    identity, number = _both(breaking.comes_out_again())
    assert max(s.probability for s in identity.suspects) < 0.1 and not number.suspects and not number.unchecked


def test_another_thing_or_two_that_come_out_are_suspects_at_their_place() -> None:
    identity, number = _both(breaking.comes_out_as_another())
    (suspect,) = identity.suspects
    assert suspect.probability > 0.5 and not number.suspects
    assert suspect.start < 1.6 < suspect.end and suspect.box is not None and suspect.box[0] > 75
    identity, number = _both(breaking.two_come_out())
    (suspect,) = number.suspects
    assert suspect.measured["things that came out, with what is left"].value == 3
    assert max(s.probability for s in identity.suspects) < 0.1


def test_where_nothing_goes_behind_another_neither_looked() -> None:
    alone = render([straight((20, 30), (1, 0), 60)], [9], [RED], textured=False, noise=1.0)
    assert all("goes behind" in one.unchecked for one in _both(alone))
