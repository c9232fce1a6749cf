"""Things that go on without their limbs, and flames that do not heed the air."""

import cv2
import numpy as np

from cuspworld.audit.evidence.scene import observe
from cuspworld.audit.laws.cause.flames_in_wind import unmoved
from cuspworld.audit.laws.cause.limbless_walk import glides

FPS = 24.0


def _walker(until: int, speed_after: float = 0.6) -> np.ndarray:
    """Walks at 0.6 pixels a frame; from a frame on its legs are as they were, and it moves at another pace."""
    frames, x, phase = [], 30.0, 0.0
    for t in range(72):
        frame = np.full((96, 128, 3), (150, 165, 150), np.uint8)
        cv2.ellipse(frame, (round(16 * x), 16 * 48), (16 * 18, 16 * 7), 0, 0, 360, (150, 40, 40), -1, cv2.LINE_AA, 4)
        for leg in range(4):
            hip = x - 12 + 8 * leg
            foot = hip + 4 * np.sin(phase + 1.7 * leg)
            cv2.line(frame, (round(16 * hip), 16 * 50), (round(16 * foot), 16 * 68), (150, 40, 40), 2, cv2.LINE_AA, 4)
        frames.append(frame)
        x += 0.6 if t < until else speed_after
        phase += 0.5 if t < until else 0.0
    return np.stack(frames)


def test_what_walked_and_goes_on_with_its_legs_still_glides() -> None:
    found = glides(observe(_walker(30), FPS))
    assert len(found) == 1 and found[0].strength > 3 and abs(found[0].start - 30) <= 5
    assert found[0].pace_after * FPS > 10 and found[0].after < 0.2 * found[0].before


def test_walking_on_and_stopping_are_no_gliding() -> None:
    assert glides(observe(_walker(80), FPS)) == []
    assert glides(observe(_walker(30, speed_after=0.0), FPS)) == []


def _candle(leans: bool, smoke: bool = True) -> np.ndarray:
    """A flame on a candle in the dark, with puffs of smoke that pass it from frame 15 to 40."""
    rng = np.random.default_rng(0)
    frames = []
    for t in range(60):
        frame = np.full((96, 128, 3), (50, 40, 60), np.uint8)
        cv2.rectangle(frame, (60, 60), (67, 95), (120, 90, 160), -1)
        wind = 6.0 if leans and 17 < t < 42 else 0.0
        tip = (64 + wind + rng.normal(0, 0.1), 42 + abs(wind) / 2)
        body = np.array([(60, 57), (64, 60), (68, 57), (67 + wind / 2, 49), tip, (61 + wind / 2, 49)])
        cv2.fillPoly(frame, [np.rint(16 * body).astype(int)], (255, 190, 60), cv2.LINE_AA, 4)
        core = np.array([(62, 57), (64, 58), (66, 57), (64 + wind / 2, 48)])
        cv2.fillPoly(frame, [np.rint(16 * core).astype(int)], (255, 245, 190), cv2.LINE_AA, 4)
        if smoke and 15 <= t < 40:
            veil = np.zeros(frame.shape[:2], np.float32)
            for k in range(6):
                cv2.circle(veil, (20 + 4 * (t - 15) - 9 * k, 50 + 4 * (k % 3) - 4), 7, 0.4, -1)
            frame = (frame * (1 - veil[..., None]) + 170 * veil[..., None]).astype(np.uint8)
        frames.append(frame)
    return np.stack(frames)


def test_a_flame_that_does_not_heed_the_smoke_that_passes_is_told() -> None:
    still, leaning = (unmoved(observe(_candle(leans), FPS)) for leans in (False, True))
    assert still is not None and still.strength > 2.5 and still.start >= 15
    assert leaning is not None and leaning.strength < 0.5 * still.strength
    assert unmoved(observe(_candle(False, smoke=False), FPS)) is None
