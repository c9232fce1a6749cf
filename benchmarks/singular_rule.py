"""Our singular facets beside geogram's rule, which knows the target region; ours sees the points alone.

The rule: a facet is singular exactly when its two points are no edge of the Delaunay complex restricted to the region
(here beyond a flip of one edge, see `singular_complex`). Source: the square, the cube. Targets: a horseshoe and two
disks in the plane, a U of three boxes and two boxes in space. `agree`: facets called singular by ours that the rule
calls singular too, as a share of ours; `found`: of the rule's facets whose straight line strays from the region by at
least 4 spacings (the median distance of nearest neighbours), the share that ours calls singular, and their number. The
others run along the region's border: there a gap as wide as the points' own spacing is no evidence.

    python benchmarks/singular_rule.py [--quick] [--seeds 100 101]
"""

import argparse
import time

import numpy as np
from numpy import ndarray
from scipy.spatial import cKDTree

from cuspworld import Brenier
from cuspworld.transport.exact.complex import restricted_delaunay, singular_complex
from cuspworld.transport.exact.convex_domain import ConvexDomain
from cuspworld.transport.exact.newton import exact_transport
from cuspworld.transport.exact.region import PolygonRegion, Region, UnionRegion
from results import Table, add_argument
from shapes import spacing


def horseshoe(count: int, generator: np.random.Generator) -> tuple[ndarray, Region]:
    """The annulus 0.7 < r < 1 without a wedge of 60 degrees."""
    opening = np.pi / 6
    turn = opening + (2 * np.pi - 2 * opening) * generator.random(count)
    points = np.sqrt(0.49 + 0.51 * generator.random(count))[:, None] * np.column_stack([np.cos(turn), np.sin(turn)])
    at = np.linspace(opening, 2 * np.pi - opening, 200)
    circle = np.column_stack([np.cos(at), np.sin(at)])
    return points, PolygonRegion((np.concatenate([circle, 0.7 * circle[::-1]]),))


def disks(count: int, generator: np.random.Generator) -> tuple[ndarray, Region]:
    """Two disks of radius 1, a gap of 2 between them."""
    turn, radius = 2 * np.pi * generator.random(count), np.sqrt(generator.random(count))
    side = np.where(generator.random(count) < 0.5, -2.0, 2.0)
    at = np.linspace(0, 2 * np.pi, 200, endpoint=False)
    ring, offset = np.column_stack([np.cos(at), np.sin(at)]), np.array([2.0, 0.0])
    points = np.column_stack([side + radius * np.cos(turn), radius * np.sin(turn)])
    return points, PolygonRegion((ring - offset, ring + offset))


def of_boxes(
    boxes: list[tuple[list[float], list[float]]], count: int, generator: np.random.Generator
) -> tuple[ndarray, Region]:
    low, high = (np.array([box[k] for box in boxes], float) for k in (0, 1))
    volumes = np.prod(high - low, axis=1)
    chosen = generator.choice(len(boxes), size=count, p=volumes / volumes.sum())
    points = low[chosen] + (high - low)[chosen] * generator.random((count, 3))
    corners = np.stack(np.meshgrid([0, 1], [0, 1], [0, 1], indexing="ij"), -1).reshape(-1, 3)
    return points, UnionRegion(
        tuple(ConvexDomain.from_vertices(a + (b - a) * corners) for a, b in zip(low, high, strict=True))
    )


def letter_u(count: int, generator: np.random.Generator) -> tuple[ndarray, Region]:
    """Two legs 1 x 1 x 2 on a base, 3 apart: connected, not convex."""
    legs = [([-2.5, -0.5, 0], [-1.5, 0.5, 2]), ([1.5, -0.5, 0], [2.5, 0.5, 2])]
    return of_boxes([*legs, ([-2.5, -0.5, -1], [2.5, 0.5, 0])], count, generator)


def two_boxes(count: int, generator: np.random.Generator) -> tuple[ndarray, Region]:
    return of_boxes([([-2.5, -0.5, 0], [-1.5, 0.5, 2]), ([1.5, -0.5, 0], [2.5, 0.5, 2])], count, generator)


CASES = [
    ("horseshoe", 2, horseshoe, (500, 2000)),
    ("two disks", 2, disks, (500, 2000)),
    ("U of boxes", 3, letter_u, (500, 2000)),
    ("two boxes", 3, two_boxes, (500, 2000)),
]


def strays(pair: ndarray, region_sample: cKDTree) -> float:
    """How far the segment between two points gets from the region."""
    share = np.linspace(0, 1, 33)[:, None]
    return float(region_sample.query((1 - share) * pair[0] + share * pair[1])[0].max())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="500 points and one seed")
    parser.add_argument("--seeds", type=int, nargs="*", default=(100, 101))
    add_argument(parser)
    options = parser.parse_args()
    with Table("singular_rule", options.save) as table:
        run(options, table)


def run(options: argparse.Namespace, table: Table) -> None:
    for name, dimension, make, counts in CASES:
        for count in counts[: 1 if options.quick else None]:
            for seed in options.seeds[: 1 if options.quick else None]:
                points, region = make(count, np.random.default_rng(seed))
                domain = ConvexDomain.cube(dimension)
                brenier = Brenier(source=domain.vertices).fit(points)
                began = time.process_time()
                found = brenier.singular_set_
                ours = {tuple(pair) for pair in found.facets[found.singular].tolist()}
                mine = time.process_time() - began
                transport = exact_transport(points, None, domain)
                began = time.process_time()
                distinct = transport.diagram.points
                rule = singular_complex(transport, restricted_delaunay(distinct, region), flips=True)
                back = np.argsort(transport.site_of)
                exact = {tuple(sorted(pair)) for pair in back[rule.pairs].tolist()}
                seconds = time.process_time() - began
                region_sample = cKDTree(make(200_000, np.random.default_rng(seed + 1))[0])
                wide = {pair for pair in exact if strays(points[list(pair)], region_sample) >= 4 * spacing(points)}
                table.add(
                    {
                        "target": name,
                        "d": dimension,
                        "N": count,
                        "seed": seed,
                        "facets: ours": len(ours),
                        "the rule's": len(exact),
                        "of ours by the rule too": len(ours & exact) / len(ours) if ours else None,
                        "of the rule's wide ones found": len(ours & wide) / len(wide) if wide else None,
                        "wide ones": len(wide),
                        "branches: ours": int(brenier.branches_.max()) + 1,
                        "branches: the rule's": int(rule.branches.max()) + 1,
                        "CPU s: ours": mine,
                        "CPU s: the rule's": seconds,
                    }
                )


if __name__ == "__main__":
    main()
