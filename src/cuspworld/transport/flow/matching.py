"""Flow matching (Lipman et al. 2023; rectified flow, Liu et al. 2023): x_t = (1 - t) noise + t data, velocity data -
noise.

The loss and the samplers; the network is `transformer.py`. The same network without scene code and dynamics is the
baseline.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise

import torch
from jaxtyping import Float, Num
from torch import Tensor

from cuspworld.errors import CuspError

FARTHEST = 1.75  # steps before it that Adams-Bashforth extrapolates; with a shift of 3 that spares 2 to 5 steps
Velocity = Callable[[Tensor, float], Tensor]  # (x (b, n, p), t) -> dx/dt (b, n, p)
OnStep = Callable[[int, float, Tensor], Tensor]  # (step, the time that it reached, x) -> x


def unchanged(step: int, time: float, x: Tensor) -> Tensor:
    return x


def sample_time(batch: int, generator: torch.Generator, shift: float = 1.0) -> Float[Tensor, " b"]:
    """Logit-normal times in (0, 1) (Esser et al. 2024, SD3), one from each of `batch` equally likely strata.

    `shift` > 1 leans them to the noise as `time_grid` does (SD3 equation 23). Video tokens say the same thing many
    times over, so all that is global (a colour, a number, an outcome) can be read off x_t while t is still below 0.1,
    and only below that is it learned from the text; unshifted, one time in seventy falls there."""
    order = torch.randperm(batch, generator=generator)
    quantile = (order + torch.rand(batch, generator=generator)) / batch
    t = torch.sigmoid(torch.special.ndtri(quantile.clamp(1e-6, 1 - 1e-6)))
    return t / (shift + (1 - shift) * t)


def interpolate(
    noise: Float[Tensor, "b n p"], data: Float[Tensor, "b n p"], time: Float[Tensor, " b"]
) -> Float[Tensor, "b n p"]:
    """The straight path at `time`."""
    t = time[:, None, None]
    return (1 - t) * noise + t * data


def flow_loss(
    velocity: Float[Tensor, "b n p"],
    noise: Float[Tensor, "b n p"],
    data: Float[Tensor, "b n p"],
    weight: Num[Tensor, "b n *f"],
) -> Float[Tensor, ""]:
    """Weighted mean squared error of the velocity. `weight` of a token, or of each of the frames that it holds: 0 on
    what is known or padding, and more than 1 where the loss should look closer."""
    weight = weight.reshape(*weight.shape[:2], -1).float()
    error = (velocity.float() - (data - noise)).square().unflatten(-1, (weight.shape[-1], -1)).mean(dim=-1)
    return (error * weight).sum() / weight.sum().clamp(min=1)


def time_grid(steps: int, shift: float) -> list[float]:
    """steps + 1 times from 0 to 1; shift > 1 puts more of them near the noise (SD3 equation 23, t counted from
    noise)."""
    if steps < 1:
        raise CuspError(f"num_inference_steps must be 1 or more: got {steps}")
    uniform = [i / steps for i in range(steps + 1)]
    return [t / (shift + (1 - shift) * t) for t in uniform]


def euler(
    velocity: Velocity, x: Float[Tensor, "b n p"], times: list[float], on_step: OnStep = unchanged
) -> Float[Tensor, "b n p"]:
    """First order, one evaluation a step."""
    for step, (t, after) in enumerate(pairwise(times)):
        x = on_step(step, after, x + (after - t) * velocity(x, t))
    return x


def heun(
    velocity: Velocity, x: Float[Tensor, "b n p"], times: list[float], on_step: OnStep = unchanged
) -> Float[Tensor, "b n p"]:
    """Second order, two evaluations a step (trapezoid)."""
    for step, (t, after) in enumerate(pairwise(times)):
        first = velocity(x, t)
        second = velocity(x + (after - t) * first, after)
        x = on_step(step, after, x + (after - t) * (first + second) / 2)
    return x


def adams_bashforth(
    velocity: Velocity, x: Float[Tensor, "b n p"], times: list[float], on_step: OnStep = unchanged
) -> Float[Tensor, "b n p"]:
    """Second order, one evaluation a step: the last two velocities extrapolated (variable steps). Euler where that
    makes an error larger, not smaller: at the start, where a step is far longer than the one before it, and in the last
    step, which then ends at the data that the network sees: where branches part, velocities turn most before it."""
    before: tuple[float, Tensor] | None = None
    for count, (t, after) in enumerate(pairwise(times)):
        now = velocity(x, t)
        step = after - t
        ratio = math.inf if before is None else step / (t - before[0])
        if before is None or ratio > FARTHEST or count == len(times) - 2:
            x = x + step * now
        else:
            x = x + step * ((1 + ratio / 2) * now - ratio / 2 * before[1])
        x = on_step(count, after, x)
        before = (t, now)
    return x


SAMPLERS = {"euler": euler, "heun": heun, "adams_bashforth": adams_bashforth}
