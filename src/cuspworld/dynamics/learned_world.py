"""LearnedWorld: a world that was learned from recordings, with the `reset`, `step`, spaces and names of the true one.

The true world gives the pictures of the first state (two, where speed matters), and nothing after them: embeddings are
predicted from the predicted ones, and what they show is read by the model's `Readout`. What pictures do not show, as
the mass of a glass, the learned world cannot know: it goes on as the recordings usually did.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import torch
from jaxtyping import UInt8

from cuspworld import worlds
from cuspworld.dynamics.jepa import JEPA
from cuspworld.dynamics.readout import Readout
from cuspworld.errors import CuspError

READOUT = "readout"  # a folder in the model's
SHIPPED = Path(__file__).parents[1] / "assets" / "dynamics"  # recipes/dynamics.py; its README says how good they are


def shipped() -> list[str]:
    """The worlds whose learned ones are in the package."""
    return [name for name in worlds.names() if (SHIPPED / name.lower() / READOUT).is_dir()]


def folder_of(name: str, model: str | Path | None) -> Path:
    """The model's folder: the shipped one where none is given. Raises CuspError where none is shipped."""
    if model is not None:
        return Path(model)
    if name not in shipped():
        raise CuspError(
            f"no learned {name} is shipped ({', '.join(shipped())} are): give model=, the model/ of a run of `cusp "
            "train LIBRARY --dynamics`"
        )
    return SHIPPED / name.lower()


def world_of(model: str | Path) -> str:
    """The world that a model folder plays. Raises CuspError for what is none."""
    folder = Path(model) / READOUT
    if not folder.is_dir():
        raise CuspError(f"{model} is no learned world: give the model/ of a run of `cusp train LIBRARY --dynamics`")
    return Readout.from_pretrained(folder).config.world


class LearnedWorld(gymnasium.Env):
    """`model`: the folder that `cusp train --dynamics` wrote (its model/); None: the shipped one. `options`: as of the
    true world; size and frame rate are the model's, and so are words that all its recordings had, where none is given.
    Raises CuspError for a world whose actions or columns differ from the model's."""

    metadata: dict[str, Any] = {"render_modes": ["rgb_array"], "render_fps": 10}

    def __init__(self, name: str, model: str | Path | None = None, render_mode: str | None = None, **options: Any):
        folder = folder_of(name, model)
        self.model = JEPA.from_pretrained(folder)
        if not (folder / READOUT).is_dir():
            raise CuspError(f"{folder} has no {READOUT}/: train by `cusp train LIBRARY --dynamics`")
        self.readout = Readout.from_pretrained(folder / READOUT)
        config = self.model.config
        for what, given in (("size", (config.height, config.width)), ("fps", config.fps)):
            if what in options and options.pop(what) not in (given, given[0] if isinstance(given, tuple) else given):
                raise CuspError(f"{what} is the model's: {given}")
        fixed = dict(word.split("=", 1) for word in self.readout.config.fixed)
        options = {**fixed, **options}
        self.true = worlds.make(
            name, render_mode="rgb_array", size=(config.height, config.width), fps=config.fps, **options
        )
        _check_same("actions", tuple(self.true.actions), config.actions, name)
        _check_same("columns", tuple(self.true.columns), self.readout.config.columns, name)
        if render_mode not in (None, "rgb_array"):
            raise CuspError(f"render_mode must be 'rgb_array' or None: got {render_mode!r}")
        self.render_mode = render_mode
        self.metadata = {**type(self).metadata, "render_fps": config.fps}
        self.action_space, self.observation_space = self.true.action_space, self.true.observation_space
        limits = self.true.observation_space
        assert isinstance(limits, gymnasium.spaces.Box)
        self._low, self._high = limits.low, limits.high
        self._state: torch.Tensor | None = None
        self.time = 0.0

    @property
    def state(self) -> np.void:
        """The state as it is read: one structured row of the world's columns."""
        return np.array([tuple(self._observation())], self.true.state_type)[0]

    def reset(self, *, seed: int | None = None, options: Any = None) -> tuple[np.ndarray, dict[str, Any]]:
        """Begin as the true world begins with this seed and these options."""
        super().reset(seed=seed)
        if seed is None:
            seed = int(self.np_random.integers(2**31))
        self.true.reset(seed=seed, options=options)
        pictures = [self._true_picture()]
        while len(pictures) < self.model.config.history:  # one picture has no speed
            self.true.step(np.zeros(len(self.true.actions)))
            pictures.append(self._true_picture())
        self._state, self.time, self._steps = self.model.encode(np.stack(pictures)), 0.0, 0
        self._progress = 0.0 if self.true.task is None else float(self.true.task.progress(self.state))
        return self._observation(), {"time": 0.0}

    def look(self, frames: UInt8[np.ndarray, "t h w 3"]) -> None:
        """Go on from what these pictures show, the last of them now; the time runs on. Raises CuspError for pictures of
        another size than the model's."""
        self._begun()
        self._state = self.model.encode(frames)

    def step(self, action: Any) -> tuple[np.ndarray, float, bool, bool, dict[str, Any]]:
        """One frame on. Raises CuspError for an action that is NaN or of another shape; beyond its range it is clipped,
        as in the true world."""
        self._begun()
        taken = self.true.check_action(action)
        info = self._move(taken)
        self._steps += 1
        self.time = self._steps / self.model.config.fps
        reward, ended = 0.0, False
        info["time"] = self.time
        task = self.true.task
        if task is not None:
            past, self._progress = self._progress, float(task.progress(self.state))
            info["success"] = bool(task.reached(self))
            ended = info["success"] or bool(task.lost(self))
            reward = self._progress - past + info["success"] - task.cost * float(np.abs(taken).sum())
        return self._observation(), reward, ended, bool(self.time >= self.true.seconds - 1e-9), info

    @torch.inference_mode()
    def _move(self, taken: np.ndarray) -> dict[str, Any]:
        """One frame on; what there is to say about it."""
        before = self._begun()
        action = torch.from_numpy(taken).float()
        scaled = torch.clamp(action, self.model.action_low, self.model.action_high) / self.model.action_scale
        after = self.model.roll(before, scaled[None, None])  # (1, 1, width)
        self._state = torch.cat([before[:, 1:], after], dim=1)
        return {}

    def render(self) -> np.ndarray | None:
        """The picture now, uint8 (height, width, 3); None without render_mode."""
        state = self._begun()
        return self.readout.frame(state) if self.render_mode else None

    def _true_picture(self) -> np.ndarray:
        picture = self.true.render()
        assert picture is not None
        return picture

    @torch.inference_mode()
    def _observation(self) -> np.ndarray:
        row = self.readout.columns(self._begun())[0].double().numpy()
        return np.clip(row, self._low, self._high)

    def _begun(self) -> torch.Tensor:
        if self._state is None:
            raise CuspError(f"the learned world {self.true.name} has not begun: call reset(seed=...) first")
        return self._state


def _check_same(what: str, world: tuple[str, ...], model: tuple[str, ...], name: str) -> None:
    if world != model:
        raise CuspError(
            f"the model's {what} are {', '.join(model)}, those of {name} are {', '.join(world)}: train on it"
        )
