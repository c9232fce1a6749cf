"""Guidance along a path: away from what an expert draws where it is not told all of it.

Classifier-free guidance (Ho & Salimans 2022) with a scale for each part of the condition (as InstructPix2Pix, Brooks et
al. 2023, arXiv:2211.09800). Without the sketch, which tells what lies where, an expert draws what melts, and away from
that lies what is whole (a model guided by a worse version of itself: Karras et al. 2024, arXiv:2406.02507); without
what is done it draws what mostly happens, and away from that lies what was caused. At late times alone, which does as
well and costs less (Kynkäänniemi et al. 2024, arXiv:2404.07724); docs/simulator.md measures both.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from cuspworld.transport.flow.transformer import CodePath

MOST = 50.0  # of a scale
LATE = 0.3  # the flow's time from which on it guides


@dataclass(frozen=True)
class Guidance:
    """Scales; 1 is none. `sketch`: of what lies where; `actions`: of what is done."""

    sketch: float = 1.0
    actions: float = 1.0

    def with_(self, sketch: float | None, actions: float | None) -> Guidance:
        """These scales instead, where they are given."""
        return Guidance(self.sketch if sketch is None else sketch, self.actions if actions is None else actions)

    def less_told(self, path: CodePath, acts: int) -> list[tuple[float, CodePath]]:
        """The path with less told, and how far to go on from there, for each part that guides. `acts`: the last numbers
        of a step of it, which tell what is done; where nothing is, there is nothing to guide."""
        found = []
        if self.sketch != 1 and path.sketch is not None:
            found.append((self.sketch - 1, replace(path, sketch=None)))
        if self.actions != 1 and acts and bool(path.codes[..., -acts:].any()):
            idle = path.codes.clone()
            idle[..., -acts:] = 0
            found.append((self.actions - 1, replace(path, codes=idle)))
        return found
