"""Two balls asked for in words that no caption has: are colours and sizes as asked, and kept through the contact?

    python benchmarks/balls_retold.py [--draw 1] [--arm recorded=default:recorded=yes --arm shipped=default] [--quick]

Colours and sizes are drawn, put into sentences of another grammar than the captions' ("a tiny ball that is yellow hits
a large orange one"; one in six is Chinese), and read off the clips by the detector. Arms as in `folds.py`.
"""

import argparse
from typing import Any

import numpy as np
import torch

from cuspworld.detectors import detector
from fold_arms import FPS, read_arm
from results import Table, add_argument, wilson

COLOURS = {"red": "红", "green": "绿", "blue": "蓝", "yellow": "黄", "orange": "橙", "purple": "紫"}
SIZES = {"small": ("small", "tiny", "little"), "big": ("big", "large", "huge")}
CHINESE = {"small": "小", "big": "大"}
SENTENCES = (
    "A {s} {a} ball bumps into a {t} {b} one.",
    "A {s} ball that is {a} hits a {t} {b} ball.",
    "Two balls, a {s} {a} one and a {t} {b} one, bounce off each other.",
    "On a table a {t} {b} ball is struck by a {s} {a} ball.",
)
FIRST = 5000  # seed of the first clip
Ball = tuple[str, str]


def prompts(draw: int, count: int) -> list[tuple[str, tuple[Ball, Ball]]]:
    """The texts, and (colour, size) of the two balls."""
    rng, found = np.random.default_rng(draw), []
    for k in range(count):
        a, b = rng.choice(list(COLOURS), 2, replace=False).tolist()
        first, second = rng.choice(list(SIZES), 2).tolist()
        if k % 6 == 5:
            text = f"一个{CHINESE[first]}{COLOURS[a]}球撞上一个{CHINESE[second]}{COLOURS[b]}球。"
        else:
            said = {"s": rng.choice(SIZES[first]), "t": rng.choice(SIZES[second])}
            text = SENTENCES[k % len(SENTENCES)].format(a=a, b=b, **said)
        found.append((text, ((a, first), (b, second))))
    return found


def right(seen: Any, asked: tuple[Ball, Ball]) -> bool:
    """Two balls, one of each colour and size that was asked, and they last."""
    looks = {ball.colour: ball.sizes for ball in seen.before}
    return bool(seen.lasting and len(seen.before) == 2 and all(size in looks.get(colour, ()) for colour, size in asked))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--arm", action="append", default=[])
    parser.add_argument("--draw", type=int, default=1, help="seed of the prompts")
    parser.add_argument("--count", type=int, default=48)
    parser.add_argument("--quick", action="store_true", help="4 prompts")
    add_argument(parser)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    asked = prompts(arguments.draw, 4 if arguments.quick else arguments.count)
    with Table("balls_retold", arguments.save) as table:
        for arm in map(read_arm, arguments.arm or ["recorded=default:recorded=yes", "shipped=default"]):
            seen = [detector("Collision")(arm.clip(text, FIRST + k).frames, FPS) for k, (text, _) in enumerate(asked)]
            both = zip(seen, asked, strict=True)
            kept = [right(reading, balls) for reading, (_, balls) in both]
            colours = [
                {b.colour for b in r.before} == {c for c, _ in balls} for r, (_, balls) in zip(seen, asked, strict=True)
            ]
            low, high = wilson(sum(kept), len(kept))
            row = {"arm": arm.name, "draw": arguments.draw, "prompts": len(asked), "both colours": sum(colours)}
            limits = {"from %": round(100 * low, 1), "to %": round(100 * high, 1)}
            table.add(row | {"colours and sizes, kept": sum(kept)} | limits)


if __name__ == "__main__":
    main()
