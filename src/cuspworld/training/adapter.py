"""Train a network further by weights of low rank beside its own (LoRA, Hu et al. 2021, arXiv:2106.09685).

A matrix W becomes W + up @ down; W stays as it is. What was learned takes a quarter of the network's numbers or less,
lies beside it in a file (`models.ADAPTER`), and is added when the network is read.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.utils import parametrize

from cuspworld import models

DOWN, UP = "down", "up"


class LowRank(nn.Module):
    """W + up @ down. `up` (out, rank) is zero at first, so that nothing is changed."""

    def __init__(self, weight: Float[Tensor, "out in"], rank: int):
        super().__init__()
        self.up = nn.Parameter(torch.zeros(weight.shape[0], rank))
        self.down = nn.Parameter(torch.randn(rank, weight.shape[1]) / math.sqrt(weight.shape[1]))

    def forward(self, weight: Float[Tensor, "out in"]) -> Float[Tensor, "out in"]:
        with torch.autocast(weight.device.type, enabled=False):
            return weight + self.up @ self.down


def attach(network: nn.Module, rank: int, whole: Collection[str] = ()) -> None:
    """Give each linear layer larger than `rank` a low-rank addition. Of the network only these are trained, what is no
    matrix, and the matrices of the layers `whole` (new ones, that the file of the network's own weights has not)."""
    for parameter in network.parameters():
        parameter.requires_grad_(parameter.ndim < 2)
    for name, layer in list(network.named_modules()):
        if not isinstance(layer, nn.Linear):
            continue
        if name in whole:
            layer.weight.requires_grad_(True)
        elif min(layer.weight.shape) > rank:
            parametrize.register_parametrization(layer, "weight", LowRank(layer.weight, rank))


def begin_at(network: nn.Module, adapter: Mapping[str, Tensor]) -> None:
    """Set the low-rank additions of `attach`, and what is no matrix, to those of an adapter of the same rank, but for
    what the network has as another shape or not at all."""
    own = dict(network.named_parameters())
    for name, tensor in adapter.items():
        if name.endswith(".scale"):
            continue
        layer, _, part = name.rpartition(".")  # LAYER.weight.up
        place = layer.removesuffix(".weight")
        inside = f"{place}.parametrizations.weight.0.{part}" if part in (UP, DOWN) else name
        if inside in own and own[inside].shape == tensor.shape and own[inside].requires_grad:
            scale = adapter.get(f"{name}.scale")
            value = tensor.float() if scale is None else tensor.float() * scale.float()
            own[inside].data.copy_(value)


def adapter_of(network: nn.Module) -> dict[str, Tensor]:
    """What `models.adapted` adds to the weights that the network had before `attach`: `NAME.up` and `NAME.down` of
    matrices, all other numbers that were trained as they are."""
    found = {}
    for name, parameter in network.named_parameters():
        if not parameter.requires_grad:
            continue
        own, _, part = name.rpartition(".")
        place = own.replace("parametrizations.", "").removesuffix(".0")
        found[f"{place}.{part}" if "parametrizations." in name else name] = parameter.detach()
    return found


def in_bytes(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """An adapter in half the space: matrices as whole numbers from -127 to 127 and a scale a row, others as float16."""
    found = {}
    for name, tensor in tensors.items():
        if not name.endswith((f".{UP}", f".{DOWN}")):
            found[name] = tensor.half()
            continue
        found[name], found[f"{name}.scale"] = models.in_bytes(tensor)
    return found
