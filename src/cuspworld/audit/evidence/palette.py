"""The colours that moving things are made of, and how much of each there is in every frame.

Lloyd's k-means over the foreground's pixels in CIE Lab, lightness at a third of its weight (shade is not colour),
started from the farthest points, so that nothing is drawn at random.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

LIGHTNESS = 0.35
NEAR = 16.0  # Lab units: farther from every colour than this, a pixel belongs to none


@dataclass(frozen=True)
class Palette:
    """`centres` (colours, 3) weighted Lab; `areas` (frames, colours) pixels; `frames`: the indices looked at."""

    centres: np.ndarray
    areas: np.ndarray
    frames: np.ndarray
    maps: np.ndarray  # (frames, height, width) int8: the colour's index, -1 for none

    def apart(self, index: int) -> float:
        """Distance to the nearest other colour, Lab units."""
        others = np.delete(self.centres, index, 0)
        return float(np.linalg.norm(others - self.centres[index], axis=1).min()) if len(others) else 100.0


def weighted_lab(frame: np.ndarray) -> np.ndarray:
    """(height, width, 3) float32, lightness at a third of its weight."""
    lab = cv2.cvtColor(frame.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    return lab * np.array([LIGHTNESS, 1, 1], np.float32)


def palette(frames: np.ndarray, masks: np.ndarray, colours: int = 7, looks: int = 48) -> Palette | None:
    """The colours of the masked pixels. `masks`: bool (time, height, width)."""
    chosen = np.unique(np.linspace(0, len(frames) - 1, min(looks, len(frames))).astype(int))
    pictures = [weighted_lab(frames[t]) for t in chosen]
    inside = [cv2.erode(masks[t].astype(np.uint8), np.ones((3, 3), np.uint8)) > 0 for t in chosen]
    pixels = np.concatenate([p[m] for p, m in zip(pictures, inside, strict=True)])
    if len(pixels) < 60:
        return None
    pixels = pixels[:: max(1, len(pixels) // 3000)]
    centres = [np.median(pixels, 0)]
    for _ in range(colours - 1):
        distance = np.min([np.linalg.norm(pixels - c, axis=1) for c in centres], 0)
        if np.quantile(distance, 0.99) < 12:
            break
        far = distance >= np.quantile(distance, 0.98)
        seed = pixels[far][0]
        centres.append(pixels[np.linalg.norm(pixels - seed, axis=1) < 10].mean(0))
    middle = np.array(centres)
    for _ in range(8):
        nearest = np.linalg.norm(pixels[:, None] - middle[None], axis=-1).argmin(1)
        middle = np.array(
            [pixels[nearest == k].mean(0) if (nearest == k).any() else middle[k] for k in range(len(middle))]
        )
    maps = []
    for picture, mask in zip(pictures, (masks[t] for t in chosen), strict=True):
        index = np.full(mask.shape, -1, np.int8)
        index[mask] = _nearest(picture[mask], middle)
        maps.append(index)
    stack = np.stack(maps)
    areas = np.stack([(stack == k).sum((1, 2)) for k in range(len(middle))], 1).astype(float)
    return Palette(middle, areas, chosen, stack)


def table_of(centres: np.ndarray) -> np.ndarray:
    """(32768,) int8: the colour's index of every RGB value, five bits a channel; -1 for none."""
    values = (np.arange(32) * 8 + 4).astype(np.uint8)
    cube = np.stack(np.meshgrid(values, values, values, indexing="ij"), -1).reshape(32, -1, 3)
    return _nearest(weighted_lab(cube), centres).ravel()


def index_of(frame: np.ndarray, table: np.ndarray) -> np.ndarray:
    """(height, width) int8: the colour's index of each pixel by such a table."""
    red, green, blue = (channel.astype(np.uint16) >> 3 for channel in cv2.split(frame))
    return table[(red << 10) | (green << 5) | blue]


def _nearest(picture: np.ndarray, centres: np.ndarray) -> np.ndarray:
    squares = np.stack([((picture - centre.astype(np.float32)) ** 2).sum(-1) for centre in centres], -1)
    index = squares.argmin(-1).astype(np.int8)
    index[squares.min(-1) > NEAR**2] = -1
    return index
