"""Extended map: mixtures, novelty and a two-sample test against held-out data, together, since either alone is easy.

`mixtures`: share of generated points outside every component's support, and by more than one spacing (the median
nearest-neighbour distance of the data), which a hard edge needs. `novelty`: median distance to the nearest training
point, in spacings. `energy`: squared energy distance (Szekely, Rizzo) of N / 2 generated points (at most 2,000) from as
many held-out ones, mean over draws, x 1000; `half` is that of as many points of the training set, drawn without
replacement, on the same held-out draws: a random half of it where that is at most 2,000 points; `pass` is the share
of draws that a permutation test at 5 % does not reject. `map` is the plain Brenier map, `average` the same weights
without stretch and without regard for singular facets: what averaging neighbours gives. `redrawn` is the training set
drawn with replacement: the best that memory does. Its repeats, which a half has not, add E|X - X'| / N to the energy;
no map from noise to N points or to their surroundings can do without them.

    python benchmarks/extended_map.py [--quick] [--curve]     # --curve: other numbers of neighbours, powers
"""

import argparse

import numpy as np
from numpy import ndarray
from scipy.spatial import cKDTree
from scipy.spatial.distance import cdist

from cuspworld import Brenier
from cuspworld.transport.singular.extended import ExtendedMap
from results import Table, add_argument
from shapes import SHAPES, TEST_SEEDS, Shape, spacing

PERMUTATIONS = 199
LARGEST_SAMPLE = 2000  # of a two-sample test, whose distances take memory and time as its square


def energy(first: ndarray, second: ndarray, generator: np.random.Generator) -> tuple[float, bool]:
    """Squared energy distance of two samples of one size, and whether a permutation test at 5 % lets them pass."""
    size = len(first)
    distance = cdist(*[np.concatenate([first, second])] * 2)
    signs = np.tile(np.repeat([1.0, -1.0], size), (PERMUTATIONS + 1, 1))
    signs[1:] = generator.permuted(signs[1:], axis=1)
    values = -np.einsum("pn,pn->p", signs @ distance, signs) / size**2  # V-statistic; the first is the real one
    within = distance[:size, :size].sum() + distance[size:, size:].sum()
    unbiased = values[0] - within / (size**2 * (size - 1))  # the diagonals' zeros are no distances
    return float(unbiased), bool((values >= values[0]).mean() > 0.05)


def averaged(brenier: Brenier, points: ndarray, noise: ndarray) -> ndarray:
    """The average over the nearest cells, blind to the singular set."""
    from cuspworld.transport.singular.extended import NEIGHBOURS, POWER

    values, sites = brenier._potential.top_k(noise, NEIGHBOURS)
    weights = (values - values[:, -1:]).astype(np.float64) ** POWER
    return np.einsum("bk,bkd->bd", weights / weights.sum(1, keepdims=True), points[brenier._normalised.active[sites]])


def rows(
    shape: Shape, count: int, seed: int, draws: int, settings: list[dict[str, float]], tolerance: float
) -> list[dict[str, object]]:
    points, _ = shape.sample(count, seed)
    size = min(count // 2, LARGEST_SAMPLE)
    held_out, _ = shape.sample(draws * size, seed, part=1)
    brenier = Brenier(tolerance=tolerance, seed=seed, threads=1, max_seconds=600).fit(points)
    noise = brenier.sample_noise(draws * size, seed=seed + 1)
    generator = np.random.default_rng([seed, 2])
    unit, tree = spacing(points), cKDTree(points)
    made = {"map": brenier.map(noise), "average": averaged(brenier, points, noise), "extended": brenier.extend(noise)}
    made["redrawn"] = points[generator.integers(count, size=len(noise))]
    for setting in settings:
        sites, weights = ExtendedMap(brenier._potential, brenier._geometry.singular_set, **setting).weights(noise)
        name = " ".join(f"{key[:5]} {value:g}" for key, value in setting.items())
        made[name] = np.einsum("bk,bkd->bd", weights, points[brenier._normalised.active[sites]])
    held_out = held_out.reshape(draws, size, -1)
    halves = [energy(generator.permutation(points)[:size], part, generator) for part in held_out]
    half, passed = np.mean([h[0] for h in halves]), np.mean([h[1] for h in halves])
    out = []
    for name, sample in made.items():
        parts = sample.reshape(draws, size, -1)
        results = [energy(part, other, generator) for part, other in zip(parts, held_out, strict=True)]
        difference = np.array([r[0] for r in results]) - [h[0] for h in halves]
        novelty = np.median(tree.query(sample[:4000])[0]) / unit
        outside = shape.outside(sample)
        far = shape.depth(sample[outside], sample[outside]) > unit if outside.any() else np.zeros(0, bool)
        beyond = far.sum() / len(sample) if points.shape[1] == 2 else outside.mean()
        out.append(
            {
                "shape": shape.name,
                "N": count,
                "seed": seed,
                "method": name,
                "mixtures, %": 100 * outside.mean(),
                "beyond 1 spacing, %": 100 * beyond,
                "novelty": novelty,
                "energy x 1000": 1e3 * np.mean([r[0] for r in results]),
                "of halves": 1e3 * half,
                "s.e.": 1e3 * difference.std(ddof=1) / np.sqrt(draws),
                "pass": np.mean([r[1] for r in results]),
                "halves pass": passed,
            }
        )
    return out


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="N = 1,000, one seed, 4 draws")
    parser.add_argument("--curve", action="store_true", help="also other numbers of neighbours and powers")
    parser.add_argument("--seeds", type=int, nargs="*", default=TEST_SEEDS[:3])
    parser.add_argument("--sizes", type=int, nargs="*", default=(1000, 4000))
    parser.add_argument("--draws", type=int, default=10)
    parser.add_argument("--tolerance", type=float, default=0.1)
    parser.add_argument("--only", default="", help="only shapes whose name contains this")
    add_argument(parser)
    options = parser.parse_args()
    if options.quick:
        options.seeds, options.sizes, options.draws = options.seeds[:1], (1000,), 4
    curve = [{"neighbours": k, "power": p} for k in (4, 16, 64) for p in (1.0, 4.0)] if options.curve else []
    with Table("extended_map", options.save) as table:
        for shape in (shape for shape in SHAPES if options.only in shape.name):
            own = curve if "16-D" in shape.name else []
            for count in options.sizes:
                for seed in options.seeds:
                    for row in rows(shape, count, seed, options.draws, own, options.tolerance):
                        table.add(row)


if __name__ == "__main__":
    main()
