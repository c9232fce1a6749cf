"""The tables of captions in a folder of videos: rows of (file, text), whatever wrote them.

`.csv`, `.tsv`, `.json`, `.jsonl` and `.parquet` anywhere in the folder, `metadata.*` (Hugging Face's convention, in its
split folders too, and Open-Sora's `path,text`) and others that name its videos, in UTF-8, UTF-16 or Windows-1252; and
`videos.txt` beside `prompts.txt`, a line each (CogVideoX, finetrainers). Links that lead out of the folder are refused.
"""

from __future__ import annotations

import codecs
import gzip
import io
import json
import zlib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cuspworld.library.delimited import table_rows

FILE = ("file_name", "filename", "file", "path", "video", "video_path")
TEXT = ("caption", "text", "prompt", "description")
_FILE = (
    *FILE, "file_path", "filepath", "video_file", "video_name", "clip", "clip_path", "clip_name", "videoid", "video_id",
    "clip_id", "id",
)  # fmt: skip
_TEXT = (*TEXT, "captions", "texts", "sentence", "caption_en", "text_en", "title", "name")  # `name`: of WebVid
TABLES = ("metadata.csv", "metadata.tsv", "metadata.json", "metadata.jsonl", "metadata.parquet")
LONGEST = 100_000  # characters of a caption
_KINDS = (".csv", ".tsv", ".json", ".jsonl", ".ndjson", ".parquet", ".txt")
_LARGEST = 1 << 30  # bytes of a table
_PACKED = 200  # times that a table may be larger than its gzip: templates of captions reach 50, zeros 1,000
_SHOWN = 3  # rows of one fault that are told one by one


@dataclass(frozen=True)
class Row:
    """One row of a table: where it stands, the file that it names and its text, or what is wrong with it."""

    line: int
    file: str
    text: str
    wrong: str = ""


def tables_in(folder: Path) -> list[Path]:
    """What may be a table in a folder and its sub-folders. A later one wins, so `metadata.*` come after the others,
    inner ones after outer ones, and jsonl last."""
    found = [path for path in folder.rglob("*") if _kind(path) in _KINDS and path.is_file()]
    shown = [path for path in found if not any(part.startswith(".") for part in path.relative_to(folder).parts)]
    paired = {_beside(path) for path in shown if path.name.lower() == "videos.txt"}
    order = sorted(shown, key=lambda p: (promised(p), len(p.parts), _kind(p) == ".jsonl", str(p)))
    return [path for path in order if path not in paired]


def promised(table: Path) -> bool:
    """Is it by its name a table of captions? Of others only those are that name a video."""
    return table.name.lower().removesuffix(".gz") in (*TABLES, "videos.txt")


def _kind(path: Path) -> str:
    """Its suffix, or of a packed one that below."""
    return Path(path.stem if path.suffix.lower() == ".gz" else path.name).suffix.lower()


def rows_of(table: Path, folder: Path) -> tuple[list[Row], list[str]]:
    """(the rows of a table, what is to be said of it). A bad row spoils only itself; what cannot be read has none, and
    neither has a link that leads out of `folder`."""
    try:
        _inside(table, folder)
        if table.stat().st_size > _LARGEST:
            raise ValueError(f"it has more than {_LARGEST >> 30} GiB")
        if _kind(table) == ".parquet":
            return _faults([_row(line, values) for line, values in _parquet(table)], [])
        data = table.read_bytes()
        if table.suffix.lower() == ".gz":
            data = _unpacked(data)
        text, notes = decoded(data)
        if table.name.lower() == "videos.txt":
            return _pairs(table, folder, text), notes
        read = _json if _kind(table) in (".json", ".jsonl", ".ndjson") else _delimited
        rows = [_row(line, values) for line, values in read(text)]
        if not rows:
            notes = [*notes, "has no rows: its first line names the columns, as file_name,text"]
        return _faults(rows, notes)
    except (
        OSError,
        EOFError,
        ValueError,
        RecursionError,
        zlib.error,
    ) as error:  # Arrow's errors are ValueErrors, or OSErrors
        return [], [f"cannot be read: {error}"]


def _unpacked(data: bytes) -> bytes:
    """A table in gzip, in one piece or several. Raises ValueError for one that unpacks as no text does."""
    most = min(_LARGEST, _PACKED * len(data) + (1 << 20))
    with gzip.GzipFile(fileobj=io.BytesIO(data)) as file:
        text = file.read(most + 1)
    if len(text) > most:
        raise ValueError(f"it unpacks to more than {most >> 20} MiB")
    return text


def _faults(rows: list[Row], notes: list[str]) -> tuple[list[Row], list[str]]:
    """The rows that name a file, and what is wrong with the others."""
    wrong = [row for row in rows if row.wrong]
    notes += [f"line {row.line}: {row.wrong}" for row in wrong[:_SHOWN]]
    if len(wrong) > _SHOWN:
        notes.append(f"{len(wrong) - _SHOWN} more rows of {len(rows)} like these")
    return [row for row in rows if row.file], notes


def _inside(path: Path, folder: Path) -> None:
    if not path.resolve().is_relative_to(folder.resolve()):
        raise ValueError(f"{path.name} is a link that leads out of the folder, and is not followed")


def decoded(data: bytes) -> tuple[str, list[str]]:
    """(text, notes): by its byte order mark, else line by line UTF-8 or, with a note, Windows-1252. A line in neither
    is marked where its letters are none; raises UnicodeDecodeError where there is no better one."""
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
        lines = [_letters(line) for line in data.removeprefix(codecs.BOM_UTF8).split(b"\n")]
    known = {encoding for line, encoding in lines if not line.isascii()}
    if known == {""}:
        data.decode("cp1252")  # raises
    odd = [number for number, (_, encoding) in enumerate(lines, 1) if encoding != "utf-8"]
    where = f"line {odd[0]}{f' and {len(odd) - 1} more' * (len(odd) > 1)}: it" if "utf-8" in known else "it"
    note = f"{where} is not UTF-8: read as Windows-1252; save it as UTF-8 if its letters come out wrong"
    return "\n".join(line for line, _ in lines), [note.removeprefix("it ")]


def _letters(line: bytes) -> tuple[str, str]:
    """(a line, its encoding: "" is none)."""
    for encoding in ("utf-8", "cp1252"):
        with suppress(UnicodeDecodeError):
            return line.decode(encoding), encoding
    return line.decode("cp1252", "replace"), ""


def text_of(values: Any) -> str | None:
    """The text that a row tells, by the names of its columns."""
    if not isinstance(values, Mapping):
        return None
    named = {str(name).strip().lower(): _words(value) for name, value in values.items()}
    return next((text for name in _TEXT if (text := named.get(name)) is not None), None)


def _row(line: int, values: Any) -> Row:
    if isinstance(values, Mapping):
        named = {str(name).strip().lower(): _words(value) for name, value in values.items()}
        file = next((named[name] for name in _FILE if named.get(name)), None)
        text = text_of(values)
        if file and text is not None:
            return _cut(line, file.strip(), text.strip())
    return Row(line, "", "", f"needs one of {', '.join(FILE)} and of {', '.join(TEXT)}")


def _words(value: Any) -> str | None:
    """A text, the first of several, or a number that is a name; None of what is no text."""
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, list | tuple):
        value = next((one for one in value if isinstance(one, str)), None)
    return str(value) if isinstance(value, str) or (isinstance(value, int) and not isinstance(value, bool)) else None


def _cut(line: int, file: str, text: str) -> Row:
    text = text.encode("utf-8", "replace").decode()  # a lone surrogate is no letter
    if len(text) <= LONGEST:
        return Row(line, file, text)
    return Row(line, file, text[:LONGEST], f"a caption of {len(text)} characters is cut to {LONGEST}")


def _json(text: str) -> Iterator[tuple[int, Any]]:
    """One value, a value a line, or values one after the other: lists of rows, rows, or a mapping of files to them. A
    line that is none spoils only itself."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    try:
        yield from _listed(json.loads(text))
        return
    except ValueError:
        lines = text.split("\n")
    except RecursionError:
        lines = text.split("\n")
        if len(lines) == 1:
            raise ValueError("it is nested too deeply") from None
    found: list[tuple[int, Any]] = []
    for number, line in enumerate(lines, 1):
        if line.strip():
            try:
                found.append((number, json.loads(line)))
            except (ValueError, RecursionError):
                found.append((number, None))
    if not any(isinstance(value, Mapping) for _, value in found):
        found = [*enumerate(_one_after_another(text), 1)] or found
    if not any(value is not None for _, value in found):
        raise ValueError("it is no JSON")
    yield from found


def _one_after_another(text: str) -> Iterator[Any]:
    """Values without commas between them, up to the first that is none."""
    decoder, at = json.JSONDecoder(), 0
    while at < len(text) and (at := len(text) - len(text[at:].lstrip())) < len(text):
        try:
            value, at = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            return
        yield value


def _listed(read: Any) -> Iterator[tuple[int, Any]]:
    """The rows of one JSON value."""
    if isinstance(read, Mapping):
        lists = [
            value for value in read.values() if isinstance(value, list) and value and isinstance(value[0], Mapping)
        ]
        if lists:
            read = max(lists, key=len)
        elif not {str(name).lower() for name in read} & {*_FILE}:
            read = [
                {FILE[0]: file, **(value if isinstance(value, Mapping) else {TEXT[0]: value})}
                for file, value in read.items()
            ]
    yield from enumerate(read if isinstance(read, list) else [read], 1)


def _delimited(text: str) -> Iterator[tuple[int, Any]]:
    yield from table_rows(text, _FILE, _TEXT)


def _parquet(table: Path) -> Iterator[tuple[int, Any]]:
    from pyarrow import parquet

    with parquet.ParquetFile(table) as file:
        names = [name for name in file.schema_arrow.names if name.lower() in (*_FILE, *_TEXT)]
        rows = (row for batch in file.iter_batches(columns=names) for row in batch.to_pylist())
        yield from enumerate(rows, 1)


def _beside(table: Path) -> Path | None:
    """The texts that go with videos.txt."""
    beside = (table.with_name(name) for name in ("prompts.txt", "prompt.txt", "captions.txt"))
    return next((path for path in beside if path.is_file()), None)


def _pairs(table: Path, folder: Path, text: str) -> list[Row]:
    """Lines of videos.txt with those of prompts.txt (or prompt.txt, captions.txt) beside it."""
    texts = _beside(table)
    if texts is None:
        raise ValueError("no prompts.txt stands beside it")
    _inside(texts, folder)
    files, lines = _lines(text), _lines(decoded(texts.read_bytes())[0])
    if len(files) != len(lines):
        raise ValueError(f"it has {len(files)} lines and {texts.name} {len(lines)}: they must go together")
    return [_cut(n, a.strip(), b.strip()) for n, (a, b) in enumerate(zip(files, lines, strict=True), 1) if a.strip()]


def _lines(text: str) -> list[str]:
    """Without the empty ones at the end; a caption may hold other separators than those of lines."""
    return text.replace("\r\n", "\n").replace("\r", "\n").rstrip("\n").split("\n")
