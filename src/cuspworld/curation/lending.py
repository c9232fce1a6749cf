"""Nearest well-captioned clips lend their captions, and never across a fold.

Clips are near where their paths of step codes, and who is in them, are near. A clip's *way* is the sequence of branches
(steady states) that its steps pass, found by `Brenier` without a label: a glass that stands and a glass that falls may
look alike in all frames but a few, and have different ways. A caption is lent between equal ways only, and only where
it does not contradict what the clip's own caption says. How sure it is, is measured on the well-captioned clips, each
described by the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int
from numpy import ndarray
from torch import Tensor

from cuspworld.language.facts import Fact, facts
from cuspworld.language.matching import Matcher
from cuspworld.simulator.branches import find_branches
from cuspworld.simulator.kinds import Kind

MOMENTS = 8  # of a path that are compared
_CODES, _IDENTITY = 16, 16  # numbers of a step's code and of who is in a clip
FEWEST = 3  # well-captioned clips; fewer lend nothing
_ALIKE = 15  # well-captioned clips, as far from their lender, whose shares of right facts are the confidence


@dataclass(frozen=True)
class Loan:
    """The caption that a clip is lent, by which clip, and the share of its facts that is expected to be right."""

    caption: str
    lender: int
    confidence: float


@dataclass(frozen=True)
class Ways:
    """What clips are compared by: `vectors` (clips, k), and each clip's way (its branches, in order)."""

    vectors: Float[ndarray, "clips k"]
    ways: tuple[tuple[int, ...], ...]


def ways_of(latents: Sequence[Float[Tensor, "t h w c"]], frames: int = 4, seed: int = 0) -> Ways:
    """Of clips of one kind, from their latents; `frames` latent frames are a step."""
    kind = Kind.learn("", list(latents), [()] * len(latents), frames, _CODES, seed, _IDENTITY)
    branches = find_branches(kind, seed)
    paths, ways = [], []
    for clip in range(len(latents)):
        rows = np.flatnonzero(kind.clips == clip)
        moments = rows[np.linspace(0, len(rows) - 1, MOMENTS).round().astype(int)]
        paths.append(kind.codes[moments].reshape(-1) / MOMENTS**0.5)
        ways.append(way(branches[rows[:: kind.code.frames]]))
    who = np.zeros((len(latents), 0)) if kind.who is None else kind.who
    path = np.stack(paths)
    scale = [max(float(part.std()), 1e-9) * part.shape[1] ** 0.5 for part in (path, who) if part.shape[1]]
    parts = [part / s for part, s in zip((path, who), scale, strict=False)]
    return Ways(np.concatenate(parts, axis=1), tuple(ways))


def way(branches: Int[ndarray, " steps"]) -> tuple[int, ...]:
    """Each branch once for every visit."""
    changed = np.flatnonzero(np.diff(branches, prepend=-1) != 0)
    return tuple(branches[changed].tolist())


def lend(
    ways: Ways, captions: Sequence[str], good: Bool[ndarray, " clips"], *, folds: bool = True, own_words: bool = True
) -> list[Loan | None]:
    """A loan for each clip; None for the well-captioned (`good`), and where no clip may lend.

    `folds`: never across a fold. `own_words`: never against the clip's own caption. Both are there to be measured.
    """
    lenders = np.flatnonzero(good).tolist()
    loans: list[Loan | None] = [None] * len(captions)
    if len(lenders) < FEWEST:
        return loans
    apart = _distances(ways.vectors, ways.vectors[lenders])  # (clips, lenders)
    same = np.array([[ways.ways[clip] == ways.ways[lender] for lender in lenders] for clip in range(len(captions))])
    allowed = same if folds else np.ones_like(same)
    told = [set(facts(captions[lender])) for lender in lenders]
    lent_apart, lent_right = _measured(apart[lenders], allowed[lenders], told)
    agreeing = _agreeing([captions[lender] for lender in lenders], captions, good) if own_words else None
    for clip in np.flatnonzero(~good).tolist():
        may = allowed[clip] if agreeing is None else allowed[clip] & agreeing[captions[clip]]
        if not may.any():
            may = allowed[clip]
        if not may.any():
            continue
        nearest = int(np.where(may, apart[clip], np.inf).argmin())
        confidence = _expected(float(apart[clip, nearest]), lent_apart, lent_right)
        loans[clip] = Loan(captions[lenders[nearest]], lenders[nearest], confidence)
    return loans


def _measured(
    apart: Float[ndarray, "lenders lenders"], allowed: Bool[ndarray, "lenders lenders"], told: Sequence[set[Fact]]
) -> tuple[Float[ndarray, " m"], Float[ndarray, " m"]]:
    """Each well-captioned clip described by the others: how far its lender was, and the share of facts it had right."""
    open_to = np.where(allowed & ~np.eye(len(apart), dtype=bool), apart, np.inf)
    nearest = open_to.argmin(1)
    distance = open_to[np.arange(len(apart)), nearest]
    right = [len(told[i] & told[j]) / max(len(told[j]), 1) for i, j in enumerate(nearest)]
    kept = np.isfinite(distance)
    return distance[kept], np.array(right)[kept]


def _expected(distance: float, distances: ndarray, right: ndarray) -> float:
    if not len(distances):
        return 0.0
    alike = np.argsort(np.abs(distances - distance), kind="stable")[:_ALIKE]
    return float(right[alike].mean())


def _agreeing(lent: list[str], captions: Sequence[str], good: Bool[ndarray, " clips"]) -> dict[str, ndarray]:
    """Own caption -> which lenders' captions tell all that it tells, where any does."""
    matcher, found = Matcher(lent), {}
    for text in {captions[clip] for clip in np.flatnonzero(~good).tolist()}:
        match = matcher(text)
        fits = np.zeros(len(lent), bool)
        fits[match.clips] = match.told and match.known
        found[text] = fits if fits.any() else np.ones(len(lent), bool)
    return found


def _distances(a: ndarray, b: ndarray) -> ndarray:
    square = (a**2).sum(1)[:, None] + (b**2).sum(1) - 2 * a @ b.T
    return np.asarray(np.sqrt(np.maximum(square, 0)))
