"""A thing's look as 32 numbers: near for the same thing in other light, from another side; far for another thing.

Four strided convolutions, each followed by one within its channels (Howard et al. 2017, arXiv:1704.04861), mean and
maximum over the picture, one linear layer. Taught without labels by `recipes/identity.py`: two looks of one track
attract, all others repel (Chen et al. 2020's NT-Xent, arXiv:2002.05709).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor, nn

from cuspworld.models import load_module

FOLDER = Path(__file__).parents[2] / "assets" / "identity"
KIND = "IdentityNetwork"
WIDTHS = (24, 48, 96, 128)  # channels after each halving of the picture


@dataclass(frozen=True)
class IdentityConfig:
    """`features`: numbers that say what a thing looks like."""

    features: int = 32


class IdentityNetwork(nn.Module):
    """Pictures in [0, 1], grey where the thing is not -> features of length one."""

    def __init__(self, config: IdentityConfig) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        before = 3
        for width in WIDTHS:
            layers += [nn.Conv2d(before, width, 3, 2, 1, bias=False), nn.BatchNorm2d(width), nn.SiLU()]
            layers += [nn.Conv2d(width, width, 3, 1, 1, groups=width, bias=False), nn.BatchNorm2d(width), nn.SiLU()]
            before = width
        self.body = nn.Sequential(*layers)
        self.head = nn.Linear(2 * before, config.features)

    def forward(self, pictures: Float[Tensor, "batch 3 side side"]) -> Float[Tensor, "batch features"]:
        seen = self.body(pictures)  # (batch, WIDTHS[-1], side / 16, side / 16)
        return nn.functional.normalize(self.head(torch.cat([seen.mean((2, 3)), seen.amax((2, 3))], 1)), dim=1)


@cache
def shipped() -> IdentityNetwork:
    """The network that comes with the package."""
    return load_module(FOLDER, KIND, IdentityNetwork, IdentityConfig)


def features(crops: UInt8[np.ndarray, "looks side side 3"]) -> Float[np.ndarray, "looks features"]:
    """Of each crop, by the shipped network."""
    with torch.inference_mode():
        return shipped()(torch.from_numpy(crops).permute(0, 3, 1, 2).float() / 255).numpy()
