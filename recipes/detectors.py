"""The recipe of the detectors: record, spoil, train, look at unseen true clips. One command, one seed.

    python recipes/detectors.py --folder runs/detectors                 # all worlds, minutes each on one thread
    python recipes/detectors.py --folder runs/detectors --only Juice    # one of them
    python recipes/detectors.py --folder runs/detectors --ship          # then copy the weights into the package

Stops and goes on at any moment (run it again). Seeds 0 and on teach; benchmarks/detectors.py reads 2,000,000 and on.
"""

from __future__ import annotations

import argparse
import zlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from detector_frames import Frames, spoil, worlds_frames
from torch import Tensor, nn

from cuspworld.detectors import names
from cuspworld.detectors.detector import FOLDER, KIND, detector_class
from cuspworld.detectors.network import STRIDE, FrameReader, ReaderConfig
from cuspworld.detectors.seen import SIDE
from cuspworld.models import load_module, save_module
from cuspworld.training.loop import Process, Trainer
from cuspworld.training.presets import Phase

SEED = 0
PHASE = Phase(900, batch=24, learning_rate=4e-3, warmup=50, ema=0.99, sample_every=10**9, save_every=200)
SHARES = (0.40, 0.65)  # of a batch: true and painted below the first, decoded below the second, no true state above it
GRID = SIDE // STRIDE
SPREAD = 1.1  # cells, of a thing's place on its heat map
Batch = tuple[Tensor, Tensor, Tensor, Tensor]


class Teacher:
    """Batches that depend on the seed and the step alone."""

    def __init__(self, frames: dict[str, Frames], config: ReaderConfig):
        self.clean, self.decoded, self.bad = frames["clean"], frames["decoded"], frames["bad"]
        self.true, self.config = frames["true"], config
        self.chances = {id(source): _chances(source) for source in (self.clean, self.decoded, self.bad)}
        self.starts = np.searchsorted(self.true.clip, np.arange(self.true.clip.max() + 2))

    def batch(self, step: int, process: Process) -> Batch:
        rng = np.random.default_rng([SEED, step])
        rows = [self._row(rng) for _ in range(PHASE.batch)]
        frames, things, numbers, mixed = (np.stack(part) for part in zip(*rows, strict=True))
        return (
            torch.from_numpy(frames).permute(0, 3, 1, 2).contiguous(),
            torch.from_numpy(things),
            torch.from_numpy(numbers),
            torch.from_numpy(mixed).float(),
        )

    def _row(self, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        kind = rng.random()
        source = self.clean if kind < SHARES[0] else self.decoded if kind < SHARES[1] else self.bad
        place = int(np.searchsorted(self.chances[id(source)], rng.random()))
        frame, things = source.frames[place], source.things[place].copy()
        numbers, mixed = source.numbers[place].copy(), source.mixed[place]
        if kind >= SHARES[1] and rng.random() < 0.6:
            frame, mixed = self._spoiled(rng), 1.0
        if mixed == 1:
            numbers[:], things[:] = np.nan, -1
        frame = _compressed(frame, rng).astype(np.float32) / 127.5 - 1
        if rng.random() < 0.5:
            frame = frame[:, ::-1]
            things[:, 1] = np.where(things[:, 0] >= 0, SIDE - things[:, 1], things[:, 1])
            for name in self.config.amounts:
                if name == "place":
                    numbers[len(self.config.flags) + len(self.config.choices)] *= -1
        frame = frame * rng.uniform(0.93, 1.07) + rng.uniform(-0.05, 0.05) + rng.normal(0, 0.02, frame.shape)
        return np.ascontiguousarray(frame, np.float32), things, numbers, np.array(mixed)

    def _spoiled(self, rng: np.random.Generator) -> np.ndarray:
        """Of two true frames: half of the time of one clip."""
        source = self.true
        while True:
            first = int(rng.integers(len(source)))
            clip = source.clip[first]
            own = rng.random() < 0.5
            second = int(rng.integers(*self.starts[clip : clip + 2]) if own else rng.integers(len(source)))
            made = spoil(source.frames[first], source.frames[second], rng)
            if made is not None:
                return made


def _compressed(frame: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Half of the frames as a file keeps them: coarser, and of one to four times the size: none of it melts a thing."""
    if rng.random() < 0.5:
        return frame
    side = int(SIDE * rng.uniform(1, 4))
    drawn = cv2.resize(frame, (side, side), interpolation=cv2.INTER_LINEAR)
    quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(30, 95))]
    kept = cv2.imdecode(cv2.imencode(".jpg", drawn, quality)[1], cv2.IMREAD_COLOR)
    return cv2.resize(kept, (SIDE, SIDE), interpolation=cv2.INTER_AREA)


def _chances(source: Frames) -> np.ndarray:
    """The cumulative chance of each frame: more where much has changed since the frame before, as in a passage."""
    change = np.zeros(len(source))
    for first in range(0, len(source) - 1, 1000):
        some = source.frames[first : first + 1001].astype(np.int16)
        change[first + 1 : first + len(some)] = np.abs(np.diff(some, axis=0)).mean((1, 2, 3))
    change[1:][np.diff(source.clip) != 0] = 0
    weight = np.clip(1 + 3 * change / change.mean(), 1, 8)
    return np.cumsum(weight) / weight.sum()


class Objective(nn.Module):
    """Focal loss of the heat maps (arXiv:1904.07850, eq. 1), L1 of offsets and amounts, cross-entropy of the rest."""

    def __init__(self, reader: FrameReader):
        super().__init__()
        self.reader = reader

    def forward(self, batch: Batch) -> tuple[Tensor, dict[str, float]]:
        frames, things, numbers, mixed = batch
        config, kinds = self.reader.config, len(self.reader.config.things)
        maps, said, whole = self.reader(frames)
        told = ~torch.isnan(mixed)
        losses = {"mixed": 2 * nn.functional.binary_cross_entropy_with_logits(said[told], mixed[told])}
        clean = (mixed != 1) & ~(mixed == 1)
        if clean.any():
            losses["heat"], losses["offsets"] = _things(maps[clean], things[clean], kinds)
        known, place = ~torch.isnan(numbers).any(1), 0
        out, wanted = whole[known], numbers[known]
        if len(config.flags) and known.any():
            place = len(config.flags)
            losses["flags"] = nn.functional.binary_cross_entropy_with_logits(out[:, :place], wanted[:, :place])
        for question, options in config.questions.items():
            span = slice(place, place + len(options))
            losses[question] = nn.functional.cross_entropy(out[:, span], wanted[:, span])
            place += len(options)
        if config.amounts:
            losses["amounts"] = (out[:, place:] - wanted[:, place:]).abs().mean()
        return sum(losses.values()), {name: float(loss) for name, loss in losses.items()}  # type: ignore[return-value]


def _things(maps: Tensor, things: Tensor, kinds: int) -> tuple[Tensor, Tensor]:
    """The losses of the heat maps and of the offsets of frames (batch, maps, 32, 32) and things (batch, room, 5)."""
    batch, device = len(maps), maps.device
    kind, x, y, radius, score = things.unbind(-1)  # (batch, room)
    present = kind >= 0
    cells = torch.arange(GRID, device=device) + 0.5
    cx, cy = x / STRIDE, y / STRIDE
    near = (cells[None, None, :, None] - cy[..., None, None]) ** 2 + (cells - cx[..., None, None]) ** 2
    blob = torch.exp(-near / (2 * SPREAD**2)) * present[..., None, None]  # (batch, room, 32, 32)
    heat = torch.zeros(batch, kinds, GRID, GRID, device=device)
    unsure = torch.zeros(batch, kinds, GRID, GRID, device=device)
    peak = torch.zeros(batch, kinds, GRID, GRID, dtype=torch.bool, device=device)
    row = cy.long().clamp(0, GRID - 1)
    column = cx.long().clamp(0, GRID - 1)
    index = torch.arange(batch, device=device)
    for k in range(things.shape[1]):
        own, safe = present[:, k], kind[:, k].long().clamp(min=0)
        sure = own & (score[:, k] > 0.5)
        heat[index, safe] = torch.maximum(heat[index, safe], blob[:, k] * sure[:, None, None])
        peak[index[sure], safe[sure], row[sure, k], column[sure, k]] = True
        if (doubtful := own & ~sure).any():
            for other in range(kinds):  # of whatever kind it is taken for
                unsure[doubtful, other] = torch.maximum(unsure[doubtful, other], blob[doubtful, k])
    p = maps[:, :kinds].sigmoid().clamp(1e-4, 1 - 1e-4)
    weight = (unsure < 0.1) | peak
    positive = -((1 - p) ** 2) * p.log() * peak
    negative = -(p**2) * (1 - p).log() * (1 - heat) ** 4 * ~peak * weight
    focal = (positive + negative).sum() / max(int(peak.sum()), 1)
    sure = present & (score > 0.5)
    at, k = sure.nonzero(as_tuple=True)
    said = maps[at, kinds:, row[at, k], column[at, k]]  # (things, 3)
    wanted = torch.stack([cx[at, k] - column[at, k] - 0.5, cy[at, k] - row[at, k] - 0.5, radius[at, k] / 8], 1)
    return focal, 2 * (said - wanted).abs().mean() if len(at) else focal * 0


def taught(name: str, folder: Path, steps: int) -> FrameReader:
    made: Any = detector_class(name)
    torch.manual_seed(zlib.crc32(name.encode()) + SEED)  # only the initial weights come from it
    reader = FrameReader(made.config)
    teacher = Teacher(worlds_frames(name, folder), made.config)
    phase = replace(PHASE, steps=steps)
    trainer = Trainer(name, Objective(reader), teacher.batch, phase, folder, process=Process(), bfloat16=False)
    trainer.resume()
    trainer.run()
    trainer.use_average()
    save_module(folder / name.lower(), KIND, reader, made.config, torch.float16)
    return reader.eval()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, default=Path("runs/detectors"))
    parser.add_argument("--only", nargs="*", default=names(), choices=names())
    parser.add_argument("--steps", type=int, default=PHASE.steps, help="the learning rate ends at the last one")
    parser.add_argument("--frames", action="store_true", help="only record")
    parser.add_argument("--ship", action="store_true", help="copy the weights into the package")

    arguments = parser.parse_args()
    torch.set_num_threads(1)
    arguments.folder.mkdir(parents=True, exist_ok=True)
    for name in arguments.only:
        if arguments.frames:
            worlds_frames(name, arguments.folder)
            continue
        taught(name, arguments.folder, arguments.steps)
        if arguments.ship:
            reader = load_module(arguments.folder / name.lower(), KIND, FrameReader, ReaderConfig)
            save_module(FOLDER / name.lower(), KIND, reader, reader.config, torch.float16)


if __name__ == "__main__":
    main()
