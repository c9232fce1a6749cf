"""What workers share: rows written as a fragment that nobody sees yet, and how it is committed.

A worker writes a data file into the table's folder and hands back what describes it; only the one process that holds
the library commits, and a commit is one rename: a fragment's clips are all in the table, or none of them is. What a
killed worker or driver leaves is a file that no version of the table mentions.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cuspworld.errors import CuspError
from cuspworld.library.schema import SCHEMA, table_of


@dataclass(frozen=True)
class Done:
    """A finished share: fragments to commit (JSON), the number of clips in them, and (what, why) of those left out."""

    fragments: tuple[str, ...]
    clips: int
    problems: tuple[tuple[str, str], ...]


def write_rows(path: str, rows: Sequence[Mapping[str, Any]], problems: Sequence[tuple[str, str]] = ()) -> Done:
    """Write rows as a fragment beside the table at `path`, uncommitted. Raises CuspError if the disk refuses."""
    if not rows:
        return Done((), 0, tuple(problems))
    from lance.fragment import write_fragments

    try:
        fragments = write_fragments(table_of(rows), path, schema=SCHEMA)
    except OSError as error:
        raise CuspError(f"cannot write to the library {path}: {error}") from error
    return Done(tuple(json.dumps(f.to_json()) for f in fragments), len(rows), tuple(problems))


def commit(path: str, done: Done) -> None:
    """Put a finished share into the table, whole or not at all."""
    if not done.fragments:
        return
    import lance

    try:
        version = lance.dataset(path).version
        fragments = [lance.FragmentMetadata.from_json(text) for text in done.fragments]
        lance.LanceDataset.commit(path, lance.LanceOperation.Append(fragments), read_version=version)
    except OSError as error:
        raise CuspError(f"cannot write to the library {path}: {error}") from error
