"""How the taught judge looks at a clip, in numbers that it shares with its network: size, cells, rate, laws."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Float, UInt8

from cuspworld.laws import Law

SIDE = 96  # pixels: the side at which clips are looked at, whatever their shape
GRID = 12  # cells a side, of 8x8 pixels
LOOK = 8  # cells a side of how a clip looks
RATE = 24.0  # frames a second that are taught; half of it too
STRONGEST = 9  # cells whose mean logit is a clip's
# the laws that a twin can break, in the order of the logits
LAWS = tuple(law for law in Law if law is not Law.STILLNESS)


@dataclass(frozen=True)
class Look:
    """What the judge sees. `times`: frame of each look. `broken`: log-odds (looks, 12, 12) that a law is broken there;
    `which`: probability of each law of LAWS, given that one is, (looks, 12, 12, laws). `distance`: to the nearest
    world, 1 is the limit; `world`: its name."""

    times: Float[np.ndarray, " looks"]
    broken: Float[np.ndarray, "looks rows columns"]
    which: Float[np.ndarray, "looks rows columns laws"]
    distance: float
    world: str


def looks(frames: UInt8[np.ndarray, "time height width 3"], fps: float | int) -> tuple[np.ndarray, np.ndarray]:
    """(which frames are looked at, and those at the judge's size): a clip faster than was taught is thinned out."""
    stride = max(1, int(np.ceil(float(fps) / (1.3 * RATE))))
    chosen = np.arange(0, len(frames), stride)
    return chosen, np.stack([cv2.resize(frames[t], (SIDE, SIDE), interpolation=cv2.INTER_AREA) for t in chosen])


def appearance(frames: UInt8[np.ndarray, "time side side 3"]) -> Float[np.ndarray, " cells"]:
    """How a clip looks: colour of each of 8x8 cells of its median frame, and twice the spread of levels in each."""
    usual = np.median(frames[:: max(1, len(frames) // 24)], 0).astype(np.float32) / 255
    colour = cv2.resize(usual, (LOOK, LOOK), interpolation=cv2.INTER_AREA)
    square = cv2.resize(usual**2, (LOOK, LOOK), interpolation=cv2.INTER_AREA)
    rough = np.sqrt(np.maximum(square - colour**2, 0)).mean(-1)
    return np.concatenate([colour.ravel(), 2 * rough.ravel()])
