"""Planning in learned worlds: kick a ball into a corner; tip a glass without spilling, spill it on purpose.

    python benchmarks/planning.py [--quick] [--worlds Collision Juice] [--folder runs] [--save]

The models are those of `learned_world.py` (with the same --folder they are not trained again). A planner sees pictures
alone. Collision: from frame 6 on, within 12 frames ball 1 is to come within 1.5 m of the upper right corner's middle
(8.5 m, 8.5 m), on seeds where it does not by itself; CEM plans kicks for 9 frames, and anew after each (chosen on
other seeds). Juice: one push at frame 6, of 17 strengths from -0.8 to 0.8 N s the one after which the learned world
says what is wanted within 20 frames: the glass leans by 0.05 rad or more and all juice stays in it; or less than half
of the juice stays. The oracle plans in the same way with the true simulator; random kicks and pushes are those of the
recordings. Seeds are held out; the interval is Wilson's.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from cuspworld import worlds
from cuspworld.dynamics.jepa import JEPA
from cuspworld.dynamics.planners import CEM
from cuspworld.dynamics.readout import Readout
from cuspworld.worlds.exploring import random_actions
from learned_world import FIXED, SIZE, START, trained
from results import Table, add_argument, wilson

CORNER, NEAR, WITHIN, EVERY = np.array([8.5, 8.5]), 1.5, 12, 1
STRENGTHS, WATCHED = np.linspace(-0.8, 0.8, 17), 20


class Numbers:
    """A learned world as the planners want one, whose embeddings are some of the world's numbers, as they are read."""

    def __init__(self, model: JEPA, readout: Readout, columns: tuple[str, ...]):
        self.model, self.readout = model, readout
        self.index = [readout.config.columns.index(name) for name in columns]
        self.action_low, self.action_high = model.action_low, model.action_high

    def encode(self, frames: Any) -> Tensor:
        return self.model.encode(frames)

    @torch.inference_mode()
    def predict(self, state: Tensor, actions: Tensor) -> Tensor:
        told = torch.cat([state, self.model.predict(state, actions)], dim=1)
        states = told.unfold(1, state.shape[1], 1).transpose(2, 3)[:, 1:]  # (b, steps, history, width)
        return self.readout.columns(states.flatten(0, 1)).unflatten(0, states.shape[:2])[..., self.index]


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
    world = worlds.make("Collision", render_mode="rgb_array", size=SIZE, **FIXED["Collision"])
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


GOALS: dict[str, Callable[[np.ndarray, np.ndarray], float]] = {  # of angles and shares inside: more is better, 0 wanted
    "tip, spill nothing": lambda angle, inside: min(
        float(np.abs(angle).max()) - 0.05, 0.0, 200 * (inside.min() - 0.995)
    ),
    "spill": lambda angle, inside: min(0.5 - float(inside[-1]), 0.0),
}


def run(seed: int, push: float) -> tuple[Any, np.ndarray, np.ndarray]:
    """A clip of Juice with one push at frame START; its angles and shares of the juice inside afterwards."""
    actions = np.zeros((START + WATCHED + 1, 1))
    actions[START] = push
    clip = worlds.make("Juice").record(seed, seconds=len(actions) / 10, size=SIZE, actions=actions)
    state = clip.truth.state
    return clip, state["glass_angle"][START + 1 :], state["liquid_inside"][START + 1 :]


def pushes(seed: int, model: JEPA, readout: Readout) -> dict[tuple[str, str], bool]:
    """What each of nobody's, a random, the learned world's and the oracle's push came to, for each goal."""
    known = {float(push): run(seed, float(push)) for push in STRENGTHS}
    seen = known[float(STRENGTHS[0])][0].frames[: START + 1]
    mind = Numbers(model, readout, ("glass_angle", "liquid_inside"))
    plans = torch.zeros(len(STRENGTHS), WATCHED, 1)
    plans[:, 0, 0] = torch.from_numpy(STRENGTHS).float()
    told = mind.predict(mind.encode(seen).expand(len(plans), -1, -1), plans).double().numpy()
    drawn = np.random.default_rng(seed)
    strength = 20.0 ** -drawn.uniform(0, 1) * drawn.uniform(-1, 1)
    chance = float(STRENGTHS[np.abs(STRENGTHS - strength).argmin()])
    found = {}
    for goal, worth in GOALS.items():
        true = {push: worth(angle, inside) for push, (_, angle, inside) in known.items()}
        best = float(STRENGTHS[int(np.argmax([worth(t[:, 0], t[:, 1]) for t in told]))])
        for who, push in (
            ("nothing", 0.0),
            ("random", chance),
            ("learned world", best),
            ("oracle", max(true, key=true.get)),
        ):  # type: ignore[arg-type]
            found[goal, who] = true[push if push in true else float(STRENGTHS[np.abs(STRENGTHS - push).argmin()])] >= 0
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="few seeds, short training: does it run?")
    parser.add_argument("--worlds", nargs="+", default=["Collision", "Juice"], choices=["Collision", "Juice"])
    parser.add_argument("--clips", type=int, nargs="+", default=[1500, 300], help="recorded, of each world")
    parser.add_argument("--steps", type=int, nargs="+", default=[1500, 1200], help="of training, of each world")
    parser.add_argument("--seeds", type=int, nargs="+", default=[60, 16], help="held out, of each world")
    parser.add_argument("--folder", type=Path, help="keep the runs there, and go on with them")
    add_argument(parser)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as aside, Table("planning", arguments.save) as table:
        folder = arguments.folder or Path(aside)
        for place, name in enumerate(arguments.worlds):
            count, steps, many = (column[place] for column in (arguments.clips, arguments.steps, arguments.seeds))
            if arguments.quick:
                count, steps, many = 6, 20, 2
            model, readout, _ = trained(name, count, steps, folder / name, 0)
            if name == "Collision":
                seeds = [s for s in range(300_000, 300_000 + 2 * many) if not corner(s, "nothing", model, readout)[0]]
                for who in ("random", "learned world", "oracle"):
                    tried = [corner(seed, who, model, readout) for seed in seeds[:many]]
                    hits, cost = sum(hit for hit, _ in tried), sum(seconds for _, seconds in tried)
                    plans = None if who == "random" else cost / (len(tried) * WITHIN / EVERY)
                    table.add(summed(name, "into the corner", who, hits, len(tried), plans))
                continue
            kept = folder / f"planning-Juice-{many}.json"
            if not kept.is_file():
                every = [pushes(seed, model, readout) for seed in range(300_000, 300_000 + many)]
                kept.write_text(json.dumps([[[*key, bool(hit)] for key, hit in each.items()] for each in every]))
            rows = [tuple(row) for each in json.loads(kept.read_text()) for row in each]
            for goal in GOALS:
                for who in ("nothing", "random", "learned world", "oracle"):
                    hits = [hit for g, w, hit in rows if (g, w) == (goal, who)]
                    table.add(summed(name, goal, who, sum(hits), len(hits), None))


def summed(name: str, goal: str, who: str, hits: int, count: int, plan: float | None) -> dict[str, Any]:
    low, high = wilson(hits, count)
    return {
        "world": name, "goal": goal, "planned by": who, "reached %": 100 * hits / max(count, 1), "95 % from": 100 * low,
        "to": 100 * high, "seeds": count, "CPU s a plan": plan,
    }  # fmt: skip


if __name__ == "__main__":
    main()
