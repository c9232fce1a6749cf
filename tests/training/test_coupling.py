"""Noise and windows paired inside a condition: nearer than at random, and the noise of a condition stays normal."""

import numpy as np
import pytest
import torch

from cuspworld.errors import CuspError
from cuspworld.training.coupling import COUPLINGS, CoupledWindows, condition


def _windows(count: int = 40) -> tuple[list[torch.Tensor], list[str]]:
    generator = torch.Generator().manual_seed(0)
    return [torch.randn(3, 2, 2, 4, generator=generator) for _ in range(count)], ["even", "odd"] * (count // 2)


@pytest.mark.parametrize("coupling", COUPLINGS)
def test_pairs_are_of_one_condition_nearer_than_at_random_and_their_noise_is_normal(coupling: str) -> None:
    latents, labels = _windows()
    coupled = CoupledWindows(latents, labels, np.ones(len(latents)), coupling)
    drawn = [coupled.draw(k % 2, torch.Generator().manual_seed(k)) for k in range(400)]
    assert all(labels[target] == labels[k % 2] for k, (target, _) in enumerate(drawn))
    noise = torch.stack([noise.flatten() for _, noise in drawn])
    targets = torch.stack([latents[target].flatten() for target, _ in drawn])
    assert (noise * targets).sum(1).mean() > 4  # independent pairs have 0 on average, with a deviation of .35
    for parity in (0, 1):
        assert abs(float(noise[parity::2].mean(0).norm()) - (noise.shape[1] / 200) ** 0.5) < 0.15
        assert abs(float(noise[parity::2].var()) - 1) < 0.05


def test_semidiscrete_draws_windows_as_often_as_their_weights_say() -> None:
    latents, labels = _windows(8)
    weights = np.array([1, 1, 3, 1, 1, 1, 1, 1.0])
    coupled = CoupledWindows(latents, labels, weights, "semidiscrete")
    targets = [coupled.draw(0, torch.Generator().manual_seed(k))[0] for k in range(1200)]
    shares = np.bincount(targets, minlength=8) / len(targets)
    assert np.abs(shares - np.array([1, 0, 3, 0, 1, 0, 1, 0]) / 6).max() < 0.06


def test_a_condition_is_what_paraphrases_share() -> None:
    first = "A hand pushes a glass of blue juice firmly. The glass falls over. Push at 0.7 s, tipping at 0.9 s."
    other = "Pushed hard, a glass of blue juice tips over on the table. Push at 0.7 s, tipping at 0.8 s."
    red = other.replace("blue", "red")
    assert condition([first, "juice spills"]) == condition([other, "juice spills"])
    assert condition([other, "juice spills"]) != condition([red, "juice spills"])
    assert condition([other, "juice spills"]) != condition([other, "glass rocks"])


def test_bad_input_is_named() -> None:
    latents, labels = _windows(4)
    with pytest.raises(CuspError, match="coupling must be one of"):
        CoupledWindows(latents, labels, np.ones(4), "sinkhorn")
    with pytest.raises(CuspError, match="one size and length"):
        CoupledWindows([*latents[:3], torch.zeros(2, 2, 2, 4)], labels, np.ones(4), "minibatch")
