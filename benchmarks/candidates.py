"""Does choosing by the audit help? Best of N clips, beside one at random and the best that the detectors know.

    python benchmarks/candidates.py [--model FOLDER] [--worlds Juice Collision Puppies] [--prompts 50] [--candidates 4]
                                    [--quick] [--save]

Prompts are captions of held-out clips (seeds from 5,000,000). Of N clips of each prompt: "first", the one that a call
without candidates gives; "audit", the one of the best score; "detectors", the one that `candidates=` keeps, by what the
world's detector reads in it; "oracle", whether any is right: no chooser can do better. Right is what
benchmarks/folds.py asks of the world, all of it at once, by the same detectors: what a person sees in what was chosen
stands in docs/simulator.md.
"""

import argparse
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from cuspworld import Simulator
from cuspworld.detectors import detector
from folds import QUESTIONS, SECONDS, Wish, wishes
from results import Table, add_argument, wilson

FIRST = 5_000_000
ASKED = {
    "Juice": ("outcome as asked", "colour as asked"),
    "Collision": ("both colours and sizes as asked, kept",),
    "Puppies": ("coats as asked", "all that are asked can be counted in 19 of 20 frames"),
}


@dataclass(frozen=True)
class Made:
    """A candidate: whether it is right, its share of frames of no true state, its seed, its audit's score."""

    right: bool
    mixed: float
    seed: int
    score: float


def right(world: str, wish: Wish, reading: Any) -> bool:
    return all(bool(QUESTIONS[world][what](wish, reading)) for what in ASKED[world])


def rows(simulator: Simulator, world: str, prompts: int, candidates: int, table: Table) -> None:
    reader, found = detector(world), []
    for number, wish in enumerate(wishes(world, range(FIRST, FIRST + prompts), reader)):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            made = simulator.best_of(wish.clip.caption, candidates, seconds=SECONDS, seed=number * candidates)
        read = [(one, reader(one.clip.frames, one.clip.fps)) for one in made]
        found.append(
            [
                Made(right(world, wish, seen), float(np.mean(seen.mixed)), one.seed, one.report.score)
                for one, seen in read
            ]
        )
    choices: dict[str, Callable[[list[Made]], Made]] = {
        "first": lambda made: min(made, key=lambda one: one.seed),
        "audit": lambda made: min(made, key=lambda one: (-one.score, one.seed)),
        "detectors": lambda made: made[0],
        "oracle": lambda made: max(made, key=lambda one: (one.right, -one.mixed)),
    }
    for name, choose in choices.items():
        chosen = [choose(made) for made in found]
        good = sum(one.right for one in chosen)
        low, high = wilson(good, len(chosen))
        table.add(
            {
                "world": world,
                "chosen by": name,
                "of": candidates if name != "first" else 1,
                "prompts": len(chosen),
                "right": f"{100 * good / len(chosen):.0f} % ({100 * low:.0f} to {100 * high:.0f})",
                "frames that are no true state": f"{100 * np.mean([one.mixed for one in chosen]):.1f} %",
            }
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="default")
    parser.add_argument("--worlds", nargs="*", default=list(ASKED), choices=list(ASKED))
    parser.add_argument("--prompts", type=int, default=50)
    parser.add_argument("--candidates", type=int, default=4)
    parser.add_argument("--quick", action="store_true", help="two prompts of one world, two candidates")
    add_argument(parser)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    simulator = Simulator.from_pretrained(arguments.model)
    with Table("candidates", arguments.save) as table:
        for world in arguments.worlds[: 1 if arguments.quick else None]:
            prompts, candidates = (2, 2) if arguments.quick else (arguments.prompts, arguments.candidates)
            rows(simulator, world, prompts, candidates, table)


if __name__ == "__main__":
    main()
