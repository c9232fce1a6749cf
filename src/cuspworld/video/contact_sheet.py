"""A contact sheet: frames of a video side by side, with their times and the caption, as one PNG.

The frames are evenly spaced over the whole video. A stream of unknown length is thinned as it passes, in flat memory.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import UInt8

from cuspworld.errors import CuspError
from cuspworld.files import written_whole

_MARGIN, _GAP, _LABEL = 20, 10, 20  # pixels
_INK, _GREY, _PAPER = (28, 30, 34), (120, 124, 132), (255, 255, 255)
_LONGEST_CAPTION = 3  # lines
# Captions may be Chinese; no font that comes with Python packages has its characters, so common system fonts are tried.
_WIDE_FONTS = ("NotoSansCJK-Regular.ttc", "wqy-microhei.ttc", "PingFang.ttc", "msyh.ttc", "DroidSansFallbackFull.ttf")


def contact_sheet(
    chunks: Iterable[UInt8[np.ndarray, "time height width 3"]],
    fps: float,
    *,
    caption: str = "",
    frames: int = 16,
    columns: int | None = None,
    cell: int | None = None,
    start: float = 0.0,
) -> UInt8[np.ndarray, "sheet_height sheet_width 3"]:
    """At most `frames` frames, evenly spaced, in a grid of `columns`, each drawn `cell` pixels wide. `start`: the
    time of the first one in seconds.

    Raises CuspError if there are no frames or a number is out of range.
    """
    if not 1 <= frames <= 400:
        raise CuspError(f"frames of a contact sheet must be from 1 to 400: got {frames}")
    chosen, total = _evenly(chunks, frames)
    if not chosen:
        raise CuspError("a contact sheet needs at least one frame: got none")
    from PIL import Image, ImageDraw

    height, width = chosen[0][1].shape[:2]
    columns = columns or _columns(len(chosen), height / width)
    if not 1 <= columns <= 100:
        raise CuspError(f"columns of a contact sheet must be from 1 to 100: got {columns}")
    columns = min(columns, len(chosen))
    cell = cell or min(max(960 // columns, 96), 320)
    if not 16 <= cell <= 2048:
        raise CuspError(f"cell of a contact sheet must be from 16 to 2048 pixels: got {cell}")
    cell_height = min(max(1, round(cell * height / width)), 4 * cell)
    rows = math.ceil(len(chosen) / columns)
    sheet_width = max(2 * _MARGIN + columns * cell + (columns - 1) * _GAP, 420)
    if _font(17, caption) is None:
        caption = "(no font on this machine can draw the caption)"
    lines = _wrapped(caption, _font(17, caption), sheet_width - 2 * _MARGIN)
    top = _MARGIN + 24 * len(lines) + 26
    sheet = Image.new("RGB", (sheet_width, top + rows * (cell_height + _LABEL + _GAP) - _GAP + _MARGIN), _PAPER)
    draw = ImageDraw.Draw(sheet)
    for k, line in enumerate(lines):
        draw.text((_MARGIN, _MARGIN - 4 + 24 * k), line, _INK, _font(17, caption))
    facts = f"{total / fps:.4g} s  ·  {total} frame{'s' * (total != 1)} at {fps:.4g} fps  ·  {width} × {height} pixels"
    draw.text((_MARGIN, top - 28), facts, _GREY, _font(13))
    digits = 2 if total / fps < 10 else 1
    for k, (index, frame) in enumerate(chosen):
        left, y = _MARGIN + (k % columns) * (cell + _GAP), top + (k // columns) * (cell_height + _LABEL + _GAP)
        picture = Image.fromarray(frame).resize((cell, cell_height), Image.Resampling.LANCZOS)
        sheet.paste(picture, (left, y))
        draw.text((left + 1, y + cell_height + 3), f"{start + index / fps:.{digits}f} s", _GREY, _font(12))
    return np.asarray(sheet)


def write_contact_sheet(
    path: str | Path, chunks: Iterable[UInt8[np.ndarray, "time height width 3"]], fps: float, **options: Any
) -> Path:
    """Write `contact_sheet(chunks, fps, **options)` to `path` as a PNG, whole or not at all."""
    from PIL import Image

    path = Path(path)
    sheet = contact_sheet(chunks, fps, **options)
    with written_whole(path) as aside:
        Image.fromarray(sheet).save(aside, format="PNG")
    return path


def _evenly(chunks: Iterable[np.ndarray], wanted: int) -> tuple[list[tuple[int, np.ndarray]], int]:
    """(index, frame) of `wanted` evenly spaced frames, first and last among them, and the number of all frames."""
    kept: list[tuple[int, np.ndarray]] = []
    step, total, last = 1, 0, None
    for chunk in chunks:
        for frame in chunk:
            if total % step == 0:
                kept.append((total, frame.copy()))
                if len(kept) > 8 * wanted:  # keep every other one from here on
                    kept, step = kept[::2], 2 * step
            last = frame
            total += 1
    if last is not None and kept[-1][0] != total - 1:
        kept.append((total - 1, last.copy()))
    if total <= wanted:
        return kept, total
    targets = np.linspace(0, total - 1, wanted) if wanted > 1 else np.array([0.0])
    indices = np.array([index for index, _ in kept])
    return [kept[int(np.abs(indices - target).argmin())] for target in targets], total


def _columns(count: int, aspect: float) -> int:
    """Columns of the grid: full rows where that is possible, and a sheet about 1.6 times as wide as high."""
    ideal = math.sqrt(count * aspect * 1.6)
    best = min(range(1, min(count, 8) + 1), key=lambda c: ((-count) % c, abs(math.log(c / ideal))))
    near = min(max(round(ideal), 1), min(count, 8))
    return best if 0.5 < best / ideal < 2 else near


@cache
def _font_named(size: int, names: tuple[str, ...]) -> Any:
    from PIL import ImageFont

    for name in names:
        try:
            return ImageFont.truetype(name, size)
        except OSError:
            continue
    return None


def _font(size: int, text: str = "") -> Any:
    """A font for `text`; None if it is Chinese, Japanese, Korean or emoji and this machine has no font for it."""
    from PIL import ImageFont

    if any(ord(letter) > 0x2E7F for letter in text):
        return _font_named(size, _WIDE_FONTS)
    matplotlib = find_spec("matplotlib")  # its folder has DejaVu Sans; nothing of it is imported
    folders = matplotlib.submodule_search_locations if matplotlib else None
    dejavu = (f"{folders[0]}/mpl-data/fonts/ttf/DejaVuSans.ttf",) if folders else ()
    return _font_named(size, dejavu) or ImageFont.load_default(size)


def _wrapped(text: str, font: Any, width: int) -> list[str]:
    """`text` in at most three lines of `width` pixels, broken between words, or inside where it must."""
    words = " ".join(text[:2000].split())
    lines: list[str] = []
    while words and len(lines) < _LONGEST_CAPTION:
        fits = len(words)
        while fits > 1 and font.getlength(words[:fits]) > width:
            fits = min(fits - 1, int(fits * width / font.getlength(words[:fits])) + 1)
        if fits < len(words) and " " in words[:fits]:
            fits = words.rindex(" ", 0, fits + 1)
        lines.append(words[:fits].rstrip())
        words = words[fits:].lstrip()
    if words:
        lines[-1] = lines[-1][:-1].rstrip() + "…"
    return lines
