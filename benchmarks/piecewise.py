"""Piecewise of stable-worldmodel: an open room whose four zones each drift another way, invisibly. Are the branches
found the zones, and does the agent come to its goal?

    pip install --no-deps stable-worldmodel==0.1.1 loguru
    python benchmarks/piecewise.py [--quick] [--folder runs] [--save]

A JEPA learns from pictures and random actions alone; zones and places are never told. The law of a moment: which
action would have to be taken there so that, by its prediction, nothing changes; two numbers, whatever the embedding's
shape. `Brenier` finds the branches of these over recorded moments. Borders set aside: the fifth of the moments whose
law differs most from that of their neighbours takes the branch of the nearest other moment (chosen on seed 0, which
judges nothing). Beside them the branches of the embeddings (where, not which law), k-means that is told that there
are four, and HDBSCAN, on the same numbers. Right: the share of moments whose branch's commonest zone is theirs;
likeness: adjusted Rand index, moments of no branch counted as one. Goals: 100 frozen pairs anywhere, within 8 px in
75 steps; a random policy, an oracle that is told places and drifts, and one that is told places and knows of no
drift. Two trainings.
"""

from __future__ import annotations

import argparse
import importlib
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch

from cuspworld.dynamics.branch_graph import BranchGraph
from cuspworld.dynamics.jepa import JEPA
from cuspworld.dynamics.planners import CEM
from cuspworld.training.dynamics import DynamicsPreset, train_dynamics
from cuspworld.training.presets import Phase
from cuspworld.transport.brenier import Brenier
from results import Table, add_argument, wilson
from two_room import LIMITS, Planned, clip_of, make, picture, place_at, random_policy, table_of

LOW, HIGH, MIDDLE, NEAR, BUDGET = 21.0, 203.0, 112.0, 8.0, 75


def piecewise() -> Any:
    make()  # the package without what wants torchvision
    module = importlib.import_module("stable_worldmodel.envs.piecewise.piecewise_env")
    env = module.PiecewiseEnv()
    env.reset(seed=0)
    return env


def zone_of(places: np.ndarray) -> np.ndarray:
    """(n,) as the package numbers them: rows from above, then columns."""
    return 2 * (places[:, 1] >= MIDDLE).astype(int) + (places[:, 0] >= MIDDLE)


def drift(env: Any, place: np.ndarray) -> np.ndarray:
    zone = int(zone_of(place[None])[0])
    return np.asarray(env.variation_space["zones"][f"bias_{zone}"].value, float)


def record(env: Any, count: int, frames: int, seed: int) -> list[Any]:
    """Clips of random actions, each held for 1 to 8 steps, from random places."""
    clips = []
    for index in range(count):
        random = np.random.default_rng((seed, index))
        place_at(env, random.uniform(LOW, HIGH, 2))
        held: list[np.ndarray] = []
        while len(held) < frames:
            held += [random.uniform(-1, 1, 2)] * int(random.integers(1, 9))
        shown, places = [], []
        for action in held[:frames]:
            shown.append(picture(env))
            places.append(env.agent_position.tolist())
            env.step(action)
        clips.append(clip_of(np.stack(shown), np.array(places), np.array(held[:frames])))
    return clips


def law(model: JEPA, z: torch.Tensor) -> np.ndarray:
    """(n, 2) the action, in full ones, after which the predicted embedding is the present one: Gauss and Newton."""
    states = z[:, None]

    def ahead(action: torch.Tensor) -> torch.Tensor:
        return model.roll(states, action[:, None])[:, 0]

    action, step = torch.zeros(len(z), 2), 0.3
    for _ in range(4):
        with torch.no_grad():
            columns = []
            for k in range(2):  # central differences
                d = torch.zeros(2)
                d[k] = step
                columns.append((ahead(action + d) - ahead(action - d)) / (2 * step))
            slope, off = torch.stack(columns, dim=2), z - ahead(action)  # (n, width, 2), (n, width)
            action = (action + torch.linalg.lstsq(slope, off[..., None]).solution[..., 0]).clamp(-2, 2)
    return action.numpy()


def agreement(branches: np.ndarray, zones: np.ndarray, clips: np.ndarray) -> dict[str, Any]:
    """How many branches of 2 % or more, how many zones, how alike; intervals by a bootstrap over clips."""
    from sklearn.metrics import adjusted_rand_score

    large = [b for b in np.unique(branches[branches >= 0]) if (branches == b).mean() >= 0.02]
    commonest = {b: np.bincount(zones[branches == b]).argmax() for b in np.unique(branches[branches >= 0])}
    right = np.array([commonest.get(b, -1) == zone for b, zone in zip(branches, zones, strict=True)])
    random, alike = np.random.default_rng(0), []
    which = [np.flatnonzero(clips == clip) for clip in np.unique(clips)]
    for _ in range(200):
        picks = np.concatenate([which[k] for k in random.integers(len(which), size=len(which))])
        alike.append(adjusted_rand_score(zones[picks], branches[picks]))
    return {
        "branches of 2 % or more": len(large), "zones": 4, "zones that have one": len({commonest[b] for b in large}),
        "right %": 100 * float(right.mean()), "likeness": float(adjusted_rand_score(zones, branches)),
        "95 % from": float(np.quantile(alike, 0.025)), "to": float(np.quantile(alike, 0.975)), "moments": len(zones),
    }  # fmt: skip


def taught(env: Any, count: int, steps: int, seed: int, folder: Path) -> tuple[JEPA, list[Any]]:
    began = time.process_time()
    clips = record(env, count, 60, seed)
    held_out = record(env, 10, 60, seed + 1000)
    phase = Phase(steps, batch=48, learning_rate=3e-3, warmup=50, weight_decay=1e-3, ema=0.98, save_every=250)
    preset = DynamicsPreset(phase, None, None, history=1, embedding=16, steps_ahead=4, sigreg=10.0, numbers=0.0)
    run = folder / f"piecewise{seed}"
    result = train_dynamics(
        clips, run, preset, held_out=held_out, limits=LIMITS, seed=seed, resume=(run / "settings.json").exists()
    )
    cost = time.process_time() - began
    print({"seed": seed, "rank": result.rank, "errors": result.errors, "CPU s": cost}, flush=True)
    return JEPA.from_pretrained(result.model), clips


def found(model: JEPA, clips: list[Any], moments: int, seed: int) -> list[dict[str, Any]]:
    """A row for each way to find the zones."""
    from sklearn.cluster import HDBSCAN, KMeans

    stride = max(1, round(sum(len(clip) for clip in clips) / moments))
    z = torch.cat([model.embed(clip.frames)[::stride] for clip in clips]).clone()
    places = np.concatenate([np.stack([clip.truth.state["x"], clip.truth.state["y"]], -1)[::stride] for clip in clips])
    when = np.array([(k, stride * n) for k, clip in enumerate(clips) for n in range(-(-len(clip) // stride))])
    code, zones = law(model, z), zone_of(places)
    around = code[torch.cdist(z, z).topk(13, largest=False).indices.numpy()]  # (n, 13, 2): its own and 12 others'
    doubt = np.linalg.norm(around - np.median(around, axis=1, keepdims=True), axis=2).mean(1)
    sure = np.flatnonzero(doubt <= np.quantile(doubt, 0.8))
    nearest = torch.cdist(z, z[torch.from_numpy(sure)]).argmin(1).numpy()

    def brenier(x: np.ndarray, rows: np.ndarray) -> np.ndarray:
        return Brenier(seed=seed, tolerance=0.2).fit(x[rows], trajectories=when[rows]).branches_

    def hdbscan(x: np.ndarray, rows: np.ndarray) -> np.ndarray:
        return HDBSCAN(min_cluster_size=max(5, len(rows) // 50), copy=True).fit(x[rows]).labels_

    every = np.arange(len(z))
    ways = {
        "Brenier, of laws, borders set aside": brenier(code, sure)[nearest],
        "HDBSCAN of laws, borders set aside": hdbscan(code, sure)[nearest],
        "Brenier, of laws": brenier(code, every),
        "HDBSCAN of laws": hdbscan(code, every),
        "k-means of laws, told that there are 4": KMeans(4, n_init=10, random_state=seed).fit(code).labels_,
        "Brenier, of embeddings": brenier(z.numpy(), every),
    }
    true = -np.array([[2, 0], [0, 2], [-2, 0], [0, -2]])[zones] / 5.0  # the package's own biases, in full actions
    error = float(np.abs(code - true).mean())
    rows = [{"seed": seed, "found by": n, **agreement(b, zones, when[:, 0])} for n, b in ways.items()]
    return [{**row, "law off by (full actions)": error if "laws" in row["found by"] else None} for row in rows]


def goals(env: Any, policy_of: Any, pairs: list[tuple[np.ndarray, np.ndarray]]) -> dict[str, Any]:
    hits, plans, seconds = 0, 0, 0.0
    for index, (start, goal) in enumerate(pairs):
        place_at(env, goal)
        policy = policy_of(index, goal, picture(env))
        place_at(env, start)
        for _ in range(BUDGET):
            place = env.agent_position.double().numpy()
            env.step(np.clip(policy(env, place), -1, 1))
            if np.linalg.norm(env.agent_position.double().numpy() - goal) < NEAR:
                hits += 1
                break
        plans, seconds = plans + getattr(policy, "plans", 0), seconds + getattr(policy, "seconds", 0.0)
    low, high = wilson(hits, len(pairs))
    return {
        "reached %": 100 * hits / len(pairs), "95 % from": 100 * low, "to": 100 * high, "pairs": len(pairs),
        "CPU s a plan": seconds / plans if plans else None,
    }  # fmt: skip


def straight(env: Any, goal: np.ndarray, knows: bool) -> Any:
    def act(_: Any, place: np.ndarray) -> np.ndarray:
        wanted = goal - place - (drift(env, place) if knows else 0.0)
        return wanted / max(5.0, np.abs(wanted).max())

    return act


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="few clips, short training: does it run?")
    parser.add_argument("--clips", type=int, default=200, help="recorded, of 60 frames each")
    parser.add_argument("--steps", type=int, default=1200, help="of training")
    parser.add_argument("--moments", type=int, default=1200)
    parser.add_argument("--pairs", type=int, default=100)
    parser.add_argument("--sampled", type=int, default=20, help="pairs of CEM, which is slow")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2], help="of recording and training")
    parser.add_argument("--folder", type=Path, help="keep the runs there, and go on with them")
    add_argument(parser)
    arguments = parser.parse_args()
    count, steps, moments, many, few = (
        (20, 60, 200, 4, 2)
        if arguments.quick
        else (arguments.clips, arguments.steps, arguments.moments, arguments.pairs, arguments.sampled)
    )
    env = piecewise()
    random = np.random.default_rng(7)
    pairs = [(random.uniform(LOW, HIGH, 2), random.uniform(LOW, HIGH, 2)) for _ in range(many)]
    with tempfile.TemporaryDirectory() as aside, Table("piecewise", arguments.save) as table:
        trained = []
        for seed in arguments.seeds[:1] if arguments.quick else arguments.seeds:
            model, clips = taught(env, count, steps, seed, arguments.folder or Path(aside))
            trained.append((seed, model, clips))
            for row in found(model, clips, moments, seed):
                table.add(row)
        plain = {
            "random": lambda index, goal, seen: random_policy(index),
            "oracle, told of places and drifts": lambda index, goal, seen: straight(env, goal, True),
            "told of places, knows of no drift": lambda index, goal, seen: straight(env, goal, False),
        }
        for name, policy in plain.items():
            table.add({"seed": None, "policy": name, **goals(env, policy, pairs)})
        for seed, model, clips in trained:
            graph = BranchGraph.learn(
                model, [clip.frames for clip in clips], [table_of(clip) for clip in clips], moments=moments, seed=seed
            )
            for name, planner, every, some in (("branch graph", graph, 1, pairs), ("CEM", CEM(), 4, pairs[:few])):
                planned = lambda index, goal, seen, m=model, p=planner, e=every: Planned(m, p, seen, e)  # noqa: E731
                table.add({"seed": seed, "policy": name, **goals(env, planned, some)})


if __name__ == "__main__":
    main()
