"""Train a JEPA (`dynamics/jepa.py`) on recordings with actions: next-embedding loss over several steps, SIGReg against
collapse, inverse dynamics. Nothing is stopped, averaged or taught by a second network: SIGReg alone keeps the spread.
"""

from __future__ import annotations

import json
import random
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from cuspworld.clip import Clip
from cuspworld.dynamics.error_map import ErrorMap
from cuspworld.dynamics.hybrid_world import ERROR_MAP
from cuspworld.dynamics.jepa import JEPA, JEPAConfig
from cuspworld.dynamics.learned_world import READOUT
from cuspworld.dynamics.regularizer import rank_me, sigreg
from cuspworld.errors import CuspError
from cuspworld.files import written_whole
from cuspworld.lock import one_writer
from cuspworld.training.loop import Process, Trainer
from cuspworld.training.presets import Phase
from cuspworld.training.readout import train_readout
from cuspworld.training.recordings import Recordings, WindowBatches, Windows, has_numbers, low_frequencies
from cuspworld.training.run import open_folder

KEPT = "stages"  # a folder in the run's: the model as it was at a few steps, step by step, and the losses
_CHECKED = 4096  # moments that rank and errors are measured on


@dataclass(frozen=True)
class DynamicsPreset:
    """The numbers of a training, with their reasons."""

    phase: Phase = field(
        default_factory=lambda: Phase(
            steps=2000, batch=64, learning_rate=1e-3, warmup=50, weight_decay=1e-3, ema=0.99, save_every=500
        )
    )
    readout: Phase | None = field(  # None: without one
        default_factory=lambda: Phase(
            steps=1000, batch=64, learning_rate=2e-3, warmup=50, weight_decay=1e-3, ema=0.99, save_every=500
        )
    )
    # The encoder is dear and the predictor cheap: it goes on alone over the finished embeddings. Collision's kicks,
    # which are rare and small, are learned here or nowhere. None: not.
    predictor: Phase | None = field(
        default_factory=lambda: Phase(
            steps=4000, batch=128, learning_rate=2e-3, warmup=50, weight_decay=1e-3, ema=0.99, save_every=1000
        )
    )
    history: int = 2
    embedding: int = 32
    channels: int = 16
    hidden: int = 256
    readout_channels: int = 16
    readout_hidden: int = 256
    known: int = 2048  # held-out states that the error map keeps
    steps_ahead: int = 3  # a prediction is fed its own output; short windows show the encoder more scenes a step
    far: int = 8  # steps ahead of the predictor when it goes on alone: one that saw few drifts when planning
    prediction: float = 1.0  # weight
    sigreg: float = 3.0  # weight; without numbers 10: at 1 the prediction (a share of a step) shrinks all to a point
    inverse: float = 1.0  # weight; at 0 the rooms of eb_jepa (Meta, 2026) are solved 1 time in 100
    numbers: float = 10.0  # weight of what the truth says of the world, where it does; 0: pictures and actions alone
    # So many of the pictures' lowest frequencies are told in place of the world's numbers, with their weight: pictures
    # and actions alone, and places are kept (3 does; joint embedding alone drops what moves fast). 0: the numbers.
    frequencies: int = 0


class JEPAObjective(nn.Module):
    """Windows -> loss: prediction + sigreg + inverse, and numbers: these are read by a linear map, thrown away
    afterwards, from what was seen and from what was predicted. Windows of embeddings in place of frames are taken as
    they are."""

    def __init__(self, model: JEPA, preset: DynamicsPreset, columns: int = 0):
        super().__init__()
        self.model, self.preset = model, preset
        self.linear = nn.Linear(model.config.history * model.config.embedding, columns) if columns else None

    def forward(self, batch: Windows) -> tuple[Float[Tensor, ""], dict[str, Tensor]]:
        frames, actions, numbers, seed = batch
        model, history = self.model, self.model.config.history
        embedded = frames.ndim == 3
        z = frames if embedded else model.of_frames(frames).float()  # (b, t, width)
        ahead = model.roll(z[:, :history], actions[:, history - 1 :])
        # As a share of "nothing changes": a step is small beside the spread, and so would be its gradient.
        still = (z[:, history:] - z[:, history - 1 : history]).square().mean().detach().clamp_min(1e-6)
        prediction = F.mse_loss(ahead, z[:, history:]) / still
        normal = z.new_zeros(()) if embedded else sigreg(z.flatten(0, 1), seed)
        begin, end = _pairs(len(z), z.shape[1], history, seed)
        rows = torch.arange(len(z))[:, None]
        states = z[rows, begin[:, None] + torch.arange(1 - history, 1)]  # (b, history, width)
        sums = F.pad(actions.cumsum(1), (0, 0, 1, 0))  # (b, t, actions): of the actions before frame k
        between = sums[rows[:, 0], end] - sums[rows[:, 0], begin]
        inverse = F.smooth_l1_loss(model.full * model.read(states, z[rows[:, 0], end]), model.full * between)
        preset = self.preset
        loss = preset.prediction * prediction + preset.sigreg * normal + preset.inverse * inverse
        parts = {"prediction": prediction, "sigreg": normal, "inverse": inverse}
        if self.linear is not None:
            told = torch.cat([z[:, :history], ahead], dim=1)
            known = numbers[:, history - 1 :].isfinite()
            wanted = numbers[:, history - 1 :].nan_to_num()
            seen, foreseen = (self.linear(model.seen(_states(x, history))) * known for x in (z, told))
            parts["numbers"] = F.smooth_l1_loss(seen, wanted) + F.smooth_l1_loss(foreseen, wanted)
            loss = loss + preset.numbers * parts["numbers"]
        return loss, {name: part.detach() for name, part in parts.items()}


def _states(z: Tensor, history: int) -> Float[Tensor, "b t history width"]:
    """Each embedding of (b, time, width) from the first with a full history on, with its past."""
    return z.unfold(1, history, 1).transpose(2, 3)


def _pairs(batch: int, frames: int, history: int, seed: int) -> tuple[Tensor, Tensor]:
    """A frame with a full history, and a frame from it on, for each row."""
    generator = torch.Generator().manual_seed(seed)
    begin = torch.randint(history - 1, frames, (batch,), generator=generator)
    later = torch.rand(batch, generator=generator) * (frames - begin)
    return begin, begin + later.long()


@dataclass(frozen=True)
class DynamicsResult:
    """Where the model lies; RankMe of its embeddings (of at most `width`); and the error of predicting 1, 4 and 8 steps
    ahead as a share of that of "nothing changes" (below 1 it has learned something)."""

    model: Path
    rank: float
    width: int
    errors: dict[int, float]


def train_dynamics(
    clips: Sequence[Clip],
    folder: str | Path,
    preset: DynamicsPreset | None = None,
    *,
    held_out: Sequence[Clip] = (),
    limits: Mapping[str, tuple[float, float]] | None = None,
    seed: int = 0,
    resume: bool = False,
    device: str = "cpu",
) -> DynamicsResult:
    """Train on clips with actions and write `folder`/model, with a `Readout` in it where the clips say the world's
    numbers (`LearnedWorld` wants one), and with two `held_out` clips or more an `ErrorMap` (for `HybridWorld`). All
    clips are held in memory.

    `held_out` clips measure it (the training clips, where there are none). `limits`: (least, largest) of each action,
    where the clips are of no registered world. Raises CuspError for clips without actions or unlike each other, for
    representations that collapsed, and if the folder holds another run.
    """
    preset = preset or DynamicsPreset()
    folder, process = Path(folder), Process.join()
    recordings = Recordings.of(clips, limits)
    checked = Recordings.of(held_out, limits) if len(held_out) else recordings
    if preset.frequencies:
        recordings = replace(recordings, numbers=low_frequencies(recordings.frames, preset.frequencies))
    height, width = recordings.frames[0].shape[1:3]
    config = JEPAConfig(
        height, width, recordings.fps, recordings.names, preset.history, preset.embedding, preset.channels,
        preset.hidden,
    )  # fmt: skip
    batches = WindowBatches(recordings, preset.history + preset.steps_ahead, preset.phase.batch, seed, device)
    settings = {"preset": asdict(preset), "seed": seed, "clips": len(clips), "model": asdict(config)}
    with ExitStack() as held:
        held.callback(random.setstate, random.getstate())
        if process.first:
            open_folder(folder, json.loads(json.dumps(settings)), resume)
            held.enter_context(one_writer(folder, "run"))
        process.wait()
        held.enter_context(torch.random.fork_rng([] if device == "cpu" else [device]))
        torch.manual_seed(seed)
        model = JEPA(config)
        model.set_actions(recordings.low, recordings.high, recordings.usual)
        model.spread_out(*_some_steps(recordings))
        columns = recordings.numbers[0].shape[1] if preset.numbers else 0
        objective = JEPAObjective(model, preset, columns).to(device)
        trainer = Trainer(
            "dynamics", objective, batches, preset.phase, folder, process=process, bfloat16=False,
            on_stage=lambda step: model.save_pretrained(folder / KEPT / f"{step:07d}"),
        )  # fmt: skip
        trainer.resume()
        trainer.run()
        if process.first:
            with written_whole(folder / KEPT / "losses.json") as aside:
                aside.write_text(json.dumps(trainer.losses) + "\n")
        trainer.use_average()
        model.eval()
        if preset.predictor is not None:
            _go_on_predicting(model, objective, recordings, preset, folder, seed, device, process)
        result = measure(model, checked, folder / "model")
        check_collapse(model, checked)
        if process.first:
            model.save_pretrained(result.model)
        if preset.readout is not None and has_numbers(clips):
            readout = train_readout(
                model, clips, recordings.actions, folder, preset.readout, channels=preset.readout_channels,
                hidden=preset.readout_hidden, seed=seed, device=device, process=process,
            )  # fmt: skip
            if process.first:
                readout.save_pretrained(result.model / READOUT)
        if process.first and len(held_out) > 1:
            tables = [table * model.action_scale.cpu().numpy() for table in checked.actions]
            found = ErrorMap.learn(model.cpu(), checked.frames, tables, known=preset.known, seed=seed)
            found.save_pretrained(result.model / ERROR_MAP)
        process.wait()
    return result


def _go_on_predicting(
    model: JEPA, objective: JEPAObjective, recordings: Recordings, preset: DynamicsPreset, folder: Path, seed: int,
    device: str, process: Process,
) -> None:  # fmt: skip
    """Predictor and inverse, the encoder frozen."""
    assert preset.predictor is not None
    embedded = replace(recordings, frames=[model.embed(frames).cpu().numpy() for frames in recordings.frames])
    longest = max(len(frames) for frames in recordings.frames)
    length = min(preset.history + preset.far, longest)
    batches = WindowBatches(embedded, length, preset.predictor.batch, seed + 2, device)
    model.encoder.requires_grad_(False)
    trainer = Trainer("predictor", objective, batches, preset.predictor, folder, process=process, bfloat16=False)
    trainer.resume()
    trainer.run()
    trainer.use_average()
    model.encoder.requires_grad_(True)


def measure(model: JEPA, recordings: Recordings, path: Path) -> DynamicsResult:
    """Rank and errors on windows of the recordings."""
    history = model.config.history
    longest = max(len(frames) for frames in recordings.frames)
    ahead = [steps for steps in (1, 4, 8) if history + steps <= longest]
    errors = {}
    with torch.inference_mode():
        for steps in ahead:
            frames, actions, *_ = WindowBatches(recordings, history + steps, 256, 0, "cpu")(0, Process())
            z = model.of_frames(frames)
            predicted = model.roll(z[:, :history], actions[:, history - 1 :].to(z))[:, -1]
            still = F.mse_loss(z[:, history - 1], z[:, -1])
            errors[steps] = float(F.mse_loss(predicted, z[:, -1]) / still.clamp_min(1e-12))
    return DynamicsResult(path, rank_me(_embeddings(model, recordings)), model.config.embedding, errors)


def check_collapse(model: JEPA, recordings: Recordings) -> None:
    """Raise CuspError where all frames have nearly one embedding, or all lie on one line."""
    embeddings = _embeddings(model, recordings)
    rank, spread = rank_me(embeddings), float(embeddings.std(dim=0).mean())
    if rank < 1.5 or spread < 0.05:
        raise CuspError(
            f"the representation collapsed: RankMe {rank:.2f} of {model.config.embedding}, spread {spread:.3f} (1 is "
            "meant). Raise the weight `sigreg`, lower the learning rate, or record clips in which more differs"
        )


def _embeddings(model: JEPA, recordings: Recordings) -> Tensor:
    return model.embed(_some_frames(recordings)).cpu()


def _some_steps(recordings: Recordings) -> tuple[np.ndarray, np.ndarray]:
    """At most about 4,096 frames, evenly in time, and those after them."""
    stride = -(-sum(len(frames) for frames in recordings.frames) // _CHECKED)
    before = np.concatenate([frames[:-1:stride] for frames in recordings.frames])
    return before, np.concatenate([frames[1::stride] for frames in recordings.frames])


def _some_frames(recordings: Recordings) -> np.ndarray:
    """At most about 4,096 frames, evenly in time."""
    stride = -(-sum(len(frames) for frames in recordings.frames) // _CHECKED)
    return np.concatenate([frames[::stride] for frames in recordings.frames])
