"""1 to 16 steps ahead: the learned world beside the last frame, constant velocity, a VAE with a predictor, and a pixel
model in the manner of DIAMOND, taught by the same clips for as many CPU seconds.

    python benchmarks/horizons.py [--quick] [--seconds 240] [--folder runs] [--save]

All tell the same held-out clips of Collision with random kicks again, from frame 6 on, as pictures, and see four frames
before. One reader, a network that was taught on true pictures and belongs to no rival, reads the world's numbers from
what each of them draws: the error is squared, as a share of the numbers' variance, while the balls are in the picture.
Beside it the pictures' own (PSNR). Floor: the reader on the true pictures. Constant velocity has no picture: it is told
the *true* numbers and carries the places on; the last frame as numbers is true too. `latent`: the learned models' own
error, as a share of what "nothing changes" costs. The split `out`: radii, speeds, restitution and offset beyond the
recorded ones. Intervals are a bootstrap over clips; `above ours`: a rival's error less that of the learned world
told the numbers, 8 steps ahead, clip by clip (above 0: ours is better).

Ours is taught in three ways: by joint embedding alone; told the pictures' lowest frequencies besides
(`DynamicsPreset.frequencies`); told the world's numbers. Encoder and predictor have 55 % of the time, the predictor
alone 25 %, what draws 20 %. VAE: the same encoder, predictor and painter, learned from pictures, or told the world's
numbers by the same linear map and weight as ours. Pixels: a denoiser that is given four frames and the action (Alonso
et al. 2024, arXiv:2405.12399: EDM's preconditioning, three Euler steps), with as many weights.
"""

from __future__ import annotations

import argparse
import math
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from cuspworld.clip import Clip
from cuspworld.dynamics.encoder import encoder_of
from cuspworld.dynamics.jepa import JEPA, JEPAConfig
from cuspworld.dynamics.readout import Readout, ReadoutConfig
from cuspworld.training.dynamics import DynamicsPreset, JEPAObjective
from cuspworld.training.loop import Process, step_generator
from cuspworld.training.recordings import Recordings, WindowBatches, in_picture, low_frequencies, rows_of
from learned_world import AHEAD, SIZE, START, recorded, table_of
from results import Table, add_argument

NAME, PAST, EULER = "Collision", 4, 3
OURS = "learned world, told the numbers"
Teller = Callable[[np.ndarray, Tensor], Tensor]  # frames so far, scaled actions (1, n, 2) -> pictures (n, 3, h, w)


def fit(parameters: Iterable[nn.Parameter], seconds: float, loss: Callable[[int], Tensor], rate: float = 2e-3) -> float:
    """AdamW for so many CPU seconds, a rising and then a falling rate; the seconds it took."""
    kept, began, step = list(parameters), time.process_time(), 0
    optimizer = torch.optim.AdamW(kept, lr=rate, weight_decay=1e-3, betas=(0.9, 0.99))
    while (done := (time.process_time() - began) / seconds) < 1:
        for group in optimizer.param_groups:
            group["lr"] = rate * min(1.0, 0.04 + done / 0.1) * 0.5 * (1 + math.cos(math.pi * done))
        value = loss(step)
        optimizer.zero_grad()
        value.backward()
        nn.utils.clip_grad_norm_(kept, 1.0)
        optimizer.step()
        step += 1
    return time.process_time() - began


class Reader(nn.Module):
    """Two pictures in a row (n, 2, 3, h, w), in grey levels -> the numbers that vary, in spreads."""

    def __init__(self, columns: int):
        super().__init__()
        self.encoder = encoder_of(SIZE, SIZE, 16, 256, 64, 32)
        self.head = nn.Sequential(nn.Linear(128, 256), nn.SiLU(), nn.Linear(256, columns))

    def forward(self, pair: Tensor) -> Tensor:
        z = self.encoder((pair.flatten(0, 1) - 220) / 40).unflatten(0, pair.shape[:2])
        return self.head(torch.cat([z[:, 1], 10 * (z[:, 1] - z[:, 0])], dim=1))


def reader_of(recordings: Recordings, seconds: float) -> Reader:
    torch.manual_seed(7)
    reader, batches = Reader(recordings.numbers[0].shape[1]), WindowBatches(recordings, 2, 128, 7, "cpu")

    def loss(step: int) -> Tensor:
        frames, _, numbers, _ = batches(step, Process())
        wanted = numbers[:, 1]
        told = reader(frames.movedim(-1, 2).float())
        return F.smooth_l1_loss(told * wanted.isfinite(), wanted.nan_to_num())

    fit(reader.parameters(), seconds, loss, 4e-3)
    return reader.eval()


def blank(recordings: Recordings, seed: int) -> tuple[JEPA, Readout]:
    """An untrained model, and what draws its embeddings."""
    torch.manual_seed(seed)
    model = JEPA(JEPAConfig(SIZE, SIZE, recordings.fps, recordings.names, PAST))
    model.set_actions(recordings.low, recordings.high, recordings.usual)
    before = np.concatenate([frames[:-1:9] for frames in recordings.frames])
    model.spread_out(before, np.concatenate([frames[1::9] for frames in recordings.frames]))
    painter = Readout(ReadoutConfig("", ("none",), SIZE, SIZE, 1, model.config.embedding))
    painter.usual.copy_(model.usual)
    painter.contrast.copy_(model.contrast)
    return model, painter


def ours(recordings: Recordings, seconds: float, told: str, far: int, seed: int) -> tuple[JEPA, Readout, float]:
    """`told`: "nothing", "low frequencies" or "numbers"."""
    model, painter = blank(recordings, seed)
    preset = DynamicsPreset(history=PAST, far=far, numbers=0.0 if told == "nothing" else 10.0)
    preset = replace(preset, sigreg=10.0) if told == "nothing" else preset
    if told == "low frequencies":
        recordings = replace(recordings, numbers=low_frequencies(recordings.frames, 3))
    objective = JEPAObjective(model, preset, recordings.numbers[0].shape[1] if preset.numbers else 0)
    windows = WindowBatches(recordings, PAST + preset.steps_ahead, 48, seed, "cpu")
    cost = fit(objective.parameters(), 0.55 * seconds, lambda step: objective(windows(step, Process()))[0], 4e-3)
    cost += predictor_alone(model, objective, recordings, 0.25 * seconds, preset, seed)
    every = np.concatenate(recordings.frames)
    z = torch.cat([model.embed(frames) for frames in recordings.frames]).clone()

    def drawn(step: int) -> Tensor:
        picks = torch.randint(len(z), (96,), generator=step_generator(seed, step))
        seen = torch.from_numpy(every[picks.numpy()]).movedim(-1, 1).float()
        return F.mse_loss(painter.pictures(z[picks]), seen) / model.contrast.square()

    cost += fit(painter.parameters(), 0.2 * seconds, drawn)
    return model.eval(), painter.eval(), cost


def predictor_alone(
    model: JEPA, objective: JEPAObjective, recordings: Recordings, seconds: float, preset: DynamicsPreset, seed: int
) -> float:
    """On the finished embeddings, as `training.dynamics` goes on; the CPU seconds."""
    z = [model.embed(frames).numpy().copy() for frames in recordings.frames]
    model.encoder.requires_grad_(False)
    windows = WindowBatches(replace(recordings, frames=z), PAST + preset.far, 128, seed + 2, "cpu")
    parameters = [p for p in objective.parameters() if p.requires_grad]
    return fit(parameters, seconds, lambda step: objective(windows(step, Process()))[0])


def vae(recordings: Recordings, seconds: float, told: bool, far: int, seed: int) -> tuple[JEPA, Readout, float]:
    """The encoder and the painter as a variational autoencoder; then, for a quarter of the time, the predictor on its
    frozen means."""
    model, painter = blank(recordings, seed)
    preset = DynamicsPreset(history=PAST, far=far, numbers=10.0 if told else 0.0)
    objective = JEPAObjective(model, preset, recordings.numbers[0].shape[1] if told else 0)
    spread, length = nn.Linear(32, 32), PAST if told else 1
    batches = WindowBatches(recordings, length, 96 // length, seed, "cpu")

    def loss(step: int) -> Tensor:
        frames, _, numbers, draw = batches(step, Process())
        seen = frames.flatten(0, 1).movedim(-1, 1).float()
        mean = model.of_frames(frames.flatten(0, 1))
        log_variance = spread(mean).clamp(-8, 4)
        noise = torch.randn(mean.shape, generator=torch.Generator().manual_seed(draw))
        drawn = painter.pictures(mean + (log_variance / 2).exp() * noise)
        kl = 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).sum(1).mean()
        value = F.mse_loss(drawn, seen) / model.contrast.square() + kl / (3 * SIZE * SIZE)
        if objective.linear is not None:
            wanted = numbers[:, -1]
            read = objective.linear(model.seen(mean.unflatten(0, frames.shape[:2])))
            value = value + preset.numbers * F.smooth_l1_loss(read * wanted.isfinite(), wanted.nan_to_num())
        return value

    parameters = [*model.encoder.parameters(), *painter.parameters(), *spread.parameters()]
    parameters += [] if objective.linear is None else list(objective.linear.parameters())
    cost = fit(parameters, 0.75 * seconds, loss)
    z = [model.embed(frames).numpy() for frames in recordings.frames]
    model.stride.copy_(torch.from_numpy(np.concatenate([np.diff(x, axis=0) for x in z])).square().mean().sqrt())
    return (
        model.eval(),
        painter.eval(),
        cost + predictor_alone(model, objective, recordings, 0.25 * seconds, preset, seed),
    )


class Denoiser(nn.Module):
    """The next picture from a noisy one, four before it and the action: a small U-Net on patches of 2 pixels a side."""

    def __init__(self, actions: int, channels: int = 48):
        super().__init__()
        c = channels
        self.sizes = (c, 128, 128, 128)
        self.told = nn.Sequential(nn.Linear(actions + 1, 64), nn.SiLU(), nn.Linear(64, 2 * sum(self.sizes)))
        self.enter = nn.Conv2d(4 * 3 * (PAST + 1), c, 3, 1, 1)
        self.down = nn.Conv2d(c, 128, 3, 2, 1)
        self.deep = nn.ModuleList([nn.Conv2d(128, 128, 3, 1, 1) for _ in range(3)])
        self.leave = nn.Conv2d(128 + c, c, 3, 1, 1)
        self.last = nn.Conv2d(c, 12, 3, 1, 1)
        self.register_buffer("gain", torch.ones(actions))  # scaled actions in usual ones

    def forward(self, noisy: Tensor, past: Tensor, action: Tensor, sigma: Tensor) -> Tensor:
        """(b, 3, h, w), (b, 12, h, w), (b, actions), (b,) -> (b, 3, h, w); pictures have spread 0.5."""
        s = sigma[:, None, None, None]
        scale = (s.square() + 0.25).sqrt()
        told = self.told(torch.cat([self.gain * action, sigma.log()[:, None] / 4], dim=1))
        (a, b), *deeper = (x[:, :, None, None].chunk(2, 1) for x in told.split([2 * n for n in self.sizes], dim=1))
        patches = F.pixel_unshuffle(torch.cat([noisy / scale, past], dim=1), 2)  # (b, 60, h/2, w/2)
        high = F.silu(self.enter(patches) * (1 + a) + b)  # (b, c, h/2, w/2)
        low = F.silu(self.down(high))  # (b, 128, h/4, w/4)
        for layer, (d, e) in zip(self.deep, deeper, strict=True):
            low = low + F.silu(layer(low) * (1 + d) + e)
        out = F.silu(self.leave(torch.cat([F.interpolate(low, scale_factor=2), high], dim=1)))
        return 0.25 / scale.square() * noisy + s * 0.5 / scale * F.pixel_shuffle(self.last(out), 2)


def pixels(recordings: Recordings, seconds: float, seed: int) -> tuple[Denoiser, float]:
    torch.manual_seed(seed)
    net, batches = Denoiser(len(recordings.names)), WindowBatches(recordings, PAST + 1, 16, seed, "cpu")
    largest = np.maximum(np.abs(recordings.low), np.abs(recordings.high))
    net.gain.copy_(torch.from_numpy(largest / recordings.usual))

    def loss(step: int) -> Tensor:
        frames, actions, _, seed = batches(step, Process())
        shown = (frames.movedim(-1, 2).float() - 220) / 80  # (b, 5, 3, h, w)
        generator = torch.Generator().manual_seed(seed)
        sigma = (1.2 * torch.randn(len(shown), generator=generator) - 0.4).exp()
        clean = shown[:, -1]
        noisy = clean + sigma[:, None, None, None] * torch.randn(clean.shape, generator=generator)
        told = net(noisy, shown[:, :-1].flatten(1, 2), actions[:, -1], sigma)
        weight = (sigma.square() + 0.25) / (0.5 * sigma).square()
        return (weight[:, None, None, None] * (told - clean).square()).mean()

    cost = fit(net.parameters(), seconds, loss, 1e-3)
    return net.eval(), cost


@torch.inference_mode()
def told_by_pixels(net: Denoiser, frames: np.ndarray, actions: Tensor) -> Tensor:
    past = (torch.from_numpy(frames[-PAST:].copy()).movedim(-1, 1).float() - 220) / 80  # (4, 3, h, w)
    generator, out = torch.Generator().manual_seed(0), []
    levels = [(5 ** (1 / 7) + k / EULER * (0.002 ** (1 / 7) - 5 ** (1 / 7))) ** 7 for k in range(EULER)] + [0.0]
    for action in actions[0]:
        x = levels[0] * torch.randn(1, 3, SIZE, SIZE, generator=generator)
        for now, then in pairwise(levels):
            clean = net(x, past.flatten(0, 1)[None], action[None], torch.tensor([now]))
            x = clean + (x - clean) * then / now
        past = torch.cat([past[1:], x.clamp(-2.75, 0.4375)])
        out.append(80 * past[-1] + 220)
    return torch.stack(out)


def weights(*parts: nn.Module) -> int:
    return sum(p.numel() for part in parts for p in part.parameters())


def latent(model: JEPA, clips: list[Clip], steps: int) -> float:
    """The error of the embedding `steps` on as a share of that of "nothing changes"."""
    far, still = 0.0, 0.0
    for clip in clips:
        z, actions = model.embed(clip.frames), torch.from_numpy(table_of(clip)).float()
        told = model.predict(model.encode(clip.frames[: START + 1]), actions[None, START : START + steps])[0, -1]
        far += float((told.detach() - z[START + steps]).square().mean())
        still += float((z[START] - z[START + steps]).square().mean())
    return far / still


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="few clips, short training: does it run?")
    parser.add_argument("--clips", type=int, default=1500, help="recorded, of 3 s each")
    parser.add_argument("--seconds", type=float, default=240, help="of CPU, of training each")
    parser.add_argument("--reader-seconds", type=float, default=60, help="of CPU, of training the reader")
    parser.add_argument("--held-out", type=int, default=60, help="clips that judge")
    parser.add_argument("--judge", type=int, default=100_000, help="first seed of the clips that judge")
    parser.add_argument("--seed", type=int, nargs="+", default=[0], help="of the clips that teach, and of trainings")
    parser.add_argument("--far", type=int, default=8, help="steps ahead that the predictors are taught, ours and VAE's")
    parser.add_argument("--without", nargs="*", default=[], help="arms that are left out")
    parser.add_argument("--folder", type=Path, help="keep the runs there, and go on with them")
    add_argument(parser)
    arguments = parser.parse_args()
    count, seconds, reading, held = arguments.clips, arguments.seconds, arguments.reader_seconds, arguments.held_out
    if arguments.quick:
        count, seconds, reading, held = 6, 1.0, 2.0, 4
    with tempfile.TemporaryDirectory() as aside, Table("horizons", arguments.save) as table:
        folder = arguments.folder or Path(aside)
        for seed in arguments.seed:
            clips = recorded(NAME, range(5000 * seed, 5000 * seed + count), folder)
            parts = taught(clips, seconds, reading, arguments.far, seed, arguments.without, folder)
            (reader,) = parts.pop("reader")
            tellers: dict[str, tuple[Teller, int | None, float | None, JEPA | None]] = {}
            for name, (model, *others, cost) in parts.items():
                if name == "pixels":
                    tellers[name] = (partial(told_by_pixels, model), weights(model), cost, None)
                else:
                    tellers[name] = (teller(model, others[0]), weights(model, others[0]), cost, model)
            tellers["last frame"] = (lambda seen, done: still(seen, done.shape[1]), None, None, None)
            recordings = Recordings.of(clips)
            scale = torch.from_numpy(np.maximum(np.abs(recordings.low), np.abs(recordings.high))).float()
            for split in ("train", "out"):
                judge = recorded(NAME, range(arguments.judge, arguments.judge + held), folder, split)
                for row in rows(reader, clips, judge, tellers, scale):
                    table.add({"seed": seed, "split": split, **row})


def taught(
    clips: list[Clip], seconds: float, reading: float, far: int, seed: int, without: list[str], folder: Path
) -> dict[str, tuple[Any, ...]]:
    """Every arm and the reader, from the folder where they are kept."""
    recordings = Recordings.of(clips)
    made: dict[str, Callable[[], tuple[Any, ...]]] = {
        OURS: lambda: ours(recordings, seconds, "numbers", far, seed),
        "learned world, told low frequencies": lambda: ours(recordings, seconds, "low frequencies", far, seed),
        "VAE and predictor": lambda: vae(recordings, seconds, False, far, seed),
        "pixels": lambda: pixels(recordings, seconds, seed),
        "learned world, joint embedding alone": lambda: ours(recordings, seconds, "nothing", far, seed),
        "VAE and predictor, told the numbers": lambda: vae(recordings, seconds, True, far, seed),
        "reader": lambda: (reader_of(recordings, reading),),
    }
    parts: dict[str, tuple[Any, ...]] = {}
    for name, make in made.items():
        if name in without:
            continue
        kept = folder / f"horizons-{name}-{len(clips)}-{seconds:g}-{far}-{seed}.pt"  # of this machine, for this machine
        if not kept.is_file():
            torch.save(make(), kept)
            print(name, "is taught", flush=True)
        parts[name] = torch.load(kept, weights_only=False)
    return parts


def teller(model: JEPA, readout: Readout) -> Teller:
    @torch.inference_mode()
    def tell(seen: np.ndarray, done: Tensor) -> Tensor:
        return readout.pictures(model.roll(model.encode(seen), done)[0])

    return tell


def still(seen: np.ndarray, count: int) -> Tensor:
    return torch.from_numpy(seen[-1:].copy()).movedim(-1, 1).float().expand(count, -1, -1, -1)


def rows(
    reader: Reader, taught: list[Clip], judge: list[Clip], tellers: dict[str, Any], scale: Tensor
) -> list[dict[str, Any]]:
    shown = rows_of(taught)[np.concatenate([in_picture(clip) for clip in taught])]
    middle, spread = shown.mean(0), shown.std(0)
    varied = spread > 1e-6 * np.maximum(np.abs(middle), 1e-6)
    units = taught[0].truth.units if taught[0].truth is not None else {}
    moves = np.array([units[name] in ("m", "rad") for name in taught[0].truth.state.dtype.names or ()])  # type: ignore[union-attr]
    longest, found = max(AHEAD), dict[str, list[tuple[np.ndarray, np.ndarray]]]()
    for clip in judge:
        truth = ((rows_of([clip]) - middle)[:, varied] / spread[varied])[START : START + longest + 1]
        inside = in_picture(clip)[START + 1 : START + longest + 1]
        seen = clip.frames[: START + 1]
        true = torch.from_numpy(clip.frames[START : START + longest + 1]).movedim(-1, 1).float()
        done = torch.from_numpy(table_of(clip)).float()[None, START : START + longest] / scale

        def add(name: str, numbers: np.ndarray, pictures: Tensor | None, *, at=truth, ok=inside, real=true) -> None:
            error = np.where(ok, ((numbers - at[1:]) ** 2).mean(1), np.nan)
            noise = np.full(longest, np.nan)
            if pictures is not None:
                noise = (pictures.clamp(0, 255) - real[1:]).square().mean((1, 2, 3)).numpy()
            found.setdefault(name, []).append((error, noise))

        def read(pictures: Tensor, *, real=true) -> np.ndarray:
            shown = torch.cat([real[:1], pictures.clamp(0, 255)])
            with torch.inference_mode():
                return reader(torch.stack([shown[:-1], shown[1:]], dim=1)).numpy()

        for name, (tell, *_) in tellers.items():
            pictures = tell(seen, done)
            add(name, read(pictures), pictures)
        add("floor: the true pictures", read(true[1:]), true[1:])
        before = (rows_of([clip])[START - 1] - middle)[varied] / spread[varied]
        speed = np.where(moves[varied], truth[0] - before, 0.0)
        add("constant velocity, of true numbers", truth[0] + speed * np.arange(1, longest + 1)[:, None], None)
        add("last frame, of true numbers", np.broadcast_to(truth[0], (longest, len(truth[0]))), None)
    out = []
    random = np.random.default_rng(0)
    draws = [random.integers(len(judge), size=len(judge)) for _ in range(1000)]
    best = np.stack([error for error, _ in found[OURS]])
    for name, kept in found.items():
        errors, noise = (np.stack(column) for column in zip(*kept, strict=True))
        around = {n: np.nanquantile([np.nanmean(errors[k, n - 1]) for k in draws], (0.025, 0.975)) for n in (4, 8)}
        beyond = np.nanquantile([np.nanmean((errors - best)[k, 7]) for k in draws], (0.025, 0.975))
        _, size, cost, model = tellers.get(name, (None, None, None, None))
        out.append(
            {
                "told by": name, **{f"{n} ahead": float(np.nanmean(errors[:, n - 1])) for n in AHEAD},
                "4 ahead, 95 %": " to ".join(f"{x:.2g}" for x in around[4]),
                "8 ahead, 95 %": " to ".join(f"{x:.2g}" for x in around[8]),
                "8 ahead, above ours, 95 %": " to ".join(f"{x:.2g}" for x in beyond) if name != OURS else "",
                "PSNR 1 ahead": psnr(noise[:, 0]), "PSNR 8 ahead": psnr(noise[:, 7]),
                "latent 1": None if model is None else latent(model, judge, 1),
                "latent 8": None if model is None else latent(model, judge, 8),
                "weights": size, "training CPU s": cost, "clips": len(judge),
            }
        )  # fmt: skip
    return out


def psnr(noise: np.ndarray) -> float | None:
    mean = float(np.mean(noise))
    return None if math.isnan(mean) or mean == 0 else 10 * math.log10(255**2 / mean)


if __name__ == "__main__":
    main()
