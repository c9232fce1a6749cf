"""Part f: CPU seconds of the audit for a second of video, at 640x360 and 30 fps and for the real clips."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from cuspworld.audit.run import audit_clip
from cuspworld.clip import Clip
from cuspworld.exam.audit.scoring import table
from cuspworld.exam.audit.split import files
from cuspworld.video.files import VideoFile, write_stream


def moving_video(
    path: Path, seconds: float, *, size: tuple[int, int] = (360, 640), fps: float = 30.0, things: int = 6
) -> Path:
    """A textured backdrop with discs that move evenly and come back from the edges, with noise; written as H.264."""
    rng = np.random.default_rng(3)
    height, width = size
    backdrop = cv2.GaussianBlur(rng.normal(0, 60, (height, width, 3)), (0, 0), 6) + 150
    noise = rng.normal(0, 2, (8, height, width, 3))
    places, steps = rng.random((things, 2)) * (width, height), rng.uniform(-2.5, 2.5, (things, 2))
    colours = [tuple(int(v) for v in rng.integers(20, 230, 3)) for _ in range(things)]

    def frames() -> Iterator[np.ndarray]:
        for t in range(round(seconds * fps)):
            picture = backdrop.copy()
            for k in range(things):
                folded = np.abs(np.mod(places[k] + t * steps[k], (2 * width, 2 * height)) - (width, height))
                cv2.circle(
                    picture, tuple(int(16 * v) for v in folded), 16 * (10 + 4 * k), colours[k], -1, cv2.LINE_AA, 4
                )
            yield np.clip(picture + noise[t % 8], 0, 255).astype(np.uint8)[None]

    return write_stream(path, frames(), fps, quality=60)


def run(split: str, seconds: float) -> list[tuple[str, ...]]:
    """Rows: clip, size, fps, seconds, CPU seconds to decode, of the audit with decoding, times real time."""
    rows: list[tuple[str, ...]] = []
    with tempfile.TemporaryDirectory() as folder:
        made = moving_video(Path(folder) / "640x360.mp4", seconds)
        audit_clip(Clip(np.zeros((12, 32, 32, 3), np.uint8), 10.0))  # imports
        for path in [made, *files(split)]:
            begin = time.process_time()
            with VideoFile(path) as video:
                count = sum(1 for _ in video.frames(partial=True))
                fps = video.fps
            decoding = time.process_time() - begin
            begin = time.process_time()
            report = audit_clip(path)
            took = time.process_time() - begin
            length = count / fps
            rows.append((path.name, f"{report.size[1]}x{report.size[0]}", f"{fps:.0f}", f"{length:.1f}",
                         f"{decoding:.2f}", f"{took:.2f}", f"{length / took:.1f}"))  # fmt: skip
    return rows


def show(rows: list[tuple[str, ...]]) -> None:
    """The table; CPU seconds of one core, so that a busy machine gives the same figures."""
    print("Speed (CPU seconds of one core; above 1 is faster than the clip plays)")
    table(("clip", "size", "fps", "seconds", "decoding", "audit", "x real time"), rows)
