"""Teach a `Readout` what the states of a frozen JEPA show: the world's numbers and the picture."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from cuspworld import worlds
from cuspworld.clip import Clip
from cuspworld.dynamics.jepa import JEPA
from cuspworld.dynamics.readout import Readout, ReadoutConfig
from cuspworld.training.loop import Process, Trainer, step_generator
from cuspworld.training.presets import Phase
from cuspworld.training.recordings import in_picture, rows_of

FAR = 8  # steps ahead that numbers are read: a prediction is not quite like what is seen


class Shown(NamedTuple):
    """Of b windows: states seen (b, far + 1, history, width) and, of the same moments but the first, foreseen (b, far,
    history, width); rows (b, far + 1, columns), and whether all that has a place is in the picture (b, far + 1); an
    embedding of each (b, width) and its frame (b, h, w, 3) uint8, which cost far more to draw than numbers to read."""

    seen: Tensor
    foreseen: Tensor
    rows: Tensor
    shown: Tensor
    embeddings: Tensor
    frames: Tensor


class StateBatches:
    """step -> states, the world's numbers and what is seen there, of windows drawn by seed and step. `actions`: scaled,
    a row a frame, as `Recordings` has them."""

    def __init__(
        self, model: JEPA, clips: Sequence[Clip], actions: Sequence[np.ndarray], batch: int, seed: int, device: str
    ):
        self.model, self.batch, self.seed, self.device = model, batch, seed, device
        self.far = min(FAR, min(len(clip.frames) for clip in clips) - 1)
        self.clips, self.actions = clips, actions
        self.rows, self.shown = [rows_of([clip]) for clip in clips], [in_picture(clip) for clip in clips]
        self.embeddings = [model.embed(clip.frames).cpu() for clip in clips]
        self.ends = np.cumsum([len(clip.frames) - self.far for clip in clips])

    def __call__(self, step: int, process: Process) -> Shown:
        generator = step_generator(self.seed, step)
        picks = torch.randint(int(self.ends[-1]), (self.batch,), generator=generator).numpy()
        drawn = torch.randint(self.far + 1, (self.batch,), generator=generator).numpy()
        mine, history = process.share(self.batch), self.model.config.history
        picks, drawn = picks[mine], drawn[mine]
        which = np.searchsorted(self.ends, picks, side="right")
        begins = picks - np.concatenate([[0], self.ends])[which]
        pairs, many = list(zip(which, begins, strict=True)), self.far + 1
        rows = torch.from_numpy(np.stack([self.rows[c][k : k + many] for c, k in pairs])).float()
        shown = torch.from_numpy(np.stack([self.shown[c][k : k + many] for c, k in pairs]))
        actions = torch.from_numpy(np.stack([self.actions[c][k : k + self.far] for c, k in pairs])).to(self.device)
        # the first embedding is repeated where there are too few, as `JEPA.encode` begins
        z = torch.stack(
            [self.embeddings[c][torch.arange(k + 1 - history, k + many).clamp_min(0)] for c, k in pairs]
        ).to(self.device)  # (b, history + far, width)
        with torch.no_grad():
            told = torch.cat([z[:, :history], self.model.roll(z[:, :history], actions)], dim=1)
        seen, foreseen = (x.unfold(1, history, 1).transpose(2, 3) for x in (z, told))
        frames = torch.from_numpy(
            np.stack([self.clips[c].frames[k + n] for (c, k), n in zip(pairs, drawn, strict=True)])
        )
        embeddings = z[torch.arange(len(z)), torch.from_numpy(drawn) + history - 1]
        return Shown(
            seen, foreseen[:, 1:], rows.to(self.device), shown.to(self.device), embeddings, frames.to(self.device)
        )


class ReadoutObjective(nn.Module):
    """Squared errors of numbers, from what is seen and what is foreseen, and of the picture, each as a share of its own
    spread."""

    def __init__(self, readout: Readout):
        super().__init__()
        self.readout = readout

    def forward(self, batch: Shown) -> tuple[Float[Tensor, ""], dict[str, Tensor]]:
        readout = self.readout
        seen = self._numbers(batch.seen, batch.rows, batch.shown)
        foreseen = self._numbers(batch.foreseen, batch.rows[:, 1:], batch.shown[:, 1:])
        wanted = batch.frames.movedim(-1, 1).float()  # (b, 3, h, w)
        picture = F.mse_loss(readout.pictures(batch.embeddings), wanted) / readout.contrast.square()
        parts = {"numbers": seen, "foreseen": foreseen, "picture": picture}
        return seen + foreseen + picture, {name: part.detach() for name, part in parts.items()}

    def _numbers(self, states: Tensor, rows: Tensor, shown: Tensor) -> Float[Tensor, ""]:
        told = self.readout.columns(states.flatten(0, 1)).unflatten(0, states.shape[:2])
        return (((told - rows) / self.readout.spread).square().mean(2) * shown).mean()


def fixed_words(clips: Sequence[Clip]) -> tuple[str, ...]:
    """ "parameter=word", where the world has several words for it and all clips have the same."""
    truths = [clip.truth for clip in clips if clip.truth is not None]
    if not truths or truths[0].world not in worlds.names():
        return ()
    several = [p.name for p in worlds.make(truths[0].world).parameters if p.choices and len(p.choices) > 1]
    found = {name: {truth.parameters.get(name) for truth in truths} for name in several}
    return tuple(
        f"{name}={next(iter(words))}" for name, words in found.items() if len(words) == 1 and None not in words
    )


def train_readout(
    model: JEPA, clips: Sequence[Clip], actions: Sequence[np.ndarray], folder: Path, phase: Phase, *,
    channels: int = 16, hidden: int = 256, seed: int, device: str, process: Process,
) -> Readout:  # fmt: skip
    """On clips that `has_numbers` allows, and their scaled actions. The run's folder keeps its checkpoint: a stopped
    run goes on from it."""
    first = clips[0].truth
    assert first is not None and first.state.dtype.names is not None
    config = model.config
    torch.manual_seed(seed + 1)
    readout = Readout(
        ReadoutConfig(
            first.world, tuple(first.state.dtype.names), config.height, config.width, config.history, config.embedding,
            channels, hidden, fixed_words(clips),
        )
    )  # fmt: skip
    batches = StateBatches(model, clips, actions, phase.batch, seed + 1, device)
    rows, shown = np.concatenate(batches.rows), np.concatenate(batches.shown)
    stride = -(-len(rows) // 4096)
    # while a thing is out of the picture nobody can say where it is
    readout.set_usual(rows[shown] if shown.any() else rows, np.concatenate([clip.frames[::stride] for clip in clips]))
    readout.stride.copy_(model.stride)
    trainer = Trainer(
        "readout", ReadoutObjective(readout).to(device), batches, phase, folder, process=process, bfloat16=False
    )
    trainer.resume()
    trainer.run()
    trainer.use_average()
    return readout.eval()
