"""Transcript: what an exam found, as tables; as text, JSON (transcript.schema.json) and one HTML page."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any

from cuspworld import __version__, html
from cuspworld.errors import CuspError
from cuspworld.files import written_whole

SCHEMA_VERSION = "1.0"
_LARGEST = 16 << 20  # bytes of a file
Cell = str | int | float | None


@dataclass(frozen=True)
class Table:
    """`about`: what is measured, in which unit, and what counts as good. A cell that is None was not measured."""

    title: str
    about: str
    columns: tuple[str, ...]
    rows: tuple[Mapping[str, Cell], ...]

    def row(self, **wanted: Cell) -> Mapping[str, Cell]:
        """The first row with these cells. Raises KeyError where there is none."""
        for row in self.rows:
            if all(row.get(name) == value for name, value in wanted.items()):
                return row
        raise KeyError(f"no row with {wanted} in {self.title!r}")


@dataclass(frozen=True)
class Failure:
    """A question that a model did not answer: which, and what it did instead."""

    part: str
    model: str
    question: str
    reason: str


@dataclass(frozen=True)
class Part:
    """One question of the exam. `pictures`: title -> SVG. `notes`: what a reader must know to trust the tables."""

    name: str
    title: str
    tables: tuple[Table, ...]
    notes: tuple[str, ...] = ()
    pictures: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, repr=False)
class Transcript:
    """`model`: its name; `settings`: what makes it reproducible (seed, clips); `failures`: what was not answered."""

    model: str
    settings: Mapping[str, Any]
    parts: tuple[Part, ...]
    failures: tuple[Failure, ...] = ()
    notes: tuple[str, ...] = ()

    def __getitem__(self, part: str) -> Part:
        for known in self.parts:
            if known.name == part:
                return known
        raise KeyError(f"no part {part!r}: this exam had {', '.join(p.name for p in self.parts)}")

    def to_dict(self) -> dict[str, Any]:
        """The JSON form, as in transcript.schema.json; numbers have six digits, so that machines agree."""
        return {
            "schema": SCHEMA_VERSION,
            "model": self.model,
            "cuspworld": __version__,
            "settings": dict(self.settings),
            "parts": [
                {
                    "name": part.name,
                    "title": part.title,
                    "notes": list(part.notes),
                    "tables": [
                        {
                            "title": table.title,
                            "about": table.about,
                            "columns": list(table.columns),
                            "rows": [{name: _plain(row.get(name)) for name in table.columns} for row in table.rows],
                        }
                        for table in part.tables
                    ],
                }
                for part in self.parts
            ],
            "failures": [
                {"part": f.part, "model": f.model, "question": f.question, "reason": f.reason} for f in self.failures
            ],
            "notes": list(self.notes),
        }

    @classmethod
    def from_dict(cls, facts: Any) -> Transcript:
        """The inverse of `to_dict`, without the pictures. Raises CuspError for what is no transcript."""
        try:
            if facts["schema"] != SCHEMA_VERSION:
                raise CuspError(
                    f"a transcript of schema {facts['schema']!r:.20}: this cuspworld reads {SCHEMA_VERSION}"
                )
            parts = tuple(
                Part(_text(p["name"]), _text(p["title"]), tuple(map(_table, p["tables"])), _texts(p["notes"]))
                for p in facts["parts"]
            )
            lost = tuple(
                Failure(*(_text(f[name]) for name in ("part", "model", "question", "reason")))
                for f in facts["failures"]
            )
            return cls(_text(facts["model"]), dict(facts["settings"]), parts, lost, _texts(facts["notes"]))
        except CuspError:
            raise
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise CuspError(f"no transcript of an exam ({error!r:.80}): give what `cusp exam` wrote") from error

    @classmethod
    def read(cls, path: str | Path) -> Transcript:
        """A transcript.json that `cusp exam` wrote. Raises CuspError."""
        try:
            if Path(path).stat().st_size > _LARGEST:
                raise CuspError(f"a transcript has at most {_LARGEST:,} bytes: this file has more")
            facts = json.loads(Path(path).read_text(encoding="utf-8"))
        except OSError as error:
            raise CuspError(f"the transcript cannot be read: {error.strerror}") from error
        except (ValueError, RecursionError) as error:
            raise CuspError(f"no transcript of an exam: it is no JSON ({error!s:.80})") from error
        return cls.from_dict(facts)

    def to_json(self) -> str:
        return json.dumps(self.to_dict(), indent=1, ensure_ascii=False, allow_nan=False) + "\n"

    def to_html(self) -> str:
        """One page that needs nothing else."""
        return _PAGE.format(title=escape(f"Exam of {self.model}"), body=self._body())

    def _body(self) -> str:
        settings = ", ".join(f"{name} {html.shortened(value)}" for name, value in self.settings.items())
        body = [f"<h1>Exam of {escape(self.model)}</h1><p>cuspworld {__version__}; {escape(settings)}</p>"]
        body += [f"<p>{escape(note)}</p>" for note in self.notes]
        for part in self.parts:
            body.append(f"<h2>{escape(part.title)}</h2>")
            for table in part.tables:
                body.append(f"<h3>{escape(table.title)}</h3><p>{escape(table.about)}</p>")
                body.append(html.grid("", list(table.columns), [[_cell(row.get(c)) for c in table.columns]
                                                                for row in table.rows]))  # fmt: skip
            body += [f"<figure>{svg}<figcaption>{escape(name)}</figcaption></figure>"
                     for name, svg in part.pictures.items()]  # fmt: skip
            body += [f"<p class='note'>{escape(note)}</p>" for note in part.notes]
        if self.failures:
            lost = [[f.part, f.model, f.question, f.reason] for f in self.failures]
            body.append("<h2>Not answered</h2>" + html.grid("", ["part", "model", "question", "what it did"], lost))
        return "\n".join(body)

    def write(self, folder: str | Path) -> Path:
        """transcript.json and transcript.html into `folder`. Raises CuspError."""
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in (("transcript.json", self.to_json()), ("transcript.html", self.to_html())):
            with written_whole(folder / name) as aside:
                aside.write_text(text)
        return folder

    def __str__(self) -> str:
        lines = [f"Exam of {self.model}"]
        for part in self.parts:
            lines += ["", part.title]
            for table in part.tables:
                lines += ["", table.title, f"  {table.about}", *_aligned(table)]
            lines += [f"  note: {note}" for note in part.notes]
        if self.failures:
            lines += ["", f"Not answered: {len(self.failures)}"]
            lines += [f"  {f.part}, {f.model}, {f.question}: {f.reason}" for f in self.failures[:10]]
        return "\n".join([*lines, *(f"note: {note}" for note in self.notes)])

    def __repr__(self) -> str:
        return f"Transcript({self.model!r}: {', '.join(p.name for p in self.parts)}; {len(self.failures)} not answered)"

    def _repr_html_(self) -> str:
        return self._body()


def schema() -> dict[str, Any]:
    """The published JSON schema of a transcript (draft 2020-12)."""
    return json.loads(Path(__file__).with_name("transcript.schema.json").read_text())


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r:.40} is no text")
    return value


def _texts(values: Any) -> tuple[str, ...]:
    return tuple(map(_text, values))


def _table(facts: Any) -> Table:
    columns = _texts(facts["columns"])
    for row in facts["rows"]:
        for cell in row.values():
            if isinstance(cell, bool) or not isinstance(cell, Cell | None):
                raise TypeError(f"{cell!r:.40} is no cell")
    return Table(_text(facts["title"]), _text(facts["about"]), columns, tuple(dict(row) for row in facts["rows"]))


def _plain(value: Any) -> Cell:
    value = value.item() if hasattr(value, "item") else value
    if isinstance(value, float):
        return float(f"{value:.6g}") if math.isfinite(value) else None
    return value


def _cell(value: Cell) -> str:
    value = _plain(value)
    return "-" if value is None else f"{value:.4g}" if isinstance(value, float) else str(value)


def _aligned(table: Table) -> list[str]:
    rows: list[Sequence[str]] = [table.columns, *([_cell(row.get(c)) for c in table.columns] for row in table.rows)]
    widths = [max(len(row[k]) for row in rows) for k in range(len(table.columns))]
    return [
        "  " + "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip() for row in rows
    ]


_PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title>
<style>body{{font:15px/1.5 sans-serif;max-width:60em;margin:2em auto;padding:0 1em}}
table{{border-collapse:collapse;margin:.5em 0 1.5em}}
td,th{{border-bottom:1px solid #ccc;padding:.2em .8em;text-align:left}}
figure{{margin:1em 0}}svg{{max-width:100%;height:auto}}.note{{color:#555}}</style>
{body}</html>
"""
