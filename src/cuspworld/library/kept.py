"""Kept files: a video stands in the library's folder as it came, named by its content, and is decoded when it is read.

A film of 1080p is a hundred times larger as exact frames than as the file that it was. A kept file is written whole,
never changed, and stands once however many clips are cut from it or copies of it are taken in.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from cuspworld.clip import Clip
from cuspworld.errors import CuspError
from cuspworld.files import written_whole
from cuspworld.truth import Truth

FOLDER = "files"
SHAPE = ("fps", "time", "height", "width")


@dataclass(frozen=True)
class View:
    """How kept files are decoded: `size` (height, width) and `fps`, each the clip's own where None."""

    size: tuple[int, int] | None = None
    fps: float | None = None

    def shape(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """fps, time (frames), height and width of a row's clip, seen so."""
        if not row.get("file"):
            return {name: row[name] for name in SHAPE}
        fps = row["fps"] if self.fps is None else self.fps
        height, width = (row["height"], row["width"]) if self.size is None else self.size
        frames = row["time"] if self.fps is None else max(1, round(row["time"] / row["fps"] * fps))
        return {"fps": fps, "time": frames, "height": height, "width": width}


def keep(path: Path, content: str, library: Path) -> str:
    """Take a file into the library's folder, unless one of that content is there; returns its name there."""
    name = f"{content[:40]}{path.suffix.lower() if path.suffix.isascii() and len(path.suffix) < 8 else ''}"
    (library / FOLDER).mkdir(exist_ok=True)
    if not (library / FOLDER / name).exists():
        with written_whole(library / FOLDER / name) as aside:
            shutil.copyfile(path, aside)
    return name


def sweep(library: Path, wanted: Iterable[str]) -> int:
    """Remove the kept files that no clip names: what killed or refused ingests left. Returns how many. Writer only."""
    lost = {path.name for path in (library / FOLDER).glob("*")} - set(wanted)
    for name in lost:
        (library / FOLDER / name).unlink(missing_ok=True)
    return len(lost)


def read_kept(row: Mapping[str, Any], library: Path, view: View | None, truth: bytes | None) -> Clip:
    """The clip of a row whose file is kept. Raises CuspError if the file is gone, or ends before its clip does."""
    shape = (view or View()).shape(row)
    path, seconds = library / FOLDER / row["file"], row["time"] / row["fps"]
    if not path.is_file():
        raise CuspError("its kept file is gone; ingest it anew")
    size, fps = (shape["height"], shape["width"]), shape["fps"]
    clip = Clip.read(path, start=row["start"], seconds=seconds, size=size, fps=fps, partial=True)
    frames = clip.frames[: shape["time"]]
    if len(frames) < shape["time"]:  # the last frame is shown until the clip ends
        frames = np.concatenate([frames, np.repeat(frames[-1:], shape["time"] - len(frames), axis=0)])
    known = None if truth is None else Truth.from_bytes(truth)
    if known is not None and shape["time"] != row["time"]:
        known = at_frames(known, row["fps"], shape["time"], shape["fps"])
    return Clip(frames, fps, row["caption"], known)


def at_frames(truth: Truth, rate: float, frames: int, fps: float) -> Truth:
    """A truth whose tables have `rate` rows a second, with the rows that hold at `frames` frames of `fps`."""
    from dataclasses import replace

    times = np.floor(np.arange(frames) / fps * rate + 1e-6).astype(int)
    tables = {name: t for name in ("state", "action") if (t := getattr(truth, name)) is not None}
    return replace(truth, **{name: table[np.minimum(times, len(table) - 1)] for name, table in tables.items()})
