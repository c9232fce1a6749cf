"""Muon (Jordan et al. 2024) for matrices and convolutions, AdamW for vectors and tables of embeddings.

A matrix's step is its momentum with all singular values brought near 1 by five Newton-Schulz iterations, so that
directions that the gradient hardly shows are learned as quickly as the others. `torch.optim.Muon` is the same for
matrices but refuses convolutions, which make up a codec.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

_QUINTIC = (3.4445, -4.7750, 2.0315)  # Jordan's coefficients: steepest at zero, singular values end in 0.7 to 1.2
_MATCH = 0.2  # an orthogonal step times this and the root of its longer side has AdamW's usual size (Liu et al. 2025)


def orthogonal(matrix: Float[Tensor, "n m"], bfloat16: bool = False) -> Float[Tensor, "n m"]:
    """The matrix with its singular values near 1, its singular vectors kept."""
    a, b, c = _QUINTIC
    x = (matrix / (matrix.norm() + 1e-7)).to(torch.bfloat16 if bfloat16 else matrix.dtype)
    wide = x if x.shape[0] <= x.shape[1] else x.T
    for _ in range(5):
        gram = wide @ wide.T
        wide = a * wide + (b * gram + c * gram @ gram) @ wide
    return (wide if x.shape[0] <= x.shape[1] else wide.T).to(matrix.dtype)


class Muon(torch.optim.AdamW):
    """AdamW whose parameters of two or more dimensions take Muon's step (momentum 0.95, the same weight decay), but for
    groups with `orthogonal=False`."""

    def __init__(self, parameters: Iterable[Tensor] | Iterable[dict[str, Any]], *, bfloat16: bool = False, **options):  # type: ignore[no-untyped-def]
        super().__init__(parameters, **options)
        self.bfloat16 = bfloat16

    @torch.no_grad()
    def step(self, closure=None):  # type: ignore[no-untyped-def]
        waiting = []
        for group in self.param_groups:
            if not group.get("orthogonal", True):
                continue
            for parameter in group["params"]:
                if parameter.grad is None or parameter.ndim < 2:
                    continue
                state = self.state[parameter]
                if "momentum" not in state:
                    state["momentum"] = torch.zeros_like(parameter)
                state["momentum"].lerp_(parameter.grad, 0.05)
                update = parameter.grad.lerp(state["momentum"], 0.95).flatten(1)  # Nesterov's
                step = orthogonal(update, self.bfloat16) * (_MATCH * max(update.shape) ** 0.5)
                parameter.mul_(1 - group["lr"] * group["weight_decay"])
                parameter.sub_(step.view_as(parameter), alpha=group["lr"])
                waiting.append((parameter, parameter.grad))
                parameter.grad = None  # AdamW leaves it alone
        super().step(closure)
        for parameter, gradient in waiting:
            parameter.grad = gradient
