"""The learned world as a fast stand-in for a slow simulator: what it costs in error, and what it saves in time.

    python benchmarks/stand_in.py [--quick] [--worlds WindTunnel Snow] [--folder runs] [--save]

One JEPA a world learns from recordings with random actions, as in `learned_world.py`, whose errors these are: squared,
as a share of the numbers' variance, told from the pictures up to frame 6 on, on held-out seeds, with a bootstrap over
clips; beside it the numbers read from the true picture of that moment, the true numbers of the last frame kept, and
carried on. The stated error of a number: half of the held-out moments 8 frames on are told nearer than that. Speed: CPU
seconds of a step of simulation without its picture, of the learned world's step with its numbers, and of 64 learned
worlds at once, side by side in one run, 5 times in turn; the ratios' least and largest stand beside the median.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch

from cuspworld import worlds
from cuspworld.clip import Clip
from cuspworld.dynamics.jepa import JEPA
from cuspworld.dynamics.readout import Readout
from cuspworld.training.recordings import in_picture, rows_of
from cuspworld.worlds.exploring import random_actions
from learned_world import START, errors, futures, recorded, table_of, trained
from results import Table, add_argument

STEPS, MANY = 20, 64


def stated(name: str, model: JEPA, readout: Readout, clips: list[Clip], ahead: int = 8) -> list[dict[str, Any]]:
    """A row for each number that varies: by how much it is off, beside keeping the true one."""
    off, kept = [], []
    for clip in clips:
        truth, shown = rows_of([clip]), in_picture(clip)
        if shown[START] and shown[START + ahead]:
            told = futures(model, readout, clip.frames[: START + 1], table_of(clip)[START : START + ahead])
            off.append(np.abs(told[-1] - truth[START + ahead]))
            kept.append(np.abs(truth[START] - truth[START + ahead]))
    spread, middle = readout.spread.numpy(), readout.middle.numpy()
    assert clips[0].truth is not None
    rows = []
    for k in np.flatnonzero(spread > 1e-3 * np.abs(middle).clip(1e-2)):
        column = readout.config.columns[k]
        rows.append(
            {
                "world": name, "number": column, "unit": clips[0].truth.units[column], "spread": float(spread[k]),
                "half are nearer than": float(np.median(np.stack(off)[:, k])),
                "95 % are nearer than": float(np.quantile(np.stack(off)[:, k], 0.95)),
                "half, true number kept": float(np.median(np.stack(kept)[:, k])), "clips": len(off),
            }
        )  # fmt: skip
    return rows


@torch.inference_mode()
def speeds(name: str, model: JEPA, readout: Readout) -> dict[str, Any]:
    world = worlds.make(name, render_mode="rgb_array", size=model.config.height)
    actions = random_actions(world.actions, STEPS, 0)
    world.reset(seed=0)
    seen = []
    for action in actions[: model.config.history]:
        world.step(action)
        seen.append(world.render())
    state, taken = model.encode(np.stack(seen)), torch.from_numpy(actions).float() / model.action_scale
    found = []
    for _ in range(5):
        costs = []
        for run in ("true", "one", "many"):
            began, s = time.process_time(), state if run != "many" else state.expand(MANY, -1, -1)
            for k in range(STEPS):
                if run == "true":
                    world.step(actions[k])
                    continue
                s = torch.cat([s[:, 1:], model.roll(s, taken[k].expand(len(s), 1, -1))], dim=1)
                readout.columns(s)
            costs.append((time.process_time() - began) / STEPS / (MANY if run == "many" else 1))
        found.append(costs)
    table = np.array(found)
    ratio, ratios = table[:, 0] / table[:, 1], table[:, 0] / table[:, 2]
    return {
        "world": name, "true CPU ms a step": 1000 * float(np.median(table[:, 0])),
        "learned CPU ms a step": 1000 * float(np.median(table[:, 1])), "times as fast": float(np.median(ratio)),
        "from": float(ratio.min()), "to": float(ratio.max()),
        f"{MANY} at once, times as fast": float(np.median(ratios)),
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="few clips, short training: does it run?")
    parser.add_argument("--worlds", nargs="+", default=["WindTunnel"], choices=["WindTunnel", "Snow"])
    parser.add_argument("--clips", type=int, default=120, help="recorded, of 3 s each")
    parser.add_argument("--steps", type=int, default=600, help="of training")
    parser.add_argument("--held-out", type=int, default=30, help="seeds that judge")
    parser.add_argument("--folder", type=Path, help="keep the runs there, and go on with them")
    add_argument(parser)
    arguments = parser.parse_args()
    count, steps, held = (6, 20, 4) if arguments.quick else (arguments.clips, arguments.steps, arguments.held_out)
    with tempfile.TemporaryDirectory() as aside, Table("stand_in", arguments.save) as table:
        folder = arguments.folder or Path(aside)
        for name in arguments.worlds:
            model, readout, costs = trained(name, count, steps, folder / name, 0)
            clips = recorded(name, range(100_000, 100_000 + held), folder)
            for row in errors(model, readout, clips):
                training = costs["training"] if row["who"] == "learned world" else None
                table.add({"world": name, **row, "recording CPU s": costs["recording"], "training CPU s": training})
            for row in stated(name, model, readout, clips):
                table.add(row)
            table.add(speeds(name, model, readout))


if __name__ == "__main__":
    main()
