"""Planning in learned worlds: kick a ball into a corner; tip a glass without spilling, spill it on purpose.

    python benchmarks/planning.py [--quick] [--worlds Collision Juice] [--folder runs] [--save]

The models are the shipped ones (recipes/dynamics.py). A planner sees pictures alone. Collision: from frame 6 on, within
12 frames ball 1 is to come within 1.5 m of the upper right corner's middle (8.5 m, 8.5 m), on seeds where it does not
by itself; CEM plans kicks for 9 frames, and anew after each (chosen on other seeds). Juice: `planning_pushes.py`. The
oracle plans in the same way with the true simulator; random kicks are those of the recordings. Seeds are held out; the
interval is Wilson's.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

import planning_pushes
from cuspworld import worlds
from cuspworld.dynamics.jepa import JEPA
from cuspworld.dynamics.planners import CEM
from cuspworld.dynamics.readout import Readout
from cuspworld.worlds.exploring import random_actions
from learned_world import FIXED, START, packaged
from planning_pushes import Numbers, summed
from results import Table, add_argument

CORNER, NEAR, WITHIN, EVERY = np.array([8.5, 8.5]), 1.5, 12, 1


class Simulator:
    """The true simulator in the same place: the oracle. It goes on from the true numbers."""

    def __init__(self, world: Any, columns: tuple[str, ...], low: Tensor, high: Tensor):
        self.world, self.columns, self.action_low, self.action_high = world, columns, low, high
        self.spare = worlds.make(world.name, **FIXED.get(world.name, {}))
        self.spare.reset(seed=0)

    def encode(self, frames: Any) -> Tensor:
        return torch.zeros(1, 1, 1)

    def predict(self, state: Tensor, actions: Tensor) -> Tensor:
        now, out = np.array(self.world.row()), []
        for plan in actions.double().numpy():
            self.spare.resume(now)
            rows = []
            for action in plan:
                self.spare.advance(1 / self.world.fps, action)
                row = dict(zip(self.world.columns, self.spare.row(), strict=True))
                rows.append([row[name] for name in self.columns])
            out.append(rows)
        return torch.tensor(out, dtype=torch.float32)


def corner(seed: int, who: str, model: JEPA, readout: Readout) -> tuple[bool, float]:
    """Whether ball 1 came to the corner, and the CPU seconds of planning."""
    world = worlds.make("Collision", render_mode="rgb_array", size=model.config.height, **FIXED["Collision"])
    world.reset(seed=seed)
    frames = [world.render()]
    for _ in range(START):
        world.step(np.zeros(2))
        frames.append(world.render())
    columns = ("ball_1_x", "ball_1_y")
    mind: Any = {
        "learned world": Numbers(model, readout, columns),
        "oracle": Simulator(world, columns, model.action_low, model.action_high),
    }.get(who)
    chance = random_actions(world.actions, WITHIN, seed)
    plan: list[np.ndarray] = []
    seconds = 0.0
    for k in range(WITHIN):
        if mind is not None and not plan:
            began = time.process_time()
            goal = torch.tensor(CORNER, dtype=torch.float32)
            found = CEM(horizon=9, samples=96, rounds=5, kept=12)(mind, mind.encode(np.stack(frames)), goal, seed=k)
            plan = list(found[:EVERY].double().numpy())
            seconds += time.process_time() - began
        action = np.zeros(2) if who == "nothing" else chance[k] if who == "random" else plan.pop(0)
        world.step(action)
        frames.append(world.render())
        at = np.array([world.state[name] for name in columns])
        if np.linalg.norm(at - CORNER) <= NEAR:
            return True, seconds
    return False, seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="few seeds: does it run?")
    parser.add_argument("--worlds", nargs="+", default=["Collision", "Juice"], choices=["Collision", "Juice"])
    parser.add_argument("--seeds", type=int, nargs="+", default=[60, 24], help="held out, of each world")
    parser.add_argument("--folder", type=Path, help="keep what was simulated there, and go on with it")
    add_argument(parser)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as aside, Table("planning", arguments.save) as table:
        for name, asked in zip(arguments.worlds, arguments.seeds, strict=False):
            many = 2 if arguments.quick else asked
            model, readout, _ = packaged(name)
            if name == "Juice":
                for row in planning_pushes.rows(model, readout, many, arguments.folder or Path(aside)):
                    table.add(row)
                continue
            seeds = [s for s in range(320_000, 320_000 + 2 * many) if not corner(s, "nothing", model, readout)[0]]
            for who in ("random", "learned world", "oracle"):
                tried = [corner(seed, who, model, readout) for seed in seeds[:many]]
                hits, cost = sum(hit for hit, _ in tried), sum(seconds for _, seconds in tried)
                plans = None if who == "random" else cost / (len(tried) * WITHIN / EVERY)
                table.add(summed(name, "into the corner", who, hits, len(tried), plans))


if __name__ == "__main__":
    main()
