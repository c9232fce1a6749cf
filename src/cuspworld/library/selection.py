"""Some clips of a library, in the order of their keys: a lazy sequence that reads a clip when it is asked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, overload

import numpy as np

from cuspworld import html
from cuspworld.clip import Clip
from cuspworld.errors import CuspError
from cuspworld.library.kept import SHAPE, View
from cuspworld.library.panics import panics_are_errors
from cuspworld.library.schema import CLIP_COLUMNS, SCHEMA, clip_of
from cuspworld.video.read import check_size

_READ_AHEAD = 8  # clips read at once when iterating


@dataclass(frozen=True)
class Match:
    """A clip that a search found: its place in the library, its distance to the vector, its key and caption."""

    index: int
    distance: float
    key: str
    caption: str


class Selection(Sequence[Clip]):
    """Clips of a library at one moment; later additions do not appear in it. `selection[i]` reads one clip.

    A slice gives a selection. `without_truth()` gives the same clips with `truth=None`, which is quicker to read.
    """

    def __init__(self, dataset: Any, rows: np.ndarray, truth: bool = True, view: View | None = None):
        self._dataset, self._rows, self._truth, self._view = dataset, rows, truth, view

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, index: int) -> Clip: ...
    @overload
    def __getitem__(self, index: slice) -> Selection: ...
    def __getitem__(self, index: int | slice) -> Clip | Selection:
        if isinstance(index, slice):
            return Selection(self._dataset, self._rows[index], self._truth, self._view)
        if not -len(self) <= index < len(self):
            raise IndexError(f"clip {index} of {len(self)}")
        return self._clip(self._read(self._rows[[index]], self._columns())[0])

    def __iter__(self) -> Iterator[Clip]:
        for start in range(0, len(self), _READ_AHEAD):
            for row in self._read(self._rows[start : start + _READ_AHEAD], self._columns()):
                yield self._clip(row)

    def __repr__(self) -> str:
        return f"Selection({len(self)} clips)"

    def _repr_html_(self) -> str:
        more = f"<p>{len(self):,} clips, the first {min(len(self), 6)} of them:</p>"
        return more + self[:6].gallery()

    def gallery(self) -> str:
        """The middle frame of every clip beside its caption, as HTML: for a few clips."""
        return "".join(
            html.picture(clip.frames[len(clip) // 2], f"{key}: {clip.caption}")
            for clip, key in zip(self, self.column("key"), strict=True)
        )

    def batches(self, size: int, threads: int = 2, seed: int | None = None) -> Iterator[list[Clip]]:
        """The clips in lists of `size`, read and decoded ahead by `threads` threads, in memory that does not grow with
        the library; with a `seed` in an order drawn by it. Without truth it is quicker: `without_truth()`."""
        from cuspworld.library.loader import batches

        return batches(self, size, threads, seed)

    def torch(self, frames: int | None = None, size: int | tuple[int, int] | None = None) -> Any:
        """The clips as a torch Dataset for a DataLoader with its default collate (`torch_dataset.py`)."""
        from cuspworld.library.torch_dataset import ClipDataset

        sizes = set(zip(self.column("height"), self.column("width"), strict=True))
        return ClipDataset(self.without_truth(), frames, size, sizes)

    def export(self, folder: Any, format: str = "mp4") -> int:
        """Write the clips to a new folder: "mp4" (files and metadata.jsonl), "webdataset", "lerobot" (v3). Returns how
        many. Raises CuspError for clips that the format cannot hold."""
        from cuspworld.library.formats import export

        return export(zip(self.column("key"), self, strict=True), folder, format)

    def without_truth(self) -> Selection:
        """The same clips with `truth=None`."""
        return Selection(self._dataset, self._rows, truth=False, view=self._view)

    def seen_at(self, size: int | tuple[int, int] | None, fps: float | None) -> Selection:
        """The same clips, those of kept files decoded at this size and frame rate, as in `Clip.read`: their own where
        None. Clips whose frames are in the table stay as they are."""
        return Selection(self._dataset, self._rows, self._truth, View(check_size(size), fps))

    def column(self, name: str) -> list[Any]:
        """One column of every clip, in order, without reading frames: key, source, caption, events, ... or vectors."""
        if name not in self._dataset.schema.names:
            if name in SCHEMA.names:  # a library of an earlier version
                return [None] * len(self)
            raise CuspError(f"no column {name!r} in the library: it has {', '.join(self._dataset.schema.names)}")
        if self._view is not None and name in SHAPE:
            return [shape[name] for shape in map(self._view.shape, self._read(self._rows, [*SHAPE, "file"]))]
        return [row[name] for row in self._read(self._rows, [name])]

    def _clip(self, row: dict[str, Any]) -> Clip:
        return clip_of(row, Path(self._dataset.uri), self._view)

    def read(self, places: Sequence[int], columns: list[str]) -> list[dict[str, Any]]:
        """Some columns of the clips at these places of the selection."""
        return self._read(self._rows[np.asarray(places, np.int64)], columns)

    def _columns(self) -> list[str]:
        there = self._dataset.schema.names
        return [name for name in (*CLIP_COLUMNS, *(["truth"] if self._truth else [])) if name in there]

    def _read(self, rows: np.ndarray, columns: list[str]) -> list[dict[str, Any]]:
        if not len(rows):
            return []
        there = set(self._dataset.schema.names)
        try:
            with panics_are_errors():
                return self._dataset.take(rows.tolist(), columns=[c for c in columns if c in there]).to_pylist()
        except (OSError, ValueError, RuntimeError) as error:  # Lance's own words for files that are damaged or gone
            said = (str(error).splitlines() or [type(error).__name__])[0][:300]
            raise CuspError(f"the library's files are damaged or gone: {said}; record or ingest it anew") from error
