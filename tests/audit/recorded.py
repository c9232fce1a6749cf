"""Recordings of worlds that a detector knows, at 30 frames a second, in which something was broken afterwards."""

from __future__ import annotations

import numpy as np

from cuspworld import worlds
from cuspworld.clip import Clip

FPS, SIDE = 30.0, 64


def collision() -> Clip:
    """Two balls that meet after half a second."""
    options = {"law": "collision", "colour_1": "red", "colour_2": "blue"}
    return worlds.make("Collision", **options).record(7_700_102, seconds=2.0, fps=FPS, size=SIDE, caption="none")


def falls() -> Clip:
    """A glass is pushed over."""
    return worlds.make("Juice", push=0.38, fill=0.5).record(3, seconds=2.5, fps=FPS, size=SIDE, caption="none")


def masks(clip: Clip) -> np.ndarray:
    assert clip.truth is not None and clip.truth.masks is not None
    return clip.truth.masks


def a_ball_is_gone() -> np.ndarray:
    clip, inside = collision(), slice(8, SIDE - 8)
    whole = [(m == 1).sum() > 0 and (m[inside, inside] == 1).sum() == (m == 1).sum() for m in masks(clip)]
    first, frames = whole.index(True) + 3, clip.frames.copy()
    ground = np.median(clip.frames, axis=0)
    for t in range(first, len(frames)):
        frames[t][masks(clip)[t] == 1] = ground[masks(clip)[t] == 1]
    return frames


def a_ball_has_another_colour() -> np.ndarray:
    """From the contact on what was red is green."""
    clip = collision()
    assert clip.truth is not None
    frames, contact = clip.frames.copy(), round(next(e.time for e in clip.truth.events if e.name == "contact") * FPS)
    for t in range(contact, len(frames)):
        ball = masks(clip)[t] == 1
        frames[t][ball] = frames[t][ball][:, [1, 0, 2]]
    return frames


def nobody_pushes_the_glass() -> np.ndarray:
    """The hand is painted over."""
    clip = falls()
    frames, hand = clip.frames.copy(), masks(clip) == 3
    for t in range(len(frames)):
        away = hand[max(0, t - 1) : t + 2].any(0)
        without = np.where(hand[..., None], 0, clip.frames).max(0)
        frames[t][away] = without[away]
    return frames


def the_glass_lies_at_once() -> np.ndarray:
    """What lies between standing and lying is cut out."""
    clip = falls()
    assert clip.truth is not None
    tilt = np.abs(np.degrees(clip.truth.state["glass_angle"]))
    return np.concatenate([clip.frames[tilt < 5], clip.frames[tilt > 80]])


def backwards() -> np.ndarray:
    return falls().frames[::-1].copy()


def puppies_blend() -> np.ndarray:
    """For half a second each frame is half of what was shown half a second before."""
    clip = worlds.make("Puppies").record(7_700_103, seconds=2.0, fps=FPS, size=SIDE, caption="none")
    frames, half = clip.frames.copy(), round(0.5 * FPS)
    blended = clip.frames[half : 2 * half].astype(float) + clip.frames[:half]
    frames[half : 2 * half] = (blended / 2).astype(np.uint8)
    return frames
