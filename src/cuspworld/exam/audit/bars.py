"""How much evidence true clips away from home show: the bars of audit/elsewhere.py, measured.

Foreign strata: true clips of the bank's `calib` split, the first seconds of each. Slow: true worlds as `cusp record`
makes them (64 pixels, 10 frames a second). No clip that judges is looked at, and none with a violation.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import cast

import cv2
import numpy as np

from cuspworld import worlds
from cuspworld.audit import elsewhere
from cuspworld.audit.calibration import fitted
from cuspworld.audit.elsewhere import Stratum
from cuspworld.audit.evidence.scene import observe, shots
from cuspworld.audit.judges.twins import shipped
from cuspworld.audit.laws import checks
from cuspworld.audit.laws.runner import look
from cuspworld.audit.observations.seen import Observations
from cuspworld.audit.run import WORKING
from cuspworld.clip import Clip
from cuspworld.exam.audit import calibration_file
from cuspworld.exam.audit.abroad import listed

NOTHING = -20.0  # log-odds of a clip in which nothing is odd


def largest(clip: Clip) -> tuple[Stratum, float, str]:
    """A clip's stratum, the largest log-odds, discounted, that any check reaches in it, and that check."""
    shrink = max(1.0, max(clip.frames.shape[1:3]) / WORKING)
    size = (round(clip.frames.shape[2] / shrink), round(clip.frames.shape[1] / shrink))
    frames = np.stack([cv2.resize(frame, size, interpolation=cv2.INTER_AREA) for frame in clip.frames])
    strata, best = [], (NOTHING, "")
    for first, last in shots(frames):
        scene = observe(frames[first:last], clip.fps)
        strata.append(elsewhere.where(scene, frames[first:last], shipped()))
        silent = elsewhere.silent(strata[-1], float(clip.fps), dict.fromkeys(("slow", "still", "moving"), 0.0))
        for found in look(Observations(scene), [c for c in checks() if c.name in fitted()], silent):
            for suspect in found.suspects:
                p = min(max(found.check.probability(suspect.strength), 1e-9), 1 - 1e-9)
                odds = math.log(p / (1 - p)) - elsewhere.discount(strata[-1], found.check.name)
                best = max(best, (odds, found.check.name))
    return "moving" if "moving" in strata else strata[0], *best


def measured(most: int | None, seconds: float, seeds: int, kept: Path | None) -> dict[Stratum, list[float]]:
    """Stratum -> the largest log-odds of each true clip. A line a clip is added to the file `kept`, and clips that have
    one already are not looked at again."""
    clips: list[tuple[str, Callable[[], Clip]]] = [
        (f.path.name, partial(Clip.read, f.path, seconds=seconds)) for f in listed("calib", most) if f.true
    ]
    for seed in range(seeds):
        for name in worlds.names():
            clips.append((f"{name} {seed}", partial(worlds.make(name).record, seed, size=64, fps=10.0)))
    lines = kept.read_text(encoding="utf-8").splitlines() if kept is not None and kept.is_file() else []
    done = {line.split("\t")[0]: line for line in lines}
    found: dict[Stratum, list[float]] = defaultdict(list)
    for name, make in clips:
        if name not in done:
            done[name] = "\t".join([name, *(str(value) for value in largest(make()))])
            if kept is not None:
                with kept.open("a", encoding="utf-8") as file:
                    file.write(done[name] + "\n")
        _, stratum, odds, _ = done[name].split("\t")
        found[cast(Stratum, stratum)].append(float(odds))
    return found


def write(found: dict[Stratum, list[float]], strata: Iterable[Stratum], how: str, path: Path) -> None:
    """Put the bars of these strata into a calibration file; `how` says how they were measured."""
    content = calibration_file.read(path)
    content["fits"]["elsewhere"] = how
    for stratum in strata:
        bar = elsewhere.bar(found.get(stratum, []))
        known = {"bar": None if bar is None else round(bar, 2), "clips": len(found.get(stratum, []))}
        content["elsewhere"][stratum] = known | {"fit": "elsewhere"}
    calibration_file.write(content, path)
