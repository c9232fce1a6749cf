"""Sheets for eyes: every frame of the clips that the model card tells of, a row a clip, with prompt and seed.

    python benchmarks/sheets.py -o runs/sheets [--model FOLDER] [--only balls tips] [--quick]

Nothing is counted here: a person looks, and what was seen stands on the card with these groups' names. The prompts were
written before the model was trained; seeds are 0, 1, ... in the order of the prompts of a group.
"""

import argparse
import itertools
import warnings
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageDraw

from cuspworld import Simulator

PAIRS = (("red", "blue"), ("green", "yellow"), ("orange", "purple"), ("red", "green"), ("blue", "yellow"),
         ("purple", "green"))  # fmt: skip
GROUPS: dict[str, tuple[str, ...]] = {
    "balls": tuple(f"A {a} ball and a {b} ball collide." for a, b in PAIRS for _ in range(4)),
    "balls_told": (
        "A big red ball and a small blue ball roll towards each other and bounce off.",
        "A small green ball hits a big yellow ball.",
        "A fast orange ball from the left meets a slow purple ball.",
        "一个大红球和一个小蓝球相撞。",
    ),
    "puppies": (
        "Three puppies romp over the grass.",
        "Four puppies romp over the grass.",
        "Three puppies: a brown one, a white one and a black one.",
        "Four puppies: two golden ones, a grey one and a black one.",
        "Three white puppies run around a red ball.",
        "Four puppies play: brown, white, black and golden.",
        "三只小狗在草地上玩耍。",
        "四只小狗围着一个红球跑。",
        "Three puppies, one of them black, chase a ball.",
        "Four brown puppies.",
        "Three puppies: golden, golden and grey.",
        "Four puppies: white, white, black and black.",
    ),
    "tips": (
        "A glass of red juice is pushed hard; it tips over and the juice pours out.",
        "A hand pushes a glass of blue juice firmly. The glass falls over and the juice spills.",
        "A glass of orange juice is knocked over.",
        "Green juice spills over the table after a hard push.",
        "purple juice tips over",
        "A glass tips over.",
        "一只手用力推一杯紫色果汁，杯子倒了，果汁洒了出来。",
        "A glass of red juice is pushed at 0.6 s and tips over.",
        "A glass of blue juice stands on a table; a hard push knocks it down.",
        "The orange juice is spilled.",
        "A glass of green juice is pushed hard and tips over.",
    ),
    "snow": (
        "A fox jumps into a bank of snow and bursts it.",
        "A bear leaps against a wall of firm snow; the wall holds.",
        "A penguin breaks through a snow bank.",
        "A rabbit jumps into a wall of soft snow and it crumbles.",
        "A lump of snow falls from a branch beside a fox and breaks to pieces.",
        "A lump of firm snow drops from a branch next to a penguin and stays whole.",
        "An avalanche slides down towards a bear.",
        "A lump of snow falls on a slope above a fox; no avalanche comes.",
        "A rabbit sits below a steep slope and the snow slides down on it.",
        "一只狐狸撞破了雪墙。",
        "一团雪从树枝上落在小熊旁边，摔碎了。",
        "雪崩滑向兔子。",
    ),
    "stands": (
        "A glass of red juice is NOT pushed.",
        "A glass of blue juice does not tip over.",
        "A glass of green juice is pushed hard but does not fall.",
        "No glass tips over; a glass of orange juice stands still.",
        "Nothing happens: a glass of purple juice stands on a table.",
    ),
    "rocks": tuple("Pushed gently, a glass of green juice rocks and stands again." for _ in range(6)),
    "candles": (
        "Three candles are blown out from the left.",
        "Five blue candles burn; somebody blows hard and all go out.",
        "Four candles burn on a cake and nobody blows.",
        "Two green candles are blown at from the right and go out.",
        "A weak breath: all three yellow candles burn on.",
        "Four purple candles: some go out, some burn on.",
        "三支蜡烛被吹灭了。",
        "The candles are not blown out.",
    ),
    "chairs": (
        "A red chair is dropped and lands on its legs.",
        "A blue chair falls over backwards.",
        "A green chair is lifted and let go.",
        "A chair balanced on its edge falls over.",
        "An orange chair stands with its legs dug into the sand and is pushed.",
        "A purple chair propped up on a block is pushed over.",
    ),
    "strange": (
        "Two small ships ram each other in a coffee cup.",
        "a violin concerto",
        "Three puppies become four.",
        "A red chair and a blue ball.",
        "A glass of milk is pushed.",
        "Ten puppies.",
    ),
}  # fmt: skip


def sheet(simulator: Simulator, prompts: tuple[str, ...], seconds: float, every: int) -> Image.Image:
    """A row a clip: its prompt, then its frames at twice their size."""
    rows = []
    for seed, prompt in enumerate(prompts):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            clip = simulator(prompt, seconds=seconds, seed=seed)
        told = f"{seed}: {prompt}" + "".join(f"   [warns: {str(w.message)[:110]}]" for w in caught)
        shown = np.concatenate(list(clip.frames[::every]), 1)
        picture = Image.fromarray(shown).resize((2 * shown.shape[1], 2 * shown.shape[0]), Image.Resampling.NEAREST)
        row = Image.new("RGB", (picture.width, picture.height + 14), "white")
        ImageDraw.Draw(row).text((2, 1), told, "black")
        row.paste(picture, (0, 14))
        rows.append(row)
    whole = Image.new("RGB", (max(row.width for row in rows), sum(row.height for row in rows)), "white")
    for row, top in zip(rows, itertools.accumulate([0, *(row.height for row in rows)]), strict=False):
        whole.paste(row, (0, top))
    return whole


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="default")
    parser.add_argument("-o", "--output", type=Path, default=Path("runs/sheets"))
    parser.add_argument("--only", nargs="*", choices=GROUPS, default=list(GROUPS))
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--every", type=int, default=1, help="show every so-many-th frame")
    parser.add_argument("--quick", action="store_true", help="one clip of each group")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    simulator = Simulator.from_pretrained(arguments.model)
    arguments.output.mkdir(parents=True, exist_ok=True)
    for name in arguments.only:
        prompts = GROUPS[name][: 1 if arguments.quick else None]
        sheet(simulator, prompts, arguments.seconds, arguments.every).save(arguments.output / f"{name}.png")
        print(arguments.output / f"{name}.png")


if __name__ == "__main__":
    main()
