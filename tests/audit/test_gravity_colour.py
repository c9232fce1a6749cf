"""Falls told by colour, liquids that stand up sideways."""

import cv2
import numpy as np
import pytest

from cuspworld.audit import audit_clip
from cuspworld.audit.evidence.scene import Scene, observe
from cuspworld.audit.laws.gravity.coloured_falls import falls
from cuspworld.audit.laws.gravity.standing_liquid import standing
from cuspworld.clip import Clip

from .scenes import draw

FPS = 24.0


def _lump(rows: np.ndarray) -> np.ndarray:
    """A white lump at these heights beside the end of a branch, over a hill: (time, 96, 128, 3)."""
    frames = []
    for y in rows:
        frame = np.full((96, 128, 3), (120, 160, 220), float)
        frame[84:] = (110, 110, 120)
        draw(frame, (46, float(y)), 9, (235, 240, 250))
        cv2.line(frame, (0, 26), (36, 30), (80, 55, 40), 3)
        frames.append(np.clip(np.rint(frame), 0, 255).astype(np.uint8))
    return np.stack(frames)


def _rows(kind: str) -> np.ndarray:
    """Rest for 12 frames, then a fall of 0.6 px a frame squared that lands and rocks, stops, or turns."""
    y, v, rows = 20.0, 0.0, []
    for t in range(60):
        rows.append(y)
        if t < 12:
            continue
        if kind == "stops" and t > 17:
            continue
        v += -0.6 if kind == "rises" and t > 17 else 0.6
        y += v
        if kind == "lands" and y > 74:
            y, v = 74.0, -0.4 * v
    return np.array(rows)


def _scene(frames: np.ndarray) -> Scene:
    return observe(frames, FPS)


@pytest.mark.parametrize("kind", ["stops", "rises"])
def test_a_fall_that_stops_or_turns_in_the_air_is_told(kind: str) -> None:
    scene = _scene(_lump(_rows(kind)))
    found = [fall for fall in falls(scene) if fall.strength > 4]
    assert [fall.kind for fall in found] == [kind] and abs(found[0].frame - (18 if kind == "stops" else 24)) <= 3
    report = audit_clip(Clip(_lump(_rows(kind)), FPS))
    assert "gravity" in {finding.law for finding in report.findings}


def test_a_fall_that_lands_and_bounces_is_silent() -> None:
    scene = _scene(_lump(_rows("lands")))
    assert [fall for fall in falls(scene) if fall.strength > 1] == []


def _glass(flows: bool, open_top: bool = True) -> np.ndarray:
    """A glass half full is tipped by a quarter turn; its juice runs out, or stays as it was in the glass."""
    frames = []
    for t in range(50):
        turn = np.pi / 2 * np.clip((t - 10) / 10, 0, 1) ** 2
        frame = np.full((128, 128, 3), (225, 232, 240), np.uint8)
        frame[100:] = (180, 140, 90)
        cos, sin = np.cos(turn), np.sin(turn)

        def place(x: float, y: float, cos: float = cos, sin: float = sin) -> tuple[int, int]:
            return round(16 * (62 + cos * x - sin * (y))), round(16 * (98 + sin * x + cos * y))

        inside = [(-24, -4), (-4, -4), (-4, -26), (-24, -26)]
        if not flows or turn < 0.6:
            cv2.fillPoly(frame, [np.array([place(*c) for c in inside])], (150, 60, 190), cv2.LINE_AA, 4)
        else:
            pool = min(t - 15, 8)
            cv2.rectangle(frame, (40, 99 - 2), (40 + 9 * pool, 99), (150, 60, 190), -1)
        walls = [(-26, -50), (-26, -2), (-2, -2), (-2, -50)]
        cv2.polylines(frame, [np.array([place(*c) for c in walls])], False, (120, 150, 190), 3, cv2.LINE_AA, 4)
        frames.append(frame)
    return np.stack(frames)


def test_juice_that_stays_in_a_fallen_glass_stands_sideways() -> None:
    scene = _scene(_glass(flows=False))
    found = standing(scene)
    assert found and found[0].strength > 3 and found[0].kept > 0.9 and found[0].start >= 19
    scene = _scene(_glass(flows=True))
    assert standing(scene) == []
