"""The encoder of a JEPA: what is in each part of the picture, and where in it things are.

Cells alone, each with weights of its own, must learn anew for every cell what a thing that moves through them looks
like. The expected place of a feature (soft argmax: Levine et al. 2016, arXiv:1504.00702; Finn et al. 2016,
arXiv:1509.06113) is the same sum wherever the thing is, and finer than a pixel.
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn


class Places(nn.Module):
    """Maps (n, channels, height, width) -> the expected x and y of each of `things` features, in -1..1 from edge to
    edge, and how much of it there is: (n, 3 things)."""

    def __init__(self, channels: int, things: int):
        super().__init__()
        self.features = nn.Conv2d(channels, things, 1)
        with torch.no_grad():  # else every share is alike at first, every place the middle, and nothing is learned
            self.features.weight.mul_(6)

    def forward(self, maps: Float[Tensor, "n c h w"]) -> Float[Tensor, "n numbers"]:
        features = self.features(maps)  # (n, things, h, w)
        height, width = features.shape[-2:]
        flat = features.flatten(2)
        share = flat.softmax(2).unflatten(2, (height, width))
        y, x = (torch.linspace(-1, 1, count, device=maps.device) for count in (height, width))
        much = flat.logsumexp(2) - torch.log(torch.tensor(float(height * width)))
        return torch.cat([share.sum(2) @ x, share.sum(3) @ y, much], dim=1)


class Beside(nn.ModuleList):
    """What each part makes of the same input, side by side."""

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([part(x) for part in self], dim=1)


def encoder_of(height: int, width: int, channels: int, hidden: int, embedding: int, things: int) -> nn.Sequential:
    """Pictures (n, 3, height, width) -> embeddings (n, embedding)."""
    c = channels
    rows, across = (min(8, -(-side // 8)) for side in (height, width))
    # A bounded number of cells, each with its own weights: a mean over the picture would forget where things are.
    cells = nn.Sequential(
        nn.Conv2d(2 * c, 4 * c, 3, 2, 1), nn.SiLU(), nn.AdaptiveAvgPool2d((rows, across)), nn.Flatten()
    )
    return nn.Sequential(
        nn.Conv2d(3, c, 3, 2, 1), nn.SiLU(), nn.Conv2d(c, 2 * c, 3, 2, 1), nn.SiLU(),
        Beside([cells, Places(2 * c, things)]), nn.Linear(4 * c * rows * across + 3 * things, hidden), nn.SiLU(),
        nn.Linear(hidden, embedding),
    )  # fmt: skip
