"""Clips in batches, read and decoded ahead by threads: decoders and Zstandard leave Python's lock alone.

Threads start at once and share the opened table; worker processes would each import torch and open it anew.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np

from cuspworld.checks import whole
from cuspworld.clip import Clip

_AHEAD = 2  # batches a thread that are decoded or wait, whatever the library's size


def batches(clips: Sequence[Clip], size: int, threads: int = 2, seed: int | None = None) -> Iterator[list[Clip]]:
    """Lists of `size` clips, the last one shorter, in the order of `clips` or, with a seed, in one drawn by it; each
    clip once."""
    whole("size", size, 1, 1_000_000)
    whole("threads", threads, 1, 256)
    order = np.arange(len(clips)) if seed is None else np.random.default_rng(seed).permutation(len(clips))
    with ThreadPoolExecutor(threads) as pool:
        waiting: deque[Future[list[Clip]]] = deque()
        try:
            for start in range(0, len(order), size):
                waiting.append(pool.submit(_read, clips, order[start : start + size].tolist()))
                if len(waiting) == _AHEAD * threads:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()


def _read(clips: Sequence[Clip], places: list[int]) -> list[Clip]:
    return [clips[place] for place in places]
