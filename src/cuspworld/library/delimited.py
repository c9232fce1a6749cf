"""Tables of text as people and programs write them: commas, semicolons, tabs or bars, with and without a first line of
names, with quotes that do not close and commas that nobody quoted (RFC 4180 is what they were meant to be)."""

from __future__ import annotations

import csv
import io
import re
import sys
from collections.abc import Iterator, Sequence
from typing import Any

_DELIMITERS = "\t|;,"  # of those that are as likely the first


def table_rows(text: str, file: Sequence[str], told: Sequence[str]) -> Iterator[tuple[int, Any]]:
    """(line, {name: value}) of each row. `file`, `told`: the names that columns of files and of texts may have; a table
    of two columns with neither has no first line of names, and is (file, text)."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    before, delimiter = 0, ""
    while before < len(lines) and (not lines[before].strip() or lines[before].startswith(("#", "sep="))):
        if lines[before].startswith("sep="):  # Excel's
            delimiter = lines[before][4:5]
        before += 1
    body = lines[before:]
    if not body:
        return
    delimiter = delimiter or _delimiter(body[0], file, told)
    quote = "'" if body[0].startswith("'") else '"'
    rows = list(_rows(body, delimiter, quote))
    names = [name.strip().lower() for name in rows[0][1]]
    headless = len(names) == 2 and not {*names} & {*file, *told}
    if headless:
        names = [file[0], told[0]]
    texts = [k for k, name in enumerate(names) if name in told]
    for line, cells in rows if headless else rows[1:]:
        if cells:
            if (more := len(cells) - len(names)) > 0 and texts:  # a delimiter inside a text that has no quotes
                at = texts[0]
                cells = [*cells[:at], delimiter.join(cells[at : at + more + 1]), *cells[at + more + 1 :]]
            spaced = (re.fullmatch(rf"\s+{quote}(.*){quote}\s*", cell, re.DOTALL) for cell in cells)
            cells = [found[1] if found else cell for found, cell in zip(spaced, cells, strict=True)]
            yield before + line, dict(zip(names, cells, strict=False))


def _delimiter(header: str, file: Sequence[str], told: Sequence[str]) -> str:
    """The one that splits the first line into most of the names that are looked for, else the one most often there."""

    def fit(delimiter: str) -> tuple[int, int]:
        names = {cell.strip().strip("'\"").lower() for cell in header.split(delimiter)}
        return bool(names & {*file}) + bool(names & {*told}), header.count(delimiter)

    return max(_DELIMITERS, key=fit)


def _rows(lines: list[str], delimiter: str, quote: str) -> list[tuple[int, list[str]]]:
    """(line, cells): by the rules of quotes, or where these are broken line by line."""
    limit = csv.field_size_limit(min(sys.maxsize, 2**31 - 1))  # one long caption must not lose the whole table
    try:
        text = io.StringIO("\n".join(lines), newline="")
        reader = csv.reader(text, delimiter=delimiter, quotechar=quote, strict=True)
        return [(reader.line_num, cells) for cells in reader]
    except csv.Error:
        quoted = re.compile(rf"\s*{quote}(.*){quote}\s*", re.DOTALL)
        found = []
        for number, line in enumerate(lines, 1):
            cells = line.split(delimiter) if line.strip() else []
            found.append((number, [m[1].replace(2 * quote, quote) if (m := quoted.fullmatch(c)) else c for c in cells]))
        return found
    finally:
        csv.field_size_limit(limit)
