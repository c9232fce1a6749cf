"""Away from what the curves were fitted on: which checks are silent there, and how much more evidence the others need.

The curves are of the worlds' clips, at 12 frames a second and more. Elsewhere a shot is of a stratum (`where`), and a
suspect's log-odds are lowered by that stratum's bar: the largest log-odds that any check reaches in a true clip, of n
such clips the k-th largest, k = floor(0.05 (n + 1)). By exchangeability at most 5 % of true clips like those then have
a finding (split conformal prediction, Vovk et al. 2005). `calibration.json` holds the bars and how many clips each is
of; a stratum with fewer than 19 has none, and there nothing is said.

In foreign video the checks that were fitted at home count LESS beside the two that speak there alone, and those that
know a thing only as the worlds draw it (any orange spot a flame, any arc an orbit) are silent, since nothing tells
that it is that thing.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Literal

import numpy as np
from jaxtyping import UInt8

from cuspworld.audit.calibration import bars, fitted
from cuspworld.audit.evidence.scene import Scene
from cuspworld.audit.finding import Evidence, Finding
from cuspworld.audit.judges.twins import SLOWEST, TwinJudge

Stratum = Literal["home", "slow", "still", "moving"]
FEWEST = 19  # true clips: with fewer no bar promises 5 %
SHARE = 0.05  # of true clips that may have a finding

LITTLE = "not like the clips that the audit was fitted on: it misses most there, and that nothing is found says little"
UNKNOWN = "nothing tells that what is seen is what this looks for: it knows it as the worlds draw it"
RECOGNISING = ("fire begins", "flames unmoved", "glides", "areal velocity", "inverse square", "standing liquid",
               "stream through solid", "flows upward", "amount grows", "surface reverses", "gathers")  # fmt: skip
STEPS = ("sudden coming or going", "sudden look", "sudden leap", "sudden light", "sudden passage", "surface reverses",
         "standing liquid", "inverse square", "thing grows")  # fmt: skip
TOO_SLOW = "fewer than 11 frames a second: steps are large, and a pattern may seem to run backwards"
LIVING = ("moves by itself", "rises by itself")
LESS = 3.0  # log-odds that all other checks are trusted less in foreign video: on its dev split they ranked at chance


def where(scene: Scene, frames: UInt8[np.ndarray, "time height width 3"], judge: TwinJudge) -> Stratum:
    """The stratum of a shot. `frames`: as they were before tints were taken out; `judge`: knows how the worlds look."""
    if judge.knows(frames, scene.fps):
        return "home" if scene.fps >= SLOWEST else "slow"
    return "moving" if scene.camera.moving or not scene.camera.steady else "still"


def silent(stratum: Stratum, fps: float, known: Mapping[str, float | None]) -> dict[str, str]:
    """Check of the package -> why it is silent in this stratum. `known`: the strata's bars."""
    if stratum in ("home", "slow"):
        why = dict.fromkeys(LIVING, "what lives in the worlds moves by itself")
    else:
        why = dict.fromkeys(RECOGNISING, UNKNOWN)
    if fps < SLOWEST:
        why |= dict.fromkeys(STEPS, TOO_SLOW)
    if stratum != "home" and known.get(stratum) is None:
        little = f"too few true clips like this one (camera: {stratum}) are known to say how much evidence is enough"
        return dict.fromkeys(fitted(), little)
    return why


def discount(stratum: Stratum, check: str) -> float:
    """What a check's log-odds count less in this stratum, before the bar."""
    return LESS if stratum in ("still", "moving") and check not in LIVING else 0.0


def lowering(stratum: Stratum, check: str) -> float:
    """What is taken off a check's log-odds in this stratum: its discount and the bar; nothing is ever added."""
    return 0.0 if stratum == "home" else max(0.0, (bars().get(stratum) or 0.0) + discount(stratum, check))


def raised(evidence: Mapping[str, Evidence], stratum: Stratum) -> dict[str, Evidence]:
    """The evidence with the stratum's bar taken off the log-odds of every suspect of the package's checks."""

    def lowered(suspect: Finding) -> Finding:
        if suspect.check not in fitted() or not 0 < suspect.probability < 1:
            return suspect
        p = suspect.probability
        return replace(suspect, probability=1 / (1 + (1 - p) / p * math.exp(lowering(stratum, suspect.check))))

    return {
        law: replace(found, suspects=tuple(map(lowered, found.suspects)), repeats=tuple(map(lowered, found.repeats)))
        for law, found in evidence.items()
    }


def bar(largest: list[float]) -> float | None:
    """The bar of true clips whose largest log-odds these are; None where they are too few."""
    allowed = math.floor(SHARE * (len(largest) + 1))
    return sorted(largest, reverse=True)[allowed - 1] if len(largest) >= FEWEST else None
