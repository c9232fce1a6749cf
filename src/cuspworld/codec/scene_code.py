"""The scene code: a few numbers that say in which state a step of a clip is.

A step is some consecutive latent frames, those that one token holds. A code pooled over a clip has one branch, whatever
it is made of; the principal components of single steps have a world's steady states as branches, without a label
(measured: docs/simulator.md). They are not whitened: one scale for all keeps the gaps between states.

Of small things that move, principal components of latents tell next to nothing (16 of them hold 18 % of a step's
variance in two balls): each colour in each place is a direction of its own. Where something differs from the usual
picture, whatever it is, is told by few (16 hold 84 % of those differences): such a code has them beside the others, and
may have numbers that tell what lies there (`codec.looks`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float
from numpy import ndarray
from scipy.linalg import eigh
from torch import Tensor

from cuspworld.codec.looks import Looks, channels_of
from cuspworld.errors import CuspError

MOST_STEPS = 3000  # that a code is learned from
GRID = 8  # latents a side that a code sees; those of other sizes are averaged to it


@dataclass(frozen=True)
class Where:
    """Principal components of a step's differences (`SceneCode.differences`): `mean` (E,), `basis` (E, k), `scale`, as
    of the code; E = frames * 8 * 8."""

    mean: Float[Tensor, " E"]
    basis: Float[Tensor, "E k"]
    scale: float


@dataclass(frozen=True)
class SceneCode:
    """code = (step - mean) @ basis / scale, for steps of `frames` latent frames.

    `mean` (D,), `basis` (D, k) orthonormal, `scale`: the root mean square of a code's numbers over what it learned
    from; D = frames * 8 * 8 * channels. `where`, if any: the same of how far each place is from the usual picture.
    """

    mean: Float[Tensor, " D"]
    basis: Float[Tensor, "D k"]
    scale: float
    frames: int
    where: Where | None = None
    looks: Looks | None = None

    @classmethod
    def learn(
        cls,
        latents: list[Float[Tensor, "t h w c"]],
        frames: int,
        width: int = 8,
        seed: int = 0,
        where_width: int = 0,
        looks_width: int = 0,
    ) -> SceneCode:
        """Principal components of up to 3,000 steps of these clips' latents."""
        if not latents:
            raise CuspError("no clip to learn a scene code from")
        latents = [whole_step(clip, frames) for clip in latents]
        places = [(i, t) for i, clip in enumerate(latents) for t in range(len(clip) - frames + 1)]
        rng = np.random.default_rng(seed)
        chosen = rng.choice(len(places), min(MOST_STEPS, len(places)), replace=False)
        rows = torch.stack([seen(latents[i][t : t + frames].float()) for i, t in (places[c] for c in sorted(chosen))])
        mean, basis, scale = _principal(rows, width)
        code = cls(mean, basis, scale, frames)
        if not where_width:
            return code
        steps = rows.view(len(rows), frames, -1)
        code = replace(code, where=Where(*_principal(code.differences(steps).flatten(1), where_width)))
        if not looks_width:
            return code
        channels = channels_of([code.apart(seen(clip[:, None].float()).view(len(clip), -1)) for clip in latents])
        return replace(
            code, looks=Looks(channels, *_principal((code.apart(steps).mean(1) @ channels).flatten(1), looks_width))
        )

    @property
    def width(self) -> int:
        where = 0 if self.where is None else self.where.basis.shape[1]
        return self.basis.shape[1] + where + (0 if self.looks is None else self.looks.width)

    def of(self, latents: Float[Tensor, "t h w c"]) -> Float[ndarray, "s k"]:
        """The codes of every step: those of the frames t, t + 1, ..., t + frames - 1, for each t from 0 on. A clip that
        is shorter than a step is one step of still frames."""
        latents = whole_step(latents, self.frames).float()
        frame = seen(latents[:, None]).view(len(latents), -1)  # (t, D / frames)
        basis = self.basis.view(self.frames, -1, self.basis.shape[1])
        parts = torch.einsum("td,fdk->tfk", frame, basis)
        count = len(latents) - self.frames + 1
        code = sum(parts[f : f + count, f] for f in range(self.frames))
        code = (code - self.mean @ self.basis) / self.scale
        if self.where is not None:
            apart = self.differences(frame)  # (t, 64)
            steps = torch.cat([apart[f : f + count] for f in range(self.frames)], dim=1)
            code = torch.cat([code, (steps - self.where.mean) @ self.where.basis / self.where.scale], dim=1)
        if self.looks is not None:
            apart = self.apart(frame)
            each = torch.stack([apart[f : f + count] for f in range(self.frames)])
            code = torch.cat([code, self.looks.of(each.mean(0))], dim=1)
        return code.numpy()

    def differences(self, frames: Float[Tensor, "*t d"]) -> Float[Tensor, "*t p"]:
        """How far each of the 8 x 8 places of latent frames is from the usual picture: root mean square of channels."""
        return self.apart(frames).square().mean(-1).sqrt()

    def apart(self, frames: Float[Tensor, "*t d"]) -> Float[Tensor, "*t p c"]:
        """What each of the 8 x 8 places of latent frames has more than the usual picture."""
        return (frames - self.usual.flatten()).unflatten(-1, (GRID * GRID, -1))

    @property
    def usual(self) -> Float[Tensor, "p c"]:
        """The usual picture: the mean latents of each of the 8 x 8 places."""
        return self.mean.view(self.frames, GRID * GRID, -1).mean(0)

    def sketch(self, codes: Float[Tensor, "s k"], height: int, width: int) -> Float[Tensor, "t h w e"]:
        """What codes tell of the latents of their steps, place by place: the picture that the components make, what
        lies there and, last, how far it differs there from the usual one."""
        told, shape = self.basis.shape[1], (len(codes), self.frames, GRID, GRID, -1)
        picture = (self.mean + self.scale * codes[:, :told] @ self.basis.T).view(shape)
        if self.where is not None:
            end = told + self.where.basis.shape[1]
            if self.looks is not None:
                maps = self.looks.maps(codes[:, end:]).view(len(codes), 1, GRID, GRID, -1)
                picture = torch.cat([picture, maps.expand(-1, self.frames, -1, -1, -1)], dim=-1)
            apart = self.where.mean + self.where.scale * codes[:, told:end] @ self.where.basis.T
            picture = torch.cat([picture, apart.view(shape)], dim=-1)
        flat = picture.flatten(0, 1)  # (t, 8, 8, e)
        if (height, width) == (GRID, GRID):
            return flat
        return F.interpolate(flat.movedim(-1, 1), (height, width), mode="nearest-exact").movedim(1, -1)

    def missed(self, latents: Float[Tensor, "t h w c"]) -> Float[ndarray, " s"]:
        """How much of every whole step a code does not tell: the root mean square of (step - mean) off the basis."""
        latents = whole_step(latents, self.frames).float()
        count = len(latents) // self.frames
        steps = latents[: count * self.frames].unflatten(0, (count, self.frames))
        rows = seen(steps) - self.mean
        off = (rows**2).sum(1) - ((rows @ self.basis) ** 2).sum(1)
        return (off.clamp_min(0) / rows.shape[1]).sqrt().numpy()


def _principal(rows: Float[Tensor, "n D"], width: int) -> tuple[Float[Tensor, " D"], Float[Tensor, "D k"], float]:
    """Mean, principal components and the root mean square of what they tell."""
    mean = rows.mean(0)
    rows = rows - mean
    few = len(rows) <= rows.shape[1]
    gram = (rows @ rows.T if few else rows.T @ rows).double().numpy()
    width = min(width, len(gram))
    values, vectors = eigh(gram, subset_by_index=(len(gram) - width, len(gram) - 1))
    found = torch.from_numpy(vectors[:, ::-1].copy()).float()  # largest first
    basis = F.normalize(rows.T @ found, dim=0) if few else found
    basis = basis * basis.sum(dim=0).sign().where(basis.sum(dim=0) != 0, torch.tensor(1.0))  # a fixed direction
    scale = float((max(float(values.sum()), 0.0) / len(rows) / width) ** 0.5) or 1.0
    return mean, basis, scale


def whole_step(latents: Float[Tensor, "t h w c"], frames: int) -> Float[Tensor, "s h w c"]:
    """Latents of at least one step: the last frame is repeated where they are fewer."""
    missing = max(0, frames - len(latents))
    return torch.cat([latents, latents[-1:].expand(missing, -1, -1, -1)]) if missing else latents


def seen(latents: Float[Tensor, "*b t h w c"]) -> Float[Tensor, "*b D"]:
    """What a code sees of steps: latents of 8 x 8 places, flat."""
    if latents.shape[-3:-1] != (GRID, GRID):
        flat = latents.movedim(-1, -3).flatten(0, -4)
        shaped = F.adaptive_avg_pool2d(flat, GRID).view(*latents.shape[:-3], latents.shape[-1], GRID, GRID)
        latents = shaped.movedim(-3, -1)
    return latents.flatten(-4)
