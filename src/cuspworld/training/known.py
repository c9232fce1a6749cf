"""Which frames of a window are known in training: none, the first one, those before, those after, both, any, or a
number of whole steps.

What is drawn here is what the model can do: from text alone, image to video, extending forwards and backwards,
connecting two clips, filling in.
"""

from __future__ import annotations

import torch
from jaxtyping import Bool
from torch import Tensor

_SHARES = {  # of none, first frame, frames before, frames after, both ends, any
    True: (0.62, 0.10, 0.08, 0.06, 0.07, 0.07),  # windows that begin their clip: only they start from text alone
    False: (0.06, 0.10, 0.54, 0.10, 0.12, 0.08),
}


def known_frames(
    count: int, first: bool, context: int, generator: torch.Generator, step: int = 1, steps: float = 0.0
) -> Bool[Tensor, " count"]:
    """Marks of `count` latent frames; `context`: how many are given of a neighbouring chunk. One is always unknown.
    `steps`: share of windows of which any number of whole steps of `step` frames is known, so that a chunk can be made
    step by step."""
    known = torch.zeros(count, dtype=torch.bool)
    if steps and float(torch.rand((), generator=generator)) < steps:
        most = max(1, count // step - 1)
        known[: step * (1 + int(torch.randint(most, (), generator=generator)))] = count > step
        return known
    which = int(torch.multinomial(torch.tensor(_SHARES[first]), 1, generator=generator))
    draw = torch.rand(count + 2, generator=generator)
    context = min(context, (count - 1) // 2) if which == 4 else min(context, count - 1)
    before, after = (min(1, context) if float(d) < 0.25 else context for d in draw[:2])
    if which == 1:
        known[:1] = count > 1
    if which == 2:
        known[:context] = True
    if which in (3, 4):
        known[count - after :] = after > 0
    if which == 4:
        known[:before] = True
    if which == 5:
        known = draw[2:] < draw[0]
        known[int(float(draw[1]) * count)] = False
    return known
