"""Do long clips stay what they are? Ten seconds of the shipped model, the first clip and the one chosen chunk by chunk.

    python benchmarks/long_clips.py -o FOLDER [--worlds Juice ...] [--clips 10] [--first 62000000] [--candidates 4]
                                    [--read] [--answers FILE] [--quick] [--save]

Prompts are captions of unseen clips. "first": one call; "chosen": `candidates=`, the same seed; "as before": the first
clip where likeness weighs as much as nearness when a clip goes on (`simulator/branches.py`); "true": the clips whose
captions were asked. By the world's detector, which also chooses: frames that are no true state; "kept": what lasts
(which things, how many, their colours) is in each two seconds what it was in the first (puppies: none comes out of
nothing or goes into nothing); "asked": what the caption asks is seen in the clip. CPU s: of making one clip.

It is circular that a detector chooses and judges, so FOLDER/pairs*.png show up to three pairs of each world to a
person, every third frame, first and chosen in an order that stands in FOLDER/key.json alone. A line of FILE: the pair's
number, then for a and for b whether things are kept and whether the frames can be read (y or n each), then which is
better (a, b, =), as "0 y n y y b"; then why, if anything. A clip that is in FOLDER is not made again; with --read only
the numbers of which FOLDER has every clip are read.
"""

import argparse
import json
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import torch
from PIL import Image, ImageDraw

from cuspworld import Simulator, worlds
from cuspworld.detectors import detector
from cuspworld.files import written_whole
from cuspworld.simulator import branches
from folds import QUESTIONS, Wish
from results import Table, add_argument, wilson

FIRST = 62_000_000  # seed of the first clip whose caption is the prompt
SECONDS, FPS, PART = 10.0, 10.0, 20
BEFORE = ("Candles", "Collision")  # whose clips are also made as before
PAIRS = 3  # of each world at most, for a person
ASKED: dict[str, tuple[str, ...]] = {
    "Juice": ("outcome as asked", "colour as asked"),
    "Candles": ("number of candles as asked", "flames left as asked"),
    "Collision": ("both colours and sizes as asked, kept",),
    "Puppies": ("coats as asked",),
}


@dataclass(frozen=True)
class Made:
    """A clip, what was asked of it, and how long it took (CPU seconds)."""

    frames: np.ndarray
    wish: Wish
    seconds: float


def kept(world: str, frames: np.ndarray) -> bool:
    """Whether what is to last lasts, as the detector reads it."""
    reader = detector(world)
    if world == "Puppies":  # a puppy may be hidden for two seconds: its coat is then not among those of a part
        return bool(reader(frames, FPS).changes == 0)
    first, *later = (reader(frames[k : k + PART], FPS) for k in range(0, len(frames), PART))
    return all(reader.changed(first, part) == 0 for part in later)


def share(answers: list[bool]) -> str:
    low, high = wilson(sum(answers), len(answers))
    return f"{sum(answers)} of {len(answers)} ({100 * low:.0f} to {100 * high:.0f} %)"


def made(simulator: Simulator | None, world: str, number: int, arguments: argparse.Namespace) -> dict[str, Made]:
    """The clip of this number of each arm. Each is kept in the folder when it is made, so a run that was stopped goes
    on."""

    def chosen(caption: str) -> np.ndarray:
        assert simulator is not None
        return simulator(caption, seconds=SECONDS, seed=number, candidates=arguments.candidates).frames

    def first(caption: str) -> np.ndarray:
        assert simulator is not None
        return simulator(caption, seconds=SECONDS, seed=number).frames

    def before(caption: str) -> np.ndarray:
        with mock.patch.object(branches, "ALIKE", 1.0):
            return first(caption)

    arms: dict[str, Callable[[str], np.ndarray]] = {"first": first, f"chosen of {arguments.candidates}": chosen}
    if world in BEFORE:
        arms["first, as before"] = before
    files = {name: arguments.output / f"{world}-{number}-{name.replace(' ', '_')}.npz" for name in arms}
    if simulator is None and not all(file.is_file() for file in files.values()):
        return {}
    clip = worlds.make(world).record(seed=arguments.first + number, seconds=SECONDS, fps=FPS, size=64)
    wish = Wish(clip, detector(world).truth(clip))
    found = {}
    for (name, make), file in zip(arms.items(), files.values(), strict=True):
        if not file.is_file():
            started = time.process_time()
            frames = make(clip.caption)
            took = time.process_time() - started
            with written_whole(file) as path:
                np.savez_compressed(path, frames=frames, took=took)
        with np.load(file) as kept:
            found[name] = Made(kept["frames"], wish, float(kept["took"]))
    return {**found, "true": Made(clip.frames, wish, float("nan"))}


def row(world: str, which: str, clips: list[Made]) -> dict[str, Any]:
    """What the detector reads in the clips of an arm."""
    read = [detector(world)(one.frames, FPS) for one in clips]
    asked = [
        all(bool(QUESTIONS[world][what](one.wish, seen)) for what in ASKED[world])
        for one, seen in zip(clips, read, strict=True)
    ]
    return {
        "world": world,
        "which": which,
        "clips": len(clips),
        "read by": "detector",
        "no true state %": round(100 * float(np.mean([seen.mixed.mean() for seen in read])), 1),
        "kept": share([kept(world, one.frames) for one in clips]),
        "asked": share(asked),
        "CPU s": None if which == "true" else round(float(np.mean([one.seconds for one in clips])), 1),
    }


def shown(folder: Path, pairs: list[tuple[str, np.ndarray, np.ndarray]]) -> None:
    """Write the pairs (caption, first, chosen) for a person, and the key."""
    if (folder / "key.json").is_file():
        return
    swapped = np.random.default_rng().permutation(np.arange(len(pairs)) % 2).astype(bool)
    rows = []
    for number, (caption, *frames) in enumerate(pairs):
        for letter, clip in zip("ab", frames[::-1] if swapped[number] else frames, strict=True):
            told = f"{number} {letter}: {caption if letter == 'a' else ''}"
            halves = [np.concatenate(list(part), 1) for part in (clip[:17], clip[17:34])]
            wide = np.concatenate([np.pad(half, ((0, 0), (0, 17 * 64 - half.shape[1]), (0, 0))) for half in halves])
            picture = Image.new("RGB", (wide.shape[1], wide.shape[0] + 13), "white")
            ImageDraw.Draw(picture).text((2, 1), told, "black")
            picture.paste(Image.fromarray(wide), (0, 13))
            rows.append(picture)
    for page, begin in enumerate(range(0, len(rows), 4)):
        own = rows[begin : begin + 4]
        sheet = Image.new("RGB", (own[0].width, sum(row.height for row in own)), "white")
        for k, row in enumerate(own):
            sheet.paste(row, (0, k * row.height))
        sheet.save(folder / f"pairs{page}.png")
    (folder / "key.json").write_text(
        json.dumps([["chosen", "first"] if swap else ["first", "chosen"] for swap in swapped])
    )


def tell(folder: Path, answers: Path, table: Table) -> None:
    """What the person said of first and chosen."""
    key = json.loads((folder / "key.json").read_text())
    said: dict[str, list[tuple[bool, bool, bool]]] = {"first": [], "chosen": []}
    for line in filter(str.strip, answers.read_text().splitlines()):
        number, *marks = line.split()[:6]
        for k, (letter, which) in enumerate(zip("ab", key[int(number)], strict=True)):
            said[which].append((marks[2 * k] == "y", marks[2 * k + 1] == "y", marks[4] == letter))
    for which, of in said.items():
        lasts, readable, better = ([one[k] for one in of] for k in range(3))
        table.add(
            {
                "world": "all, pairs",
                "which": which,
                "read by": "a person, blind",
                "kept": share(lasts),
                "readable": share(readable),
                "better": share(better),
            }
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-o", "--output", type=Path, default=Path("runs/long_clips"))
    parser.add_argument("--model", default="default")
    parser.add_argument("--worlds", nargs="*", default=list(ASKED), choices=list(ASKED))
    parser.add_argument("--clips", type=int, default=10)
    parser.add_argument("--first", type=int, default=FIRST)
    parser.add_argument("--candidates", type=int, default=4)
    parser.add_argument("--answers", type=Path, help="what a person said of the pairs")
    parser.add_argument("--read", action="store_true", help="make none: only what is in the folder of each number")
    parser.add_argument("--quick", action="store_true", help="two clips of candles, of two candidates")
    add_argument(parser)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    names, clips = arguments.worlds, arguments.clips
    if arguments.quick:
        names, clips, arguments.candidates = ["Candles"], 2, 2
    arguments.output.mkdir(parents=True, exist_ok=True)
    with Table("long_clips", arguments.save) as table:
        simulator = None if arguments.read else Simulator.from_pretrained(arguments.model)
        if simulator is not None:
            simulator(names[0], seconds=0.1)  # what is loaded at the first call is nobody's
        found: dict[str, list[dict[str, Made]]] = {name: [] for name in names}
        for number in range(clips):
            for name in names:
                if arms := made(simulator, name, number, arguments):
                    found[name].append(arms)
        pairs = []
        for name, own in found.items():
            for which in own[0] if own else ():
                table.add(row(name, which, [arms[which] for arms in own]))
            for first, chosen, *_ in (list(arms.values()) for arms in own[:PAIRS]):
                pairs.append((first.wish.clip.caption, first.frames[::3], chosen.frames[::3]))
        shown(arguments.output, pairs)
        if arguments.answers:
            tell(arguments.output, arguments.answers, table)


if __name__ == "__main__":
    main()
