"""Critical events: the passages between branches that a model knows, each with both sides and what lies between."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import torch
from jaxtyping import Float, UInt8
from numpy import ndarray

from cuspworld import html
from cuspworld.clip import Clip
from cuspworld.codec.codec import to_frames
from cuspworld.simulator.branches import Branches
from cuspworld.simulator.parts import Parts

_AROUND = 2  # steps before and after a passage that its strip shows


@dataclass(frozen=True, eq=False)
class CriticalEvent:
    """A passage from branch `before` to branch `after` of a kind, recorded `count` times.

    `sides`: a frame of each branch, uint8 (2, height, width, 3), decoded from recorded latents. `strip`: the passage,
    generated along the recorded path that passes nearest to the middle of all of them. `caption`: of that clip.
    """

    kind: str
    before: int
    after: int
    count: int
    sides: UInt8[ndarray, "2 h w 3"] = field(repr=False)
    strip: Clip
    caption: str

    def _repr_html_(self) -> str:
        step = max(1, len(self.strip) // 8)
        frames = [self.sides[0], *self.strip.frames[::step], self.sides[1]]
        texts = [f"branch {self.before}", *(f"{i * step / self.strip.fps:.1f} s" for i in range(len(frames) - 2))]
        shown = (html.picture(f, t, 96) for f, t in zip(frames, [*texts, f"branch {self.after}"], strict=True))
        return "".join(shown)


def sides_of(parts: Parts, kind: int) -> UInt8[ndarray, "branches h w 3"]:
    """A frame of each branch of a kind, the last of the step that is kept of it; empty where none is kept."""
    seen = parts.kinds[kind].seen
    if seen is None:
        return np.zeros((0, parts.config.height, parts.config.width, 3), np.uint8)
    with torch.inference_mode():
        return to_frames(parts.codec.decode(seen.to(parts.device)))[:, -1]


def critical_events(
    parts: Parts, most: int, follow: Callable[[Float[ndarray, "s k"], str, str], Clip]
) -> list[CriticalEvent]:
    """See `Simulator.critical_events`; `follow`: makes the clip of (codes, name of the kind, caption)."""
    found = []
    for number, kind in enumerate(parts.kinds):
        counts = Branches(kind, kind.branches).passages.copy()
        np.fill_diagonal(counts, 0)
        found += [(int(counts[a, b]), number, int(a), int(b)) for a, b in np.argwhere(counts)]
    events = []
    for count, number, a, b in sorted(found, key=lambda event: (-event[0], event[1:]))[:most]:
        kind = parts.kinds[number]
        rows = steps_of(Branches(kind, kind.branches), a, b)
        text = kind.captions[int(kind.clips[rows[0]])][0]
        strip = follow(kind.codes[rows], kind.name, text)
        events.append(CriticalEvent(kind.name, a, b, count, sides_of(parts, number)[[a, b]], strip, text))
    return events


def steps_of(branches: Branches, before: int, after: int) -> ndarray:
    """Rows of the steps around the passage that is nearest to the middle of all passages between two branches."""
    kind, following = branches.kind, branches.following
    rows = np.flatnonzero(following >= 0)
    rows = rows[(branches.of[rows] == before) & (branches.of[following[rows]] == after)]
    middles = (kind.codes[rows] + kind.codes[following[rows]]) / 2
    row = int(rows[((middles - middles.mean(0)) ** 2).sum(1).argmin()])
    steps = [row]
    frames = kind.code.frames
    while len(steps) <= _AROUND and steps[0] >= frames and kind.clips[steps[0] - frames] == kind.clips[row]:
        steps.insert(0, steps[0] - frames)
    while len(steps) <= 2 * _AROUND + 1 and following[steps[-1]] >= 0:
        steps.append(int(following[steps[-1]]))
    return np.array(steps)
