"""One training loop for every phase: batches by step number, EMA, checkpoints written whole, exact resume, many
processes.

The batch of a step depends on the seed and the step alone, so a resumed run sees what an uninterrupted one would have
seen. With several processes (`accelerate launch`, `torchrun`) each takes its share of the same global batch.
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import torch.distributed as distributed
from torch import Tensor, nn

from cuspworld.errors import CuspError
from cuspworld.files import written_whole
from cuspworld.models import load_into, read_tensors, write_tensors
from cuspworld.progress import progress_bar
from cuspworld.training.optimizer import Muon
from cuspworld.training.presets import Phase

Batch = Any
_STEP = "loop.step"
_MOMENTS = ("step", "exp_avg", "exp_avg_sq", "momentum")  # of AdamW and Muon


@dataclass(frozen=True)
class Process:
    """This process among those that train together."""

    rank: int = 0
    count: int = 1

    @classmethod
    def join(cls) -> Process:
        """Join the group that accelerate or torchrun started (Gloo on CPU, NCCL on CUDA); alone where there is none."""
        if int(os.environ.get("WORLD_SIZE", "1")) == 1:
            return cls()
        if not distributed.is_initialized():
            distributed.init_process_group("nccl" if torch.cuda.is_available() else "gloo")
        return cls(distributed.get_rank(), distributed.get_world_size())

    @property
    def first(self) -> bool:
        return self.rank == 0

    def wait(self) -> None:
        if self.count > 1:
            distributed.barrier()

    def share(self, batch: int) -> slice:
        """This process's rows of a global batch. Raises CuspError if it cannot be shared evenly."""
        if batch % self.count:
            raise CuspError(f"a batch of {batch} cannot be shared by {self.count} processes: take a multiple")
        each = batch // self.count
        return slice(self.rank * each, (self.rank + 1) * each)


def step_generator(seed: int, step: int) -> torch.Generator:
    """The randomness of one step, the same after a resume. The golden-ratio multiplier keeps seeds and steps apart."""
    return torch.Generator().manual_seed((seed * 0x9E3779B97F4A7C15 + step + 1) % 2**63)


def learning_rate(phase: Phase, step: int) -> float:
    """Linear warm-up, then a cosine to nearly zero at the last step."""
    if step < phase.warmup:
        return phase.learning_rate * (step + 1) / phase.warmup
    progress = (step - phase.warmup) / max(1, phase.steps - phase.warmup)
    return phase.learning_rate * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * min(1.0, progress))))


STAGES = (0, 1, 3, 10, 30, 100)  # per cent of the steps


class Trainer:
    """Trains `objective` (batch -> loss, {name: number}) and keeps an exponential average of its weights."""

    def __init__(
        self,
        name: str,
        objective: nn.Module,
        batch: Callable[[int, Process], Batch],
        phase: Phase,
        folder: Path,
        *,
        process: Process,
        bfloat16: bool,
        on_sample: Callable[[int], None] | None = None,
        on_stage: Callable[[int], None] | None = None,
    ):
        self.name, self.objective, self.batch, self.phase, self.folder = name, objective, batch, phase, folder
        self.process, self.on_sample, self.on_stage = process, on_sample, on_stage
        self.stages = {phase.steps * share // 100 for share in STAGES}
        self.parameters = {n: p for n, p in objective.named_parameters() if p.requires_grad}
        self.device = next(iter(self.parameters.values())).device
        self.bfloat16 = bfloat16
        self.average = {n: p.detach().clone() for n, p in self.parameters.items()}
        options: dict[str, Any] = {"lr": 0.0, "betas": (0.9, 0.99), "weight_decay": phase.weight_decay}
        self.optimizer = self._muon(options) if phase.muon else torch.optim.AdamW(self.parameters.values(), **options)
        self.step = 0
        self.losses: list[tuple[int, float]] = []

    def _muon(self, options: dict[str, Any]) -> Muon:
        """Muon, with AdamW's step for tables of embeddings: most of their rows have no gradient at a step."""
        tables = {id(m.weight) for m in self.objective.modules() if isinstance(m, nn.Embedding)}
        groups: list[dict[str, Any]] = [
            {"params": [p for p in self.parameters.values() if (id(p) in tables) != matrix], "orthogonal": matrix}
            for matrix in (True, False)
        ]
        return Muon([group for group in groups if group["params"]], bfloat16=self.bfloat16, **options)

    @property
    def checkpoint(self) -> Path:
        return self.folder / f"{self.name}.checkpoint.safetensors"

    def save(self) -> None:
        """Weights, averages, optimizer moments, step and loss curve in one safetensors file, written whole."""
        tensors: dict[str, Tensor] = {
            _STEP: torch.tensor(self.step),
            "loop.losses": torch.tensor(self.losses).view(-1, 2),
        }
        for name, parameter in self.parameters.items():
            tensors[f"weight.{name}"] = parameter
            tensors[f"average.{name}"] = self.average[name]
            for key, value in self.optimizer.state.get(parameter, {}).items():
                tensors[f"optimizer.{key}.{name}"] = torch.as_tensor(value)
        with written_whole(self.checkpoint) as aside:
            write_tensors(aside, tensors)

    def resume(self) -> None:
        """Continue from the checkpoint if there is one. Raises CuspError if it is of another model."""
        if not self.checkpoint.exists():
            return
        tensors = read_tensors(self.checkpoint)
        if _STEP not in tensors:
            raise CuspError(f"{self.checkpoint} is not a training checkpoint")
        weights = {n.removeprefix("weight."): t for n, t in tensors.items() if n.startswith("weight.")}
        state = self.objective.state_dict()
        load_into(self.objective, {n: weights.get(n, t) for n, t in state.items()} | weights, self.checkpoint)
        for name, parameter in self.parameters.items():
            if name not in weights:
                raise CuspError(f"{self.checkpoint} lacks {name}: it is of another preset; start a new run folder")
            self.average[name] = tensors[f"average.{name}"].to(self.device)
            moments = {k: tensors[f"optimizer.{k}.{name}"] for k in _MOMENTS if f"optimizer.{k}.{name}" in tensors}
            if moments:
                self.optimizer.state[parameter] = {
                    k: moment if k == "step" else moment.to(self.device) for k, moment in moments.items()
                }
        self.step = int(tensors[_STEP])
        self.losses = [(int(step), float(loss)) for step, loss in tensors["loop.losses"]]

    def use_average(self) -> None:
        """Put the averaged weights into the objective: what is saved as the model."""
        with torch.no_grad():
            for name, parameter in self.parameters.items():
                parameter.copy_(self.average[name])

    def run(self) -> None:
        """Train to the last step. Ctrl-C saves a checkpoint first."""
        phase = self.phase
        objective = nn.parallel.DistributedDataParallel(self.objective) if self.process.count > 1 else self.objective
        writer = _tensorboard(self.folder / "logs" / self.name) if self.process.first else None
        with progress_bar(self.name, "steps", shown=self.process.first) as move:
            started, started_step = time.monotonic(), self.step
            try:
                if self.step == 0:
                    self._stage()
                while self.step < phase.steps:
                    loss, numbers = self._train_step(objective)
                    move(self.step, phase.steps, f"loss {loss:.4f}")
                    if self.step % phase.log_every == 0 or self.step == phase.steps:
                        self.losses.append((self.step, loss))
                        rate = (self.step - started_step) / (time.monotonic() - started)
                        if writer:
                            for key, value in {"loss": loss, **numbers, "steps_per_second": rate}.items():
                                writer.add_scalar(key, value, self.step)
                    self._stage()
                    if self.process.first:
                        if self.step % phase.save_every == 0 or self.step == phase.steps:
                            self.save()
                        if self.on_sample and (self.step % phase.sample_every == 0 or self.step == phase.steps):
                            draw_losses(self.folder / f"{self.name}_loss.png", self.name, self.losses)
                            self._averaged(self.on_sample)
            except KeyboardInterrupt:
                if self.process.first:
                    self.save()
                raise
            finally:
                if writer:
                    writer.close()
        self.process.wait()

    def _train_step(self, objective: nn.Module) -> tuple[float, dict[str, float]]:
        phase = self.phase
        for group in self.optimizer.param_groups:
            group["lr"] = learning_rate(phase, self.step)
        batch = self.batch(self.step, self.process)
        autocast = torch.autocast(self.device.type, torch.bfloat16) if self.bfloat16 else nullcontext()
        with autocast:
            loss, numbers = objective(batch)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        norm = nn.utils.clip_grad_norm_(self.parameters.values(), phase.clip)
        if not torch.isfinite(norm):
            raise CuspError(f"{self.name} step {self.step}: the gradient is not finite; lower the learning rate")
        self.optimizer.step()
        decay = min(phase.ema, (1 + self.step) / (10 + self.step))
        with torch.no_grad():
            for name, parameter in self.parameters.items():
                self.average[name].lerp_(parameter, 1 - decay)
        self.step += 1
        value = loss.detach()
        if self.process.count > 1:
            distributed.all_reduce(value)
            value = value / self.process.count
        return float(value), {"gradient_norm": float(norm), **{k: float(v) for k, v in numbers.items()}}

    def _stage(self) -> None:
        """At a few steps what training looks like from within can be kept."""
        if self.process.first and self.on_stage and self.step in self.stages:
            self._averaged(self.on_stage)

    def _averaged(self, call: Callable[[int], None]) -> None:
        """Call it with the step and the averaged weights in place, then put the training weights back."""
        now = {name: parameter.detach().clone() for name, parameter in self.parameters.items()}
        self.use_average()
        try:
            call(self.step)
        finally:
            with torch.no_grad():
                for name, parameter in self.parameters.items():
                    parameter.copy_(now[name])


def _tensorboard(folder: Path) -> Any:
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        return None  # an extra; the loss curve is drawn without it
    return SummaryWriter(folder)


def draw_losses(path: Path, title: str, losses: list[tuple[int, float]]) -> None:
    """The loss curve as a PNG, written whole."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6, 3.5), layout="constrained")
    axes = figure.subplots()
    axes.plot([s for s, _ in losses], [v for _, v in losses], color="#2b6cb0", linewidth=1)
    scale = "log" if all(value > 0 for _, value in losses) else "linear"
    axes.set(title=f"{title} loss", xlabel="step", ylabel="loss", yscale=scale)
    axes.grid(alpha=0.3)
    with written_whole(path) as aside:
        figure.savefig(aside, dpi=120)
