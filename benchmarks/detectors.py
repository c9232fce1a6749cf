"""How far are the detectors to be trusted? Against the truth of unseen clips, and against a person who looked.

    python benchmarks/detectors.py
    python benchmarks/detectors.py --quick    # few clips

True clips: seeds 2,000,000 and on, 3 s at 64x64 and 10 frames a second, also through the codec of the worlds. Person:
looked_at/ holds clips that a model drew (2 s each, one after another) and what somebody read in every frame of them
before any detector did; frames called doubtful, and verdicts "?", are left out. `model`: which weights drew them.
"""

import argparse
import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

from cuspworld import worlds
from cuspworld.clip import Clip
from cuspworld.codec.codec import Codec, reconstruct
from cuspworld.detectors import detector, names
from cuspworld.detectors.detector import FOLDER, Detector
from results import Table, add_argument, wilson

FIRST = 2_000_000
EYES = Path(__file__).parent / "looked_at"
EACH = 20  # frames a clip that was looked at
Answers = dict[str, list[bool]]


def things(reader: Detector[Any], clip: Clip, read: Any) -> list[bool]:
    """Frame by frame: all that is surely there is found, and nothing else but what may be seen."""
    right = []
    assert clip.truth is not None
    for there, found in zip(reader.targets(clip.truth).things, read, strict=True):
        may = [thing.kind for thing in there if thing.kind != "ball"]
        sure = [thing.kind for thing in there if thing.kind != "ball" and thing.score > 0.5]
        right.append(all(found.count(kind) >= sure.count(kind) for kind in sure)
                     and all(found.count(kind) <= may.count(kind) for kind in found))  # fmt: skip
    return right


def juice(reader: Detector[Any], clip: Clip, read: Any, true: Any) -> Answers:
    said: Answers = {
        "outcome": [read.fell == true.fell],
        "colour": [read.colour == true.colour],
        "state of a frame": [a == b for a, b in zip(read.states, true.states, strict=True)],
        "no move without a touch": [not read.uncaused],
        "never stands up": [not read.rises],
    }
    if true.fell:
        said["a fall has a readable tipping frame"] = [read.readable]
        said["time of the fall within a frame"] = [read.fell and abs(read.fell_at - true.fell_at) <= 0.1]
    return said


def puppies(reader: Detector[Any], clip: Clip, read: Any, true: Any) -> Answers:
    frames = things(reader, clip, read.frames)
    return {"coats of the clip": [read.coats == true.coats], "kept": [read.kept], "coats of a frame": frames}


def collision(reader: Detector[Any], clip: Clip, read: Any, true: Any) -> Answers:
    frames = [[ball.colour for ball in frame] for frame in read.frames]
    pairs = [(a, b) for a in read.before for b in true.before if a.colour == b.colour]
    sizes = [abs(a.radius - b.radius) < 0.1 for a, b in pairs]
    same = sorted(b.colour for b in read.before) == sorted(b.colour for b in true.before)
    return {
        "colours of a frame": things(reader, clip, frames),
        "both colours": [same],
        "radius within 0.1 m": sizes,
        "kept through the contact": [read.kept] if len(true.before) == 2 else [],
    }


def candles(reader: Detector[Any], clip: Clip, read: Any, true: Any) -> Answers:
    return {
        "number of candles": [read.candles == clip.truth.parameters["candles"]],  # type: ignore[union-attr]
        "colour": [read.colour == true.colour],
        "flames left": [read.lit[-1] == true.lit[-1]],
        "flames of a frame": [abs(a - b) == 0 for a, b in zip(read.lit, true.lit, strict=True)],
        "breath of a frame": [bool(a == b) for a, b in zip(read.blowing, true.blowing, strict=True)],
        "no flame goes out before the breath": [not read.uncaused],
    }


QUESTIONS: dict[str, Callable[..., Answers]] = {
    "Juice": juice, "Puppies": puppies, "Collision": collision, "Candles": candles
}  # fmt: skip


def tell(table: Table, world: str, against: str, answers: Answers) -> None:
    for what, said in answers.items():
        if said:
            low, high = wilson(sum(said), len(said))
            table.add({"world": world, "against": against, "what": what, "agree %": round(100 * np.mean(said), 1),
                       "from": round(100 * low, 1), "to": round(100 * high, 1), "of": len(said)})  # fmt: skip


def add(total: Answers, more: Answers) -> None:
    for what, said in more.items():
        total.setdefault(what, []).extend(map(bool, said))


def against_truth(table: Table, world: str, reader: Detector[Any], count: int) -> None:
    made, codec = worlds.make(world), Codec.from_pretrained("worlds")
    true: Answers = {}
    through: Answers = {}
    mixtures: list[bool] = []
    last = None
    for seed in range(FIRST, FIRST + count):
        clip = made.record(seed=seed, seconds=3.0, fps=10.0, size=64, caption="none")
        for total, frames in ((true, clip.frames), (through, reconstruct(codec, clip.frames))):
            read = reader(frames, 10.0)
            add(total, {"frame is a true state": list(~read.mixed)})
            add(total, QUESTIONS[world](reader, clip, read, reader.truth(clip)))
        if last is not None:
            half = (last.frames.astype(np.uint16) + clip.frames) // 2
            mixtures += [bool(v) for v in reader(half.astype(np.uint8)[10:13], 10.0).mixed]
        last = clip
    tell(table, world, "truth", true)
    tell(table, world, "truth, decoded", through)
    tell(table, world, "truth", {"half of one clip, half of another: no true state": mixtures})


def spans(text: str) -> set[int]:
    """ "3,7-9" -> 3, 7, 8, 9; "-" -> none."""
    found: set[int] = set()
    for part in text.split(",") if text != "-" else ():
        first, _, last = part.partition("-")
        found |= set(range(int(first), int(last or first) + 1))
    return found


def against_eyes(table: Table, world: str, reader: Detector[Any], most: int) -> None:
    rows = [row for row in csv.DictReader((EYES / "read_by_eye.tsv").open(), delimiter="\t") if row["world"] == world]
    if not rows:
        return
    frames = Clip.read(EYES / f"{world.lower()}.mp4").frames
    assert len(frames) == EACH * len(rows)
    total: Answers = {}
    for row in rows[:most]:
        first = EACH * int(row["number"])
        read = reader(frames[first : first + EACH], 10.0)
        bad, doubtful = spans(row["no_true_state"]), spans(row["doubtful"])
        agree = [bool(read.mixed[k]) == (k in bad) for k in range(EACH) if k not in doubtful]
        add(total, {"frame is a true state or none": agree})
        if world == "Juice":
            colour, outcome = row["reading"].split()
            add(total, {"outcome": [read.fell == (outcome == "falls")], "colour": [read.colour == colour]})
            if outcome == "falls":
                lies = next((k for k, state in enumerate(read.states) if state == "lying"), 99)
                add(total, {"no fall has a readable tipping frame": [not read.readable],
                            "first lying frame within one": [abs(lies - int(row["later"])) <= 1]})  # fmt: skip
        if world == "Collision" and "?" not in row["reading"]:
            add(total, {"colours before": [sorted(b.colour for b in read.before) == sorted(row["reading"].split(","))]})
        if world != "Juice" and row["kept"] != "?":
            add(total, {"kept throughout": [read.kept == (row["kept"] == "yes")]})
    tell(table, world, "a person", total)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--worlds", nargs="*", default=names(), choices=names())
    parser.add_argument("--folder", type=Path, default=FOLDER, help="detectors of recipes/detectors.py, not shipped")
    parser.add_argument("--clips", type=int, default=40, help="true clips a world")
    parser.add_argument("--quick", action="store_true")
    add_argument(parser)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    with Table("detectors", arguments.save) as table:
        for world in arguments.worlds:
            reader = detector(world, arguments.folder)
            against_truth(table, world, reader, 4 if arguments.quick else arguments.clips)
            against_eyes(table, world, reader, 3 if arguments.quick else 999)


if __name__ == "__main__":
    main()
