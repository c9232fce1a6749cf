"""What a thing is made of, as a hash: the source of its class's module and the weights of its networks. What was
measured of another, or of the same before it was changed, is measured again."""

from __future__ import annotations

import hashlib
import inspect
from contextlib import suppress
from typing import Any

import torch


def networks(thing: Any, depth: int = 3) -> list[Any]:
    """The networks that a thing holds, itself, in its attributes, or in theirs, down to `depth`."""
    found: dict[int, Any] = {}

    def gather(thing: Any, depth: int) -> None:
        if isinstance(thing, torch.nn.Module):
            found[id(thing)] = thing
        elif depth and hasattr(thing, "__dict__"):
            for value in [*vars(thing).values(), *(thing.modules() if hasattr(thing, "modules") else ())]:
                gather(value, depth - 1)

    gather(thing, depth)
    return list(found.values())


def made_of(thing: Any) -> str:
    """What of it cannot be read (source that is nowhere in a file) does not count."""
    state = hashlib.sha256(type(thing).__qualname__.encode())
    with suppress(OSError, TypeError):
        state.update(inspect.getsource(inspect.getmodule(type(thing)) or type(thing)).encode())
    for network in networks(thing):
        for name, tensor in sorted(network.state_dict().items()):
            state.update(f"{name} {tuple(tensor.shape)}".encode())
            state.update(tensor.detach().cpu().contiguous().flatten().view(torch.uint8).numpy())
    return state.hexdigest()[:16]
