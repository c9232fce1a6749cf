"""The times that a caption tells, moved: of a clip that is to be shown so much later."""

from __future__ import annotations

import re

_TIME = re.compile(r"(?<![\d.])(\d+(?:\.\d+)?)(?=\s*(?:s|sec|seconds?)\b|\s*秒)")


def retimed(text: str, later: float) -> str:
    """Every number of seconds in the text plus `later`, with as many decimals; none before 0."""

    def moved(found: re.Match[str]) -> str:
        decimals = len(found[1].partition(".")[2])
        return f"{max(0.0, float(found[1]) + later):.{decimals}f}"

    return _TIME.sub(moved, text)
