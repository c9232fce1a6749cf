"""FrameReader: a small U-net (Ronneberger et al. 2015, arXiv:1505.04597) that reads one frame.

Things are peaks of a heat map a kind (Zhou et al. 2019, arXiv:1904.07850); flags, choices and amounts come from the
whole frame; `mixed` is the strongest cells' mean logit that no true state looks so.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor, nn

from cuspworld.detectors.seen import SIDE, Seen, Thing

STRIDE = 2  # pixels a cell of the heat maps
STRONGEST = 6  # cells of 16x16 whose mean logit says that a frame is mixed
PEAK = 0.35  # a peak below this is no thing
OFFSETS = 3  # numbers a cell beside the heat: dx, dy (cells), radius (pixels / 8)
BATCH = 64  # frames that are read at once


@dataclass(frozen=True)
class ReaderConfig:
    """`choices` are "question:option", the options of a question side by side."""

    things: tuple[str, ...]
    flags: tuple[str, ...]
    choices: tuple[str, ...]
    amounts: tuple[str, ...]
    alone: int  # cells about a peak in which no other thing of any kind stands
    apart: int = 1  # cells about a peak in which no other thing of its own kind stands
    first: int = 16
    second: int = 32
    third: int = 48

    @property
    def questions(self) -> dict[str, list[str]]:
        """The options of each question, in order."""
        found: dict[str, list[str]] = {}
        for text in self.choices:
            question, option = text.split(":")
            found.setdefault(question, []).append(option)
        return found


class FrameReader(nn.Module):
    """Frames (batch, 3, 64, 64) in [-1, 1] -> heat maps, offsets, the logit `mixed`, and numbers of the whole frame."""

    def __init__(self, config: ReaderConfig) -> None:
        super().__init__()
        self.config = config
        first, second, third = config.first, config.second, config.third
        self.stem = _convolution(3, first, 5, 2)
        self.down = _convolution(first, second, 3, 2)
        self.fine = _Residual(second)
        self.lower = _convolution(second, third, 3, 2)
        self.coarse = nn.Sequential(_Residual(third), _Residual(third))
        self.up = nn.Conv2d(third, second, 1)
        self.middle = _convolution(second, second, 3, 1)
        self.upper = nn.Conv2d(second, first, 1)
        self.top = _convolution(first, first, 3, 1)
        self.heat = nn.Conv2d(first, len(config.things) + OFFSETS, 1)
        self.mixed = nn.Conv2d(second, 1, 1)
        self.squeeze = nn.Conv2d(third, 8, 1)
        numbers = len(config.flags) + len(config.choices) + len(config.amounts)
        self.whole = nn.Sequential(nn.Linear(8 * (SIDE // 8) ** 2, 64), nn.SiLU(), nn.Linear(64, max(numbers, 1)))
        assert self.heat.bias is not None
        nn.init.constant_(self.heat.bias, -2.2)  # a cell in ten is a thing at first, not every second one

    def forward(
        self, frames: Float[Tensor, "batch 3 64 64"]
    ) -> tuple[Float[Tensor, "batch maps 32 32"], Float[Tensor, " batch"], Float[Tensor, "batch numbers"]]:
        a = self.stem(frames)  # (batch, first, 32, 32)
        b = self.fine(self.down(a))  # (batch, second, 16, 16)
        c = self.coarse(self.lower(b))  # (batch, third, 8, 8)
        b = self.middle(b + _double(self.up(c)))
        a = self.top(a + _double(self.upper(b)))
        cells = self.mixed(b).flatten(1)  # (batch, 256)
        mixed = cells.topk(STRONGEST, 1).values.mean(1)
        return self.heat(a), mixed, self.whole(self.squeeze(c).flatten(1))

    @torch.inference_mode()
    def read(self, frames: UInt8[np.ndarray, "time 64 64 3"]) -> Seen:
        """What is seen in each frame."""
        config = self.config
        parts = []
        for begin in range(0, len(frames), BATCH):
            batch = torch.from_numpy(frames[begin : begin + BATCH]).permute(0, 3, 1, 2).float() / 127.5 - 1
            parts.append(self(batch))
        maps, mixed, numbers = (torch.cat(part) for part in zip(*parts, strict=True))
        things = _peaks(maps[:, : len(config.things)].sigmoid(), maps[:, len(config.things) :], config)
        sizes = [len(config.flags), len(config.choices), len(config.amounts)]
        flags, choices, amounts = numbers[:, : sum(sizes)].split(sizes, 1)
        said = {"mixed": mixed.sigmoid(), **dict(zip(config.flags, flags.sigmoid().T, strict=True))}
        chosen, place = {}, 0
        for question, options in config.questions.items():
            chosen[question] = choices[:, place : place + len(options)].softmax(1).numpy()
            place += len(options)
        return Seen(
            things,
            {name: values.numpy() for name, values in said.items()},
            chosen,
            {name: values.numpy() for name, values in zip(config.amounts, amounts.T, strict=True)},
        )


def _peaks(
    heat: Float[Tensor, "time kinds 32 32"], offsets: Float[Tensor, "time 3 32 32"], config: ReaderConfig
) -> tuple[tuple[Thing, ...], ...]:
    """The peaks of each frame, the surest first."""
    top = nn.functional.max_pool2d(heat, 3, 1, 1) == heat
    found = []
    for k, own in enumerate(top & (heat > PEAK)):
        things: list[Thing] = []
        places = own.nonzero()
        scores = heat[k][tuple(places.T)]
        for place in scores.argsort(descending=True).tolist():
            kind, i, j = places[place].tolist()
            dx, dy, radius = offsets[k, :, i, j].tolist()
            x, y = (j + 0.5 + dx) * STRIDE, (i + 0.5 + dy) * STRIDE
            name = config.things[kind]
            alike = [thing for thing in things if thing.kind == name]
            if not _near(x, y, things, config.alone) and not _near(x, y, alike, config.apart):
                things.append(Thing(name, x, y, 8 * radius, float(scores[place])))
        found.append(tuple(things))
    return tuple(found)


def _near(x: float, y: float, things: list[Thing], cells: int) -> bool:
    return any(max(abs(thing.x - x), abs(thing.y - y)) < cells * STRIDE for thing in things)


def _double(x: Tensor) -> Tensor:
    return nn.functional.interpolate(x, scale_factor=2, mode="nearest")


def _convolution(inside: int, out: int, kernel: int, stride: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inside, out, kernel, stride, kernel // 2, bias=False), nn.GroupNorm(8, out), nn.SiLU(inplace=True)
    )


class _Residual(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.both = nn.Sequential(_convolution(width, width, 3, 1), _convolution(width, width, 3, 1))

    def forward(self, x: Float[Tensor, "batch channels rows columns"]) -> Tensor:
        return x + self.both(x)
