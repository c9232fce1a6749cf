"""Critical weights: look closer at what changes. What is critical is rare, and it is where latents change most; no
label says so (docs/simulator.md measures what it buys)."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

MOST = 12.0  # times the weight of what is still
MOST_CAUSED = 200.0  # more, where what is done shows
LAGS = 4  # frames in which a cause shows
_STILL = 0.02  # of the mean variance of places: what varies less is noise


def change(latents: Float[Tensor, "l h w c"]) -> Float[Tensor, "l h w"]:
    """Mean squared step of each place from the frame before; the first frame takes the next one's."""
    if len(latents) < 2:
        return latents.new_zeros(latents.shape[:-1]).float()
    steps = latents.float().diff(dim=0).square().mean(dim=-1)
    return torch.cat([steps[:1], steps])


def critical_weights(relative: Float[Tensor, "*shape"], strength: float) -> Float[Tensor, "*shape"]:
    """Weights 1 + strength * change, at most `MOST`; `relative`: the change in units of the library's mean."""
    return (1 + strength * relative).clamp(1, MOST)


def caused(latents: Float[Tensor, "l h w c"], actions: Float[Tensor, "l a"]) -> Float[Tensor, "h w"]:
    """Where in a window what was just done shows: of each place, how much of its changes the actions of the last `LAGS`
    frames explain beside all that was done before (least squares, shares of its variance), over the mean of the places.

    What a cause does may fill the picture, and the cause be two places of it: those are told by how closely they keep
    to it. All zeros where nothing is done."""
    done = actions.abs() / actions.abs().amax(dim=0).clamp_min(1e-9)
    recent = torch.stack([F.pad(done, (0, 0, lag, 0))[: len(done)] for lag in range(1, LAGS + 1)]).mean(dim=0)
    seen = latents.float().flatten(1)
    seen = seen - seen.mean(dim=0)

    def told(by: Tensor) -> Float[Tensor, "h w"]:
        by = by - by.mean(dim=0)
        normal = by.T @ by + 1e-6 * torch.eye(by.shape[1])
        return (by @ torch.linalg.solve(normal, by.T @ seen)).square().view(latents.shape).sum(dim=(0, 3))

    before = done.cumsum(dim=0)
    whole = seen.square().view(latents.shape).sum(dim=(0, 3))
    gain = (told(torch.cat([before, recent], dim=1)) - told(before)).clamp_min(0)
    share = gain / (whole + _STILL * whole.mean()).clamp_min(1e-9)
    return share / share.mean().clamp_min(1e-6)
