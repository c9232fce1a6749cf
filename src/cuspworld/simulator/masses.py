"""Prompt -> masses of the recorded clips: which kind is meant, and which of its clips the prompt asks for.

Which recorded path is followed decides what comes out: drawn twice, of other noise, the same paths come out clear or
melted (docs/simulator.md). Of the clips that fit, the clearer have more mass, where the model knows how clear they come
out (`Kind.clear`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from cuspworld.language.expansion import expand
from cuspworld.language.matching import Match, Matcher
from cuspworld.simulator.kinds import Kind

FEWEST = 6  # clips that a path is drawn from, if so many fit: a set of one only copies
CLEARER = 4.0  # e-folds of mass from the clearest of the clips that fit to the least clear: the better half has 88 %
LEAST = 3  # or fewer, where others lack a thing that the prompt names


@dataclass(frozen=True)
class Masses:
    """`of` (clips,) the masses of the clips of the kind of this number; `match`: what the prompt asked, if anything;
    `whole`: a clip was recorded that shows all of it; `late` (clips,): by how many seconds each would have to come
    later to show at the time asked what happens."""

    kind: int
    of: Float[ndarray, " clips"]
    match: Match
    whole: bool
    late: Float[ndarray, " clips"] | None = None


class Prompts:
    """The recorded clips of all kinds, asked by prompts; their captions are read once, at the first prompt."""

    def __init__(self, kinds: Sequence[Kind]):
        self.ends = np.cumsum([len(kind.captions) for kind in kinds])
        self._kinds = kinds
        self._wordings = [texts for kind in kinds for texts in kind.captions]

    @cached_property
    def _matcher(self) -> Matcher:
        return Matcher(self._wordings)

    def expand(self, prompt: str, seed: int) -> str:
        """The prompt as a full description, as the recorded captions have it (language/expansion.py)."""
        return expand(prompt, self._matcher, seed)

    def masses(self, prompt: str, seed: int, shown: int | None = None) -> Masses:
        """The kind and the clips that fit best. Where the prompt says nothing that is known, the kind that is `shown`
        by what goes before or after; else any, by the seed."""
        match = self._matcher(prompt)
        number = np.searchsorted(self.ends, np.arange(self.ends[-1]), side="right")
        if shown is not None and not (match.told and match.known):
            kind = shown
        elif match.told and len(match.clips):
            kind = int(np.bincount(number[match.clips]).argmax())
        else:
            kind = int(np.random.default_rng([seed, 11]).integers(len(self.ends)))
        own = np.flatnonzero(number == kind)
        masses = np.zeros(len(own))
        fitting = own[np.isin(own, match.clips)]
        if len(fitting) < FEWEST:
            ranked = own[np.lexsort((-match.scores[own], match.lacks[own]))]
            alike = ranked[~match.worse[ranked]]
            there = alike[match.lacks[alike] == 0]
            fitting = (there if len(there) >= LEAST else alike if len(alike) else ranked)[:FEWEST]
        fitting = fitting - own[0]
        clear = self._kinds[kind].clear
        masses[fitting] = 1.0 if clear is None else by_rank(clear[fitting])
        whole = match.told and match.known and not (match.missing or match.unmet or match.unknown)
        return Masses(kind, masses, match, whole, match.late[own])


def by_rank(clear: Float[ndarray, " n"]) -> Float[ndarray, " n"]:
    """The clearest has mass 1; those that are alike have the same."""
    ranks = (clear[:, None] < clear).sum(axis=1)
    return np.exp(-CLEARER * ranks / len(clear))
