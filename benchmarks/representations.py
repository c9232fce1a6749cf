"""What each objective represents: joint embedding, VAE, masked and denoising autoencoder, by the same encoder, from the
same clips, in the same number of steps, each seeing the same frames.

    python benchmarks/representations.py [--quick] [--worlds Collision Juice Candles] [--folder runs] [--save]

Probes are linear and the encoder is frozen: a probe that adapts the model destroys what it measures (PhyIP,
arXiv:2602.12218). Features are the embeddings of two frames in a row; a ridge regression on other clips of the recorded
range (its penalty by cross-validation over these clips) reads position, velocity, energy, count, size, and the outcome:
a number at the end, read in the middle third of a clip. R2 on clips that neither saw, in the mean over trainings;
`out`: the same of clips whose physics lies beyond the recorded range. Flicker: the brightness of what stands behind
everything changes at random from frame to frame: no action and no past decides it: a joint embedding has no use for it;
a picture has. Beside them: the same encoder untrained, and as many principal components of the pixels. "JE, low
frequencies" is told the pictures' lowest frequencies besides (`DynamicsPreset.frequencies`). Nothing is read while a
thing is out of the picture; pictures and actions alone teach. Intervals: a bootstrap over the judging clips and the
trainings. `error`: of the joint embeddings' prediction 8 steps ahead on those clips, as a share of what "nothing
changes" costs.
"""

from __future__ import annotations

import argparse
import json
import math
import tempfile
import time
from collections.abc import Callable, Iterator
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
from cuspworld.training.recordings import Recordings, WindowBatches, Windows, in_picture, low_frequencies
from learned_world import FIXED, table_of
from results import Table, add_argument

SIZE, WIDTH, BATCH, AHEAD, SECONDS, LOWEST = 32, 32, 16, 8, 3, 3
LOW = "JE, low frequencies"
# What is read: a column of the state, or of the conserved quantities; the outcome is read from the last frame.
PROBES: dict[str, dict[str, str]] = {
    "Collision": {
        "position": "ball_1_x", "velocity": "ball_1_velocity_x", "energy": "energy", "count": "ball_2_present",
        "outcome": "ball_1_x", "size": "ball_1_radius",
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
        LOW: lambda: JEPAObjective(model, replace(preset, sigreg=3.0), 3 * LOWEST * LOWEST),
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


def numbers(name: str, taught: Taught) -> dict[str, list[np.ndarray]]:
    """What is to be read at each frame from the second on, (moments,) of each clip, NaN where it is not asked."""
    found: dict[str, list[np.ndarray]] = {what: [] for what in (*PROBES[name], "flicker")}
    for clip, light in zip(taught.clips, taught.flicker, strict=True):
        assert clip.truth is not None
        for what, column in PROBES[name].items():
            names = clip.truth.state.dtype.names or ()
            row = clip.truth.state[column] if column in names else clip.truth.conserved[column]
            if what == "outcome":
                middle = np.abs(np.arange(len(row)) / len(row) - 0.5) < 1 / 6
                row = np.where(middle, row[-1], np.nan)
            found[what].append(np.where(in_picture(clip), np.asarray(row, float), np.nan)[1:])
        found["flicker"].append(light[1:])
    return found


def features(embed: Callable[[np.ndarray], np.ndarray], taught: Taught) -> list[np.ndarray]:
    """(moments, 2 width) of each clip: each frame from the second on, and what has changed since the one before."""
    pairs = []
    for clip in taught.clips:
        z = embed(clip.frames)
        pairs.append(np.concatenate([z[1:], z[1:] - z[:-1]], axis=1))
    return pairs


Sums = list[list[float]]  # of each clip: moments, what they are in sum and in squares, the squared errors of reading


def probe(
    x: list[np.ndarray], y: list[np.ndarray], others: list[tuple[list[np.ndarray], list[np.ndarray]]]
) -> list[Sums | None]:
    """Of a ridge regression on (x, y), clip by clip, the sums over other clips; None where the number does not vary."""
    asked = [np.isfinite(row) for row in y]
    if np.concatenate([row[k] for row, k in zip(y, asked, strict=True)]).std() < 1e-9:
        return [None] * len(others)
    every = np.concatenate(x)
    middle, spread = every.mean(0), every.std(0) + 1e-9
    clips = [(np.c_[(z[k] - middle) / spread, np.ones(k.sum())], row[k]) for z, row, k in zip(x, y, asked, strict=True)]

    def fitted(some: list[tuple[np.ndarray, np.ndarray]], penalty: float) -> np.ndarray:
        rows, wanted = np.concatenate([z for z, _ in some]), np.concatenate([row for _, row in some])
        return np.linalg.solve(rows.T @ rows + penalty * len(rows) * np.eye(rows.shape[1]), rows.T @ wanted)

    def off(penalty: float) -> float:
        left = 0.0
        for fold in range(4):
            weights = fitted([clip for k, clip in enumerate(clips) if k % 4 != fold], penalty)
            left += sum(float(((row - z @ weights) ** 2).sum()) for z, row in clips[fold::4])
        return left

    weights = fitted(clips, min((1e-3, 1e-2, 1e-1, 1.0), key=off))
    found: list[Sums | None] = []
    for seen, wanted in others:
        sums = []
        for z, row in zip(seen, wanted, strict=True):
            k = np.isfinite(row)
            told = np.c_[(z[k] - middle) / spread, np.ones(k.sum())] @ weights
            sums.append(
                [float(k.sum()), float(row[k].sum()), float((row[k] ** 2).sum()), float(((row[k] - told) ** 2).sum())]
            )
        found.append(sums)
    return found


def r2(sums: np.ndarray) -> float:
    """Of the sums (clips, 4); NaN where what is read does not vary."""
    moments, total, squares, left = sums.sum(0)
    spread = squares - total**2 / max(moments, 1)
    return float(1 - left / spread) if spread > 1e-6 * max(squares, 1e-12) else float("nan")


def around(trainings: list[Sums]) -> tuple[float | None, float | None, float | None]:
    """R2 in the mean over trainings, and the 95 % of a bootstrap over clips and trainings."""
    every, random = np.array(trainings), np.random.default_rng(0)  # (trainings, clips, 4)
    whole, draws = float(np.mean([r2(sums) for sums in every])), []
    if math.isnan(whole):
        return None, None, None
    for _ in range(500):
        which, clips = (random.integers(count, size=count) for count in every.shape[:2])
        draws.append(np.mean([r2(every[k][clips]) for k in which]))
    low, high = np.nanquantile(draws, (0.025, 0.975))
    return whole, float(low), float(high)


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
    parser.add_argument("--steps", type=int, default=1000)
    parser.add_argument("--seeds", type=int, default=3, help="trainings of joint embedding before the flicker")
    parser.add_argument("--others", type=int, default=1, help="trainings of all else")
    parser.add_argument("--without", nargs="*", default=[], help="objectives that are left out")
    parser.add_argument("--folder", type=Path, help="keep the sums there, and go on with those that are not there yet")
    add_argument(parser)
    arguments = parser.parse_args()
    count, steps = (6, 5) if arguments.quick else (arguments.clips, arguments.steps)
    seeds, others = (2, 1) if arguments.quick else (arguments.seeds, arguments.others)
    phase = Phase(steps, batch=BATCH, learning_rate=2e-3, weight_decay=1e-3)
    with tempfile.TemporaryDirectory() as aside, Table("representations", arguments.save) as table:
        folder = arguments.folder or Path(aside)
        folder.mkdir(parents=True, exist_ok=True)
        for name in arguments.worlds:
            known: list[list[tuple[int, Clip]]] = []  # recorded once for both backgrounds
            for flicker in (False, True):
                trainings = {"joint embedding": seeds if flicker else others, "VAE": others, LOW: others}
                trainings |= {"masked": others, "denoising": others, "untrained": others, "principal components": 1}
                trainings = {who: many for who, many in trainings.items() if who not in arguments.without}
                todo = [(who, seed) for who, many in trainings.items() for seed in range(many)]
                places = {each: folder / f"{name}-{flicker}-{each[0]}-{each[1]}-{count}-{steps}.json" for each in todo}
                if not all(place.is_file() for place in places.values()):
                    parts = (
                        ("train", 0, count), ("train", 10_000, max(4, 2 * count // 3)),
                        ("train", 20_000, max(3, count // 3)), ("out", 20_000, max(3, count // 3)),
                    )  # fmt: skip
                    known = known or [recorded(name, split, range(s, s + n)) for split, s, n in parts]
                    taught, probed, *judged = (lit(part, flicker) for part in known)
                    for (who, seed), place in places.items():
                        if not place.is_file():
                            place.write_text(
                                json.dumps(taught_and_read(name, who, seed, taught, probed, judged, phase))
                            )
                for who, many in trainings.items():
                    done = [json.loads(places[who, seed].read_text()) for seed in range(many)]
                    for row in summed(done):
                        table.add({"world": name, "behind": "flicker" if flicker else "plain", "objective": who, **row})


def taught_and_read(
    name: str, who: str, seed: int, taught: Taught, probed: Taught, judged: list[Taught], phase: Phase
) -> dict[str, Any]:
    """The sums of every number, in and out of range, and what the training came to."""
    recordings = Recordings.of(taught.clips)
    model, began = fresh(recordings, seed), time.process_time()
    if who in objectives(model):
        if who == LOW:
            recordings = replace(recordings, numbers=low_frequencies(recordings.frames, LOWEST))
        elif who == "joint embedding":
            recordings = replace(recordings, numbers=[rows[:, :0] for rows in recordings.numbers])
        train(objectives(model)[who](), recordings, phase, seed)
    model.eval()
    cost = time.process_time() - began
    embed: Callable[[np.ndarray], np.ndarray] = lambda seen: model.embed(seen).numpy()  # noqa: E731
    if who == "principal components":
        embed = principal(np.concatenate([clip.frames[::3] for clip in taught.clips]))
    x, wanted = features(embed, probed), numbers(name, probed)
    others = [(features(embed, part), numbers(name, part)) for part in judged]
    read = {what: probe(x, y, [(z, rows[what]) for z, rows in others]) for what, y in wanted.items()}
    return {
        "read": read, "RankMe": rank_me(torch.from_numpy(np.concatenate(x)[:, :WIDTH])), "cost": cost,
        "error": foretold(model, judged[0].clips) if who in ("joint embedding", LOW) else None,
    }  # fmt: skip


@torch.inference_mode()
def foretold(model: JEPA, clips: list[Clip]) -> float:
    """The error of the embedding `AHEAD` steps on from the tenth frame, over that of "nothing changes"."""
    far, still = 0.0, 0.0
    for clip in clips:
        z, actions = model.embed(clip.frames), torch.from_numpy(table_of(clip)).float()
        told = model.predict(model.encode(clip.frames[:10]), actions[None, 9 : 9 + AHEAD])[0, -1]
        far += float((told - z[9 + AHEAD]).square().mean())
        still += float((z[9] - z[9 + AHEAD]).square().mean())
    return far / still


def summed(done: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """A row for each number, of one or more trainings."""

    def mean(what: str) -> float | None:
        return None if done[0][what] is None else float(np.mean([each[what] for each in done]))

    for what in ("position", "velocity", "energy", "count", "outcome", "size", "flicker"):
        if what not in done[0]["read"] or done[0]["read"][what][0] is None:
            continue
        inside, out = (around([each["read"][what][k] for each in done]) for k in (0, 1))
        yield {
            "read": what, "R2": inside[0], "95 % from": inside[1], "to": inside[2],
            "out": out[0], "out, 95 % from": out[1], "out, to": out[2], "trainings": len(done),
            "RankMe": mean("RankMe"), "error": mean("error"), "CPU s": mean("cost"),
        }  # fmt: skip


if __name__ == "__main__":
    main()
