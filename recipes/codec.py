"""The recipe of the codec of all worlds: record the twelve worlds, take true clips of others, train, measure.

    python recipes/codec.py --folder runs/codec  # hours on one thread; stops and goes on at any moment
    python recipes/codec.py --folder runs/codec --measure  # the table of what it has reached so far

No time is folded (stride 1): a latent is one frame's. Windows are drawn from the worlds by SHARES, a world's by half
from its critical events (Juice's by three quarters, where they last from the push to the impact): there the
pictures are rarest. Real clips come from the folder of test inputs (CUSPWORLD_DATA, or ../shared/data): only true clips
whose licence allows it, a fifth of their origins held out.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import os
import zlib
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch

from cuspworld import worlds
from cuspworld.clip import Clip
from cuspworld.codec.autoencoder import AutoencoderConfig
from cuspworld.codec.autoencoder_codec import AutoencoderCodec
from cuspworld.codec.codec import Codec, psnr, reconstruct, to_tensor
from cuspworld.errors import CuspError
from cuspworld.files import written_whole
from cuspworld.training.codec import CodecObjective, draw_samples
from cuspworld.training.data import crop
from cuspworld.training.loop import Process, Trainer, step_generator
from cuspworld.training.presets import Phase

SEED = 0
CONFIG = AutoencoderConfig(latent_channels=16, temporal_stride=1)
PHASE = Phase(10_000, batch=16, learning_rate=1e-2, muon=True, warmup=20, ema=0.998, sample_every=2000, save_every=250)
WINDOW, SIDE = 9, 32  # frames, pixels: the codec sees no farther
FPS, SECONDS, SIZE = 10.0, 3.0, 64
# share of the windows, and how many clips are recorded (seeds 0, 1, ...)
SHARES = {
    "Juice": (0.18, 240), "Puppies": (0.18, 400), "Collision": (0.08, 200), "WindTunnel": (0.07, 80),
    "Candles": (0.05, 80), "Chair": (0.05, 80), "Ant": (0.04, 80), "Treadmill": (0.04, 80),
    "CoffeeCup": (0.05, 80), "Snow": (0.04, 80), "Planets": (0.04, 80), "Heat": (0.03, 60), "real": (0.15, 0),
}  # fmt: skip
HELD_OUT, HELD_OUT_CLIPS = 1_000_000, 12  # first seed of the clips that measure, and how many a world
FREE = ("Apache", "MIT", "BSD", "CC0", "Unlicense", "CC BY 4.0")  # licences of which weights may be learned


@dataclass(frozen=True)
class Source:
    """Clips of one place: `frames` uint8 (time, height, width, 3) each, and its critical frames (first, last)."""

    frames: list[np.ndarray]
    critical: list[list[tuple[int, int]]]


def passages(name: str, clip: Clip) -> list[tuple[int, int]]:
    """(first, last) frame of each passage of a world's clip, by its truth."""
    assert clip.truth is not None
    at = {event.name: round(event.time * clip.fps) for event in clip.truth.events}
    if name == "Juice":
        return [(at["push"] + 1, at.get("impact", at["tipping"] + 4))] if {"push", "tipping"} <= set(at) else []
    named = worlds.make(name).critical_events
    return [(at[event] - 1, at[event] + 3) for event in named if event in at]


def recorded(folder: Path, name: str, seeds: range, size: int = SIZE) -> Source:
    """Clips of a world, kept in one file so that a second run reads them."""
    large = "" if size == SIZE else f"_{size}"
    file = folder / f"{name}_{seeds.start}_{len(seeds)}{large}.npz"
    if not file.exists():
        world = worlds.make(name)
        clips = [world.record(seed=seed, seconds=SECONDS, fps=FPS, size=size) for seed in seeds]
        spans = [(i, *span) for i, clip in enumerate(clips) for span in passages(name, clip)]
        with written_whole(file) as aside:
            np.savez(aside, frames=np.array([c.frames for c in clips]), spans=np.array(spans, int).reshape(-1, 3))
    with np.load(file) as kept:
        frames, spans = list(kept["frames"]), kept["spans"]
    critical: list[list[tuple[int, int]]] = [[] for _ in frames]
    for index, first, last in spans.tolist():
        critical[index].append((first, last))
    return Source(frames, critical)


def real(folder: Path, held_out: bool) -> Source:
    """True clips of others whose licence is stated and free, 4 s of each at 64 x 64 and 10 frames a second."""
    file = folder / f"real_{'held_out' if held_out else 'taught'}.npz"
    if not file.exists():
        data = Path(os.environ.get("CUSPWORLD_DATA", Path(__file__).parents[2] / "shared" / "data")) / "foreign"
        if not (data / "MANIFEST.tsv").is_file():
            raise CuspError(f"{data} has no MANIFEST.tsv: set CUSPWORLD_DATA to the folder of the test inputs")
        kept = {}
        for row in csv.DictReader((data / "MANIFEST.tsv").open(), delimiter="\t"):
            out = int(hashlib.sha256(row["origin"].split(":")[0].encode()).hexdigest(), 16) % 5 == 0
            if row["kind"] in ("real", "simulated_true") and row["licence"].startswith(FREE) and out == held_out:
                [path] = data.rglob(row["file"])
                clip = Clip.read(path, size=(SIZE, SIZE), fps=FPS)
                if len(clip) >= WINDOW:
                    kept[row["file"]] = clip.frames[:40]
        with written_whole(file) as aside:
            np.savez(aside, **kept)
    with np.load(file) as kept_file:
        frames = [kept_file[name] for name in kept_file.files]
    return Source(frames, [[] for _ in frames])


class Windows:
    """Crops of windows, drawn by SHARES and by passages; a batch depends on the seed and the step alone."""

    def __init__(self, sources: dict[str, Source], shares: dict[str, float]):
        self.sources = list(sources.values())
        self.shares = torch.tensor([shares[name] for name in sources], dtype=torch.float64)
        self.often = [0.75 if name == "Juice" else 0.5 for name in sources]
        self.eventful = [[i for i, spans in enumerate(s.critical) if spans] for s in self.sources]

    def batch(self, step: int, size: int, process: Process) -> np.ndarray:
        drawn = self.drawn(step, size)[process.share(size)]
        return np.stack([self._window(place, draw) for place, draw in drawn])

    def drawn(self, step: int, size: int) -> list[tuple[int, list[float]]]:
        """(source, five numbers from 0 to 1) of each window of a step."""
        generator = step_generator(SEED, step)
        places = torch.multinomial(self.shares, size, replacement=True, generator=generator).tolist()
        return list(zip(places, torch.rand(size, 5, generator=generator).tolist(), strict=True))

    def _window(self, place: int, draw: list[float]) -> np.ndarray:
        index, start = self.start(place, draw, WINDOW)
        return crop(self.sources[place].frames[index][start : start + WINDOW], SIDE, draw[3])

    def start(self, place: int, draw: list[float], length: int) -> tuple[int, int]:
        """Which clip of a source, and the first frame of `length` of it."""
        source, eventful = self.sources[place], self.eventful[place]
        if eventful and draw[0] < self.often[place]:
            index = eventful[int(draw[1] * len(eventful))]
            first, last = source.critical[index][int(draw[4] * len(source.critical[index]))]
            low, high = first + 2 - length, max(last - 1, first + 2 - length + 1)  # at least two frames of it
            start = low + int(draw[2] * (high - low))
        else:
            index = int(draw[1] * len(source.frames))
            start = int(draw[2] * (len(source.frames[index]) - length + 1))
        return index, int(np.clip(start, 0, len(source.frames[index]) - length))


@torch.inference_mode()
def set_statistics(codec: AutoencoderCodec, windows: Windows) -> None:
    """Mean and standard deviation of each latent channel over the windows that are taught."""
    codec.latent_mean.zero_()
    codec.latent_std.fill_(1.0)
    every = torch.cat([codec.encode(to_tensor(windows.batch(-2 - i, 16, Process()))).flatten(0, -2) for i in range(32)])
    codec.latent_mean.copy_(every.mean(dim=0))
    codec.latent_std.copy_(every.std(dim=0).clamp(min=1e-4))


def measure(codec: Codec, folder: Path) -> list[tuple[str, int, float, float, float]]:
    """(world, clips, mean PSNR of the clips, of frames in passages, of the others) on clips never taught."""
    rows, strips = [], []
    for name in SHARES:
        seeds = range(HELD_OUT, HELD_OUT + HELD_OUT_CLIPS)
        source = real(folder, True) if name == "real" else recorded(folder, name, seeds)
        inside, outside, whole = [], [], []
        for frames, spans in zip(source.frames, source.critical, strict=True):
            made = reconstruct(codec, frames)
            whole.append(psnr(frames, made))
            for t, (a, b) in enumerate(zip(frames, made, strict=True)):
                (inside if any(first <= t <= last for first, last in spans) else outside).append(psnr(a, b))
        rows.append((name, len(whole), *(float(np.mean(v)) if v else float("nan") for v in (whole, inside, outside))))
        spans = source.critical[0] or [(8, 16)]
        chosen = slice(max(0, spans[0][0] - 1), max(0, spans[0][0] - 1) + 8)
        pair = source.frames[0][chosen], reconstruct(codec, source.frames[0])[chosen]
        strips.append(np.concatenate(pair, axis=1))
    draw_samples(folder / "measured.png", strips)
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, default=Path("runs/codec"))
    parser.add_argument("--steps", type=int, default=PHASE.steps, help="the learning rate ends at the last one")
    parser.add_argument("--threads", type=int, default=1, help="two are slower in bfloat16 on two busy cores")
    parser.add_argument("--measure", action="store_true", help="only measure what is there")
    parser.add_argument("--compare", type=Path, help="measure the codec of this folder")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    folder = arguments.folder
    folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(zlib.crc32(b"codec") + SEED)  # only the initial weights come from it
    codec = AutoencoderCodec(CONFIG)
    if arguments.compare is None:
        sources = {
            n: real(folder, False) if n == "real" else recorded(folder, n, range(c)) for n, (_, c) in SHARES.items()
        }
        windows = Windows(sources, {name: share for name, (share, _) in SHARES.items()})
        phase = replace(PHASE, steps=arguments.steps)

        def batch(step: int, process: Process) -> tuple[torch.Tensor, int]:
            return to_tensor(windows.batch(step, phase.batch, process)), SEED + step

        trainer = Trainer(
            "codec", CodecObjective(codec, 1e-4, 0.05), batch, phase, folder, process=Process(), bfloat16=True
        )
        trainer.resume()
        if not arguments.measure:
            trainer.run()
        trainer.use_average()
        set_statistics(codec.eval(), windows)
        codec.save_pretrained(folder / "model", torch.float16)
        print(f"step {trainer.step}")
    codec = Codec.from_pretrained(arguments.compare or folder / "model")
    for name, clips, whole, inside, outside in measure(codec, folder):
        print(f"{name:<11} {clips:>3} clips  {whole:5.2f} dB   in passages {inside:5.2f}   elsewhere {outside:5.2f}")


if __name__ == "__main__":
    main()
