"""A long clip chosen chunk by chunk: several ways to go on from the same frames, of which the best is kept.

After its first seconds a clip goes on by successors of other clips, and what one chunk gets wrong the next is told as
known: of whole clips none may be right to the end, though each chunk could have gone on rightly. So at each chunk the
path and the noise are drawn several times, the world's detector (`cuspworld.detectors`) reads what came, and one goes
on. What is kept is a greedy choice: a chunk that is good may lead to a worse one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import UInt8

from cuspworld.detectors import detector
from cuspworld.language.matching import Matcher
from cuspworld.simulator.choosing import worse
from cuspworld.simulator.chunks import Chunks

REMEMBERED = 40  # frames before a chunk that are read with it: what happens across the joint
CHANGE = 0.5  # what a thing that is another than before weighs, in shares of frames that are no true state

Frames = UInt8[np.ndarray, "t h w 3"]


class Choice:
    """Chooses among chunks by what the detector of `world` reads in them, held against `prompt`."""

    def __init__(self, world: str, prompt: str, fps: float):
        self.reader, self.prompt, self.fps = detector(world), prompt, fps
        self.before: Frames | None = None  # the last frames of the clip so far
        self.first: Any = None  # reading of the clip's first frames: what is to last

    def begin(self, given: Frames) -> None:
        """Frames that were given go before."""
        self._keep(given)

    def __call__(self, ways: Sequence[Frames], waits: int) -> int:
        """Which of the chunks is the best; it goes on from there. The last `waits` frames of each come again in the
        next."""
        read = [self._read(frames) for frames in ways]
        heeds = Matcher([told for told, _, _ in read])(self.prompt).scores
        best = int(np.argmin([worse(cannot, unclear, h) for (_, cannot, unclear), h in zip(read, heeds, strict=True)]))
        self._keep(ways[best][: len(ways[best]) - waits])
        return best

    def _read(self, frames: Frames) -> tuple[str, float, float]:
        """What the clip shows if it goes on so, how much of the chunk cannot be, and how much cannot be told apart."""
        whole = frames if self.before is None else np.concatenate([self.before, frames])
        reading, own = self.reader(whole, self.fps), self.reader(frames, self.fps)
        events = self.reader.faults(reading) - float(reading.mixed.mean())
        changed = 0.0 if self.first is None else self.reader.changed(self.first, own)
        cannot = float(own.mixed.mean()) + events + CHANGE * changed
        return self.reader.told(reading), cannot, self.reader.unclear(own)

    def _keep(self, frames: Frames) -> None:
        if self.first is None:
            self.first = self.reader(frames, self.fps)
        before = frames if self.before is None else np.concatenate([self.before, frames])
        self.before = before[-REMEMBERED:]


class Ways:
    """In the place of `Chunks`: `starts`, each of which is drawn otherwise, are the ways to make the first chunk; each
    later one is made in as many ways from what was kept. `kept`: which way each chunk came from."""

    def __init__(self, starts: Sequence[Chunks], choice: Choice):
        self.ways, self.choice = list(starts), choice
        self.kept: list[int] = []

    @property
    def faded(self) -> int:
        return self.ways[0].faded

    def facts(self) -> dict[str, Any]:
        return {**self.ways[self.kept[-1]].facts(), "candidates": len(self.ways), "kept": [*self.kept]}

    def begin(self, given: Frames) -> None:
        for way in self.ways:
            way.begin(given)
        self.choice.begin(given)

    def next(self) -> Frames:
        """The first way of each chunk is the one that the clip would have gone without a choice."""
        if self.kept:
            now = self.ways[self.kept[-1]]
            others = [[now.sampling.seed, len(self.kept), k] for k in range(1, len(self.ways))]
            seeds = [int(np.random.default_rng(key).integers(2**62)) for key in others]
            self.ways = [now, *(now.other(seed) for seed in seeds)]
        made = [way.next() for way in self.ways]
        self.kept.append(self.choice(made, self.faded))
        return made[self.kept[-1]]


def said_of(facts: Mapping[str, Any]) -> str:
    """What a person is told of a clip that was chosen chunk by chunk; nothing of another."""
    if "kept" not in facts:
        return ""
    kept = ", ".join(map(str, facts["kept"]))
    return f"kept chunk by chunk, of {facts['candidates']} ways to go on (0: as without a choice): {kept}"
