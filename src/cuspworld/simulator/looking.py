"""Given frames, an image or a video: which kind of clips they look like, and whether any."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import UInt8

from cuspworld.codec.codec import to_tensor
from cuspworld.simulator.parts import Parts

STRANGE = 1.0  # times as far from what was recorded as 99 in 100 recorded steps are: benchmarks/looking.py
_FRAMES = 24  # of what is given that are looked at


@dataclass(frozen=True)
class Look:
    """`kind`: the model's kind that the frames are nearest to. `times`: how far, in units of that kind's reach."""

    kind: int
    times: float

    @property
    def strange(self) -> bool:
        return self.times > STRANGE


def look_at(parts: Parts, frames: UInt8[np.ndarray, "t h w 3"] | None) -> Look | None:
    """None where nothing is given, or the model has no kinds that know their reach. The middle of the steps' distances
    counts: one strange moment in a long clip is no other world."""
    known = [index for index, kind in enumerate(parts.kinds) if np.isfinite(kind.reach) and kind.reach > 0]
    if frames is None or not known:
        return None
    stride = parts.codec.temporal_stride
    frames = frames[: (min(len(frames), _FRAMES) - 1) // stride * stride + 1]
    with torch.inference_mode():
        latents = parts.codec.encode(to_tensor(frames)[None].to(parts.device))[0].cpu()
    times = [float(np.median(parts.kinds[index].apart(latents)) / parts.kinds[index].reach) for index in known]
    return Look(known[int(np.argmin(times))], min(times))
