"""Library: a table of clips that can be added to. Record worlds, ingest folders, add clips, set vectors.

A library is a set of clips by key. Whatever order they were written in, by however many workers, they are read in the
order of their keys; adding a key that is there already does nothing. So work that was interrupted goes on by being
asked for again.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import lance
import numpy as np
import pyarrow as pa
from jaxtyping import Float

from cuspworld.checks import whole
from cuspworld.clip import Clip
from cuspworld.errors import CuspError
from cuspworld.library.duplicates import marked, near_pictures, near_vectors, same_content
from cuspworld.library.heeding import heeding_ctrl_c
from cuspworld.library.schema import SCHEMA, in_letters, letters, row_of
from cuspworld.library.table import MARKED, Table
from cuspworld.library.work import Done, commit, write_rows
from cuspworld.library.workers import check_workers, run_tasks
from cuspworld.lock import one_writer
from cuspworld.progress import progress_bar

LARGEST_SHARE = 32  # clips that one worker makes before they are committed together
_FILES_A_SHARE = 4  # real files are long: commit them sooner
_SHARES_A_WORKER = 4  # at least so many, so that all end at about the same time
_CLUSTER_WORKERS = 8  # for that count only; Ray decides how many there are

Progress = Callable[[int, int], None]  # (clips or files done, all)


@dataclass(frozen=True)
class Addition:
    """What an addition did: clips added, items that were there already, (what, why) of those left out, the sources of
    clips that have no caption, clips whose file has changed and that were replaced, and files that are gone from their
    place, whose clips are still there."""

    added: int
    present: int
    problems: tuple[tuple[str, str], ...]
    uncaptioned: tuple[str, ...] = ()
    replaced: int = 0
    gone: tuple[str, ...] = ()

    def joined(self, other: Addition) -> Addition:
        """Both as one."""
        return Addition(
            self.added + other.added,
            self.present + other.present,
            (*self.problems, *other.problems),
            tuple(sorted({*self.uncaptioned, *other.uncaptioned})),
            self.replaced + other.replaced,
            (*self.gone, *other.gone),
        )


class Library(Table):
    """A Lance table of clips. `Library.create(path)` or `Library.open(path)`; `library[i]` reads one clip."""

    def record(
        self,
        world: str,
        n: int,
        seed: int = 0,
        *,
        workers: int | str = 1,
        progress: Progress | None = None,
        **recipe: Any,
    ) -> Addition:
        """Record the seeds `seed` to `seed + n - 1` of a world; those that are there already are not recorded again.

        `recipe`: size, seconds, fps, caption, language, twin, split, preset, options, as in `World.record`. `workers`:
        processes, or "ray" for a Ray cluster that sees the library's folder under the same path. A seed that offers no
        occasion for the twin is reported and left out. The clips are the same bytes whatever `workers` is, and after
        any interruption.
        """
        from cuspworld import worlds
        from cuspworld.library.recording import Recipe, RecordTask, check_recipe, record_seeds

        whole("n", n, 1, 10**9)
        whole("seed", seed, 0, 2**63 - n)
        try:
            wanted = Recipe(worlds.address(world), **recipe)
        except TypeError as error:
            raise CuspError(f"{error}; record takes {', '.join(Recipe.__dataclass_fields__)}") from error
        check_recipe(wanted, seed)
        workers = check_workers(workers)

        def tasks(missing: list[int], share: int) -> list[RecordTask]:
            return [RecordTask(str(self.path), wanted.to_json(), tuple(part)) for part in _parts(missing, share)]

        seeds = {wanted.key(s): s for s in range(seed, seed + n)}
        return self._add(seeds, tasks, record_seeds, workers, progress)

    def ingest(
        self,
        place: str | Path,
        *,
        size: int | tuple[int, int] | None = None,
        fps: float | None = None,
        seconds: float | None = None,
        shots: bool = True,
        workers: int | str = 1,
        progress: Progress | None = None,
    ) -> Addition:
        """Take in the videos of a place: a folder and its sub-folders, a glob, one file, an http(s):// or s3://
        address,
        WebDataset tars, parquet files of `datasets`, a LeRobot dataset, Gymnasium recordings (places/ says which).

        A bad file is reported and left out; the others are in. A file's clips are its shots, or with `shots=False` the
        file; `seconds` cuts these further. With its own size (None) a file is kept as it came and decoded when a clip
        is
        read; with another, frames are stored, scaled, without loss. `fps`: as in `Clip.read`. Captions come from the
        place's tables (caption_tables.py says which), a text file of the video's stem, or the video's own description,
        in this order. A file that changed replaces its earlier clips, which stay in the version before (`versions`);
        clips of files that are gone are named and stay. Raises CuspError if the place holds no video.
        """
        from cuspworld.library.ingesting import IngestTask, Reading, describe, ingest_files
        from cuspworld.library.places import open_place
        from cuspworld.video.read import check_fps, check_seconds, check_size

        check_size(size)
        check_fps(fps)
        check_seconds(0.0, seconds)
        workers = check_workers(workers)
        reading = Reading(size, fps, seconds, shots)
        opened = open_place(str(place))
        name = letters(opened.name)
        total = Addition(0, 0, ())
        seen: dict[str, str] = {}
        for batch in opened.batches():
            files, problems = {}, list(batch.problems)
            for video in batch.videos:
                try:
                    file = describe(video, reading)
                    files[file.key] = file
                    seen[video.name] = file.content
                except OSError as error:
                    problems.append((video.name, f"cannot be read: {error.strerror}"))

            def tasks(missing: list[Any], share: int) -> list[IngestTask]:
                parts = _parts(missing, min(share, _FILES_A_SHARE))
                return [IngestTask(str(self.path), name, reading, tuple(part)) for part in parts]

            numbered = {key for key, file in files.items() if reading.pieces or file.video.parts}
            addition = self._add(files, tasks, ingest_files, workers, progress, numbered)
            total = total.joined(Addition(addition.added, addition.present, (*problems, *addition.problems)))
        replaced, gone = self._replaced(name, seen)
        self.mark_duplicates()
        texts = zip(self.column("source"), self.column("caption"), strict=True)
        silent = {source for source, caption in texts if not caption} & set(seen)
        return replace(total, uncaptioned=tuple(sorted(silent)), replaced=replaced, gone=gone)

    def remove(self, condition: str) -> int:
        """Take out the clips for which an SQL condition holds, as in `where`; returns how many. They stay readable in
        the version before, until `forget`."""
        keys = self.where(condition).column("key")
        if keys:
            with one_writer(self.path, "library"):
                self._refresh()
                self._drop(keys)
                self._tidy()
        return len(keys)

    def forget(self) -> None:
        """Give up the versions before replacements and removals, and the pinned ones, and the files that only they
        name."""
        with one_writer(self.path, "library"):
            self._refresh()
            for name in self.versions():
                self._dataset.tags.delete(name)
            self._tidy()

    def mark_duplicates(self, vectors: str | None = None, within: float = 0.0) -> int:
        """Set the columns `duplicate_of` (the key of the first clip that shows the same, or null) and `duplicate_by`:
        content (the same bytes), picture (nearly the same pictures), or the column `vectors`, where one is given: at
        most `within` apart. Recorded clips are not compared. Returns how many are marked."""
        keys = self.column("key")
        lengths = [n / fps for n, fps in zip(self.column("time"), self.column("fps"), strict=True)]
        found = {
            "content": same_content(self.column("content"), self.column("start")),
            "picture": near_pictures(self.column("picture"), lengths),
        }
        if vectors is not None:
            values = self.column(vectors)
            there = [k for k, value in enumerate(values) if value is not None]
            pairs = near_vectors(np.array([values[k] for k in there], np.float32), within)
            found[vectors] = [(there[a], there[b]) for a, b in pairs]
        sources = list(zip(*(self.column(name) for name in ("place", "source")), strict=True))
        for reason, pairs in found.items():  # several readings of one file, and its shots, are no copies of each other
            found[reason] = [(a, b) for a, b in pairs if sources[a] != sources[b]]
        of, why = marked(len(keys), found)
        columns = {"duplicate_of": [None if k is None else keys[k] for k in of], "duplicate_by": why}
        set_already = [name for name in columns if name in self._dataset.schema.names]
        if not keys or [self.column(name) for name in set_already] == list(columns.values()):
            return sum(k is not None for k in of)
        table = pa.table({"key": keys, **{name: pa.array(texts, pa.string()) for name, texts in columns.items()}})
        with one_writer(self.path, "library"):
            dataset = lance.dataset(str(self.path))
            if set_already:
                dataset.drop_columns(set_already)
            dataset.merge(table, left_on="key")
            self._tidy()
        return sum(k is not None for k in of)

    def add(self, clips: Iterable[Clip] | Clip, source: str) -> Addition:
        """Add clips that you made, under the name `source`; one that is there already (same content) is left alone."""
        added = present = 0
        with one_writer(self.path, "library"):
            self._refresh()
            self._upgrade()
            keys = set(self._places)
            for clip in [clips] if isinstance(clips, Clip) else clips:
                content = hashlib.sha256(f"{clip.frames.shape} {clip.fps} {clip.caption}".encode())
                content.update(clip.frames.tobytes())
                key = f"{source}/{content.hexdigest()[:24]}"
                if key in keys:
                    present += 1
                    continue
                keys.add(key)
                commit(str(self.path), write_rows(str(self.path), [row_of(clip, key, source, content.hexdigest())]))
                added += 1
            self._tidy()
        return Addition(added, present, ())

    def set_vectors(self, vectors: Float[np.ndarray, "clips width"], column: str = "latents") -> None:
        """Keep one vector a clip, in the library's order, to search by. Clips added later have none until set anew."""
        if column in SCHEMA.names or not column.isidentifier():
            raise CuspError(f"column must be a new name made of letters: got {column!r}")
        if len(vectors) != len(self) or not np.isfinite(vectors).all():
            raise CuspError(f"vectors must be finite numbers, a row for each of {len(self)} clips: got {vectors.shape}")
        width = vectors.shape[1]
        of = dict(zip(self.column("key"), np.asarray(vectors, np.float32), strict=True))
        schema = pa.schema([pa.field(column, pa.list_(pa.float32(), width))])
        self.set_columns(schema, lambda key: {column: of[key]} if key in of else {})

    def set_columns(self, schema: Any, row: Callable[[str], Mapping[str, Any]]) -> None:
        """Write columns anew: `row(key)` says a clip's, and leaves out what is null. Memory does not grow with the
        library. Raises CuspError for the columns that every library has."""
        if taken := sorted(set(schema.names) & set(SCHEMA.names)):
            raise CuspError(f"the column {taken[0]!r} is the library's own: choose another name")
        with one_writer(self.path, "library"):
            self._refresh()
            if old := [name for name in schema.names if name in self._dataset.schema.names]:
                self._dataset.drop_columns(old)
            parts = _parts(self._keys, LARGEST_SHARE)
            batches = (
                pa.RecordBatch.from_pylist([in_letters(row(key)) for key in part], schema=schema) for part in parts
            )
            self._dataset.add_columns(pa.RecordBatchReader.from_batches(schema, batches))
            self._tidy()

    def update_columns(self, schema: Any, rows: Sequence[Mapping[str, Any]]) -> None:
        """Change some clips (`rows`: key, caption, and the columns of `schema`, which are made where they are not
        there), all in one commit."""
        own = [SCHEMA.field("key"), SCHEMA.field("caption")]
        with one_writer(self.path, "library"):
            self._refresh()
            if missing := [field for field in schema if field.name not in self._dataset.schema.names]:
                self._dataset.add_columns(missing)
            table = pa.Table.from_pylist([in_letters(row) for row in rows], schema=pa.schema([*own, *schema]))
            self._dataset.merge_insert("key").when_matched_update_all().execute(table)
            self._tidy()

    def correct(self, key: str, caption: str) -> None:
        """Give a clip another caption. Raises CuspError for a key that is not there, or what is no text."""
        if not isinstance(caption, str):
            raise CuspError(f"caption must be a text: got {type(caption).__name__}")
        self._captions_of([key])
        self.update_columns(pa.schema([]), [{"key": key, "caption": caption.strip()}])

    def mark(self, keys: Sequence[str], marked: bool = True) -> None:
        """Mark clips for training, or unmark them: `cusp train LIBRARY --where marked` takes these alone. Raises
        CuspError for a key that is not there."""
        rows = [{"key": k, "caption": text, MARKED: marked} for k, text in self._captions_of(keys).items()]
        if rows:
            self.update_columns(pa.schema([pa.field(MARKED, pa.bool_())]), rows)

    def _captions_of(self, keys: Sequence[str]) -> dict[str, str]:
        if lost := [key for key in keys if key not in self._places]:
            raise CuspError(f"the library {self.path.name} has no clip {lost[0]!r}: it was taken out, or never there")
        places = [self._places[key] for key in keys]
        return {row["key"]: row["caption"] for row in self._all.read(places, ["key", "caption"])}

    def index_vectors(self, column: str = "latents", recall: float = 0.995) -> int:
        """Make an index of a vector column, by which `search` looks into some lists of near vectors only.

        How many lists is measured on 200 of the column's own vectors: the fewest that find `recall` of their 20
        nearest. Returns it. Lance's IVF_FLAT: vectors are kept as they are. Clips added later are found
        too, one by one. Raises CuspError for fewer than 256 vectors.
        """
        from cuspworld.library.vector_index import fewest_lists, lists_name, make_index

        with one_writer(self.path, "library"):
            self._refresh()
            make_index(self._dataset, column)
            self._refresh()
            lists = fewest_lists(self._dataset, column, recall)
            self._dataset.update_config({lists_name(column): str(lists)})
            self._tidy()
        return lists

    def _add(
        self,
        wanted: Mapping[str, Any],
        tasks: Callable[[list[Any], int], list[Any]],
        function: Callable[[Any], Done],
        workers: int | str,
        progress: Progress | None,
        numbered: Collection[str] = (),
    ) -> Addition:
        """Make what is wanted (key -> item) and not there; commit each share as it comes. `numbered`: the keys of files
        that may become several clips, which have numbers after their key and are committed together."""
        bar = progress_bar(str(self.path.name), "done", shown=False if progress else None)
        with one_writer(self.path, "library"), bar as move, heeding_ctrl_c() as stopped:
            move = progress or move
            self._refresh()
            self._upgrade()
            whole = {key.rpartition("/")[0] for key in self._places} if numbered else set()
            missing = [item for key, item in wanted.items() if key not in (whole if key in numbered else self._places)]
            present = len(wanted) - len(missing)
            added, done = 0, present
            hands = _CLUSTER_WORKERS if workers == "ray" else int(workers)
            share = min(LARGEST_SHARE, max(1, math.ceil(len(missing) / (_SHARES_A_WORKER * hands))))
            problems: list[tuple[str, str]] = []
            move(done, len(wanted))
            for task, result in run_tasks(function, tasks(missing, share), workers):
                commit(str(self.path), result)
                added += result.clips
                problems += result.problems
                done += len(task.items)
                move(done, len(wanted))
                stopped()
            self._tidy()
        return Addition(added, present, tuple(sorted(problems)))

    def _replaced(self, place: str, seen: Mapping[str, str]) -> tuple[int, tuple[str, ...]]:
        """(earlier clips of this place's changed files, which are taken out; its files that are gone)."""
        columns = (self.column(name) for name in ("key", "place", "source", "content"))
        ours = [
            (key, source, content) for key, origin, source, content in zip(*columns, strict=True) if origin == place
        ]
        earlier = [key for key, source, content in ours if seen.get(source, content) != content]
        if earlier:
            with one_writer(self.path, "library"):
                self._refresh()
                self._drop(earlier)
                self._tidy()
        return len(earlier), tuple(sorted({source for _, source, _ in ours if source not in seen}))

    def _drop(self, keys: Sequence[str]) -> None:
        """Take clips out; the version that has them is kept by name."""
        self._dataset.tags.create(f"before-{self._dataset.version + 1}", self._dataset.version)
        for part in _parts(list(keys), 1000):
            texts = ", ".join("'" + key.replace("'", "''") + "'" for key in part)
            self._dataset.delete(f"key in ({texts})")


def _parts(items: list[Any], size: int) -> list[list[Any]]:
    return [items[start : start + size] for start in range(0, len(items), size)]
