"""What a clip looks like, measured while its frames pass once: a perceptual hash, sharpness, motion, black frames.

The hash: 64 bits of each of three frames (at 10, 50 and 90 % of the clip), the signs of the lowest 8 x 8 coefficients
of the cosine transform of a 32 x 32 grey picture about their median (pHash, Zauner 2010). Another size, rate or
compression of one video changes few of the 192 bits.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np
from jaxtyping import UInt8

SIDE = 32  # pixels of the grey picture
BITS = 192
_KEPT = 1024  # pictures of one clip; of a longer one every second, fourth, ...
SHARP_EVERY = 12  # frames between two that are measured for sharpness
_CROP = 384  # pixels of the centre that sharpness is measured on
_BLACK, _BLACKEST = 12, 40  # mean and brightest grey level of a black frame

Picture = UInt8[np.ndarray, "32 32"]


def small(height: int, width: int) -> tuple[int, int]:
    """The size that a frame is measured at: at least 64 pixels a side where there are, enough to tell shots apart."""
    step = max(1, min(height, width) // 64)
    return max(1, height // step), max(1, width // step)


def picture_of(seen: UInt8[np.ndarray, "h w 3"]) -> Picture:
    """A frame in 32 x 32 grey pixels."""
    grey = cv2.cvtColor(seen, cv2.COLOR_RGB2GRAY)
    return cv2.resize(grey, (SIDE, SIDE), interpolation=cv2.INTER_AREA)


@dataclass
class Measure:
    """Of one clip; `add` each frame in turn, then read the values."""

    count: int = 0
    black_frames: int = 0
    change: float = 0.0  # sum of the mean changes from frame to frame
    sharp: list[float] = field(default_factory=list)
    pictures: list[np.ndarray] = field(default_factory=list)
    every: int = 1
    last: np.ndarray | None = None

    def add(self, picture: Picture, sharpness: float | None) -> None:
        if self.last is not None:
            self.change += float(cv2.absdiff(picture, self.last).mean())
        self.last = picture
        self.black_frames += bool(picture.mean() < _BLACK and picture.max() < _BLACKEST)
        if sharpness is not None:
            self.sharp.append(sharpness)
        if self.count % self.every == 0:
            self.pictures.append(picture)
            if len(self.pictures) == _KEPT:
                self.pictures, self.every = self.pictures[::2], 2 * self.every
        self.count += 1

    def columns(self) -> dict[str, object]:
        """The library's columns: picture, sharpness, motion, black."""
        return {
            "picture": hash_of([self.pictures[round(at * (len(self.pictures) - 1))] for at in (0.1, 0.5, 0.9)]),
            "sharpness": float(np.median(self.sharp)) if self.sharp else None,
            "motion": self.change / max(1, self.count - 1),
            "black": self.black_frames / self.count,
        }


def sharpness_of(frame: UInt8[np.ndarray, "height width 3"]) -> float:
    """The variance of the Laplacian of the frame's centre (Pech-Pacheco et al. 2000)."""
    top, left = (max(0, side - _CROP) // 2 for side in frame.shape[:2])
    centre = cv2.cvtColor(np.ascontiguousarray(frame[top : top + _CROP, left : left + _CROP]), cv2.COLOR_RGB2GRAY)
    return float(cv2.Laplacian(centre, cv2.CV_32F).var())


def hash_of(pictures: list[np.ndarray]) -> bytes:
    """192 bits of three pictures."""
    bits = []
    for picture in pictures:
        low = cv2.dct(picture.astype(np.float32))[:8, :8].reshape(-1)
        bits.append(low > np.median(low[1:]))
    return np.packbits(np.concatenate(bits)).tobytes()
