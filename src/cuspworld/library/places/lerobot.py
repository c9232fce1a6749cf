"""LeRobot datasets of version 3: episodes that are cut from longer files by meta/episodes, with states and actions.

Read with pyarrow alone, from the format's description and what formats/lerobot.py writes. Each camera's video of an
episode is a clip; `observation.state` and `action` are its truth, a row a frame.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from cuspworld.errors import CuspError
from cuspworld.library.caption_tables import LONGEST
from cuspworld.library.places.place import BATCH_FILES, Batch, Part, Signals, Video, named


@dataclass(frozen=True)
class LeRobotDataset:
    root: Path

    @property
    def name(self) -> str:
        return str(self.root.resolve())

    def batches(self) -> Iterator[Batch]:
        import pyarrow as pa

        try:
            info = json.loads((self.root / "meta" / "info.json").read_text(encoding="utf-8"))
            version = str(info["codebase_version"])
            if not version.startswith("v3."):
                raise CuspError(
                    f"{self.root} is a LeRobot dataset of {version}: v3 is read; convert it with their package"
                )
            cameras = [key for key, feature in info["features"].items() if feature.get("dtype") == "video"]
            if not cameras:
                raise CuspError(f"{self.root} is a LeRobot dataset without video: its pictures are not read here")
            files, problems = self._files(info, cameras)
        except (OSError, ValueError, KeyError, TypeError, AttributeError, pa.ArrowException) as error:
            raise CuspError(f"{self.root} is not a LeRobot dataset that can be read: {error!r}") from error
        names = sorted(files)
        for start in range(0, max(1, len(names)), BATCH_FILES):
            videos = [
                Video(name, str(self.root / name), parts=tuple(files[name]))
                for name in names[start : start + BATCH_FILES]
            ]
            yield Batch(tuple(videos), tuple(problems) if start == 0 else ())

    def _files(self, info: dict[str, Any], cameras: list[str]) -> tuple[dict[str, list[Part]], list[tuple[str, str]]]:
        """Video file (path inside the dataset) -> its episodes, and what is wrong with others."""
        from pyarrow import parquet

        fps, top = float(info["fps"]), self.root.resolve()
        files: dict[str, list[Part]] = defaultdict(list)
        problems = []
        for listed in sorted((self.root / "meta" / "episodes").rglob("*.parquet")):
            for episode in parquet.read_table(listed).to_pylist():
                what = f"episode {episode.get('episode_index')}"
                try:
                    signals = self._signals(info, episode, fps)
                    caption = ". ".join(str(task) for task in episode.get("tasks") or [])[:LONGEST] or None
                    for camera in cameras:
                        place = {name: episode[f"videos/{camera}/{name}"] for name in ("chunk_index", "file_index")}
                        name = str(info["video_path"]).format(video_key=camera, **place)
                        path = (self.root / name).resolve()
                        if not path.is_relative_to(top) or not path.is_file():
                            raise ValueError(f"its video {name[:200]} is not in the dataset")
                        begin, end = (episode[f"videos/{camera}/{name}_timestamp"] for name in ("from", "to"))
                        files[name].append(Part(float(begin), float(end) - float(begin), caption, signals))
                except (OSError, ValueError, KeyError, TypeError, IndexError) as error:
                    problems.append((what, f"cannot be read: {error}"))
        return files, problems

    def _signals(self, info: dict[str, Any], episode: dict[str, Any], fps: float) -> Signals | None:
        place = {name: episode[f"data/{name}"] for name in ("chunk_index", "file_index")}
        path = (self.root / str(info["data_path"]).format(**place)).resolve()
        if not path.is_relative_to(self.root.resolve()):
            raise ValueError("its data lies outside of the dataset")
        numbers, state, action = _data(path)
        rows = np.flatnonzero(numbers == episode["episode_index"])
        if not len(rows):
            return None
        features = info["features"]

        def told(values: np.ndarray | None, key: str) -> tuple[np.ndarray, tuple[str, ...]]:
            values = np.zeros((len(numbers), 0), np.float32) if values is None else values
            names = features.get(key, {}).get("names")
            return values[rows], named(names, values.shape[1], key.rpartition(".")[2])

        return Signals(fps, *told(state, "observation.state"), *told(action, "action"))


@lru_cache(maxsize=4)
def _data(path: Path) -> tuple[np.ndarray, np.ndarray | None, np.ndarray | None]:
    """(episode_index, states, actions) of every row of a data file."""
    from pyarrow import parquet

    file = parquet.ParquetFile(path)
    there = [name for name in ("observation.state", "action") if name in file.schema_arrow.names]
    table = file.read(columns=["episode_index", *there])
    found = {name: np.array(table[name].to_pylist(), np.float32).reshape(len(table), -1) for name in there}
    return table["episode_index"].to_numpy(), found.get("observation.state"), found.get("action")
