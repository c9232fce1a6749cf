"""Critical weights: look closer at what changes. What is critical is rare, and it is where latents change most; no
label says so (docs/simulator.md measures what it buys)."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

MOST = 12.0  # times the weight of what is still


def change(latents: Float[Tensor, "l h w c"]) -> Float[Tensor, "l h w"]:
    """Mean squared step of each place from the frame before; the first frame takes the next one's."""
    if len(latents) < 2:
        return latents.new_zeros(latents.shape[:-1]).float()
    steps = latents.float().diff(dim=0).square().mean(dim=-1)
    return torch.cat([steps[:1], steps])


def critical_weights(relative: Float[Tensor, "*shape"], strength: float) -> Float[Tensor, "*shape"]:
    """Weights 1 + strength * change, at most `MOST`; `relative`: the change in units of the library's mean."""
    return (1 + strength * relative).clamp(1, MOST)
