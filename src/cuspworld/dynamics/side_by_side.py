"""SideBySide: the true world and the learned one from the same state, under the same actions.

What was done is kept, so that the true run can be recorded anew: the same pictures, with their truth.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import UInt8

from cuspworld import worlds
from cuspworld.clip import Clip
from cuspworld.dynamics.hybrid_world import ERROR_MAP, LEARNED, HybridWorld
from cuspworld.dynamics.learned_world import LearnedWorld
from cuspworld.errors import CuspError
from cuspworld.truth import Event


@dataclass(frozen=True, eq=False)
class Moment:
    """What both show after `step` frames, `time` seconds into the run. `learned` is None without a learned world;
    `trust` (0 to 1): the least of any step that the learned world has made since it last saw the true one (what went
    wrong once stays wrong, however sure it is of the next step), None where no error map says it; `by`: which world
    made it; `events`: what truly happened in this step."""

    step: int
    time: float
    true: UInt8[np.ndarray, "h w 3"] = field(repr=False)
    learned: UInt8[np.ndarray, "a b 3"] | None = field(default=None, repr=False)
    trust: float | None = None
    by: str = ""
    events: tuple[Event, ...] = ()


class SideBySide:
    """`model`: a folder that `cusp train --dynamics` wrote (its model/), None: the true world alone. `size`: pixels of
    the true pictures. `fps`: of the world, where no model says it. `options`: physical parameters, fixed in both.
    Raises CuspError for a world without actions, and as `LearnedWorld` and `worlds.make` do."""

    def __init__(
        self, name: str, model: str | Path | None = None, *, size: Any = 64, fps: float = 16.0, **options: Any
    ):
        self.learned: LearnedWorld | None = None
        if model is not None:
            kind, how = (HybridWorld, {"least": 0.0}) if (Path(model) / ERROR_MAP).is_dir() else (LearnedWorld, {})
            self.learned = kind(name, model, "rgb_array", **how, **options)
            fps, options = self.learned.model.config.fps, dict(self.learned.true.fixed)
        self._name = name
        self._made = {"size": size, "fps": fps, **options}
        self.world = worlds.make(name, render_mode="rgb_array", **self._made)
        if not self.world.actions:
            raise CuspError(f"{name} has no actions: nothing can be done in it")
        self.fps = self.world.fps
        self._begun = False

    @property
    def hands_over(self) -> bool:
        """Whether first principles can take over from the learned world, and give back."""
        return isinstance(self.learned, HybridWorld) and self.learned.true.resumes

    def reset(self, seed: int = 0) -> Moment:
        """Begin anew. Where a state has more pictures than one, nobody acts until the last of them."""
        self.world.reset(seed=seed)
        self._seed, self._told, self._begun = seed, 0, True
        self._taken: list[np.ndarray] = []
        if self.learned is None:
            return self._moment()
        nothing = np.zeros(len(self.world.actions))
        self._seen = [self._small()]
        for _ in range(self.learned.model.config.history - 1):
            self._act(nothing)
        self.learned.reset(seed=seed)
        self._least = self.trust(nothing)
        return self._moment(self._least)

    def step(self, action: Any) -> Moment:
        """Both act for one frame. Raises CuspError for a NaN or a wrong shape."""
        self._check()
        taken = self.world.check_action(action)
        self._act(taken)
        if self.learned is None:
            return self._moment()
        told = self.learned.step(taken)[4]
        if self._least is not None and told["by"] == LEARNED:
            self._least = min(self._least, told["trust"])
        return self._moment(self._least)

    def trust(self, action: Any) -> float | None:
        """How far the learned world can be trusted with this action now, 0 to 1; None without an error map."""
        self._check()
        return self.learned.trust(action) if isinstance(self.learned, HybridWorld) else None

    def hand_over(self, least: float) -> None:
        """First principles go on where the trust is below `least`: 0 never, above 1 always. Raises CuspError where they
        cannot."""
        if not isinstance(self.learned, HybridWorld):
            raise CuspError("nothing can be handed over: that needs a learned world with an error map")
        self.learned.hand_over(least)

    def look_again(self) -> Moment:
        """The learned world goes on from what the true one shows now. Raises CuspError without a learned world."""
        if self.learned is None:
            raise CuspError("no learned world looks on: give one, as from `cusp train LIBRARY --dynamics`")
        self._check()
        self.learned.look(np.stack(self._seen))
        self._least = self.trust(np.zeros(len(self.world.actions)))
        return self._moment(self._least)

    def clip(self) -> Clip:
        """The true run so far, recorded anew with its truth and actions; the last row of these is nothing done."""
        self._check()
        rows = np.array([*self._taken, np.zeros(len(self.world.actions))])
        again = worlds.make(self._name, **self._made)
        return again.record(self._seed, seconds=len(rows) / self.fps, actions=rows)

    def _act(self, action: np.ndarray) -> None:
        self.world.step(action)
        self._taken.append(action)
        if self.learned is not None:
            self._seen = [*self._seen, self._small()][-self.learned.model.config.history :]

    def _small(self) -> np.ndarray:
        """The true picture at the model's size."""
        assert self.learned is not None
        config = self.learned.model.config
        return self.world.picture(config.height, config.width)[0]

    def _moment(self, trust: float | None = None) -> Moment:
        picture = self.world.render()
        assert picture is not None
        events, self._told = tuple(self.world.events[self._told :]), len(self.world.events)
        shown = None if self.learned is None else self.learned.render()
        by = "" if self.learned is None else getattr(self.learned, "by", "learned")
        return Moment(len(self._taken), self.world.time, picture, shown, trust, by, events)

    def _check(self) -> None:
        if not self._begun:
            raise CuspError("the run has not begun: call reset(seed) first")
