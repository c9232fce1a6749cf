"""Surfaces that run the other way at once, against belts that run on, pendulums and bouncing things."""

import cv2
import numpy as np

from cuspworld.audit import audit_clip
from cuspworld.audit.evidence.scene import observe
from cuspworld.audit.laws.consistency.surface_reversal import reversal
from cuspworld.clip import Clip

from .scenes import BLUE, render

FPS = 24.0


def _belt(places: np.ndarray) -> np.ndarray:
    """A belt of uneven stripes that has run to these places (pixels), in a plain room: (time, 96, 128, 3)."""
    rng = np.random.default_rng(0)
    stripes = cv2.GaussianBlur(rng.uniform(0, 255, (1, 600)).astype(np.float32), (0, 0), 2.0)
    stripes = np.clip((stripes - stripes.mean()) * 6 + 120, 20, 230)
    frames = []
    for place in places:
        frame = np.full((96, 128, 3), (170, 165, 160), np.float32)
        row = np.interp(np.arange(100) + 200 + place, np.arange(600), stripes[0])
        frame[60:76, 14:114] = row[None, :, None]
        frames.append(np.rint(frame).astype(np.uint8))
    return np.stack(frames)


def test_a_belt_that_runs_back_at_once_is_told_where_and_when() -> None:
    frames = _belt(np.r_[np.arange(0, 40) * 1.7, 39 * 1.7 - np.arange(1, 33) * 1.7])
    found = reversal(observe(frames, FPS))
    assert found is not None and abs(found.frame - 39) <= 1 and found.strength > 3
    x0, y0, x1, y1 = found.box
    assert x0 < 30 and x1 > 95 and y0 > 55 and y1 < 82
    report = audit_clip(Clip(frames, FPS))
    assert [f for f in report.findings if f.law == "consistency" and abs(f.start - 39 / FPS) < 0.1]


def test_a_belt_that_runs_on_or_swings_is_silent() -> None:
    on = reversal(observe(_belt(np.arange(72) * 1.7), FPS))
    assert on is None or on.strength < 1
    swings = reversal(observe(_belt(20 * np.sin(np.arange(72) / 9)), FPS))  # slows down before it turns
    assert swings is None or swings.strength < 1.2


def test_a_disc_that_bounces_back_is_silent() -> None:
    path = np.stack([np.abs(np.arange(72) - 36.0) * 1.5 + 30, np.full(72, 48.0)], 1)
    found = reversal(observe(render([path], [9], [BLUE]), FPS))
    assert found is None or found.strength < 1
