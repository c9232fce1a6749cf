"""Train a JEPA (`dynamics/jepa.py`) on recordings with actions: next-embedding loss over several steps, SIGReg against
collapse, inverse dynamics. Nothing is stopped, averaged or taught by a second network: SIGReg alone keeps the spread.
"""

from __future__ import annotations

import json
import random
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from cuspworld import worlds
from cuspworld.clip import Clip
from cuspworld.dynamics.jepa import JEPA, JEPAConfig
from cuspworld.dynamics.learned_world import READOUT
from cuspworld.dynamics.regularizer import rank_me, sigreg
from cuspworld.errors import CuspError
from cuspworld.files import written_whole
from cuspworld.lock import one_writer
from cuspworld.training.loop import Process, Trainer, step_generator
from cuspworld.training.presets import Phase
from cuspworld.training.readout import has_numbers, train_readout
from cuspworld.training.run import open_folder

KEPT = "stages"  # a folder in the run's: the model as it was at a few steps, step by step, and the losses
_CHECKED = 4096  # moments that rank and errors are measured on
_HOW = (
    "record with actions: `cusp record WORLD -n 200 -o kicks.lance --actions random`, or "
    "`world.record(seed, actions=...)`, which takes one row a frame"
)


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
    history: int = 2
    embedding: int = 32
    channels: int = 16
    hidden: int = 256
    steps_ahead: int = 8  # a prediction is fed its own output: one step ahead alone drifts when planning
    prediction: float = 1.0  # weight
    sigreg: float = 10.0  # weight; at 1 the prediction (a share of what a step changes) shrinks all to a point
    inverse: float = 1.0  # weight; at 0 the rooms of eb_jepa (Meta, 2026) are solved 1 time in 100


@dataclass(frozen=True)
class Recordings:
    """Clips with actions in memory: uint8 frames (time, height, width, 3), and scaled actions (time, actions); row k
    acts between the frames k and k + 1."""

    frames: list[np.ndarray]
    actions: list[np.ndarray]
    names: tuple[str, ...]
    low: np.ndarray
    high: np.ndarray
    fps: float

    @classmethod
    def of(cls, clips: Sequence[Clip], limits: Mapping[str, tuple[float, float]] | None = None) -> Recordings:
        """Read them. `limits`: of each action; by default those of the clips' world, else what was seen.

        Raises CuspError for clips without actions, of several worlds, sizes or rates, NaN, or actions beyond limits.
        """
        if not len(clips):
            raise CuspError(f"there is no clip to learn dynamics from; {_HOW}")
        frames, actions = [], []
        first: tuple[object, ...] | None = None
        for index, clip in enumerate(clips):
            taken = None if clip.truth is None else clip.truth.action
            if clip.truth is None or taken is None or not taken.dtype.names:
                raise CuspError(f"clip {index} ({clip.caption[:40]!r}) has no actions; {_HOW}")
            alike = (clip.truth.world, taken.dtype.names, clip.frames.shape[1:3], float(clip.fps))
            first = first or alike
            if alike != first:
                raise CuspError(
                    f"clips must be of one world, size and rate: clip {index} is {alike}, clip 0 is {first}; "
                    "make a library of each"
                )
            table = np.stack([taken[name] for name in taken.dtype.names], axis=-1).astype(np.float64)
            if len(table) != len(clip.frames):
                raise CuspError(f"clip {index} has {len(table)} rows of actions for {len(clip.frames)} frames")
            if not np.isfinite(table).all():
                raise CuspError(f"clip {index} has actions that are NaN or infinite")
            frames.append(clip.frames)
            actions.append(table)
        assert first is not None
        world, names, _, fps = first
        every = np.concatenate(actions)
        if not np.ptp(every, axis=0).any():
            raise CuspError(f"no action was ever taken here ({', '.join(names)} never change); {_HOW}")  # type: ignore[arg-type]
        low, high = _limits(str(world), tuple(names), every, limits)  # type: ignore[arg-type]
        over = (every < low - 1e-6) | (every > high + 1e-6)
        if over.any():
            column = int(np.flatnonzero(over.any(0))[0])
            raise CuspError(f"the action {names[column]} leaves its range {low[column]:g} to {high[column]:g}")  # type: ignore[index]
        scale = np.maximum(np.maximum(np.abs(low), np.abs(high)), 1e-12)
        scaled = [(table / scale).astype(np.float32) for table in actions]
        return cls(frames, scaled, tuple(names), low, high, float(fps))  # type: ignore[arg-type]


def _limits(
    world: str, names: tuple[str, ...], every: np.ndarray, given: Mapping[str, tuple[float, float]] | None
) -> tuple[np.ndarray, np.ndarray]:
    known: dict[str, tuple[float, float]] = {}
    if given is not None:
        if missing := [name for name in names if name not in given]:
            raise CuspError(f"limits must name every action: {missing[0]} is missing")
        known = dict(given)
    elif world in worlds.names():
        known = {name: (low, high) for name, (_, low, high) in worlds.make(world).actions.items()}
    seen = zip(names, every.min(0), every.max(0), strict=True)
    pairs = [known.get(name, (float(low), float(high))) for name, low, high in seen]
    return np.array([low for low, _ in pairs]), np.array([high for _, high in pairs])


Windows = tuple[Tensor, Tensor, int]  # frames (b, t, h, w, 3) uint8, scaled actions (b, t - 1, actions), seed


class WindowBatches:
    """step -> windows of `length` frames: clips by length, starts at random, from seed and step alone."""

    def __init__(self, recordings: Recordings, length: int, batch: int, seed: int, device: str):
        self.recordings, self.length, self.batch, self.seed, self.device = recordings, length, batch, seed, device
        room = np.array([len(frames) - length + 1 for frames in recordings.frames])
        self.long = np.flatnonzero(room > 0)
        if not len(self.long):
            raise CuspError(
                f"clips must have {length} frames or more (history and steps ahead): the longest has "
                f"{length - 1 + int(room.max())}"
            )
        self.ends = np.cumsum(room[self.long])

    def __call__(self, step: int, process: Process) -> Windows:
        generator = step_generator(self.seed, step)
        picks = torch.randint(int(self.ends[-1]), (self.batch,), generator=generator).numpy()
        picks = picks[process.share(self.batch)]
        which = np.searchsorted(self.ends, picks, side="right")
        starts = picks - np.concatenate([[0], self.ends])[which]
        frames = np.stack(
            [self.recordings.frames[self.long[i]][s : s + self.length] for i, s in zip(which, starts, strict=True)]
        )
        actions = np.stack(
            [self.recordings.actions[self.long[i]][s : s + self.length - 1] for i, s in zip(which, starts, strict=True)]
        )
        seed = int(torch.randint(2**31, (1,), generator=generator)) + process.rank
        return torch.from_numpy(frames).to(self.device), torch.from_numpy(actions).to(self.device), seed


class JEPAObjective(nn.Module):
    """Windows -> loss: prediction + sigreg + inverse."""

    def __init__(self, model: JEPA, preset: DynamicsPreset):
        super().__init__()
        self.model, self.preset = model, preset

    def forward(self, batch: Windows) -> tuple[Float[Tensor, ""], dict[str, Tensor]]:
        frames, actions, seed = batch
        model, history = self.model, self.model.config.history
        z = model.of_frames(frames).float()  # (b, t, width)
        ahead = model.roll(z[:, :history], actions[:, history - 1 :])
        # As a share of "nothing changes": a step is small beside the spread, and so would be its gradient.
        still = (z[:, history:] - z[:, history - 1 : history]).square().mean().detach().clamp_min(1e-6)
        prediction = F.mse_loss(ahead, z[:, history:]) / still
        normal = sigreg(z.flatten(0, 1), seed)
        begin, end = _pairs(len(z), z.shape[1], history, seed)
        rows = torch.arange(len(z))[:, None]
        states = z[rows, begin[:, None] + torch.arange(1 - history, 1)]  # (b, history, width)
        sums = F.pad(actions.cumsum(1), (0, 0, 1, 0))  # (b, t, actions): of the actions before frame k
        between = sums[rows[:, 0], end] - sums[rows[:, 0], begin]
        inverse = F.smooth_l1_loss(model.read(states, z[rows[:, 0], end]), between)
        preset = self.preset
        loss = preset.prediction * prediction + preset.sigreg * normal + preset.inverse * inverse
        parts = {"prediction": prediction, "sigreg": normal, "inverse": inverse}
        return loss, {name: part.detach() for name, part in parts.items()}


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
    numbers (`LearnedWorld` wants one). All clips are held in memory.

    `held_out` clips measure it (the training clips, where there are none). `limits`: (least, largest) of each action,
    where the clips are of no registered world. Raises CuspError for clips without actions or unlike each other, for
    representations that collapsed, and if the folder holds another run.
    """
    preset = preset or DynamicsPreset()
    folder, process = Path(folder), Process.join()
    recordings = Recordings.of(clips, limits)
    checked = Recordings.of(held_out, limits) if len(held_out) else recordings
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
        model.set_actions(recordings.low, recordings.high)
        model.spread_out(*_some_steps(recordings))
        objective = JEPAObjective(model, preset).to(device)
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
        result = measure(model, checked, folder / "model")
        check_collapse(model, checked)
        if process.first:
            model.save_pretrained(result.model)
        if preset.readout is not None and has_numbers(clips):
            readout = train_readout(model, clips, folder, preset.readout, seed=seed, device=device, process=process)
            if process.first:
                readout.save_pretrained(result.model / READOUT)
        process.wait()
    return result


def measure(model: JEPA, recordings: Recordings, path: Path) -> DynamicsResult:
    """Rank and errors on windows of the recordings."""
    history = model.config.history
    longest = max(len(frames) for frames in recordings.frames)
    ahead = [steps for steps in (1, 4, 8) if history + steps <= longest]
    errors = {}
    with torch.inference_mode():
        for steps in ahead:
            frames, actions, _ = WindowBatches(recordings, history + steps, 256, 0, "cpu")(0, Process())
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
