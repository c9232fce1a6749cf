"""The path of a clip: the scene codes of its steps, drawn before anything is painted.

The prompt gives masses to the recorded paths of one kind; `critical` keeps those that cross a fold or those that cross
none. A path is drawn by optimal transport from noise to the paths of one word (the sequence of their branches),
extended between them, so that it is new and averages nothing across a fold. Later steps follow recorded successors.

Of a kind with an identity code the codes of a step tell little (a tenth of its variance): the middle between two paths
is then no state but both at once (two balls became four), and it is not taken: the draw is the recorded path that the
map gives, and what a code does not tell is new.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray

from cuspworld.errors import CuspError
from cuspworld.simulator.branches import Branches
from cuspworld.transport.brenier import Brenier

CRITICAL = (None, "avoid", "seek")
NOISE = 0.1  # added to a path, in units of the codes' spread: what was drawn is followed closely, not copied
MOST_PATHS = 400  # that a draw is made from
NEAREST = 4  # paths that one is drawn from which is to begin or to move like another


@dataclass
class Drawn:
    """A path as it grows: codes of all steps so far, their branches, and what it was drawn from."""

    codes: Float[ndarray, "s k"]
    branches: list[int]
    near: Float[ndarray, " k"]
    who: Float[ndarray, " i"] | None  # is in the clip
    nearest: int  # the recorded clip whose path is nearest to the one that was drawn
    rests: list[bool]  # of each step, whether nothing moved to it from the one before in what was recorded
    rows: list[int]  # of each step, the recorded one that it is like: what is done in it
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def passages(self) -> list[tuple[int, int, int]]:
        """(step, from, to) of every change of branch."""
        pairs = zip(self.branches, self.branches[1:], strict=False)
        return [(step + 1, a, b) for step, (a, b) in enumerate(pairs) if a != b]


class Paths:
    """Draws and continues paths for one clip; equal seeds draw equal paths."""

    def __init__(self, branches: Branches, seed: int, critical: str | None = None):
        if critical not in CRITICAL:
            raise CuspError(f"critical must be one of avoid, seek or None: got {critical!r}")
        self.branches, self.critical = branches, critical
        self.rng = np.random.default_rng([seed, 7])

    def draw(
        self,
        masses: Float[ndarray, " clips"],
        start: Float[ndarray, "s k"] | None = None,
        like: Float[ndarray, "s k"] | None = None,
        who: Float[ndarray, " i"] | None = None,
        late: Int[ndarray, " clips"] | None = None,
    ) -> Drawn:
        """A path from noise. `masses`: of each recorded clip of the kind, none negative, some positive. `start`: codes
        of the first steps, where those are known: recorded paths are taken from where they are near to them. `who` is
        seen in them. `like`:
        paths that move as this one does, when and how far, are taken. `late`: by how many frames each recorded clip
        would have to come later to show at the time asked what happens; where no first steps are known it does, as far
        as it can (`Branches.delays`), and those that can less have less mass."""
        can = None if late is None or start is not None or like is not None else self.branches.delays(late)
        clips, rows = self.branches.paths(can)
        lengths = np.full(len(clips), rows.shape[1])
        if start is not None:
            clips, rows, lengths = self.branches.later(len(start))
        weights, known = masses[clips], self.branches.kind.who
        if late is not None and can is not None:
            off = np.abs(late - can)[clips]
            weights = weights * np.exp(np.minimum(off[weights > 0].min() - off, 0))  # the most punctual keeps its mass
        allowed = weights > 0
        crossing = self.branches.crosses(rows)
        if self.critical is not None:
            wanted = crossing == (self.critical == "seek")
            if not (allowed & wanted).any():
                if not wanted.any():
                    some = "crosses a fold" if self.critical == "seek" else "stays in one branch"
                    name = self.branches.kind.name or "this model"
                    raise CuspError(f"critical={self.critical!r}: no recorded clip of {name} {some}; leave it out")
                allowed, weights = wanted, np.ones(len(clips))  # the prompt says the opposite: critical goes before it
            allowed = allowed & wanted
        chosen = np.flatnonzero(allowed)
        codes = self.branches.kind.codes[rows]  # (P, s, k)
        if start is not None:
            distance = ((codes[chosen][:, : len(start)] - start[: codes.shape[1]]) ** 2).sum((1, 2))
            if known is not None and who is not None:
                distance = distance + len(start) * ((known[clips[chosen]] - who) ** 2).sum(1)
            chosen = chosen[np.argsort(distance)[:NEAREST]]
        if like is not None:
            some = min(codes.shape[1], len(like))
            distance = ((_moves(codes[chosen][:, :some]) - _moves(like[:some])) ** 2).sum(1)
            chosen = chosen[np.argsort(distance)[:NEAREST]]
        share = weights[chosen] / weights[chosen].sum()
        one = int(chosen[0] if like is not None else chosen[self.rng.choice(len(chosen), p=share)])
        length = int(lengths[one])
        words = self.branches.of[rows[:, :length]]
        word = tuple(words[one].tolist())
        same = chosen[(words[chosen] == words[one]).all(1) & (lengths[chosen] >= length)]
        if len(same) > MOST_PATHS:
            same = self.rng.choice(same, MOST_PATHS, replace=False)
        codes = codes[:, :length]
        points = codes[same].reshape(len(same), -1)
        if known is not None:
            points = np.concatenate([points, known[clips[same]] * length**0.5], axis=1)
        drawn = self._transport(points, weights[same])
        path = drawn[: length * codes.shape[2]].reshape(codes.shape[1:])
        if known is not None and who is None:
            who = drawn[path.size :] / length**0.5
        apart = np.sqrt(((codes[same] - path) ** 2).sum(2).mean(1))
        facts = {
            "drawn_from": len(same),
            "distance": float(apart.min()),  # to the nearest recorded path, in units of the codes' spread: 0 is a copy
            "margin": self.branches.margin(path, word),
        }
        rests = self.branches.rest(np.sqrt((np.diff(path, axis=0, prepend=path[:1]) ** 2).sum(1))).tolist()
        rests[0] = len(rests) > 1 and rests[1]
        near = same[apart.argmin()]
        like_rows = rows[near, :length].tolist()
        if can is not None and length > 1 and (later := self.branches.kind.code.frames - self._time(rows[near, 1])):
            facts["later"] = later
        return Drawn(path, list(word), path.mean(axis=0), who, int(clips[near]), rests, like_rows, facts)

    def _time(self, row: int) -> int:
        """The frame of its clip at which a recorded step begins."""
        return int(self.branches.kind.times[row])

    def _transport(self, paths: Float[ndarray, "n d"], weights: Float[ndarray, " n"]) -> Float[ndarray, " d"]:
        """One draw of the extended map."""
        if len(paths) == 1:
            return paths[0].astype(np.float64)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # masses that are a little off draw some path all the same
            solved = Brenier(seed=0, tolerance=0.2, max_seconds=20.0).fit(paths, masses=weights / weights.sum())
        noise = self.rng.standard_normal((1, paths.shape[1])).astype(np.float32)
        drawn = solved.extend(noise) if self.branches.kind.who is None else solved.map(noise)
        return np.asarray(drawn[0], np.float64)

    def go_on(self, drawn: Drawn, steps: int) -> None:
        """Lengthen the path to `steps` steps by recorded successors."""
        while len(drawn.codes) < steps:
            last = drawn.codes[-2:]
            code, row, rests = self.branches.successor(
                last, drawn.branches[-1], self.rng, stay=self.critical == "avoid", near=drawn.near, who=drawn.who
            )
            drawn.codes = np.concatenate([drawn.codes, code[None]])
            drawn.branches.append(drawn.branches[-1] if row is None else int(self.branches.of[row]))
            drawn.rows.append(drawn.rows[-1] if row is None else row)
            drawn.rests.append(rests)

    def seen(self, drawn: Drawn, step: int, codes: Float[ndarray, "s k"]) -> None:
        """The clip's own codes from `step` on, now that they are painted. What was planned after them stays planned; a
        step that fell into a branch to which no passage was recorded is held in its own branch."""
        drawn.codes[step : step + len(codes)] = codes
        found = self.branches.branch(codes)
        counts = self.branches.passages
        for index, branch in enumerate(found.tolist()):
            before = drawn.branches[step + index - 1] if step + index else branch
            if branch == before or counts[before, branch]:
                drawn.branches[step + index] = branch


def _moves(codes: Float[ndarray, "*n s k"]) -> Float[ndarray, "*n t"]:
    """How far each step goes: when something happens and how much, whatever it looks like."""
    return np.sqrt((np.diff(codes, axis=-2) ** 2).sum(-1))
