"""Samples of the sources against their laws, torch's Sobol engine and scipy's quantile."""

import os
import subprocess
import sys

import numpy as np
import pytest
import torch
from numba.core.dispatcher import Dispatcher
from scipy import stats
from scipy.special import ndtri

from cuspworld.errors import CuspError
from cuspworld.transport.sampled import sampling_kernels
from cuspworld.transport.sampled.sources import Sampler, Source, as_source

TRIANGLE = np.array([[0.0, 0.0], [4.0, 0.0], [0.0, 2.0]])
SOURCES = [Source("gaussian", 3), Source("ball", 3), Source("cube", 3), Source("convex", 2, TRIANGLE)]
names = [source.name for source in SOURCES]


@pytest.mark.parametrize("device", ["cpu", "cpu:0"])  # the second takes the GPU's path, on torch's CPU
@pytest.mark.parametrize("quasi", [False, True])
@pytest.mark.parametrize("source", SOURCES, ids=names)
def test_mean_and_covariance(source, quasi, device):
    x = Sampler(source, 1, quasi=quasi, device=device).draw(40_000).double().numpy()
    mean, covariance = np.zeros(3), np.eye(3)
    if source.name == "cube":
        covariance = np.eye(3) / 12
    if source.name == "ball":
        covariance = np.eye(3) / 5  # 1 / (d + 2)
    if source.name == "convex":
        mean = TRIANGLE.mean(0)
        covariance = (TRIANGLE - mean).T @ (TRIANGLE - mean) / 12
    deviation = np.sqrt(covariance.max() / 40_000)
    np.testing.assert_allclose(x.mean(0), mean, atol=5 * deviation)
    np.testing.assert_allclose(np.cov(x.T), covariance, atol=6 * np.sqrt(2 / 40_000) * covariance.max())


@pytest.mark.parametrize("dimension", [1, 2, 10])
def test_radius_of_the_ball_has_its_law(dimension):
    radius = Sampler(Source("ball", dimension), 3).draw(5000).norm(dim=1).double().numpy()
    assert stats.kstest(radius**dimension, "uniform").pvalue > 1e-3


def test_every_direction_of_the_gaussian_is_normal():
    x = Sampler(Source("gaussian", 20), 4).draw(5000).double().numpy()
    direction = np.random.default_rng(0).normal(size=20)
    assert stats.kstest(x @ direction / np.linalg.norm(direction), "norm").pvalue > 1e-3


@pytest.mark.parametrize("quasi", [False, True])
@pytest.mark.parametrize("source", SOURCES, ids=names)
def test_the_sequence_does_not_depend_on_the_portions(source, quasi):
    whole = Sampler(source, 7, 2, quasi).draw(10_000)
    sampler = Sampler(source, 7, 2, quasi)
    portions = torch.cat([sampler.draw(count) for count in (1, 4095, 1, 0, 4097, 1806)])
    assert torch.equal(whole, portions)
    later = Sampler(source, 7, 2, quasi)
    later.position = 5000
    assert torch.equal(later.draw(100), whole[5000:5100])


def test_seeds_and_streams_are_independent():
    draws = [Sampler(Source("gaussian", 1), *key).draw(4000)[:, 0].numpy() for key in [(0, 0), (0, 1), (1, 0)]]
    correlation = np.corrcoef(draws) - np.eye(3)
    assert np.abs(correlation).max() < 5 / np.sqrt(4000)


def test_sobol_points_are_those_of_torch():
    """Same direction numbers and scrambling; ours end in half a unit of 2^-23, so that none is 0 or 1."""
    engine = torch.quasirandom.SobolEngine(6, scramble=True, seed=11)
    expected = engine.draw(1000).numpy()
    engine = torch.quasirandom.SobolEngine(6, scramble=True, seed=11)
    directions = np.ascontiguousarray(engine.sobolstate.numpy().T).astype(np.uint32)
    points = np.empty((1000, 6), np.float32)
    sampling_kernels.sobol(directions, engine.shift.numpy().astype(np.uint32), 0, points)
    np.testing.assert_allclose(points, expected, atol=2.0**-23)
    assert points.min() > 0 and points.max() < 1


def test_sobol_points_spread_more_evenly_than_random_ones():
    """Each of 2^k equal intervals of every coordinate holds exactly its share of 2^n points."""
    x = Sampler(Source("cube", 5), 0, quasi=True).draw(1024).numpy() + 0.5
    for coordinate in x.T:
        assert (np.bincount((coordinate * 256).astype(int), minlength=256) == 4).all()


def test_normal_quantile_is_accurate_into_the_tails():
    probability = np.concatenate([10.0 ** -np.arange(1.0, 8.0), np.linspace(1e-4, 1 - 1e-4, 3001)]).astype(np.float32)
    ours = probability.copy()
    sampling_kernels.normal_quantile(ours)
    np.testing.assert_allclose(ours, ndtri(probability.astype(np.float64)), rtol=2e-6, atol=3e-7)


def test_dimension_beyond_sobol_falls_back_to_random_points():
    x = Sampler(Source("gaussian", 1500), 0, quasi=True).draw(64)
    assert x.shape == (64, 1500) and abs(float(x.mean())) < 0.02


@pytest.mark.parametrize(
    ("source", "dimension", "message"),
    [
        ("gauss", 3, "gaussian, ball, cube"),
        (np.zeros((4, 4)), 4, r"shape \(v, 2\)"),
        (np.zeros((2, 2)), 2, "at least 3"),
        (np.array([[0, 0], [1, 0], [np.inf, 1]]), 2, "finite"),
        (TRIANGLE, 3, "must agree"),
    ],
)
def test_unknown_sources_are_named(source, dimension, message):
    with pytest.raises(CuspError, match=message):
        as_source(source, dimension)


@pytest.mark.gpu
@pytest.mark.parametrize("source", SOURCES, ids=names)
def test_gpu_samples_have_the_same_mean_and_spread(source):
    cpu = Sampler(source, 1).draw(40_000)
    gpu = Sampler(source, 1, device="cuda").draw(40_000).cpu()
    deviation = cpu.std(0)
    assert ((cpu.mean(0) - gpu.mean(0)).abs() < 7 * deviation / 200).all()
    assert ((gpu.std(0) / deviation - 1).abs() < 0.05).all()


def test_no_kernel_lets_the_compiler_change_a_number():
    kernels = [kernel for kernel in vars(sampling_kernels).values() if isinstance(kernel, Dispatcher)]
    assert len(kernels) == 2
    assert not any(kernel.targetoptions.get("fastmath") for kernel in kernels)


@pytest.mark.long
def test_the_process_that_compiles_and_the_next_one_draw_the_same_bytes(tmp_path):
    script = """
import hashlib
from cuspworld.transport.sampled.sources import Sampler, Source
drawn = [Sampler(Source("gaussian", 7), 1, 2, quasi).draw(5000).numpy().tobytes() for quasi in (False, True)]
print(hashlib.sha256(b"".join(drawn)).hexdigest())
"""
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)}
    said = [
        subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True)
        for _ in range(2)
    ]
    assert said[0].stdout == said[1].stdout and len(said[0].stdout) == 65
