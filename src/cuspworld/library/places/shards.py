"""WebDataset: tar files, plain or compressed, whose entries NAME.mp4, NAME.txt, NAME.json are one sample.

Nothing is unpacked by the tar's own rules: only plain files with plain names are read, each at most so large, and a
compressed tar that unpacks to a hundred times its size is refused.
"""

from __future__ import annotations

import json
import tarfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Any

from cuspworld.errors import CuspError
from cuspworld.library.caption_tables import LONGEST, TEXT, decoded
from cuspworld.library.places.place import BATCH_BYTES, BATCH_FILES, LARGEST_FILE, Batch, Video
from cuspworld.video.read import SUFFIXES

TARS = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz")
_BOMB = 100  # times its size; video hardly shrinks
_SMALL = 64 << 20  # bytes below which a tar may unpack to anything
_TEXT_BYTES = 4 << 20  # of a caption's file


@dataclass(frozen=True)
class Shards:
    """Some tar files; `name`: of the place."""

    name: str
    tars: tuple[Path, ...]

    def batches(self) -> Iterator[Batch]:
        found = 0
        for tar in self.tars:
            for batch in unpacked(tar):
                found += len(batch.videos) + len(batch.problems)
                yield batch
        if not found:
            raise CuspError(f"no video in {self.name}: a sample of a WebDataset is NAME.mp4 with NAME.txt or NAME.json")


def unpacked(path: Path) -> Iterator[Batch]:
    """The samples of a tar, some at a time, in a folder that is gone with the next batch. A bad tar ends early."""
    videos: list[Video] = []
    texts: dict[str, dict[str, str]] = {}
    problems: list[tuple[str, str]] = []
    taken = 0
    folder = TemporaryDirectory(prefix="cusp-")

    def batch() -> Batch:
        told = [replace(v, caption=_caption(texts.get(_sample(v.name.partition("/")[2]), {}))) for v in videos]
        return Batch(tuple(told), tuple(problems))

    try:
        room = max(_SMALL, _BOMB * path.stat().st_size)
        with tarfile.open(path, "r|*") as tar:
            for entry in tar:
                if not entry.isdir():
                    room -= entry.size
                if room < 0:
                    raise CuspError(f"it unpacks to more than {_BOMB} times its size, and is refused from here on")
                suffix = _suffix(entry.name)
                if suffix not in (*SUFFIXES, ".txt", ".json"):
                    continue
                if wrong := _wrong(entry):
                    problems.append((f"{path.name}/{entry.name[:200]}", wrong))
                    continue
                file = tar.extractfile(entry)
                if file is None:
                    continue
                if suffix in SUFFIXES:
                    full = len(videos) >= BATCH_FILES or taken > BATCH_BYTES
                    # What belongs to the last sample may still come: it goes on into the next batch.
                    if full and _sample(entry.name) != _sample(videos[-1].name.partition("/")[2]):
                        yield batch()
                        videos, texts, problems, taken = [], {}, [], 0
                        folder.cleanup()
                        folder = TemporaryDirectory(prefix="cusp-")
                    lies = Path(folder.name) / f"{len(videos):06d}{suffix}"
                    with lies.open("wb") as out:
                        while part := file.read(1 << 20):
                            out.write(part)
                    taken += entry.size
                    videos.append(Video(f"{path.name}/{entry.name}", str(lies)))
                else:
                    texts.setdefault(_sample(entry.name), {})[suffix] = decoded(file.read(_TEXT_BYTES))[0]
    except (tarfile.TarError, OSError, EOFError, ValueError, zlib.error, CuspError) as error:
        problems.append((path.name, str(error) or type(error).__name__))
    yield batch()
    folder.cleanup()


def _suffix(name: str) -> str:
    return PurePosixPath(name).suffix.lower()


def _sample(name: str) -> str:
    """The name up to the first point of its last part: what the entries of one sample share."""
    folder, _, last = name.rpartition("/")
    return f"{folder}/{last.partition('.')[0]}"


def _wrong(entry: tarfile.TarInfo) -> str:
    parts = PurePosixPath(entry.name).parts
    if not entry.isreg() or entry.issparse():
        return "a link or a special file of a tar is not followed"
    if ".." in parts or entry.name.startswith("/") or "\0" in entry.name:
        return "a name that leads out of the tar is refused"
    if entry.size > LARGEST_FILE:
        return f"is larger than {LARGEST_FILE >> 30} GiB"
    return ""


def _caption(texts: dict[str, str]) -> str | None:
    if ".txt" in texts:
        return " ".join(texts[".txt"].split())[:LONGEST]
    try:
        values: Any = json.loads(texts.get(".json", "null"))
    except (ValueError, RecursionError):
        return None
    found = (
        next((values[name] for name in TEXT if isinstance(values.get(name), str)), None)
        if isinstance(values, dict)
        else None
    )
    return None if found is None else found[:LONGEST]
