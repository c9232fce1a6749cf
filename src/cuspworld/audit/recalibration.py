"""Bars of a user's own: how much evidence her true clips show, so that at most one in twenty like them is accused."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from cuspworld.audit.bars import FEWEST, STRATA, Bars
from cuspworld.audit.run import audit_clip
from cuspworld.clip import Clip

ABOVE_ALL = Bars(dict.fromkeys(STRATA, (20.0,) * FEWEST))  # none is silent, and nothing passes


def recalibrated(clips: Iterable[Clip | Path], of: str, **options: Any) -> Bars:
    """The bars of true clips, a number a clip and kind of shot. `options`: as for `audit_clip`.

    Shots that look like the worlds need no bar and give none. Raises CuspError on a clip that cannot be read.
    """
    largest: dict[str, list[float]] = defaultdict(list)
    longest = 0.0
    for clip in clips:
        report = audit_clip(clip, bars=ABOVE_ALL, **options)
        longest = max(longest, float(report.seconds))
        for stratum, odds in report.strongest.items():
            if stratum != "home":
                largest[stratum].append(odds)
    return Bars(largest, of, longest or math.inf)
