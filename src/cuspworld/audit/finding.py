"""One thing that could not happen: its law, time, place, measured numbers, and how sure the audit is of it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

SAID = 0.5  # a suspicion becomes a finding when it is more likely true than not


@dataclass(frozen=True)
class Measurement:
    """A number with its unit, and where known its standard error in the same unit."""

    value: float | int
    unit: str
    error: float | None = None

    def __str__(self) -> str:
        error = "" if self.error is None else f" ± {self.error:.2g}"
        return f"{self.value:.4g}{error} {self.unit}".strip()


@dataclass(frozen=True)
class Series:
    """One measured curve for the report's plots: `times` in seconds, `values` in `unit`."""

    label: str
    unit: str
    times: tuple[float, ...]
    values: tuple[float, ...]


@dataclass(frozen=True)
class Finding:
    """One thing that could not happen: when (seconds), where (pixel box x0, y0, x1, y1 of the source), which law.

    `probability`: how sure the audit is that this breaks the law; `calibration.py` says how far to trust it
    (docs/audit.md). `mask`: optional bool (height, width) at the source's size. `check`, `strength`: which check of the
    law made it, empty for a judge's, and how strong its evidence was, before its curve (neither is in the JSON form).
    """

    law: str
    start: float | int
    end: float | int
    probability: float | int
    sentence: str
    box: tuple[float | int, float | int, float | int, float | int] | None = None
    mask: np.ndarray | None = field(default=None, repr=False, compare=False)
    measured: Mapping[str, Measurement] = field(default_factory=dict)
    series: tuple[Series, ...] = field(default=(), repr=False)
    check: str = ""
    strength: float = 0.0

    def to_dict(self) -> dict[str, Any]:
        """The JSON form (docs/audit.md). A mask is given as its area in pixels; its box is its place."""
        return {
            "law": self.law,
            "start": round(float(self.start), 6),
            "end": round(float(self.end), 6),
            "box": None if self.box is None else [round(float(side), 2) for side in self.box],
            "mask_area": None if self.mask is None else int(self.mask.sum()),
            "probability": round(float(self.probability), 4),
            "measured": {
                name: {"value": finite(m.value), "unit": m.unit, "error": finite(m.error)}
                for name, m in self.measured.items()
            },
            "sentence": self.sentence,
            "series": [
                {
                    "label": s.label,
                    "unit": s.unit,
                    "times": [round(float(t), 4) for t in s.times],
                    "values": [finite(v) for v in s.values],
                }
                for s in self.series
            ],
        }


@dataclass(frozen=True)
class Evidence:
    """What was made of one law in one shot.

    `suspects`: everything that was found odd, each with its probability; those above one half become findings.
    `unchecked`: why the law could not be checked (then there are no suspects). `repeats`: suspects that are left out
    because another one of the law says the same and better; a check's curve is fitted on its own all the same.
    """

    suspects: tuple[Finding, ...] = ()
    unchecked: str = ""
    repeats: tuple[Finding, ...] = ()

    @property
    def findings(self) -> list[Finding]:
        return [finding for finding in self.suspects if finding.probability >= SAID]

    @property
    def suspicion(self) -> float:
        """The probability of the strongest suspect; 0 where nothing is odd."""
        return max((finding.probability for finding in self.suspects), default=0.0)


def shared_place(a: Finding, b: Finding) -> float:
    """What their boxes share, over the smaller one; 1 where one of them is everywhere."""
    if a.box is None or b.box is None:
        return 1.0
    width = min(a.box[2], b.box[2]) - max(a.box[0], b.box[0])
    height = min(a.box[3], b.box[3]) - max(a.box[1], b.box[1])
    if width <= 0 or height <= 0:
        return 0.0
    smaller = min((x.box[2] - x.box[0]) * (x.box[3] - x.box[1]) for x in (a, b) if x.box is not None)
    return width * height / max(smaller, 1e-9)


def finite(value: float | None) -> float | None:
    """Six digits of a number, as JSON takes it: None where it is infinite or not a number."""
    return None if value is None or not math.isfinite(value) else float(f"{value:.6g}")
