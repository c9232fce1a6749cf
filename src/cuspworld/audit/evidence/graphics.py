"""Text and outlines drawn on the picture: what is drawn comes and goes at once, and obeys no law.

Strokes are what a top hat leaves: brighter or darker than what surrounds them within a few pixels. Text is many turns
between stroke and plate along a row, on a plate of one tone, that holds still while it is there; an outline is strokes
of a colour so full that little that is filmed has it. A suspect is drawn where most of what changes in its
place and time lies on either, before or after.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from jaxtyping import Bool, UInt8

STROKE = 5  # working pixels: wider is no stroke
CONTRAST = 45  # grey levels between a stroke and its plate
WINDOW = (25, 7)  # working pixels, width and height, within which the turns of a row of text are counted
TURNS = 0.14  # changes between stroke and plate a pixel along a row
PLATE = 18.0  # grey levels that a plate varies by at most
FULL = 170  # saturation, and lightness, of an outline's colour
STILL, HELD = 6, 2  # grey levels by which what is drawn differs at most, so many frames on
CHANGED = 24  # grey levels
SHARE = 0.4  # of what changes: more on graphics, and it is they that changed (filmed: up to 0.13, drawn: from 0.56)

Picture = UInt8[np.ndarray, "height width 3"]
Mask = Bool[np.ndarray, "height width"]


def text(picture: Picture) -> Mask:
    """Where text is drawn on a picture of working size, with its plate."""
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    kernel = np.ones((STROKE, STROKE), np.uint8)
    strokes = [cv2.morphologyEx(grey, how, kernel) > CONTRAST for how in (cv2.MORPH_TOPHAT, cv2.MORPH_BLACKHAT)]
    found: np.ndarray = np.zeros(grey.shape, np.uint8)
    for ink in strokes:
        turns = np.abs(np.diff(ink.astype(np.int8), axis=1, prepend=0)).astype(np.float32)
        plate = 1 - cv2.dilate(ink.astype(np.uint8), np.ones((3, 3), np.uint8)).astype(np.float32)
        level = grey.astype(np.float32)
        weight = cv2.blur(plate, WINDOW) + 1e-6
        mean = cv2.blur(plate * level, WINDOW) / weight
        spread = np.sqrt(np.maximum(cv2.blur(plate * level**2, WINDOW) / weight - mean**2, 0))
        found |= ((cv2.blur(turns, WINDOW) > TURNS) & (spread < PLATE) & (weight > 0.1)).astype(np.uint8)
    found = cv2.morphologyEx(found, cv2.MORPH_OPEN, np.ones((3, 9), np.uint8))
    return cv2.dilate(found, np.ones((7, 15), np.uint8)) > 0


def outlines(picture: Picture) -> Mask:
    """Thin lines of a full colour, the same along them: a thin flame shades from one into another."""
    colour = cv2.cvtColor(picture, cv2.COLOR_RGB2HSV)
    full = np.minimum(colour[..., 1], colour[..., 2])
    thin = cv2.morphologyEx(full, cv2.MORPH_TOPHAT, np.ones((STROKE, STROKE), np.uint8))
    line = ((full > FULL) & (thin > CONTRAST)).astype(np.float32)
    around = cv2.blur(line, (STROKE, STROKE)) + 1e-6
    level = picture.astype(np.float32)
    mean = cv2.blur(level * line[..., None], (STROKE, STROKE)) / around[..., None]
    squares = cv2.blur(level**2 * line[..., None], (STROKE, STROKE)) / around[..., None]
    spread = np.sqrt(np.maximum(squares - mean**2, 0)).max(-1)
    return cv2.dilate(((line > 0) & (spread < PLATE)).astype(np.uint8), np.ones((3, 3), np.uint8)) > 0


def graphics(frames: UInt8[np.ndarray, "time height width 3"], at: int, step: int) -> Mask:
    """What is drawn on frame `at`: `step`, -1 or 1, says whether its text has to have held before or holds after."""
    other = min(max(at + HELD * step, 0), len(frames) - 1)
    held = cv2.absdiff(frames[at], frames[other]).max(-1) <= STILL
    still = cv2.blur(held.astype(np.float32), WINDOW) > 0.8
    return (text(frames[at]) & still) | outlines(frames[at])


def drawn(frames: UInt8[np.ndarray, "time height width 3"], start: int, end: int, box: Sequence[float]) -> float:
    """The share of what changes between these frames within a box (working pixels) that is drawn."""
    height, width = frames.shape[1:3]
    x0, y0 = (max(0, int(v)) for v in box[:2])
    x1, y1 = min(width, int(np.ceil(box[2]))), min(height, int(np.ceil(box[3])))
    first = max(0, min(start, len(frames) - 2))
    last = max(first + 1, min(end, len(frames) - 1))
    changed = (cv2.absdiff(frames[first], frames[last]).max(-1) > CHANGED)[y0:y1, x0:x1]
    on = (graphics(frames, first, -1) | graphics(frames, last, 1))[y0:y1, x0:x1]
    return float((changed & on).sum() / max(1, changed.sum()))
