"""Does the detector of puppies count what a person counts?

    python benchmarks/countable.py --eyes benchmarks/looked_at/adapter_puppies_4.tsv --first 98900000 \\
        --arm before=FOLDER --arm after=default [--quick] [--save]
    python benchmarks/countable.py --eyes benchmarks/looked_at/best_and_true_puppies.tsv --first 97600000 \\
        --seeds 5000 8 --arm "true=default" --arm "best of eight=default:candidates=8"  # another person

The person looked at every frame of two seconds of each clip, not knowing of which arm it was, and wrote down in how
many frames all that were asked for can be counted, and whether they are kept throughout (benchmarks/looked_at). The
same clips are drawn again (caption of the clip FIRST + k, seed k, or of --seeds; an arm of the name "true" is the clip
itself through its codec) and read: in how many frames so many puppies are
seen, each for itself, and whether in 19 of 20 (`PuppiesReading.countable`); beside it what `kept` says, which forgives
what may be hidden. The share of 19 of 20 was chosen on the arm `before` of adapter_puppies_3.tsv (first 98700000).
"""

import argparse
import csv
from pathlib import Path

import numpy as np
import torch

from cuspworld import Clip, worlds
from cuspworld.codec.codec import to_frames, to_tensor
from cuspworld.detectors import detector
from fold_arms import FPS, SECONDS, Arm, read_arm
from results import Table, add_argument, wilson

LEAST = 0.95


def clip_of(arm: Arm, clip: Clip, seed: int) -> np.ndarray:
    """The frames that the person saw."""
    if arm.name != "true":
        assert clip.caption is not None
        return arm.clip(clip.caption, seed).frames
    codec = arm.simulator.codec
    with torch.inference_mode():
        return to_frames(codec.decode(codec.encode(to_tensor(clip.frames)[None]))[0])


def judged(arm: Arm, rows: list[dict[str, str]], first: int, seeds: list[int]) -> list[dict[str, float]]:
    """What the person and the detector say of each clip of an arm."""
    world, reader, found = worlds.make("Puppies"), detector("Puppies"), []
    for row in rows:
        number, asked = int(row["clip"]), int(row["asked"])
        clip = world.record(seed=first + number, seconds=SECONDS, fps=FPS, size=64)
        reading = reader(clip_of(arm, clip, seeds[0] + seeds[1] * number), FPS)
        frames = len(reading.frames)
        found.append({
            "eyes": int(row[f"{arm.name}: frames countable"]) / frames,
            "read": reading.countable(asked),
            "throughout": row[f"{arm.name}: throughout"] == "yes",
            "counted": reading.countable(asked) >= LEAST,
            "kept": reading.kept and reading.count == asked,
        })  # fmt: skip
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--eyes", type=Path, default=Path(__file__).parent / "looked_at" / "adapter_puppies_4.tsv")
    parser.add_argument("--first", type=int, default=98_900_000)
    parser.add_argument(
        "--seeds", type=int, nargs=2, default=[0, 1], help="of the first clip, and from one to the next"
    )
    parser.add_argument("--arm", type=read_arm, action="append", help="NAME=FOLDER, NAME as the person's table says it")
    parser.add_argument("--quick", action="store_true", help="two clips")
    add_argument(parser)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    with arguments.eyes.open() as file:
        rows = list(csv.DictReader(file, delimiter="\t"))[: 2 if arguments.quick else None]
    arms = arguments.arm or [read_arm("after=default")]
    found = [one for arm in arms for one in judged(arm, rows, arguments.first, arguments.seeds)]
    eyes, read = ([one[key] for one in found] for key in ("eyes", "read"))
    told = f"{arguments.eyes.stem}, {', '.join(arm.name for arm in arms)}"
    with Table("countable", arguments.save) as table:
        row = {"clips of": told, "clips": len(found), "frames countable to eyes": f"{100 * np.mean(eyes):.0f} %"}
        row |= {"to the detector": f"{100 * np.mean(read):.0f} %"}
        row |= {
            "correlation over clips": float(np.corrcoef(eyes, read)[0, 1]) if np.ptp(eyes) and np.ptp(read) else None
        }
        for what in ("counted", "kept"):
            same = sum(one[what] == one["throughout"] for one in found)
            low, high = wilson(same, len(found))
            row |= {
                f"{what}: agrees with throughout": f"{100 * same / len(found):.0f} % ({100 * low:.0f}-{100 * high:.0f})"
            }
        row |= {f"{what}: clips": sum(bool(one[what]) for one in found) for what in ("throughout", "counted", "kept")}
        table.add(row)


if __name__ == "__main__":
    main()
