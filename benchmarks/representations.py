"""What each objective represents: joint embedding, VAE, masked and denoising autoencoder, by the same encoder, from the
same clips, in the same number of steps, each seeing the same frames.

    python benchmarks/representations.py [--quick] [--worlds Collision Juice Candles] [--folder runs] [--save]

Probes are linear and the encoder is frozen: a probe that adapts the model destroys what it measures (PhyIP,
arXiv:2602.12218). Features are the embeddings of two frames in a row; a ridge regression on other clips of the recorded
range reads position, velocity, energy, count, and the outcome: a number at the end, read at a third of the clip.
R2 on clips that neither saw; `out`: the same of clips whose physics lies beyond the recorded range. Flicker: the
brightness of what stands behind everything changes at random from frame to frame: no action and no past decides it: a
joint embedding has no use for it; a picture has. Beside them: the same encoder untrained, and as many principal
components of the pixels. Nothing is read while a thing is out of the picture; pictures and actions alone teach.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from cuspworld import worlds
from cuspworld.clip import Clip
from cuspworld.dynamics.jepa import JEPA, JEPAConfig
from cuspworld.dynamics.readout import Readout, ReadoutConfig
from cuspworld.dynamics.regularizer import rank_me
from cuspworld.training.dynamics import DynamicsPreset, JEPAObjective
from cuspworld.training.loop import Process
from cuspworld.training.presets import Phase
from cuspworld.training.recordings import Recordings, WindowBatches, Windows, in_picture
from learned_world import FIXED
from results import Table, add_argument

SIZE, WIDTH, BATCH, AHEAD, SECONDS = 32, 32, 16, 8, 3
# What is read: a column of the state, or of the conserved quantities; the outcome is read from the last frame.
PROBES: dict[str, dict[str, str]] = {
    "Collision": {
        "position": "ball_1_x", "velocity": "ball_1_velocity_x", "energy": "energy", "count": "ball_2_present",
        "outcome": "ball_1_x",
    },
    "Juice": {
        "position": "glass_x", "velocity": "glass_angular_velocity", "energy": "energy", "outcome": "liquid_inside",
    },
    "Candles": {"energy": "energy", "count": "lit", "outcome": "lit"},
}  # fmt: skip


@dataclass(frozen=True)
class Taught:
    """Clips, and the brightness that was added behind each frame."""

    clips: list[Clip]
    flicker: list[np.ndarray]


def recorded(name: str, split: str, seeds: range) -> list[tuple[int, Clip]]:
    """Seeds, and their clips of random actions."""
    world = worlds.make(name, split=split, **FIXED.get(name, {}))
    return [(seed, world.record(seed, seconds=SECONDS, size=SIZE, actions="random")) for seed in seeds]


def lit(known: list[tuple[int, Clip]], flicker: bool) -> Taught:
    """With `flicker`, what no mask covers is brighter or darker by up to 40 grey levels."""
    clips, added = [], []
    for seed, clip in known:
        light = np.random.default_rng((seed, 5)).uniform(-40, 40, len(clip)) * flicker
        assert clip.truth is not None and clip.truth.masks is not None
        behind = (clip.truth.masks == 0)[..., None]
        seen = clip.frames + behind * light[:, None, None, None]
        clips.append(replace(clip, frames=np.clip(seen, 0, 255).round().astype(np.uint8)))
        added.append(light)
    return Taught(clips, added)


class Autoencoder(nn.Module):
    """The frames of windows -> loss. `spoil` takes normalised pictures and returns what is seen and where it counts."""

    def __init__(self, model: JEPA, spoil: Callable[[Tensor, torch.Generator], tuple[Tensor, Tensor]], kl: float = 0.0):
        super().__init__()
        self.model, self.spoil, self.kl = model, spoil, kl
        config = model.config
        shape = ReadoutConfig("", ("none",), config.height, config.width, 1, config.embedding)
        self.decoder, self.spread = Readout(shape), nn.Linear(config.embedding, config.embedding)
        self.decoder.usual.copy_(model.usual)
        self.decoder.contrast.copy_(model.contrast)

    def forward(self, batch: Windows) -> tuple[Tensor, dict[str, Tensor]]:
        frames, seed = batch.frames, batch.seed
        generator = torch.Generator().manual_seed(seed)
        seen = (frames.flatten(0, 1).movedim(-1, 1).float() - self.model.usual) / self.model.contrast  # (n, 3, h, w)
        spoilt, counts = self.spoil(seen, generator)
        mean, loss = self.model.encoder(spoilt), torch.zeros(())
        z = mean
        if self.kl:
            log_variance = self.spread(mean).clamp(-8, 4)
            z = mean + (log_variance / 2).exp() * torch.randn(mean.shape, generator=generator)
            loss = self.kl * 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).sum(1).mean()
        told = (self.decoder.pictures(z) - self.model.usual) / self.model.contrast
        loss = loss + ((told - seen).square() * counts).sum() / counts.expand_as(seen).sum()
        return loss, {}


def whole(seen: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    return seen, torch.ones(())


def masked(seen: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Three quarters of the patches of 4 pixels a side are as usual; what is hidden counts."""
    side = SIZE // 4
    hidden = (torch.rand(len(seen), 1, side, side, generator=generator) < 0.75).float()
    hidden = F.interpolate(hidden, scale_factor=4)
    return seen * (1 - hidden), hidden


def noisy(seen: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    return seen + torch.randn(seen.shape, generator=generator), torch.ones(())


def objectives(model: JEPA) -> dict[str, Callable[[], nn.Module]]:
    preset = DynamicsPreset(embedding=WIDTH, steps_ahead=AHEAD, sigreg=10.0)
    pixels = 3 * SIZE * SIZE
    return {
        "joint embedding": lambda: JEPAObjective(model, preset),
        "VAE": lambda: Autoencoder(model, whole, kl=1 / pixels),
        "masked": lambda: Autoencoder(model, masked),
        "denoising": lambda: Autoencoder(model, noisy),
    }


def fresh(taught: Recordings, seed: int) -> JEPA:
    torch.manual_seed(seed)
    model = JEPA(JEPAConfig(SIZE, SIZE, taught.fps, taught.names, 2, WIDTH))
    model.set_actions(taught.low, taught.high, taught.usual)
    before = np.concatenate([frames[:-1:3] for frames in taught.frames])
    model.spread_out(before, np.concatenate([frames[1::3] for frames in taught.frames]))
    return model


def train(objective: nn.Module, recordings: Recordings, phase: Phase, seed: int) -> None:
    batches = WindowBatches(recordings, 2 + AHEAD, phase.batch, seed, "cpu")
    optimizer = torch.optim.AdamW(objective.parameters(), lr=phase.learning_rate, weight_decay=phase.weight_decay)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, phase.learning_rate, total_steps=phase.steps)
    for step in range(phase.steps):
        loss, _ = objective(batches(step, Process()))
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(objective.parameters(), phase.clip)
        optimizer.step()
        schedule.step()


def numbers(name: str, taught: Taught) -> dict[str, np.ndarray]:
    """What is to be read at each frame from the second on, (moments,), NaN where it is not asked."""
    found: dict[str, list[np.ndarray]] = {what: [] for what in (*PROBES[name], "flicker")}
    for clip, light in zip(taught.clips, taught.flicker, strict=True):
        assert clip.truth is not None
        for what, column in PROBES[name].items():
            names = clip.truth.state.dtype.names or ()
            row = clip.truth.state[column] if column in names else clip.truth.conserved[column]
            if what == "outcome":
                row = np.where(np.arange(len(row)) == len(row) // 3, row[-1], np.nan)
            found[what].append(np.where(in_picture(clip), np.asarray(row, float), np.nan)[1:])
        found["flicker"].append(light[1:])
    return {what: np.concatenate(rows) for what, rows in found.items()}


def features(embed: Callable[[np.ndarray], np.ndarray], taught: Taught) -> np.ndarray:
    """(moments, 2 width): each frame from the second on, and what has changed since the one before."""
    pairs = []
    for clip in taught.clips:
        z = embed(clip.frames)
        pairs.append(np.concatenate([z[1:], z[1:] - z[:-1]], axis=1))
    return np.concatenate(pairs)


def probe(x: np.ndarray, y: np.ndarray, others: list[tuple[np.ndarray, np.ndarray]]) -> list[float | None]:
    """R2 of a ridge regression on (x, y) for other moments; None where the number does not vary."""
    asked = np.isfinite(y)
    x, y = x[asked], y[asked]
    if y.std() < 1e-9:
        return [None] * len(others)
    middle, spread = x.mean(0), x.std(0) + 1e-9
    rows = np.c_[(x - middle) / spread, np.ones(len(x))]
    weights = np.linalg.solve(rows.T @ rows + 1e-2 * len(rows) * np.eye(rows.shape[1]), rows.T @ y)
    found: list[float | None] = []
    for other, wanted in others:
        kept = np.isfinite(wanted)
        left = wanted[kept] - np.c_[(other[kept] - middle) / spread, np.ones(kept.sum())] @ weights
        found.append(1 - float((left**2).mean() / max(wanted[kept].var(), 1e-12)))
    return found


def principal(frames: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    flat = frames.reshape(len(frames), -1).astype(np.float32)
    middle = flat.mean(0)
    axes = torch.pca_lowrank(torch.from_numpy(flat - middle), WIDTH, center=False)[2].numpy()
    return lambda seen: (seen.reshape(len(seen), -1) - middle) @ axes


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="few clips, short training: does it run?")
    parser.add_argument("--worlds", nargs="+", default=list(PROBES), choices=list(PROBES))
    parser.add_argument("--clips", type=int, default=150, help="that teach; two thirds as many teach the probes")
    parser.add_argument("--steps", type=int, default=500)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--folder", type=Path, help="keep the rows there, and go on with those that are not there yet")
    add_argument(parser)
    arguments = parser.parse_args()
    count, steps = (6, 5) if arguments.quick else (arguments.clips, arguments.steps)
    phase = Phase(steps, batch=BATCH, learning_rate=2e-3, weight_decay=1e-3)
    with Table("representations", arguments.save) as table:
        for name in arguments.worlds:
            known: list[list[tuple[int, Clip]]] = []  # recorded once for both backgrounds
            for flicker in (False, True):
                todo = ["joint embedding", "VAE", "masked", "denoising", "untrained", "principal components"]
                kept = {}
                if arguments.folder is not None:
                    arguments.folder.mkdir(parents=True, exist_ok=True)
                    place = arguments.folder / f"{name}{'-flicker' if flicker else ''}.json"
                    kept = json.loads(place.read_text()) if place.is_file() else {}
                if set(todo) - set(kept):
                    parts = (
                        ("train", 0, count), ("train", 10_000, max(3, 2 * count // 3)),
                        ("train", 20_000, max(3, count // 3)), ("out", 20_000, max(3, count // 3)),
                    )  # fmt: skip
                    known = known or [recorded(name, split, range(s, s + n)) for split, s, n in parts]
                    taught, probed, *judged = (lit(part, flicker) for part in known)
                    recordings = Recordings.of(taught.clips)
                for who in todo:
                    if who not in kept:
                        model, began = fresh(recordings, arguments.seed), time.process_time()
                        if who in objectives(model):
                            train(objectives(model)[who](), recordings, phase, arguments.seed)
                        model.eval()
                        cost = time.process_time() - began
                        embed: Callable[[np.ndarray], np.ndarray] = lambda seen, model=model: model.embed(seen).numpy()  # noqa: E731
                        if who == "principal components":
                            embed = principal(np.concatenate([clip.frames[::3] for clip in taught.clips]))
                        kept[who] = measured(name, who, flicker, embed, probed, judged, cost)
                        if arguments.folder is not None:
                            place.write_text(json.dumps(kept))
                    table.add(kept[who])


def measured(
    name: str, who: str, flicker: bool, embed: Callable[[np.ndarray], np.ndarray], probed: Taught, judged: list[Taught],
    cost: float,
) -> dict[str, Any]:  # fmt: skip
    """A row: R2 in and out of range of every number."""
    x, wanted = features(embed, probed), numbers(name, probed)
    others = [(features(embed, taught), numbers(name, taught)) for taught in judged]
    row: dict[str, Any] = {"world": name, "behind": "flicker" if flicker else "plain", "objective": who}
    for what in ("position", "velocity", "energy", "count", "outcome", "flicker"):
        found = [None, None]
        if what in wanted:
            found = probe(x, wanted[what], [(z, y[what]) for z, y in others])
        row[what] = found[0]
        if what != "flicker":
            row[f"{what}, out"] = found[1]
    return {**row, "RankMe": rank_me(torch.from_numpy(x[:, :WIDTH])), "CPU s": cost}


if __name__ == "__main__":
    main()
