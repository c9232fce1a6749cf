"""The branches of a kind of clips, and the passages between them that were recorded.

Branches are found by `Brenier` on the scene codes of steps, told which steps belong to which clip; every other recorded
step belongs to the branch of the nearest code. A passage is a change of branch from one step to the next of a clip.
What was never recorded is forbidden: a path that is about to make it is turned back (`Branches.successors`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from numpy import ndarray
from scipy.spatial import cKDTree
from torch import Tensor

from cuspworld.codec.scene_code import whole_step
from cuspworld.errors import CuspError
from cuspworld.simulator.kinds import Kind
from cuspworld.transport.brenier import Brenier

MOST_STEPS = 3000  # that branches are found among; more cost more and say the same
MEMORY = 2  # steps that a successor must be near to: where things are and how they move
ALIKE = 0.1  # weight of being of a clip that looks the same, beside being near: as large as nearness, it drowned it
ALIKE_BY_LOOKS = 5.0  # where codes tell what lies where: from a clip of other things they bring those things
NEAREST = 5  # recorded steps whose successors a path may take
REST = 0.05  # of the usual way from a step to the next: below it nothing moved
STILL = 0.5  # of it: what moves less may as well last longer
FOLLOWED = 0.3  # of the way from a recorded step to the path's own is kept in the next one


def find_branches(kind: Kind, seed: int = 0) -> Int[ndarray, " S"]:
    """The branch of every recorded step of a kind, numbered from the largest."""
    frames = kind.code.frames
    chosen = np.flatnonzero(kind.times % frames == 0)
    clips = np.unique(kind.clips[chosen])
    fits = max(2, int(len(clips) * min(1.0, MOST_STEPS / max(len(chosen), 1))))
    taken = np.random.default_rng(seed).permutation(clips)[:fits]
    chosen = chosen[np.isin(kind.clips[chosen], taken)]
    solved = Brenier(seed=seed, tolerance=0.2, max_seconds=60.0).fit(
        kind.codes[chosen], trajectories=np.column_stack([kind.clips[chosen], kind.times[chosen]])
    )
    return np.asarray(solved.branches_)[cKDTree(kind.codes[chosen]).query(kind.codes)[1]]


def with_branches(kind: Kind, latents: Sequence[Float[Tensor, "t h w c"]], seed: int = 0) -> Kind:
    """The kind with its branches told apart; `latents` of its clips, of which one step in the middle of each branch is
    kept to be looked at."""
    of = find_branches(kind, seed)
    looks = []
    for branch in range(int(of.max()) + 1):
        rows = np.flatnonzero(of == branch)
        middle = rows[((kind.codes[rows] - kind.codes[rows].mean(0)) ** 2).sum(1).argmin()]
        clip, time = int(kind.clips[middle]), int(kind.times[middle])
        looks.append(whole_step(latents[clip], kind.code.frames)[time : time + kind.code.frames])
    return replace(kind, branches=of, seen=torch.stack(looks))


@dataclass(frozen=True, eq=False)
class Branches:
    """A kind's branches as a graph: `of` (S,) the branch of each recorded step."""

    kind: Kind
    of: Int[ndarray, " S"]

    @property
    def count(self) -> int:
        return int(self.of.max()) + 1

    @cached_property
    def following(self) -> Int[ndarray, " S"]:
        """The step that follows each one in its clip, a whole step later; -1 where the clip ends."""
        frames, clips = self.kind.code.frames, self.kind.clips
        after = np.arange(len(clips)) + frames
        inside = after < len(clips)
        inside[inside] &= clips[after[inside]] == clips[inside]
        return np.where(inside, after, -1)

    @cached_property
    def passages(self) -> Int[ndarray, "branches branches"]:
        """How often a clip's step in one branch (row) was followed by one in another (column)."""
        before = np.flatnonzero(self.following >= 0)
        counts = np.zeros((self.count, self.count), np.int64)
        np.add.at(counts, (self.of[before], self.of[self.following[before]]), 1)
        return counts

    def branch(self, codes: Float[ndarray, "n k"]) -> Int[ndarray, " n"]:
        """The branch of any codes: the nearest recorded step's."""
        return self.of[self._tree.query(codes)[1]]

    def margin(self, codes: Float[ndarray, "n k"], branches: Sequence[int]) -> float:
        """How far a path stays from the folds, in units of the codes' spread: the least distance of a step to the
        middle between the nearest recorded step of its own branch and that of another; infinite with one branch."""
        least = np.inf
        for code, branch in zip(codes, branches, strict=False):
            distance = np.sqrt(((self.kind.codes - code) ** 2).sum(1))
            others = distance[self.of != branch]
            if len(others):
                least = min(least, float(others.min() - distance[self.of == branch].min()) / 2)
        return least

    @cached_property
    def _tree(self) -> cKDTree:
        return cKDTree(self.kind.codes)

    def paths(self, late: Int[ndarray, " clips"] | None = None) -> tuple[Int[ndarray, " P"], Int[ndarray, "P s"]]:
        """Each clip's path from its start: the clips, and the rows of their steps; all as long as the shortest.

        `late`: by how many frames each comes later, what was seen first lasting so much longer, or where negative
        earlier (`delays`)."""
        clips, frames = np.unique(self.kind.clips), self.kind.code.frames
        rows = [np.flatnonzero(self.kind.clips == clip) for clip in clips]
        steps = frames * np.arange(min(len(own[::frames]) for own in rows))
        shifts = np.zeros(len(clips), int) if late is None else late[clips]
        moved = [(steps - shift).clip(0, len(own) - 1) for own, shift in zip(rows, shifts, strict=True)]
        return clips, np.stack([own[index] for own, index in zip(rows, moved, strict=True)])

    def delays(self, late: Int[ndarray, " clips"]) -> Int[ndarray, " clips"]:
        """By how many frames each clip's path can come later, or where negative earlier, of those asked for: by less
        than a step, and later only where little moves at first."""
        frames, first = self.kind.code.frames, np.full(len(late), -1)
        clips, rows = np.unique(self.kind.clips, return_index=True)
        first[clips] = rows
        still = (first >= 0) & (self._ways[first] < STILL * self._usual)
        possible = late.clip(1 - frames, frames - 1)
        return np.where(still, possible, np.minimum(possible, 0))

    def later(self, least: int) -> tuple[Int[ndarray, " P"], Int[ndarray, "P s"], Int[ndarray, " P"]]:
        """The clips' paths from every recorded step that has at least `least` steps from there on: the clips, the rows,
        how many there are; after the last of a clip its row is repeated."""
        rows, lengths = [np.arange(len(self.of))], np.ones(len(self.of), np.int64)
        while (going := (lengths == len(rows)) & (self.following[rows[-1]] >= 0)).any():
            rows.append(np.where(going, self.following[rows[-1]], rows[-1]))
            lengths += going
        enough = lengths >= min(least, lengths.max())
        return self.kind.clips[enough], np.stack(rows, axis=1)[enough], lengths[enough]

    def windows(self, steps: int) -> Int[ndarray, "W s"]:
        """The rows of `steps` consecutive whole steps of a clip, from every recorded step that has so many after it."""
        rows = [np.arange(len(self.of))]
        for _ in range(steps - 1):
            rows.append(np.where(rows[-1] >= 0, self.following[rows[-1]], -1))
        found = np.stack(rows, axis=1)
        found = found[(found >= 0).all(axis=1)]
        if not len(found):
            raise CuspError(f"no recorded clip has the {steps} steps of a window: train on longer clips")
        return found

    def crosses(self, rows: Int[ndarray, "P s"]) -> Bool[ndarray, " P"]:
        """Which paths change their branch."""
        words = self.of[rows]
        return (words != words[:, :1]).any(axis=1)

    def successor(
        self,
        codes: Float[ndarray, "s k"],
        branch: int,
        rng: np.random.Generator,
        stay: bool = False,
        near: Float[ndarray, " k"] | None = None,
        who: Float[ndarray, " i"] | None = None,
    ) -> tuple[Float[ndarray, " k"], int | None, bool]:
        """The next code of a path whose last codes and branch are given, the recorded step that it is like (None: it
        stays where it is), and whether the one that is followed rests.

        It follows a recorded step of this branch that the last `MEMORY` codes are near to: so it makes no passage that
        was never recorded. `stay`: none that leaves the branch. `near`: what a path's steps have in common (its
        colours, its place), that the recorded clip should share, and `who` is in it.
        """
        frames = self.kind.code.frames
        rows = np.flatnonzero((self.of == branch) & (self.following >= 0))
        if stay:
            rows = rows[self.of[self.following[rows]] == branch]
        if not len(rows):
            return codes[-1], None, True
        distance = ((self.kind.codes[rows] - codes[-1]) ** 2).sum(1)
        if len(codes) > 1:
            before = rows - frames
            known = (before >= 0) & (self.kind.clips[np.maximum(before, 0)] == self.kind.clips[rows])
            moved = ((self.kind.codes[np.maximum(before, 0)] - codes[-2]) ** 2).sum(1)
            distance = distance + np.where(known, moved, distance + np.median(distance))
        alike = ALIKE if self.kind.code.looks is None else ALIKE_BY_LOOKS
        if near is not None:
            distance = distance + alike * ((self._middles[self.kind.clips[rows]] - near) ** 2).sum(1)
        if who is not None and self.kind.who is not None:
            distance = distance + alike * MEMORY * ((self.kind.who[self.kind.clips[rows]] - who) ** 2).sum(1)
        nearest = np.argpartition(distance, min(NEAREST, len(rows) - 1))[:NEAREST]
        row = rows[rng.choice(nearest)]
        after = self.following[row]
        code = self.kind.codes[after] + FOLLOWED * (codes[-1] - self.kind.codes[row])
        return code, int(after), bool(self.rest(self._ways[row]))

    def rest(self, ways: Float[ndarray, "*n"]) -> Bool[ndarray, "*n"]:
        """Whether a step so far from the one before rests: a glass that stands, not a flame that burns."""
        return np.asarray(ways < REST * self._usual)

    @cached_property
    def _usual(self) -> float:
        """The usual way from a step to the next."""
        return float(np.sqrt(np.nanmean(self._ways**2)))

    @cached_property
    def _ways(self) -> Float[ndarray, " S"]:
        """How far from each recorded step to the next of its clip; not a number where it is the last."""
        ways = np.sqrt(((self.kind.codes[self.following] - self.kind.codes) ** 2).sum(1, dtype=np.float64))
        return np.where(self.following >= 0, ways, np.nan)

    @cached_property
    def _middles(self) -> Float[ndarray, "clips k"]:
        """Mean code of each clip."""
        count = int(self.kind.clips.max()) + 1
        total = np.zeros((count, self.kind.codes.shape[1]))
        np.add.at(total, self.kind.clips, self.kind.codes)
        return total / np.bincount(self.kind.clips, minlength=count)[:, None]
