"""Captions of a folder of videos: metadata.jsonl, metadata.csv, or a text file of the video's stem beside it.

The two tables follow the Hugging Face convention: a column `file_name` (a path inside the folder) and one of `caption`,
`text` or `prompt`.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

_FILE = ("file_name", "file", "path", "video")
_TEXT = ("caption", "text", "prompt")
_NEEDS = f"needs a file ({', '.join(_FILE)}) and a text ({', '.join(_TEXT)})"
LONGEST = 100_000  # characters


def read_captions(folder: Path) -> tuple[dict[str, str], list[str]]:
    """(caption by the video's path inside the folder, problems of the tables). A bad line spoils only itself."""
    captions: dict[str, str] = {}
    problems: list[str] = []
    for file, rows in ((folder / "metadata.csv", _csv_rows), (folder / "metadata.jsonl", _jsonl_rows)):
        if not file.is_file():
            continue
        try:
            for line, row in rows(file):
                found = _caption_of(row)
                if found is None:
                    problems.append(
                        f"{file.name}, line {line}: needs one of {', '.join(_FILE)} and of {', '.join(_TEXT)}"
                    )
                else:
                    captions[found[0]] = found[1]
        except (OSError, UnicodeDecodeError, csv.Error) as error:
            problems.append(f"{file.name} cannot be read: {error}")
    return captions, problems


def caption_beside(video: Path) -> str | None:
    """The text file of the video's stem, if there is one that can be read."""
    try:
        return " ".join(video.with_suffix(".txt").read_text(encoding="utf-8", errors="replace")[:LONGEST].split())
    except OSError:
        return None


def _caption_of(row: Any) -> tuple[str, str] | None:
    if not isinstance(row, Mapping):
        return None
    file = next((row[name] for name in _FILE if isinstance(row.get(name), str)), None)
    text = next((row[name] for name in _TEXT if isinstance(row.get(name), str)), None)
    if not file or text is None:
        return None
    return Path(file).as_posix(), text[:LONGEST].strip()


def _jsonl_rows(file: Path) -> Iterator[tuple[int, Any]]:
    with file.open(encoding="utf-8-sig") as lines:
        for number, line in enumerate(lines, 1):
            if line.strip():
                try:
                    yield number, json.loads(line)
                except ValueError:
                    yield number, None


def _csv_rows(file: Path) -> Iterator[tuple[int, Any]]:
    with file.open(encoding="utf-8-sig", newline="") as lines:
        reader = csv.DictReader(lines)
        for row in reader:
            yield reader.line_num, row
