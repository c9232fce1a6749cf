"""The identity code: a few numbers that say who is in a clip, wherever they are and whatever they do.

A scene code's principal components tell where things are; of things that look alike and move they tell little else (in
Puppies 8 of them hold 12 % of a step's variance). What stays the same through a clip and differs between clips is found
without a label by Fisher's discriminant (Fisher 1936; Rao 1948), the clips being the classes, on features that hardly
say where: random ones of each latent (Rahimi & Recht 2007), averaged over a step, and their first moments: on which
side each appearance lies. Without those a red and a blue ball are told, but not which of them is on the left.

Beside them may stand the clip's *field*: the appearance A(x, y) = a + b x + c y for which its latents are best told as
usual + difference * A, whatever the differences do in time (least squares). It is what a sketch is painted with.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Float
from numpy import ndarray
from scipy.linalg import eigh
from torch import Tensor

from cuspworld.codec.scene_code import GRID, seen, whole_step

FEATURES = 256
MOMENTS = ("mean", "column", "row")
_RIDGE = 1e-3  # of the field, where nothing differs
_SHRINKAGE = 1e-3  # of the mean variance within clips, added to each direction


@dataclass(frozen=True)
class IdentityCode:
    """code = (features(step) - mean) @ basis, features = relu(latent @ weights + bias) and the latent itself, averaged
    over a step and, after those, times its column and row in [-1, 1]. `weights` (c, F), `bias` (F,), `mean` (D,),
    `basis` (D, k), D = 3 (F + c); F + c in a code of before, without moments. The codes' root mean square is 1 over
    what it learned from."""

    weights: Float[Tensor, "c F"]
    bias: Float[Tensor, " F"]
    mean: Float[Tensor, " D"]
    basis: Float[Tensor, "D k"]
    frames: int
    usual: Float[Tensor, "p c"] | None = None  # the usual picture that a field is measured from, 8 x 8 places
    scale: float = 1.0  # of the field's numbers: their root mean square over what it learned from

    @classmethod
    def learn(
        cls,
        latents: Sequence[Float[Tensor, "t h w c"]],
        frames: int,
        width: int,
        seed: int = 0,
        usual: Float[Tensor, "p c"] | None = None,
    ) -> IdentityCode:
        """From the whole steps of these clips; with a field, where the usual picture is given."""
        generator = torch.Generator().manual_seed(seed)
        channels = latents[0].shape[-1]
        weights = 1.5 * torch.randn(channels, FEATURES, generator=generator) / channels**0.5
        bias = torch.randn(FEATURES, generator=generator)
        size = len(MOMENTS) * (FEATURES + channels)
        raw = cls(weights, bias, torch.zeros(size), torch.zeros(size, 0), frames)
        steps = [raw._features(clip).double().numpy() for clip in latents]
        middles = np.stack([rows.mean(0) for rows in steps])
        mean = middles.mean(0)
        inside = np.concatenate([rows - middle for rows, middle in zip(steps, middles, strict=True)])
        within, between = inside.T @ inside / len(inside), (middles - mean).T @ (middles - mean) / len(middles)
        within += max(_SHRINKAGE * np.trace(within) / len(within), 1e-9) * np.eye(len(within))
        width = min(width, len(within))
        basis = eigh(between, within, subset_by_index=(len(within) - width, len(within) - 1))[1][:, ::-1]
        spread = float(np.sqrt((((middles - mean) @ basis) ** 2).mean())) or 1.0
        code = cls(
            weights, bias, torch.from_numpy(mean).float(), torch.from_numpy(basis.copy() / spread).float(), frames
        )
        if usual is None:
            return code
        code = replace(code, usual=usual)
        fields = torch.stack([code._field(clip) for clip in latents])
        return replace(code, scale=float(fields.square().mean().sqrt()) or 1.0)

    @property
    def width(self) -> int:
        return self.basis.shape[1] + (0 if self.usual is None else len(MOMENTS) * self.usual.shape[1])

    def of(self, latents: Float[Tensor, "t h w c"]) -> Float[ndarray, " k"]:
        """The mean of a clip's whole steps, and its field."""
        code = (self._features(latents).mean(0) - self.mean) @ self.basis
        return (code if self.usual is None else torch.cat([code, self._field(latents) / self.scale])).numpy()

    def painted(self, who: Float[Tensor, " k"], apart: Float[Tensor, "t h w"]) -> Float[Tensor, "t h w c"]:
        """Differences from the usual picture, painted by the field of a code where and as much as they are told."""
        assert self.usual is not None
        field = who[self.basis.shape[1] :].view(len(MOMENTS), -1) * self.scale
        return apart[..., None] * torch.einsum("mhw,mc->hwc", moments(*apart.shape[1:]), field)

    def _field(self, latents: Float[Tensor, "t h w c"]) -> Float[Tensor, " f"]:
        assert self.usual is not None
        apart = seen(latents.float()[:, None]).view(len(latents), GRID, GRID, -1) - self.usual.view(GRID, GRID, -1)
        much = apart.square().mean(-1)  # the squares of the differences
        m = moments(GRID, GRID)
        square = torch.einsum("thw,ahw,bhw->ab", much, m, m) + _RIDGE * torch.eye(len(m))
        return torch.linalg.solve(square, torch.einsum("thw,ahw,thwc->ac", much.sqrt(), m, apart)).flatten()

    def _features(self, latents: Float[Tensor, "t h w c"]) -> Float[Tensor, "s D"]:
        latents = whole_step(latents, self.frames).float()
        count, (height, width) = len(latents) // self.frames, latents.shape[1:3]
        steps = latents[: count * self.frames].unflatten(0, (count, self.frames)).flatten(1, 3)  # (s, f h w, c)
        found = torch.cat([torch.relu(steps @ self.weights + self.bias), steps], dim=2)
        places = moments(height, width).flatten(1).repeat(1, self.frames)
        places = places[: len(self.mean) // found.shape[2]]  # one, or all three
        return torch.einsum("snf,mn->smf", found, places).flatten(1) / found.shape[1]


def moments(height: int, width: int) -> Float[Tensor, "m h w"]:
    """What each place counts for: 1, its column, its row, in [-1, 1]."""
    rows, columns = torch.meshgrid(torch.linspace(-1, 1, height), torch.linspace(-1, 1, width), indexing="ij")
    return torch.stack([torch.ones(height, width), columns, rows])
