"""Margins, nearest facets and reflection against the exact diagram of the plane and against arithmetic."""

import numpy as np
import pytest

from cuspworld import Brenier
from cuspworld.transport.exact.convex_domain import ConvexDomain
from cuspworld.transport.exact.newton import exact_transport

SQUARE = np.array([[-0.5, -0.5], [0.5, -0.5], [0.5, 0.5], [-0.5, 0.5]])


@pytest.fixture(scope="module")
def points():
    generator = np.random.default_rng(0)
    return np.repeat([[0.0, 0], [8, 0], [0, 8]], 40, axis=0) + 0.5 * generator.normal(size=(120, 2))


@pytest.fixture(scope="module")
def fitted(points):
    return Brenier(source=SQUARE).fit(points)


def test_margin_is_the_distance_to_the_exact_singular_segments(fitted, points):
    solved = exact_transport(points, None, ConvexDomain.from_vertices(SQUARE))
    pairs, _, index = solved.diagram.pairs
    cluster = np.argsort(solved.site_of)[pairs] // 40
    segments = np.stack([solved.diagram.facet(int(k)) for k in index[cluster[:, 0] != cluster[:, 1]]])
    noise = fitted.sample_noise(400, seed=1).astype(np.float64)
    start, along = segments[:, 0], segments[:, 1] - segments[:, 0]
    share = ((noise[:, None] - start) * along).sum(2) / (along**2).sum(1)
    foot = start + np.clip(share, 0, 1)[..., None] * along
    truth = np.linalg.norm(noise[:, None] - foot, axis=2).min(1)
    margin = fitted.margin(noise)
    inside = np.abs(fitted.facet(noise)[1]).max(1) <= 0.5  # the diagram goes on outside the source
    assert inside.mean() > 0.9
    assert (margin[inside] >= truth[inside] - 1e-6).all()
    # exact where the nearest point lies inside a facet; at a corner between two facets a little more
    excess = (margin / np.maximum(truth, 1e-3) - np.minimum(1, truth / 1e-3))[inside]
    assert np.median(excess) < 1e-3 and np.quantile(excess, 0.95) < 0.02
    assert np.max((margin - truth)[inside]) < 0.05


def test_the_nearest_facet_is_a_facet(fitted, points):
    noise = fitted.sample_noise(300, seed=2).astype(np.float64)
    pair, point = fitted.facet(noise)
    values = point @ points.T + fitted.heights_
    first, second = np.take_along_axis(values, pair, 1).T
    np.testing.assert_allclose(first, second, atol=1e-5)
    assert (values.max(1) - first < 1e-5).all()
    assert (pair[:, 0] // 40 != pair[:, 1] // 40).all()


def test_reflection_keeps_the_branch_and_the_lengths_of_free_steps(fitted):
    generator = np.random.default_rng(3)
    path = fitted.sample_noise(1, seed=3) + 0.05 * generator.normal(size=(200, 2)).cumsum(0)
    mirrored = fitted.reflect(path)
    crossed = fitted.branches_[fitted.cells(path)]
    kept = fitted.branches_[fitted.cells(mirrored)]
    assert len(set(crossed)) > 1 and len(set(kept)) == 1 and kept[0] == crossed[0]
    steps, plain = (np.linalg.norm(np.diff(p, axis=0), axis=1) for p in (mirrored, path))
    assert (steps <= plain + 1e-9).all() and (np.abs(steps - plain) < 1e-9).mean() > 0.6


def test_one_mirror_is_householders(points):
    """Two points: the singular facet is a known line once they are told to be two branches by many copies of each."""
    generator = np.random.default_rng(4)
    two = np.repeat([[-4.0, 0], [4, 0]], 40, axis=0) + 0.2 * generator.normal(size=(80, 2))
    brenier = Brenier(source=SQUARE).fit(two)
    path = np.array([[-0.3, 0.1], [-0.1, 0.1], [0.2, 0.1], [0.3, 0.1]])
    out = brenier.reflect(path)
    pair, hit = brenier.facet(np.array([[0.0, 0.1]]))
    normal = two[pair[0, 1]] - two[pair[0, 0]]
    normal /= np.linalg.norm(normal)
    expected = path[2] - 2 * ((path[2] - hit[0]) @ normal) * normal
    np.testing.assert_array_equal(out[:2], path[:2])
    np.testing.assert_allclose(out[2], expected, atol=0.02)  # the line's kinks turn it by little
    assert (out[2:, 0] < 0.05).all()


def test_allowed_facets_and_branches_let_through(fitted):
    path = np.linspace([-0.45, -0.45], [0.45, 0.45], 60)
    branch = fitted.branches_[fitted.cells(path)]
    assert branch[0] != branch[-1]
    every = [[a, b] for a in range(3) for b in range(a)]
    np.testing.assert_array_equal(fitted.reflect(path, allowed_branches=every), path)
    found = fitted.singular_set_
    np.testing.assert_array_equal(fitted.reflect(path, allowed=found.facets[found.singular]), path)
    assert fitted.branches_[fitted.cells(fitted.reflect(path))].tolist() == [branch[0]] * 60
