"""LeRobot's dataset format, v3.0: an episode a clip, with `observation.images.main`, `observation.state`, `action`.

meta/info.json, meta/tasks.parquet, meta/episodes/..., meta/stats.json; data/ in parquet, videos/ in mp4. Written with
pyarrow alone; LeRobot 0.6.1 opens it (tests/library/test_exporting.py, where LEROBOT_PYTHON names a Python that has
it: it needs an older av than we do).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from cuspworld.clip import Clip
from cuspworld.errors import CuspError

_CHUNK = 1000  # files of one folder
_VIDEO = "observation.images.main"
_DATA = "data/chunk-{chunk_index:03d}/file-{file_index:03d}.parquet"
_VIDEOS = "videos/{video_key}/chunk-{chunk_index:03d}/file-{file_index:03d}.mp4"
_LOOKED_AT = 8  # frames of a clip that the picture's statistics are taken of
_NUMBERS = ("timestamp", "frame_index", "episode_index", "index", "task_index")


class LeRobot:
    def write(self, clips: Iterator[tuple[str, Clip]], folder: Path) -> None:
        import pyarrow as pa
        from pyarrow import parquet

        shape: tuple[Any, ...] | None = None
        tasks: dict[str, int] = {}
        episodes: list[dict[str, Any]] = []
        sums = {name: _Statistics() for name in ("observation.state", "action", _VIDEO)}
        total = 0
        for number, (key, clip) in enumerate(clips):
            state, action = _table(clip, "state", key), _table(clip, "action", key)
            this = (clip.size, clip.fps, _columns(clip, "state"), _columns(clip, "action"))
            if shape is not None and this != shape:
                raise CuspError(
                    f"a LeRobot dataset has one size, frame rate and set of columns: {key} differs from the first; "
                    "export one world at a time: --where \"world = 'Juice'\""
                )
            shape = this
            task = tasks.setdefault(clip.caption, len(tasks))
            count = len(clip)
            place = {"chunk_index": number // _CHUNK, "file_index": number % _CHUNK}
            columns = {
                "observation.state": _lists(pa, state),
                "action": _lists(pa, action),
                "timestamp": pa.array(np.arange(count, dtype=np.float32) / np.float32(clip.fps)),
                "frame_index": pa.array(np.arange(count)),
                "episode_index": pa.array(np.full(count, number)),
                "index": pa.array(np.arange(total, total + count)),
                "task_index": pa.array(np.full(count, task)),
            }
            file = folder / _DATA.format(**place)
            file.parent.mkdir(parents=True, exist_ok=True)
            parquet.write_table(pa.table(columns), file)
            video = folder / _VIDEOS.format(video_key=_VIDEO, **place)
            video.parent.mkdir(parents=True, exist_ok=True)
            clip.write(video)
            some = clip.frames[np.unique(np.linspace(0, count - 1, _LOOKED_AT).astype(int))]
            for name, values in (("observation.state", state), ("action", action), (_VIDEO, some.reshape(-1, 3))):
                sums[name].add(values)
            episodes.append(
                {
                    "episode_index": number,
                    "tasks": [clip.caption],
                    "length": count,
                    "data/chunk_index": place["chunk_index"],
                    "data/file_index": place["file_index"],
                    "dataset_from_index": total,
                    "dataset_to_index": total + count,
                    f"videos/{_VIDEO}/chunk_index": place["chunk_index"],
                    f"videos/{_VIDEO}/file_index": place["file_index"],
                    f"videos/{_VIDEO}/from_timestamp": 0.0,
                    f"videos/{_VIDEO}/to_timestamp": count / clip.fps,
                    "meta/episodes/chunk_index": 0,
                    "meta/episodes/file_index": 0,
                }
            )
            total += count
        if shape is None:
            return
        listed = folder / "meta" / "episodes" / "chunk-000" / "file-000.parquet"
        listed.parent.mkdir(parents=True)
        parquet.write_table(pa.Table.from_pylist(episodes), listed)
        parquet.write_table(_tasks(pa, tasks), folder / "meta" / "tasks.parquet")
        info = _info(shape, len(episodes), total, len(tasks))
        (folder / "meta" / "info.json").write_text(json.dumps(info, indent=4, ensure_ascii=False))
        stats: dict[str, Any] = {name: kept.done() for name, kept in sums.items()}
        for name, values in stats[_VIDEO].items():  # their pictures are (channels, height, width) from 0 to 1
            if name != "count":
                stats[_VIDEO][name] = [[[value / 255]] for value in values]
        (folder / "meta" / "stats.json").write_text(json.dumps(stats, indent=4))


def _table(clip: Clip, name: str, key: str) -> np.ndarray:
    """A table of the truth as float32 (frames, columns)."""
    table = getattr(clip.truth, name, None)
    if table is None or not table.dtype.names:
        raise CuspError(f"a LeRobot dataset needs states and actions, and {key} has none: export recorded clips")
    return np.stack([table[column] for column in table.dtype.names], axis=1).astype(np.float32)


def _columns(clip: Clip, name: str) -> tuple[str, ...]:
    return tuple(getattr(clip.truth, name).dtype.names)


def _lists(pa: Any, values: np.ndarray) -> Any:
    return pa.FixedSizeListArray.from_arrays(pa.array(np.ascontiguousarray(values).reshape(-1)), values.shape[1])


def _tasks(pa: Any, tasks: dict[str, int]) -> Any:
    """task -> task_index, the task as the index that pandas finds again."""
    table = pa.table({"task_index": list(tasks.values()), "task": list(tasks)})
    columns = [
        {"name": name, "field_name": name, "pandas_type": kind, "numpy_type": kind_of, "metadata": None}
        for name, kind, kind_of in (("task_index", "int64", "int64"), ("task", "unicode", "object"))
    ]
    said = {"index_columns": ["task"], "column_indexes": [], "columns": columns, "pandas_version": "2.2.0"}
    return table.replace_schema_metadata({b"pandas": json.dumps(said).encode()})


class _Statistics:
    """Least, greatest, mean and standard deviation of columns, as they come."""

    def __init__(self) -> None:
        self.parts: list[np.ndarray] = []
        self.count = 0

    def add(self, values: np.ndarray) -> None:
        wide = values.astype(np.float64)
        self.count += len(values)
        self.parts.append(np.stack([wide.min(0), wide.max(0), wide.sum(0), (wide**2).sum(0)]))

    def done(self) -> dict[str, list[float]]:
        parts = np.stack(self.parts)
        mean = parts[:, 2].sum(0) / self.count
        spread = np.sqrt(np.maximum(parts[:, 3].sum(0) / self.count - mean**2, 0.0))
        found = {"min": parts[:, 0].min(0), "max": parts[:, 1].max(0), "mean": mean, "std": spread}
        return {**{name: value.tolist() for name, value in found.items()}, "count": [self.count]}


def _info(shape: tuple[Any, ...], episodes: int, frames: int, tasks: int) -> dict[str, Any]:
    (height, width), fps, state, action = shape
    width, height = width + width % 2, height + height % 2  # H.264 has even sides
    features: dict[str, Any] = {
        _VIDEO: {
            "dtype": "video",
            "shape": [height, width, 3],
            "names": ["height", "width", "channels"],
            "info": {
                "video.height": height, "video.width": width, "video.codec": "h264", "video.pix_fmt": "yuv420p",
                "video.is_depth_map": False, "video.fps": fps, "video.channels": 3, "has_audio": False,
            },
        },
        "observation.state": {"dtype": "float32", "shape": [len(state)], "names": list(state), "fps": fps},
        "action": {"dtype": "float32", "shape": [len(action)], "names": list(action), "fps": fps},
    }  # fmt: skip
    for name in _NUMBERS:
        kind = "float32" if name == "timestamp" else "int64"
        features[name] = {"dtype": kind, "shape": [1], "names": None, "fps": fps}
    return {
        "codebase_version": "v3.0",
        "robot_type": None,
        "total_episodes": episodes,
        "total_frames": frames,
        "total_tasks": tasks,
        "chunks_size": _CHUNK,
        "data_files_size_in_mb": 100,
        "video_files_size_in_mb": 500,
        "fps": round(fps) if float(fps).is_integer() else fps,
        "splits": {"train": f"0:{episodes}"},
        "data_path": _DATA,
        "video_path": _VIDEOS,
        "features": features,
    }
