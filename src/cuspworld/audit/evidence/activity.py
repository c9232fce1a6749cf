"""Stretches of time in which something holds."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool


def runs(flags: Bool[np.ndarray, " steps"]) -> list[tuple[int, int]]:
    """Half-open ranges [start, end) in which the flags hold."""
    padded = np.concatenate([[0], flags.astype(np.int8), [0]])
    edges = np.flatnonzero(np.diff(padded))
    return [(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]
