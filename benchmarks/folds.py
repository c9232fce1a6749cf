"""Does a simulator know its folds? A table by detectors: arms, beside true clips and true clips through an arm's codec.

    python benchmarks/folds.py                                                   # the shipped model, 200 prompts a row
    python benchmarks/folds.py --arm flow=FOLDER:transport=flow --arm ours=FOLDER:transport=brenier,steps=2
    python benchmarks/folds.py --quick                                           # few prompts, wide intervals
    python benchmarks/folds.py --taught                                          # what novelty is measured against

An arm is NAME=FOLDER, then options of `Simulator.__call__`: transport, critical, sampler, and the short names steps,
guidance, sketch and cause (guidance along the path). Among them may stand `recorded`, the simplest baseline: one of the
recorded clips that the prompt asks for, as it is; `random`: a recorded path at random with the same masses, instead of
the transport's; `filter=N`: of N clips the one whose predicted end wavers least on its way (arXiv:2406.09358);
`dimension=N`: the one of the lowest local intrinsic dimension (arXiv:2406.03537).
Prompts are captions of held-out clips (seeds 1,000,000 and on). Shares are in percent with Wilson's 95 % interval;
ratios have none. Every reading is a detector's: docs/detectors.md says how far to trust it.
"""

import argparse
import json
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from cuspworld import worlds
from cuspworld.clip import Clip
from cuspworld.codec.codec import reconstruct
from cuspworld.detectors import detector, names
from cuspworld.detectors.detector import FOLDER
from cuspworld.worlds.collision.words import BIG, SMALL
from fold_arms import Arm, read_arm
from results import Table, add_argument, wilson

FIRST = 1_000_000  # seed of the first held-out clip
SECONDS, LONG, FPS = 2.0, 60.0, 10.0
STEPS = (1, 2, 4, 12)
TAUGHT = {"Juice": 1200, "Collision": 1600}  # clips that the recipe recorded, seeds from 0, but those without a push
TAUGHT_FILE = Path(__file__).with_name("folds_taught.json")  # their numbers: all, or a plain copy counts as new
PASSAGE = 4  # frames before a fall's time, and after it
NEAR_BREATH = 0.25  # s: as near as frames and a filling cheek tell
LATEST = 1.0  # frames by which an event may come later than in true clips, or than its caption says


@dataclass(frozen=True)
class Wish:
    """A held-out clip, what it asks for, and what its truth says in the detector's words."""

    clip: Clip
    truth: Any

    @property
    def parameters(self) -> dict[str, Any]:
        assert self.clip.truth is not None
        return self.clip.truth.parameters


# What is asked of a reading: True, False, or None where the question does not arise.


def told_size(radius: float) -> str:
    """What a caption says of it: nothing where it is neither."""
    return "big" if radius > BIG else "small" if radius < SMALL else ""


def colours_and_sizes(wish: Wish, seen: Any) -> bool:
    """Both balls as the caption names them, before the contact and after it; any size where it tells none."""
    if len(seen.before) != 2 or not seen.lasting:
        return False
    left = list(seen.before)
    for ball in wish.truth.before:
        size = told_size(ball.radius)
        found = [b for b in left if b.colour == ball.colour and (not size or size in b.sizes)]
        if not found:
            return False
        left.remove(found[0])
    return True


def fall_time(wish: Wish, seen: Any) -> bool | None:
    if not (wish.truth.fell and seen.fell):
        return None
    return abs(seen.fell_at - wish.truth.fell_at) * wish.clip.fps <= LATEST + 0.5


def caused(wish: Wish, seen: Any) -> bool | None:
    return None if seen.moved_at is None else not seen.uncaused


def blown(wish: Wish, seen: Any) -> bool | None:
    """Flames go out after the breath has begun, and not later than flames ever do."""
    return None if not seen.out_at else not seen.uncaused and seen.delay <= 1.5 + LATEST / wish.clip.fps


def breath_begins(wish: Wish, seen: Any) -> bool | None:
    if wish.truth.blown_at is None:
        return None
    return seen.blown_at is not None and abs(seen.blown_at - wish.truth.blown_at) <= NEAR_BREATH


def breath_too_soon(wish: Wish, seen: Any) -> bool:
    """Nobody blows in the first half second of any recording."""
    return bool(seen.blowing[: round(0.5 * wish.clip.fps)].any())


def all_counted(wish: Wish, seen: Any) -> bool:
    """In all frames but one in twenty: what eyes call kept throughout (docs/detectors.md)."""
    return bool(seen.countable(wish.parameters["count"]) >= 0.95)


def contact_time(wish: Wish, seen: Any) -> bool | None:
    """Of clips in which the balls meet, and which say so."""
    found = re.search(r"Contact at (\d+\.\d) s", wish.clip.caption)
    if found is None or float(found[1]) > SECONDS - 2 / FPS:
        return None
    return seen.contact_at is not None and abs(seen.contact_at - float(found[1])) <= LATEST / FPS + 1e-6


Question = Callable[[Wish, Any], bool | None]
QUESTIONS: dict[str, dict[str, Question]] = {
    "Juice": {
        "outcome as asked": lambda wish, seen: seen.fell == wish.truth.fell,
        "colour as asked": lambda wish, seen: seen.colour == wish.parameters["liquid"],
        "falls without a readable tipping frame": lambda wish, seen: not seen.readable if seen.fell else None,
        "fall within a frame of the time asked": fall_time,
        "moves only after a hand's touch": caused,
        "lying glass stands up": lambda wish, seen: seen.rises,
    },
    "Puppies": {
        "number as asked": lambda wish, seen: seen.count == wish.parameters["count"],
        "coats as asked": lambda wish, seen: seen.coats == wish.truth.coats,
        "number and coats as asked throughout": lambda wish, seen: seen.coats == wish.truth.coats and seen.kept,
        "all that are asked can be counted in 19 of 20 frames": all_counted,
    },
    "Collision": {
        "both colours and sizes as asked, kept": colours_and_sizes,
        "two balls kept through the contact": lambda wish, seen: seen.kept,
        "contact within a frame of the time asked": contact_time,
    },
    "Candles": {
        "number of candles as asked": lambda wish, seen: seen.candles == wish.parameters["candles"],
        "flames left as asked": lambda wish, seen: seen.lit[-1] == wish.truth.lit[-1],
        "flames go out only after the breath, in time": blown,
        "the breath begins when asked": breath_begins,
        "a breath in the first half second": breath_too_soon,
    },
}
# Numbers of a reading that a model should spread as truth does.
SPREAD: dict[str, dict[str, Callable[[Any], float]]] = {
    "Juice": {
        "place": lambda seen: seen.place,
        "fill": lambda seen: seen.fill,
        "fall": lambda seen: seen.fell_at if seen.fell else float("nan"),
    },
    "Collision": {
        "radius": lambda seen: np.mean([ball.radius for ball in seen.before]) if seen.before else float("nan"),
        "contact": lambda seen: seen.contact_at if seen.contact_at is not None else float("nan"),
    },
}


class Report:
    """Rows of the table."""

    def __init__(self, table: Table) -> None:
        self.table = table

    def share(self, arm: str, world: str, what: str, answers: list[bool | None]) -> None:
        said = [answer for answer in answers if answer is not None]
        low, high = wilson(sum(said), len(said))
        share = 100 * sum(said) / len(said) if said else None
        self._row(arm, world, what, share, 100 * low, 100 * high, len(said))

    def number(self, arm: str, world: str, what: str, value: float, count: int) -> None:
        self._row(arm, world, what, None if np.isnan(value) else float(value), None, None, count)

    def _row(self, arm: str, world: str, what: str, value: Any, low: Any, high: Any, count: int) -> None:
        row = {"arm": arm, "world": world, "what": what, "value": value, "from": low, "to": high, "of": count}
        self.table.add({key: round(v, 1) if key in ("from", "to") and v is not None else v for key, v in row.items()})


def wishes(world: str, seeds: range, reader: Any) -> list[Wish]:
    """Held-out clips: their captions tell three seconds, of which the arms are asked for the first two."""
    made, count = worlds.make(world), round(SECONDS * FPS)
    found = []
    for seed in seeds:
        whole = made.record(seed=seed, seconds=3.0, fps=FPS, size=64)
        truth = whole.truth
        assert truth is not None and truth.masks is not None
        truth = replace(truth, state=truth.state[:count], masks=truth.masks[:count], action=None, conserved=None)
        clip = Clip(whole.frames[:count], FPS, whole.caption, truth)
        found.append(Wish(clip, reader.truth(clip)))
    return found


def numbers(readings: list[Any], world: str) -> np.ndarray:
    """(clips, numbers) of SPREAD."""
    return np.array([[number(reading) for number in SPREAD[world].values()] for reading in readings], float)


def distances(rows: np.ndarray, others: np.ndarray) -> np.ndarray:
    """How far (in spreads of the training clips) the numbers of each reading are from the nearest training clip's."""
    scale = np.nanstd(others, 0)
    rows, others = (np.where(np.isnan(v), -9.0, v / scale) for v in (rows, others))
    return np.sqrt(((rows[:, None] - others[None]) ** 2).sum(-1)).min(1)


def tell(report: Report, arm: str, world: str, asked: list[Wish], seen: list[Any], true: list[Any]) -> None:
    """Every row of an arm and a world that needs nothing but its clips. `true`: readings of the true clips."""
    mixed = [bool(frame) for reading in seen for frame in reading.mixed]
    report.share(arm, world, "frames that are no true state", list(mixed))
    if world == "Juice":
        near = []
        for wish, reading in zip(asked, seen, strict=True):
            if wish.truth.fell:
                at = round(wish.truth.fell_at * FPS)
                near += [bool(frame) for frame in reading.mixed[max(at - PASSAGE, 0) : at + PASSAGE]]
        report.share(arm, world, "frames about a fall that are no true state", near)
    for what, question in QUESTIONS[world].items():
        report.share(arm, world, what, [question(wish, reading) for wish, reading in zip(asked, seen, strict=True)])
    if world == "Puppies":
        counted = [len(f) >= w.parameters["count"] for w, r in zip(asked, seen, strict=True) for f in r.frames]
        report.share(arm, world, "frames in which all that are asked can be counted", list(counted))
    for what, number in SPREAD.get(world, {}).items():
        own, usual = ([number(reading) for reading in some] for some in (seen, true))
        enough = min(np.isfinite(own).sum(), np.isfinite(usual).sum()) > 2
        ratio = np.nanstd(own) / np.nanstd(usual) if enough else np.nan
        report.number(arm, world, f"spread of {what} over the true spread", ratio, int(np.isfinite(own).sum()))


def taught(quick: bool) -> None:
    """Write TAUGHT_FILE."""
    found = {}
    for world, count in TAUGHT.items():
        truths = [wish.truth for wish in wishes(world, range(8 if quick else count), detector(world))]
        found[world] = [[None if np.isnan(v) else round(float(v), 4) for v in row] for row in numbers(truths, world)]
    TAUGHT_FILE.write_text(json.dumps(found).replace("], [", "],\n[") + "\n")


def novelty(report: Report, arm: str, world: str, seen: list[Any], true: list[Any]) -> None:
    training = np.array(json.loads(TAUGHT_FILE.read_text())[world], float)
    own, usual = (float(np.median(distances(numbers(some, world), training))) for some in (seen, true))
    report.number(arm, world, "distance to the nearest training clip over true-to-true", own / usual, len(seen))


def long_clips(report: Report, arm: Arm, world: str, asked: list[Wish], reader: Any) -> None:
    """Clips of a minute: what must not happen in them, and what must be kept."""
    readings = [reader(arm.clip(w.clip.caption, k, LONG).frames, FPS) for k, w in enumerate(asked)]
    if world == "Juice":
        report.share(arm.name, world, "60 s: lying glass stands up", [reading.rises for reading in readings])
    else:
        changes = [float(reading.changes) for reading in readings]
        report.number(arm.name, world, "60 s: changes of the puppies a clip", float(np.mean(changes)), len(changes))
        report.share(arm.name, world, "60 s: number and coats as asked throughout",
                     [r.kept and r.coats == w.truth.coats for r, w in zip(readings, asked, strict=True)])  # fmt: skip


def few_steps(report: Report, arm: Arm, asked: list[Wish], reader: Any) -> None:
    """The same prompts of Juice at fewer steps."""
    for steps in STEPS:
        clips = [arm.clip(wish.clip.caption, k, num_inference_steps=steps) for k, wish in enumerate(asked)]
        readings = [reader(clip.frames, FPS) for clip in clips]
        name = f"{steps} step{'s' * (steps > 1)}: "
        mixed = [bool(frame) for reading in readings for frame in reading.mixed]
        report.share(arm.name, "Juice", name + "frames that are no true state", list(mixed))
        right = [r.fell == w.truth.fell and r.colour == w.truth.colour for r, w in zip(readings, asked, strict=True)]
        report.share(arm.name, "Juice", name + "outcome and colour as asked", list(right))


def critical(report: Report, arm: Arm, count: int, reader: Any) -> None:
    """Draws that cross a fold, and draws that don't, of prompts that do not say which."""
    colours = sorted({"orange", "red", "green", "blue", "purple"})
    for what, falls in (("seek", True), ("avoid", False)):
        clips = [arm.clip(f"A glass of {colours[k % 5]} juice on a table.", k, critical=what) for k in range(count)]
        fell = [reader(clip.frames, FPS).fell for clip in clips]
        report.share(arm.name, "Juice", f"critical={what}: outcome", [f == falls for f in fell])


def measured(arm: Arm, asked: list[Wish]) -> Iterator[Clip]:
    for k, wish in enumerate(asked):
        yield arm.clip(wish.clip.caption, k)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--arm", action="append", default=[], help="NAME=FOLDER[:option=value,...]; again for more")
    parser.add_argument("--worlds", nargs="*", default=["Juice", "Puppies", "Collision"], choices=names())
    parser.add_argument("--prompts", type=int, default=200, help="a row")
    parser.add_argument("--first", type=int, default=FIRST, help="seed of the first held-out clip")
    parser.add_argument("--long", type=int, default=200, help="clips of a minute a row")
    parser.add_argument("--detectors", type=Path, default=FOLDER, help="detectors of recipes/detectors.py, not shipped")
    parser.add_argument("--taught", action="store_true", help="only write the numbers of the clips that were taught")
    parser.add_argument("--quick", action="store_true", help="8 prompts a row and one clip of a minute")
    add_argument(parser)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    if arguments.taught:
        taught(arguments.quick)
        return
    count, minutes = (8, 1) if arguments.quick else (arguments.prompts, arguments.long)
    arms = [read_arm(text) for text in arguments.arm or ["shipped=default"]]
    with Table("folds", arguments.save) as table:
        report = Report(table)
        for world in arguments.worlds:
            reader = detector(world, arguments.detectors)
            asked = wishes(world, range(arguments.first, arguments.first + count), reader)
            true = [reader(wish.clip.frames, FPS) for wish in asked]
            tell(report, "true", world, asked, true, true)
            floors: list[str] = []
            for arm in arms:
                key = str(sum(p.sum().item() for p in arm.simulator.codec.parameters()))
                if key not in floors:  # arms that share a codec share its floor
                    floors.append(key)
                    floor = [reader(reconstruct(arm.simulator.codec, wish.clip.frames), FPS) for wish in asked]
                    tell(report, f"codec of {arm.name}", world, asked, floor, true)
                start = time.process_time()
                clips = list(measured(arm, asked))
                report.number(arm.name, world, "frames a CPU second", sum(map(len, clips)) /
                              (time.process_time() - start), len(clips))  # fmt: skip
                seen = [reader(clip.frames, FPS) for clip in clips]
                tell(report, arm.name, world, asked, seen, true)
                if world in TAUGHT:
                    novelty(report, arm.name, world, seen, true)
                if world in ("Juice", "Puppies") and minutes:
                    long_clips(report, arm, world, asked[:minutes], reader)
                if world == "Juice" and not {"num_inference_steps", "recorded"} & arm.options.keys():
                    few_steps(report, arm, asked, reader)
                if world == "Juice" and arm.options.get("transport") == "brenier":
                    critical(report, arm, count, reader)


if __name__ == "__main__":
    main()
