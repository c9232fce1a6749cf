"""The table of a library: make it, open it, read it, select from it, search it by vector."""

from __future__ import annotations

import math
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import lance
import numpy as np
import pyarrow as pa
from jaxtyping import Float

from cuspworld import html
from cuspworld.checks import whole
from cuspworld.clip import Clip
from cuspworld.errors import CuspError
from cuspworld.files import written_whole
from cuspworld.library.kept import FOLDER, sweep
from cuspworld.library.panics import panics_are_errors
from cuspworld.library.schema import SCHEMA, SPLITS, VERSION, VERSION_NAME, check_version
from cuspworld.library.selection import Match, Selection
from cuspworld.library.vector_index import NEAREST, lists_name

MARKED = "marked"  # the column of clips that are marked for training
_TOPICS = 12


class Table(Sequence[Clip]):
    """A Lance table of clips, read in the order of their keys. What `Library` is before anything is added."""

    def __init__(self, path: Path, dataset: Any = None):
        if dataset is None:
            name = type(self).__name__
            raise CuspError(f"{name}.open({str(path)!r}) opens a library, {name}.create(...) makes one")
        self.path, self._dataset = path, dataset

    @classmethod
    def create(cls, path: str | Path) -> Self:
        """A new, empty library at `path` (a folder, by custom named .lance). Raises CuspError if something is there."""
        path = _speakable(path)
        if path.exists():
            raise CuspError(f"cannot create a library at {path}: something is there; open it, or choose another place")
        with written_whole(path) as aside:
            lance.write_dataset(SCHEMA.empty_table(), str(aside.resolve()), schema=SCHEMA)
        return cls.open(path)

    @classmethod
    def open(cls, path: str | Path, version: str | None = None) -> Self:
        """The library at `path`, or a version of it that is kept by name (`versions`). Raises CuspError if there is
        none, or it has another schema version."""
        path = _speakable(path)
        if not path.is_dir():
            what = "is a file" if path.exists() else "does not exist"
            raise CuspError(f"no library at {path}, which {what}: make one with `cusp record` or `cusp ingest`")
        try:
            with panics_are_errors():
                dataset = lance.dataset(str(path.resolve()), version=version)
                schema = dataset.schema
        except (ValueError, OSError) as error:
            raise CuspError(f"{path} is not a library (a Lance table): {_first_line(error)}") from error
        check_version(schema, path)
        return cls(path.resolve(), dataset)

    def versions(self) -> list[str]:
        """The versions that are kept by name: before replacements and removals, and the pinned ones."""
        return sorted(self._dataset.tags.list())

    def pin(self, name: str, anew: bool = False) -> Self:
        """This version of the library, kept under `name` until `forget`, so that a later reader finds the same clips
        whatever was added and removed meanwhile; the version that has that name already, where there is one and it is
        not made `anew`. A library that may not be written to is read as it is."""
        if not os.access(self.path, os.W_OK):
            return self
        there = name in self.versions()
        if anew or not there:
            try:
                (self._dataset.tags.update if there else self._dataset.tags.create)(name, self._dataset.version)
            except (ValueError, OSError) as error:
                if name in self.versions():  # another process of the run was quicker
                    return type(self).open(self.path, name)
                raise CuspError(f"cannot keep a version named {name!r} of {self.path}: {_first_line(error)}") from error
        return type(self).open(self.path, name)

    @classmethod
    def open_or_create(cls, path: str | Path) -> Self:
        """The library at `path`, made if nothing is there."""
        return cls.open(path) if Path(path).exists() else cls.create(path)

    def __len__(self) -> int:
        return len(self._all)

    def __getitem__(self, index: Any) -> Any:
        return self._all[index]

    def __iter__(self) -> Iterator[Clip]:
        return iter(self._all)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self.path)!r}, {len(self)} clips)"

    def _repr_html_(self) -> str:
        facts = self.summary()
        chosen = ("clips", "frames", "seconds", "splits", "worlds", "impossible_twins", "sizes", "fps", "bytes")
        rows = {name.replace("_", " "): facts[name] for name in chosen}
        rows |= {k: ", ".join(f"{n} {c}" for n, c in v.items()) for k, v in rows.items() if isinstance(v, dict)}
        return html.table(f"library {self.path}", rows) + self._all[:6].gallery()

    def split(self, name: str) -> Selection:
        """The clips of one split: train (80 %), dev or test (10 % each), by a hash of what they show."""
        if name not in SPLITS:
            raise CuspError(f"split must be one of {', '.join(SPLITS)}: got {name!r}")
        return self.where(f"split = '{name}'")

    def where(self, condition: str) -> Selection:
        """The clips for which an SQL condition on the columns holds, e.g. "world = 'Juice' and twin is null"."""
        try:
            with panics_are_errors():
                table = self._dataset.to_table(columns=["key"], filter=f"({condition})")  # or its end is not read
        except (ValueError, OSError) as error:
            names = ", ".join(self._dataset.schema.names)
            raise CuspError(f"condition {condition!r}: {_first_line(error)}; the columns are {names}") from error
        chosen = [self._places[key] for key in table["key"].to_pylist()]
        return Selection(self._dataset, self._rows[np.sort(np.array(chosen, np.int64))])

    def column(self, name: str) -> list[Any]:
        """One column of every clip, in order, without reading frames."""
        return self._all.column(name)

    def topics(self) -> list[str]:
        """What the library shows, for people: its worlds, and the commonest captions of its files."""
        from cuspworld import worlds

        known = set(worlds.names())
        found = Counter(
            worlds.describe(world) if world in known else caption
            for world, caption in zip(self.column("world"), self.column("caption"), strict=True)
        )
        return sorted((topic for topic in found if topic), key=lambda topic: (-found[topic], topic))[:_TOPICS]

    def search(
        self,
        vector: Float[np.ndarray, " width"],
        k: int = 10,
        *,
        column: str = "latents",
        where: str | None = None,
        exact: bool = False,
    ) -> list[Match]:
        """The `k` clips whose vectors in `column` are nearest to `vector` (Euclidean), nearest first.

        Every vector is compared, but where the column has an index (`Library.index_vectors`), at most 20 are wanted,
        and neither `where` nor `exact` is given.
        `where`: an SQL condition that they fulfil. Raises CuspError if no such vectors were set.
        """
        whole("k", k, 1, 1_000_000)
        if column in SCHEMA.names or column not in self._dataset.schema.names:
            raise CuspError(f"the library has no vectors {column!r}: set them with set_vectors(vectors, {column!r})")
        width = self._dataset.schema.field(column).type.list_size
        if len(vector) != width or not np.isfinite(vector).all():
            raise CuspError(f"vector must be {width} finite numbers, as in the column {column!r}: got {len(vector)}")
        query = {"column": column, "q": np.asarray(vector, np.float32), "k": k, "metric": "l2", "use_index": False}
        if not (exact or where or k > NEAREST) and (lists := self._dataset.config().get(lists_name(column))):
            query |= {"use_index": True, "nprobes": int(lists)}
        condition = f"({where}) and {column} is not null" if where else f"{column} is not null"
        filters = {} if query["use_index"] else {"prefilter": True, "filter": condition}  # an index holds no nulls
        try:
            with panics_are_errors():
                found = self._dataset.scanner(
                    columns=["key", "caption", "_distance"], nearest=query, **filters
                ).to_table()
        except (ValueError, OSError) as error:
            raise CuspError(f"cannot search the library: {_first_line(error)}") from error
        return [
            Match(self._places[row["key"]], math.sqrt(max(row["_distance"], 0.0)), row["key"], row["caption"])
            for row in found.to_pylist()
            if row["_distance"] is not None
        ]

    def like(self, key: str, k: int = 10, *, column: str = "scene_code") -> list[Match]:
        """The `k` clips whose vectors in `column` are nearest to this clip's, nearest first, without itself. Raises
        CuspError for a key that is not there, a library without such vectors, or a clip without one."""
        if key not in self._places:
            raise CuspError(f"the library {self.path.name} has no clip {key!r}: it was taken out, or never there")
        if column not in self._dataset.schema.names:
            raise CuspError(f"the library has no vectors {column!r}: `cusp encode {self.path.name}` makes them")
        (row,) = self._all.read([self._places[key]], [column])
        if row[column] is None:
            raise CuspError(f"the clip {key!r} was added later: `cusp encode {self.path.name}` gives it a vector")
        found = self.search(np.array(row[column], np.float32), whole("k", k, 1, 999_999) + 1, column=column)
        return [match for match in found if match.key != key][:k]

    def summary(self) -> dict[str, Any]:
        """Facts for `cusp info`: clips, seconds, splits, worlds, sizes, frame rates, bytes, columns."""
        names = ("split", "world", "twin", "fps", "time", "height", "width")
        columns = {name: self.column(name) for name in names}
        sizes = Counter(f"{h}x{w}" for h, w in zip(columns["height"], columns["width"], strict=True))
        return {
            "kind": "library",
            "path": str(self.path),
            "schema_version": VERSION,
            "clips": len(self),
            "frames": sum(columns["time"]),
            "seconds": sum(n / fps for n, fps in zip(columns["time"], columns["fps"], strict=True)),
            "splits": {name: columns["split"].count(name) for name in SPLITS},
            "worlds": dict(sorted(Counter(w for w in columns["world"] if w).items())),
            "not_recorded": columns["world"].count(None),
            "impossible_twins": len(self) - columns["twin"].count(None),
            "sizes": dict(sizes.most_common()),
            "fps": {f"{fps:g}": count for fps, count in Counter(columns["fps"]).most_common()},
            "bytes": sum(file.stat().st_size for file in self.path.rglob("*") if file.is_file()),
            "columns": self._dataset.schema.names,
        }

    def statistics(self) -> dict[str, Any]:
        """Facts for `cusp library stats`: `summary`, the clips' length, sharpness, motion, captions and copies."""
        facts = self.summary()
        seconds = [n / fps for n, fps in zip(self.column("time"), self.column("fps"), strict=True)]
        captions, copies = self.column("caption"), [None] * len(self)
        if "duplicate_by" in self._dataset.schema.names:
            copies = self.column("duplicate_by")
        told = [caption for caption in captions if caption]
        found = {
            "seconds_a_clip": _spread(seconds),
            "without_a_caption": len(captions) - len(told),
            "different_captions": len(set(told)),
            "words_a_caption": _spread([len(caption.split()) for caption in told]),
            "duplicates": dict(Counter(reason for reason in copies if reason)),
            "kept_files": len(set(filter(None, self.column("file")))),
            "sharpness": _spread(self.column("sharpness")),
            "motion": _spread(self.column("motion")),
            "clips_mostly_black": sum(share > 0.5 for share in self.column("black") if share is not None),
            "marked": sum(map(bool, self.column(MARKED))) if MARKED in self._dataset.schema.names else 0,
            "versions": self.versions(),
        }
        columns = facts.pop("columns")
        return {**facts, **found, "columns": columns}

    @cached_property
    def _keys(self) -> list[str]:
        try:
            with panics_are_errors():
                return self._dataset.to_table(columns=["key"])["key"].to_pylist()
        except (OSError, ValueError, RuntimeError) as error:
            said = _first_line(error)
            raise CuspError(f"the library {self.path} is damaged: {said}; record or ingest it anew") from error

    @cached_property
    def _rows(self) -> np.ndarray:
        """Row numbers of the table in the order of the keys."""
        return np.argsort(np.array(self._keys, dtype=object), kind="stable").astype(np.int64)

    @cached_property
    def _places(self) -> dict[str, int]:
        """Key -> place in the library's order."""
        return {self._keys[row]: place for place, row in enumerate(self._rows)}

    @cached_property
    def _all(self) -> Selection:
        return Selection(self._dataset, self._rows)

    def _refresh(self) -> None:
        """Read the table's newest version."""
        self._dataset = lance.dataset(str(self.path))
        for name in ("_rows", "_keys", "_places", "_all"):
            self.__dict__.pop(name, None)

    def _tidy(self) -> None:
        """Drop old versions and files that no version mentions (what killed workers left). Only for the writer."""
        self._refresh()
        self._dataset.cleanup_old_versions(
            older_than=timedelta(0), delete_unverified=True, error_if_tagged_old_versions=False
        )
        if (self.path / FOLDER).is_dir():
            wanted = set(filter(None, self._all.column("file")))
            for name in self.versions():
                wanted.update(filter(None, type(self).open(self.path, name)._all.column("file")))
            sweep(self.path, wanted)

    def _upgrade(self) -> None:
        """Give a table of an earlier version the columns that it lacks. Only for the writer."""
        there = self._dataset.schema
        if (there.metadata or {}).get(VERSION_NAME) == str(VERSION).encode():
            return
        self._dataset.add_columns(pa.schema([field for field in SCHEMA if field.name not in there.names]))
        self._dataset.replace_schema_metadata({VERSION_NAME.decode(): str(VERSION)})
        self._refresh()


def _spread(values: Sequence[float | None]) -> dict[str, float]:
    """Least, median and greatest of the numbers that are known."""
    known = np.array([value for value in values if value is not None], float)
    if not len(known):
        return {}
    return {"least": float(known.min()), "median": float(np.median(known)), "greatest": float(known.max())}


def _speakable(path: str | Path) -> Path:
    """A place that Lance can be told. Raises CuspError for bytes that are no UTF-8."""
    try:
        str(Path(path).resolve()).encode()
    except UnicodeEncodeError as error:
        raise CuspError(f"a library's path must be UTF-8: got {str(path)!r}; rename the folder") from error
    return Path(path)


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0][:300] if str(error) else type(error).__name__
