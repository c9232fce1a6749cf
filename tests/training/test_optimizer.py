"""Muon: its step is orthogonal, whatever the gradient's scale; vectors take AdamW's."""

import pytest
import torch

from cuspworld.training.optimizer import Muon, orthogonal


@pytest.mark.parametrize("shape", [(8, 8), (5, 40), (40, 5)])
def test_singular_values_come_near_one_and_vectors_stay(shape):
    matrix = torch.randn(shape, generator=torch.Generator().manual_seed(0))
    u, _, v = torch.linalg.svd(matrix, full_matrices=False)
    inner = u.T @ orthogonal(matrix) @ v.T
    assert (inner - torch.diag(inner.diag())).abs().max() < 1e-4
    assert inner.diag().min() > 0.6 and inner.diag().max() < 1.3


def test_a_step_does_not_depend_on_the_gradient_s_scale():
    start = torch.randn(6, 4, 3, 3, generator=torch.Generator().manual_seed(1))
    ends = []
    for scale in (1.0, 1e4):
        weight = torch.nn.Parameter(torch.zeros_like(start))
        optimizer = Muon([weight], lr=0.1, weight_decay=0.0)
        weight.grad = start * scale
        optimizer.step()
        ends.append(weight.detach().clone())
        assert torch.equal(weight.grad, start * scale)  # the gradient is left as it was
    assert torch.allclose(*ends, atol=1e-5)


def test_vectors_take_adamw_s_step():
    ends = []
    for kind in (Muon, torch.optim.AdamW):
        bias = torch.nn.Parameter(torch.ones(5))
        optimizer = kind([bias], lr=0.1)
        for _ in range(3):
            bias.grad = bias.detach() * torch.arange(5)
            optimizer.step()
        ends.append(bias.detach())
    assert torch.equal(*ends)


def test_a_group_that_is_not_orthogonal_takes_adamw_s_step():
    ends = []
    for kind, group in ((Muon, {"orthogonal": False}), (torch.optim.AdamW, {})):
        table = torch.nn.Parameter(torch.ones(4, 3))
        optimizer = kind([{"params": [table], **group}], lr=0.1)
        for _ in range(3):
            table.grad = table.detach() * torch.arange(3)
            optimizer.step()
        ends.append(table.detach())
    assert torch.equal(*ends)
