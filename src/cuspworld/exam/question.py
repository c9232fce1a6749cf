"""Question: frames to go on from, and what only those are told who know the world: the scene that they are of.

A scene is played by the first-principles world itself: `play` runs it from its seed with the actions that its
parameters take, or others, and with parameters that change on the way.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from jaxtyping import UInt8

from cuspworld import worlds
from cuspworld.worlds.world import World


@dataclass(frozen=True, eq=False)
class Scene:
    """`options` of the world, its split among them; `actions`: frame -> the action taken there instead of what the
    parameters say; `changes`: (frame, parameter, value), set just after that frame is shown."""

    world: str
    seed: int
    fps: float = 10.0
    size: int = 64
    options: Mapping[str, Any] = field(default_factory=dict)
    actions: Mapping[int, tuple[float, ...]] = field(default_factory=dict)
    changes: tuple[tuple[int, str, float], ...] = ()

    def play(self, count: int, *, drawn: bool = True) -> Played:
        """The first `count` frames and states."""
        world = worlds.make(self.world, size=self.size, fps=self.fps)
        return played(world, self, count, drawn)

    def but(self, **changes: Any) -> Scene:
        return replace(self, **changes)


@dataclass(frozen=True, eq=False)
class Played:
    """`frames` (t, h, w, 3), `state` (t,) structured, `actions` (t, actions): the last row is not taken; `values` are
    the world's parameters at the end, `branch` and `events` what came of it."""

    frames: UInt8[np.ndarray, "t h w 3"]
    state: np.ndarray
    actions: np.ndarray
    values: Mapping[str, Any]
    events: tuple[Any, ...]
    branch: str


def played(world: World, scene: Scene, count: int, drawn: bool = True) -> Played:
    """The scene in a world that is made already, of the same name."""
    world.restart(scene.seed, dict(scene.options), scene.fps)
    size = (scene.size, scene.size) if drawn else (8, 8)
    frames = np.zeros((count, *size, 3), np.uint8)
    state = np.empty(count, world.state_type)
    actions = np.zeros((count, len(world.actions)))
    for k in range(count):
        if k:
            world.step(actions[k - 1])
        if drawn:
            frames[k] = world.picture(*size)[0]
        state[k] = tuple(world.row())
        for _, name, value in (change for change in scene.changes if change[0] == k):
            world.change(name, value)
        actions[k] = world.check_action(scene.actions.get(k, world.policy(k / world.frame_rate)))
    return Played(frames, state, actions, dict(world.values), tuple(world.events), world.branch(state[-1]))


@dataclass(frozen=True, eq=False)
class Question:
    """Go on from `frames` (t, h, w, 3) uint8 at `fps` for `seconds`; `action`: (new frames, actions), what is done from
    the last given frame on, or None. `scene`: what the frames are of, for those who know the world."""

    frames: UInt8[np.ndarray, "t h w 3"] = field(repr=False)
    fps: float
    seconds: float
    seed: int = 0
    action: np.ndarray | None = None
    scene: Scene | None = None

    @property
    def count(self) -> int:
        """How many new frames are asked for."""
        return max(1, round(self.seconds * self.fps))


def asked(scene: Scene, known: Played, given: int, *, seed: int = 0, told: bool = False) -> Question:
    """To go on after the first `given` frames of a played scene to its end. `told`: with the actions taken."""
    rows = known.actions[given - 1 : -1] if told and known.actions.shape[1] else None
    count = len(known.frames) - given
    return Question(known.frames[:given], scene.fps, count / scene.fps, seed, rows, scene)
