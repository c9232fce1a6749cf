"""The tables of captions in a folder of videos: rows of (file, text), whatever wrote them.

`metadata.csv`, `.tsv`, `.json`, `.jsonl` and `.parquet` anywhere in the folder (Hugging Face's convention, in its split
folders too, and Open-Sora's `path,text`), with commas, semicolons or tabs, in UTF-8, UTF-16 or Windows-1252; and
`videos.txt` beside `prompts.txt`, a line each (CogVideoX, finetrainers). Links that lead out of the folder are refused.
"""

from __future__ import annotations

import codecs
import csv
import io
import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FILE = ("file_name", "filename", "file", "path", "video", "video_path")
TEXT = ("caption", "text", "prompt", "description")
TABLES = ("metadata.csv", "metadata.tsv", "metadata.json", "metadata.jsonl", "metadata.parquet")
LONGEST = 100_000  # characters of a caption


@dataclass(frozen=True)
class Row:
    """One row of a table: where it stands, the file that it names and its text, or what is wrong with it."""

    line: int
    file: str
    text: str
    wrong: str = ""


def tables_in(folder: Path) -> list[Path]:
    """The tables of a folder and its sub-folders, the outer ones first and jsonl last: a later row wins."""
    names = {*TABLES, "videos.txt"}
    found = [path for path in folder.rglob("*") if path.name.lower() in names and path.is_file()]
    shown = [path for path in found if not any(part.startswith(".") for part in path.relative_to(folder).parts)]
    return sorted(shown, key=lambda path: (len(path.parts), path.suffix.lower() == ".jsonl", str(path)))


def rows_of(table: Path, folder: Path) -> tuple[list[Row], list[str]]:
    """(the rows of a table, what is to be said of it). A bad row spoils only itself; what cannot be read has none, and
    neither has a link that leads out of `folder`."""
    try:
        _inside(table, folder)
        if table.suffix.lower() == ".parquet":
            return [_row(line, values) for line, values in _parquet(table)], []
        text, notes = decoded(table.read_bytes())
        if table.suffix.lower() == ".txt":
            return _pairs(table, folder, text), notes
        read = {".jsonl": _jsonl, ".json": _json}.get(table.suffix.lower(), _csv)
        rows = [_row(line, values) for line, values in read(text)]
        return rows, notes if rows else [*notes, "has no rows: its first line names the columns, as file_name,text"]
    except (OSError, ValueError, RecursionError, csv.Error) as error:  # Arrow's errors are ValueErrors, or OSErrors
        return [], [f"cannot be read: {error}"]


def _inside(path: Path, folder: Path) -> None:
    if not path.resolve().is_relative_to(folder.resolve()):
        raise ValueError(f"{path.name} is a link that leads out of the folder, and is not followed")


def decoded(data: bytes) -> tuple[str, list[str]]:
    """(text, notes): by its byte order mark, else UTF-8, else Windows-1252 with a note. Raises UnicodeDecodeError."""
    if data.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        return data.decode("utf-32"), []
    start = data[: min(len(data), 16) // 2 * 2]  # of a header in ASCII, every other byte is 0
    for first, encoding in ((0, "utf-16-be"), (1, "utf-16-le")):
        if start and not any(start[first::2]) and all(start[1 - first :: 2]):
            return data.decode(encoding), []
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16"), []
    try:
        return data.decode("utf-8-sig"), []
    except UnicodeDecodeError:
        text = data.decode("cp1252")
        return text, ["is not UTF-8: read as Windows-1252; save it as UTF-8 if its letters come out wrong"]


def _row(line: int, values: Any) -> Row:
    if isinstance(values, Mapping):
        named = {str(name).strip().lower(): value for name, value in values.items() if isinstance(value, str)}
        file = next((named[name] for name in FILE if named.get(name)), None)
        text = next((named[name] for name in TEXT if name in named), None)
        if file and text is not None:
            return _cut(line, file.strip(), text.strip())
    return Row(line, "", "", f"needs one of {', '.join(FILE)} and of {', '.join(TEXT)}")


def _cut(line: int, file: str, text: str) -> Row:
    text = text.encode("utf-8", "replace").decode()  # a lone surrogate is no letter
    if len(text) <= LONGEST:
        return Row(line, file, text)
    return Row(line, file, text[:LONGEST], f"a caption of {len(text)} characters is cut to {LONGEST}")


def _jsonl(text: str) -> Iterator[tuple[int, Any]]:
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            try:
                yield number, json.loads(line)
            except (ValueError, RecursionError):
                yield number, None


def _json(text: str) -> Iterator[tuple[int, Any]]:
    """A list of rows, or a mapping from files to their texts."""
    read = json.loads(text)
    if isinstance(read, Mapping):
        read = [{FILE[0]: file, TEXT[0]: text} for file, text in read.items()]
    yield from enumerate(read if isinstance(read, list) else [read], 1)


def _csv(text: str) -> Iterator[tuple[int, Any]]:
    header = text.partition("\n")[0]
    try:
        delimiter = csv.Sniffer().sniff(header, delimiters=",;\t|").delimiter
    except csv.Error:
        delimiter = ","
    before = csv.field_size_limit(min(sys.maxsize, 2**31 - 1))  # one long caption must not lose the whole table
    try:
        reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter)
        for row in reader:
            yield reader.line_num, row
    finally:
        csv.field_size_limit(before)


def _parquet(table: Path) -> Iterator[tuple[int, Any]]:
    from pyarrow import parquet

    with parquet.ParquetFile(table) as file:
        names = [name for name in file.schema_arrow.names if name.lower() in (*FILE, *TEXT)]
        rows = (row for batch in file.iter_batches(columns=names) for row in batch.to_pylist())
        yield from enumerate(rows, 1)


def _pairs(table: Path, folder: Path, text: str) -> list[Row]:
    """Lines of videos.txt with those of prompts.txt (or prompt.txt, captions.txt) beside it."""
    beside = (table.with_name(name) for name in ("prompts.txt", "prompt.txt", "captions.txt"))
    texts = next((path for path in beside if path.is_file()), None)
    if texts is None:
        raise ValueError("no prompts.txt stands beside it")
    _inside(texts, folder)
    files, lines = text.splitlines(), decoded(texts.read_bytes())[0].splitlines()
    if len(files) != len(lines):
        raise ValueError(f"it has {len(files)} lines and {texts.name} {len(lines)}: they must go together")
    return [_cut(n, a.strip(), b.strip()) for n, (a, b) in enumerate(zip(files, lines, strict=True), 1) if a.strip()]
