"""SIGReg is 0 for a normal cloud and grows with collapse; RankMe counts directions."""

import math

import pytest
import torch

from cuspworld.dynamics.regularizer import rank_me, sigreg


def cloud(n=4096, width=8):
    return torch.randn(n, width, generator=torch.Generator().manual_seed(0))


def test_sigreg_of_a_normal_cloud_is_its_chance():
    """Of n points the mean is 1/n times the integral of (1 - exp(-t^2)) exp(-t^2/2), here about 0.53 x 2."""
    assert float(sigreg(cloud(), 1)) < 3 / 4096


def test_sigreg_of_one_point_is_the_closed_form():
    """A collapsed cloud has phi = 1: the integral of (1 - exp(-t^2/2))^2 exp(-t^2/2) over t, cut at 3."""
    t = torch.linspace(-3, 3, 6001, dtype=torch.float64)
    normal = (-t.square() / 2).exp()
    wanted = float(torch.trapezoid((1 - normal).square() * normal, t))
    assert float(sigreg(torch.zeros(64, 8), 0)) == pytest.approx(wanted, rel=1e-2)


def test_sigreg_grows_with_what_is_wrong():
    z = cloud()
    flat = z * torch.tensor([1.0] * 4 + [0.0] * 4)
    assert float(sigreg(z, 2)) < float(sigreg(flat, 2)) < float(sigreg(0.1 * z, 2))
    assert float(sigreg(z + 1, 2)) > 10 * float(sigreg(z, 2))


def test_rank_me_counts_directions():
    z = cloud()
    assert rank_me(z) == pytest.approx(8, abs=0.05)
    assert rank_me(z * torch.tensor([1.0, 1, 0, 0, 0, 0, 0, 0])) == pytest.approx(2, abs=0.01)
    assert rank_me(torch.ones(10, 8) * 7) == 1.0
    shares = torch.tensor([3 / 4, 1 / 4])
    square = torch.tensor([[3.0, 0], [-3, 0], [0, 1], [0, -1]])
    assert rank_me(square) == pytest.approx(math.exp(float(-(shares * shares.log()).sum())))
