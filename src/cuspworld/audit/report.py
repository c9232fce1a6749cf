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

from cuspworld import html
from cuspworld.audit.finding import Finding

SCHEMA_VERSION = "1.1"
FEWEST = 4  # laws that must be checked for a finding and for a verdict, unless fewer were asked for


@dataclass(frozen=True, repr=False)
class Report:
    """The audit of one video. `score` in [0, 1]: how possible; `unchecked`: law -> why it could not be checked.
    `strongest`: kind of shot -> the largest log-odds in shots of that kind before its bar (`audit/elsewhere.py`).
    `alike`: kind of shot away from home -> the share of true clips of that kind that are as odd (`audit/bars.py`).
    """

    name: str
    seconds: float | int
    fps: float | int
    size: tuple[int, int]  # (height, width) in pixels
    findings: tuple[Finding, ...]
    suspicion: Mapping[str, float]  # law checked -> the probability that it is broken somewhere
    unchecked: Mapping[str, str]
    notes: tuple[str, ...] = ()
    strongest: Mapping[str, float] = field(default_factory=dict)
    alike: Mapping[str, float] = field(default_factory=dict)

    @property
    def home(self) -> bool:
        """Is every shot like those that the audit was fitted on? Elsewhere it misses most, its silence says little."""
        return set(self.strongest) <= {"home"}

    @property
    def score(self) -> float:
        """How possible. At home the probability that no law is broken, taking laws as independent; where nothing could
        be checked it is 0.5, and each law that was not takes its part of that half. Elsewhere at most half the share
        of true clips of its kind that are as odd, so that clips of different kinds are held against their own kind.
        Not looking, and looking where little can be seen, are never rewarded."""
        looked = math.exp(sum(math.log1p(-min(p, 1 - 1e-9)) for p in self.suspicion.values()))
        if self.home:
            return float(looked * 0.5 ** (1 - len(self.suspicion) / self.laws))
        return float(min(looked, 1.0, *self.alike.values()) / 2)

    @property
    def laws(self) -> int:
        """How many laws were asked about, checked or not; 1 where none was."""
        return max(1, len(self.suspicion) + len(self.unchecked))

    @property
    def verdict(self) -> str:
        """`possible`, `impossible` (there is a finding), or `cannot tell`: too few laws could be checked (`run.py` then
        keeps no finding), or nothing is found where little can be (not at home), or where it is likelier than not that
        a law is broken."""
        if self.findings:
            return "impossible"
        enough = self.home and len(self.suspicion) >= min(FEWEST, self.laws) and self.score >= 0.5
        return "possible" if enough else "cannot tell"

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
            "home": self.home,
            "findings": [finding.to_dict() for finding in self.findings],
            "checked": {law: round(float(p), 4) for law, p in self.suspicion.items()},
            "unchecked": dict(self.unchecked),
            "notes": list(self.notes),
        }

    def to_json(self, indent: int | None = 2) -> str:
        """The report as JSON text (no NaN, no Infinity)."""
        return json.dumps(self.to_dict(), indent=indent, ensure_ascii=False, allow_nan=False)

    def __repr__(self) -> str:
        laws = ", ".join(dict.fromkeys(f.law for f in self.findings))
        found = f": {len(self.findings)} findings ({laws})" if self.findings else ""
        return f"Report({self.name[:80]!r}, {self.verdict}, score {self.score:.2f}, {self.seconds:.4g} s{found})"

    def _repr_html_(self) -> str:
        title = f"{self.name}: {self.verdict} (score {self.score:.2f}, {self.seconds:.2f} s)"
        rows = [[f"{f.start:.2f}-{f.end:.2f} s", f.law, f"{f.probability:.0%}", f.sentence] for f in self.findings]
        rows += [["", law, "unchecked", why] for law, why in self.unchecked.items()]
        rows += [["", "", "note", note] for note in self.notes]
        return html.grid(title, ["when", "law", "sure", "what"], rows)

    def plot(self, axes: Any = None) -> Any:
        """Draw when each law was found broken, the surer the darker, with matplotlib. Returns the axes."""
        if axes is None:
            from matplotlib import pyplot

            axes = pyplot.subplots(figsize=(8, 0.4 * len(self.suspicion) + 1.2), layout="constrained")[1]
        laws = list(self.suspicion)
        for f in self.findings:
            if f.law in laws:
                axes.barh(
                    laws.index(f.law), max(f.end - f.start, 0.01 * self.seconds), left=f.start, alpha=f.probability
                )
        axes.set_yticks(range(len(laws)), laws)
        axes.set(xlim=(0, self.seconds), xlabel="seconds", title=f"{self.name}: {self.verdict}, score {self.score:.2f}")
        axes.invert_yaxis()
        return axes

    def __str__(self) -> str:
        checked = f"{len(self.suspicion)} of {self.laws} laws checked"
        lines = [f"{self.name}: {self.verdict} (score {self.score:.2f}, {checked}, {self.seconds:.2f} s)"]
        for f in self.findings:
            lines.append(f"  {f.start:6.2f}-{f.end:.2f} s  {f.law:<12} {f.probability:4.0%}  {f.sentence}")
        for law, why in self.unchecked.items():
            lines.append(f"  unchecked: {law:<12} {why}")
        return "\n".join(lines + [f"  note: {note}" for note in self.notes])


def schema() -> dict[str, Any]:
    """The published JSON schema of a report (draft 2020-12)."""
    return json.loads((Path(__file__).with_name("report.schema.json")).read_text())
