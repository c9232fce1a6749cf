"""For a second and a half much moves within things that stand apart from the ground, and nothing reaches them.

Unlike `driven by nothing` it knows where the things are, so that a shadow which falls as far as the border, or grain,
joins them to nothing; and where there is little plain ground, or something moves at the border, it is silent. What
lives, whole in the picture, does the same: how often, true clips from elsewhere say (`audit/elsewhere.py`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from cuspworld.audit.laws.check import Check, Suspect
from cuspworld.audit.laws.needs import filmed, length
from cuspworld.audit.laws.pieces import sweeping
from cuspworld.audit.observations.seen import Observations
from cuspworld.audit.observations.standing_apart import Apart, standing_apart
from cuspworld.laws import Law


@dataclass(frozen=True)
class Thresholds:
    """`steps`: from look to look, eight a second. `reached`: of what moves within the things, what may move at the
    border in any step. `plain`: of the picture, ground or things: at the first it counts nothing, at the second all."""

    steps: int = 12
    reached: float = 0.15
    plain: tuple[float, float] = (0.75, 0.95)


SET = Thresholds()
STILL = 0.003  # of the picture: what may move at the border of a look that counts as seen


@dataclass(frozen=True)
class _Stretch:
    start: int
    end: int
    box: tuple[float, float, float, float]


def _find(seen: Observations) -> list[Suspect] | str:
    apart = seen.once(standing_apart)
    if not _clear(apart):
        return "there is too little plain ground around things, or something moves at the border all the time"
    return sweeping(_stretches(apart), "Things that stand apart move, and nothing reaches them.")


def _clear(apart: Apart) -> bool:
    """Is there a stretch in which the check could see who or what drives a thing: plain ground, things that stand
    apart on it, and a still border?"""
    return any(
        any(apart.things[first : first + SET.steps])
        and np.median(apart.plain[first : first + SET.steps]) > SET.plain[0]
        and apart.beyond[first : first + SET.steps].max() < STILL
        for first in range(len(apart.within) - SET.steps + 1)
    )


def _stretches(apart: Apart) -> Iterator[tuple[float, _Stretch]]:
    for first in range(len(apart.within) - SET.steps + 1):
        steps = slice(first, first + SET.steps)
        share = float(np.median(apart.within[steps]))
        if share == 0 or apart.beyond[steps].max() > SET.reached * share:
            continue
        least, all_of_it = SET.plain
        clear = float(np.clip((np.median(apart.plain[steps]) - least) / (all_of_it - least), 0, 1))
        if clear:
            frames, swept = apart.at.frames, np.logical_or.reduce(apart.moving[steps])
            yield share * clear, _Stretch(frames[first], frames[first + SET.steps], apart.at.box(swept))


MOVES_APART = Check(
    "moves apart",
    Law.CAUSE,
    "much moves for a second and a half within things that stand apart on plain ground, and nothing reaches them; only "
    "in video from elsewhere",
    _find,
    needs=(length(12), filmed),
    thresholds=SET,
)
