"""Planners over any world model that has `encode` and `predict`: what to do so that the future looks like the goal.

CEM (Rubinstein 1999), MPPI (Williams et al. 2017), and descent along the model's own gradient. Each is given a state,
an embedding to reach, and returns the actions of its horizon, in the world's units; act on the first ones, look again,
plan again. The cost is the mean squared distance of the predicted embeddings to the goal, over all steps: plans that
come near it early and stay are best.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import torch
from jaxtyping import Float
from torch import Tensor

from cuspworld.checks import number, whole
from cuspworld.errors import CuspError

_MOST = 1_000_000  # samples or rounds


@runtime_checkable
class WorldModel(Protocol):
    """`encode` frames (time, height, width, 3) to a state (1, ...); `predict` the embeddings (batch, steps, width)
    after actions (batch, steps, actions) within `action_low` and `action_high` (actions,)."""

    action_low: Tensor
    action_high: Tensor

    def encode(self, frames: object, /) -> Tensor: ...

    def predict(self, state: Tensor, actions: Tensor, /) -> Tensor: ...


@runtime_checkable
class Planner(Protocol):
    def __call__(self, model: WorldModel, state: Tensor, goal: Tensor, seed: int = 0) -> Float[Tensor, "steps actions"]:
        """Raises CuspError for a goal that is not finite or of another width than the model's embeddings."""


@dataclass(frozen=True)
class CEM:
    """Sample plans, keep the best, sample again around them."""

    horizon: int = 8
    samples: int = 128
    rounds: int = 6
    kept: int = 16

    def __post_init__(self) -> None:
        _check(self.horizon, self.samples, self.rounds)
        whole("kept", self.kept, 1, self.samples)

    @torch.no_grad()
    def __call__(self, model: WorldModel, state: Tensor, goal: Tensor, seed: int = 0) -> Float[Tensor, "steps actions"]:
        mean, spread = _prior(model, self.horizon)
        generator = _generator(seed)
        for _ in range(self.rounds):
            plans = _drawn(model, mean, spread, self.samples, generator)
            best = plans[plan_costs(model, state, goal, plans).topk(self.kept, largest=False).indices]
            mean, spread = best.mean(0), best.std(0, correction=0)
        return mean


@dataclass(frozen=True)
class MPPI:
    """Sample plans around one, take their mean, the cheap ones weighing more. `temperature`: as a share of the costs'
    own spread, so that it means the same for every model."""

    horizon: int = 8
    samples: int = 128
    rounds: int = 6
    temperature: float = 0.3

    def __post_init__(self) -> None:
        _check(self.horizon, self.samples, self.rounds)
        number("temperature", self.temperature, 1e-6, 1e6)

    @torch.no_grad()
    def __call__(self, model: WorldModel, state: Tensor, goal: Tensor, seed: int = 0) -> Float[Tensor, "steps actions"]:
        mean, spread = _prior(model, self.horizon)
        generator = _generator(seed)
        for _ in range(self.rounds):
            plans = _drawn(model, mean, spread, self.samples, generator)
            costs = plan_costs(model, state, goal, plans)
            scale = self.temperature * costs.std(correction=0) + 1e-12
            mean = (torch.softmax(-costs / scale, dim=0)[:, None, None] * plans).sum(0)
            spread = 0.7 * spread
        return mean


@dataclass(frozen=True)
class Gradient:
    """Descend the cost from several random plans at once, and keep the best."""

    horizon: int = 8
    samples: int = 8
    rounds: int = 30
    rate: float = 0.2  # of Adam, as a share of the actions' range

    def __post_init__(self) -> None:
        _check(self.horizon, self.samples, self.rounds)
        number("rate", self.rate, 1e-6, 1e3)

    def __call__(self, model: WorldModel, state: Tensor, goal: Tensor, seed: int = 0) -> Float[Tensor, "steps actions"]:
        mean, spread = _prior(model, self.horizon)
        low, high = model.action_low, model.action_high
        plans = _drawn(model, mean, spread, self.samples, _generator(seed))
        free = ((plans - low) / (high - low).clamp_min(1e-12)).clone().requires_grad_(True)  # in [0, 1]
        optimizer = torch.optim.Adam([free], lr=self.rate)
        state, goal = state.clone(), goal.clone()  # `encode` gives tensors without gradients
        for _ in range(self.rounds):
            optimizer.zero_grad()
            (slope,) = torch.autograd.grad(plan_costs(model, state, goal, low + (high - low) * free).sum(), free)
            free.grad = slope
            optimizer.step()
            with torch.no_grad():
                free.clamp_(0, 1)
        plans = (low + (high - low) * free).detach()
        with torch.no_grad():
            return plans[plan_costs(model, state, goal, plans).argmin()]


def plan_costs(model: WorldModel, state: Tensor, goal: Tensor, plans: Tensor) -> Float[Tensor, " plans"]:
    """Mean squared distance of what each plan (steps, actions) leads to from the goal, over its steps."""
    predicted = model.predict(state.expand(len(plans), *state.shape[1:]), plans)  # (plans, steps, width)
    return (predicted - check_goal(goal, predicted.shape[-1])).square().mean((1, 2))


def check_goal(goal: Tensor, width: int) -> Float[Tensor, " width"]:
    """The goal as one row. Raises CuspError for one of another width, NaN or infinity."""
    goal = goal.reshape(-1)
    if goal.shape[0] != width:
        raise CuspError(
            f"goal must be one embedding of {width} numbers: got {goal.shape[0]}; `model.embed` of one picture gives it"
        )
    if not bool(torch.isfinite(goal).all()):
        raise CuspError("goal must be finite: got NaN or infinity")
    return goal


def _check(horizon: int, samples: int, rounds: int) -> None:
    """A budget of nothing plans nothing."""
    for name, value in (("horizon", horizon), ("samples", samples), ("rounds", rounds)):
        whole(name, value, 1, _MOST)


def _generator(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(whole("seed", seed, 0, 2**63 - 1))


def _prior(model: WorldModel, horizon: int) -> tuple[Tensor, Tensor]:
    middle, half = (model.action_high + model.action_low) / 2, (model.action_high - model.action_low) / 2
    return middle.expand(horizon, -1), half.expand(horizon, -1)


def _drawn(model: WorldModel, mean: Tensor, spread: Tensor, count: int, generator: torch.Generator) -> Tensor:
    """(count, steps, actions) within the actions' range; the mean itself is among them."""
    noise = torch.randn(count, *mean.shape, generator=generator).to(mean)
    noise[0] = 0
    return torch.clamp(mean + spread * noise, model.action_low, model.action_high)
