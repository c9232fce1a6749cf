"""Branches of data that comes as clips: whole things left whole, kinds told apart. Beside the same points untold.

    python benchmarks/clip_branches.py
    python benchmarks/clip_branches.py --worlds Juice Chair

Slow random walks of 80 steps: round a ring (step `walk` radians, noise 0.03), or about a point (unit spread,
correlation 1 - rate / 2 between steps). Of two kinds, three clips leap half-way from the first to the second; rings lie
4 apart, wells `gap`. Seeds 200 to 209; the rule was made on 0 to 2. "right": adjusted Rand index above 0.95.

`--worlds`: recorded clips (3 s at 10 frames a second, seeds from 0) as step codes: the latents of one or four
consecutive frames by the codec of the worlds, their first eight principal components. A frame is steady where the
world's own branch is the same for 0.3 s to either side; a branch is called by the state of most of its steady frames.
"""

import argparse
import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import torch
from sklearn.metrics import adjusted_rand_score

from cuspworld import worlds
from cuspworld.codec.codec import Codec, to_tensor
from cuspworld.transport.singular.branches import find_branches
from cuspworld.transport.singular.clip_branches import find_clip_branches
from cuspworld.transport.singular.passages import Passages
from cuspworld.transport.singular.trajectories import Trajectories
from results import Table, add_argument

STEPS, LEAPS, SEEDS = 80, 3, range(200, 210)


def kinds_of(clips: int, kinds: int) -> np.ndarray:
    """(clips, steps) the kind of each step."""
    kind = np.repeat(np.arange(clips) % kinds, STEPS).reshape(clips, STEPS)
    kind[: LEAPS * kinds : kinds, STEPS // 2 :] = kinds - 1
    return kind


def rings(seed: int, clips: int, kinds: int, dimension: int, walk: float) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    kind = kinds_of(clips, kinds)
    angle = generator.uniform(0, 2 * np.pi, (clips, 1)) + walk * generator.normal(size=kind.shape).cumsum(1)
    points = np.zeros((kind.size, dimension))
    points[:, 0], points[:, 1] = (np.cos(angle) + 4 * kind).ravel(), np.sin(angle).ravel()
    turn = np.linalg.qr(generator.normal(size=(dimension, dimension)))[0]
    return points @ turn.T + 0.03 * generator.normal(size=points.shape), kind.ravel()


def wells(seed: int, clips: int, kinds: int, dimension: int, rate: float, gap: float) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    kind = kinds_of(clips, kinds)
    noise = generator.normal(size=(*kind.shape, dimension))
    for step in range(1, STEPS):
        noise[:, step] = np.sqrt(1 - rate) * noise[:, step - 1] + np.sqrt(rate) * noise[:, step]
    noise[..., 0] += gap * kind
    return noise.reshape(-1, dimension), kind.ravel()


ROWS = [
    *((f"one ring, {d}-D, walk {w}", rings, 1, (d, w)) for d in (2, 16) for w in (0.05, 0.15)),
    *((f"one well, {d}-D, rate {r}", wells, 1, (d, r, 0.0)) for d in (2, 16) for r in (0.02, 0.2)),
    *((f"two rings, {d}-D", rings, 2, (d, 0.15)) for d in (2, 16, 64)),
    *((f"two wells {g} apart, {d}-D", wells, 2, (d, 0.1, g)) for d in (2, 8, 32) for g in (8, 12)),
]


def step_codes(frames: np.ndarray, together: int) -> np.ndarray:
    """(steps, 8) codes of clips (clips, time, height, width, 3): latents of `together` frames, principal components."""
    codec = Codec.from_pretrained("worlds").eval()
    with torch.inference_mode():
        latents = np.stack([codec.encode(to_tensor(clip[None]))[0].flatten(1).numpy() for clip in frames])
    steps = latents.shape[1] // together
    rows = latents[:, : steps * together].reshape(len(frames) * steps, -1)
    rows = rows - rows.mean(0)
    _, _, axes = torch.svd_lowrank(torch.from_numpy(rows), 16, niter=4)
    codes = rows @ axes.numpy()[:, :8]
    return codes / np.sqrt((codes**2).sum(1).mean())


def steady(states: np.ndarray, together: int) -> np.ndarray:
    """(clips, steps) the state (a number) of each code, -1 where it changes within three frames."""
    clips, count = states.shape
    padded = np.pad(states, ((0, 0), (3, 3)), mode="edge")
    near = np.stack([padded[:, k : k + count] for k in range(7)])
    states = np.where((near == near[0]).all(0), states, -1)[:, : count // together * together]
    groups = states.reshape(clips, -1, together)
    return np.where((groups == groups[..., :1]).all(2), groups[..., 0], -1)


def measure(frames: np.ndarray, states: np.ndarray, together: int) -> dict[str, object]:
    """The row of clips whose frames (clips, time) are in `states`."""
    truth = steady(states, together)
    codes = step_codes(frames, together)
    recorded = Trajectories.of(np.repeat(np.arange(len(frames)), truth.shape[1]), len(codes))
    row: dict[str, object] = {}
    for name, found in (("", find_clip_branches(codes, recorded)), (", untold", find_branches(codes.astype(float)))):
        table = np.zeros((found.max() + 1, states.max() + 1), int)
        np.add.at(table, (found[truth.ravel() >= 0], truth.ravel()[truth.ravel() >= 0]), 1)
        named = table.argmax(1)
        row |= {"branches" + name: len(table), "impure %" + name: 100 * (1 - table.max(1).sum() / table.sum())}
        pairs = named[Passages.between(found, recorded).pairs]
        pairs = pairs[pairs[:, 0] != pairs[:, 1]]
        kinds, counts = np.unique(pairs, axis=0, return_counts=True)
        row["passages" + name] = ", ".join(f"{a}->{b} {n}" for (a, b), n in zip(kinds, counts, strict=True))
    changes = np.stack([states[:, :-1], states[:, 1:]], axis=-1)[states[:, :-1] != states[:, 1:]]
    kinds, counts = np.unique(changes, axis=0, return_counts=True)
    return row | {"true changes": ", ".join(f"{a}->{b} {n}" for (a, b), n in zip(kinds, counts, strict=True))}


def show_worlds(names: list[str], clips: int) -> None:
    for name in names:
        world = worlds.make(name)
        recorded = [world.record(seed, seconds=3.0, fps=10.0, size=64) for seed in range(clips)]
        states = np.array([[world.branches.index(world.branch(row)) for row in clip.truth.state] for clip in recorded])
        frames = np.stack([clip.frames for clip in recorded])
        with Table("step_codes", False) as table:
            for together in (1, 4):
                table.add(
                    {"world": name, "clips": clips, "frames a code": together} | measure(frames, states, together)
                )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--worlds", nargs="+", default=[], metavar="NAME")
    parser.add_argument("--clips", type=int, default=120, help="of each world")
    parser.add_argument("--told", action="store_true", help="only with the clips")
    parser.add_argument("--quick", action="store_true", help="two draws of twelve clips")
    add_argument(parser)
    arguments = parser.parse_args()
    if arguments.worlds:
        return show_worlds(arguments.worlds, 24 if arguments.quick else arguments.clips)
    seeds, counts = (SEEDS[:2], (12,)) if arguments.quick else (SEEDS, (12, 20, 40))
    ways = ["told"] if arguments.told else ["told", "untold"]
    whole = dict.fromkeys(ways, 0)
    with Table("clip_branches", arguments.save) as table:
        for name, draw, kinds, setting in ROWS:
            row: dict[str, object] = {"data": name, "draws": len(seeds)}
            for way in ways:
                for clips in counts:
                    right = 0
                    for seed in seeds:
                        points, kind = draw(seed, clips, kinds, *setting)
                        recorded = Trajectories.of(np.repeat(np.arange(clips), STEPS), len(points))
                        found = find_clip_branches(points, recorded) if way == "told" else find_branches(points)
                        right += adjusted_rand_score(kind, found) > 0.95
                    row[f"{way}, {clips} clips"] = right
                    whole[way] += right * (kinds == 1)
            table.add(row)
    of = len(seeds) * len(counts) * sum(kinds == 1 for _, _, kinds, _ in ROWS)
    print(", ".join(f"one piece left whole: {whole[way]} of {of} {way}" for way in ways))
    return None


if __name__ == "__main__":
    main()
