"""A scene that rests stays as it is.

Where the recorded path hardly moves, the scene is in a steady state; what a network draws of it wavers all the same,
and each chunk draws it anew a little elsewhere. There, what is drawn is taken for what was shown before, place by
place: so nothing creeps from chunk to chunk, and no error of one is handed on enlarged.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float
from torch import Tensor

STILL = 0.4  # change of a place and of those beside it, in units of the latents' spread, that is taken for none
_MEMORY = 8  # frames that are averaged where nothing changes

Latents = Float[Tensor, "1 t i j c"]


def at_rest(
    latents: Latents, rests: Bool[Tensor, " t"], kept: int = 0, before: Float[Tensor, "1 m i j c"] | None = None
) -> Latents:
    """The latents of a window as they are but in frames that rest. There a place whose surroundings do not change is
    the running mean of what it was. The first `kept` frames are shown already; `before`: what the next ones were in the
    chunk before, which made them too."""
    if not rests[kept:].any():
        return latents
    if before is not None and rests[kept : kept + before.shape[1]].all():
        latents = torch.cat([latents[:, :kept], _carried(latents[:, kept:], rests[kept:], before)], dim=1)
    first = max(kept, 1)
    made, shown = latents.clone(), latents[:, first - 1]
    still = torch.full_like(shown[..., :1], _MEMORY if kept else 0)
    for t in range(first, latents.shape[1]):
        change = latents[:, t] - shown
        moves = (_around(change[:, None])[:, 0] / STILL - 1).clamp(0, 1)
        moves = moves if rests[t] else torch.ones_like(moves)
        still = (still + 1).clamp(max=_MEMORY) * (1 - moves)
        shown = torch.lerp(shown, latents[:, t], torch.maximum(moves, 1 / (still + 1)))
        made[:, t] = shown
    return made


def _carried(latents: Latents, rests: Bool[Tensor, " t"], before: Float[Tensor, "1 m i j c"]) -> Latents:
    """Latents moved by what their first frames differ from the same frames of before, until a place moves or the scene
    does."""
    again = before.shape[1]
    apart = (before - latents[:, :again]).mean(1, keepdim=True)
    change = _around(latents - latents[:, :again].mean(1, keepdim=True))
    stays = (2 - change / STILL).clamp(0, 1) * rests[None, :, None, None, None]
    stays[:, :again] = stays[:, :again].amin(1, keepdim=True)
    return latents + torch.cummin(stays, dim=1).values * apart


def _around(change: Float[Tensor, "1 t i j c"]) -> Float[Tensor, "1 t i j 1"]:
    """Root mean square over channels; of each place the largest among it and its eight neighbours."""
    size = change.square().mean(-1).sqrt()
    return F.max_pool2d(size, 3, stride=1, padding=1)[..., None]
