"""Taking a folder of videos into a library: which files, and the worker that reads some of them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from cuspworld.clip import Clip
from cuspworld.errors import CuspError
from cuspworld.library.captions import caption_beside
from cuspworld.library.schema import row_of
from cuspworld.library.work import Done, write_rows
from cuspworld.video.files import probe


@dataclass(frozen=True)
class Reading:
    """How files are read: `size` and `fps` as in `Clip.read` (None keeps the file's own); cut to clips of `seconds`."""

    size: int | tuple[int, int] | None
    fps: float | None
    seconds: float | None


@dataclass(frozen=True)
class File:
    """A video of the folder: its path inside it, the key of its clips in the library, and its table's caption."""

    name: str
    key: str
    content: str  # hash of its bytes
    caption: str | None


@dataclass(frozen=True)
class IngestTask:
    """Read these files of `folder` and write their clips beside the library at `path`, uncommitted."""

    path: str
    folder: str
    reading: Reading
    items: tuple[File, ...]


def describe(folder: Path, path: Path, reading: Reading, captions: Mapping[str, str]) -> File:
    """A video's identity: another file under the same name, or another way to read it, is another clip."""
    name = path.relative_to(folder).as_posix()
    with path.open("rb") as file:
        content = hashlib.file_digest(file, "sha256").hexdigest()
    identity = hashlib.sha256(f"{content} {reading}".encode()).hexdigest()[:12]
    return File(name, f"{name}/{identity}", content, captions.get(name))


def ingest_files(task: IngestTask) -> Done:
    """A worker's share. A file that cannot be read as a whole is reported and left out."""
    rows: list[dict[str, Any]] = []
    problems = []
    for file in task.items:
        path = Path(task.folder) / file.name
        try:
            caption = file.caption if file.caption is not None else caption_beside(path, Path(task.folder))
            read = [
                row_of(clip if caption is None else replace(clip, caption=caption), key, file.name, file.content)
                for key, clip in _clips(path, file.key, task.reading)
            ]
        except (CuspError, MemoryError, OSError) as error:
            problems.append((file.name, str(error) or type(error).__name__))
            continue
        rows += read
    return write_rows(task.path, rows, problems)


def _clips(path: Path, key: str, reading: Reading) -> Iterator[tuple[str, Clip]]:
    """(key, clip): the whole file, or its pieces of `seconds`."""
    if reading.seconds is None:
        yield key, Clip.read(path, size=reading.size, fps=reading.fps)
        return
    info = probe(path)
    chunk = max(1, round(reading.seconds * (reading.fps or info.fps)))
    for index, piece in enumerate(Clip.stream(path, chunk, size=reading.size, fps=reading.fps)):
        yield f"{key}/{index:06d}", replace(piece, caption=info.caption)
