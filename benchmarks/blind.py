"""One person's look at pairs of clips, blind to the arm: pages of strips, then the person's answers against the key.

    python benchmarks/blind.py -o FOLDER --arm ours=default --arm flow=FOLDER:transport=flow   # pages and a hidden key
    python benchmarks/blind.py -o FOLDER --answers answers.txt [--save]                         # what was preferred

A page shows pairs, "a" above "b", every frame of two seconds, under the prompt that both were asked for (captions of
clips of held-out seeds, from 4,000,000); with --large a page a pair, "a" left and "b" right, rows of five frames three
times as large. Which arm is a is drawn by chance and stands in the key alone (FOLDER/key.json, or --key). An
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


def block(frames: np.ndarray, told: str, columns: int = 5, times: int = 3) -> Image.Image:
    """Rows of frames, enlarged, under a line of text."""
    rows = [
        np.concatenate(list(frames[k : k + columns]), 1) for k in range(0, len(frames) // columns * columns, columns)
    ]
    whole = Image.fromarray(np.concatenate(rows))
    return strip(
        np.asarray(whole.resize((times * whole.width, times * whole.height), Image.Resampling.NEAREST))[None], told
    )


def side_by_side(folder: Path, key: Path, arms: list[Arm], world: str, pairs: int, seed: int) -> None:
    """A page a pair, and the key."""
    swapped = np.random.default_rng().permutation(np.arange(pairs) % 2).astype(bool)
    made, told = worlds.make(world), []
    for number in range(pairs):
        caption = made.record(seed=seed + number, seconds=SECONDS, fps=FPS, size=64).caption
        order = arms[::-1] if swapped[number] else arms
        told.append([arm.name for arm in order])
        a, b = (block(arm.clip(caption, number).frames, f"{number} {x}") for arm, x in zip(order, "ab", strict=True))
        page = Image.new("RGB", (a.width + 24 + b.width, a.height + 13), "white")
        ImageDraw.Draw(page).text((2, 1), caption, "black")
        page.paste(a, (0, 13))
        page.paste(b, (a.width + 24, 13))
        page.save(folder / f"{number:03d}.png")
    key.write_text(json.dumps({"world": world, "pairs": told}))


def pages(folder: Path, where: Path, arms: list[Arm], world: str, pairs: int, seed: int = FIRST) -> None:
    """Write the pages and the key."""
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
    where.write_text(json.dumps({"world": world, "pairs": key}))


def tell(where: Path, answers: Path, table: Table) -> None:
    """How often each arm was preferred."""
    key = json.loads(where.read_text())
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
    parser.add_argument("--key", type=Path, help="where the key lies, or is put: out of the looker's sight")
    parser.add_argument("--large", action="store_true", help="a page a pair, three times as large")
    parser.add_argument("--quick", action="store_true", help="two pairs")
    add_argument(parser)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    key = arguments.key or arguments.output / "key.json"
    if arguments.answers:
        with Table("blind", arguments.save) as table:
            tell(key, arguments.answers, table)
        return
    arguments.output.mkdir(parents=True, exist_ok=True)
    key.parent.mkdir(parents=True, exist_ok=True)
    arms = [read_arm(arm) for arm in arguments.arm or ["ours=default", "flow=default:transport=flow"]]
    if len(arms) != 2:
        parser.error("give --arm twice")
    draw = side_by_side if arguments.large else pages
    draw(arguments.output, key, arms, arguments.world, 2 if arguments.quick else arguments.pairs, arguments.first)


if __name__ == "__main__":
    main()
