"""Branches of data that comes as clips: whole things left whole, two kinds told apart. Beside the same points untold.

    python benchmarks/clip_branches.py

Slow random walks of 80 steps: round a ring (step `walk` radians, noise 0.03), or about a point (unit spread,
correlation 1 - rate / 2 between steps). Of two kinds, three clips leap half-way from the first to the second; rings lie
4 apart, wells `gap`. Seeds 200 to 209; the rule was made on others. "right": adjusted Rand index above 0.95.
"""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from sklearn.metrics import adjusted_rand_score

from cuspworld.transport.singular.branches import find_branches
from cuspworld.transport.singular.clip_branches import find_clip_branches
from cuspworld.transport.singular.trajectories import Trajectories

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


def main() -> None:
    print("| data | clips | right, told the clips | right, untold |\n|---|---|---|---|")
    whole = np.zeros(2, int)
    for name, draw, kinds, setting in ROWS:
        for clips in (12, 20, 40):
            right = np.zeros(2, int)
            for seed in SEEDS:
                points, kind = draw(seed, clips, kinds, *setting)
                recorded = Trajectories.of(np.repeat(np.arange(clips), STEPS), len(points))
                for column, found in enumerate((find_clip_branches(points, recorded), find_branches(points))):
                    right[column] += adjusted_rand_score(kind, found) > 0.95
            whole += right * (kinds == 1)
            print(f"| {name} | {clips} | {right[0]} of 10 | {right[1]} of 10 |", flush=True)
    total = 10 * 3 * sum(kinds == 1 for _, _, kinds, _ in ROWS)
    print(f"one piece left whole: {whole[0]} of {total} told, {whole[1]} untold")


if __name__ == "__main__":
    main()
