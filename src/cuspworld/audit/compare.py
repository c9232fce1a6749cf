"""Two videos side by side: which one is less possible, and by which law."""

from __future__ import annotations

from dataclasses import dataclass

from cuspworld.audit.report import Report


@dataclass(frozen=True)
class Comparison:
    """`laws`: for each law checked in both, (suspicion of a, suspicion of b)."""

    a: Report
    b: Report
    laws: dict[str, tuple[float, float]]

    @property
    def less_possible(self) -> Report | None:
        """The video with the smaller score; None where the scores are equal."""
        if self.a.score == self.b.score:
            return None
        return self.a if self.a.score < self.b.score else self.b

    def __str__(self) -> str:
        worse = self.less_possible
        if worse is None:
            lines = [f"the audit sees no difference: both score {self.a.score:.3f}"]
        else:
            better = self.b if worse is self.a else self.a
            lines = [f"{worse.name} is less possible: score {worse.score:.3f} against {better.score:.3f}"]
        for law, (first, second) in self.laws.items():
            if abs(first - second) > 0.01:
                lines.append(f"  {law:<12} {first:4.0%} against {second:4.0%}")
        return "\n".join(lines)


def compare(a: Report, b: Report) -> Comparison:
    """Compare two reports law by law."""
    return Comparison(a, b, {law: (a.suspicion[law], b.suspicion[law]) for law in a.suspicion if law in b.suspicion})
