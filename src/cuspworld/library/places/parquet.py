"""Hugging Face `datasets`: parquet or arrow files in which a column holds videos as {bytes, path}.

A folder of video files with metadata.csv, .jsonl or .parquet (their VideoFolder) is a folder; this is what their hub
and
`save_to_disk` write. Read with pyarrow alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Any

from cuspworld.errors import CuspError
from cuspworld.library.caption_tables import LONGEST, TEXT
from cuspworld.library.places.place import Batch, Video
from cuspworld.video.read import SUFFIXES

_ROWS = 16  # read at once: videos are large


@dataclass(frozen=True)
class Tables:
    """Parquet and arrow files with videos inside; `name`: of the place."""

    name: str
    tables: tuple[Path, ...]

    def batches(self) -> Iterator[Batch]:
        for table in self.tables:
            yield from _videos(table)


def holds_videos(table: Path) -> bool:
    """Whether a parquet or arrow file has a column of videos."""
    import pyarrow as pa

    try:
        return _column(_schema(table)) is not None
    except (OSError, pa.ArrowException):
        return False


def _schema(table: Path) -> Any:
    import pyarrow as pa
    from pyarrow import parquet

    if table.suffix == ".parquet":
        return parquet.read_schema(table)
    with pa.memory_map(str(table)) as source:
        return pa.ipc.open_stream(source).schema


def _column(schema: Any) -> str | None:
    import pyarrow as pa

    for field in schema:
        if pa.types.is_struct(field.type) and {"bytes", "path"} <= {part.name for part in field.type}:
            return str(field.name)
    return None


def _rows(table: Path) -> Iterator[Any]:
    import pyarrow as pa
    from pyarrow import parquet

    if table.suffix == ".parquet":
        with parquet.ParquetFile(table) as file:
            yield from file.iter_batches(_ROWS)
    else:
        with pa.memory_map(str(table)) as source:
            for batch in pa.ipc.open_stream(source):
                yield from (batch.slice(start, _ROWS) for start in range(0, batch.num_rows, _ROWS))


def _videos(table: Path) -> Iterator[Batch]:
    import pyarrow as pa

    count = 0
    try:
        column = _column(_schema(table))
        if column is None:
            raise CuspError("it has no column of videos ({bytes, path})")
        for rows in _rows(table):
            with TemporaryDirectory(prefix="cusp-") as folder:
                videos, problems = [], []
                for row in rows.to_pylist():
                    name = f"{table.name}/{count:06d}"
                    count += 1
                    value = row[column] or {}
                    given = PurePosixPath(str(value.get("path") or "")).name
                    suffix = PurePosixPath(given).suffix.lower()
                    if not value.get("bytes"):
                        problems.append(
                            (name, f"its video {given[:100]!r} is not in the file, and no path is followed")
                        )
                        continue
                    lies = Path(folder) / f"{count:06d}{suffix if suffix in SUFFIXES else '.mp4'}"
                    lies.write_bytes(value["bytes"])
                    text = next((row[key] for key in TEXT if isinstance(row.get(key), str)), None)
                    videos.append(Video(name, str(lies), None if text is None else text[:LONGEST]))
                yield Batch(tuple(videos), tuple(problems))
    except (OSError, CuspError, pa.ArrowException) as error:
        yield Batch((), ((table.name, str(error).splitlines()[0][:300]),))
