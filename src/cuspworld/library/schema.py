"""One row a clip: the table's columns, its schema version, and a clip's way into a row and out of it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from cuspworld.clip import Clip
from cuspworld.errors import CuspError
from cuspworld.library.storage import pack_frames, unpack_frames
from cuspworld.truth import Truth

VERSION = 1  # raise it whenever a column changes its name, type or meaning
VERSION_NAME = b"cuspworld.library"

SPLITS = ("train", "dev", "test")
_SHARES = (0.8, 0.9, 1.0)  # where the splits end in [0, 1)

SCHEMA = pa.schema(
    [
        pa.field("key", pa.string(), nullable=False),  # what the clip is; no two rows share it, and it is the order
        pa.field("source", pa.string(), nullable=False),  # the world, or the file's path inside the folder
        pa.field("split", pa.string(), nullable=False),  # train, dev or test
        pa.field("caption", pa.string(), nullable=False),
        pa.field("fps", pa.float64(), nullable=False),
        pa.field("time", pa.int32(), nullable=False),  # frames
        pa.field("height", pa.int32(), nullable=False),
        pa.field("width", pa.int32(), nullable=False),
        pa.field("frames", pa.large_binary(), nullable=False),  # storage.py
        # What is known of recorded clips only; null for the others.
        pa.field("world", pa.string()),
        pa.field("seed", pa.int64()),
        pa.field("ranges", pa.string()),  # the world's parameter split: train, out, recombination or varied
        pa.field("twin", pa.string()),  # the broken law of an impossible twin
        pa.field("branch", pa.string()),
        pa.field("events", pa.list_(pa.struct([("name", pa.string()), ("time", pa.float64())]))),
        pa.field("truth", pa.large_binary()),  # Truth.to_bytes: an npz without pickles
    ],
    metadata={VERSION_NAME: str(VERSION).encode()},
)

CLIP_COLUMNS = ("key", "caption", "fps", "time", "height", "width", "frames")


def check_version(schema: Any, path: Any) -> None:
    """Raise CuspError unless the table is a library of this version."""
    found = (schema.metadata or {}).get(VERSION_NAME)
    if found is None:
        raise CuspError(f"{path} is a Lance table but not a library of clips: make one with `cusp record` or `ingest`")
    if found != str(VERSION).encode():
        raise CuspError(
            f"{path} is a library of schema version {found.decode(errors='replace')}; this cuspworld reads version "
            f"{VERSION}: use the cuspworld that wrote it, or record and ingest anew"
        )


def split_of(group: str) -> str:
    """train (80 %), dev (10 %) or test (10 %), by a hash that never changes. Clips of one group stay together."""
    place = int.from_bytes(hashlib.sha256(group.encode()).digest()[:8], "big") / 2**64
    return next(split for split, end in zip(SPLITS, _SHARES, strict=True) if place < end)


def row_of(clip: Clip, key: str, source: str, group: str) -> dict[str, Any]:
    """A clip as a row. `group`: what decides its split, the same for clips that show nearly the same."""
    time, height, width, _ = clip.frames.shape
    row: dict[str, Any] = {
        "key": key,
        "source": source,
        "split": split_of(group),
        "caption": clip.caption,
        "fps": float(clip.fps),
        "time": time,
        "height": height,
        "width": width,
        "frames": pack_frames(clip.frames),
    }
    if clip.truth is not None:
        truth = clip.truth
        row |= {
            "world": truth.world,
            "seed": truth.parameters.get("seed"),
            "ranges": truth.parameters.get("split"),
            "twin": truth.violation.twin if truth.violation else None,
            "branch": truth.branch,
            "events": [{"name": event.name, "time": event.time} for event in truth.events],
            "truth": truth.to_bytes(),
        }
    return row


def table_of(rows: Sequence[Mapping[str, Any]]) -> Any:
    """Rows as an Arrow table of `SCHEMA`."""
    return pa.Table.from_pylist([dict(row) for row in rows], schema=SCHEMA)


def clip_of(row: Mapping[str, Any]) -> Clip:
    """The clip of a row that was read with `CLIP_COLUMNS`, and with its truth where that column was read too."""
    try:
        frames = unpack_frames(row["frames"], (row["time"], row["height"], row["width"]))
        truth = Truth.from_bytes(row["truth"]) if row.get("truth") is not None else None
        return Clip(frames, row["fps"], row["caption"], truth)
    except (CuspError, TypeError, ValueError) as error:  # a column that is missing, null or not a number
        raise CuspError(f"the clip {row['key']!r} of the library cannot be read: {error}") from error
