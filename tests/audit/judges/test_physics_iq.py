"""The Physics-IQ measures against their definition by hand."""

import numpy as np
import pytest

from cuspworld.audit import physics_iq
from cuspworld.audit.judges.physics_iq import PhysicsIQ, motion_masks
from cuspworld.clip import Clip
from cuspworld.errors import CuspError


def _square(starts: list[int], size: int = 64, side: int = 16, row: int = 24) -> np.ndarray:
    """A white square on black at the given columns, one a frame."""
    frames = np.zeros((len(starts), size, size, 3), np.uint8)
    for t, x in enumerate(starts):
        frames[t, row : row + side, x : x + side] = 255
    return frames


def test_a_clip_is_like_itself() -> None:
    clip = Clip(_square(list(range(0, 40, 2))), 10.0)
    measures = physics_iq(clip, clip, shrink=1)
    assert measures == PhysicsIQ(1.0, 1.0, 1.0, 0.0)
    assert measures.score() == 100.0


def test_nothing_moves_anywhere_is_the_same() -> None:
    still = Clip(np.full((6, 32, 32, 3), 90, np.uint8), 10.0)
    assert physics_iq(still, still) == PhysicsIQ(1.0, 1.0, 1.0, 0.0)


def test_the_running_average_forgets_at_the_published_rate() -> None:
    """A square of height c appears at frame 1: the difference from the average is c 0.7^k after k frames."""
    height = 100
    frames = np.zeros((16, 48, 48, 3), np.uint8)
    frames[1:, 16:32, 16:32] = height
    masks = motion_masks(frames)
    seen = masks[:, 20:28, 20:28].all((1, 2))
    expected = np.array([False] + [height * 0.7**k > 10 + 0.5 for k in range(1, 16)])
    assert (seen == expected).all()


def test_elsewhere_at_the_same_time_shares_no_pixel() -> None:
    a, b = Clip(_square(list(range(0, 40, 2)), row=2), 10.0), Clip(_square(list(range(0, 40, 2)), row=42), 10.0)
    measures = physics_iq(a, b, shrink=1)
    assert measures.spatial_iou == measures.weighted_spatial_iou == 0.0
    assert measures.spatiotemporal_iou == pytest.approx(1 / 20)  # the first frame's masks are both empty: the same
    # two squares of 16 x 16 differ in all their pixels by 1
    assert measures.mse == pytest.approx(2 * 16 * 16 / 64**2)


def test_the_same_place_at_another_time_is_spatially_the_same() -> None:
    forth = list(range(0, 40, 2))
    measures = physics_iq(Clip(_square(forth[::-1]), 10.0), Clip(_square(forth), 10.0), shrink=1)
    assert measures.spatial_iou > 0.85
    assert measures.spatiotemporal_iou < 0.5 * measures.spatial_iou
    assert measures.weighted_spatial_iou > 0.6


def test_the_score_is_normalised_by_two_true_takes() -> None:
    mine, takes = PhysicsIQ(0.4, 0.3, 0.2, 0.02), PhysicsIQ(0.8, 0.6, 0.8, 0.01)
    assert mine.score(takes) == pytest.approx(100 * ((0.5 + 0.5 + 0.25) / 3 - 0.01))
    assert takes.score(takes) == 100.0
    assert PhysicsIQ(0.0, 0.0, 0.0, 0.5).score(takes) == 0.0


def test_a_time_reversed_true_clip_is_rated_highly_where_motion_is_slow(data_folder) -> None:
    """What the audit is for: these measures hardly see the arrow of time."""
    clip = Clip.read(data_folder / "videos" / "physicsiq_pour_real.mp4", size=(144, 256), fps=15)
    measures = physics_iq(Clip(clip.frames[::-1].copy(), clip.fps), clip, shrink=1)
    assert measures.spatial_iou > 0.8
    assert measures.mse < 0.02


@pytest.mark.parametrize(("time", "fps"), [(5, 10.0), (6, 12.0)])
def test_clips_that_cannot_be_paired_are_refused(time: int, fps: float) -> None:
    with pytest.raises(CuspError, match="one size, length and frame rate"):
        physics_iq(Clip(np.zeros((time, 32, 32, 3), np.uint8), fps), Clip(np.zeros((6, 32, 32, 3), np.uint8), 10.0))
