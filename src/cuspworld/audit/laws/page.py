"""The docs page's list of the checks, made of what they say of themselves.

python -m cuspworld.audit.laws.page docs/audit_laws.md     # puts it between the page's two marks
"""

from __future__ import annotations

import sys
from dataclasses import fields
from pathlib import Path

from cuspworld.audit.calibration import Curve
from cuspworld.audit.laws import checks
from cuspworld.audit.laws.check import Check
from cuspworld.errors import CuspError
from cuspworld.laws import Law

BEGIN, END = "<!-- checks: python -m cuspworld.audit.laws.page docs/audit_laws.md -->\n", "<!-- end of checks -->\n"


def listed() -> str:
    """Every check by law, as Markdown: its sentence, its needs, its thresholds, the strength of one half."""
    lines: list[str] = []
    for law in Law:
        ours = [check for check in checks() if check.law == law]
        lines += [f"### {law.value}", "", law.sentence, "", *(_line(check) for check in ours), ""]
    return "\n".join(lines)


def with_list(page: str) -> str:
    """The page with the list as it is now. Raises CuspError where the page lacks the marks."""
    if BEGIN not in page or END not in page:
        raise CuspError(f"the page has no place for the checks: put the lines {BEGIN!r} and {END!r} into it")
    before, rest = page.split(BEGIN, 1)
    return f"{before}{BEGIN}\n{listed()}\n{END}{rest.split(END, 1)[1]}"


def _line(check: Check) -> str:
    needs = ", ".join(need.words for need in check.needs) or "nothing"
    text = f"- **{check.name}**: {check.sentence}. Needs {needs}."
    if check.thresholds is not None:
        values = [(field.name, getattr(check.thresholds, field.name)) for field in fields(check.thresholds)]
        text += " Set: " + ", ".join(f"`{name}` {_number(value)}" for name, value in values) + "."
    curve = check.curve if check.curve is not None else Curve.of(check.name)
    return text + (f" One half at a strength of {curve.centre:g}." if isinstance(curve, Curve) else "")


def _number(value: float | tuple[float, ...]) -> str:
    return " to ".join(f"{v:.4g}" for v in value) if isinstance(value, tuple) else f"{value:.4g}"


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit("usage: python -m cuspworld.audit.laws.page docs/audit_laws.md")
    path = Path(sys.argv[1])
    path.write_text(with_list(path.read_text(encoding="utf-8")), encoding="utf-8")
