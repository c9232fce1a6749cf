"""The exact singular set on targets whose singular set is known in closed form."""

import numpy as np
import pytest

from cuspworld.transport.exact.complex import restricted_delaunay, singular_complex
from cuspworld.transport.exact.convex_domain import ConvexDomain
from cuspworld.transport.exact.newton import exact_transport
from cuspworld.transport.exact.region import PolygonRegion, UnionRegion


def rectangle(x0, y0, x1, y1):
    return np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]], float)


def grid(low, high, counts):
    axes = [a + (np.arange(n) + 0.5) / n * (b - a) for a, b, n in zip(low, high, counts, strict=True)]
    return np.stack(np.meshgrid(*axes, indexing="ij"), -1).reshape(-1, len(counts))


def solved_singular(points, domain, region):
    transport = exact_transport(points, None, domain, 1e-9)
    return transport, singular_complex(transport, restricted_delaunay(transport.diagram.points, region), flips=True)


@pytest.mark.parametrize("per_side", [6, 12])
@pytest.mark.parametrize(("scale", "shift"), [(1.0, 0.0), (0.01, 0.0), (1.0, 5.0)])
def test_two_squares_tear_the_square_along_its_middle(per_side, scale, shift):
    """Two separated halves: T is a translation on each half, and the singular set is the segment x = 0, whatever N
    is."""
    left, right = rectangle(-2, -0.5, -1.5, 0.5), rectangle(1.5, -0.5, 2, 0.5)
    points = np.concatenate([grid(r[0], r[2], (per_side, 2 * per_side)) for r in (left, right)]) * scale + shift
    region = PolygonRegion((left * scale + shift, right * scale + shift))
    _, singular = solved_singular(points, ConvexDomain.cube(2), region)
    assert sorted(np.bincount(singular.branches)) == [2 * per_side**2] * 2
    assert singular.sizes.sum() == pytest.approx(1.0, abs=1e-9)
    assert np.abs(np.concatenate(singular.facets)[:, 0]).max() < 1e-9
    assert len(singular.chains) == 1 and len(singular.junctions) == 0
    np.testing.assert_allclose(np.sort(singular.ends[:, 0, 1]), [-0.5, 0.5], atol=1e-9)
    # the points that it maps to are the two facing columns
    faced = (exact_points := np.unique(points, axis=0))[singular.boundary_sites]
    assert len(faced) == 4 * per_side
    assert set(np.round(np.unique(faced[:, 0]), 9)) <= {
        np.round(np.sort(np.unique(exact_points[:, 0]))[k], 9) for k in (per_side - 1, per_side)
    }


def test_three_clusters_on_a_disk_meet_in_one_junction():
    turn = 2 * np.pi * np.arange(3) / 3
    centres = 3 * np.column_stack([np.cos(turn), np.sin(turn)])
    blob = 0.3 * np.random.default_rng(0).normal(size=(60, 2)).clip(-1.5, 1.5)
    rotations = [np.array([[np.cos(t), -np.sin(t)], [np.sin(t), np.cos(t)]]) for t in turn]
    points = np.concatenate([centre + blob @ rotation.T for centre, rotation in zip(centres, rotations, strict=True)])
    boxes = tuple(centre + rectangle(-0.7, -0.7, 0.7, 0.7) for centre in centres)
    transport, singular = solved_singular(points, ConvexDomain.disk(300), PolygonRegion(boxes))
    cluster = np.argmin(((transport.diagram.points[:, None] - centres) ** 2).sum(-1), axis=1)
    between = cluster[singular.pairs[:, 0]] != cluster[singular.pairs[:, 1]]
    assert sorted(np.bincount(singular.branches)) == [60, 60, 60]
    all_pairs = transport.diagram.pairs[0]
    assert between.sum() == (cluster[all_pairs[:, 0]] != cluster[all_pairs[:, 1]]).sum()  # recall 1
    assert singular.sizes[~between].sum() < 0.02 * transport.diagram.pairs[1].sum()
    # by symmetry the three chains meet at the centre and leave through the circle
    assert any(np.linalg.norm(junction) < 1e-6 for junction in singular.junctions[:, 0])
    assert singular.sizes[between].sum() == pytest.approx(3.0, rel=0.05)


@pytest.mark.parametrize("number", [200, 800])
def test_a_convex_target_is_not_torn(number):
    """Caffarelli: the map onto a convex region is continuous. Random sites leave lone facets, never a chain."""
    points = np.random.default_rng(1).random((number, 2)) * [2.0, 1.0]
    transport, singular = solved_singular(points, ConvexDomain.disk(200), PolygonRegion((rectangle(0, 0, 2, 1),)))
    assert singular.branches.max() == 0
    assert singular.sizes.sum() < 0.02 * transport.diagram.pairs[1].sum()
    spacing = np.sqrt(np.pi / number)
    assert max(singular.sizes[chain].sum() for chain in singular.chains) < 2 * spacing


def test_a_dumbbell_is_torn_from_the_sides_only():
    """One connected target that is not convex: one branch, and two chains that end inside the source."""
    left, bar, right = rectangle(-2, -1, -0.5, 1), rectangle(-0.5, -0.2, 0.5, 0.2), rectangle(0.5, -1, 2, 1)
    ring = np.array(
        [[-2, -1], [-0.5, -1], [-0.5, -0.2], [0.5, -0.2], [0.5, -1], [2, -1],
         [2, 1], [0.5, 1], [0.5, 0.2], [-0.5, 0.2], [-0.5, 1], [-2, 1]], float,
    )  # fmt: skip
    points = np.concatenate(
        [grid(left[0], left[2], (15, 20)), grid(bar[0], bar[2], (10, 4)), grid(right[0], right[2], (15, 20))]
    )
    _, singular = solved_singular(
        points + 1e-6 * np.random.default_rng(0).normal(size=points.shape),
        ConvexDomain.disk(256),
        PolygonRegion((ring,)),
    )
    assert singular.branches.max() == 0
    long_chains = [chain for chain in singular.chains if singular.sizes[chain].sum() > 0.2]
    assert len(long_chains) == 2
    middles = np.array([np.concatenate([singular.facets[k] for k in chain]).mean(0) for chain in long_chains])
    assert np.abs(middles[:, 0]).max() < 0.1 and middles[:, 1].min() < -0.3 and middles[:, 1].max() > 0.3


def test_two_boxes_tear_the_cube_along_its_middle():
    low, high = np.array([-2.0, -0.5, -0.5]), np.array([-1.5, 0.5, 0.5])
    move = np.array([3.5, 0.0, 0.0])
    points = np.concatenate([grid(low, high, (2, 4, 4)), grid(low + move, high + move, (2, 4, 4))])
    parts = []
    for origin in (np.zeros(3), move):
        corners = np.stack(np.meshgrid(*np.column_stack([low, high]), indexing="ij"), -1).reshape(-1, 3)
        parts.append(ConvexDomain.from_vertices(corners + origin))
    _, singular = solved_singular(points, ConvexDomain.cube(3), UnionRegion(tuple(parts)))
    assert sorted(np.bincount(singular.branches)) == [32, 32]
    assert singular.sizes.sum() == pytest.approx(1.0, abs=1e-9)
    assert np.abs(np.concatenate(singular.facets)[:, 0]).max() < 1e-9
    assert len(singular.chains) == 1 and len(singular.junctions) == 0
    length = np.linalg.norm(singular.ends[:, 0] - singular.ends[:, 1], axis=1).sum()
    assert length == pytest.approx(4.0, abs=1e-9)  # the rim is the square's outline
