"""Detector: what a class of this family does, and where it is found by its world's name.

A detector teaches nothing about a model's insides: it reads the frames of any clip, true, decoded or generated. Its
network says what is in each frame (`Seen`), and the same function, `reading`, tells what that means for the clip, from
the network's or from the truth's words.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from functools import cache
from pathlib import Path
from typing import Any, ClassVar, Generic, TypeVar

import numpy as np
from jaxtyping import Bool, Float, UInt8

from cuspworld.clip import Clip
from cuspworld.detectors.network import FrameReader, ReaderConfig
from cuspworld.detectors.seen import SIDE, Event, Seen
from cuspworld.errors import CuspError
from cuspworld.models import load_module
from cuspworld.truth import Truth
from cuspworld.video.frames import resize_frames

FOLDER = Path(__file__).parents[1] / "assets" / "detectors"
KIND = "CuspWorldDetector"
Reading = TypeVar("Reading")


class Detector(ABC, Generic[Reading]):
    """`detector(frames, fps) -> Reading`, a dataclass with one entry a frame and what it comes to for the clip."""

    world: ClassVar[str]
    mixed_above: ClassVar[float] = 0.5  # a frame of which the network is so sure is no true state
    melts: ClassVar[str] = ""  # what is seen in such frames, in a world where they are more than a blur
    config: ClassVar[ReaderConfig]

    def __init__(self, network: FrameReader) -> None:
        self.network = network

    def __call__(self, frames: UInt8[np.ndarray, "time height width 3"], fps: float) -> Reading:
        """Read a clip: frames of any size are scaled and cropped to 64x64."""
        return self.reading(self.seen(frames), fps)

    def seen(self, frames: UInt8[np.ndarray, "time height width 3"]) -> Seen:
        """What the network sees in each frame."""
        if frames.shape[1:3] != (SIDE, SIDE):
            frames = resize_frames(frames, (SIDE, SIDE))
        return self.network.read(np.ascontiguousarray(frames))

    def truth(self, clip: Clip) -> Reading:
        """What a recorded clip's truth says, in the same words. Raises CuspError for a clip of another world."""
        if clip.truth is None or clip.truth.world != self.world:
            found = clip.truth.world if clip.truth else "no truth"
            raise CuspError(f"clip must be a recording of {self.world}: got {found}")
        return self.reading(self.targets(clip.truth), clip.fps)

    def mixed(self, seen: Seen) -> Bool[np.ndarray, " frames"]:
        """Which frames show no true state."""
        return np.asarray(seen.flags["mixed"] > self.mixed_above)

    def no_true_state(self, frames: UInt8[np.ndarray, "time height width 3"]) -> Float[np.ndarray, "readings time"]:
        """How probable it is that each frame shows no true state: as it is, in a mirror, and moved by a pixel to each
        side. What hangs on a pixel is said of one and not of another."""
        frames = resize_frames(frames, (SIDE, SIDE))
        views = [frames, frames[:, :, ::-1]]
        for axis, step in ((1, 1), (1, -1), (2, 1), (2, -1)):
            places = np.clip(np.arange(SIDE) + step, 0, SIDE - 1)
            views.append(np.take(frames, places, axis))
        return np.stack([self.seen(np.ascontiguousarray(view)).flags["mixed"] for view in views])

    @abstractmethod
    def targets(self, truth: Truth) -> Seen:
        """What is in each frame of a recording: what the network is taught to say."""

    @abstractmethod
    def reading(self, seen: Seen, fps: float) -> Reading:
        """What the frames come to."""

    @abstractmethod
    def told(self, reading: Reading) -> str:
        """What is seen, in English and in the words of the world's captions: what a prompt can be held against."""

    @abstractmethod
    def events(self, reading: Reading) -> tuple[Event, ...]:
        """What happens and cannot, in the order of the laws."""

    @abstractmethod
    def faults(self, reading: Reading) -> float:
        """How much of the clip cannot be: the share of frames of no true state, and a part for each event that the
        world does not know."""

    def unclear(self, reading: Reading) -> float:
        """Share of the frames in which not all that is in the clip can be told apart. No fault, for things hide one
        another, but of several clips the worse. 0 where a detector does not say."""
        return 0.0

    def changed(self, before: Reading, after: Reading) -> float:
        """How much of what lasts (which things, how many, their colours) differs in a later stretch of a clip: 0
        nothing, 1 a thing. 0 where a detector does not say."""
        return 0.0


_classes: dict[str, type[Detector[Any]]] = {}
Class = TypeVar("Class", bound=type[Detector[Any]])


def register(detector: Class) -> Class:
    """Make a detector known by its world's name; the last one of a name counts."""
    _classes[detector.world] = detector
    return detector


def names() -> list[str]:
    """The worlds that have a detector."""
    return list(_classes)


def detector_class(world: str) -> type[Detector[Any]]:
    if world not in _classes:
        raise CuspError(f"no detector reads {world!r}: take one of {', '.join(_classes)}")
    return _classes[world]


@cache
def detector(world: str, folder: Path = FOLDER) -> Any:
    """The detector of a world with the weights of the package, or of a folder that `recipes/detectors.py` wrote.

    Raises CuspError for a world that has none."""
    found = detector_class(world)
    return found(load_module(folder / world.lower(), KIND, FrameReader, ReaderConfig))


def usual(chances: Float[np.ndarray, "frames options"], clean: Bool[np.ndarray, " frames"]) -> int:
    """The option that is likeliest over the clean frames, over all where none is."""
    return int((chances[clean] if clean.any() else chances).sum(0).argmax())
