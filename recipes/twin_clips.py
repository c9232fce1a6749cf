"""What the audit's taught judge is taught from: recordings of worlds and their impossible twins, pair by pair."""

import math
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor

from cuspworld import worlds
from cuspworld.audit.judges.twin_look import GRID, LAWS, SIDE
from cuspworld.errors import CuspError
from cuspworld.files import written_whole

FIRST, EVERY, RARER, LAST = 100, 175, 180, 1000  # seeds: every twin of FIRST to EVERY, rare ones from RARER to LAST
RARE = 60  # a twin with fewer occasions than this is looked for further on
HARD, HARDER = ("Candles", "CoffeeCup", "Collision", "Planets", "Puppies"), 220  # worlds of which more seeds are taught
SIZES = (SIDE, 2 * SIDE, 128, 128)  # pixels at which a seed is drawn, by turns
FPS = 24.0
STILL = 24  # grey levels: a twin that differs nowhere by more can't be seen


@dataclass(frozen=True)
class Pair:
    """A possible clip and its twin, uint8 (time, 96, 96, 3); the violation in seconds and pixels of 96."""

    world: str
    twin: str
    seed: int
    possible: np.ndarray
    impossible: np.ndarray
    start: float
    end: float
    box: np.ndarray
    laws: tuple[int, ...]

    def region(self, offset: int, count: int, rate: float = FPS) -> Tensor:
        """Cells (count, 12, 12) in which the law is broken, of the looks from frame `offset` on."""
        first = math.floor((self.start - offset / FPS) * rate) - 1
        last = max(math.ceil((self.end - offset / FPS) * rate) + 2, first + 5)
        x0, y0, x1, y1 = self.box * GRID / SIDE
        i, j = max(0, int(y0 - 0.5)), max(0, int(x0 - 0.5))
        found = torch.zeros(count, GRID, GRID, dtype=torch.bool)
        found[max(0, first) : last, i : max(i + 1, math.ceil(y1 + 0.5)), j : max(j + 1, math.ceil(x1 + 0.5))] = True
        return found


def record(folder: Path, name: str, seed: int) -> None:
    """One seed of a world and every twin that it offers, at the judge's size (drawn so, or shrunk to it)."""
    file = folder / f"{name}_{seed}.npz"
    if file.exists():
        return
    size = SIZES[seed % len(SIZES)]
    world = worlds.make(name, size=size, fps=FPS)
    possible = world.record(seed, size=size, fps=FPS).frames
    kept: dict[str, np.ndarray] = {"possible": _small(possible)}
    violations, names = [], []
    for twin in world.twins:
        try:
            clip = world.record(seed, size=size, fps=FPS, twin=twin)
        except CuspError:
            continue  # no occasion
        assert clip.truth is not None and clip.truth.violation is not None
        violation = clip.truth.violation
        if np.abs(clip.frames.astype(np.int16) - possible).max() < STILL or clip.seconds - violation.start < 0.25:
            continue
        kept[twin] = _small(clip.frames)
        names.append(twin)
        violations.append((violation.start, violation.end, *(side * SIDE / size for side in violation.box)))
    kept |= {"twins": np.array(names), "meta": np.array(violations, float).reshape(-1, 6)}
    with written_whole(file) as aside:
        np.savez(aside, **kept)


def record_all(folder: Path, workers: int) -> None:
    """Every seed up to EVERY, further ones of HARD worlds, then rare twins' occasions."""
    folder.mkdir(parents=True, exist_ok=True)
    with ProcessPoolExecutor(workers) as pool:
        todo = [(name, seed) for seed in range(FIRST, EVERY) for name in worlds.names()]
        todo += [(name, seed) for seed in range(EVERY, HARDER) for name in HARD]
        for _ in pool.map(record, *zip(*((folder, *one) for one in todo), strict=True)):
            pass
        list(pool.map(_record_rare, [folder] * len(worlds.names()), worlds.names()))


def _record_rare(folder: Path, name: str) -> None:
    world = worlds.make(name, fps=FPS)
    for twin in world.twins:
        count = sum(twin in _twins_of(file) for file in folder.glob(f"{name}_*.npz"))
        seed = RARER
        while count < RARE and seed < LAST:
            try:
                seed = world.twin_seed(twin, seed, fps=FPS)
            except CuspError:
                break
            if seed < LAST:
                record(folder, name, seed)
                count += twin in _twins_of(folder / f"{name}_{seed}.npz")
            seed += 1


def _twins_of(file: Path) -> list[str]:
    with np.load(file) as kept:
        return [str(twin) for twin in kept["twins"]]


def _small(frames: np.ndarray) -> np.ndarray:
    if frames.shape[1] == SIDE:
        return frames
    return np.stack([cv2.resize(frame, (SIDE, SIDE), interpolation=cv2.INTER_AREA) for frame in frames])


def load(folder: Path) -> list[Pair]:
    """All pairs, by world and seed."""
    pairs = []
    for name in worlds.names():
        twins = worlds.make(name).twins
        for file in sorted(folder.glob(f"{name}_*.npz")):
            seed = int(file.stem.split("_")[-1])
            with np.load(file) as kept:
                possible = kept["possible"]
                for twin, meta in zip(kept["twins"].tolist(), kept["meta"], strict=True):
                    laws = tuple(LAWS.index(law) for law in sorted(twins[twin].breaks))
                    pairs.append(Pair(name, twin, seed, possible, kept[twin], meta[0], meta[1], meta[2:], laws))
    return pairs
