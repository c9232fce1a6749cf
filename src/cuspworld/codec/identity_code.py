"""The identity code: a few numbers that say who is in a clip, wherever they are and whatever they do.

A scene code's principal components tell where things are; of things that look alike and move they tell little else (in
Puppies 8 of them hold 12 % of a step's variance). What stays the same through a clip and differs between clips is found
without a label by Fisher's discriminant (Fisher 1936; Rao 1948), the clips being the classes, on features that do not
say where: random ones of each latent (Rahimi & Recht 2007), averaged over a step.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from numpy import ndarray
from scipy.linalg import eigh
from torch import Tensor

from cuspworld.codec.scene_code import whole_step

FEATURES = 256
_SHRINKAGE = 1e-3  # of the mean variance within clips, added to each direction


@dataclass(frozen=True)
class IdentityCode:
    """code = (features(step) - mean) @ basis, features = relu(latent @ weights + bias) and the latent itself, averaged
    over a step. `weights` (c, F), `bias` (F,), `mean` (F + c,), `basis` (F + c, k); the codes' root mean square is 1
    over what it learned from."""

    weights: Float[Tensor, "c F"]
    bias: Float[Tensor, " F"]
    mean: Float[Tensor, " D"]
    basis: Float[Tensor, "D k"]
    frames: int

    @classmethod
    def learn(cls, latents: Sequence[Float[Tensor, "t h w c"]], frames: int, width: int, seed: int = 0) -> IdentityCode:
        """From the whole steps of these clips."""
        generator = torch.Generator().manual_seed(seed)
        channels = latents[0].shape[-1]
        weights = 1.5 * torch.randn(channels, FEATURES, generator=generator) / channels**0.5
        bias = torch.randn(FEATURES, generator=generator)
        raw = cls(weights, bias, torch.zeros(FEATURES + channels), torch.eye(FEATURES + channels), frames)
        steps = [raw._features(clip).double().numpy() for clip in latents]
        middles = np.stack([rows.mean(0) for rows in steps])
        mean = middles.mean(0)
        inside = np.concatenate([rows - middle for rows, middle in zip(steps, middles, strict=True)])
        within, between = inside.T @ inside / len(inside), (middles - mean).T @ (middles - mean) / len(middles)
        within += max(_SHRINKAGE * np.trace(within) / len(within), 1e-9) * np.eye(len(within))
        width = min(width, len(within))
        basis = eigh(between, within, subset_by_index=(len(within) - width, len(within) - 1))[1][:, ::-1]
        spread = float(np.sqrt((((middles - mean) @ basis) ** 2).mean())) or 1.0
        return cls(
            weights, bias, torch.from_numpy(mean).float(), torch.from_numpy(basis.copy() / spread).float(), frames
        )

    @property
    def width(self) -> int:
        return self.basis.shape[1]

    def of(self, latents: Float[Tensor, "t h w c"]) -> Float[ndarray, " k"]:
        """The mean of a clip's whole steps."""
        return ((self._features(latents).mean(0) - self.mean) @ self.basis).numpy()

    def _features(self, latents: Float[Tensor, "t h w c"]) -> Float[Tensor, "s D"]:
        latents = whole_step(latents, self.frames).float()
        count = len(latents) // self.frames
        steps = latents[: count * self.frames].unflatten(0, (count, self.frames)).flatten(1, 3)  # (s, f h w, c)
        return torch.cat([torch.relu(steps @ self.weights + self.bias).mean(1), steps.mean(1)], dim=1)
