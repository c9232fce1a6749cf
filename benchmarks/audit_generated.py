"""Does the audit see what our own generator gets wrong? Its clips, right or wrong by the truth detectors, audited.

    python benchmarks/audit_generated.py [--model FOLDER] [--worlds Juice Collision Puppies] [--prompts 7]
                                         [--first SEED] [--quick] [--save]

A clip is wrong where a count, a coat or an outcome is not what its prompt asks (benchmarks/candidates.py). The audit
sees the clip alone, not the prompt: what is wrong and yet possible it cannot find. Rows: of wrong and of right clips
the share with a finding, the area under the curve of the score, right against wrong, and of both the mean share of
frames that the detectors read as no true state.
"""

import argparse
import warnings

import numpy as np
import torch

from candidates import ASKED, FIRST, right
from cuspworld import Simulator
from cuspworld.audit import audit_clip
from cuspworld.detectors import detector
from cuspworld.exam.audit.abroad import share
from cuspworld.exam.audit.scoring import auc
from folds import SECONDS, wishes
from results import Table, add_argument


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="default")
    parser.add_argument("--worlds", nargs="*", default=["Juice", "Collision", "Puppies"], choices=list(ASKED))
    parser.add_argument("--prompts", type=int, default=7, help="of each world, one clip each")
    parser.add_argument("--first", type=int, default=FIRST, help="seed of the first caption, and of the first clip")
    parser.add_argument("--quick", action="store_true", help="two clips of one world")
    add_argument(parser)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    simulator = Simulator.from_pretrained(arguments.model)
    heard: list[tuple[str, bool, bool, float, float]] = []  # world, wrong, a finding, score, frames of no true state
    for world in arguments.worlds[: 1 if arguments.quick else None]:
        reader = detector(world)
        count = 2 if arguments.quick else arguments.prompts
        wished = wishes(world, range(arguments.first, arguments.first + count), reader)
        for seed, wish in enumerate(wished, arguments.first - FIRST):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                clip = simulator(wish.clip.caption, seconds=SECONDS, seed=seed)
            reading, report = reader(clip.frames, clip.fps), audit_clip(clip)
            mixed = float(np.mean(reading.mixed))
            heard.append((world, not right(world, wish, reading), bool(report.findings), report.score, mixed))
    with Table("audit_generated", arguments.save) as table:
        for world in [*dict.fromkeys(h[0] for h in heard), "all"]:
            ours = [h for h in heard if world in (h[0], "all")]
            good, bad = ([h for h in ours if h[1] == is_wrong] for is_wrong in (False, True))
            table.add(
                {
                    "world": world,
                    "wrong found": share(h[2] for h in bad),
                    "right accused": share(h[2] for h in good),
                    "AUC": round(auc([h[3] for h in good], [h[3] for h in bad]), 2) if good and bad else "-",
                    "frames of no true state": f"{np.mean([h[4] for h in ours]):.0%}",
                }
            )


if __name__ == "__main__":
    main()
