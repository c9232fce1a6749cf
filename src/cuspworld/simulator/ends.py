"""Chunks with a known end: what goes before a clip, what lies between two, a loop.

Any frame of a window may be known, so the last chunk is given the first frames of what follows; what goes before a clip
is made from its end to its beginning, chunk after chunk.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import UInt8

from cuspworld.errors import CuspError
from cuspworld.simulator.branches import Branches
from cuspworld.simulator.chunks import Chunks
from cuspworld.simulator.parts import Parts
from cuspworld.simulator.route import code_path
from cuspworld.transport.flow.transformer import CodePath

Frames = UInt8[np.ndarray, "t h w 3"]


class Ends:
    """Makes frames that lead to `after`. `kind`: whose recorded paths are followed, None for the flow alone."""

    def __init__(self, parts: Parts, chunks: Chunks, kind: int | None):
        if parts.codec.temporal_stride != 1:
            raise CuspError("after= needs a model whose codec folds no time: train one with such a preset")
        self.parts, self.chunks, self.kind = parts, chunks, kind
        self.window, self.context = parts.config.window, parts.config.context

    def fill(self, before: Frames | None, after: Frames, new: int) -> Frames:
        """`new` frames between `before` (None: nothing) and `after`."""
        made: list[Frames] = []
        if before is None:
            while new > 0:
                room = self.window - min(self.context, len(after))
                frames = self._window(None, after)[max(0, room - new) : room]
                made.insert(0, frames)
                after, new = np.concatenate([frames, after])[: self.window], new - len(frames)
            return np.concatenate(made)
        room = self.window - 2 * self.context
        while new > room + (self.window - self.context) // 2:
            frames = self._window(before, None)
            before = np.concatenate([before, frames])[-self.window :]
            made.append(frames)
            new -= len(frames)
        while new > room:  # the rest in equal parts, so that the last window has room for both ends
            frames = self._window(before, None)[: new - room]
            before = np.concatenate([before, frames])[-self.window :]
            made.append(frames)
            new -= len(frames)
        if new:
            made.append(self._between(before, after, new))
        return np.concatenate(made) if made else after[:0]

    def _between(self, before: Frames, after: Frames, new: int) -> Frames:
        """One window with both ends known: as many frames of each as make it whole."""
        spare = self.window - new
        behind = min(len(after), max(self.context, spare - len(before)), spare - 1)
        ahead = min(len(before), spare - behind)
        if ahead + behind < spare:
            raise CuspError(
                f"{len(before)} and {len(after)} frames are too few to join by {new}: together {spare} are needed; "
                "give longer clips, or ask for more seconds between them"
            )
        return self._window(before[-ahead:], after[:behind])

    def _window(self, before: Frames | None, after: Frames | None) -> Frames:
        """The frames of one window that are not known."""
        if before is not None and after is None:
            before = before[-(self.context if len(before) >= self.context else 1) :]
        if before is None and after is not None:
            after = after[: self.context]
        known = None if before is None else self.chunks.encoded(before)
        held = None if after is None else self.chunks.encoded(after)
        frames = self.chunks.shown(self.chunks.chunk(known, self._path(before, after), held))
        return frames[0 if before is None else len(before) : len(frames) - (0 if after is None else len(after))]

    def _path(self, before: Frames | None, after: Frames | None) -> CodePath | None:
        """The recorded path that is nearest where the window is known."""
        if self.kind is None:
            return None
        kind = self.parts.kinds[self.kind]
        graph, each = Branches(kind, kind.branches), kind.code.frames
        steps = self.window // each
        rows = graph.windows(steps)
        distance = np.zeros(len(rows))
        wanted = {}
        if before is not None:
            codes = kind.code.of(self.chunks.encoded(before)[0].cpu())[::each]
            wanted.update({step: code for step, code in enumerate(codes) if step < steps})
        if after is not None:
            codes = kind.code.of(self.chunks.encoded(after)[0].cpu())[
                (len(after) % each if len(after) > each else 0) :: each
            ]
            wanted.update({steps - len(codes) + step: code for step, code in enumerate(codes)})
        for step, code in wanted.items():
            distance += ((kind.codes[rows[:, step]] - code) ** 2).sum(1)
        like = rows[distance.argmin()]
        path = kind.codes[like].copy()
        for step, code in wanted.items():
            path[step] = code
        seen = before if before is not None else after
        who = None if kind.identity is None or seen is None else kind.identity.of(self.chunks.encoded(seen)[0].cpu())
        return code_path(kind.path(path, who, kind.acts(like)), self.parts.expert(self.kind)[1], 0.1, self.parts.device)
