"""When the things of a world melt: frames that are surely no true state, in a clip whose others surely are one.

A detector calls a frame no true state that is a blend, or melted, and many that a file keeps badly. The two differ in
what is between: of a clip that is much compressed most frames are surely neither, and what is said of one changes where
the picture is mirrored or moved by a pixel. So each frame is read six times. Frames that no file kept, as a generator
gives them, need no whole ones beside them: a codec, and a renderer, repeats much of a still ground to the bit.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, UInt8

from cuspworld.audit.evidence.scene import Scene
from cuspworld.audit.observations.readings import asked

WHOLE = 0.2  # mean probability of no true state, over the readings, below which a frame surely is one
FEW = 0.1  # share of frames of no true state that a right clip may have (`PuppiesReading.kept`)
BESIDE = 0.06  # share of melted frames times share of whole ones: the most of 210 true clips was 0.058
REPEATED = 0.05  # share of blocks that the next frame repeats: of 52 files at least 0.16, of 20 generated clips none
BLOCK = 8  # pixels
BREAK = 1  # frames between melted ones that belong to the same stretch
BLURRED = "nothing tells what melts in this world from what a picture blurs"


@dataclass(frozen=True)
class Melted:
    """`strength`: 1 at the limits. `share`: of the frames that show it. `start`, `end`: the longest stretch, seconds
    from the shot's start. `sentence`: what is seen."""

    strength: float
    share: float
    start: float
    end: float
    sentence: str


def melted(scene: Scene) -> Melted | str | None:
    """What melts; None where nothing does, a string where nobody can tell."""
    who = asked(scene)
    if isinstance(who, str):
        return who
    if not who.reader.melts:
        return BLURRED
    said, above = who.reader.no_true_state(who.frames), who.reader.mixed_above  # (readings, frames)
    melts, whole = (said > above).all(0), float((said.mean(0) < WHOLE).mean())
    if not melts.any():
        return None
    share, (first, last) = float(melts.mean()), longest(melts)
    strength = share / FEW
    if repeated(scene.given) > REPEATED:
        strength = min(strength, share * whole / BESIDE)
    return Melted(strength, share, first / who.rate, last / who.rate, who.reader.melts)


def longest(melts: Bool[np.ndarray, " frames"]) -> tuple[int, int]:
    """First and last frame of the longest stretch."""
    frames = np.flatnonzero(melts)
    stretches = np.split(frames, np.flatnonzero(np.diff(frames) > 1 + BREAK) + 1)
    most = max(stretches, key=len)
    return int(most[0]), int(most[-1])


def repeated(frames: UInt8[np.ndarray, "time height width 3"]) -> float:
    """Share of blocks of the picture that the next frame repeats to the bit."""
    height, width = (side - side % BLOCK for side in frames.shape[1:3])
    same = (frames[1:, :height, :width] == frames[:-1, :height, :width]).all(-1)  # (time - 1, height, width)
    return float(same.reshape(len(same), height // BLOCK, BLOCK, width // BLOCK, BLOCK).all((2, 4)).mean())
