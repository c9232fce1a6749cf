"""Does the enlarger show more than enlarging? Clips drawn at 64 pixels, made twice as large, against true ones at 128.

    python benchmarks/enlarging.py [--model FOLDER] [--clips 12] [--first 1500000] [--prompts 10] [--quick] [--save]
    python benchmarks/enlarging.py --abroad [--save]                  # worlds, rates and films that it was not taught
    python benchmarks/enlarging.py --pairs FOLDER --key FILE          # 24 pairs, cubic and enlarger, to look at blind

Ways: "cubic", what a model without an enlarger does; "lanczos"; "sharpened", cubic and an unsharp mask, of the amount
and width that give the best PSNR on other clips (seeds from 1,400,000); "enlarger"; and "codec at 128", the true clip
of 128 pixels through the codec: what a generator that drew 128 could reach. A world draws the same scene of a seed at
both sizes; the small clip goes through the codec first, as what is enlarged was drawn.

Of true clips: PSNR, SSIM (Wang et al. 2004, of grey levels), how many clips it shows better than cubic does (PSNR);
"edges": the mean error of neighbouring pixels' differences, in grey levels; "flicker": the mean change from frame to
frame where the true clip is still. Of generated ones (captions of unseen clips, two seconds): "sharp", mean difference
of neighbouring pixels over that of the true clip; what the world's detector reads in them as asked, and frames of no
true state. "frames a CPU second": of the enlarging alone; of "drawn", of the generator. The rows of 256 pixels: a
third of the drawn clips made four times as large, by the enlarger twice, or once and then cubic.
"""

import argparse
import csv
import json
import os
import time
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from PIL import Image, ImageDraw

from cuspworld import Clip, Simulator, worlds
from cuspworld.codec.codec import psnr, reconstruct
from cuspworld.detectors import detector
from folds import QUESTIONS, Wish, wishes
from formats import sharpness
from results import Table, add_argument

WORLDS = ("Juice", "Puppies", "Collision", "Candles", "Chair")
FIRST, OTHERS, CAPTIONS, LOOKED_AT = 1_500_000, 1_400_000, 95_600_000, 95_700_000  # first seeds
ABROAD = 3_700_000
SMALL, SECONDS, FPS = 64, 2.0, 10.0
AMOUNTS, WIDTHS = (0.25, 0.5, 0.75, 1.0, 1.5, 2.0), (0.7, 1.0, 1.5)  # of the unsharp mask: strength, pixels
ASKED = {
    "Juice": ("outcome as asked", "colour as asked"),
    "Puppies": ("number as asked",),
    "Collision": ("both colours and sizes as asked, kept",),
    "Candles": ("number of candles as asked",),
}
PAIRS, PAGE, SHOWN, LARGE = 24, 3, 5, 2  # pairs, of them on a page, frames of each, and how large a pixel is shown
Frames = np.ndarray
Way = Callable[[Frames], Frames]


def scaled(frames: Frames, size: int, way: int) -> Frames:
    return np.stack([cv2.resize(frame, (size, size), interpolation=way) for frame in frames])


def sharpened(frames: Frames, size: int, amount: float, width: float) -> Frames:
    """Cubic, and what it differs by from its own blur added (an unsharp mask)."""
    large = scaled(frames, size, cv2.INTER_CUBIC).astype(np.float32)
    blurred = np.stack([cv2.GaussianBlur(frame, (0, 0), width) for frame in large])
    return (large + amount * (large - blurred)).round().clip(0, 255).astype(np.uint8)


def ssim(a: Frames, b: Frames) -> float:
    """Mean over frames of grey levels, windows a Gaussian of 1.5 pixels."""
    blur = partial(cv2.GaussianBlur, ksize=(11, 11), sigmaX=1.5)
    found = []
    for x, y in zip(a.mean(-1), b.mean(-1), strict=True):
        mean_x, mean_y = blur(x), blur(y)
        var_x, var_y = blur(x * x) - mean_x**2, blur(y * y) - mean_y**2
        both = blur(x * y) - mean_x * mean_y
        one, two = (0.01 * 255) ** 2, (0.03 * 255) ** 2
        share = (2 * mean_x * mean_y + one) * (2 * both + two)
        found.append((share / ((mean_x**2 + mean_y**2 + one) * (var_x + var_y + two))).mean())
    return float(np.mean(found))


def edges(made: Frames, true: Frames) -> float:
    apart = made.astype(np.float32) - true
    return float(np.abs(np.diff(apart, axis=1)).mean() + np.abs(np.diff(apart, axis=2)).mean()) / 2


def flicker(made: Frames, true: Frames) -> float:
    """Grey levels; of pixels whose true colour is the same in the frame before."""
    still = (true[1:] == true[:-1]).all(-1)
    return float(np.abs(np.diff(made.astype(np.float32), axis=0))[still].mean()) if still.any() else float("nan")


class Ways:
    """The ways to enlarge for one size, and how many frames a CPU second each made."""

    def __init__(self, simulator: Simulator, size: int, unsharp: tuple[float, float]) -> None:
        assert simulator.enlarger is not None, "the model has no enlarger"
        enlarge = simulator.enlarger.enlarge
        self.all: dict[str, Way] = {
            "cubic": lambda f: scaled(f, size, cv2.INTER_CUBIC),
            "lanczos": lambda f: scaled(f, size, cv2.INTER_LANCZOS4),
            "sharpened": lambda f: sharpened(f, size, *unsharp),
            "enlarger": enlarge if size == 2 * SMALL else lambda f: enlarge(enlarge(f)),
        }
        if size == 4 * SMALL:
            self.all["enlarger, then cubic"] = lambda f: scaled(enlarge(f), size, cv2.INTER_CUBIC)
        self.frames, self.seconds = dict.fromkeys(self.all, 0.0), dict.fromkeys(self.all, 0.0)

    def __call__(self, name: str, frames: Frames) -> Frames:
        started = time.process_time()
        made = self.all[name](frames)
        self.seconds[name] += time.process_time() - started
        self.frames[name] += len(frames)
        return made

    def speed(self, name: str) -> float | None:
        return round(self.frames[name] / self.seconds[name]) if self.seconds.get(name) else None


def pairs_of(
    simulator: Simulator, name: str, seeds: range, size: int, fps: float = FPS, seconds: float = 3.0
) -> list[tuple[Frames, Frames]]:
    """(small through the codec, true and large) of each seed."""
    world = worlds.make(name)
    small, large = (
        [world.record(seed=seed, seconds=seconds, fps=fps, size=side).frames for seed in seeds]
        for side in (SMALL, size)
    )
    return [(reconstruct(simulator.codec, a), b) for a, b in zip(small, large, strict=True)]


def best_mask(simulator: Simulator, clips: int) -> tuple[float, float]:
    """(amount, width) of the unsharp mask of the best PSNR over all worlds, on clips that judge nothing."""
    seen = [pair for name in WORLDS for pair in pairs_of(simulator, name, range(OTHERS, OTHERS + clips), 2 * SMALL)]
    scores = {
        (amount, width): np.mean([psnr(true, sharpened(small, 2 * SMALL, amount, width)) for small, true in seen])
        for amount in AMOUNTS
        for width in WIDTHS
    }
    return max(scores, key=lambda one: float(scores[one]))


def of_true_clips(ways: Ways, shown: list[tuple[Frames, Frames]], ceiling: Any) -> dict[str, dict[str, Any]]:
    """The row of each way."""
    found = {}
    usual = [psnr(true, ways("cubic", small)) for small, true in shown]
    for way in [*ways.all, *([] if ceiling is None else ["codec at 128"])]:
        made = [ways(way, small) if way in ways.all else reconstruct(ceiling, true) for small, true in shown]
        both = [(one, true) for one, (_, true) in zip(made, shown, strict=True)]
        reached = [psnr(true, one) for one, true in both]
        found[way] = {
            "PSNR, dB": round(float(np.mean(reached)), 2),
            "better than cubic": f"{sum(a > b for a, b in zip(reached, usual, strict=True))} of {len(shown)}",
            "SSIM": round(float(np.mean([ssim(one, true) for one, true in both])), 4),
            "edges": round(float(np.mean([edges(one, true) for one, true in both])), 3),
            "flicker": round(float(np.nanmean([flicker(one, true) for one, true in both])), 3),
        }
    return found


def right(name: str, wish: Wish, frames: Frames) -> tuple[bool, float]:
    """Whether the detector reads what was asked, and the share of frames of no true state."""
    seen = detector(name)(frames, FPS)
    return all(bool(QUESTIONS[name][what](wish, seen)) for what in ASKED[name]), float(np.mean(seen.mixed))


def of_generated(simulator: Simulator, ways: Ways, name: str, count: int) -> dict[str, dict[str, Any]]:
    """The same clips, drawn once, by each way."""
    seeds = range(CAPTIONS, CAPTIONS + count)
    asked = wishes(name, seeds, detector(name)) if name in ASKED else [None] * count
    true = [worlds.make(name).record(seed=seed, seconds=3.0, fps=FPS, size=2 * SMALL) for seed in seeds]
    simulator(true[0].caption, seconds=0.4)  # the first clip of a process takes longer
    started = time.process_time()
    drawn = [simulator(clip.caption, seconds=SECONDS, seed=k).frames for k, clip in enumerate(true)]
    ways.seconds["drawn"] = time.process_time() - started
    ways.frames["drawn"] = sum(map(len, drawn))
    found = {}
    for way in [*ways.all, "drawn"]:
        made = drawn if way == "drawn" else [ways(way, frames) for frames in drawn]
        kept = [clip.frames[: round(SECONDS * FPS)] for clip in true]
        read = [right(name, wish, one) for wish, one in zip(asked, made, strict=True) if wish is not None]
        sharp = [sharpness(one) / sharpness(frames) for one, frames in zip(made, kept, strict=True)]
        found[way] = {
            "sharp": None if way == "drawn" else round(float(np.mean(sharp)), 3),
            "as asked": f"{sum(one for one, _ in read)} of {len(read)}" if read else None,
            "no true state, %": round(100 * float(np.mean([share for _, share in read])), 1) if read else None,
        }
    return found


def abroad(simulator: Simulator, unsharp: tuple[float, float], clips: int, table: Table) -> None:
    """Rows of what the enlarger was not taught: other rates, the seven other worlds, true films of others."""
    seeds = range(ABROAD, ABROAD + clips)
    for name, fps in [(name, 24.0) for name in WORLDS] + [(name, FPS) for name in worlds.names() if name not in WORLDS]:
        found = pairs_of(simulator, name, seeds, 2 * SMALL, fps, 1.5)
        told_of(simulator, unsharp, f"{name}, {fps:g} a second", found, table)
    films = films_of(2 * SMALL)
    small = [reconstruct(simulator.codec, scaled(film, SMALL, cv2.INTER_AREA)) for film in films]
    told_of(simulator, unsharp, "films of others", list(zip(small, films, strict=True)), table)


def told_of(
    simulator: Simulator, unsharp: tuple[float, float], what: str, found: list[tuple[Frames, Frames]], table: Table
) -> None:
    for way, row in of_true_clips(Ways(simulator, 2 * SMALL, unsharp), found, simulator.codec).items():
        table.add({"clips of": what, "number": len(found), "way": way, **row})


def films_of(size: int) -> list[Frames]:
    """Every twelfth true clip of others, whose licence is not stated: nothing was taught by any of them."""
    folder = Path(os.environ.get("CUSPWORLD_DATA", "../shared/data")) / "foreign"
    rows = list(csv.DictReader((folder / "MANIFEST.tsv").open(), delimiter="\t"))
    chosen = [row for row in rows if row["kind"] == "real" and row["licence"].startswith("unknown")][::12]
    return [
        Clip.read(next(folder.rglob(row["file"])), size=(size, size), fps=FPS, seconds=1.5).frames for row in chosen
    ]


def pages(simulator: Simulator, folder: Path, key: Path) -> None:
    """Write pages of pairs, cubic and enlarger in an order that stands in `key` alone."""
    ways, rng, order = Ways(simulator, 2 * SMALL, (0.0, 1.0)), np.random.default_rng(), []
    folder.mkdir(parents=True, exist_ok=True)
    swapped = rng.permutation(np.arange(PAIRS) % 2).astype(bool)
    for first in range(0, PAIRS, PAGE):
        rows = []
        for number in range(first, first + PAGE):
            caption = worlds.make(WORLDS[number % len(WORLDS)]).record(seed=LOOKED_AT + number, size=SMALL).caption
            drawn = simulator(caption, seconds=SECONDS, seed=number).frames
            chosen = drawn[np.linspace(0, len(drawn) - 1, SHOWN).round().astype(int)]
            order.append(["enlarger", "cubic"] if swapped[number] else ["cubic", "enlarger"])
            for letter, way in zip("ab", order[-1], strict=True):
                strip = Image.fromarray(np.concatenate(list(ways(way, chosen)), 1))
                strip = strip.resize((LARGE * strip.width, LARGE * strip.height), Image.Resampling.NEAREST)
                row = Image.new("RGB", (strip.width, strip.height + 13), "white")
                ImageDraw.Draw(row).text((2, 1), f"{number} {letter}: {caption if letter == 'a' else ''}", "black")
                row.paste(strip, (0, 13))
                rows.append(np.asarray(row))
        Image.fromarray(np.concatenate(rows)).save(folder / f"{first:03d}.png")
    key.write_text(json.dumps(order))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="default")
    parser.add_argument("--clips", type=int, default=12, help="true clips a world")
    parser.add_argument("--first", type=int, default=FIRST, help="seed of the first of them")
    parser.add_argument("--prompts", type=int, default=10, help="generated clips a world")
    parser.add_argument("--quick", action="store_true", help="one clip and one prompt a world")
    parser.add_argument("--abroad", action="store_true", help="what it was not taught, and nothing else")
    parser.add_argument("--pairs", type=Path, help="a folder for pages of pairs, and nothing else")
    parser.add_argument("--key", type=Path, help="of the pairs: which is which")
    add_argument(parser)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    simulator = Simulator.from_pretrained(arguments.model)
    if arguments.pairs:
        return pages(simulator, arguments.pairs, arguments.key)
    clips, prompts = (1, 1) if arguments.quick else (arguments.clips, arguments.prompts)
    unsharp = best_mask(simulator, max(1, clips // 3))
    print(f"unsharp mask: amount {unsharp[0]}, {unsharp[1]} pixels")
    if arguments.abroad:
        with Table("enlarging_abroad", arguments.save) as table:
            return abroad(simulator, unsharp, max(1, clips // 3), table)
    with Table("enlarging", arguments.save) as table:
        for name in WORLDS:
            ways = Ways(simulator, 2 * SMALL, unsharp)
            seeds = range(arguments.first, arguments.first + clips)
            true = of_true_clips(ways, pairs_of(simulator, name, seeds, 2 * SMALL), simulator.codec)
            made = of_generated(simulator, ways, name, prompts)
            for way in dict.fromkeys([*true, *made]):
                nothing = dict.fromkeys(next(iter(true.values()))), dict.fromkeys(next(iter(made.values())))
                label = f"sharpened ({unsharp[0]}, {unsharp[1]})" if way == "sharpened" else way
                table.add(
                    {
                        "world": name, "pixels": 2 * SMALL, "way": label, **true.get(way, nothing[0]),
                        **made.get(way, nothing[1]), "frames a CPU second": ways.speed(way),
                    }
                )  # fmt: skip
        for name in WORLDS:
            ways = Ways(simulator, 4 * SMALL, unsharp)
            seeds = range(arguments.first, arguments.first + max(1, clips // 3))
            for way, row in of_true_clips(ways, pairs_of(simulator, name, seeds, 4 * SMALL), None).items():
                if way not in ("lanczos", "sharpened"):
                    table.add({"world": name, "pixels": 4 * SMALL, "way": way, **row})


if __name__ == "__main__":
    main()
