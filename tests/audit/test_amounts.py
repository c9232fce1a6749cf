"""Matter that grows in its place, against matter that is poured, uncovered or brought nearer."""

import cv2
import numpy as np
import pytest

from cuspworld.audit.evidence.scene import observe
from cuspworld.audit.laws.conservation.hue_growth import growths

FPS = 12.0


def _heap(radii: np.ndarray, xs: np.ndarray | None = None) -> np.ndarray:
    """A shaded yellow heap before a grey wall: (time, 96, 128, 3)."""
    rng = np.random.default_rng(0)
    rows, columns = np.mgrid[:96, :128]
    shade = 1 + 0.15 * np.sin(rows / 4 + columns / 7)
    wall = 110 + cv2.GaussianBlur(rng.normal(0, 30, (96, 128)), (0, 0), 3)
    frames = []
    for t, radius in enumerate(radii):
        x = 64.0 if xs is None else xs[t]
        body = np.hypot(columns - x, rows - 56) < radius
        picture = np.where(body[..., None], shade[..., None] * np.array([205, 190, 90]), wall[..., None])
        frames.append(np.clip(picture + rng.normal(0, 2, picture.shape), 0, 255).astype(np.uint8))
    return np.stack(frames)


@pytest.mark.parametrize("factor", [1.15, 1.4])
def test_a_heap_that_grows_all_the_while_is_measured(factor: float) -> None:
    radii = 18 * np.linspace(1, factor, 36)
    found = growths(observe(_heap(radii), FPS))
    # thirds are compared: from the middle of the first to the middle of the last
    expected = (radii[-12:].mean() / radii[:12].mean()) ** 2
    assert len(found) == 1 and found[0].ratio == pytest.approx(expected, rel=0.05)


def test_what_stays_moves_or_is_uncovered_at_once_does_not_grow() -> None:
    steady = np.full(36, 18.0)
    assert growths(observe(_heap(steady), FPS)) == []
    assert growths(observe(_heap(18 * np.linspace(1, 1.2, 36), np.linspace(25, 100, 36)), FPS)) == []
    assert growths(observe(_heap(np.r_[steady[:18], 1.3 * steady[:18]]), FPS)) == []
