"""Frames twice as large: the enlarged picture, and what a small network adds to it.

The network works at the small size and shuffles its channels into pixels (ESPCN, Shi et al. 2016, arXiv:1609.05158);
it adds to the cubic enlargement (VDSR, Kim et al. 2016, arXiv:1511.04587), so that before training it changes nothing.
It is taught on what a codec draws, and sharpens edges that were drawn: it makes no thing that was not.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float, UInt8
from torch import Tensor, nn

from cuspworld.codec.autoencoder import zeroed
from cuspworld.codec.codec import to_frames, to_tensor
from cuspworld.models import load_module, save_module
from cuspworld.video.frames import resize_frames
from cuspworld.video.geometry import Covering

CLASS_NAME = "CuspWorldEnlarger"
TIMES = 2  # as high and as wide as before
MOST = 2  # times that a frame is enlarged, to as large as is asked or larger; what is left is scaled as before


@dataclass(frozen=True)
class EnlargerConfig:
    channels: int = 40
    layers: int = field(default=6, metadata={"least": 2, "most": 64})  # convolutions: a pixel sees as many beside it


class Enlarger(nn.Module):
    """(batch, height, width, 3) in [-1, 1] -> (batch, 2 height, 2 width, 3), about in [-1, 1]; each frame by itself."""

    def __init__(self, config: EnlargerConfig | None = None):
        super().__init__()
        self.config = config or EnlargerConfig()
        wide = self.config.channels
        self.first = nn.Conv2d(3, wide, 3, padding=1)
        self.middle = nn.ModuleList(nn.Conv2d(wide, wide, 3, padding=1) for _ in range(self.config.layers - 2))
        self.last = zeroed(nn.Conv2d(wide, 3 * TIMES**2, 3, padding=1))

    def forward(self, frames: Float[Tensor, "b h w 3"]) -> Float[Tensor, "b i j 3"]:
        small = frames.movedim(-1, 1).contiguous(memory_format=torch.channels_last)  # (batch, 3, height, width)
        x = F.relu(self.first(small))  # (batch, channels, height, width)
        for layer in self.middle:
            x = x + F.relu(layer(x))
        cubic = F.interpolate(small, scale_factor=float(TIMES), mode="bicubic", align_corners=False)
        return (cubic + F.pixel_shuffle(self.last(x), TIMES)).movedim(1, -1)

    @torch.inference_mode()
    def enlarge(self, frames: UInt8[np.ndarray, "t h w 3"]) -> UInt8[np.ndarray, "t i j 3"]:
        """Frames twice as high and wide, one at a time: a chunk's are the same as in the whole clip."""
        device = self.first.weight.device
        return np.concatenate([to_frames(self(to_tensor(frame[None]).to(device))) for frame in frames])

    def save_pretrained(self, path: str | Path, dtype: torch.dtype = torch.float32) -> None:
        """Write config.json and model.safetensors."""
        save_module(path, CLASS_NAME, self, self.config, dtype)

    @classmethod
    def from_pretrained(cls, path: str | Path) -> Enlarger:
        """Load a folder that `save_pretrained` wrote. Raises CuspError that names what is wrong with it."""
        return load_module(path, CLASS_NAME, cls, EnlargerConfig)


def passes(drawn: tuple[int, int], size: tuple[int, int]) -> int:
    """How often frames of `drawn` (height, width) are made twice as large on their way to `size`."""
    scale, count = Covering.of(*drawn, size).height / drawn[0], 0
    while count < MOST and scale > TIMES**count:
        count += 1
    return count


def enlargement(enlarger: Enlarger | None, drawn: tuple[int, int], size: tuple[int, int]) -> dict[str, int]:
    """What a clip's `made` says of it: nothing where no frame is enlarged."""
    count = 0 if enlarger is None else passes(drawn, size)
    return {"enlarged": TIMES**count} if count else {}


def resize(
    chunks: Iterator[UInt8[np.ndarray, "t h w 3"]], size: tuple[int, int], enlarger: Enlarger | None
) -> Iterator[UInt8[np.ndarray, "t i j 3"]]:
    """Frames of `size` (height, width): enlarged where there is an enlarger and they are smaller, then scaled to
    cover it and cropped at the centre. A frame at a time: no chunk takes more memory than its frames of `size`."""
    for chunk in chunks:
        count = 0 if enlarger is None else passes((chunk.shape[1], chunk.shape[2]), size)
        if enlarger is None or not count:
            yield resize_frames(chunk, size)
            continue
        made = []
        for frame in chunk[:, None]:
            for _ in range(count):
                frame = enlarger.enlarge(frame)
            made.append(resize_frames(frame, size))
        yield np.concatenate(made)
