"""Branches of clouds whose pieces are known: found where they are, whole where they are one, however they are given."""

import numpy as np
import pytest
from scipy.stats import ortho_group

from cuspworld.transport.singular.branches import find_branches


def same(first, second):
    """Whether two labellings are the same partition."""
    return len(set(zip(first, second, strict=True))) == len(set(first)) == len(set(second))


def clusters(number, dimension, count, apart, generator):
    label = np.arange(count) % number
    return apart * np.eye(max(number, dimension))[:, :dimension][label] + generator.normal(
        size=(count, dimension)
    ), label


def linked_rings(count, generator):
    label = np.arange(count) % 2
    turn = 2 * np.pi * generator.random(count)
    zero = np.zeros(count)
    lying = np.column_stack([np.cos(turn), np.sin(turn), zero])
    standing = np.column_stack([1 + np.cos(turn), zero, np.sin(turn)])
    points = np.where(label[:, None] == 0, lying, standing)
    return points + 0.05 * generator.normal(size=(count, 3)), label


CONNECTED = {
    "normal 2-D": lambda g: g.normal(size=(400, 2)),
    "normal 40-D": lambda g: g.normal(size=(400, 40)),
    "t(3) 5-D": lambda g: g.standard_t(3, size=(400, 5)),
    "square": lambda g: g.random((400, 2)),
    "segment": lambda g: g.random((400, 1)),
    "noisy circle": lambda g: (
        np.column_stack([np.cos(t := 2 * np.pi * g.random(400)), np.sin(t)]) + 0.05 * g.normal(size=(400, 2))
    ),
    "lattice": lambda g: np.stack(np.meshgrid(np.arange(20), np.arange(20)), -1).reshape(-1, 2) + 0.0,
    "equal points": lambda g: np.ones((50, 3)),
    "few": lambda g: g.normal(size=(6, 2)),
}


@pytest.mark.parametrize("name", CONNECTED)
def test_what_is_connected_stays_whole(name):
    whole = [find_branches(CONNECTED[name](np.random.default_rng(seed))).max() == 0 for seed in range(100, 106)]
    assert sum(whole) >= 5  # three of a hundred may fall apart


@pytest.mark.parametrize(("number", "dimension", "count"), [(2, 2, 100), (7, 16, 300), (30, 64, 1500)])
def test_clusters_are_branches_in_any_dimension(number, dimension, count):
    points, label = clusters(number, dimension, count, 9.0, np.random.default_rng(100))
    found = find_branches(points)
    assert same(found, label)
    assert (np.diff(np.bincount(found)) <= 0).all()


def test_linked_rings_are_two():
    points, label = linked_rings(600, np.random.default_rng(100))
    assert same(find_branches(points), label)


def test_a_small_cluster_beside_a_large_one_is_found():
    generator = np.random.default_rng(100)
    points = np.concatenate([generator.normal(size=(500, 3)), generator.normal(size=(10, 3)) + 12])
    assert np.bincount(find_branches(points)).tolist() == [500, 10]


def test_scale_place_turn_order_and_copies_change_nothing():
    points, _ = linked_rings(300, np.random.default_rng(101))
    found = find_branches(points)
    order = np.random.default_rng(1).permutation(300)
    for scale, shift in ((1e-9, 0.0), (1e7, 3e4), (1.0, -1e4)):
        turned = scale * (points[order] @ ortho_group.rvs(3, random_state=2) + shift)
        assert same(find_branches(turned), found[order])
    twice = find_branches(np.concatenate([points, points[::2], points[::3]]))
    np.testing.assert_array_equal(twice[300:450], twice[:300][::2])
    assert same(twice[:300], found)
