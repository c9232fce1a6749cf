"""Plan on the branch graph: branches of the recorded embeddings are the rooms, recorded passages are the doors.

A planner that samples actions sees as far as its horizon, and a distance between embeddings does not know of walls.
Here the recordings themselves are the map. `Brenier` finds the branches of the moments where actions did what they do
elsewhere; where they did not (at a wall, in a doorway) are the passages. Near moments are joined, but not those of two
branches: from one to another leads only what was recorded to lead there. Dijkstra's way over that map is the
plan, and inverse dynamics, which knows short ways only, goes from one waypoint to the next.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Int
from numpy import ndarray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra
from torch import Tensor

from cuspworld.checks import number, whole
from cuspworld.dynamics.jepa import JEPA
from cuspworld.dynamics.planners import check_goal
from cuspworld.errors import CuspError
from cuspworld.transport.brenier import Brenier

_WINDOW = 4  # frames over which inverse dynamics is held against what was done
_NEAR = 0.5  # of a full action: so near is there
_DETOUR = 8  # full actions for each that a way misses its end by: rather go round
_MOST = 12  # actions between two moments that are joined
_AROUND = 12  # moments of a neighbourhood
_HINDERED = 2.0  # times the usual error of inverse dynamics


@dataclass(frozen=True, eq=False)
class BranchGraph:
    """`moments`: recorded embeddings. `branches`: of each, -1 where actions were hindered. `lengths` (n, n) sparse:
    steps from one to another, more near walls and across corners, to the power of 3/2, where one may go. `passages`:
    recorded ways between branches. `reach`: steps that the controller looks ahead to a waypoint. It is a planner: call
    it."""

    moments: Float[Tensor, "n width"] = field(repr=False)
    branches: Int[ndarray, " n"] = field(repr=False)
    lengths: csr_array = field(repr=False)
    passages: int
    reach: float = 6.0

    @classmethod
    def learn(
        cls,
        model: JEPA,
        clips: Sequence[ndarray],
        actions: Sequence[ndarray] | None = None,
        *,
        moments: int = 2000,
        neighbours: int = 8,
        reach: float = 6.0,
        seed: int = 0,
    ) -> BranchGraph:
        """From recorded frames, (time, height, width, 3) uint8 each, and what was done at each, (time, actions) in the
        world's units; without it no moment counts as hindered. About `moments` are kept, evenly in time; each is joined
        to its `neighbours`. Raises CuspError for fewer than 16 moments."""
        whole("moments", moments, 16, 1_000_000)
        whole("neighbours", neighbours, 1, 1000)
        number("reach", reach, 1, 1e6)
        total = sum(len(frames) for frames in clips)
        stride = max(1, round(total / moments))
        embedded = [model.embed(frames) for frames in clips]
        parts = [part[::stride] for part in embedded]
        z = torch.cat(parts)
        if len(z) < 16:
            raise CuspError(f"a branch graph needs 16 recorded moments or more: got {len(z)}; record more clips")
        when = np.array([(clip, k * stride) for clip, part in enumerate(parts) for k in range(len(part))])
        hindrance = np.ones(len(z))
        if actions is not None:
            errors = [_errors(model, part, done)[::stride] for part, done in zip(embedded, actions, strict=True)]
            hindrance = _hindrance(z, np.concatenate(errors))
        free = hindrance <= _HINDERED
        if free.sum() < 16:
            free[:] = True
        branches = np.full(len(z), -1)
        brenier = Brenier(seed=seed, tolerance=0.2).fit(z[torch.from_numpy(free)].numpy(), trajectories=when[free])
        branches[free] = brenier.branches_
        recorded = np.flatnonzero(when[1:, 0] == when[:-1, 0])
        joined = np.concatenate([_near(z, branches, neighbours), np.stack([recorded, recorded + 1], 1)])
        last, on = when[free, 0], branches[free]
        passages = int(((on[1:] != on[:-1]) & (last[1:] == last[:-1])).sum())
        pairs = np.unique(joined, axis=0)
        steps, missed = (found.numpy().astype(np.float64) for found in _tried(model, z[pairs[:, 0]], z[pairs[:, 1]]))
        # Rather round a corner than across it, and in the middle of a doorway; and near a wall in short stretches.
        steps += _DETOUR * np.maximum(missed - _NEAR, 0)
        steps *= np.clip(hindrance[pairs[:, 1]], 1, 4)
        # A long step costs more than its parts: waypoints stay within what the controller has learned.
        lengths = csr_array((np.maximum(steps, 0.1) ** 1.5, (pairs[:, 0], pairs[:, 1])), shape=(len(z), len(z)))
        return cls(z, branches, lengths, passages, reach)

    @torch.no_grad()
    def __call__(self, model: Any, state: Tensor, goal: Tensor, seed: int = 0) -> Float[Tensor, "1 actions"]:
        """The action to take now. Nothing is drawn: `seed` is there as for any planner.

        Raises CuspError for a goal that is not finite or of another width, or one to which no recorded way leads.
        """
        goal = check_goal(goal, self.moments.shape[1])
        target = self._waypoint(model, state, goal)
        total = model.inverse(state, target[None])[0] / model.action_scale
        action = model.action_scale * total / total.abs().max().clamp_min(1.0)
        return torch.clamp(action, model.action_low, model.action_high)[None]

    def way(self, here: Float[Tensor, " width"], goal: Float[Tensor, " width"]) -> list[int]:
        """The moments from `here` to `goal`, by number. Raises CuspError where no recorded way leads."""
        start, end = (int((self.moments - z).square().sum(1).argmin()) for z in (here, goal))
        found, before = dijkstra(self.lengths, indices=start, return_predecessors=True)
        if not np.isfinite(found[end]):
            raise CuspError(
                f"no recorded way leads from branch {self.branches[start]} to branch {self.branches[end]}: record the "
                "passage between them"
            )
        way = [end]
        while way[-1] != start:
            way.append(int(before[way[-1]]))
        return way[::-1]

    def _waypoint(self, model: JEPA, state: Tensor, goal: Tensor) -> Tensor:
        """The farthest moment of the way that is within reach and that prediction says inverse dynamics comes to."""
        way = self.way(state[0, -1], goal)
        targets = torch.cat([self.moments[way[1:]], goal[None]])
        lengths = np.concatenate([[0.0], self._along(way)])[: len(targets)]
        targets = targets[: int(np.searchsorted(lengths, self.reach, "right"))]
        _, missed = _tried(model, state[0, -1].expand(len(targets), -1), targets)
        come = torch.nonzero(missed <= _NEAR).flatten()
        return targets[int(come[-1]) if len(come) else 0]

    def _along(self, way: list[int]) -> ndarray:
        """Steps from the start to each later moment of the way."""
        return np.cumsum([self.lengths[a, b] ** (2 / 3) for a, b in pairwise(way)])


@torch.no_grad()
def _tried(model: JEPA, before: Tensor, after: Tensor) -> tuple[Float[Tensor, " n"], Float[Tensor, " n"]]:
    """How many full actions inverse dynamics reads between embeddings, standing at the first; and how many more after
    these were taken, as prediction has it: across a corner of a wall that is nearly all of them."""
    states = before[:, None].expand(-1, model.config.history, -1)
    total = model.read(states, after)
    steps = total.abs().amax(1)
    count = steps.ceil().clamp(1, _MOST)
    when = torch.arange(int(count.max()) if len(count) else 0)
    each = (total / count[:, None]).clamp(-1, 1)[:, None] * (when < count[:, None])[..., None]  # (n, steps, actions)
    low, high = model.action_low / model.action_scale, model.action_high / model.action_scale
    ended = model.roll(states, torch.clamp(each, low, high))[:, -1:].expand(-1, model.config.history, -1)
    return steps, model.read(ended, after).abs().amax(1)


def _errors(model: JEPA, z: Tensor, actions: ndarray) -> ndarray:
    """(time,) how far what inverse dynamics reads over the next four frames is from what was done, in full actions."""
    done = torch.as_tensor(np.asarray(actions), dtype=torch.float32) / model.action_scale
    steps = min(_WINDOW, len(z) - 1)
    sums = done.unfold(0, steps, 1).sum(-1)[: len(z) - steps]  # (time - steps, actions)
    states = z[: len(sums), None].expand(-1, model.config.history, -1)
    with torch.inference_mode():
        read = model.inverse(states, z[steps : steps + len(sums)]) / model.action_scale
    errors = (read - sums).abs().amax(1).numpy()
    return np.concatenate([errors, np.full(len(z) - len(errors), np.nan)])


def _hindrance(z: Tensor, errors: ndarray) -> ndarray:
    """(n,) the mean error in the neighbourhood, 1 where actions do what they do elsewhere."""
    known = np.flatnonzero(np.isfinite(errors))
    found = torch.cdist(z, z[torch.from_numpy(known)]).topk(min(_AROUND, len(known)), largest=False).indices.numpy()
    around = errors[known][found].mean(1)
    return around / max(float(np.median(around)), 1e-9)


def _near(z: Tensor, branches: ndarray, neighbours: int) -> ndarray:
    """(pairs, 2) each moment and its nearest, but of another branch."""
    count = min(neighbours, len(z) - 1)
    pairs = []
    for at in range(0, len(z), 1024):
        found = torch.cdist(z[at : at + 1024], z).topk(count + 1, largest=False).indices[:, 1:].numpy()
        pairs.append(np.stack([np.repeat(np.arange(at, at + len(found)), count), found.ravel()], 1))
    joined = np.concatenate(pairs)
    first, second = branches[joined].T
    return joined[(first == second) | (first < 0) | (second < 0)]
