"""How far are the detectors to be trusted? Against the truth of unseen clips, and against a person who looked.

    python benchmarks/detectors.py
    python benchmarks/detectors.py --quick    # few clips

True clips: seeds 2,000,000 and on, 3 s at 64x64 and 10 frames a second, also through the codec of the worlds. Person:
looked_at/ holds clips that a model drew (2 s each, one after another; `to_look_at.py`) and what somebody read in every
frame of them before any detector did; frames called doubtful, and verdicts "?", are left out. `model`: which weights
drew them, TODAY the shipped ones (their tree in git). `tipping`: frames in which a tilted glass can be read. `flames`:
how many, from frame to frame; `breath`: the frames in which one is seen; `smoke`: those whose smoke is mottled, dark
where smoke is light, which is nothing in the world either but hides no candle: counted both ways.
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
TODAY = "894de3b7"
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


def juice_seen(row: dict[str, str], read: Any) -> Answers:
    colour, outcome = row["reading"].split()
    said: Answers = {"outcome": [read.fell == (outcome == "falls")], "colour": [read.colour == colour]}
    if outcome == "falls":
        lies = next((k for k, state in enumerate(read.states) if state == "lying"), 99)
        said["a fall has a readable tipping frame or none"] = [read.readable == (row["tipping"] != "-")]
        said["first lying frame within one"] = [abs(lies - int(row["later"])) <= 1]
    return said


def candles_seen(row: dict[str, str], read: Any) -> Answers:
    number, colour = row["reading"].split()
    told = [part.split(":") for part in row["flames"].split(",")]
    flames = {k: int(count) for where, count in told if count != "?" for k in spans(where)}
    breath = spans(row["breath"])
    fewer = [k for k, count in flames.items() if count < int(number)]
    before = [k for k, count in flames.items() if count == int(number) and k < min(fewer, default=EACH)]
    said: Answers = {
        "number of candles": [read.candles == int(number)],
        "colour": [read.colour == colour],
        "flames of a frame": [read.lit[k] == count for k, count in flames.items()],
        "breath of a frame": [bool(read.blowing[k]) == (k in breath) for k in range(EACH)],
        "whether a flame goes out": [bool(read.out_at) == bool(fewer)],
    }
    if EACH - 1 in flames:
        said["flames left"] = [read.lit[-1] == flames[EACH - 1]]
    if fewer:
        uncaused = not breath or min(fewer) < min(breath)
        out = round(10 * read.out_at[0]) if read.out_at else 99
        said["a flame goes out before the breath or none"] = [read.uncaused == uncaused]
        said["first flame out within one frame"] = [max(before) <= out <= min(fewer) + 1]
    return said


def against_eyes(table: Table, world: str, reader: Detector[Any], most: int) -> None:
    looked = list(csv.DictReader((EYES / "read_by_eye.tsv").open(), delimiter="\t"))
    for model in sorted({row["model"] for row in looked if row["world"] == world}):
        rows = [row for row in looked if row["world"] == world and row["model"] == model]
        frames = Clip.read(EYES / f"{world.lower()}-{model}.mp4").frames
        assert len(frames) == EACH * len(rows)
        total: Answers = {}
        for row in rows[:most]:
            first = EACH * int(row["number"])
            add(total, seen_by_eye(world, row, reader(frames[first : first + EACH], 10.0)))
        tell(table, world, "a person, today's model" if model == TODAY else "a person", total)


def seen_by_eye(world: str, row: dict[str, str], read: Any) -> Answers:
    """What a person said of a clip, held against what is read in it."""
    bad, smoke, doubtful = (spans(row[what]) for what in ("no_true_state", "smoke", "doubtful"))
    sure = [k for k in range(EACH) if k not in doubtful]
    said: Answers = {
        "frame is a true state or none": [bool(read.mixed[k]) == (k in bad) for k in sure],
        "the same, if every frame were called a true state": [k not in bad for k in sure],
        "no true state to the person: to it too": [bool(read.mixed[k]) for k in sure if k in bad],
        "no true state to it: to the person too": [k in bad for k in sure if read.mixed[k]],
    }
    if world == "Candles":
        said["frame is a true state or none, mottled smoke is none"] = [
            bool(read.mixed[k]) == (k in bad | smoke) for k in sure
        ]
        said["mottled smoke alone: no true state to it"] = [bool(read.mixed[k]) for k in sure if k in smoke - bad]
        return {**said, **candles_seen(row, read)}
    if world == "Juice":
        return {**said, **juice_seen(row, read)}
    if world == "Collision" and "?" not in row["reading"]:
        said["colours before"] = [sorted(b.colour for b in read.before) == sorted(row["reading"].split(","))]
    if row["kept"] != "?":
        said["kept throughout"] = [read.kept == (row["kept"] == "yes")]
    return said


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--worlds", nargs="*", default=names(), choices=names())
    parser.add_argument("--folder", type=Path, default=FOLDER, help="detectors of recipes/detectors.py, not shipped")
    parser.add_argument("--clips", type=int, default=40, help="true clips a world")
    parser.add_argument("--eyes", action="store_true", help="against the person alone")
    parser.add_argument("--quick", action="store_true")
    add_argument(parser)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    with Table("detectors", arguments.save) as table:
        for world in arguments.worlds:
            reader = detector(world, arguments.folder)
            if not arguments.eyes:
                against_truth(table, world, reader, 4 if arguments.quick else arguments.clips)
            against_eyes(table, world, reader, 3 if arguments.quick else 999)


if __name__ == "__main__":
    main()
