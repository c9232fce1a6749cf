"""Probes read what is linear, and nothing out of noise."""

import numpy as np

from cuspworld.exam.probe import held_out_r2


def test_what_is_linear_is_read_and_noise_is_not():
    random = np.random.default_rng(0)
    x = random.uniform(-1, 1, size=(80, 6))  # few rows lie beyond the others, where a probe stops
    assert held_out_r2(x, x @ random.normal(size=(6, 2))) > 0.99
    assert -0.3 < held_out_r2(x, random.normal(size=(80, 1))) < 0.2
    many = np.concatenate([x[:, :2], random.normal(size=(80, 300))], 1)  # more numbers than rows
    assert -0.3 < held_out_r2(many, x[:, :2]) < 0.9
    falling = random.normal(size=(80, 700)) / np.arange(1, 701)  # as pixels are: no strength may look good by chance
    assert -0.1 < held_out_r2(falling, random.normal(size=(80, 2))) < 0.1
    assert abs(held_out_r2(np.ones((20, 3)), random.normal(size=(20, 1)))) < 0.5  # what never changes says nothing
