"""TwoRoom of stable-worldmodel under CLEAR-LeWM's strict rule, learned from random actions alone: does the agent come
through the door to its goal?

    pip install --no-deps stable-worldmodel==0.1.1 loguru
    python benchmarks/two_room.py [--quick] [--save]

The package is MIT; its two files that matter are read without the rest, which wants torchvision. Its collision test
looks at the end point of a step only, so the disk cuts through corners of the wall; as CLEAR-LeWM (MIT, v0.5) does,
each step is swept here instead, while recording and while judging. Strict: start and goal in different rooms, the whole
disk through the door and never in the wall, within 8 px of the goal and on its side. 50 steps where the way is at most
25 long, as there; `far` pairs, of the first seed, are drawn anywhere in both rooms and have 100. CLEAR's own pairs
index a data set that is not used here: these are drawn by seed.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import sys
import tempfile
import time
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from cuspworld.clip import Clip
from cuspworld.files import written_whole
from cuspworld.truth import Truth
from results import Table, add_argument, wilson

CENTRE, HALF, DOOR, OPENING, RADIUS, SPEED = 112.0, 5.0, 49.0, 14.0, 7.0, 5.0
LOW, HIGH = 21.0, 203.0  # where the disk's centre can be
SHRINK = 7  # 224 px -> 32 px, by means
KINDS = {"25 steps": (125.0, 50), "far": (1000.0, 100)}  # longest way in px, steps that it may take
LIMITS = {"x": (-1.0, 1.0), "y": (-1.0, 1.0)}


def clear(place: np.ndarray) -> bool:
    """True where the whole disk is outside the wall, whose door is open from 35 to 63 px."""
    if not (place >= LOW).all() or not (place <= HIGH).all():
        return False
    aside = max(abs(place[0] - CENTRE) - HALF, 0.0)
    inside = max(OPENING - abs(place[1] - DOOR), 0.0)  # from the nearer doorpost, when in the opening
    return bool(np.hypot(aside, inside) >= RADIUS)


def swept(place: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Where the disk comes to on its way: in pieces of a quarter of a pixel, sliding along what it touches."""
    pieces = max(1, int(np.ceil(np.abs(wanted - place).max() * 4)))
    step = (wanted - place) / pieces
    if all(clear(place + k * step) for k in range(1, pieces + 1)):
        return wanted
    for _ in range(pieces):
        for part in (step, step * [1, 0], step * [0, 1]):
            if clear(place + part):
                place = place + part
                break
    return place


def make() -> Any:
    """The package's environment with the swept collision."""
    found = importlib.util.find_spec("stable_worldmodel")
    if found is None or found.submodule_search_locations is None:
        sys.exit("pip install --no-deps stable-worldmodel==0.1.1 loguru")
    folder = Path(found.submodule_search_locations[0])
    package = types.ModuleType("stable_worldmodel")
    package.__path__ = [str(folder)]
    sys.modules["stable_worldmodel"] = package

    def get_in(tree: Any, path: list[str]) -> Any:
        for name in path:
            tree = tree[name]
        return tree

    package.utils = types.SimpleNamespace(get_in=get_in)  # type: ignore[attr-defined]
    package.spaces = importlib.import_module("stable_worldmodel.spaces")  # type: ignore[attr-defined]
    spec = importlib.util.spec_from_file_location("two_room_env", folder / "envs" / "two_room" / "env.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["two_room_env"] = module
    spec.loader.exec_module(module)
    env = module.TwoRoomEnv()
    torch = module.torch
    env._apply_collisions = lambda before, after: torch.as_tensor(
        swept(before.double().numpy(), np.clip(after.double().numpy(), LOW, HIGH)), dtype=torch.float32
    )
    return env


def picture(env: Any) -> np.ndarray:
    """(32, 32, 3) uint8."""
    side = 224 // SHRINK
    return env.render().reshape(side, SHRINK, side, SHRINK, 3).mean((1, 3)).round().astype(np.uint8)


def place_at(env: Any, place: np.ndarray) -> None:
    env.agent_position = env.agent_position.new_tensor(place)


def drawn_place(generator: np.random.Generator) -> np.ndarray:
    while not clear(place := generator.uniform(LOW, HIGH, 2)):
        pass
    return place


def record(env: Any, count: int, frames: int, seed: int) -> list[Clip]:
    """Clips of random actions, each held for 1 to 8 steps, from random places."""
    clips = []
    for index in range(count):
        generator = np.random.default_rng((seed, index))
        env.reset(seed=index)
        place_at(env, drawn_place(generator))
        held: list[np.ndarray] = []
        while len(held) < frames:
            held += [generator.uniform(-1, 1, 2)] * int(generator.integers(1, 9))
        shown, state = [], []
        for action in held[:frames]:
            shown.append(picture(env))
            state.append(env.agent_position.tolist())
            env.step(action)
        clips.append(clip_of(np.stack(shown), np.array(state), np.array(held[:frames])))
    return clips


def clip_of(frames: np.ndarray, places: np.ndarray, actions: np.ndarray) -> Clip:
    state, action = (
        np.rec.fromarrays(table.T.astype(float), names="x,y").view([("x", "f8"), ("y", "f8")])
        for table in (places, actions)
    )
    return Clip(frames, 10.0, "a dot moves in two rooms", Truth("TwoRoom", {}, state, {}, action=action))


def pairs(count: int, seed: int, longest: float) -> list[tuple[np.ndarray, np.ndarray]]:
    """Frozen cross-room pairs whose way through the door is at most `longest` px; neither stands in the doorway."""
    generator, found = np.random.default_rng(seed), []
    door = np.array([CENTRE, DOOR])
    while len(found) < count:
        start, goal = drawn_place(generator), drawn_place(generator)
        rooms = [np.sign(p[0] - CENTRE) * (abs(p[0] - CENTRE) > HALF + RADIUS) for p in (start, goal)]
        way = np.linalg.norm(start - door) + np.linalg.norm(goal - door)
        if rooms[0] * rooms[1] < 0 and way <= longest:
            found.append((start, goal))
    return found


Policy = Callable[[Any, np.ndarray], np.ndarray]  # the world to take a picture of, the place (the oracle's) -> action


def episode(env: Any, policy: Policy, start: np.ndarray, goal: np.ndarray, budget: int) -> tuple[bool, bool]:
    """Strict success at any step; and whether it still stands there at the end."""
    env.reset(seed=0)
    place_at(env, start)
    success = last = crossed = False
    before = start
    for _ in range(budget):
        env.step(np.clip(policy(env, before), -1, 1))
        after = env.agent_position.double().numpy()
        crossed |= (before[0] < CENTRE) != (after[0] < CENTRE) and abs(after[1] - DOOR) <= OPENING - RADIUS
        side = (after[0] - CENTRE) * (goal[0] - CENTRE) > 0 and abs(after[0] - CENTRE) > HALF
        last = bool(np.linalg.norm(after - goal) < 8 and crossed and side)
        success |= last
        before = after
    return success, last


def oracle(goal: np.ndarray) -> Policy:
    """Knows the geometry and the place: to this side of the door, to the other, to the goal."""

    def act(env: Any, place: np.ndarray) -> np.ndarray:
        side = np.sign(goal[0] - CENTRE)
        target = goal
        if (place[0] - CENTRE) * side < HALF + RADIUS:
            near, far = (np.array([CENTRE + s * side * (HALF + RADIUS + 1), DOOR]) for s in (-1, 1))
            through = abs(place[1] - DOOR) < 2
            target = far if through else near
        return (target - place) / max(SPEED, np.abs(target - place).max())

    return act


def random_policy(seed: int) -> Policy:
    """As the recordings act."""
    generator = np.random.default_rng(seed)
    held: list[np.ndarray] = []

    def act(env: Any, place: np.ndarray) -> np.ndarray:
        if not held:
            held.extend([generator.uniform(-1, 1, 2)] * int(generator.integers(1, 9)))
        return held.pop()

    return act


class Planned:
    """A planner as a policy: it sees pictures alone, and plans anew every `every` steps."""

    def __init__(self, model: Any, planner: Any, goal: np.ndarray, every: int):
        self.model, self.planner, self.every = model, planner, every
        self.goal = model.embed(goal[None])[0]
        self.plan: list[np.ndarray] = []
        self.plans, self.seconds = 0, 0.0

    def __call__(self, env: Any, place: np.ndarray) -> np.ndarray:
        if not self.plan:
            frame, began = picture(env), time.process_time()
            actions = self.planner(self.model, self.model.encode(frame[None]), self.goal, seed=self.plans)
            self.plan = list(actions[: self.every].numpy())
            self.seconds += time.process_time() - began
            self.plans += 1
        return self.plan.pop(0)


Recorded = tuple[list[Clip], list[Clip], float]  # that teach, held out, CPU seconds of those that teach


def recordings(env: Any, count: int, seed: int, kept: Path) -> Recorded:
    """Recorded once: the file `kept` holds them."""
    if not kept.is_file():
        began = time.process_time()
        clips = record(env, count, 60, seed)
        cost = time.process_time() - began
        clips += record(env, 10, 60, seed + 1000)
        kept.parent.mkdir(parents=True, exist_ok=True)
        with written_whole(kept) as aside, aside.open("wb") as file:
            np.savez(
                file, frames=np.stack([clip.frames for clip in clips]), actions=np.stack([table_of(c) for c in clips]),
                places=np.stack([places_of(clip) for clip in clips]), cost=cost,
            )  # fmt: skip
    with np.load(kept) as held:
        clips = [clip_of(*each) for each in zip(held["frames"], held["places"], held["actions"], strict=True)]
        return clips[:-10], clips[-10:], float(held["cost"])


def places_of(clip: Clip) -> np.ndarray:
    assert clip.truth is not None
    return np.stack([clip.truth.state["x"], clip.truth.state["y"]], axis=-1)


def learned(
    recorded: Recorded, folder: Path, steps: int, seed: int, **weights: float
) -> tuple[Any, Any, dict[str, Any]]:
    """Model, branch graph, and what they cost in CPU seconds and came to."""
    from cuspworld.dynamics.branch_graph import BranchGraph
    from cuspworld.dynamics.jepa import JEPA
    from cuspworld.training.dynamics import DynamicsPreset, train_dynamics
    from cuspworld.training.presets import Phase

    clips, held_out, cost = recorded
    phase = Phase(steps, batch=48, learning_rate=3e-3, warmup=50, weight_decay=1e-3, ema=0.98, save_every=250)
    # One frame says all here: nothing goes on moving by itself. The places that the clips know teach nothing.
    preset = DynamicsPreset(
        phase, None, None, history=1, embedding=16, steps_ahead=4, **{"sigreg": 10.0, "numbers": 0.0, **weights}
    )  # type: ignore[arg-type]
    resume = (folder / "settings.json").exists()
    spent = folder.with_name(f"{folder.name}-seconds.txt")  # of CPU, of all the times that it was begun or gone on with
    began, before = time.process_time(), float(spent.read_text()) if resume and spent.is_file() else 0.0
    try:
        result = train_dynamics(clips, folder, preset, held_out=held_out, limits=LIMITS, seed=seed, resume=resume)
    finally:
        training = before + time.process_time() - began
        spent.write_text(str(training))
    model, trained = JEPA.from_pretrained(result.model), time.process_time()
    frames, done = [clip.frames for clip in clips], [table_of(clip) for clip in clips]
    graph = BranchGraph.learn(model, frames, done, moments=min(2000, 6 * len(clips)), seed=seed)
    facts = {
        "recording": cost, "training": training, "graph": time.process_time() - trained, "rank": result.rank,
        "errors": result.errors, "branches": int(graph.branches.max()) + 1, "passages": graph.passages,
        **purity(graph, clips),
    }  # fmt: skip
    print(facts, flush=True)
    return model, graph, facts


def table_of(clip: Clip) -> np.ndarray:
    assert clip.truth is not None
    return np.stack([clip.truth.action[name] for name in clip.truth.action.dtype.names], axis=-1)


def purity(graph: Any, clips: list[Clip]) -> dict[str, Any]:
    """Does a branch lie in one room? The share of moments (outside the doorway) in their branch's commoner room."""
    total = sum(len(clip) for clip in clips)
    stride = max(1, round(total / len(graph.moments)))
    x = np.concatenate([clip.truth.state["x"][::stride] for clip in clips if clip.truth is not None])
    if len(x) != len(graph.moments):
        return {}
    room, branch = x > CENTRE, graph.branches
    kept = (np.abs(x - CENTRE) >= HALF + RADIUS) & (branch >= 0)
    hits = sum(np.bincount(room[kept & (branch == b)], minlength=2).max() for b in np.unique(branch[branch >= 0]))
    return {
        "in one room": float(hits / kept.sum()),
        "hindered": float((branch < 0).mean()),
        "largest branches": np.sort(np.bincount(branch[branch >= 0]))[::-1][:6].tolist(),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="few pairs, short training: does it run?")
    parser.add_argument("--pairs", type=int, default=100)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 42], help="of the frozen pairs")
    parser.add_argument("--sampled", type=int, default=20, help="pairs of the sampling planners, which are slow")
    parser.add_argument("--seed", type=int, default=0, help="of recording and training")
    parser.add_argument("--clips", type=int, default=200, help="recorded, of 60 frames each")
    parser.add_argument("--steps", type=int, default=2000, help="of training")
    parser.add_argument("--folder", type=Path, help="keep the runs there, and go on with them")
    add_argument(parser)
    arguments = parser.parse_args()
    from cuspworld.dynamics.planners import CEM, MPPI, Gradient

    env = make()
    count, steps, many = arguments.clips, arguments.steps, arguments.pairs
    if arguments.quick:
        count, steps, many, arguments.sampled, arguments.seeds = 60, 150, 5, 5, arguments.seeds[:1]
    with tempfile.TemporaryDirectory() as aside:
        folder, seed = arguments.folder or Path(aside), arguments.seed
        recorded = recordings(env, count, seed, folder / f"recordings{seed}-{count}.npz")
        with Table("two_room", arguments.save) as table:
            model, graph, facts = learned(recorded, folder / f"seed{seed}", steps, seed)
            cost = facts["recording"] + facts["training"] + facts["graph"]
            planners = {"branch graph": (graph, 1), "CEM": (CEM(), 4), "MPPI": (MPPI(), 4), "gradient": (Gradient(), 4)}
            for kind, (longest, budget) in KINDS.items():
                for name in ("random", "oracle", *planners):
                    sampled = name in ("CEM", "MPPI", "gradient")
                    if sampled and kind == "far":
                        continue
                    drawn = arguments.sampled if sampled else many
                    asked = arguments.seeds[:1] if sampled or kind == "far" else arguments.seeds
                    trials = []
                    for s in asked:
                        how = (name, pairs(drawn, s, longest), budget, model, *planners.get(name, (None, 1)))
                        trials += judged(env, *how, folder / f"seed{seed}" / f"{name}-{kind}-{s}.json")
                    trained = cost if name in planners else None
                    table.add({"policy": name, "pairs": kind, **summed(trials), "all training CPU s": trained})


Trial = tuple[bool, bool, int, float]  # came there, stood there at the end, plans, their CPU seconds


def judged(
    env: Any, name: str, trials: list[tuple[np.ndarray, np.ndarray]], budget: int, model: Any, planner: Any, every: int,
    kept: Path,
) -> list[Trial]:  # fmt: skip
    """How a policy fared in each trial; those in the file `kept` are not run again."""
    found: list[Trial] = [tuple(trial) for trial in json.loads(kept.read_text())] if kept.is_file() else []
    for index, (start, goal) in list(enumerate(trials))[len(found) :]:
        place_at(env, goal)
        policy: Any = random_policy(index) if name == "random" else oracle(goal)
        if planner is not None:
            policy = Planned(model, planner, picture(env), every)
        success, last = episode(env, policy, start, goal, budget)
        found.append((success, last, getattr(policy, "plans", 0), getattr(policy, "seconds", 0.0)))
        if index % 20 == 19 or index == len(trials) - 1:
            with written_whole(kept) as aside:
                aside.write_text(json.dumps(found))
    return found


def summed(trials: list[Trial]) -> dict[str, Any]:
    hits, ends, plans, seconds = (np.array(column) for column in zip(*trials, strict=True))
    low, high = wilson(int(hits.sum()), len(hits))
    return {
        "count": len(hits), "strict %": 100 * float(hits.mean()), "95 % from": 100 * low, "to": 100 * high,
        "stands there at the end %": 100 * float(ends.mean()),
        "CPU s a plan": float(seconds.sum() / plans.sum()) if plans.sum() else None,
    }  # fmt: skip


if __name__ == "__main__":
    main()
