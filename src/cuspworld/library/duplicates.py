"""Which clips show the same: copies of one file's bytes, pictures that nearly agree, or vectors that stand close.

Hashes that differ in fewer bits than there are bands agree in one band whole: sorting by each band finds every such
pair without comparing all with all.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Float

from cuspworld.library.measuring import BITS

NEAR = 11  # bits of 192 in which two videos of one content may differ
_BANDS = 12
_BUCKET = 2000  # clips that agree in one band; beyond it the band says nothing


def near_pictures(pictures: Sequence[bytes | None], lengths: Sequence[float]) -> list[tuple[int, int]]:
    """(earlier, later) clips whose hashes differ in at most `NEAR` bits and whose lengths by at most a tenth."""
    there = np.array([k for k, p in enumerate(pictures) if p is not None and len(p) * 8 == BITS], np.int64)
    if len(there) < 2:
        return []
    bits = np.frombuffer(b"".join(pictures[k] or b"" for k in there), np.uint8).reshape(len(there), -1)
    seconds = np.asarray(lengths, float)[there]
    bands = bits.view(">u2").reshape(len(there), _BANDS)
    found: set[tuple[int, int]] = set()
    for band in bands.T:
        order = np.argsort(band, kind="stable")
        ends = np.flatnonzero(np.diff(band[order])) + 1
        for same in np.split(order, ends):
            if 1 < len(same) <= _BUCKET:
                apart = np.bitwise_count(bits[same][:, None] ^ bits[same][None]).sum(-1)
                ratio = seconds[same][:, None] / seconds[same][None]
                close = (apart <= NEAR) & (ratio < 1.1) & (ratio > 1 / 1.1)
                first, second = np.nonzero(np.triu(close, 1))
                found.update(
                    zip(np.minimum(same[first], same[second]), np.maximum(same[first], same[second]), strict=True)
                )
    return sorted((int(there[a]), int(there[b])) for a, b in found)


def near_vectors(vectors: Float[np.ndarray, "clips width"], within: float) -> list[tuple[int, int]]:
    """(earlier, later) clips whose vectors stand at most `within` apart (Euclidean)."""
    from scipy.spatial import cKDTree

    return sorted((int(a), int(b)) for a, b in cKDTree(vectors).query_pairs(within))


def same_content(contents: Sequence[str | None], starts: Sequence[float | None]) -> list[tuple[int, int]]:
    """(earlier, later) clips of the same bytes from the same second on."""
    first: dict[Any, int] = {}
    pairs = []
    for index, (content, start) in enumerate(zip(contents, starts, strict=True)):
        if content and (earlier := first.setdefault((content, start), index)) != index:
            pairs.append((earlier, index))
    return pairs


def marked(count: int, found: dict[str, list[tuple[int, int]]]) -> tuple[list[int | None], list[str | None]]:
    """(each clip's earliest copy, why) from pairs by reason; the first reason that joins two clips stands."""
    root = list(range(count))

    def top(index: int) -> int:
        while root[index] != index:
            root[index] = index = root[root[index]]
        return index

    why: list[str | None] = [None] * count
    for reason, pairs in found.items():
        for a, b in pairs:
            early, late = sorted((top(a), top(b)))
            if early != late:
                root[late] = early
                why[late] = reason
                why[b] = why[b] or reason
    of = [top(index) if top(index) != index else None for index in range(count)]
    return of, [reason if of[k] is not None else None for k, reason in enumerate(why)]
