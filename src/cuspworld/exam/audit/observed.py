"""What every check suspects in a clip from elsewhere, kept, so that a new bar, discount or silence asks no clip again.

A line a clip in a file of JSON lines: its name, the seconds looked at, and for each shot its stratum and each check's
suspects, or why it could not look. Of a clip whose line lacks checks of today these are asked anew; after a change
INSIDE a check, delete the file.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from cuspworld.audit.bars import Bars
from cuspworld.audit.calibration import bars as shipped_bars
from cuspworld.audit.calibration import fitted
from cuspworld.audit.elsewhere import silent, where
from cuspworld.audit.evidence.scene import observe, shots
from cuspworld.audit.finding import Finding
from cuspworld.audit.judges.twins import shipped
from cuspworld.audit.laws import checks
from cuspworld.audit.laws.check import Check
from cuspworld.audit.laws.runner import Looked, filmed, look, weigh
from cuspworld.audit.observations.seen import Observations
from cuspworld.audit.report import Report
from cuspworld.audit.run import WORKING, Collected
from cuspworld.clip import Clip
from cuspworld.exam.audit.baselines import baselines, looks

Line = dict[str, Any]


class Kept:
    """The lines of a file, or none; `of` looks at a clip where there is no line yet, and adds it."""

    def __init__(self, file: Path | None):
        self.file = file
        self.lines: dict[tuple[str, float], Line] = {}
        if file is not None and file.is_file():
            for line in map(json.loads, file.read_text(encoding="utf-8").splitlines()):
                self.lines[line["clip"], line["seconds"]] = line

    def of(self, name: str, seconds: float, make: Callable[[], Clip]) -> Line:
        """What was observed in the first `seconds` of the clip that `make` gives."""
        line = self.lines.get((name, seconds))
        new = set() if line is None else {c for shot in line["shots"] for c in set(fitted()) - set(shot["checks"])}
        if line is None or new:
            seen = observed(make(), new or None)
            line = {"clip": name, "seconds": seconds, **(_joined(line, seen) if line else seen)}
            self.lines[name, seconds] = line
            if self.file is not None:
                with self.file.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(line) + "\n")
        return line


def observed(clip: Clip, only: set[str] | None = None) -> Line:
    """What every check of the package, or these `only`, suspects in each shot, none silent, and how odd the baselines
    find the clip (with `only`: not asked)."""
    shrink = max(1.0, max(clip.size) / WORKING)
    size = (max(1, round(clip.size[1] / shrink)), max(1, round(clip.size[0] / shrink)))
    frames = np.stack([cv2.resize(frame, size, interpolation=cv2.INTER_AREA) for frame in clip.frames])
    factor = (clip.size[1] / size[0], clip.size[0] / size[1])
    ours = [check for check in checks() if check.name in (fitted() if only is None else only)]
    found, begin = [], time.process_time()
    for first, last in shots(frames):
        scene = observe(frames[first:last], clip.fps, first=first, factor=factor)
        stratum, world = where(scene, frames[first:last], shipped())
        looked = look(Observations(replace(scene, world=world)), ours)
        if not world:  # what the worlds draw is no graphic
            looked = filmed(looked, scene, frames[first:last])
        kept = {one.check.name: _plain(one) for one in looked}
        found.append({"stratum": stratum, "world": world, "checks": kept})
    cpu = time.process_time() - begin
    odd = baselines(looks(clip.frames, float(clip.fps))) if only is None else {}
    return {"fps": float(clip.fps), "frames": len(clip), "size": list(clip.size), "cpu": cpu, "odd": odd,
            "shots": found}  # fmt: skip


def _joined(line: Line, new: Line) -> Line:
    """A clip's line with what further checks saw in its shots. What a scene costs is in its first line."""
    shots = [
        {**old, "checks": {**old["checks"], **more["checks"]}}
        for old, more in zip(line["shots"], new["shots"], strict=True)
    ]
    return {**line, "shots": shots}


def _plain(one: Looked) -> str | list[list[Any]]:
    return one.unchecked or [
        [f.strength, float(f.start), float(f.end), None if f.box is None else [float(v) for v in f.box]]
        for f in one.suspects
    ]


def report(line: Line, known: Bars | None = None) -> Report:
    """The laws' report of a clip that was observed, with these bars (the package's where None); where a shot is at home
    the taught judge, who is not asked here, would change it."""
    collected = Collected((), None, False, checks(), known or shipped_bars())
    for shot in line["shots"]:
        unheard = silent(shot["stratum"], line["fps"], collected.bars, shot["world"])
        looked = [
            Looked(check, *_looked(check, shot["checks"], unheard)) for check in checks() if check.name in fitted()
        ]
        collected.take(weigh(looked), shot["stratum"])
    height, width = line["size"]
    return collected.report(line["clip"], line["frames"] / line["fps"], line["fps"], (height, width))


def strengths(line: Line) -> dict[str, float]:
    """Check -> its strongest suspect in the clip; 0 where it has none or could not look."""
    found = dict.fromkeys(fitted(), 0.0)
    for shot in line["shots"]:
        for name, suspects in shot["checks"].items():
            if not isinstance(suspects, str):
                found[name] = max([found.get(name, 0.0), *(suspect[0] for suspect in suspects)])
    return found


def _looked(check: Check, found: dict[str, Any], unheard: dict[str, str]) -> tuple[tuple[Finding, ...], str]:
    name = check.name
    if name in unheard or isinstance(found[name], str):
        return (), unheard.get(name) or found[name]
    law, sentence = check.law.value, check.sentence
    return tuple(
        Finding(
            law, start, end, check.probability(strength), sentence, box and tuple(box), check=name, strength=strength
        )
        for strength, start, end, box in found[name]
    ), ""
