"""What is drawn on the picture is told from what is filmed."""

import cv2
import numpy as np
import pytest

import cuspworld
from cuspworld.audit import checks
from cuspworld.audit.evidence.graphics import SHARE, drawn

SIZE = (144, 256)


def ground() -> np.ndarray:
    """A soft, grainless picture."""
    noise = np.random.default_rng(3).normal(120, 40, (9, 16, 3)).astype(np.float32)
    return np.clip(cv2.resize(noise, SIZE[::-1], interpolation=cv2.INTER_CUBIC), 0, 255).astype(np.uint8)


def label(words: str, until: int, count: int = 24) -> np.ndarray:
    """A plate with words that stands for `until` frames, while a disc rolls by below."""
    frames = np.repeat(ground()[None], count, 0)
    for t, frame in enumerate(frames):
        cv2.circle(frame, (20 + 9 * t, 118), 12, (180, 60, 40), -1)
        if t < until:
            frame[20:36, 60:170] = (20, 30, 60)
            cv2.putText(frame, words, (64, 32), cv2.FONT_HERSHEY_SIMPLEX, 0.42, (240, 240, 240), 1, cv2.LINE_AA)
    return frames


def test_words_that_go_with_their_plate_are_drawn() -> None:
    assert drawn(label("walks (0.93) left", 12), 11, 12, (56, 16, 174, 40)) > SHARE


def test_a_thing_that_goes_is_not() -> None:
    frames = label("walks (0.93) left", 24)
    frames[12:, 104:132] = frames[0, 104:132]  # the disc is gone
    assert drawn(frames, 11, 12, (90, 100, 150, 134)) < SHARE / 2


def test_an_outline_that_jumps_is_drawn() -> None:
    frames = np.repeat(ground()[None], 10, 0)
    for t, frame in enumerate(frames):
        x = 40 if t < 5 else 70
        cv2.rectangle(frame, (x, 30), (x + 50, 90), (20, 255, 20), 1)
    assert drawn(frames, 4, 5, (35, 25, 130, 95)) > SHARE


@pytest.mark.parametrize("box", [(300.0, 0.0, 400.0, 40.0), (-5.0, -5.0, 0.5, 0.5)])
def test_a_box_beside_the_picture_holds_nothing_drawn(box: tuple[float, ...]) -> None:
    assert drawn(label("a", 5), 4, 5, box) == 0.0


def test_the_audit_leaves_words_out_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cuspworld.audit.run.where", lambda *_: ("still", ""))
    vanishes = [check for check in checks() if check.name == "vanishes"]
    report = cuspworld.audit(cuspworld.Clip(label("walks (0.93) left", 12), fps=12.0), checks=vanishes, taught=False)
    assert not report.findings and report.strongest["still"] < 0
    assert any("drawn on the picture" in note for note in report.notes)
