"""The goals of the audit on video that nobody here made, each with its figure, met or not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from cuspworld.exam.audit.abroad import Heard, accused, curve, share
from cuspworld.exam.audit.scoring import in_time, points_at
from cuspworld.exam.audit.stable_abroad import Changed

FEWEST = 10  # clips of a kind of which a share is said
SURE = (0.85, 0.95)


def rows(
    heard: Sequence[Heard], worlds: Mapping[str, Sequence[Iterable[str]]], changed: Sequence[Changed]
) -> list[dict[str, Any]]:
    """A row a goal. `worlds`: of each true clip of each world, the laws of its findings."""
    true, broken = [h for h in heard if h.clip.true], [h for h in heard if h.clip.words]
    found = [
        _row("true clips with a finding", [h.accused for h in true], at_most=0.05),
        *(_row(f"the worst kind of true clips: {name}", hits, at_most=0.10) for name, hits in _worst(heard)),
        _row("true worlds at 64 pixels, 10 frames a second, with a finding",
             [bool(list(laws)) for clips in worlds.values() for laws in clips], at_most=0.05),
        _row("visible violations found", [h.accused for h in broken], at_least=0.60),
        _row("visible violations found at the right time and place",
             [h.right(True, False) for h in broken], at_least=0.50),
        *_curves(heard),
        _row("said 85-95 % sure, right in time and place", _sure(heard), at_least=0.85),
        _row("clips with at most three laws checked that get a verdict",
             [h.report["verdict"] != "cannot tell" for h in heard if len(h.report["checked"]) <= 3], at_most=0.0),
        _row("verdicts that change when a clip is shown otherwise", [c.before != c.after for c in changed],
             at_most=0.03),
    ]  # fmt: skip
    speed = [h.cpu / (h.report["seconds"] or 1) for h in heard if h.cpu]
    if speed:
        found.append({"goal": "CPU seconds a second of video, mean", "figure": f"{sum(speed) / len(speed):.2f}",
                      "asked": "<= 0.9", "met": sum(speed) / len(speed) <= 0.9})  # fmt: skip
    return found


def _row(
    name: str, hits: Sequence[bool], *, at_most: float | None = None, at_least: float | None = None
) -> dict[str, Any]:
    part = sum(hits) / max(len(hits), 1)
    met = bool(hits) and (part <= at_most if at_most is not None else part >= (at_least or 0))
    asked = f"<= {at_most:.0%}" if at_most is not None else f">= {at_least:.0%}"
    return {"goal": name, "figure": share(hits) if hits else "not measured", "asked": asked, "met": met}


def _worst(heard: Sequence[Heard]) -> list[tuple[str, list[bool]]]:
    """The kind of true clips of which most are accused, if there is one."""
    kinds = [row for row in accused(heard) if row["clips"] >= FEWEST]
    if not kinds:
        return []
    worst = max(kinds, key=lambda row: int(row["accused"].split()[0]) / row["clips"])
    count = int(worst["accused"].split()[0])
    return [(worst["true clips"], [True] * count + [False] * (worst["clips"] - count))]


def _curves(heard: Sequence[Heard]) -> list[dict[str, Any]]:
    """Filmed clips against violations: the audit, and the best outside row."""
    names = dict.fromkeys(name for h in heard for name in h.odd)
    areas = {name: curve(heard, name) for name in names if not name.startswith("check: ")}
    if not areas or areas["audit"] != areas["audit"]:
        return []
    best = max((name for name in areas if name != "audit"), key=lambda name: areas[name], default="audit")
    return [
        {"goal": "area under the curve, filmed against violations", "figure": f"{areas['audit']:.2f}",
         "asked": ">= 0.90", "met": areas["audit"] >= 0.9},
        {"goal": f"the same, the best outside row: {best}", "figure": f"{areas[best]:.2f}",
         "asked": "below the audit's", "met": areas[best] < areas["audit"]},
    ]  # fmt: skip


def _sure(heard: Sequence[Heard]) -> list[bool]:
    """Of every finding that is said to be so sure: is it of a visible violation, in its time and place?"""
    hits = []
    for h in heard:
        sides = (h.report["width"], h.report["height"]) * 2
        box = [part * side for part, side in zip(h.clip.box, sides, strict=True)]
        hits += [
            bool(h.clip.words) and in_time(f, h.clip.start, h.clip.end) and points_at(f["box"], box)
            for f in h.report["findings"]
            if SURE[0] <= f["probability"] < SURE[1]
        ]
    return hits
