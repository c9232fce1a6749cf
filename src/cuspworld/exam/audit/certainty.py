"""Part e: is a finding that is said to be 90 % sure right nine times in ten?"""

from __future__ import annotations

from typing import Any

import numpy as np

from cuspworld.exam.audit.injected import Trial
from cuspworld.exam.audit.scoring import in_time, number, table
from cuspworld.exam.audit.twins import Pair

BINS = ((0.5, 0.7), (0.7, 0.85), (0.85, 0.95), (0.95, 1.001))
Judged = tuple[dict[str, Any], bool, bool]  # finding, right by law and time, right by time


def judged(pairs: list[Pair], trials: list[Trial], real: list[tuple[str, Any, dict[str, Any]]]) -> list[Judged]:
    """Every finding of the clips whose truth is known."""
    result: list[Judged] = []
    for p in pairs:
        result += [(f, False, False) for f in p.possible["findings"]]
        for f in p.impossible["findings"]:
            result.append((f, p.names(f), in_time(f, p.start, p.end)))
    for t in trials:
        for f in t.report["findings"]:
            result.append((f, t.names(f), t.timely(f)))
    for _, label, report in real:
        if label is None:
            result += [(f, False, False) for f in report["findings"]]
        elif label != "?":
            result += [(f, f["law"] in label, True) for f in report["findings"]]
    return result


def show(found: list[Judged]) -> None:
    """How often findings of each certainty are right."""
    print("Calibration: of the findings said to be so sure, how many are right?")
    rows = []
    for low, high in BINS:
        inside = [j for j in found if low <= j[0]["probability"] < high]
        said = np.mean([j[0]["probability"] for j in inside]) if inside else float("nan")
        rows.append((
            f"{low:.0%} - {min(high, 1):.0%}", len(inside), number(said, percent=True),
            number(np.mean([j[1] for j in inside]) if inside else float("nan"), percent=True),
            number(np.mean([j[2] for j in inside]) if inside else float("nan"), percent=True),
        ))  # fmt: skip
    table(("said", "findings", "mean said", "right law and time", "right time"), rows)
