"""Faults are put where something happens, and only where they can be seen."""

from pathlib import Path

import numpy as np
import pytest

from cuspworld.clip import Clip
from cuspworld.exam.audit import injected
from cuspworld.exam.audit.faults import Fault
from cuspworld.exam.audit.injected import Trial

BOX = (10.0, 10.0, 30.0, 30.0)


def _clip(count: int = 60) -> Clip:
    """A still ground and a disc that leaps further at frames 20 and 40 than at others."""
    rows, columns = np.mgrid[0:64, 0:96]
    frames = np.full((count, 64, 96, 3), 120, np.uint8)
    x = 10.0
    for t, frame in enumerate(frames):
        x += 6 if t in (20, 40) else 1
        frame[np.hypot(rows - 30, columns - x) < 7] = (220, 40, 40)
    return Clip(frames, 20.0)


def test_the_busiest_frames_are_those_before_the_leaps_an_eighth_apart() -> None:
    assert sorted(injected.busiest(_clip().frames, 2)) == [19, 39]
    found = injected.busiest(_clip().frames, 4)
    assert len(found) == 3 and all(15 <= t < 45 for t in found)  # the middle half has no room for a fourth
    assert min(abs(a - b) for i, a in enumerate(found) for b in found[:i]) > 60 // 8


def test_busy_frames_are_more_than_an_eighth_apart_on_either_side() -> None:
    t = np.arange(64)
    flicker = 60 - np.maximum(0, 32 - t) - np.maximum(0, t - 33)  # most changes from frame 32 to 33, less around it
    frames = np.zeros((64, 8, 8, 3), np.uint8) + (128 + (-1) ** t * flicker).astype(np.uint8)[:, None, None, None]
    assert injected.busiest(frames, 3) == [32, 23, 41]


def test_every_fault_of_a_trial_can_be_seen_and_says_when() -> None:
    clip = _clip()
    trials = list(injected.trials_of(clip, ("large",)))
    names = {fault.name for _, _, fault in trials}
    assert {"cut frames", "freeze", "speed change", "frozen region", "deleted object"} <= names
    for size, frames, fault in trials:
        assert size == "large" and 0 <= fault.first < fault.end <= len(frames)
        same = min(fault.first, len(frames))
        assert (frames[:same] == clip.frames[:same]).all()  # nothing before it
        assert len(frames) != len(clip) or np.abs(frames.astype(int) - clip.frames).max() >= 24


def test_where_nothing_moves_no_region_is_taken() -> None:
    still = Clip(np.full((60, 64, 96, 3), 90, np.uint8), 20.0)
    assert {fault.name for _, _, fault in injected.trials_of(still, ("large",))} == {
        "cut frames", "freeze", "speed change",
    }  # fmt: skip


def _trial(findings: list[dict[str, object]]) -> Trial:
    fault = Fault("freeze", 20, 30, BOX, frozenset({"stillness"}))
    return Trial("clip", "large", fault, 10.0, {"findings": findings})  # 2.0 to 3.0 s


def test_named_is_a_finding_in_time_by_a_law_that_the_fault_breaks() -> None:
    named = {"law": "stillness", "start": 2.5, "end": 2.6, "box": BOX}
    other = {"law": "gravity", "start": 2.5, "end": 2.6, "box": BOX}
    late = {"law": "stillness", "start": 4.0, "end": 4.1, "box": BOX}
    trial = _trial([named, other, late])
    assert trial.named == [named] and trial.at_the_time == [named, other]


def test_the_table_counts_by_fault_and_size(capsys: pytest.CaptureFixture[str]) -> None:
    named = {"law": "stillness", "start": 2.5, "end": 2.6, "box": BOX}
    plain = [("clip", Clip(np.zeros((30, 8, 8, 3), np.uint8), 10.0), {"findings": [named]})]
    injected.show([_trial([named]), _trial([]), _trial([{**named, "law": "gravity"}])], plain)
    lines = capsys.readouterr().out.splitlines()
    assert lines[2].split() == ["freeze", "large", "3", "67%", "33%", "100%"]
    assert lines[-2] == "without a fault: 1 findings in 0.05 min (1 clips)"


def test_only_true_clips_are_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUSPWORLD_DATA", str(tmp_path))
    (tmp_path / "videos").mkdir()
    big = Clip(np.repeat(np.repeat(_clip(100).frames, 5, 1), 5, 2), 20.0)  # 320 x 480
    for name in ("physion_0.mp4", "physicsiq_match_generated.mp4"):
        big.write(tmp_path / "videos" / name)
    ((name, clip),) = injected.true_clips("dev")
    assert name == "physion_0.mp4" and max(clip.size) == 256 and clip.seconds == pytest.approx(injected.SECONDS)
    assert injected.true_clips("dev", 0) == []
