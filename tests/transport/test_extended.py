"""The extended map: continuous inside a branch, torn where the map is, new, and as spread as the data."""

import numpy as np
import pytest

from cuspworld import Brenier
from cuspworld.transport.singular.extended import ExtendedMap
from cuspworld.transport.singular.joined import joined_neighbours


def clusters(number, dimension, count, seed):
    generator = np.random.default_rng(seed)
    label = np.arange(count) % number
    centres = np.zeros((number, dimension))
    centres[:, :2] = 8 * np.column_stack(np.divmod(np.arange(number), 2))
    return centres[label] + 0.5 * generator.normal(size=(count, dimension)), label


@pytest.mark.parametrize("dimension", [2, 3, 10])
def test_weights_add_up_and_stay_on_one_branch(dimension):
    points, label = clusters(4, dimension, 400, seed=100)
    brenier = Brenier(tolerance=0.2).fit(points)
    assert np.bincount(brenier.branches_).tolist() == [100] * 4
    noise = brenier.sample_noise(3000, seed=1)
    sites, weights = ExtendedMap(brenier._potential, brenier._geometry.singular_set).weights(noise)
    np.testing.assert_allclose(weights.sum(1), 1, atol=1e-9)
    own = label[brenier.cells(noise)]
    foreign = label[sites] != own[:, None]
    assert foreign.any() and np.abs(weights[foreign]).max() < 1e-12
    made = brenier.extend(noise)
    np.testing.assert_allclose(made, np.einsum("bk,bkd->bd", weights, points[sites]), rtol=1e-6)
    distance = np.linalg.norm(made[:, None] - points[None, ::4], axis=2).min(1)
    assert np.median(distance) > 0.05 * 0.5
    # the spread inside branches is the map's own
    mapped = brenier.map(noise)
    spread = [sum(((v[own == c] - v[own == c].mean(0)) ** 2).sum() for c in range(4)) for v in (made, mapped)]
    assert spread[0] / spread[1] == pytest.approx(1, abs=0.1)


@pytest.mark.parametrize("dimension", [2, 8])
def test_it_is_continuous_inside_a_branch(dimension):
    """Along a line the steps of the extended map shrink with those of the noise; those of the map do not."""
    points = np.random.default_rng(100).normal(size=(300, dimension))
    brenier = Brenier(tolerance=0.2).fit(points)
    line = np.linspace(-0.8, 0.8, 4001)[:, None] * np.ones(dimension) / np.sqrt(dimension)
    jumps = np.linalg.norm(np.diff(brenier.extend(line), axis=0), axis=1)
    plain = np.linalg.norm(np.diff(brenier.map(line), axis=0), axis=1)
    assert np.quantile(jumps, 0.999) < 0.1 * plain.max()


def test_fewer_points_than_neighbours_are_left_alone():
    brenier = Brenier(tolerance=0.1).fit(np.eye(5))
    assert np.isfinite(brenier.extend(brenier.sample_noise(100))).all()


def test_clusters_too_small_for_branches_are_hardly_mixed():
    """Ten of 30 points in 32-D are eight branches, in which 13 % of draws took over a tenth from another cluster."""
    generator = np.random.default_rng(1)
    label = np.repeat(np.arange(10), 30)
    points = generator.normal(size=(10, 32))[label] + 0.8 * generator.normal(size=(300, 32))
    brenier = Brenier(tolerance=0.3, threads=1).fit(points)
    assert brenier.branches_.max() + 1 < 10
    noise = brenier.sample_noise(1000, seed=1)
    sites, weights = brenier._geometry.extended_map.weights(noise)
    across = np.abs(weights) * (label[sites] != label[brenier.cells(noise)][:, None])
    assert np.mean(across.sum(1) > 0.1 * np.abs(weights).sum(1)) < 0.03


def test_neighbours_are_joined_mutually_within_a_branch():
    """A far point's nearest are those of the cluster; none of theirs is the far point."""
    points = np.concatenate([np.random.default_rng(3).normal(size=(60, 4)), np.full((1, 4), 6.0)])
    brenier = Brenier(tolerance=0.3, threads=1).fit(points)
    joined = joined_neighbours(brenier._potential, brenier._geometry.singular_set)
    assert (joined[60] < 0).all() and not (joined[:60] == 60).any()
    pairs = {(i, j) for i, row in enumerate(joined) for j in row if j >= 0}
    assert pairs and pairs == {(j, i) for i, j in pairs}
