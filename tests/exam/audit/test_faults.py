"""Faults are put where they say, and nowhere else."""

import numpy as np
import pytest

from cuspworld.audit.run import audit_clip
from cuspworld.clip import Clip
from cuspworld.errors import CuspError
from cuspworld.exam.audit import faults

from ...audit.scenes import BLUE, FPS, RED, render, straight


@pytest.fixture(scope="module")
def frames() -> np.ndarray:
    return render([straight((25, 30), (1.2, 0), 60), straight((100, 65), (-1.1, 0.1), 60)], [7, 9], [RED, BLUE])


def _outside(a: np.ndarray, b: np.ndarray, box: tuple[float, float, float, float]) -> int:
    """Pixels that differ outside the box."""
    x0, y0, x1, y1 = (round(v) for v in box)
    differ = (a != b).any(-1)
    differ[:, y0:y1, x0:x1] = False
    return int(differ.sum())


def test_cut_frames_leaves_out_exactly_those(frames: np.ndarray) -> None:
    result, fault = faults.cut_frames(frames, 30, 7)
    assert len(result) == 53
    assert (result[29] == frames[29]).all() and (result[30] == frames[37]).all()
    assert fault.first <= 30 <= fault.end


def test_freezing_holds_one_frame_and_goes_on(frames: np.ndarray) -> None:
    result, fault = faults.freeze_all(frames, 20, 9)
    assert (result[20:30] == frames[20]).all() and (result[30:] == frames[21:]).all()
    assert (fault.first, fault.end) == (20, 29)


def test_a_frozen_region_changes_nothing_else(frames: np.ndarray) -> None:
    box = faults.moving_region(frames, 30, share=0.3)
    assert box is not None
    result, fault = faults.freeze_region(frames, 30, 10, box)
    assert _outside(result, frames, fault.box) == 0
    assert (result[:31] == frames[:31]).all() and (result[40:] == frames[40:]).all()
    assert (result != frames).any()


def test_a_moving_region_holds_what_moves(frames: np.ndarray) -> None:
    box = faults.moving_region(frames, 10, share=0.3)
    assert box is not None
    x0, y0, x1, y1 = box
    discs = [straight((25, 30), (1.2, 0), 60)[10], straight((100, 65), (-1.1, 0.1), 60)[10]]
    assert any(x0 <= x <= x1 and y0 <= y <= y1 for x, y in discs)
    assert faults.moving_region(np.repeat(frames[:1], 20, 0), 10, share=0.3) is None


def test_a_deleted_disc_is_gone_and_the_other_stays(frames: np.ndarray) -> None:
    background = np.median(frames, 0).astype(np.uint8)
    result, fault = faults.delete_object(frames, 20, 39, background, (38, 20, 62, 42))
    for t in range(21, 58):
        x, y = straight((25, 30), (1.2, 0), 60)[t].astype(int)
        assert np.abs(result[t, y, x].astype(int) - RED).max() > 60, t
        x, y = straight((100, 65), (-1.1, 0.1), 60)[t].astype(int)
        assert np.abs(result[t, y, x].astype(int) - BLUE).max() < 30, t
    assert fault.first == 19


def test_a_duplicate_is_drawn_at_a_still_place(frames: np.ndarray) -> None:
    box = (38, 19, 62, 41)
    shift = faults.still_place(frames, box)
    assert shift is not None
    result, fault = faults.duplicate_object(frames, 20, box, shift)
    assert (result[:20] == frames[:20]).all()
    assert _outside(result, frames, fault.box) == 0
    middle = (30 + shift[1], 50 + shift[0])
    assert np.abs(result[20][middle].astype(int) - RED).max() < 30


def test_speed_change_is_twice_the_motion(frames: np.ndarray) -> None:
    result, _ = faults.change_speed(frames, 20, 2.0)
    assert (result[:21] == frames[:21]).all()
    assert (result[25] == frames[30]).all()


def test_reversing_twice_is_nothing(frames: np.ndarray) -> None:
    assert (faults.reverse(faults.reverse(frames)[0])[0] == frames).all()


def test_the_audit_suspects_a_deleted_disc(frames: np.ndarray) -> None:
    """A drawing is not the audit's home, and one true clip in twenty under a still camera shows as much: no finding."""
    background = np.median(frames, 0).astype(np.uint8)
    result, fault = faults.delete_object(frames, 20, 39, background, (38, 20, 62, 42))
    true, deleted = (audit_clip(Clip(clip, FPS)) for clip in (frames, result))
    assert not deleted.home and not true.findings
    law, suspicion = max(deleted.suspicion.items(), key=lambda told: told[1])
    assert law in fault.laws and suspicion > 20 * true.suspicion[law] and deleted.score < true.score / 3


@pytest.mark.parametrize("at", [0, 58, 60, -3])
def test_a_fault_outside_the_video_is_refused(frames: np.ndarray, at: int) -> None:
    with pytest.raises(CuspError, match="inside the 60 frames"):
        faults.cut_frames(frames, at, 5)


@pytest.mark.parametrize("seed", [0, 1])
def test_a_part_that_is_frozen_while_the_rest_goes_on_is_found_when_it_thaws(seed: int) -> None:
    paths = [straight((15, 30), (1.6, 0), 60), straight((100, 65), (-1.1, 0.1), 60)]
    moving = render(paths, [7, 9], [RED, BLUE], seed=seed)
    result, fault = faults.freeze_region(moving, 20, 15, (30, 12, 90, 48))
    report = audit_clip(Clip(result, FPS))
    finding = next(f for f in report.findings if f.law == "stillness")
    assert abs(finding.start - 20 / FPS) < 0.1 and abs(finding.end - fault.end / FPS) < 0.1
    assert not [f for f in audit_clip(Clip(moving, FPS)).findings if f.law == "stillness"]
