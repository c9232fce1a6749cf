"""The learned world against the true one: the error of the world's numbers 1 to 16 steps ahead, what an action causes,
and how fast it plays.

    python benchmarks/learned_world.py [--quick] [--worlds Candles Juice Collision] [--shipped | --folder runs] [--save]

One JEPA a world learns from recordings with random actions (32 pixels a side); with --shipped it is that of the package
(recipes/dynamics.py: 64 pixels, a third of the clips act as the world's parameters say). Held-out seeds judge. An error
is that of the decoded numbers as a share of their variance in the recordings, the mean over those that vary there,
while everything that has a place is in the picture. Beside it: the same numbers read from the true picture of that
moment (what reading alone costs), the *true* numbers of the last frame kept, and its places carried on at the speed
between its last two frames. Split `out`: physical parameters beyond those that were recorded. Collision's balls are
always red and blue: of two balls of any colour that have passed each other nobody can see which was the first.

What an action causes is the difference between two runs of one seed, with and without it. Ratio: the slope of the
predicted effects on the true ones over seeds and frames, 1 where they agree, with a bootstrap over seeds, and beside it
what reading the true pictures of both runs would give; likeness: their correlation through zero. Delay: frames until a
quarter of the largest effect. "Nothing done": how far the number drifts, predicted and true, with no action, as a share
of the effect's size. Two pictures a tenth of a second apart do not show a speed that jumped between them: of speeds the
ratio stands twice, of all frames and without those in whose last tenth of a second balls met in either run. Beside it
what first principles make of the numbers that the learned world reads before the action: what reading alone costs.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from cuspworld import worlds
from cuspworld.clip import Clip
from cuspworld.dynamics.jepa import JEPA
from cuspworld.dynamics.learned_world import READOUT, SHIPPED, LearnedWorld
from cuspworld.dynamics.readout import Readout
from cuspworld.files import written_whole
from cuspworld.training.dynamics import DynamicsPreset, train_dynamics
from cuspworld.training.presets import Phase
from cuspworld.training.recordings import in_picture, rows_of
from cuspworld.truth import Truth
from results import Table, add_argument

AHEAD = (1, 2, 4, 8, 16)
# What is done, for how many frames from frame 6 on, and the numbers that must answer.
CAUSES = {
    "Candles": ((3.0,), 4, ("lit", "weakest")),
    "Juice": ((0.3,), 1, ("glass_angle", "liquid_inside")),
    "Collision": ((4.0, 0.0), 1, ("ball_1_x", "ball_1_velocity_x")),
}
START, AFTER, SIZE = 6, 12, 32
FIXED: dict[str, dict[str, Any]] = {"Collision": {"colour_1": "red", "colour_2": "blue"}}


def recorded(name: str, seeds: range, folder: Path, split: str = "train", size: int = SIZE) -> list[Clip]:
    """Clips of 3 s with random actions; a file in `folder` keeps what the dynamics use of them."""
    kept = folder / f"{name}-{split}-{size}-{seeds.start}-{len(seeds)}.npz"
    world = worlds.make(name, split=split, **FIXED.get(name, {}))
    if not kept.is_file():
        clips = [world.record(seed, seconds=3, size=size, actions="random") for seed in seeds]
        folder.mkdir(parents=True, exist_ok=True)
        truths = [clip.truth for clip in clips if clip.truth is not None]
        with written_whole(kept) as aside, aside.open("wb") as file:
            np.savez(
                file, frames=np.stack([clip.frames for clip in clips]), state=np.stack([t.state for t in truths]),
                action=np.stack([t.action for t in truths]),
            )  # fmt: skip
    camera = world.record(0, seconds=0.1, size=size).truth
    assert camera is not None
    with np.load(kept) as held:
        return [
            Clip(frames, 10.0, "", Truth(name, {}, state, camera.units, action=action, camera=camera.camera))
            for frames, state, action in zip(held["frames"], held["state"], held["action"], strict=True)
        ]


def trained(
    name: str, count: int, steps: int, folder: Path, seed: int, numbers: float = DynamicsPreset.numbers
) -> tuple[JEPA, Readout, dict[str, Any]]:
    """The model of a world, and what it cost. `numbers`: how much the world's numbers teach it."""
    finished = folder.with_name(f"{folder.name}-costs.json")
    if finished.is_file():
        model = folder / "model"
        return JEPA.from_pretrained(model), Readout.from_pretrained(model / READOUT), json.loads(finished.read_text())
    began = time.process_time()
    clips = recorded(name, range(count), folder.parent)
    held_out = recorded(name, range(50_000, 50_000 + max(4, count // 4)), folder.parent)
    known = time.process_time()
    phase = Phase(steps, batch=64, learning_rate=4e-3, warmup=50, weight_decay=1e-3, ema=0.99, save_every=100)
    readout = replace(phase, steps=min(steps, 1000), learning_rate=2e-3)
    predictor = replace(readout, steps=3 * steps, batch=128, save_every=500)
    preset = DynamicsPreset(phase, readout, predictor, numbers=numbers, sigreg=3.0 if numbers else 10.0)
    resume = (folder / "settings.json").exists()
    spent = folder.with_name(f"{folder.name}-seconds.txt")  # of CPU, of all the times that it was begun or gone on with
    before = float(spent.read_text()) if resume and spent.is_file() else 0.0
    try:
        result = train_dynamics(clips, folder, preset, held_out=held_out, seed=seed, resume=resume)
    finally:
        training = before + time.process_time() - known
        folder.parent.mkdir(parents=True, exist_ok=True)
        spent.write_text(str(training))
    costs = {"recording": known - began, "training": training, "rank": result.rank}
    print(name, {"errors of the latents": result.errors, **costs}, flush=True)
    finished.write_text(json.dumps(costs))
    return JEPA.from_pretrained(result.model), Readout.from_pretrained(result.model / READOUT), costs


@torch.inference_mode()
def futures(model: JEPA, readout: Readout, frames: np.ndarray, actions: np.ndarray) -> np.ndarray:
    """The numbers (steps, columns) read after each action, from what was seen."""
    ahead = model.predict(model.encode(frames), torch.as_tensor(actions, dtype=torch.float32)[None])
    return read(model, readout, torch.cat([model.encode(frames)[0], ahead[0]]))[1:]


@torch.inference_mode()
def read(model: JEPA, readout: Readout, z: torch.Tensor) -> np.ndarray:
    """The numbers (moments - history + 1, columns) of embeddings (moments, width), each with its past."""
    states = z.unfold(0, model.config.history, 1).transpose(1, 2)
    return readout.columns(states).numpy()


def table_of(clip: Clip) -> np.ndarray:
    assert clip.truth is not None
    return np.stack([clip.truth.action[name] for name in clip.truth.action.dtype.names], axis=-1)


def errors(model: JEPA, readout: Readout, clips: list[Clip]) -> list[dict[str, Any]]:
    """A row for each number of steps ahead."""
    spread, middle = readout.spread.numpy(), readout.middle.numpy()  # of the recordings that taught it
    varied = spread > 1e-3 * np.abs(middle).clip(1e-2)
    units = clips[0].truth.units if clips[0].truth is not None else {}
    moves = np.array([units[name] in ("m", "rad") for name in readout.config.columns])
    found: dict[tuple[str, int], list[np.ndarray]] = {}
    for clip in clips:
        truth, actions = rows_of([clip]), table_of(clip)
        z = model.embed(clip.frames)
        seen = np.concatenate([np.full((model.config.history - 1, truth.shape[1]), np.nan), read(model, readout, z)])
        speed, shown = np.where(moves, truth[START] - truth[START - 1], 0.0), in_picture(clip)
        told = futures(model, readout, clip.frames[: START + 1], actions[START : START + max(AHEAD)])
        for steps in AHEAD:
            at = truth[START + steps]
            if not (shown[START - 1] and shown[START] and shown[START + steps]):
                continue
            for what, guess in (
                ("learned world", told[steps - 1]), ("read from the true picture", seen[START + steps]),
                ("last frame", truth[START]), ("constant velocity", truth[START] + steps * speed),
            ):  # fmt: skip
                found.setdefault((what, steps), []).append(((guess - at)[varied] / spread[varied]) ** 2)
    whats = list(dict.fromkeys(what for what, _ in found))
    random, rows = np.random.default_rng(0), []
    for what in whats:
        far = np.array([row.mean() for row in found[what, 8]])  # (clips,)
        draws = [far[random.integers(len(far), size=len(far))].mean() for _ in range(500)]
        whole = {f"{n} ahead": float(np.mean(found[what, n])) for n in AHEAD}
        low, high = float(np.quantile(draws, 0.025)), float(np.quantile(draws, 0.975))
        rows.append({"who": what, **whole, "8 ahead, 95 % from": low, "to": high, "clips": len(clips)})
    return rows


def causes(name: str, model: JEPA, readout: Readout, seeds: range) -> list[dict[str, Any]]:
    """Predicted effects beside true ones, a row for each number."""
    what, lasts, numbers = CAUSES[name]
    size = (model.config.height, model.config.width)
    world, count = worlds.make(name, **FIXED.get(name, {})), START + AFTER + 1
    idle, history = np.zeros((count, len(world.actions))), model.config.history
    rows: list[tuple[np.ndarray, ...]] = []
    for seed in seeds:
        done = idle.copy()
        done[START : START + lasts] = np.array(what) * np.random.default_rng(seed).uniform(0.5, 1.5)
        both = [world.record(seed, seconds=count / 10, size=size, actions=table) for table in (done, idle)]
        shown = (in_picture(both[0]) & in_picture(both[1]))[START + 1 :]  # beyond the picture nothing can be known
        apart = shown & ~(meetings(both[0]) | meetings(both[1]))[START + 1 :]
        true = [rows_of([clip])[START + 1 :] for clip in both]
        told = [futures(model, readout, both[1].frames[: START + 1], table[START:-1]) for table in (done, idle)]
        seen = [read(model, readout, model.embed(clip.frames)) for clip in both]
        law = [by_law(world, seed, seen[1][START + 1 - history], table[START:-1]) for table in (done, idle)]
        rows.append((*true, *told, *(x[START + 2 - history :] for x in seen), *law, shown, apart))
    found = []
    for column in numbers:
        k = readout.config.columns.index(column)
        e, p, s, f = (np.stack([(row[n] - row[n + 1])[:, k] * row[-2] for row in rows]) for n in (0, 2, 4, 6))
        drift, drifted = (
            np.mean([np.ptp(row[n][row[-2], k]) if row[-2].any() else 0.0 for row in rows]) for n in (1, 3)
        )
        clear = np.stack([row[-1] for row in rows])
        speeds = world.columns[column] == "m/s"
        found.append(
            {
                "world": name, "number": column, **answered(e, p, s, float(drift), float(drifted)),
                "first principles, from what is read": slope(e, f),
                "contacts apart": ratio_and_interval(e * clear, p * clear) if speeds else None,
                "their share of the squared effect": float(((e * clear) ** 2).sum() / (e**2).sum()) if speeds else None,
                "contacts apart, as read from true pictures": slope(e * clear, s * clear) if speeds else None,
            }
        )  # fmt: skip
    return found


def meetings(clip: Clip) -> np.ndarray:
    """(time,) whether balls met since the frame before."""
    assert clip.truth is not None
    times = np.array([event.time for event in clip.truth.events if event.name == "contact"])
    frames = np.arange(len(clip.frames))[:, None] / clip.fps
    return ((times <= frames + 1e-9) & (times > frames - 1 / clip.fps)).any(1)


def by_law(world: Any, seed: int, numbers: np.ndarray, actions: np.ndarray) -> np.ndarray:
    """The numbers (steps, columns) after each action, by the true world from these numbers on."""
    world.reset(seed=seed)
    world.resume(numbers.astype(float))
    rows = []
    for action in actions:
        world.step(action)
        rows.append(world.row())
    return np.array(rows)


def ratio_and_interval(e: np.ndarray, p: np.ndarray) -> str:
    low, high = np.quantile([slope(e[k], p[k]) for k in drawn(len(e))], (0.025, 0.975))
    return f"{slope(e, p):.2f} ({low:.2f} to {high:.2f})"


def drawn(count: int) -> list[np.ndarray]:
    random = np.random.default_rng(0)
    return [random.integers(count, size=count) for _ in range(1000)]


def answered(e: np.ndarray, p: np.ndarray, s: np.ndarray, drift: float, drifted: float) -> dict[str, Any]:
    """True, predicted and seen effects (seeds, frames), and how far the number drifts by itself, truly and as told."""
    slopes = [slope(e[k], p[k]) for k in drawn(len(e))]
    large = np.abs(e).max(1) > 0.25 * np.abs(e).max(1).mean()
    first = [np.array([np.argmax(np.abs(r) >= 0.25 * np.abs(r).max()) for r in x[large]]) for x in (e, p)]
    biggest = np.abs(e).argmax(1)[large]
    signs = np.sign(e[large, biggest]) == np.sign(p[large, biggest])
    size = float(np.abs(e).max(1).mean())
    return {
        "seeds": len(e), "effect ratio": slope(e, p), "95 % from": float(np.quantile(slopes, 0.025)),
        "to": float(np.quantile(slopes, 0.975)), "ratio as read from true pictures": slope(e, s),
        "likeness": float((e * p).sum() / max(np.sqrt((e**2).sum() * (p**2).sum()), 1e-12)),
        "same sign %": 100 * float(signs.mean()),
        "delay off by (frames)": float(np.abs(first[0] - first[1]).mean()),
        "nothing done: predicted": drifted / size, "true": drift / size,
    }  # fmt: skip


def slope(true: np.ndarray, told: np.ndarray) -> float:
    return float((true * told).sum() / max((true**2).sum(), 1e-12))


def speed(model: Path | None, name: str) -> dict[str, Any]:
    """Frames a second of step and picture, and how long the first picture after an action takes."""
    world = LearnedWorld(name, model, render_mode="rgb_array")
    world.reset(seed=0)
    action, waits = world.action_space.sample(), []
    for _ in range(60):
        began = time.perf_counter()
        world.step(action)
        world.render()
        waits.append(time.perf_counter() - began)
    waits = sorted(waits[5:])
    return {
        "world": name, "size": world.model.config.height, "frames a second": 1 / float(np.mean(waits)),
        "95 % of pictures within ms": 1000 * waits[int(0.95 * len(waits))],
    }  # fmt: skip


def packaged(name: str) -> tuple[JEPA, Readout, dict[str, Any]]:
    """The model that is shipped."""
    folder = SHIPPED / name.lower()
    return JEPA.from_pretrained(folder), Readout.from_pretrained(folder / READOUT), {"training": None}


def recipe() -> Any:
    """recipes/dynamics.py, which makes the shipped models: its recordings and numbers."""
    place = Path(__file__).parents[1] / "recipes" / "dynamics.py"
    spec = importlib.util.spec_from_file_location("recipes_dynamics", place)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def untrained(name: str, size: int, folder: Path) -> Path:
    """A model of that size, for its speed alone."""
    world = worlds.make(name)
    clips = [world.record(k, seconds=1.5, size=size, actions="random") for k in range(2)]
    phase = Phase(1, batch=2, learning_rate=1e-4)
    return train_dynamics(clips, folder, DynamicsPreset(phase, phase, phase)).model


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="few clips, short training: does it run?")
    parser.add_argument("--worlds", nargs="+", default=list(CAUSES), choices=list(CAUSES))
    parser.add_argument("--clips", type=int, default=300, help="recorded, of 3 s each")
    parser.add_argument("--steps", type=int, default=1500, help="of training")
    parser.add_argument("--held-out", type=int, default=40, help="seeds that judge")
    parser.add_argument(
        "--numbers",
        type=float,
        default=DynamicsPreset.numbers,
        help="weight of the world's numbers in training; 0: none",
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--judge", type=int, default=100_000, help="the first seed that judges; of effects: as far on")
    parser.add_argument("--shipped", action="store_true", help="judge the models of the package; nothing is trained")
    parser.add_argument("--folder", type=Path, help="keep the runs there, and go on with them")
    add_argument(parser)
    arguments = parser.parse_args()
    count, steps, held = (6, 20, 4) if arguments.quick else (arguments.clips, arguments.steps, arguments.held_out)
    keep, judge = arguments.save, arguments.judge
    with tempfile.TemporaryDirectory() as aside:
        folder = arguments.folder or Path(aside)
        learned = {
            name: packaged(name)
            if arguments.shipped
            else trained(name, count, steps, folder / name, arguments.seed, arguments.numbers)
            for name in arguments.worlds
        }
        with Table("learned_world", keep) as table:
            for name, (model, readout, costs) in learned.items():
                for split in ("train", "out"):
                    clips = recorded(name, range(judge, judge + held), folder, split, model.config.height)
                    for row in errors(model, readout, clips):
                        training = costs["training"] if row["who"] == "learned world" else None
                        table.add({"world": name, "split": split, **row, "training CPU s": training})
            for name, (model, readout, _) in learned.items():
                for row in causes(name, model, readout, range(2 * judge, 2 * judge + held)):
                    table.add(row)
            for name in arguments.worlds:
                if arguments.shipped:
                    table.add(speed(None, name))
                    continue
                for size in (SIZE, 64):
                    table.add(speed(untrained(name, size, Path(aside) / f"{name}{size}"), name))


if __name__ == "__main__":
    main()
