"""Away from what the curves were fitted on: which checks are silent there, and how much more evidence the others need.

The curves are of the worlds' clips, at 12 frames a second and more, as they were recorded. Elsewhere a shot is of a
stratum (`where`), and a suspect's log-odds are lowered by that stratum's bar (`bars.py`), which at most 5 % of true
clips pass; a stratum of which too few true clips are known has none, and there nothing is said. At home the bar is that
of the worlds' clips as files of many sizes, rates and compressions, whatever bars a user has.

In foreign video the checks that were fitted at home count LESS beside those that speak there alone, and those that
know a thing only as the worlds draw it (any orange spot a flame, any arc an orbit, whatever meets two solids) are
silent, since nothing tells that it is that thing. At home those that only some worlds draw speak in these alone.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Literal

import numpy as np
from jaxtyping import UInt8

from cuspworld.audit.bars import Bars
from cuspworld.audit.calibration import bar_at_home, fitted
from cuspworld.audit.evidence.scene import Scene
from cuspworld.audit.finding import Evidence, Finding
from cuspworld.audit.judges.twins import SLOWEST, TwinJudge

Stratum = Literal["home", "slow", "still", "moving"]
LITTLE = "not like the clips that the audit was fitted on: it misses most there, and that nothing is found says little"
UNKNOWN = "nothing tells that what is seen is what this looks for: it knows it as the worlds draw it"
RECOGNISING = ("fire begins", "flames unmoved", "glides", "areal velocity", "inverse square", "standing liquid",
               "stream through solid", "flows upward", "amount grows", "surface reverses", "gathers",
               "passes through")  # fmt: skip
DRAWN = {  # what these know, only these worlds draw: in clips that look like another one they are silent too
    "fire begins": ("Candles", "Heat"),
    "flames unmoved": ("Candles",),
    "glides": ("Ant", "Treadmill", "Puppies"),
    "areal velocity": ("Planets",),
    "inverse square": ("Planets",),
    "standing liquid": ("Juice", "CoffeeCup"),
    "stream through solid": ("WindTunnel",),
}
STEPS = ("sudden coming or going", "sudden look", "sudden leap", "sudden light", "sudden passage", "surface reverses",
         "standing liquid", "inverse square", "thing grows")  # fmt: skip
TOO_SLOW = "fewer than 11 frames a second: steps are large, and a pattern may seem to run backwards"
NOTHING = -20.0  # log-odds of a clip in which nothing is odd
LIVING = ("moves by itself", "rises by itself", "driven by nothing", "stays up", "moves apart", "becomes another",
          "comes out as another", "more come out")  # fmt: skip
LESS = {
    "still": 2.0,
    "moving": 5.65,
}  # log-odds that all other checks are trusted less: in foreign video they ranked at
# chance, and under a moving camera what they see is noise, of which filmed clips have more than made ones
LOUD, LOUDEST = ("skipped passage", "sudden passage", "plain ground", "leaps", "recolours"), 5.65  # true foreign clips
# show these strongly
ODD = {"becomes another": 2.5, "comes out as another": 2.5}  # so much less: things look different for many reasons


def where(scene: Scene, frames: UInt8[np.ndarray, "time height width 3"], judge: TwinJudge) -> tuple[Stratum, str]:
    """The stratum of a shot, and which world it looks like (empty: none). `frames`: as they were before tints were
    taken out; `judge`: knows how the worlds look."""
    world = judge.world(frames, scene.fps)
    if world:
        return ("home" if scene.fps >= SLOWEST else "slow"), world
    return ("moving" if scene.camera.moving or not scene.camera.steady else "still"), ""


def silent(stratum: Stratum, fps: float, known: Bars, world: str = "") -> dict[str, str]:
    """Check of the package -> why it is silent in this stratum. `known`: how much evidence true clips show. `world`:
    which one the shot looks like."""
    if stratum in ("home", "slow"):
        why = dict.fromkeys(LIVING, "what lives in the worlds moves by itself")
        why |= {check: UNKNOWN for check, worlds in DRAWN.items() if world and world not in worlds}
    else:
        why = dict.fromkeys(RECOGNISING, UNKNOWN)
    if fps < SLOWEST:
        why |= dict.fromkeys(STEPS, TOO_SLOW)
    if stratum != "home" and known.bar(stratum) is None:
        little = f"too few true clips like this one (camera: {stratum}) are known to say how much evidence is enough"
        return dict.fromkeys(fitted(), little)
    return why


def discount(stratum: Stratum, check: str) -> float:
    """What a check's log-odds count less in this stratum, before the bar."""
    if stratum not in LESS:
        return 0.0
    if check in LIVING:
        return ODD.get(check, 0.0)
    return LOUDEST if check in LOUD else LESS[stratum]


def lowering(stratum: Stratum, check: str, known: Bars) -> float:
    """What is taken off a check's log-odds in this stratum: its discount and the bar; nothing is ever added."""
    if stratum == "home":
        return bar_at_home()
    return max(0.0, (known.bar(stratum) or 0.0) + discount(stratum, check))


def strongest(evidence: Mapping[str, Evidence], stratum: Stratum) -> float:
    """The largest log-odds, discounted, of all suspects of the package's own: what the bars are made of."""
    ours = [s for found in evidence.values() for s in (*found.suspects, *found.repeats) if _ours(s)]
    return max((log_odds(s.probability) - discount(stratum, s.check) for s in ours), default=NOTHING)


def _ours(suspect: Finding) -> bool:
    """Is it of a check of the package, or of the taught judge, who has none?"""
    return not suspect.check or suspect.check in fitted()


def log_odds(probability: float) -> float:
    """Of a suspect, from NOTHING to -NOTHING."""
    p = min(max(float(probability), 1e-9), 1 - 1e-9)
    return math.log(p / (1 - p))


def raised(evidence: Mapping[str, Evidence], stratum: Stratum, known: Bars) -> dict[str, Evidence]:
    """The evidence with the stratum's bar taken off the log-odds of every suspect of the package's own."""

    def lowered(suspect: Finding) -> Finding:
        if not _ours(suspect) or not 0 < suspect.probability < 1:
            return suspect
        less = lowering(stratum, suspect.check, known) - log_odds(suspect.probability)
        return replace(suspect, probability=1 / (1 + math.exp(less)))

    return {
        law: replace(found, suspects=tuple(map(lowered, found.suspects)), repeats=tuple(map(lowered, found.repeats)))
        for law, found in evidence.items()
    }
