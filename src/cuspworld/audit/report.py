"""What an audit says: findings (time, place, law, evidence, uncertainty), a score, and what could not be checked.

The JSON form is published as `report.schema.json` beside this file; `tests/audit/test_report.py` holds every report
to it.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

SCHEMA_VERSION = "1.0"
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
    (docs/audit.md). `mask`: optional bool (height, width) at the source's size.
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
                name: {"value": _finite(m.value), "unit": m.unit, "error": _finite(m.error)}
                for name, m in self.measured.items()
            },
            "sentence": self.sentence,
            "series": [
                {
                    "label": s.label,
                    "unit": s.unit,
                    "times": [round(float(t), 4) for t in s.times],
                    "values": [_finite(v) for v in s.values],
                }
                for s in self.series
            ],
        }


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


@dataclass(frozen=True)
class Report:
    """The audit of one video. `score` in [0, 1]: how possible; `unchecked`: law -> why it could not be checked."""

    name: str
    seconds: float | int
    fps: float | int
    size: tuple[int, int]  # (height, width) in pixels
    findings: tuple[Finding, ...]
    suspicion: Mapping[str, float]  # law checked -> the probability that it is broken somewhere
    unchecked: Mapping[str, str]
    notes: tuple[str, ...] = ()

    @property
    def score(self) -> float:
        """The probability that no checked law is broken, taking laws as independent; 0.5 where nothing was checked."""
        if not self.suspicion:
            return 0.5
        return math.exp(sum(math.log1p(-min(p, 1 - 1e-9)) for p in self.suspicion.values()))

    @property
    def verdict(self) -> str:
        """`possible`, `impossible` or `cannot tell`."""
        if self.findings:
            return "impossible"
        return "possible" if self.suspicion else "cannot tell"

    def to_dict(self) -> dict[str, Any]:
        """The JSON form, as in `report.schema.json`."""
        return {
            "schema": SCHEMA_VERSION,
            "name": self.name,
            "seconds": round(float(self.seconds), 6),
            "fps": round(float(self.fps), 6),
            "height": int(self.size[0]),
            "width": int(self.size[1]),
            "verdict": self.verdict,
            "score": round(self.score, 6),
            "findings": [finding.to_dict() for finding in self.findings],
            "checked": {law: round(float(p), 4) for law, p in self.suspicion.items()},
            "unchecked": dict(self.unchecked),
            "notes": list(self.notes),
        }

    def to_json(self, indent: int | None = 2) -> str:
        """The report as JSON text (no NaN, no Infinity)."""
        return json.dumps(self.to_dict(), indent=indent, ensure_ascii=False, allow_nan=False)

    def to_html(self, path: str | Path, video: Any = None) -> Path:
        """Write one self-contained HTML page: video, timeline that seeks on click, boxes, plots.

        `video`: the audited Clip or file, shown in the page; without it the page has findings and plots alone.
        """
        from cuspworld.audit.pages.page import write_page

        return write_page(self, path, video)

    def __str__(self) -> str:
        lines = [f"{self.name}: {self.verdict} (score {self.score:.2f}, {self.seconds:.2f} s)"]
        for f in self.findings:
            lines.append(f"  {f.start:6.2f}-{f.end:.2f} s  {f.law:<12} {f.probability:4.0%}  {f.sentence}")
        for law, why in self.unchecked.items():
            lines.append(f"  unchecked: {law:<12} {why}")
        return "\n".join(lines + [f"  note: {note}" for note in self.notes])


def schema() -> dict[str, Any]:
    """The published JSON schema of a report (draft 2020-12)."""
    return json.loads((Path(__file__).with_name("report.schema.json")).read_text())


def _finite(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else float(f"{value:.6g}")
