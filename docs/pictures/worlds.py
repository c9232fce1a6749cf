"""Draw the pictures of the worlds' pages: `python docs/pictures/worlds.py Juice` (several names; none: every world).

One sheet a world, docs/worlds/pictures/juice.png: frames of a possible clip, and under it the same seed with one law
broken, one row a twin; frames in which the law is broken have a red border. `--index` draws one row a world instead.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from cuspworld.clip import Clip
from cuspworld.files import written_whole
from cuspworld.video.contact_sheet import _font
from cuspworld.worlds import make, names

FOLDER = Path(__file__).parent.parent / "worlds" / "pictures"
GAP, LINE, INK, RED = 6, 22, (28, 30, 34), (214, 40, 40)


def row(clip: Clip, columns: int, cell: int, label: str) -> Image.Image:
    """Frames evenly spaced over the clip under a line of words."""
    picture = Image.new("RGB", (columns * (cell + GAP) + GAP, cell + LINE + 2 * GAP), (255, 255, 255))
    draw = ImageDraw.Draw(picture)
    font = _font(13)
    while font.getlength(label) > picture.width - 2 * GAP:
        label = label[:-2].rstrip("…") + "…"
    draw.text((GAP, 3), label, INK, font)
    violation = clip.truth.violation if clip.truth else None
    for k, index in enumerate(np.linspace(0, len(clip) - 1, columns).round().astype(int)):
        x, y = GAP + k * (cell + GAP), LINE + GAP
        picture.paste(Image.fromarray(clip.frames[index]), (x, y))
        if violation and violation.start - 1e-9 <= index / clip.fps <= violation.end:
            draw.rectangle((x - 2, y - 2, x + cell + 1, y + cell + 1), outline=RED, width=2)
    return picture


def stack(rows: list[Image.Image]) -> Image.Image:
    sheet = Image.new("RGB", (max(r.width for r in rows), sum(r.height for r in rows)), (255, 255, 255))
    y = 0
    for one in rows:
        sheet.paste(one, (0, y))
        y += one.height
    return sheet


def world_sheet(name: str, columns: int, cell: int, seed: int) -> Image.Image:
    """A possible clip and its twin for every twin; twins that share a seed share the possible clip's row."""
    world = make(name)
    seeds: dict[int, list[str]] = {}
    for twin in world.twins:
        seeds.setdefault(world.twin_seed(twin, seed), []).append(twin)
    rows = []
    for number, twins in seeds.items():
        clip = world.record(number, size=cell)
        rows.append(row(clip, columns, cell, f"seed {number}, possible: {clip.caption}"))
        for twin in twins:
            broken = world.record(number, size=cell, twin=twin)
            rows.append(row(broken, columns, cell, f"seed {number}, twin {twin}: {world.twins[twin].sentence}"))
    return stack(rows)


def index_sheet(columns: int, cell: int, seed: int) -> Image.Image:
    """One row a world."""
    rows = []
    for name in names():
        clip = make(name).record(seed, size=cell)
        rows.append(row(clip, columns, cell, f"{name}: {clip.caption}"))
    return stack(rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="worlds; none: every one")
    parser.add_argument("--index", action="store_true", help="one sheet with a row a world")
    parser.add_argument("--columns", type=int, default=8)
    parser.add_argument("--cell", type=int, default=112, help="pixels of a frame")
    parser.add_argument("--seed", type=int, default=0, help="the first seed that is tried")
    parser.add_argument("--out", type=Path, default=FOLDER)
    chosen = parser.parse_args()
    chosen.out.mkdir(parents=True, exist_ok=True)
    sheets = [("index", lambda: index_sheet(chosen.columns, chosen.cell, chosen.seed))] if chosen.index else [
        (name, lambda name=name: world_sheet(name, chosen.columns, chosen.cell, chosen.seed))
        for name in chosen.names or names()
    ]  # fmt: skip
    for name, draw in sheets:
        path = chosen.out / f"{name.lower()}.png"
        with written_whole(path) as aside:
            draw().save(aside, format="PNG", optimize=True)
        print(path)


if __name__ == "__main__":
    main()
