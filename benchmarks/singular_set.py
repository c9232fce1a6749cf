"""Singular set against the truth: branches, precision and recall of singular facets, as N grows.

A facet is a true tear where its two points lie in different components, or where the straight line between them strays
from the data's support (in the plane). One spacing is the median nearest-neighbour distance. `precision`: of the facets
called singular, the share that are apart or stray at all. `recall`: found among those that are apart or stray by at
least 4 spacings (a gap of 8), what chance leaves empty in a plane of 1,000 to 16,000 points; `of 2`, `of 5`: at least
2 and 5.
pyOMT's rule (angle between (y_i, -1) and (y_j, -1) above 0.7) stands beside, judged in the same way.
`alone`: sites that no sample links; `placed`: the share of them whose branch is their component's.

    python benchmarks/singular_set.py [--quick] [--seeds 100 101]
"""

import argparse
import time

import numpy as np
from numpy import ndarray

from cuspworld import Brenier
from cuspworld.transport.singular.singular import NEIGHBOURS, _emptiness_level
from results import Table, add_argument
from shapes import SHAPES, TEST_SEEDS, Shape, spacing


def judged(shape: Shape, points: ndarray, component: ndarray, facets: ndarray) -> list[ndarray]:
    """(F,) whether each facet is apart or strays: at all, by two spacings, four, five."""
    unit = spacing(points)
    apart = component[facets[:, 0]] != component[facets[:, 1]]
    depth = shape.depth(points[facets[:, 0]], points[facets[:, 1]])
    return [apart | (depth > least * unit) for least in (0, 2, 4, 5)]


def share(part: ndarray, whole: ndarray) -> float | None:
    return float((part & whole).sum() / whole.sum()) if whole.any() else None


def angle_rule(points: ndarray, facets: ndarray) -> ndarray:
    lifted = np.column_stack([points, -np.ones(len(points))])
    lifted /= np.linalg.norm(lifted, axis=1, keepdims=True)
    cosine = (lifted[facets[:, 0]] * lifted[facets[:, 1]]).sum(1)
    return np.arccos(np.clip(cosine, -1, 1)) > 0.7


def row(shape: Shape, count: int, seed: int, tolerance: float) -> dict[str, object]:
    points, component = shape.sample(count, seed)
    start = time.process_time()
    brenier = Brenier(tolerance=tolerance, seed=seed, threads=1, max_seconds=240).fit(points)
    solved = time.process_time()
    singular = brenier.singular_set_
    seconds = time.process_time() - solved
    facets, branches = singular.facets, brenier.branches_
    tear, narrow, wide, wider = judged(shape, points, component, facets)
    alone = np.setdiff1d(np.arange(count), facets)
    home = np.array([np.bincount(branches[component == c]).argmax() for c in range(component.max() + 1)])
    wrong = int((branches != home[component]).sum())
    sizes = np.bincount(branches)
    peer = angle_rule(points, facets)
    return {
        "shape": shape.name,
        "N": count,
        "seed": seed,
        "branches": len(sizes),
        "true": shape.branches,
        "smallest": int(sizes.min()),
        "points in a wrong one": wrong,
        "tears": int(singular.singular.sum()),
        "precision": share(tear, singular.singular),
        "recall": share(singular.singular, wide),
        "recall of 2": share(singular.singular, narrow),
        "recall of 5": share(singular.singular, wider),
        "pyOMT's precision": share(tear, peer),
        "pyOMT's recall": share(peer, wide),
        "alone": len(alone),
        "placed": float((branches[alone] == home[component[alone]]).mean()) if len(alone) else None,
        "fit, s": solved - start,
        "tears, s": seconds,
    }


def chances(gaps: tuple[float, ...]) -> str:
    """What the rule gives one facet for a gap of so many spacings between two straight borders of a uniform plane."""
    unit = np.sqrt(np.log(2) / np.pi)  # the median distance to the nearest of points of density 1
    reach = np.sqrt(2 * NEIGHBOURS / np.pi)  # a half disc of this radius holds the neighbours of a point on a border
    empty = np.repeat(np.array(gaps)[:, None] * unit / 2, NEIGHBOURS, axis=1)
    levels = _emptiness_level(empty, np.full(len(gaps), reach), 2.0)
    return ", ".join(f"{gap:g} spacings {level:.1e}" for gap, level in zip(gaps, levels, strict=True))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="N = 1,000 and one seed")
    parser.add_argument("--seeds", type=int, nargs="*", default=TEST_SEEDS[:2])
    parser.add_argument("--sizes", type=int, nargs="*", default=(1000, 4000, 16000))
    parser.add_argument("--tolerance", type=float, default=0.2)
    parser.add_argument("--only", default="", help="only shapes whose name contains this")
    add_argument(parser)
    options = parser.parse_args()
    if options.quick:
        options.seeds, options.sizes = options.seeds[:1], (1000,)
    with Table("singular_set", options.save) as table:
        for shape in (shape for shape in SHAPES if options.only in shape.name):
            for count in options.sizes:
                for seed in options.seeds:
                    table.add(row(shape, count, seed, options.tolerance))
    print(f"level of one facet, before any correction, across a gap of {chances((8, 10, 12, 16))}")


if __name__ == "__main__":
    main()
