"""Teach a `Readout` what the states of a frozen JEPA show: the world's numbers and the picture."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

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

# states (b, history, width), rows (b, columns), frames (b, h, w, 3) uint8, and whether all that has a place is in them
Shown = tuple[Tensor, Tensor, Tensor, Tensor]


class StateBatches:
    """step -> states, what the world's numbers are there and what is seen, at moments drawn by seed and step."""

    def __init__(self, model: JEPA, clips: Sequence[Clip], batch: int, seed: int, device: str):
        self.batch, self.seed, self.device = batch, seed, device
        history = model.config.history
        states = []
        for clip in clips:
            z = model.embed(clip.frames)
            padded = torch.cat([z[:1].expand(history - 1, -1), z])  # as `JEPA.encode` begins
            states.append(padded.unfold(0, history, 1).transpose(1, 2).clone())  # (t, history, width)
        self.states = torch.cat(states).cpu()
        self.rows = rows_of(clips)
        self.shown = torch.from_numpy(np.concatenate([in_picture(clip) for clip in clips]))
        self.frames = np.concatenate([clip.frames for clip in clips])

    def __call__(self, step: int, process: Process) -> Shown:
        picks = torch.randint(len(self.states), (self.batch,), generator=step_generator(self.seed, step))
        picks = picks[process.share(self.batch)]
        rows = torch.from_numpy(self.rows[picks.numpy()]).float()
        frames = torch.from_numpy(self.frames[picks.numpy()])
        return tuple(x.to(self.device) for x in (self.states[picks], rows, frames, self.shown[picks]))  # type: ignore[return-value]


class ReadoutObjective(nn.Module):
    """Squared errors of numbers and picture, each as a share of its own spread."""

    def __init__(self, readout: Readout):
        super().__init__()
        self.readout = readout

    def forward(self, batch: Shown) -> tuple[Float[Tensor, ""], dict[str, Tensor]]:
        states, rows, frames, shown = batch
        readout = self.readout
        numbers = (((readout.columns(states) - rows) / readout.spread).square().mean(1) * shown).mean()
        seen = frames.movedim(-1, 1).float()  # (b, 3, h, w)
        picture = F.mse_loss(readout.pictures(states[:, -1]), seen) / readout.contrast.square()
        return numbers + picture, {"numbers": numbers.detach(), "picture": picture.detach()}


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
    model: JEPA, clips: Sequence[Clip], folder: Path, phase: Phase, *, channels: int = 16, hidden: int = 256, seed: int,
    device: str, process: Process,
) -> Readout:  # fmt: skip
    """On clips that `has_numbers` allows. The run's folder keeps its checkpoint; a stopped run goes on from it."""
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
    batches = StateBatches(model, clips, phase.batch, seed + 1, device)
    stride = -(-len(batches.frames) // 4096)
    shown = batches.rows[batches.shown.numpy()]  # while a thing is out of the picture nobody can say where it is
    readout.set_usual(shown if len(shown) else batches.rows, batches.frames[::stride])
    readout.stride.copy_(model.stride)
    trainer = Trainer(
        "readout", ReadoutObjective(readout).to(device), batches, phase, folder, process=process, bfloat16=False
    )
    trainer.resume()
    trainer.run()
    trainer.use_average()
    return readout.eval()
