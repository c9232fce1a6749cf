"""Several models of one codec as one: each keeps its kinds and draws them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch

from cuspworld.errors import CuspError
from cuspworld.simulator.simulator import Simulator


def join(models: Sequence[Simulator]) -> Simulator:
    """One model that draws what each of `models` draws; a prompt goes to the one whose recorded clips fit it best.

    Each must have been trained on one kind of clips, with paths, on the latents of the same codec (`cusp train
    --codec`), at the same size and rate. Raises CuspError that says which does not fit.
    """
    if not models:
        raise CuspError("no model to join")
    first = models[0]
    for number, model in enumerate(models):
        told = f"model {number + 1} of {len(models)}"
        if len(model.experts) != 1 or len(model.kinds) != 1:
            raise CuspError(f"{told} has {len(model.kinds)} kinds with paths and {len(model.experts)} experts: needs 1")
        if replace(model.config, patch=1) != replace(first.config, patch=1):
            raise CuspError(f"{told} has another size, rate or window than the first: {model.config}, {first.config}")
        if not _equal(model.codec.state_dict(), first.codec.state_dict()):
            raise CuspError(f"{told} has another codec than the first: train both on the latents of one")
    kinds = [model.kinds[0] for model in models]
    names = [kind.name for kind in kinds]
    if len(set(names)) < len(names):
        raise CuspError(f"two models know a kind of the same name: {', '.join(names)}")
    config = replace(first.config, patch=max(model.config.patch for model in models))
    enlarger = next((model.enlarger for model in models if model.enlarger is not None), None)  # of the one codec
    return Simulator(config, first.codec, [model.experts[0] for model in models], kinds, enlarger)


def _equal(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[key], other[key]) for key in one)
