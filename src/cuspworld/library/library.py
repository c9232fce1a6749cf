"""Library: a table of clips that can be added to. Record worlds, ingest folders, add clips, set vectors.

A library is a set of clips by key. Whatever order they were written in, by however many workers, they are read in the
order of their keys; adding a key that is there already does nothing. So work that was interrupted goes on by being
asked for again.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import lance
import numpy as np
import pyarrow as pa
from jaxtyping import Float

from cuspworld.checks import whole
from cuspworld.clip import Clip
from cuspworld.errors import CuspError
from cuspworld.library.heeding import heeding_ctrl_c
from cuspworld.library.schema import SCHEMA, row_of
from cuspworld.library.table import Table
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
    """What an addition did: clips added, items that were there already, (what, why) of those left out, and the sources
    of clips that have no caption."""

    added: int
    present: int
    problems: tuple[tuple[str, str], ...]
    uncaptioned: tuple[str, ...] = ()


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
        folder: str | Path,
        *,
        size: int | tuple[int, int] | None = 64,
        fps: float | None = 10.0,
        seconds: float | None = None,
        workers: int | str = 1,
        progress: Progress | None = None,
    ) -> Addition:
        """Take in the videos of a folder and its sub-folders. A bad file is reported and left out; the others are in.

        `size`, `fps`: as in `Clip.read`; the defaults are those of `record`, None keeps each file's own. `seconds`: cut
        files into clips of that length. Captions come from the folder's tables (caption_tables.py says which), a text
        file of the video's stem, or the video's own description, in this order. Raises CuspError if the folder holds
        no video.
        """
        from cuspworld.library.captions import read_captions
        from cuspworld.library.ingesting import File, IngestTask, Reading, describe, ingest_files
        from cuspworld.video.folder import look
        from cuspworld.video.read import check_fps, check_seconds, check_size

        check_size(size)
        check_fps(fps)
        check_seconds(0.0, seconds)
        workers = check_workers(workers)
        folder = Path(folder)
        videos, problems = look(folder)
        captions = read_captions(folder, videos)
        reading = Reading(size, fps, seconds)
        problems += [("captions", complaint) for complaint in captions.problems]
        files: dict[str, File] = {}
        for video in videos:
            try:
                file = describe(folder, video, reading, captions.of)
                files[file.key] = file
            except OSError as error:
                problems.append((str(video), f"cannot be read: {error.strerror}"))

        def tasks(missing: list[File], share: int) -> list[IngestTask]:
            parts = _parts(missing, min(share, _FILES_A_SHARE))
            return [IngestTask(str(self.path), str(folder.resolve()), reading, tuple(part)) for part in parts]

        addition = self._add(files, tasks, ingest_files, workers, progress, pieces=seconds is not None)
        texts = zip(self.column("source"), self.column("caption"), strict=True)
        silent = {source for source, caption in texts if not caption} & {file.name for file in files.values()}
        return Addition(addition.added, addition.present, (*problems, *addition.problems), tuple(sorted(silent)))

    def add(self, clips: Iterable[Clip] | Clip, source: str) -> Addition:
        """Add clips that you made, under the name `source`; one that is there already (same content) is left alone."""
        added = present = 0
        with one_writer(self.path, "library"):
            self._refresh()
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
        flat = pa.array(np.ascontiguousarray(vectors, np.float32).reshape(-1))
        rows = pa.FixedSizeListArray.from_arrays(flat, vectors.shape[1])
        with one_writer(self.path, "library"):
            dataset = lance.dataset(str(self.path))
            if column in dataset.schema.names:
                dataset.drop_columns([column])
            dataset.merge(pa.table({"key": pa.array(self.column("key")), column: rows}), left_on="key")
            self._tidy()

    def _add(
        self,
        wanted: Mapping[str, Any],
        tasks: Callable[[list[Any], int], list[Any]],
        function: Callable[[Any], Done],
        workers: int | str,
        progress: Progress | None,
        pieces: bool = False,
    ) -> Addition:
        """Make what is wanted (key -> item) and not there; commit each share as it comes."""
        bar = progress_bar(str(self.path.name), "done", shown=False if progress else None)
        with one_writer(self.path, "library"), bar as move, heeding_ctrl_c() as stopped:
            move = progress or move
            self._refresh()
            # A file that was cut into pieces has their numbers after its key; they were committed together.
            there = {key.rpartition("/")[0] for key in self._places} if pieces else self._places
            missing = [item for key, item in wanted.items() if key not in there]
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


def _parts(items: list[Any], size: int) -> list[list[Any]]:
    return [items[start : start + size] for start in range(0, len(items), size)]
