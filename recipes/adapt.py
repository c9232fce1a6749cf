"""The recipe of the adapters: experts of the shipped simulator trained further on fresh clips, by weights of low rank.

python recipes/adapt.py --folder runs/adapt --worlds Collision  # stops and goes on at any moment
python recipes/adapt.py --folder runs/adapt --worlds Collision --ship  # into the package, a byte a number
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

import folds
from cuspworld.files import written_whole
from cuspworld.models import ADAPTER, load_into, read_config, read_tensors, write_tensors
from cuspworld.simulator.folder import DEFAULT
from cuspworld.simulator.formats import Format, Framing
from cuspworld.simulator.kinds import Kind
from cuspworld.simulator.parts import Expert
from cuspworld.simulator.simulator import Simulator
from cuspworld.training.adapter import adapter_of, attach, in_bytes
from cuspworld.training.loop import Process, Trainer
from cuspworld.training.presets import Preset
from cuspworld.training.transport import FlowObjective, TokenBatch, WindowBatches, encode_clips, make_windows
from cuspworld.transport.flow.transformer import FORMATS as FORMATS_FILE

SEED = 1
CLIPS = range(20_000, 23_200)  # seeds: none that the expert, or a measurement, saw
HELD_OUT = range(2_000_000, 2_000_060)
STEPS = {"Puppies": 4000, "Collision": 21_000, "Juice": 7500, "Chair": 9000}
RANK = {"Puppies": 32, "Collision": 32, "Juice": 32, "Chair": 32}
FORMATS = {  # beside the own one; a batch is of one of them
    "Juice": ("64x96@10", "128x128@10", "96x64@10", "128x128@10", "64x64@20", "128x128@10"),
}
LEFT_OUT = {"128x128@10"}  # taught, and not as good as the own format enlarged: docs/simulator.md
APART = {"Juice"}  # worlds whose own format the expert draws better without
CLIPS_OF = {"Juice": 500, "Chair": 2000, "Snow": 1260}  # fewer of them, of each format


def own_preset(name: str, expert: Expert, steps: int) -> Preset:
    """As the expert was trained, but for its length."""
    config = expert.transformer.config
    preset = folds.own_preset(name, steps)
    phase = replace(preset.transport, learning_rate=2e-3, ema=0.997)
    return replace(preset, transport=phase, sketch=bool(config.sketch), places=config.places)


def batches(
    folder: Path, name: str, seeds: range, model: Simulator, preset: Preset, seed: int, shown: Format = folds.FORMAT
) -> WindowBatches:
    """Windows of recorded clips, with the codes that the shipped model gives their steps."""
    kind, process = next(kind for kind in model.kinds if kind.name == name), Process()

    def encoded(one: Format) -> tuple[list[tuple[int, int, torch.Tensor]], list[tuple[str, ...]], list[np.ndarray]]:
        file = folds.record(folder, name, seeds, shown=one)
        pairs = folds.clips_of(file, one.fps)
        place = folder / f"{name}_{seeds.start}_{len(seeds)}_{one}"
        place.mkdir(exist_ok=True)
        found = encode_clips([clip for clip, _ in pairs], model.codec, preset, place, device="cpu", process=process)
        return found, [texts for _, texts in pairs], [] if kind.actions is None else folds.actions_of(file)

    found, texts, done = encoded(shown)
    framing, own = None, []
    if shown != folds.FORMAT:
        framing, own = Framing(shown, folds.FORMAT), [latents for _, _, latents in encoded(folds.FORMAT)[0]]
        larger = shown.height * shown.width / (folds.FORMAT.height * folds.FORMAT.width)
        fewer = max(1, round(preset.transport.batch / larger))  # as many tokens
        preset = replace(preset, transport=replace(preset.transport, batch=fewer))
    windows = make_windows(found, texts, preset, (kind,), [0] * len(texts), framing, own, done)
    return WindowBatches(windows, preset, seed, None, (kind,), framing)


def in_turn(each: Sequence[WindowBatches]) -> Callable[[int, Process], TokenBatch]:
    """A batch of one of them, by the step's number."""
    return lambda step, process: each[step % len(each)].batch(step, process)


def begun(name: str) -> tuple[Simulator, int, FlowObjective, Preset]:
    """The shipped model, which of its experts is meant, and its objective with low-rank weights that change nothing.
    What an adapter that is shipped already learned is left out."""
    model = Simulator.from_pretrained("default")
    number = [kind.name for kind in model.kinds].index(name)
    expert = model.experts[number]
    place = DEFAULT / "experts" / str(number) / "transport" / "model.safetensors"
    load_into(expert.transformer, read_tensors(place), place)
    preset = own_preset(name, expert, STEPS[name])
    torch.manual_seed(SEED)
    attach(expert.transformer, RANK[name])
    expert.prompts.requires_grad_(False)
    return model, number, FlowObjective(expert.transformer, expert.prompts), preset


def adapt(folder: Path, name: str) -> None:
    """Train a world's adapter, or go on with it."""
    model, _, objective, preset = begun(name)
    formats = FORMATS.get(name, (str(folds.FORMAT),))
    teach(folder, name, name, model, objective, preset, formats, CLIPS_OF.get(name))


def teach(
    folder: Path,
    name: str,
    run: str,
    model: Simulator,
    objective: FlowObjective,
    preset: Preset,
    formats: Sequence[str] = (str(folds.FORMAT),),
    count: int | None = None,
) -> None:
    """Train in `folder`/`run` on fresh clips of a world in these formats (so many of each, all where None), or go on
    there."""
    shown = [Format.of(text) for text in formats]
    clips = CLIPS[:count]
    each = {one: batches(folder, name, clips, model, preset, SEED, one) for one in shown}
    taught = in_turn([each[one] for one in shown])
    shown = list(each)
    wide = replace(preset, transport=replace(preset.transport, batch=16))
    asked = in_turn([batches(folder, name, HELD_OUT, model, wide, SEED, one) for one in shown])
    tests = [asked(step, Process()) for step in range(24 // len(shown) * len(shown))]
    started = time.monotonic()

    def held_out(step: int) -> None:
        with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
            losses = np.array([float(objective(test)[0]) for test in tests]).reshape(-1, len(shown)).mean(0)
        told = ", ".join(f"{one} {loss:.4f}" for one, loss in zip(shown, losses, strict=True))
        print(f"step {step}: loss on clips never taught {told}, {time.monotonic() - started:.0f} s", flush=True)

    trainer = trainer_of(folder / run, taught, objective, preset)
    trainer.on_sample = held_out
    if trainer.step == 0:
        held_out(0)
    trainer.run()


def trainer_of(
    run: Path, taught: Callable[[int, Process], TokenBatch], objective: FlowObjective, preset: Preset
) -> Trainer:
    """What trains in the folder `run`, where it stands."""
    run.mkdir(exist_ok=True)
    phase = replace(preset.transport, sample_every=500)
    trainer = Trainer("adapter", objective, taught, phase, run, process=Process(), bfloat16=True)
    trainer.resume()
    return trainer


def with_expert(model: Simulator, number: int, kind: Kind, expert: Expert) -> Simulator:
    """The model, its expert of this number and what was recorded for it being these."""
    model.kinds = tuple(kind if index == number else one for index, one in enumerate(model.kinds))
    model.experts = tuple(expert if index == number else one for index, one in enumerate(model.experts))
    return model


def parser_of(told: str | None, worlds: Sequence[str], **world: Any) -> argparse.ArgumentParser:
    """What the recipes that go on from the shipped experts are asked; `world`: of the argument --world."""
    parser = argparse.ArgumentParser(description=told, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, default=Path("runs/adapt"))
    parser.add_argument("--world", choices=list(worlds), **world)
    parser.add_argument("--ship", action="store_true", help="what is trained so far, into the package")
    parser.add_argument("--into", type=Path, default=DEFAULT, help="into a copy of the shipped model instead")
    return parser


def asked(parser: argparse.ArgumentParser) -> argparse.Namespace:
    """Its answers; the folder exists, and one thread is taken."""
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    return arguments


def ship(folder: Path, name: str, model: Path) -> None:
    """What is trained of a world's adapter, into a model's folder, with the formats that it was taught."""
    _, number, objective, preset = begun(name)
    trainer_of(folder / name, lambda *_: None, objective, preset).use_average()
    place = model / "experts" / str(number) / "transport"
    with written_whole(place / (FORMATS_FILE if name in APART else ADAPTER)) as aside:
        write_tensors(aside, in_bytes(adapter_of(objective.transformer)))
    others = [one for one in dict.fromkeys(FORMATS.get(name, ())) if one not in LEFT_OUT]
    if others:
        config = read_config(place) | {"formats": others}
        with written_whole(place / "config.json") as aside:
            aside.write_text(json.dumps(config, indent=2, ensure_ascii=False) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, default=Path("runs/adapt"))
    parser.add_argument("--worlds", nargs="*", choices=list(STEPS), default=list(STEPS))
    parser.add_argument("--ship", action="store_true", help="what is trained so far, into the package")
    parser.add_argument("--into", type=Path, default=DEFAULT, help="into a copy of the shipped model instead")
    arguments = parser.parse_args()
    folder = arguments.folder
    folder.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    for name in arguments.worlds:
        if arguments.ship:
            ship(folder, name, arguments.into)
        else:
            adapt(folder, name)


if __name__ == "__main__":
    main()
