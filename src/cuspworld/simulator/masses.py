"""Prompt -> masses of the recorded clips: which kind is meant, and which of its clips the prompt tells of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from cuspworld.language.words import split_words
from cuspworld.simulator.kinds import Kind

_BEST = 0.02  # of a kind's clips, those that match best


def masses_of(kinds: Sequence[Kind], prompt: str, seed: int) -> tuple[int, Float[ndarray, " clips"]]:
    """The kind that the prompt tells of (any, by the seed, where it has no word) and the masses of its clips."""
    words = set(split_words(prompt))
    rng = np.random.default_rng([seed, 11])
    if not words:
        kind = int(rng.integers(len(kinds)))
        return kind, np.ones(len(kinds[kind].captions))
    counts = Counter(w for k in kinds for c in k.captions for w in set(split_words(" ".join(c))) & words)
    total = sum(len(kind.captions) for kind in kinds)
    weight = {word: np.log(total / (1 + counts[word])) for word in words if counts[word]}
    scores = [np.array([max(_score(text, weight) for text in texts) for texts in kind.captions]) for kind in kinds]
    best = int(np.argmax([np.sort(s)[-5:].mean() for s in scores]))
    keep = max(1, int(_BEST * len(scores[best])))
    floor = np.sort(scores[best])[-keep]
    return best, (scores[best] >= floor).astype(float)


def _score(text: str, weight: dict[str, float]) -> float:
    """Overlap of a caption with the prompt's words, rarer ones counting more, longer captions a little less."""
    own = split_words(text)
    return sum(value for word, value in weight.items() if word in own) - 0.01 * len(own)
