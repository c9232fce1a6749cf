"""Several transcripts as one: what was asked alike stands together, and what all share stands once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from cuspworld.errors import CuspError
from cuspworld.exam.transcript import Cell, Part, Table, Transcript

Words = tuple[tuple[str, str], ...]  # (column, text) of a row
WHOSE, ALL = "exam", "all"  # the first column, and what stands there where every exam has this very row


def beside(transcripts: Sequence[Transcript]) -> Transcript:
    """One transcript with the tables of all; their column `exam` says whose a row is. Rows are alike that have the same
    words (the law that was asked about, the reference row). Raises CuspError for none."""
    if not transcripts:
        raise CuspError("no transcript to set beside another: give one or more")
    named = dict(zip(_names([t.model for t in transcripts]), transcripts, strict=True))
    parts = [_part(name, named) for name in _once(part.name for t in transcripts for part in t.parts)]
    failures = [replace(f, model=f"{name}: {f.model}") for name, t in named.items() for f in t.failures]
    asked = {name: ", ".join(f"{k} {v}" for k, v in t.settings.items()) for name, t in named.items()}
    notes = [f"{name}: {note}" for name, t in named.items() for note in t.notes]
    if len(set(asked.values())) > 1:
        notes.insert(0, "These exams did not ask the same (seed, clips or size): compare their figures with care.")
    return Transcript(" beside ".join(named), asked, tuple(parts), tuple(failures), tuple(notes))


def _part(name: str, named: Mapping[str, Transcript]) -> Part:
    found = {whose: part for whose, t in named.items() for part in t.parts if part.name == name}
    tables = []
    for title in _once(table.title for part in found.values() for table in part.tables):
        alike = {whose: t for whose, part in found.items() for t in part.tables if t.title == title}
        first = next(iter(alike.values()))
        columns = _once(column for table in alike.values() for column in table.columns)
        tables.append(Table(title, first.about, (WHOSE, *columns), tuple(_rows(alike))))
    told = _once(note for part in found.values() for note in part.notes)
    having = {note: [whose for whose, part in found.items() if note in part.notes] for note in told}
    notes = [note if len(having[note]) == len(found) else f"{', '.join(having[note])}: {note}" for note in told]
    return Part(name, next(iter(found.values())).title, tuple(tables), tuple(notes))


def _rows(tables: Mapping[str, Table]) -> list[dict[str, Cell]]:
    """The rows of tables of one title, those with the same words together, in the order in which they first stand; and
    of several words a row, those with the same first one (the law that was asked about)."""
    groups: dict[tuple[Words, int], list[tuple[str, Mapping[str, Cell]]]] = {}
    for whose, table in tables.items():
        seen: dict[Words, int] = {}
        for row in table.rows:
            words = tuple((name, cell) for name, cell in row.items() if isinstance(cell, str))
            seen[words] = seen.get(words, 0) + 1
            groups.setdefault((words, seen[words]), []).append((whose, row))
    asked = _once(words[0][1] for words, _ in groups if len(words) > 1)
    rows: list[dict[str, Cell]] = []
    for _, group in sorted(
        groups.items(), key=lambda item: asked.index(item[0][0][0][1]) if len(item[0][0]) > 1 else 0
    ):
        if len(group) == len(tables) > 1 and all(dict(row) == dict(group[0][1]) for _, row in group):
            rows.append({WHOSE: ALL, **group[0][1]})
        else:
            rows += [{WHOSE: whose, **row} for whose, row in group]
    return rows


def _names(names: Sequence[str]) -> list[str]:
    """The same name twice is told apart by a number."""
    return [name if name not in names[:k] else f"{name} ({names[:k].count(name) + 1})" for k, name in enumerate(names)]


def _once(items: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(items))
