"""ErrorMap: where a learned world can be trusted, learned from recordings that did not teach it.

A state and an action -> the probability that the prediction comes right: that the embedding two steps on is less than
`TOLERANCE` as far from the true one as "nothing changes" is in the mean. A network learns it from what went well and
what did not on held-out clips; it can know nothing of states unlike all that it was shown, so that a state is also held
against the held-out ones: farther from them than they are from each other, it is trusted less.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from cuspworld.dynamics.jepa import JEPA
from cuspworld.errors import CuspError
from cuspworld.models import load_module, save_module

AHEAD = 2  # steps: an error of speed does not show in the first
TOLERANCE = 0.5
_STEPS = 600  # of training; a small network


@dataclass(frozen=True)
class ErrorMapConfig:
    """`history`, `embedding`, `actions`: of the JEPA. `known`: held-out states that are kept."""

    history: int
    embedding: int
    actions: int
    known: int
    hidden: int = 64


class ErrorMap(nn.Module):
    """`trust` of states and actions; `right` of a recording says what came true."""

    known: Tensor  # (known, history * embedding) of held-out states
    apart: Tensor  # how far a held-out state is from the nearest of the other clips: 95 of 100 are nearer
    tolerance: Tensor  # of the embeddings' error, in strides
    usual: Tensor  # mean and spread of the network's input
    spread: Tensor

    def __init__(self, config: ErrorMapConfig):
        super().__init__()
        self.config = config
        width = config.history * config.embedding
        self.register_buffer("known", torch.zeros(config.known, width))
        for name in ("apart", "tolerance"):
            self.register_buffer(name, torch.ones(()))
        self.register_buffer("usual", torch.zeros(width + config.actions))
        self.register_buffer("spread", torch.ones(width + config.actions))
        self.chance = nn.Sequential(
            nn.Linear(width + config.actions, config.hidden), nn.SiLU(), nn.Linear(config.hidden, config.hidden),
            nn.SiLU(), nn.Linear(config.hidden, 1),
        )  # fmt: skip

    @torch.inference_mode()
    def trust(
        self, model: JEPA, state: Float[Tensor, "b history width"], actions: Float[Tensor, "b actions"]
    ) -> Float[Tensor, " b"]:
        """0 to 1: the probability that the prediction of this step and the next comes right. Actions in the world's
        units."""
        seen = model.seen(state)
        away = torch.cdist(seen, self.known).amin(1) / self.apart
        return torch.sigmoid(self._logit(model, seen, actions)) * (2 - away).clamp(0, 1)

    def _logit(self, model: JEPA, seen: Tensor, actions: Tensor) -> Float[Tensor, " b"]:
        x = torch.cat([seen, model.full * actions / model.action_scale], dim=1)
        return self.chance((x - self.usual) / self.spread)[:, 0]

    def right(self, errors: Tensor) -> Tensor:
        """Whether errors, as `errors_of` gives them, are within the tolerance."""
        return errors < self.tolerance

    @classmethod
    def learn(
        cls,
        model: JEPA,
        recordings: Sequence[np.ndarray],
        actions: Sequence[np.ndarray],
        *,
        known: int = 2048,
        seed: int = 0,
    ) -> ErrorMap:
        """From clips (time, height, width, 3) that did not teach the model, and their actions (time, actions) in the
        world's units; `known` of their states are kept. Raises CuspError where no clip is long enough, or there is only
        one."""
        parts = [errors_of(model, frames, table) for frames, table in zip(recordings, actions, strict=True)]
        parts = [part for part in parts if len(part[0])]
        if len(parts) < 2:
            raise CuspError(
                f"an error map needs two clips or more of at least {model.config.history + AHEAD} frames: got "
                f"{len(parts)}"
            )
        states, done, errors, still = (torch.cat(column) for column in zip(*parts, strict=True))
        clip = torch.cat([torch.full((len(part[0]),), k) for k, part in enumerate(parts)])
        generator = torch.Generator().manual_seed(seed)
        kept = torch.randperm(len(states), generator=generator)[:known]
        config = ErrorMapConfig(model.config.history, model.config.embedding, done.shape[1], len(kept))
        with torch.random.fork_rng([]):
            torch.manual_seed(seed)
            found = cls(config)
        found.tolerance.copy_(TOLERANCE * still.square().mean().sqrt())
        seen = model.seen(states)
        found.known.copy_(seen[kept])
        apart = torch.cdist(found.known, found.known)
        apart[clip[kept][:, None] == clip[kept]] = torch.inf
        found.apart.copy_(apart.amin(1).quantile(0.95).clamp_min(1e-6))
        x = torch.cat([seen, model.full * done / model.action_scale], dim=1)
        found.usual.copy_(x.mean(0))
        found.spread.copy_(x.std(0).clamp_min(1e-6))
        found._train(model, seen, done, found.right(errors).float(), generator)
        return found.eval()

    def _train(self, model: JEPA, seen: Tensor, done: Tensor, right: Tensor, generator: torch.Generator) -> None:
        # Decay: a network that knows each of a few thousand moments by heart says 0 or 1 of the next one.
        optimizer = torch.optim.AdamW(self.chance.parameters(), lr=2e-3, weight_decay=0.1)
        for _ in range(_STEPS):
            picks = torch.randint(len(seen), (256,), generator=generator)
            loss = F.binary_cross_entropy_with_logits(self._logit(model, seen[picks], done[picks]), right[picks])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

    def save_pretrained(self, path: str | Path, dtype: torch.dtype = torch.float32) -> None:
        save_module(path, "ErrorMap", self, self.config, dtype)

    @classmethod
    def from_pretrained(cls, path: str | Path) -> ErrorMap:
        """The map of a folder that `save_pretrained` wrote. Raises CuspError if it is damaged or another's."""
        return load_module(path, "ErrorMap", cls, ErrorMapConfig)


@torch.no_grad()
def errors_of(model: JEPA, frames: np.ndarray, actions: np.ndarray) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Of each moment of a clip with a past and `AHEAD` frames to come: its state (n, history, embedding), the action
    taken (n, actions), how far the prediction ends from what came, and how far the embedding moved, in strides."""
    z = model.embed(frames).clone()
    history = model.config.history
    count = max(0, len(z) - history + 1 - AHEAD)
    states = z.unfold(0, history, 1).transpose(1, 2)[:count]  # (n, history, embedding)
    table = torch.as_tensor(np.asarray(actions), dtype=torch.float32)
    taken = torch.stack([table[history - 1 + k : history - 1 + k + count] for k in range(AHEAD)], dim=1)
    come = z[history - 1 + AHEAD : history - 1 + AHEAD + count]
    told = model.roll(states, taken / model.action_scale)[:, -1] if count else come
    far, moved = ((x - come).square().mean(1).sqrt() / model.stride for x in (told, states[:, -1]))
    return states, taken[:, 0], far, moved
