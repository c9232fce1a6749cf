"""The arms of benchmarks/folds.py: a model and how it is called, or a baseline that takes its place."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any
from unittest import mock

import numpy as np
import torch

from cuspworld import Simulator, worlds
from cuspworld.clip import Clip
from cuspworld.simulator.masses import Prompts
from cuspworld.simulator.paths import Paths

SECONDS, FPS = 2.0, 10.0
SHORT = {"steps": "num_inference_steps", "guidance": "guidance_scale"}
NUMBERS: dict[str, Callable[[str], Any]] = {"num_inference_steps": int, "guidance_scale": float, "filter": int}
OWN = ("recorded", "random", "filter")  # options that are not the simulator's
OTHER_SEEDS = 1_000_000_000  # by which the seeds of the filter's further clips are farther on


class Waver:
    """How much the end that the sampler predicts changes on its way: the variance of x + (1 - t) v over the steps, of
    the last three quarters of them, averaged over all numbers (Aithal et al. 2024, equation 5)."""

    def __init__(self) -> None:
        self.last: tuple[float, torch.Tensor] | None = None
        self.ends: list[torch.Tensor] = []
        self.values: list[float] = []

    def __call__(self, simulator: Simulator, step: int, time: float, told: dict[str, Any]) -> None:
        x = told["latents"].detach().float()
        if step == 0:
            self._close()
        elif self.last is not None:
            before, old = self.last
            self.ends.append(old + (1 - before) * (x - old) / (time - before))
        self.last = time, x

    @property
    def value(self) -> float:
        self._close()
        return float(np.mean(self.values))

    def _close(self) -> None:
        if self.ends:
            late = torch.stack(self.ends[len(self.ends) // 4 :])
            self.values.append(float(late.var(0, correction=0).mean()))
        self.ends, self.last = [], None


@dataclass(frozen=True)
class Arm:
    """A model and the options with which it is called."""

    name: str
    simulator: Simulator
    options: dict[str, Any] = field(default_factory=dict)

    def clip(self, prompt: str, seed: int, seconds: float = SECONDS, **options: Any) -> Clip:
        if "recorded" in self.options:
            return self.recorded(prompt, seed, seconds)
        called = {key: value for key, value in self.options.items() if key not in OWN} | options
        with ExitStack() as stack:
            stack.enter_context(warnings.catch_warnings())
            warnings.simplefilter("ignore")
            if "random" in self.options:
                stack.enter_context(mock.patch.object(Paths, "_transport", at_random))
            if "filter" not in self.options:
                return self.simulator(prompt, seconds=seconds, seed=seed, **called)
            found = []
            for number in range(self.options["filter"]):
                waver, own = Waver(), seed + number * OTHER_SEEDS
                clip = self.simulator(prompt, seconds=seconds, seed=own, callback_on_step_end=waver, **called)
                found.append((waver.value, number, clip))
            return min(found)[2]

    def recorded(self, prompt: str, seed: int, seconds: float) -> Clip:
        """A clip of those that the prompt's masses allow; the recipe recorded the k-th with the seed k."""
        masses = Prompts(self.simulator.kinds).masses(prompt, seed)
        kind = self.simulator.kinds[masses.kind]
        chosen = int(np.random.default_rng(seed).choice(len(masses.of), p=masses.of / masses.of.sum()))
        still = {"push": 0.0} if kind.name == "Juice" and chosen >= 1200 else {}
        clip = worlds.make(kind.name, **still).record(seed=chosen, seconds=3.0, fps=FPS, size=64)
        return Clip(clip.frames[: round(seconds * FPS)], FPS, clip.caption)


def at_random(paths: Paths, rows: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """One of the recorded paths, by their masses."""
    return np.asarray(rows[paths.rng.choice(len(rows), p=weights / weights.sum())], np.float64)


def read_arm(text: str) -> Arm:
    """NAME=FOLDER[:option=value,...]."""
    name, _, rest = text.partition("=")
    folder, _, said = rest.partition(":")
    options = {}
    for pair in filter(None, said.split(",")):
        key, _, value = pair.partition("=")
        key = SHORT.get(key, key)
        options[key] = NUMBERS.get(key, str)(value)
    return Arm(name, Simulator.from_pretrained(folder or "default"), options)
