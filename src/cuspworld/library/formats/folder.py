"""A folder of mp4 files with metadata.jsonl, as Hugging Face's video folders are; `cusp ingest` reads it back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cuspworld.clip import Clip


class Mp4Folder:
    def write(self, clips: Iterator[tuple[str, Clip]], folder: Path) -> None:
        with (folder / "metadata.jsonl").open("w", encoding="utf-8") as table:
            for index, (key, clip) in enumerate(clips):
                path = clip.write(folder / f"{index:06d}.mp4", truth=clip.truth is not None)
                table.write(json.dumps({"file_name": path.name, **facts(key, clip)}, ensure_ascii=False) + "\n")


def facts(key: str, clip: Clip) -> dict[str, Any]:
    """What is known of a clip beside its frames."""
    found: dict[str, Any] = {"text": clip.caption, "key": key, "fps": clip.fps, "frames": len(clip)}
    if clip.truth is not None:
        broken = clip.truth.violation
        found |= {"world": clip.truth.world, "branch": clip.truth.branch, "twin": broken.twin if broken else None}
        found["events"] = [{"name": event.name, "time": event.time} for event in clip.truth.events]
    return found
