"""What keeps an embedding from collapsing, SIGReg (Balestriero & LeCun 2025, arXiv:2511.08544), and what shows whether
it has, RankMe (Garrido et al. 2023, arXiv:2210.02885)."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

_KNOTS = 17  # of the integral over the characteristic function's argument, from 0 to 3, where its weight is 1 %
_DIRECTIONS = 128  # a step; drawn anew at every step, so that all are seen in the end


def sigreg(embeddings: Float[Tensor, "n width"], seed: int) -> Float[Tensor, ""]:
    """How far the embeddings are from a standard normal cloud: 0 for one, 0.41 if all are 0,
    more the farther they scatter.

    By Cramer and Wold a cloud is normal if all its projections to lines are. Each projection is held against the
    standard normal by the statistic of Epps and Pulley (1983): the integral over t of |phi(t) - exp(-t^2/2)|^2 with
    weight exp(-t^2/2), phi the projection's empirical characteristic function. Twice that over t > 0, the mean over
    random directions.
    """
    generator = torch.Generator().manual_seed(seed)
    directions = torch.randn(embeddings.shape[1], _DIRECTIONS, generator=generator).to(embeddings)
    projected = embeddings @ (directions / directions.norm(dim=0))  # (n, directions)
    t = torch.linspace(0, 3, _KNOTS).to(embeddings)
    normal = (-t.square() / 2).exp()
    angles = projected[..., None] * t  # (n, directions, knots)
    real, imaginary = angles.cos().mean(0) - normal, angles.sin().mean(0)
    return 2 * torch.trapezoid((real.square() + imaginary.square()) * normal, t, dim=-1).mean()


def rank_me(embeddings: Float[Tensor, "n width"]) -> float:
    """The effective number of directions of the cloud about its mean: exp of the entropy of the singular values, each
    as a share of their sum. 1 for a line, and for a cloud that is one point; at most `width`."""
    centred = embeddings.double() - embeddings.double().mean(0)
    values = torch.linalg.svdvals(centred)
    if float(values.sum()) < 1e-9:
        return 1.0
    shares = values / values.sum()
    return float((-(shares * shares.clamp_min(1e-30).log()).sum()).exp())
