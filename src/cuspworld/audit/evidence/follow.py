"""Following one named point: a patch that turns with its path is looked for again in every frame.

For a thing that no background plate can tell from a hand or a crowd, but whose place in the first two frames is known.
The patch of the last frame, turned by the turn of the path, is laid over the place that the path leads to (normalised
cross-correlation, Lewis 1995), with a gentle preference for that place.
"""

from __future__ import annotations

import cv2
import numpy as np
from jaxtyping import Float, UInt8

from cuspworld.audit.evidence.paths import peak
from cuspworld.errors import CuspError

HALF = 14  # pixels: half the patch's side
REACH = 11  # pixels around the expected place
PREFERENCE = 0.1  # of correlation, that a place REACH away from the expected one loses
STEEPEST = 0.3  # radians that a path may turn in one frame


def follow(
    frames: UInt8[np.ndarray, "time height width 3"], first: Float[np.ndarray, " xy"], second: Float[np.ndarray, " xy"]
) -> Float[np.ndarray, "time 2"]:
    """The point's place (x, y) in every frame, from its places in the first two."""
    if len(frames) < 2:
        raise CuspError(f"frames must be at least 2 to follow a point: got {len(frames)}")
    places = [np.asarray(first, float), np.asarray(second, float)]
    away = np.arange(-REACH, REACH + 1)
    price = PREFERENCE * (away[:, None] ** 2 + away[None] ** 2) / REACH**2
    for t in range(2, len(frames)):
        step = places[-1] - places[-2]
        turn = _turn(places[-2] - places[-3], step) if t > 2 else 0.0
        c, s = np.cos(turn), np.sin(turn)
        expected = places[-1] + np.array([c * step[0] - s * step[1], s * step[0] + c * step[1]])
        patch = _patch(frames[t - 1], places[-1], HALF)
        matrix = cv2.getRotationMatrix2D((HALF, HALF), -float(np.degrees(turn)), 1.0)
        patch = cv2.warpAffine(patch, matrix, patch.shape[1::-1], borderMode=cv2.BORDER_REPLICATE)
        score = cv2.matchTemplate(_patch(frames[t], expected, HALF + REACH), patch, cv2.TM_CCOEFF_NORMED) - price
        row, column = np.unravel_index(int(score.argmax()), score.shape)
        sub = [0.0, 0.0]
        if 0 < row < 2 * REACH and 0 < column < 2 * REACH:
            sub = [peak(score[row, column - 1 : column + 2]), peak(score[row - 1 : row + 2, column])]
        places.append(expected + np.array([column - REACH, row - REACH], float) + sub)
    return np.array(places)


def _turn(before: np.ndarray, after: np.ndarray) -> float:
    angle = float(np.arctan2(after[1], after[0]) - np.arctan2(before[1], before[0]))
    return float(np.clip((angle + np.pi) % (2 * np.pi) - np.pi, -STEEPEST, STEEPEST))


def _patch(frame: np.ndarray, centre: np.ndarray, half: int) -> np.ndarray:
    return cv2.getRectSubPix(frame, (2 * half + 1, 2 * half + 1), (float(centre[0]), float(centre[1])))
