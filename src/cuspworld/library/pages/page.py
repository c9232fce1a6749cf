"""A library as one self-contained HTML page: thumbnails that play on hover, facts, a map of the latents, duplicates.

Each thumbnail is a strip of frames side by side in one JPEG; the page moves it. Nothing is fetched from anywhere.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections import Counter
from html import escape
from importlib.resources import files
from io import BytesIO
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from jaxtyping import Float

from cuspworld.checks import whole
from cuspworld.clip import Clip
from cuspworld.errors import CuspError
from cuspworld.files import written_whole
from cuspworld.library.library import Library

FRAMES, SIDE = 10, 112  # of a thumbnail: frames, pixels
_POINTS = 4000  # clips on the map
_GROUPS = 60  # groups of duplicates
_COLOURS = 11  # commonest captions or worlds that have a colour of their own
_TEXT = 600  # characters of a caption on the page


def write_page(library: Library, path: str | Path, clips: int = 240, vectors: str = "latents") -> Path:
    """Write the page, whole or not at all. `clips`: so many have thumbnails, spread evenly over the library; `vectors`:
    the column that the map is drawn from, where there is one. Raises CuspError."""
    path = Path(path)
    if path.suffix.lower() not in (".html", ".htm"):
        raise CuspError(f"the page's name must end in .html: got {path}")
    whole("clips", clips, 1, 5000)
    text = page(library, clips, vectors)
    with written_whole(path) as aside:
        aside.write_text(text, encoding="utf-8")
    return path


def page(library: Library, clips: int = 240, vectors: str = "latents") -> str:
    """The page as text."""
    if not len(library):
        raise CuspError(f"the library {library.path} has no clips to show: `cusp record` or `cusp ingest` some")
    columns = {name: library.column(name) for name in _NAMES}
    copies = library.column("duplicate_of") if "duplicate_of" in library.summary()["columns"] else [None] * len(library)
    why = library.column("duplicate_by") if any(copies) else [None] * len(library)
    groups = _groups(columns["key"], copies)
    chosen = set(np.unique(np.linspace(0, len(library) - 1, clips).round().astype(int)).tolist())
    chosen |= {place for group in groups for place in group}
    order = sorted(chosen)
    cards = [
        {
            "place": place,
            "strip": strip(clip),
            "copy": why[place],
            **{name: _shown(columns[name][place]) for name in _NAMES},
        }
        for place, clip in zip(order, _each(library, order), strict=True)
    ]
    facts = library.summary()
    data = {
        "cards": cards,
        "frames": FRAMES,
        "groups": groups,
        "map": _map(library, columns, why, vectors),
    }
    safe = json.dumps(data, allow_nan=False, ensure_ascii=False).replace("<", "\\u003c")
    template = (files("cuspworld.library.pages") / "page.html").read_text(encoding="utf-8")
    filled = {
        "TITLE": escape(library.path.name),
        "SUMMARY": escape(_summary(facts, len(cards), sum(copy is not None for copy in copies))),
        "FACTS": _facts(facts),
        "DATA": safe,
    }
    parts = template.split("{{")  # what stands in captions is never taken for a place to fill
    return parts[0] + "".join(filled[part.partition("}}")[0]] + part.partition("}}")[2] for part in parts[1:])


_NAMES = (
    "key", "source", "split", "caption", "fps", "time", "height", "width", "world", "twin", "branch", "sharpness",
    "motion", "black",
)  # fmt: skip


def strip(clip: Clip) -> str:
    """`strip_bytes` as the address of an image."""
    return f"data:image/jpeg;base64,{b64encode(strip_bytes(clip)).decode()}"


def strip_bytes(clip: Clip) -> bytes:
    """Frames spread evenly over a clip, side by side in a JPEG."""
    from PIL import Image

    taken = clip.frames[np.linspace(0, len(clip) - 1, FRAMES).round().astype(int)]
    height, width = clip.size
    scale = SIDE / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_NEAREST
    cells = []
    for frame in taken:
        cell = np.zeros((SIDE, SIDE, 3), np.uint8)
        top, left = (SIDE - size[1]) // 2, (SIDE - size[0]) // 2
        cell[top : top + size[1], left : left + size[0]] = cv2.resize(frame, size, interpolation=how)
        cells.append(cell)
    data = BytesIO()
    Image.fromarray(np.concatenate(cells, axis=1)).save(data, "JPEG", quality=78)
    return data.getvalue()


def _each(library: Library, places: list[int]) -> Any:
    """These clips; one that cannot be read is a grey frame."""
    seen = library[:].without_truth()
    for place in places:
        try:
            yield seen[place]
        except CuspError:
            yield Clip(np.full((1, 8, 8, 3), 128, np.uint8), 1.0)


def _groups(keys: list[str], copies: list[str | None]) -> list[list[int]]:
    """Places of the clips that show the same, the first of each group first."""
    place = {key: index for index, key in enumerate(keys)}
    found: dict[int, list[int]] = {}
    for index, original in enumerate(copies):
        if original is not None and original in place:
            found.setdefault(place[original], [place[original]]).append(index)
    return [found[first] for first in sorted(found)[:_GROUPS]]


def _map(library: Library, columns: dict[str, list[Any]], why: list[Any], vectors: str) -> dict[str, Any] | None:
    """Points of the vectors' two main directions, and what each can be coloured by."""
    if vectors not in library.summary()["columns"]:
        return None
    values = library.column(vectors)
    there = [index for index, value in enumerate(values) if value is not None]
    if len(there) < 3:
        return None
    chosen = [there[k] for k in np.unique(np.linspace(0, len(there) - 1, _POINTS).round().astype(int))]
    points, share = plane(np.array([values[index] for index in chosen], np.float64))
    by = {}
    for name in ("caption", "world", "branch", "split"):
        texts = [_shown(columns[name][index]) or "none" for index in chosen]
        kinds = [text for text, _ in Counter(texts).most_common(_COLOURS)]
        by[name] = {"names": kinds, "of": [kinds.index(text) if text in kinds else -1 for text in texts]}
    by["duplicate"] = {"names": ["no", "yes"], "of": [int(why[index] is not None) for index in chosen]}
    return {"points": points.round(4).tolist(), "places": chosen, "by": by, "share": round(share, 3), "column": vectors,
            "captions": [_shown(columns["caption"][index])[:120] for index in chosen]}  # fmt: skip


def plane(vectors: Float[np.ndarray, "clips width"]) -> tuple[Float[np.ndarray, "clips 2"], float]:
    """(the two principal components, scaled into the unit square; the share of the variance that they hold)."""
    centred = vectors - vectors.mean(0)
    _, sizes, axes = np.linalg.svd(centred, full_matrices=False)
    flat = np.zeros((len(vectors), 2))
    flat[:, : min(2, len(axes))] = centred @ axes[:2].T
    spread = np.maximum(np.ptp(flat, axis=0).max(), 1e-12)
    share = float((sizes[:2] ** 2).sum() / max((sizes**2).sum(), 1e-12))
    return (flat - flat.min(0)) / spread, share


def _shown(value: Any) -> Any:
    if isinstance(value, str):
        return value if len(value) <= _TEXT else value[: _TEXT - 1] + "…"
    return round(value, 3) if isinstance(value, float) else value


def _summary(facts: dict[str, Any], shown: int, copies: int) -> str:
    hours = facts["seconds"] / 3600
    length = f"{hours:.1f} hours" if hours >= 1 else f"{facts['seconds']:.0f} seconds"
    part = "" if shown >= facts["clips"] else f" {shown:,} of them are shown, spread evenly and with all duplicates."
    return f"{facts['clips']:,} clips, {length}, {copies:,} of them duplicates of another.{part}"


def _facts(facts: dict[str, Any]) -> str:
    rows = {
        "splits": facts["splits"], "sizes": facts["sizes"], "frames a second": facts["fps"], "worlds": facts["worlds"],
        "bytes": f"{facts['bytes']:,}",
    }  # fmt: skip
    texts = {name: _counts(value) if isinstance(value, dict) else value for name, value in rows.items()}
    return "".join(f"<tr><th>{escape(name)}</th><td>{escape(text)}</td></tr>" for name, text in texts.items() if text)


def _counts(found: dict[str, int]) -> str:
    return ", ".join(f"{key}: {count:,}" for key, count in list(found.items())[:12])
