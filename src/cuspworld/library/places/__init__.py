"""Where clips come from: one kind of place a file, told by what it looks like."""

from __future__ import annotations

import glob
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cuspworld.errors import CuspError
from cuspworld.library.places.address import Address
from cuspworld.library.places.folder import Folder, matching
from cuspworld.library.places.lerobot import LeRobotDataset
from cuspworld.library.places.parquet import Tables, holds_videos
from cuspworld.library.places.place import Batch, Place
from cuspworld.library.places.shards import TARS, Shards
from cuspworld.video.folder import is_video, look
from cuspworld.video.read import SUFFIXES


def open_place(text: str) -> Place:
    """The place that a person names: an address, a glob, a file, a folder. Raises CuspError if it is none of these, or
    holds no video as far as can be told without reading it."""
    if "://" in text:
        return Address(text)
    path = Path(text)
    if not path.exists():
        if glob.has_magic(text):
            return matching(text)
        raise CuspError(f"{text} does not exist: give a folder that holds videos ({', '.join(SUFFIXES)})")
    if path.is_file():
        if path.name.lower().endswith(TARS):
            return Shards(str(path.resolve()), (path,))
        if path.suffix.lower() in (".parquet", ".arrow"):
            return Tables(str(path.resolve()), (path,))
        if not is_video(path):
            raise CuspError(f"the folder {text} is a file: give a folder that holds videos ({', '.join(SUFFIXES)})")
        return Folder(path.parent, frozenset([path.resolve()]))
    if _is_lerobot(path):
        return LeRobotDataset(path)
    inside = [file for file in sorted(path.rglob("*")) if file.is_file() and _below(file, path)]
    name = str(path.resolve())
    kinds: list[Place] = []
    if tars := tuple(file for file in inside if file.name.lower().endswith(TARS)):
        kinds.append(Shards(name, tars))
    if tables := tuple(f for f in inside if f.suffix.lower() in (".parquet", ".arrow") and holds_videos(f)):
        kinds.append(Tables(name, tables))
    try:
        look(path)  # says what is wrong, if there is no video
        kinds.insert(0, Folder(path))
    except CuspError:
        if not kinds:
            raise
    return kinds[0] if len(kinds) == 1 else Mixed(name, tuple(kinds))


@dataclass(frozen=True)
class Mixed:
    """A folder that holds videos as files, in tars and in tables: all are read."""

    name: str
    kinds: tuple[Place, ...]

    def batches(self) -> Iterator[Batch]:
        for kind in self.kinds:
            try:
                yield from kind.batches()
            except CuspError as error:
                yield Batch((), ((type(kind).__name__.lower(), str(error)),))


def _below(file: Path, folder: Path) -> bool:
    """Neither hidden nor a link that leads out of the folder."""
    shown = not any(part.startswith(".") for part in file.relative_to(folder).parts)
    return shown and file.resolve().is_relative_to(folder.resolve())


def _is_lerobot(folder: Path) -> bool:
    try:
        return "codebase_version" in json.loads((folder / "meta" / "info.json").read_text(encoding="utf-8"))
    except (OSError, ValueError, TypeError):
        return False
