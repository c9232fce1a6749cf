"""Passages: the steps by which recorded clips went from one branch to another, as a directed graph.

Branches are steady states; a passage is what was seen to lead from one to the next (the glass tips: standing -> lying).
The graph holds what was recorded and nothing else: what is not in it never happened in the data, so a world that makes
such a step makes it against all records.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float64, Int64
from numpy import ndarray

from cuspworld.transport.singular.trajectories import Trajectories


@dataclass(frozen=True, eq=False)
class Passage:
    """From branch `before` to branch `after`, `count` times: at `times` in `clips`, between the rows `steps`."""

    before: int
    after: int
    count: int
    times: Float64[ndarray, " count"]
    clips: Int64[ndarray, " count"]
    steps: Int64[ndarray, "count 2"]


@dataclass(frozen=True, eq=False)
class Passages:
    """All changes of branch between consecutive recorded steps, in order of (from, to, clip, time).

    `branches`: how many there are. `pairs` (E, 2): from which branch to which. `steps` (E, 2): the rows just before and
    just after. `clips` (E,) and `times` (E,): where; the time is that of the row after. Iterating gives a `Passage` for
    each different pair.
    """

    branches: int
    pairs: Int64[ndarray, "events 2"]
    steps: Int64[ndarray, "events 2"]
    clips: Int64[ndarray, " events"]
    times: Float64[ndarray, " events"]

    @classmethod
    def between(cls, branches: Int64[ndarray, " N"], trajectories: Trajectories) -> "Passages":
        """The passages of recorded rows whose branch is known."""
        steps = trajectories.steps
        pairs = branches[steps]
        changed = pairs[:, 0] != pairs[:, 1]
        steps, pairs = steps[changed], pairs[changed]
        clips, times = trajectories.clips[steps[:, 1]], trajectories.times[steps[:, 1]]
        order = np.lexsort((times, clips, pairs[:, 1], pairs[:, 0]))
        return cls(int(branches.max()) + 1, pairs[order], steps[order], clips[order], times[order])

    @property
    def counts(self) -> Int64[ndarray, "branches branches"]:
        """How often each branch (row) was left for each other one (column)."""
        counts = np.zeros((self.branches, self.branches), np.int64)
        np.add.at(counts, (self.pairs[:, 0], self.pairs[:, 1]), 1)
        return counts

    def allowed(self, before: Any, after: Any) -> Any:
        """Whether a step from branch `before` to `after` was recorded, or stays; arrays of branches broadcast."""
        stays = np.equal(before, after)
        return np.logical_or(stays, self.counts[before, after] > 0)

    def successors(self, branch: int) -> list[int]:
        """The branches that were entered from this one, the most often entered first."""
        counts = self.counts[branch]
        order = np.argsort(-counts, kind="stable")
        return [int(other) for other in order if counts[other] > 0]

    def __iter__(self) -> Iterator[Passage]:
        counts = self.counts
        for before, after in np.argwhere(counts > 0):
            rows = np.flatnonzero((self.pairs == (before, after)).all(axis=1))
            yield Passage(int(before), int(after), len(rows), self.times[rows], self.clips[rows], self.steps[rows])

    def __len__(self) -> int:
        return int((self.counts > 0).sum())

    def __repr__(self) -> str:
        shown = ", ".join(f"{p.before} -> {p.after} ({p.count} times)" for p in list(self)[:8])
        more = f", and {len(self) - 8} more" if len(self) > 8 else ""
        return f"Passages({shown or 'none'}{more})"

    def as_dict(self) -> dict[str, Any]:
        """The graph as plain numbers, ready for JSON: `branches`, and `passages` with from, to, count and times."""
        edges = [{"from": p.before, "to": p.after, "count": p.count, "times": p.times.tolist()} for p in self]
        return {"branches": self.branches, "passages": edges}

    def dot(self) -> str:
        """The graph in the language of Graphviz: `dot -Tsvg` draws it."""
        nodes = [f"  {branch};" for branch in range(self.branches)]
        edges = [f'  {p.before} -> {p.after} [label="{p.count}"];' for p in self]
        return "\n".join(["digraph passages {", *nodes, *edges, "}\n"])
