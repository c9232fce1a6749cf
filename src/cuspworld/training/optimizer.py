"""Muon (Jordan et al. 2024) for matrices and convolutions, AdamW for vectors and tables of embeddings.

A matrix's step is its momentum with all singular values brought near 1 by five Newton-Schulz iterations, so that
directions that the gradient hardly shows are learned as quickly as the others. `torch.optim.Muon` is the same for
matrices but refuses convolutions, which make up a codec.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

_QUINTIC = (3.4445, -4.7750, 2.0315)  # Jordan's coefficients: steepest at zero, singular values end in 0.7 to 1.2
_MATCH = 0.2  # an orthogonal step times this and the root of its longer side has AdamW's usual size (Liu et al. 2025)


def orthogonal(matrices: Float[Tensor, "*k n m"], bfloat16: bool = False) -> Float[Tensor, "*k n m"]:
    """Matrices with their singular values near 1, their singular vectors kept."""
    a, b, c = _QUINTIC
    x = matrices / (matrices.norm(dim=(-2, -1), keepdim=True) + 1e-7)
    wide = x.mT if x.shape[-2] > x.shape[-1] else x
    wide = wide.reshape(-1, *wide.shape[-2:]).to(torch.bfloat16 if bfloat16 else matrices.dtype)
    for _ in range(5):
        gram = wide @ wide.mT
        wide = torch.baddbmm(wide, torch.baddbmm(gram, gram, gram, beta=b, alpha=c), wide, beta=a)
    wide = wide.view(*matrices.shape[:-2], *wide.shape[1:])
    return (wide.mT if x.shape[-2] > x.shape[-1] else wide).to(matrices.dtype)


class Muon(torch.optim.AdamW):
    """AdamW whose parameters of two or more dimensions take Muon's step (momentum 0.95, the same weight decay), but for
    groups with `orthogonal=False`. Matrices of one shape are taken together: a network has many, and small products
    one by one cost more than their arithmetic."""

    def __init__(self, parameters: Iterable[Tensor] | Iterable[dict[str, Any]], *, bfloat16: bool = False, **options):  # type: ignore[no-untyped-def]
        super().__init__(parameters, **options)
        self.bfloat16 = bfloat16

    @torch.no_grad()
    def step(self, closure=None):  # type: ignore[no-untyped-def]
        waiting = []
        for group in self.param_groups:
            if not group.get("orthogonal", True):
                continue
            shaped: dict[torch.Size, list[Tensor]] = defaultdict(list)
            for parameter in group["params"]:
                if parameter.grad is not None and parameter.ndim >= 2:
                    shaped[parameter.flatten(1).shape].append(parameter)
            for shape, parameters in shaped.items():
                updates = torch.stack([self._update(parameter) for parameter in parameters])
                steps = orthogonal(updates, self.bfloat16) * (_MATCH * max(shape) ** 0.5)
                for parameter, step in zip(parameters, steps, strict=True):
                    parameter.mul_(1 - group["lr"] * group["weight_decay"])
                    parameter.sub_(step.view_as(parameter), alpha=group["lr"])
                    waiting.append((parameter, parameter.grad))
                    parameter.grad = None  # AdamW leaves it alone
        super().step(closure)
        for parameter, gradient in waiting:
            parameter.grad = gradient

    def _update(self, parameter: Tensor) -> Float[Tensor, "n m"]:
        """The gradient with its momentum, Nesterov's."""
        assert parameter.grad is not None
        state = self.state[parameter]
        if "momentum" not in state:
            state["momentum"] = torch.zeros_like(parameter)
        state["momentum"].lerp_(parameter.grad, 0.05)
        return parameter.grad.lerp(state["momentum"], 0.95).flatten(1)
