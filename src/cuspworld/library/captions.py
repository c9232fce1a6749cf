"""Captions of a folder of videos: by its tables (caption_tables.py), or a text file of the video's stem: beside it, or
in another folder where only one video has that stem.

A row names its video as it likes: by its path inside the folder or inside the table's own folder, without its suffix,
by a path on another machine that ends in it, in either Unicode form. A row that fits none, or several, is named.
"""

from __future__ import annotations

import json
import unicodedata
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

from cuspworld.library.caption_tables import LONGEST, decoded, promised, rows_of, tables_in, text_of
from cuspworld.video.read import SUFFIXES

_LARGEST = 4 << 20  # bytes of a file of one caption
_NAMED = 3  # rows without a video that are named one by one


@dataclass(frozen=True)
class Captions:
    """`of`: caption by the video's path inside the folder. `problems`: rows that were left out, and why."""

    of: dict[str, str]
    problems: list[str]


def read_captions(folder: Path, videos: Collection[Path]) -> Captions:
    """The captions of these videos of a folder. A bad line spoils only itself."""
    names = [video.relative_to(folder).as_posix() for video in videos]
    places = _Places(names)
    own = {(video.parent, stem) for video in videos for stem in (video.name, video.stem)}
    captions: dict[str, str] = {}
    problems: list[str] = []
    for table in tables_in(folder):
        if table.suffix.lower() in (".txt", ".json") and not promised(table):
            if (table.parent, table.stem) in own:
                continue  # `caption_beside` reads it
            if found := places.of(table.stem, "."):
                text, note = _told(table, folder)
                problems += [f"{table.relative_to(folder).as_posix()} {note}"] if note else []
                if text is not None:
                    captions[found] = text
                continue
        name = table.relative_to(folder).as_posix()
        rows, notes = rows_of(table, folder)
        strangers, here, again = [], set[str](), []
        for row in rows:
            found = places.of(row.file, table.relative_to(folder).parent.as_posix())
            if found is None:
                strangers.append(row.file)
            else:
                again += [row.file] if found in here and captions[found] != row.text else []
                here.add(found)
                captions[found] = row.text
        if not here and not promised(table):
            continue  # a table of something else
        problems += [f"{name}{',' if note.startswith('line ') else ''} {note}" for note in notes]
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


def caption_beside(video: Path, folder: Path) -> tuple[str | None, str]:
    """(the text of the file of the video's stem or name beside it, what is to be said of it): `.txt`, `.caption`, or
    `.json` with a caption in it. A link that leads out of the folder is not followed."""
    note = ""
    for name in (video.stem, video.name):
        for suffix in (".txt", ".TXT", ".caption", ".json"):
            beside = video.with_name(name + suffix)
            text, note = _told(beside, folder)
            if text is not None or note:
                return text, note and f"{beside.name} {note}"
    return None, ""


def _told(file: Path, folder: Path) -> tuple[str | None, str]:
    """(the text of a file of one caption, what is to be said of it)."""
    try:
        if not file.is_file() or not file.resolve().is_relative_to(folder.resolve()):
            return None, ""
        with file.open("rb") as bytes_of:
            text, notes = decoded(bytes_of.read(_LARGEST))
        told = text_of(json.loads(text)) if file.suffix.lower() == ".json" else text
        return (None if told is None else " ".join(told[:LONGEST].split())), "; ".join(notes)
    except UnicodeDecodeError:
        return None, "is in no encoding that is known: save it as UTF-8"
    except (OSError, ValueError, RecursionError):  # no file, or one of something else
        return None, ""


class _Places:
    """Videos by every way to name them: their path and each shorter end of it, with and without suffix."""

    def __init__(self, names: Iterable[str]):
        self.ends: dict[str, set[str]] = defaultdict(set)
        self.whole: dict[str, str] = {}
        for name in names:
            path = PurePosixPath(_composed(name))
            self.whole[str(path)] = name
            for form in {path, path.with_suffix("")}:
                for start in range(len(form.parts)):
                    end = "/".join(form.parts[start:])
                    self.ends[end].add(name)
                    self.ends[f"any case: {end.casefold()}"].add(name)

    def of(self, file: str, inside: str) -> str | None:
        """The video that a row of a table in the folder `inside` names; None for none or several. Where none has that
        name: the one of that name in other letters, at that address, or of that stem with another suffix."""
        parts = PurePosixPath(_composed(file).replace("\\", "/")).parts
        parts = tuple(part for part in parts if part not in ("/", "."))
        for whole in ("/".join((*PurePosixPath(inside).parts, *parts)), "/".join(parts)):
            if whole in self.whole:
                return self.whole[whole]
        address = PurePosixPath(unquote(urlsplit(file).path if "://" in file else file))
        stem = address.with_suffix("") if address.suffix.lower() in SUFFIXES else address
        for named in (parts, address.parts, stem.parts):
            for start in range(len(named)):
                end = "/".join(named[start:])
                if found := self.ends.get(end) or self.ends.get(f"any case: {end.casefold()}"):
                    return next(iter(found)) if len(found) == 1 else None
        return None


def _composed(text: str) -> str:
    return unicodedata.normalize("NFC", text)
