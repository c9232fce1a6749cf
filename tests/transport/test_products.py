"""The fused search against a plain product in float64, on every path: kernel, threads, torch blocks, Triton."""

from unittest.mock import patch

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from cuspworld.transport.search import products
from cuspworld.transport.search.products import Products

SHAPES = [(1, 1, 1), (2, 3, 5), (12, 8, 32), (13, 7, 33), (500, 40, 257), (25, 600, 10), (3000, 2, 100)]


def problem(sites, dimension, samples, seed=0):
    generator = np.random.default_rng([seed, sites, dimension])
    return (
        generator.normal(size=(samples, dimension)).astype(np.float32),
        generator.normal(size=(sites, dimension)).astype(np.float32),
        generator.normal(size=sites).astype(np.float32),
    )


def assert_right(found, samples, points, heights, k):
    """Values to float32's accuracy, and at every rank a site whose exact value is that of the rank."""
    values, index = found
    exact = samples.astype(np.float64) @ points.T.astype(np.float64) + heights
    tolerance = 1e-6 * (np.abs(samples).astype(np.float64) @ np.abs(points).T.astype(np.float64) + 1).max(1)[:, None]
    expected = np.sort(exact, axis=1)[:, ::-1][:, :k]
    assert (np.abs(values[:, : expected.shape[1]] - expected) <= tolerance).all()
    width = min(index.shape[1], expected.shape[1])
    chosen = np.take_along_axis(exact, index[:, :width].astype(np.int64), 1)
    assert (np.abs(chosen - expected[:, :width]) <= tolerance).all()


@pytest.mark.parametrize("device", ["cpu", "cpu:0"])  # the second takes the GPU's path, on torch's CPU
@pytest.mark.parametrize(("sites", "dimension", "samples"), SHAPES)
def test_best_and_second_are_those_of_the_plain_product(device, sites, dimension, samples):
    x, y, h = problem(sites, dimension, samples)
    best, second, index = Products(y, device).top2(x, h)
    assert_right((np.column_stack([best, second]), index[:, None]), x, y, h, 2)
    if sites == 1:
        assert (second == -np.inf).all()


@pytest.mark.parametrize("device", ["cpu", "cpu:0"])
@pytest.mark.parametrize(("sites", "dimension", "samples"), SHAPES)
def test_top_k_is_sorted_and_holds_distinct_sites(device, sites, dimension, samples):
    x, y, h = problem(sites, dimension, samples)
    k = min(5, sites)
    values, index = Products(y, device).top_k(x, h, k)
    assert_right((values, index), x, y, h, k)
    assert (np.diff(values, axis=1) <= 0).all()
    assert all(len(set(row)) == k for row in index.tolist())


@settings(max_examples=25, deadline=None)
@given(
    sites=st.integers(1, 80),
    dimension=st.integers(1, 40),
    samples=st.integers(1, 90),
    threads=st.integers(1, 3),
    budget=st.sampled_from([1, 10_000, 1 << 30]),
)
def test_threads_and_budget_do_not_change_a_bit(sites, dimension, samples, threads, budget):
    x, y, h = problem(sites, dimension, samples)
    one = Products(y, threads=1).top2(x, h)
    with patch.object(products, "_SHORTEST_PIECE", 1):  # so that these few samples are shared out
        shared = Products(y, memory_budget=budget, threads=threads).top2(x, h)
    for alike in (shared, Products(y).top2(torch.from_numpy(x), h)):
        for a, b in zip(one, alike, strict=True):
            np.testing.assert_array_equal(a, b)


def test_strided_samples_and_sites_are_read_in_their_order():
    x, y, h = problem(50, 6, 40)
    wide_x, wide_y = np.zeros((80, 12), np.float32), np.zeros((6, 50), np.float32)
    wide_x[::2, ::2], wide_y[:] = x, y.T
    for a, b in zip(Products(y).top2(x, h), Products(wide_y.T).top2(wide_x[::2, ::2], h), strict=True):
        np.testing.assert_array_equal(a, b)


def test_hidden_sites_never_win():
    x, y, h = problem(40, 3, 200)
    h[::2] = -np.inf
    index = Products(y).top_k(x, h, 5)[1]
    assert (index % 2 == 1).all()


@pytest.mark.parametrize("scale", [1.0, 1e-4])
def test_neighbouring_values_are_told_apart(scale):
    """20,000 sites in the plane lie so close that a sample's best two values differ by 1e-6 of their size.

    A wrong site may win only where its exact value is within float32's rounding of the best.
    """
    generator = np.random.default_rng(5)
    y = generator.uniform(-1, 1, (20_000, 2)).astype(np.float32)
    h = (-0.5 * (y.astype(np.float64) ** 2).sum(1)).astype(np.float32)
    x = (generator.uniform(-1, 1, (500, 2)) * scale).astype(np.float32)
    best, second, index = Products(y).top2(x, h)
    exact = x.astype(np.float64) @ y.T.astype(np.float64) + h
    loss = exact.max(1) - exact[np.arange(500), index]
    assert loss.max() < 3e-7
    assert (best >= second).all()


def test_no_samples_give_no_results():
    _, y, h = problem(5, 3, 1)
    best, second, index = Products(y).top2(np.zeros((0, 3), np.float32), h)
    assert best.shape == second.shape == index.shape == (0,)


@pytest.mark.gpu
@pytest.mark.parametrize(("sites", "dimension", "samples"), [*SHAPES, (20_000, 64, 5_000)])
def test_gpu_agrees_with_the_cpu(sites, dimension, samples):
    """Triton's kernel where it is installed (it comes with torch's CUDA builds), torch's blocks for top_k."""
    x, y, h = problem(sites, dimension, samples)
    products = Products(y, "cuda")
    best, second, index = products.top2(torch.from_numpy(x).cuda(), h)
    assert_right((np.column_stack([best, second]), index[:, None]), x, y, h, 2)
    assert_right(products.top_k(x, h, min(4, sites)), x, y, h, min(4, sites))
