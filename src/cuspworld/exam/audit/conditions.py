"""Part b, conditions: false alarms of true clips filmed worse: camera motion, noise, crowds, compression, dusk.

The first four seconds of each true clip at 256 pixels, changed by a fixed seed. A crowd are 24 discs that cross the
picture evenly in front of it; dusk is a quarter of the light, and the noise of a camera that makes up for it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np

from cuspworld.clip import Clip
from cuspworld.exam.audit.injected import true_clips
from cuspworld.exam.audit.robust import encoded, noisy
from cuspworld.exam.audit.scoring import number, table
from cuspworld.exam.audit.store import Store

MARGIN = 0.08  # of the frame's sides: how far the camera moves to either side


def panned(clip: Clip) -> Clip:
    """The camera pans evenly from the left to the right margin."""
    return _through(clip, np.stack([np.linspace(-1, 1, len(clip)), np.zeros(len(clip))], 1))


def shaken(clip: Clip) -> Clip:
    """A hand-held camera: a smooth random path, of a pixel or so a frame."""
    rng = np.random.default_rng(0)
    path = cv2.GaussianBlur(np.cumsum(rng.normal(0, 1, (len(clip), 2)), 0).astype(np.float32), (1, 0), 0, sigmaY=2.0)
    path -= path.mean(0)
    return _through(clip, 0.4 * path / max(1e-6, float(np.abs(path).max())))


def _through(clip: Clip, path: np.ndarray) -> Clip:
    """What a window of the picture shows that moves along `path` (in margins, x and y, from the middle)."""
    height, width = clip.size
    mx, my = MARGIN * width, MARGIN * height
    size = (int(width - 2 * mx), int(height - 2 * my))
    frames = [
        cv2.warpAffine(
            frame,
            np.array([[1, 0, -mx * (1 + x)], [0, 1, -my * (1 + y)]], np.float64),
            size,
            flags=cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REFLECT,
        )
        for frame, (x, y) in zip(clip.frames, path, strict=True)
    ]
    return Clip(np.stack(frames), clip.fps)


def crowded(clip: Clip) -> Clip:
    """Discs cross in front of it, each evenly and right through the picture."""
    rng = np.random.default_rng(0)
    height, width = clip.size
    reach, count = float(np.hypot(height, width)), 24
    heading, when = rng.uniform(0, 2 * np.pi, count), rng.uniform(0, len(clip), count)
    through = rng.uniform(0.1, 0.9, (count, 2)) * (width, height)
    speed = rng.uniform(0.3, 0.8, count) * reach / clip.fps
    radius = rng.uniform(0.015, 0.035, count) * reach
    colours = rng.integers(20, 230, (count, 3)).tolist()
    frames = clip.frames.copy()
    for t, frame in enumerate(frames):
        for k in range(count):
            place = through[k] + (t - when[k]) * speed[k] * np.array([np.cos(heading[k]), np.sin(heading[k])])
            if np.abs(place).max() < 4 * reach:
                cv2.circle(
                    frame, tuple(int(16 * v) for v in place), int(16 * radius[k]), colours[k], -1, cv2.LINE_AA, 4
                )
    return Clip(frames, clip.fps)


def dusk(clip: Clip) -> Clip:
    """A quarter of the light, and noise of four grey levels."""
    return noisy(Clip(np.rint(clip.frames * 0.25).astype(np.uint8), clip.fps), 4.0)


CONDITIONS: dict[str, Callable[[Clip], Clip]] = {
    "as it is": lambda clip: clip,
    "camera pans": panned,
    "camera shakes": shaken,
    "noise of 8 levels": lambda clip: noisy(clip, 8.0),
    "a crowd in front": crowded,
    "CRF 40": lambda clip: encoded(clip, 40),
    "low light": dusk,
}


def run(split: str, store: Store, limit: int | None = None) -> list[tuple[str, str, float, dict[str, Any]]]:
    """(condition, clip, seconds, report) of every true clip in every condition."""
    return [
        (condition, name, clip.seconds, store.report(change(clip)))
        for name, clip in true_clips(split, limit)
        for condition, change in CONDITIONS.items()
    ]


def show(results: list[tuple[str, str, float, dict[str, Any]]]) -> None:
    """One row a condition."""
    print("True clips under worse conditions")
    groups: dict[str, list[tuple[str, float, dict[str, Any]]]] = defaultdict(list)
    for condition, *rest in results:
        groups[condition].append(tuple(rest))  # type: ignore[arg-type]
    rows = []
    for condition, group in groups.items():
        alarms = sum(len(report["findings"]) for *_, report in group)
        minutes = sum(seconds for _, seconds, _ in group) / 60
        which = [f"{name} {f['law']} {f['probability']:.0%}" for name, _, r in group for f in r["findings"]]
        checked = np.mean([len(report["checked"]) for *_, report in group])
        passed = f"{sum(not r['findings'] for *_, r in group)} of {len(group)}"
        rows.append((condition, passed, alarms, number(alarms / minutes), number(checked, 1), ", ".join(which[:3])))
    table(("condition", "pass", "false alarms", "a minute", "laws checked", "which"), rows)
