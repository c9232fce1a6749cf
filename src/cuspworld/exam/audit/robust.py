"""Part d: does the verdict change when the clip is re-encoded, scaled, resampled in time, noisy, darker or brighter?"""

from __future__ import annotations

import tempfile
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np

from cuspworld.clip import Clip
from cuspworld.exam.audit.scoring import number, table
from cuspworld.exam.audit.store import Store


def encoded(clip: Clip, crf: int) -> Clip:
    """H.264 4:2:0 at this CRF, and decoded again."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "encoded.mp4"
        encode(clip, path, crf)
        return Clip(Clip.read(path).frames, clip.fps)


def encode(clip: Clip, path: Path, crf: int) -> None:
    """Write a file as others do, 4:2:0 at this CRF: H.264 in .mp4, VP9 in .webm."""
    height, width = (side - side % 2 for side in clip.size)
    codec, options = {
        ".mp4": ("libx264", {"preset": "veryfast"}),
        ".webm": ("libvpx-vp9", {"b": "0", "deadline": "realtime", "cpu-used": "6"}),
    }[path.suffix]
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream(codec, rate=round(clip.fps))
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.options = {"crf": str(crf), **options}
        for frame in clip.frames[:, :height, :width]:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(np.ascontiguousarray(frame), format="rgb24")))
        container.mux(stream.encode(None))


def scaled(clip: Clip, factor: float) -> Clip:
    """Both sides times `factor`."""
    size = max(8, round(clip.size[1] * factor)), max(8, round(clip.size[0] * factor))
    method = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    return Clip(np.stack([cv2.resize(frame, size, interpolation=method) for frame in clip.frames]), clip.fps)


def at_rate(clip: Clip, fps: float) -> Clip:
    """The frames shown at every 1/fps seconds."""
    times = np.arange(max(1, int(len(clip) * fps / clip.fps))) / fps
    return Clip(clip.frames[np.minimum((times * clip.fps + 1e-6).astype(int), len(clip) - 1)], fps)


def noisy(clip: Clip, sigma: float) -> Clip:
    """Gaussian noise of `sigma` grey levels."""
    rng = np.random.default_rng(0)
    frames = [frame + rng.normal(0, sigma, frame.shape) for frame in clip.frames]
    return Clip(np.stack([np.clip(np.rint(frame), 0, 255).astype(np.uint8) for frame in frames]), clip.fps)


def brighter(clip: Clip, factor: float) -> Clip:
    """All values times `factor`, cut off at 255."""
    return Clip(np.clip(np.rint(clip.frames * factor), 0, 255).astype(np.uint8), clip.fps)


def variants(clip: Clip) -> Iterator[tuple[str, Clip]]:
    """(name, changed clip)."""
    for crf in (18, 28, 40):
        yield f"CRF {crf}", encoded(clip, crf)
    for factor in (0.25, 0.5, 2.0):
        yield f"scale {factor:g}", scaled(clip, factor)
    for fps in (8.0, 15.0, 60.0):
        if abs(fps - clip.fps) > 1 and (fps > clip.fps or clip.fps > 1.3 * fps):
            yield f"{fps:g} fps", at_rate(clip, fps)
    for sigma in (3.0, 8.0):
        yield f"noise {sigma:g}", noisy(clip, sigma)
    for factor in (0.6, 1.3):
        yield f"brightness {factor:g}", brighter(clip, factor)


def run(
    clips: list[tuple[str, bool, Clip]], store: Store
) -> list[tuple[str, str, bool, dict[str, Any], dict[str, Any]]]:
    """(variant, clip, is it true, report of the original, report of the variant)."""
    results = []
    for name, true, clip in clips:
        original = store.report(clip)
        for variant, changed in variants(clip):
            results.append((variant, name, true, original, store.report(changed)))
    return results


def show(results: list[tuple[str, str, bool, dict[str, Any], dict[str, Any]]]) -> None:
    """Share of verdicts that change, by variant."""
    print("Robustness: verdicts that change")
    groups: dict[str, list[tuple[str, str, bool, dict[str, Any], dict[str, Any]]]] = defaultdict(list)
    for result in results:
        groups[result[0]].append(result)
    rows = []
    for variant, group in [*groups.items(), ("all", results)]:
        changed = [r[3]["verdict"] != r[4]["verdict"] for r in group]
        alarms = [r[3]["verdict"] != "impossible" and r[4]["verdict"] == "impossible" for r in group]
        lost = [r[3]["verdict"] == "impossible" and r[4]["verdict"] != "impossible" for r in group]
        rows.append((
            variant, len(group), number(np.mean(changed), percent=True), sum(alarms), sum(lost),
            number(np.mean([abs(r[3]["score"] - r[4]["score"]) for r in group]), 3),
        ))  # fmt: skip
    table(("variant", "clips", "changed", "new findings", "lost findings", "mean change of score"), rows)
