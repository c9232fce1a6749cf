"""How much evidence true clips show: the bars of audit/bars.py, measured for the package.

Foreign strata: true clips of the bank's `calib` split, the first seconds of each. Slow: true worlds as `cusp record`
makes them (64 pixels, 10 frames a second). Home: true worlds as files (benchmarks/audit_true_files.py). No clip that
judges is looked at, and none with a violation.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

from cuspworld import worlds
from cuspworld.audit.bars import Bars
from cuspworld.audit.recalibration import ABOVE_ALL
from cuspworld.clip import Clip
from cuspworld.exam.audit import calibration_file
from cuspworld.exam.audit.abroad import listed
from cuspworld.exam.audit.observed import Kept, report


def measured(most: int | None, seconds: float, seeds: int, kept: Kept) -> dict[str, list[float]]:
    """Stratum -> the largest log-odds of each true clip that has shots of it."""
    clips: list[tuple[str, Callable[[], Clip]]] = [
        (f.path.name, partial(f.read, seconds)) for f in listed("calib", most) if f.true
    ]
    for seed in range(seeds):
        for name in worlds.names():
            clips.append((f"{name} {seed}", partial(worlds.make(name).record, seed, size=64, fps=10.0)))
    found: dict[str, list[float]] = defaultdict(list)
    for name, make in clips:
        for stratum, odds in report(kept.of(name, seconds, make), ABOVE_ALL).strongest.items():
            found[stratum].append(odds)
    return found


def write(
    found: dict[str, list[float]], strata: Iterable[str], how: str, path: Path, seconds: float, name: str = "elsewhere"
) -> None:
    """Put the bars of these strata, measured on clips of `seconds`, into a calibration file as its `elsewhere` or its
    `longer` ones; `how` says how they were measured."""
    content = calibration_file.read(path)
    content["fits"][name] = how
    known = Bars({stratum: found.get(stratum, []) for stratum in strata}).plain()
    content[name]["seconds"] = seconds
    content[name]["strata"] |= {stratum: {"true": true, "fit": name} for stratum, true in known.items()}
    calibration_file.write(content, path)


def write_home(largest: Iterable[float], how: str, path: Path) -> None:
    """Put the largest log-odds of true clips of the worlds as files into a calibration file; `how`: as for `write`."""
    content = calibration_file.read(path)
    content["fits"]["home"] = how
    content["home"] = {"true": Bars({"home": list(largest)}).plain()["home"], "fit": "home"}
    calibration_file.write(content, path)
