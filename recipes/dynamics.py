"""The recipe of the shipped learned worlds: record, train, halve the bits. One command, one seed.

    python recipes/dynamics.py --folder runs/dynamics                 # all worlds, some 8 minutes each on one thread
    python recipes/dynamics.py --folder runs/dynamics --only Juice    # one of them
    python recipes/dynamics.py --folder runs/dynamics --ship          # then copy the models into the package

Stops and goes on at any moment (run it again). Seeds from 0 on teach, those from 50,000 on the error map;
benchmarks/learned_world.py judges by others. Collision's balls are always red and blue: of two balls of any colour that
have passed each other nobody can see which was the first.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from cuspworld import worlds
from cuspworld.clip import Clip
from cuspworld.dynamics.error_map import ErrorMap
from cuspworld.dynamics.hybrid_world import ERROR_MAP
from cuspworld.dynamics.jepa import JEPA
from cuspworld.dynamics.learned_world import READOUT, SHIPPED
from cuspworld.dynamics.readout import Readout
from cuspworld.files import written_whole
from cuspworld.training.dynamics import DynamicsPreset, train_dynamics
from cuspworld.training.presets import Phase
from cuspworld.truth import Truth

SEED, SIZE, HELD_OUT, CHUNK = 0, 64, 50_000, 50
CLIPS = {"Collision": 1500, "Juice": 600, "Candles": 200}
SCRIPTED = ("Juice", "Candles")  # Collision's parameters say nothing of kicks
FIXED: dict[str, dict[str, Any]] = {"Collision": {"colour_1": "red", "colour_2": "blue"}}


def phase(steps: int, batch: int, rate: float) -> Phase:
    return Phase(steps, batch=batch, learning_rate=rate, warmup=50, weight_decay=1e-3, ema=0.99, save_every=100)


# Half as wide as a preset's own: together the shipped weights of all kinds stay under 60 MB.
PRESET = DynamicsPreset(
    phase(1800, 48, 4e-3), phase(1200, 64, 2e-3), phase(5000, 128, 2e-3),
    channels=8, hidden=128, readout_channels=8, readout_hidden=128, known=512,
)  # fmt: skip

# Balls take more: four pictures tell a speed that jumped since the last, and where a ball is to a third of a pixel says
# when it will meet the other. Its numbers say all that moves, so that they may teach nearly alone.
BALLS = replace(
    PRESET, phase=phase(2400, 40, 4e-3), readout=phase(2000, 48, 2e-3), predictor=phase(9000, 128, 2e-3),
    history=4, hidden=256, readout_hidden=256, sigreg=0.05, inverse=0.3, numbers=30.0, known=256,
)  # fmt: skip
PRESETS = {"Collision": BALLS, "Juice": PRESET, "Candles": PRESET}


def acts(name: str, seed: int) -> str | None:
    """A third at first, and then all, act as the world's parameters say: so that a glass is pushed about as hard as
    decides whether it falls. The others act at random."""
    told = seed % 3 == 2 or 300 <= seed < HELD_OUT
    return None if told and name in SCRIPTED else "random"


def recorded(name: str, seeds: range, folder: Path) -> list[Clip]:
    """Clips of 3 s; files in `folder`, of `CHUNK` clips each, keep what the dynamics use of them."""
    world = worlds.make(name, **FIXED.get(name, {}))
    found = []
    for first in range(seeds.start, seeds.stop, CHUNK):
        some = range(first, min(first + CHUNK, seeds.stop))
        kept = folder / f"{name}-{first}-{len(some)}.npz"
        if not kept.is_file():
            clips = [world.record(s, size=SIZE, actions=acts(name, s)) for s in some]
            truths = [clip.truth for clip in clips if clip.truth is not None]
            folder.mkdir(parents=True, exist_ok=True)
            with written_whole(kept) as aside, aside.open("wb") as file:
                np.savez(
                    file, frames=np.stack([clip.frames for clip in clips]), state=np.stack([t.state for t in truths]),
                    action=np.stack([t.action for t in truths]),
                    parameters=np.array([json.dumps(t.parameters) for t in truths]),
                )  # fmt: skip
        about = world.record(0, seconds=0.1, size=SIZE).truth
        assert about is not None
        with np.load(kept) as held:
            found += [
                Clip(frames, 10.0, "", Truth(name, json.loads(text), state, about.units, action=a, camera=about.camera))
                for frames, state, a, text in zip(*(held[k] for k in ("frames", "state", "action", "parameters")),
                                                  strict=True)
            ]  # fmt: skip
    return found


def taught(name: str, folder: Path, clips: int, preset: DynamicsPreset) -> None:
    """Train to the end, and write down what it took."""
    began = time.process_time()
    known, held_out = (recorded(name, range(s, s + n), folder) for s, n in ((0, clips), (HELD_OUT, clips // 5)))
    recording = time.process_time() - began
    run = folder / name.lower()
    result = train_dynamics(known, run, preset, held_out=held_out, seed=SEED, resume=(run / "settings.json").exists())
    taken = {
        "CPU seconds of recording, this time": recording,
        "of training, this time": time.process_time() - began - recording,
        "rank": result.rank, "errors of the embeddings 1, 4, 8 ahead over those of nothing changes": result.errors,
    }  # fmt: skip
    print(name, taken, flush=True)


def ship(name: str, folder: Path) -> None:
    """The model in float16, into the package; `recipes/pack.py` then halves it again, but for Collision's."""
    model, aim = folder / name.lower() / "model", SHIPPED / name.lower()
    for kind, inside in ((JEPA, "."), (Readout, READOUT), (ErrorMap, ERROR_MAP)):
        kind.from_pretrained(model / inside).save_pretrained(aim / inside, torch.float16)  # type: ignore[attr-defined]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, default=Path("runs/dynamics"))
    parser.add_argument("--only", nargs="*", default=list(CLIPS), choices=list(CLIPS))
    parser.add_argument("--quick", action="store_true", help="few clips and steps: does it run?")
    parser.add_argument("--ship", action="store_true", help="copy the models into the package")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    few = DynamicsPreset(phase(5, 4, 1e-3), phase(5, 4, 1e-3), phase(5, 4, 1e-3), channels=4, hidden=16, known=16)
    for name in arguments.only:
        clips, preset = (10, few) if arguments.quick else (CLIPS[name], PRESETS[name])
        taught(name, arguments.folder, clips, preset)
        if arguments.ship:
            ship(name, arguments.folder)


if __name__ == "__main__":
    main()
