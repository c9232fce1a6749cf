"""Noise and windows paired by optimal transport inside each condition, instead of independently: baselines.

`minibatch`: an optimal assignment of a few noises to as many windows (OT-CFM, Tong et al. 2024, arXiv:2302.00482).
`semidiscrete`: noise goes to the window in whose cell it lies, with all windows of the condition at once (SD-FM,
Mousavi-Hosseini et al. 2025, arXiv:2509.25519). Inside a condition, since one coupling for all would tie the noise to
what the prompt says (`transport.coupling`). The squared distance counts along the windows' principal directions; what
is left of the noise is drawn on its own, so the noise of a condition is normal, all of it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from scipy.optimize import linear_sum_assignment
from torch import Tensor

from cuspworld.errors import CuspError
from cuspworld.language.facts import facts
from cuspworld.language.meanings import kind_of
from cuspworld.transport.coupling import ConditionalCoupling

COUPLINGS = ("minibatch", "semidiscrete")
_DIRECTIONS = 64  # of 24,576 numbers: 92 % of the variance of 24 latent frames of Juice
_TAUGHT = 2000  # windows that the directions are learned from
_PAIRS = 32  # of a minibatch's assignment


def condition(captions: Sequence[str]) -> str:
    """What a clip's captions say in other words too: the colours, numbers and first time of the first one, and the last
    one, the shortest of a recipe's."""
    told = facts(captions[0])
    names = {name for fact in told if fact.kind == "is" for name in fact.first}
    looks = sorted(name for name in names if kind_of(name) in ("colour", "number"))
    times = sorted(fact.value for fact in told if fact.kind == "time")
    return " ".join([*looks, *map(str, times[:1]), captions[-1]])


class CoupledWindows:
    """Pairs (window's number, noise of its shape) of one condition.

    `latents`: of each window, all of one shape; `labels`: each one's condition; `weights`: how often each is drawn.
    Raises CuspError for an unknown coupling or windows of several shapes.
    """

    def __init__(
        self, latents: Sequence[Tensor], labels: Sequence[str], weights: np.ndarray, coupling: str, seed: int = 0
    ):
        if coupling not in COUPLINGS:
            raise CuspError(f"coupling must be one of {', '.join(COUPLINGS)} or None: got {coupling!r}")
        if len({part.shape for part in latents}) > 1:
            raise CuspError("coupling= needs windows of one size and length: leave it out, or train on such clips")
        self.shape, self.coupling = latents[0].shape, coupling
        self.labels, self.weights = np.asarray(labels), np.asarray(weights, np.float64)
        chosen = np.random.default_rng(seed).permutation(len(latents))[:_TAUGHT]
        some = torch.stack([latents[k].float().flatten() for k in chosen])
        mean = some.mean(0)
        count = min(_DIRECTIONS, len(some), some.shape[1])
        with torch.random.fork_rng([]):
            torch.manual_seed(seed)
            self.directions = torch.svd_lowrank(some - mean, count + 8, niter=4)[2][:, :count]  # (numbers, count)
        codes = torch.stack([(part.float().flatten() - mean) @ self.directions for part in latents])
        self.codes = codes.numpy().astype(np.float64)
        self.members = {label: np.flatnonzero(self.labels == label) for label in np.unique(self.labels)}
        if coupling == "semidiscrete":
            self.transport = ConditionalCoupling(self.codes, self.labels, self.weights, seed=seed)

    def draw(self, window: int, generator: torch.Generator) -> tuple[int, Tensor]:
        """A window of the same condition as `window` and noise of its shape, paired."""
        label, seed = self.labels[window], int(torch.randint(2**31, (), generator=generator))
        if self.coupling == "semidiscrete":
            noises, targets = self.transport.draw(np.array([label]), seed)
            noise, target = noises[0], int(targets[0])
        else:
            rng = np.random.default_rng(seed)
            members = self.members[label]
            shares = self.weights[members] / self.weights[members].sum()
            several = rng.choice(members, _PAIRS, p=shares)
            several_noises = rng.standard_normal((_PAIRS, self.codes.shape[1]))
            row = linear_sum_assignment(-several_noises @ self.codes[several].T)[1]
            noise, target = several_noises[0], int(several[row[0]])
        whole = torch.randn(self.shape.numel(), generator=generator)
        whole += self.directions @ (torch.as_tensor(noise, dtype=whole.dtype) - self.directions.T @ whole)
        return target, whole.view(self.shape)
