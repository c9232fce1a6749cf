"""The network of the taught judge: which place of which frame breaks a law, seen from whole clips.

A clip (time, 96, 96) is looked at as itself, as what differs from the frame before, and as what differs from the median
frame. Strided convolutions take it to a grid of 12x12 cells; residual blocks mix time (dilated, both directions: a law
is broken between what came before and what comes after) and space; the mean over the whole clip is added halfway. Each
cell of each frame gets one logit for "a law is broken here" and one for each law (van den Oord et al. 2016's dilated
stacks, arXiv:1609.03499, over He et al. 2016's residual blocks, arXiv:1512.03385).
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn

from cuspworld.audit.judges.twin_look import LAWS, STRONGEST

SOME = 32  # frames


class TwinNetwork(nn.Module):
    """(time, 3, 96, 96) in [0, 1] -> logits of a broken law, and of which law, for each frame and cell (8x8 pixels)."""

    def __init__(
        self, widths: tuple[int, int, int] = (32, 64, 96), dilations: tuple[int, ...] = (1, 2, 4, 8, 16)
    ) -> None:
        super().__init__()
        first, second, third = widths
        self.stem = nn.Sequential(_spatial(9, first, 5, 2), _spatial(first, second, 3, 2))
        self.early = _Times(second, 1)
        self.down = _spatial(second, third, 3, 2)
        self.blocks = nn.ModuleList(_Block(third, dilation) for dilation in dilations)
        self.whole = nn.Linear(third, third)
        self.head = nn.Conv2d(third, 1 + len(LAWS), 1)

    def features(
        self, frames: Float[Tensor, "batch time 3 height width"]
    ) -> Float[Tensor, "batch time channels rows columns"]:
        """What the judge sees in each cell of each frame."""
        batch, time = frames.shape[:2]
        x = self.down(self.early(self._seen(frames), time))
        for index, block in enumerate(self.blocks):
            x = block(x, time)
            if index == 1:
                mean = x.unflatten(0, (batch, time)).mean((1, 3, 4))
                x = x + self.whole(mean).repeat_interleave(time, 0)[..., None, None]
        return x.unflatten(0, (batch, time))

    def _seen(
        self, frames: Float[Tensor, "batch time 3 height width"]
    ) -> Float[Tensor, "frames channels rows columns"]:
        """Each frame as itself, as what differs from the one before and from the median one. Batch norm learns of all
        at once; afterwards a few at a time take less memory."""
        batch, time = frames.shape[:2]
        usual = frames[:, :: max(1, time // 16)].median(1, keepdim=True).values
        some = time if self.training else SOME
        parts = []
        for first in range(0, time, some):
            now = frames[:, first : first + some]
            before = torch.cat([frames[:, max(0, first - 1), None], now[:, :-1]], 1)
            seen = torch.cat([now - 0.5, 4 * (now - before), 2 * (now - usual)], 2).flatten(0, 1)
            parts.append(self.stem(seen.contiguous(memory_format=torch.channels_last)).unflatten(0, (batch, -1)))
        return torch.cat(parts, 1).flatten(0, 1)

    def forward(
        self, frames: Float[Tensor, "batch time 3 height width"]
    ) -> tuple[Float[Tensor, "batch time rows columns"], Float[Tensor, "batch time laws rows columns"]]:
        """(logit of a broken law, logits of which law it is) of each frame and cell."""
        features = self.features(frames)
        out = self.head(features.flatten(0, 1)).unflatten(0, features.shape[:2]).float()
        return out[:, :, 0], out[:, :, 1:]


def strongest(logits: Float[Tensor, "batch ..."]) -> Float[Tensor, " batch"]:
    """A clip's logit: the mean of its strongest cells."""
    flat = logits.flatten(1)
    return flat.topk(min(STRONGEST, flat.shape[1]), 1).values.mean(1)


def _spatial(inside: int, out: int, kernel: int, stride: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inside, out, kernel, stride, kernel // 2, bias=False), nn.BatchNorm2d(out), nn.SiLU(inplace=True)
    )


class _Times(nn.Module):
    """A residual convolution over five frames, `dilation` apart, of each cell; the clip's ends repeat."""

    def __init__(self, width: int, dilation: int) -> None:
        super().__init__()
        self.dilation = dilation
        self.mix = nn.Linear(5 * width, width, bias=False)
        self.norm = nn.BatchNorm2d(width)

    def forward(self, x: Float[Tensor, "frames channels rows columns"], time: int) -> Tensor:
        clips = x.unflatten(0, (-1, time)).permute(0, 1, 3, 4, 2)  # (batch, time, rows, columns, channels)
        mixed = torch.stack([self._mixed(row) for row in clips.unbind(2)], 2)
        y = nn.functional.silu(self.norm(mixed.flatten(0, 1).permute(0, 3, 1, 2)), inplace=True)
        return y.add_(x)

    def _mixed(self, row: Float[Tensor, "batch time columns channels"]) -> Tensor:
        """A row of cells at a time: the five taps of all of them would be the audit's peak of memory."""
        reach, time = 2 * self.dilation, row.shape[1]
        first, last = row[:, :1].expand(-1, reach, -1, -1), row[:, -1:].expand(-1, reach, -1, -1)
        padded = torch.cat([first, row, last], 1)
        taps = [padded[:, k * self.dilation : k * self.dilation + time] for k in range(5)]
        return self.mix(torch.cat(taps, -1))


class _Block(nn.Module):
    """Time, then space: a dilated convolution over frames and a residual 3x3 convolution of each frame."""

    def __init__(self, width: int, dilation: int) -> None:
        super().__init__()
        self.times = _Times(width, dilation)
        self.places = _spatial(width, width, 3, 1)

    def forward(self, x: Float[Tensor, "frames channels rows columns"], time: int) -> Tensor:
        x = self.times(x, time)
        return x + self.places(x)
