"""Fires that begin by themselves, and fires that are lit."""

import cv2
import numpy as np
import pytest

from cuspworld.audit import audit_clip
from cuspworld.clip import Clip

FPS = 24.0


def _clip(*flames: np.ndarray, seed: int = 0) -> Clip:
    """Flames at (x, y, size) in each frame (size 0: none) before a dim wall: a white core and an orange rim."""
    rng = np.random.default_rng(seed)
    wall = cv2.GaussianBlur(rng.normal(0, 40, (96, 128)), (0, 0), 3)[..., None] + np.array([70.0, 66.0, 60.0])
    frames = []
    for t in range(len(flames[0])):
        picture = np.clip(wall + rng.normal(0, 1.5, wall.shape), 0, 255).astype(np.uint8)
        for x, y, size in (flame[t] for flame in flames):
            if size > 0:
                for share, colour in ((1.0, (250, 150, 40)), (0.55, (255, 250, 225))):
                    axes = (max(1, round(share * size)), max(1, round(1.8 * share * size)))
                    cv2.ellipse(picture, (round(x), round(y)), axes, 0, 0, 360, colour, -1, cv2.LINE_AA)
        frames.append(picture)
    return Clip(np.stack(frames), FPS)


def _flame(x: float, y: float, begin: int, count: int = 60) -> np.ndarray:
    """Grows within a quarter of a second and flickers."""
    t = np.arange(count)
    size = np.clip((t - begin) / 6, 0, 1) * (4.5 + 0.4 * np.sin(1.3 * t))
    return np.stack([np.full(count, x), np.full(count, y), size], 1)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_fire_out_of_nothing_is_an_effect_without_cause(seed: int) -> None:
    report = audit_clip(_clip(_flame(70, 50, 20), seed=seed))
    finding = next(f for f in report.findings if f.law == "cause")
    assert abs(finding.start - 20 / FPS) < 4 / FPS
    assert finding.box is not None and finding.box[0] - 3 < 70 < finding.box[2] + 3


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_candle_lit_by_a_flame_that_is_brought_is_no_finding(seed: int) -> None:
    t = np.arange(60)
    brought = np.stack([np.maximum(128 + 8 - 3.0 * t, 74), np.full(60, 44), np.full(60, 3.5)], 1)
    report = audit_clip(_clip(brought, _flame(68, 52, 22), seed=seed))
    assert not [f for f in report.findings if f.law == "cause"]


def test_a_fire_that_burns_from_the_start_is_no_finding() -> None:
    report = audit_clip(_clip(_flame(70, 50, -20)))
    assert not [f for f in report.findings if f.law == "cause"]
