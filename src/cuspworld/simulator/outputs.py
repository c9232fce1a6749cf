"""The forms in which a clip is handed out, as diffusers names them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from cuspworld.clip import Clip


def _pictures(clip: Clip) -> Any:
    from PIL import Image

    return [Image.fromarray(frame) for frame in clip]


OUTPUTS: dict[str, Callable[[Clip], Any]] = {
    "clip": lambda clip: clip,
    "np": lambda clip: clip.frames.astype(np.float32) / 255,
    "pt": lambda clip: torch.from_numpy(clip.frames).permute(0, 3, 1, 2).float() / 255,
    "pil": _pictures,
}
