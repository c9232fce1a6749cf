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
from cuspworld.simulator.window import Span, Window

SECONDS, FPS = 2.0, 10.0
SHORT = {
    "steps": "num_inference_steps", "guidance": "guidance_scale",
    "sketch": "sketch_guidance_scale", "cause": "action_guidance_scale",
}  # fmt: skip
NUMBERS: dict[str, Callable[[str], Any]] = {
    "num_inference_steps": int, "guidance_scale": float, "filter": int, "dimension": int, "candidates": int,
    "sketch_guidance_scale": float, "action_guidance_scale": float,
}  # fmt: skip
OWN = ("recorded", "random", "filter", "dimension")  # options that are not the simulator's
NEAR, STEP, PROBES = 0.8, 0.05, 2  # of `Dimension`: the flow's time, the step of its differences, directions
DRAWN = Window.drawn
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


class Dimension:
    """The local intrinsic dimension of what is drawn: with D(x) the data that the network sees behind t y, y a drawn
    window, t tr D' + t^2 |D - y|^2 / (1 - t)^2 (FLIPD, Kamkari et al. 2024, arXiv:2406.03537, in a flow's terms), the
    trace by differences along random signs. Mean over the windows of a clip."""

    def __init__(self) -> None:
        self.values: list[float] = []

    def drawn(self, window: Window, *told: Any) -> torch.Tensor:
        latents = DRAWN(window, *told)
        span = Span(window, 0, latents.shape[1])
        y = span.tokens(latents)

        def behind(x: torch.Tensor) -> torch.Tensor:
            return x + (1 - NEAR) * span.velocity(x, NEAR)

        generator, trace = torch.Generator().manual_seed(len(self.values)), 0.0
        for _ in range(PROBES):
            signs = torch.randint(2, y.shape, generator=generator) * 2.0 - 1
            moved = behind(NEAR * y + STEP * signs) - behind(NEAR * y - STEP * signs)
            trace += float((signs * moved).sum()) / (2 * STEP * PROBES)
        off = float(((behind(NEAR * y) - y) ** 2).sum())
        self.values.append(NEAR * trace + NEAR**2 * off / (1 - NEAR) ** 2)
        return latents


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
            if "dimension" in self.options:
                return self.lowest(prompt, seed, seconds, called)
            if "filter" not in self.options:
                return self.simulator(prompt, seconds=seconds, seed=seed, **called)
            found = []
            for number in range(self.options["filter"]):
                waver, own = Waver(), seed + number * OTHER_SEEDS
                clip = self.simulator(prompt, seconds=seconds, seed=own, callback_on_step_end=waver, **called)
                found.append((waver.value, number, clip))
            return min(found)[2]

    def lowest(self, prompt: str, seed: int, seconds: float, called: dict[str, Any]) -> Clip:
        """Of several clips the one of the lowest intrinsic dimension."""
        found = []
        for number in range(self.options["dimension"]):
            meter, own = Dimension(), seed + number * OTHER_SEEDS

            def drawn(window: Window, *told: Any, meter: Dimension = meter) -> torch.Tensor:
                return meter.drawn(window, *told)

            with mock.patch.object(Window, "drawn", drawn):
                clip = self.simulator(prompt, seconds=seconds, seed=own, **called)
            found.append((float(np.mean(meter.values)), number, clip))
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
