"""What is seen in the frames of a clip: by a network, or by the truth in the same words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float

from cuspworld.laws import Law

SIDE = 64  # pixels: the side at which frames are looked at


@dataclass(frozen=True)
class Thing:
    """Something at a place of a frame: pixels of a 64x64 picture, from its left and upper edge to the thing's middle.
    `radius` (pixels) where the kind has one. `score`: how sure, 0 to 1; the truth's are 1, and 0 where it cannot be
    told whether the thing is seen (a puppy of which one ear looks out)."""

    kind: str
    x: float
    y: float
    radius: float = 0.0
    score: float = 1.0


@dataclass(frozen=True)
class Seen:
    """One entry a frame of everything. `flags`: probability that something holds. `choices`: probability of each option
    of a question, in the order of the reader's options. `amounts`: numbers. NaN: not known."""

    things: tuple[tuple[Thing, ...], ...]
    flags: Mapping[str, Float[np.ndarray, " frames"]] = field(default_factory=dict)
    choices: Mapping[str, Float[np.ndarray, "frames options"]] = field(default_factory=dict)
    amounts: Mapping[str, Float[np.ndarray, " frames"]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.things)


@dataclass(frozen=True)
class Event:
    """What happens in a clip and never in the world: when (seconds), which law it breaks, in words, and where it was
    last seen (pixels of a 64x64 picture), if it has a place."""

    law: Law
    at: float
    sentence: str
    place: tuple[float, float] | None = None


NUMBERS = ("One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine")


def listed(words: Iterable[str]) -> str:
    """ "a, b and c"."""
    *first, last = words
    return f"{', '.join(first)} and {last}" if first else last


def one_hot(index: np.ndarray, options: int) -> Float[np.ndarray, "frames options"]:
    """Certain choices."""
    return np.eye(options)[index]
