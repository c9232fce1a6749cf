"""Captions of a folder of videos: by its tables (caption_tables.py), or a text file of the video's stem beside it.

A row names its video as it likes: by its path inside the folder or inside the table's own folder, without its suffix,
by a path on another machine that ends in it, in either Unicode form. A row that fits none, or several, is named.
"""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from cuspworld.library.caption_tables import LONGEST, decoded, rows_of, tables_in

_NAMED = 3  # rows without a video that are named one by one


@dataclass(frozen=True)
class Captions:
    """`of`: caption by the video's path inside the folder. `problems`: rows that were left out, and why."""

    of: dict[str, str]
    problems: list[str]


def read_captions(folder: Path, videos: Iterable[Path]) -> Captions:
    """The captions of these videos of a folder. A bad line spoils only itself."""
    names = [video.relative_to(folder).as_posix() for video in videos]
    places = _Places(names)
    captions: dict[str, str] = {}
    problems: list[str] = []
    for table in tables_in(folder):
        name = table.relative_to(folder).as_posix()
        rows, notes = rows_of(table, folder)
        problems += [f"{name} {note}" for note in notes]
        strangers, here, again = [], set[str](), []
        for row in rows:
            if row.wrong:
                problems.append(f"{name}, line {row.line}: {row.wrong}")
            if row.file:
                found = places.of(row.file, table.relative_to(folder).parent.as_posix())
                if found is None:
                    strangers.append(row.file)
                else:
                    again += [row.file] if found in here and captions[found] != row.text else []
                    here.add(found)
                    captions[found] = row.text
        if again:
            problems.append(
                f"{name}: {len(again)} more row(s) for a video that has one; the last counts ({again[0]!r})"
            )
        if strangers:
            first = ", ".join(repr(file[:80]) for file in strangers[:_NAMED])
            problems.append(
                f"{name}: {len(strangers)} of {len(rows)} rows name no video of the folder, or several ({first})"
            )
    return Captions(captions, problems)


def caption_beside(video: Path, folder: Path) -> str | None:
    """The text file of the video's stem, if there is one that can be read; a link that leads out of the folder is
    not followed."""
    beside = video.with_suffix(".txt")
    try:
        if not beside.resolve().is_relative_to(folder.resolve()):
            return None
        return " ".join(decoded(beside.read_bytes())[0][:LONGEST].split())
    except (OSError, ValueError):
        return None


class _Places:
    """Videos by every way to name them: their path and each shorter end of it, with and without suffix."""

    def __init__(self, names: Iterable[str]):
        self.ends: dict[str, set[str]] = defaultdict(set)
        self.whole: dict[str, str] = {}
        for name in names:
            path = PurePosixPath(_composed(name))
            self.whole[str(path)] = name
            for form in (path, path.with_suffix("")):
                for start in range(len(form.parts)):
                    self.ends["/".join(form.parts[start:])].add(name)

    def of(self, file: str, inside: str) -> str | None:
        """The video that a row of a table in the folder `inside` names; None for none or several."""
        parts = PurePosixPath(_composed(file).replace("\\", "/")).parts
        parts = tuple(part for part in parts if part not in ("/", "."))
        for whole in ("/".join((*PurePosixPath(inside).parts, *parts)), "/".join(parts)):
            if whole in self.whole:
                return self.whole[whole]
        for start in range(len(parts)):
            if found := self.ends.get("/".join(parts[start:])):
                return next(iter(found)) if len(found) == 1 else None
        return None


def _composed(text: str) -> str:
    return unicodedata.normalize("NFC", text)
