"""One person's look at pairs of clips, blind to the arm: pages of strips, then the person's answers against the key.

    python benchmarks/blind.py -o FOLDER --arm ours=default --arm flow=FOLDER:transport=flow   # pages and a hidden key
    python benchmarks/blind.py -o FOLDER --answers answers.txt [--save]                         # what was preferred

A page shows pairs, "a" above "b", every frame of two seconds, under the prompt that both were asked for (captions of
clips of held-out seeds, from 4,000,000). Which arm is a is drawn by chance and stands in FOLDER/key.json alone. An
answer is a line: the pair's number, then a, b or = (as good), then why, if anything.
"""

import argparse
import json
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageDraw

from cuspworld import worlds
from fold_arms import FPS, SECONDS, Arm, read_arm
from results import Table, add_argument, wilson

FIRST, PAGE = 4_000_000, 8


def strip(frames: np.ndarray, told: str) -> Image.Image:
    """A row of frames under a line of text."""
    shown = Image.fromarray(np.concatenate(list(frames), 1))
    row = Image.new("RGB", (shown.width, shown.height + 13), "white")
    ImageDraw.Draw(row).text((2, 1), told, "black")
    row.paste(shown, (0, 13))
    return row


def pages(folder: Path, arms: list[Arm], world: str, pairs: int, seed: int = FIRST) -> None:
    """Write the pages and the key."""
    folder.mkdir(parents=True, exist_ok=True)
    swapped = np.random.default_rng().permutation(np.arange(pairs) % 2).astype(bool)
    made, key = worlds.make(world), []
    for first in range(0, pairs, PAGE):
        rows = []
        for number in range(first, min(first + PAGE, pairs)):
            caption = made.record(seed=seed + number, seconds=SECONDS, fps=FPS, size=64).caption
            order = arms[::-1] if swapped[number] else arms
            key.append([arm.name for arm in order])
            for letter, arm in zip("ab", order, strict=True):
                frames = arm.clip(caption, number).frames
                rows.append(strip(frames, f"{number} {letter}: {caption if letter == 'a' else ''}"))
        page = Image.new("RGB", (rows[0].width, sum(row.height for row in rows)), "white")
        top = 0
        for row in rows:
            page.paste(row, (0, top))
            top += row.height
        page.save(folder / f"{first:03d}.png")
        print(folder / f"{first:03d}.png", flush=True)
    (folder / "key.json").write_text(json.dumps({"world": world, "pairs": key}))


def tell(folder: Path, answers: Path, table: Table) -> None:
    """How often each arm was preferred."""
    key = json.loads((folder / "key.json").read_text())
    said = {int(line.split()[0]): line.split()[1] for line in answers.read_text().splitlines() if line.strip()}
    names = sorted(key["pairs"][0])
    liked = {number: "" if said[number] == "=" else key["pairs"][number]["ab".index(said[number])] for number in said}
    for name in names:
        good = sum(arm in (name, "") for arm in liked.values())
        low, high = wilson(good, len(liked))
        table.add(
            {
                "world": key["world"],
                "arm": name,
                "preferred": sum(arm == name for arm in liked.values()),
                "as good": sum(arm == "" for arm in liked.values()),
                "pairs": len(liked),
                "preferred or as good": f"{100 * good / len(liked):.0f} % ({100 * low:.0f} to {100 * high:.0f})",
            }
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--arm", action="append", default=[], help="NAME=FOLDER[:option=value,...]; two of them")
    parser.add_argument("--world", default="Juice")
    parser.add_argument("--pairs", type=int, default=50)
    parser.add_argument("--first", type=int, default=FIRST, help="seed of the first clip whose caption is asked for")
    parser.add_argument("-o", "--output", type=Path, default=Path("runs/blind"))
    parser.add_argument("--answers", type=Path, help="a person's; without it the pages are made")
    parser.add_argument("--quick", action="store_true", help="two pairs")
    add_argument(parser)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    if arguments.answers:
        with Table("blind", arguments.save) as table:
            tell(arguments.output, arguments.answers, table)
        return
    arms = [read_arm(arm) for arm in arguments.arm or ["ours=default", "flow=default:transport=flow"]]
    if len(arms) != 2:
        parser.error("give --arm twice")
    pages(arguments.output, arms, arguments.world, 2 if arguments.quick else arguments.pairs, arguments.first)


if __name__ == "__main__":
    main()
