"""Part c: faults put into true real and foreign clips, small to large, against false alarms without any."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from cuspworld.clip import Clip
from cuspworld.errors import CuspError
from cuspworld.exam.audit import faults
from cuspworld.exam.audit.faults import Fault
from cuspworld.exam.audit.scoring import in_time, number, points_at, table
from cuspworld.exam.audit.split import LABELS, files
from cuspworld.exam.audit.store import Store
from cuspworld.video.files import probe

LONGEST_SIDE, SECONDS = 256, 4.0  # of each clip
LENGTHS = {"small": 0.1, "middle": 0.3, "large": 0.6}  # seconds cut out or frozen
SHARES = {"small": 0.12, "middle": 0.22, "large": 0.38}  # side of the region over the frame's shorter side
SPEEDS = {"small": 1.5, "middle": 2.0, "large": 4.0}


@dataclass(frozen=True)
class Trial:
    """A fault in a clip, and what the audit said of it."""

    clip: str
    size: str
    fault: Fault
    fps: float
    report: dict[str, Any]

    def timely(self, finding: dict[str, Any]) -> bool:
        """Is it while the fault lasts?"""
        return in_time(finding, self.fault.first / self.fps, self.fault.end / self.fps)

    def names(self, finding: dict[str, Any]) -> bool:
        """Is it then, and by a law that the fault breaks?"""
        return finding["law"] in self.fault.laws and self.timely(finding)

    @property
    def at_the_time(self) -> list[dict[str, Any]]:
        """Findings while the fault lasts."""
        return [f for f in self.report["findings"] if self.timely(f)]

    @property
    def named(self) -> list[dict[str, Any]]:
        """Those by a law that the fault breaks."""
        return [f for f in self.report["findings"] if self.names(f)]


def small(path: Path) -> Clip:
    """At most four seconds at 256 pixels: what all trials start from."""
    info = probe(path)
    shrink = max(1.0, max(info.height, info.width) / LONGEST_SIDE)
    clip = Clip.read(path, size=(round(info.height / shrink), round(info.width / shrink)), seconds=SECONDS)
    return Clip(clip.frames, clip.fps)


def true_clips(split: str, limit: int | None = None) -> list[tuple[str, Clip]]:
    """(name, clip) of the clips that show what happened."""
    return [(path.name, small(path)) for path in files(split) if LABELS.get(path.name, "?") is None][:limit]


def busiest(frames: np.ndarray, places: int = 1) -> list[int]:
    """The frames in the middle half where most changes, an eighth of the clip apart: a fault there can be seen."""
    first, last = max(2, len(frames) // 4), max(3, 3 * len(frames) // 4)
    change = np.array([np.abs(frames[t + 1].astype(np.int16) - frames[t]).mean() for t in range(first, last)])
    found: list[int] = []
    while len(found) < places and change.max() >= 0:
        at = int(change.argmax())
        found.append(first + at)
        change[max(0, at - len(frames) // 8) : at + len(frames) // 8 + 1] = -1
    return found


def trials_of(clip: Clip, sizes: tuple[str, ...], places: int = 1) -> Iterator[tuple[str, np.ndarray, Fault]]:
    """(size, frames, fault) of every fault that this clip offers an occasion for, at its busiest frames."""
    for at in busiest(clip.frames, places):
        yield from _trials_at(clip, at, sizes)


def _trials_at(clip: Clip, at: int, sizes: tuple[str, ...]) -> Iterator[tuple[str, np.ndarray, Fault]]:
    frames, fps = clip.frames, clip.fps
    background = np.median(frames[:: max(1, len(frames) // 40)], 0).astype(np.uint8)
    for size in sizes:
        count = max(2, round(LENGTHS[size] * fps))
        region = faults.moving_region(frames, at, share=SHARES[size])
        shift = None if region is None else faults.still_place(frames, region)
        made: list[tuple[Any, tuple[Any, ...]]] = [
            (faults.cut_frames, (frames, at, count)),
            (faults.freeze_all, (frames, at, count)),
            (faults.change_speed, (frames, at, SPEEDS[size])),
        ]
        if region is not None:
            made.append((faults.freeze_region, (frames, at, max(3, round(0.4 * fps)), region)))
            made.append((faults.delete_object, (frames, at, len(frames) - at, background, region)))
        if region is not None and shift is not None:
            made.append((faults.duplicate_object, (frames, at, region, shift)))
        for make, arguments in made:
            try:
                result, fault = make(*arguments)
            except CuspError:
                continue
            if len(result) == len(frames) and np.abs(result.astype(np.int16) - frames).max() < 24:
                continue  # nobody can see it
            yield size, result, fault


def run(
    split: str, store: Store, limit: int | None = None, sizes: tuple[str, ...] = tuple(LENGTHS), places: int = 1
) -> tuple[list[Trial], list[tuple[str, Clip, dict[str, Any]]]]:
    """All trials, and (name, clip, report) of the clips without a fault."""
    found, plain = [], []
    for name, clip in true_clips(split, limit):
        plain.append((name, clip, store.report(clip)))
        for size, frames, fault in trials_of(clip, sizes, places):
            found.append(Trial(name, size, fault, clip.fps, store.report(Clip(frames, clip.fps))))
    return found, plain


def show(found: list[Trial], plain: list[tuple[str, Clip, dict[str, Any]]]) -> None:
    """Detection by fault and size, beside the false alarms of the same clips."""
    print("Faults put into true clips")
    groups: dict[tuple[str, str], list[Trial]] = defaultdict(list)
    for trial in found:
        groups[trial.fault.name, trial.size].append(trial)
    rows = []
    for (name, size), group in sorted(groups.items(), key=lambda item: (item[0][0], list(LENGTHS).index(item[0][1]))):
        named = [t for t in group if t.named]
        places = [any(points_at(f["box"], t.fault.box) for f in t.named) for t in named]
        rows.append((
            name, size, len(group),
            number(np.mean([bool(t.at_the_time) for t in group]), percent=True),
            number(len(named) / len(group), percent=True),
            number(np.mean(places) if places else float("nan"), percent=True),
        ))  # fmt: skip
    table(("fault", "size", "clips", "found in time", "named", "place"), rows)
    minutes = sum(clip.seconds for _, clip, _ in plain) / 60
    alarms = sum(len(report["findings"]) for *_, report in plain)
    if plain:
        print(f"without a fault: {alarms} findings in {minutes:.2f} min ({len(plain)} clips)\n")
