"""What a state of a JEPA shows: the world's numbers and the picture, read from embeddings learned without them.

The encoder is frozen while these are learned, so they measure what it keeps and add nothing to it. What the embedding
leaves out (a texture that no action moves) is drawn as it usually is: the mean picture is given.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from cuspworld.errors import CuspError
from cuspworld.models import load_module, save_module


@dataclass(frozen=True)
class ReadoutConfig:
    """`world`: whose numbers they are. `columns`: their names, in order. `fixed`: "parameter=word" of the recorded
    world, where all clips had one word and it knows others: a learned world knows no other."""

    world: str
    columns: tuple[str, ...]
    height: int
    width: int
    history: int
    embedding: int
    channels: int = 16  # of the picture's last layer but one; the first has four times as many
    hidden: int = 256
    fixed: tuple[str, ...] = ()


class Readout(nn.Module):
    """`columns` and `pictures` of states (batch, history, embedding)."""

    middle: Tensor  # of each number, and its spread
    spread: Tensor
    usual: Tensor  # the mean picture, and the spread about it
    contrast: Tensor
    stride: Tensor  # of the JEPA's steps: what moves is read from differences, which are small

    def __init__(self, config: ReadoutConfig):
        super().__init__()
        self.config = config
        count, c, hidden = len(config.columns), config.channels, config.hidden
        self.register_buffer("middle", torch.zeros(count))
        self.register_buffer("spread", torch.ones(count))
        self.register_buffer("usual", torch.full((3, config.height, config.width), 127.5))
        self.register_buffer("contrast", torch.full((), 127.5))
        self.register_buffer("stride", torch.ones(()))
        self.rows, self.across = -(-config.height // 8), -(-config.width // 8)
        self.numbers = nn.Sequential(
            nn.Linear(config.history * config.embedding, hidden), nn.SiLU(), nn.Linear(hidden, hidden), nn.SiLU(),
            nn.Linear(hidden, count),
        )  # fmt: skip
        self.cells = nn.Sequential(
            nn.Linear(config.embedding, hidden), nn.SiLU(), nn.Linear(hidden, 2 * c * self.rows * self.across)
        )
        self.painter = nn.Sequential(
            nn.SiLU(), nn.Upsample(scale_factor=2), nn.Conv2d(2 * c, 2 * c, 3, 1, 1),
            nn.SiLU(), nn.Upsample(scale_factor=2), nn.Conv2d(2 * c, c, 3, 1, 1),
            nn.SiLU(), nn.Conv2d(c, 4 * 3, 3, 1, 1), nn.PixelShuffle(2),
        )  # fmt: skip

    def set_usual(self, columns: np.ndarray, frames: np.ndarray) -> None:
        """From rows (n, columns) and frames (n, height, width, 3): what they usually are, and how they spread."""
        rows = torch.as_tensor(columns, dtype=torch.float32)
        self.middle.copy_(rows.mean(0))
        self.spread.copy_(rows.std(0, correction=0).clamp_min(1e-6))
        pictures = torch.from_numpy(frames).movedim(-1, 1).float()
        self.usual.copy_(pictures.mean(0))
        self.contrast.copy_((pictures - self.usual).square().mean().sqrt().clamp_min(1.0))

    def columns(self, states: Float[Tensor, "b history width"]) -> Float[Tensor, "b columns"]:
        """The world's numbers, in its units."""
        seen = torch.cat([states[:, -1], (states.diff(dim=1) / self.stride).flatten(1)], dim=1)
        return self.middle + self.spread * self.numbers(seen)

    def pictures(self, embeddings: Float[Tensor, "b width"]) -> Float[Tensor, "b 3 h w"]:
        """What is seen, in grey levels; not yet clipped or rounded."""
        cells = self.cells(embeddings).unflatten(1, (-1, self.rows, self.across))  # (b, 2c, h/8, w/8)
        painted = self.painter(cells)[..., : self.config.height, : self.config.width]
        return self.usual + self.contrast * painted

    @torch.inference_mode()
    def frame(self, state: Float[Tensor, "1 history width"]) -> np.ndarray:
        """(height, width, 3) uint8."""
        picture = self.pictures(state[:, -1])[0].clamp(0, 255).round().byte()
        return picture.movedim(0, -1).numpy()

    def save_pretrained(self, path: str | Path, dtype: torch.dtype = torch.float32) -> None:
        save_module(path, "Readout", self, self.config, dtype)

    @classmethod
    def from_pretrained(cls, path: str | Path) -> Readout:
        """The readout of a folder that `save_pretrained` wrote. Raises CuspError if it is damaged or another's."""
        readout = load_module(path, "Readout", cls, ReadoutConfig)
        if len(readout.middle) != len(readout.config.columns):
            raise CuspError(f"{path} names {len(readout.config.columns)} columns and holds {len(readout.middle)}")
        return readout
