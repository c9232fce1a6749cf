"""One row a clip: the table's columns, its schema version, and a clip's way into a row and out of it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa

from cuspworld.clip import Clip
from cuspworld.errors import CuspError
from cuspworld.library.kept import View, read_kept
from cuspworld.library.storage import pack_frames, unpack_frames
from cuspworld.truth import Truth

VERSION = 3  # raise it whenever a column changes its name, type or meaning
READ = (1, 2, 3)  # 1 has no columns from `file` on, 2 no `made`; a writer adds them
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
        pa.field("frames", pa.large_binary(), nullable=False),  # storage.py; empty where a file is kept
        # What is known of recorded clips only; null for the others.
        pa.field("world", pa.string()),
        pa.field("seed", pa.int64()),
        pa.field("ranges", pa.string()),  # the world's parameter split: train, out, recombination or varied
        pa.field("twin", pa.string()),  # the broken law of an impossible twin
        pa.field("branch", pa.string()),
        pa.field("events", pa.list_(pa.struct([("name", pa.string()), ("time", pa.float64())]))),
        pa.field("truth", pa.large_binary()),  # Truth.to_bytes: an npz without pickles
        # What is known of clips of files only.
        pa.field("file", pa.string()),  # the kept file that is decoded when the clip is read (kept.py)
        pa.field("start", pa.float64()),  # seconds into its file
        pa.field("place", pa.string()),  # the folder or address that it came from
        pa.field("content", pa.string()),  # hash of the file's bytes
        pa.field("picture", pa.binary()),  # what it looks like, in 192 bits (measuring.py)
        pa.field("sharpness", pa.float32()),  # variance of the Laplacian, grey levels squared: low is blurred
        pa.field("motion", pa.float32()),  # mean change from frame to frame, grey levels
        pa.field("black", pa.float32()),  # share of black frames
        pa.field("made", pa.string()),  # how a simulator made it, as JSON: prompt, seed, model, ...
    ],
    metadata={VERSION_NAME: str(VERSION).encode()},
)

CLIP_COLUMNS = ("key", "caption", "fps", "time", "height", "width", "frames", "file", "start", "made")


def check_version(schema: Any, path: Any) -> None:
    """Raise CuspError unless the table is a library of this version."""
    found = (schema.metadata or {}).get(VERSION_NAME)
    if found is None:
        raise CuspError(f"{path} is a Lance table but not a library of clips: make one with `cusp record` or `ingest`")
    if found not in [str(version).encode() for version in READ]:
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
    return {
        "key": key,
        "source": source,
        "split": split_of(group),
        "caption": clip.caption,
        "fps": float(clip.fps),
        "time": time,
        "height": height,
        "width": width,
        "frames": pack_frames(clip.frames),
        "made": made_text(clip.made),
        **truth_columns(clip.truth),
    }


def truth_columns(truth: Truth | None) -> dict[str, Any]:
    """The columns that a clip's truth fills; a robot's recording has states and actions but no world."""
    row: dict[str, Any] = {}
    if truth is not None:
        row |= {
            "world": truth.world or None,
            "seed": truth.parameters.get("seed"),
            "ranges": truth.parameters.get("split"),
            "twin": truth.violation.twin if truth.violation else None,
            "branch": truth.branch if truth.world else None,
            "events": [{"name": event.name, "time": event.time} for event in truth.events],
            "truth": truth.to_bytes(),
        }
    return row


def made_text(made: Mapping[str, Any]) -> str | None:
    """The column `made` of a clip; null for what no simulator made."""
    return json.dumps(made, sort_keys=True, default=str) if made else None


def made_of(text: str | None) -> dict[str, Any]:
    """What a column `made` says. Raises ValueError where it says nothing that can be."""
    made = json.loads(text) if text else {}
    if not isinstance(made, dict):
        raise ValueError(f"made must be a JSON object: got {text!r:.60}")
    return made


def table_of(rows: Sequence[Mapping[str, Any]]) -> Any:
    """Rows as an Arrow table of `SCHEMA`."""
    return pa.Table.from_pylist([in_letters(row) for row in rows], schema=SCHEMA)


def in_letters(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row whose texts Arrow takes."""
    return {name: letters(value) if isinstance(value, str) else value for name, value in row.items()}


def letters(text: str) -> str:
    """A text in UTF-8: what is none, as in file names of another encoding and in hostile JSON, is spelled."""
    return text.encode("utf-8", "backslashreplace").decode()


def clip_of(row: Mapping[str, Any], folder: Path, view: View | None = None) -> Clip:
    """The clip of a row that was read with `CLIP_COLUMNS`, and with its truth where that column was read too.

    `folder`: the library's, where kept files lie; `view`: how these are decoded, if not as they are.
    """
    try:
        made = made_of(row.get("made"))
        if row.get("file"):
            return replace(read_kept(row, folder, view, truth=row.get("truth")), made=made)
        frames = unpack_frames(row["frames"], (row["time"], row["height"], row["width"]))
        truth = Truth.from_bytes(row["truth"]) if row.get("truth") is not None else None
        return Clip(frames, row["fps"], row["caption"], truth, made)
    except (CuspError, TypeError, ValueError, RecursionError) as error:  # a column missing, null or nonsense
        raise CuspError(f"the clip {row['key']!r} of the library cannot be read: {error}") from error
