"""What a text says that others of its library do not: words and neighbouring pairs of words, each counted against how
often the library says it.

Captions of one kind share most of their words; read by a network alone, the few that differ ("red", "small blue") are a
hundredth of what it is given, and a flow that can lower its loss by other means never comes to read them. Standardised,
each tells as loudly as it is rare: what inverse document frequency does in retrieval (Spärck Jones 1972).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

import torch
from jaxtyping import Float
from torch import Tensor, nn

from cuspworld.language.words import COMMON, split_words

MOST = 384  # words and pairs
LEAST_SHARE, MOST_SHARE = 0.01, 0.95  # of the texts that say one: else it tells too few apart
_LOUDEST = 4.0  # spreads that one text may lie from the mean


def distinctive(texts: Sequence[str]) -> tuple[str, ...]:
    """The words and pairs that tell these texts apart best, the best first."""
    heard = Counter(one for text in texts for one in said(text))
    shares = {one: count / max(1, len(texts)) for one, count in heard.items()}
    kept = [one for one, share in shares.items() if LEAST_SHARE <= share <= MOST_SHARE]
    return tuple(sorted(kept, key=lambda one: (-shares[one] * (1 - shares[one]), one))[:MOST])


def said(text: str) -> set[str]:
    """The words of a text that say something about a scene, and the neighbours among them."""
    words = [word for word in split_words(text) if word not in COMMON]
    return {*words, *(f"{first} {second}" for first, second in pairwise(words))}


class Distinctive(nn.Module):
    """Embeddings (b, width) of texts by what of `features` each says; `learn` counts the library's."""

    mean: Tensor
    spread: Tensor

    def __init__(self, features: Sequence[str], width: int):
        super().__init__()
        self.index = {feature: place for place, feature in enumerate(features)}
        self.register_buffer("mean", torch.zeros(len(features)))
        self.register_buffer("spread", torch.ones(len(features)))
        self.read = nn.Linear(len(features), width, bias=False)

    def learn(self, texts: Sequence[str]) -> None:
        """How often these texts say each feature."""
        found = torch.stack([self._says(text) for text in texts]) if texts else torch.zeros(1, len(self.index))
        self.mean.copy_(found.mean(0))
        self.spread.copy_(found.std(0, correction=0).clamp_min(0.05))

    def forward(self, texts: Sequence[str]) -> Float[Tensor, "b w"]:
        """An empty text is the mean of all."""
        told = torch.stack([self._says(text) for text in texts]).to(self.mean.device)
        empty = torch.tensor([not text.strip() for text in texts], device=self.mean.device)
        loud = ((told - self.mean) / self.spread).clamp(-_LOUDEST, _LOUDEST)
        return self.read(loud.masked_fill(empty[:, None], 0.0))

    def _says(self, text: str) -> Float[Tensor, " f"]:
        row = torch.zeros(len(self.index))
        row[[self.index[one] for one in said(text) if one in self.index]] = 1.0
        return row
