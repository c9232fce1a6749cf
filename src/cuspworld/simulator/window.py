"""One window of latents: drawn from noise, then looked at once more by tokens that begin half a token later.

A token holds several frames, and neighbours in time were drawn apart: where one ends and the next begins, still things
flickered 1.3 to 1.9 times as much as inside (`benchmarks/joints.py`). In the last look each frame is taken mostly from
the token in whose middle it lies (overlapping windows as in MultiDiffusion, Bar-Tal et al. 2023, arXiv:2302.08113).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from cuspworld.codec.scene_code import GRID
from cuspworld.codec.tokens import tokenize, untokenize
from cuspworld.simulator.formats import Framing
from cuspworld.simulator.guidance import LATE, Guidance
from cuspworld.simulator.kinds import Kind
from cuspworld.simulator.parts import Expert
from cuspworld.transport.flow.matching import SAMPLERS, OnStep
from cuspworld.transport.flow.transformer import CodePath

LOOK = 0.9  # the flow's time of the last look: a tenth of it is noise
_MIDDLE = 0.75  # share of the token in whose middle a frame lies

Latents = Float[Tensor, "1 t i j c"]


@dataclass(frozen=True)
class Told:
    """What an expert is told of every window of a clip. `text` (b, words, width), two rows where guidance leads away
    from the second; `kind`: whose codes paths are made of; `patch`: latents a side of a token, `each`: frames;
    `framing`: in which format the clip is drawn, where it is not that of the codes; `along`: guidance by the path."""

    expert: Expert
    text: Tensor
    text_mask: Tensor
    guidance: float
    kind: Kind | None
    patch: int
    each: int
    framing: Framing | None = None
    along: Guidance = field(default_factory=Guidance)

    def sketch(self, codes: Float[Tensor, "s k"], height: int, width: int) -> Float[Tensor, "t h w e"]:
        """What the codes of tokens show, over a grid of latents."""
        assert self.kind is not None
        if self.framing is None:
            return self.kind.sketch(codes, height, width)
        return self.framing.sketch(self.kind.sketch(codes, GRID, GRID), self.each, height, width)


class Window:
    """A window of which the latents `clean` are known where `marks` says so, along `path`."""

    def __init__(self, told: Told, clean: Latents, marks: Bool[Tensor, " t"], path: CodePath | None):
        self.told, self.clean, self.marks, self.path = told, clean, marks, path

    def drawn(self, noise: Latents, sampler: str, times: list[float], on_step: OnStep) -> Latents:
        """From noise to data."""
        span = Span(self, 0, noise.shape[1])
        return span.latents(SAMPLERS[sampler](span.velocity, span.tokens(noise), times, on_step))

    def looked_at_again(self, latents: Latents, generator: torch.Generator) -> Latents:
        """The same latents after the last look; as they are where a token is one frame, or the window one token."""
        length, each = latents.shape[1], self.told.each
        if each < 2 or length < 2 * each:
            return latents
        noise = torch.randn(latents.shape, generator=generator).to(latents.device)
        noisy = (1 - LOOK) * noise + LOOK * latents
        first = each // 2
        count = (length - first) // each * each
        shifted = Span(self, first, first + count).data(noisy)
        share = torch.zeros(length, device=latents.device)
        place = torch.arange(length, device=latents.device) % each
        middle = (place >= (each + 1) // 4) & (place < each - (each + 1) // 4)
        share[first : first + count] = torch.where(middle, 1 - _MIDDLE, _MIDDLE)[first : first + count]
        share = share[None, :, None, None, None]
        made = (1 - share) * Span(self, 0, length).data(noisy)
        made[:, first : first + count] += share[:, first : first + count] * shifted
        return torch.where(self.marks[None, :, None, None, None], self.clean, made)


class Span:
    """The frames first to last of a window, whole tokens of it from `first` on."""

    def __init__(self, window: Window, first: int, last: int):
        self.told, self.first, self.last = window.told, first, last
        self.size = (last - first, *window.clean.shape[2:4])
        self.held, self.positions = tokenize(window.clean[:, first:last], self.told.patch, self.told.each)
        self.mark = window.marks[first:last].view(-1, self.told.each)[self.positions[:, 0]][None]  # (1, n, each)
        self.held_mark = self.mark.repeat_interleave(self.held.shape[-1] // self.told.each, dim=-1)
        self.path = None if window.path is None else self._own(window.path)
        kind, path = window.told.kind, self.path
        acts = 0 if kind is None or kind.actions is None else kind.actions.width(window.told.each)
        self.less_told = [] if path is None else window.told.along.less_told(path, acts)
        framing = window.told.framing
        self.scale = None if framing is None else torch.tensor([framing.scale], device=window.clean.device)

    def velocity(self, x: Float[Tensor, "1 n p"], t: float) -> Float[Tensor, "1 n p"]:
        """Guided by prompt and path."""
        v = self._along(self.path, x, t)
        less_told = self.less_told if t >= LATE else []
        return v + sum(further * (v - self._along(path, x, t)) for further, path in less_told)

    def _along(self, path: CodePath | None, x: Float[Tensor, "1 n p"], t: float) -> Float[Tensor, "1 n p"]:
        batch = len(self.told.text)
        x = torch.where(self.held_mark, self.held, x).expand(batch, -1, -1)
        times = torch.full((batch,), t, device=x.device)
        v = self.told.expert.transformer(
            x,
            self.positions.expand(batch, -1, -1),
            self.mark.expand(batch, -1, -1),
            times,
            self.told.text,
            self.told.text_mask,
            path=None if path is None else path.expand(batch),
            scale=self.scale.expand(batch, -1) if self.scale is not None else None,
        ).float()
        return v if batch == 1 else v[1:] + self.told.guidance * (v[:1] - v[1:])  # Ho & Salimans 2022

    def tokens(self, latents: Latents) -> Float[Tensor, "1 n p"]:
        return tokenize(latents, self.told.patch, self.told.each)[0]

    def latents(self, tokens: Float[Tensor, "1 n p"]) -> Latents:
        return untokenize(torch.where(self.held_mark, self.held, tokens), self.size, self.told.patch, self.told.each)

    def data(self, noisy: Latents) -> Latents:
        """What the network takes for the data behind a window's latents at the time of the last look."""
        x = self.tokens(noisy[:, self.first : self.last])
        return self.latents(x + (1 - LOOK) * self.velocity(x, LOOK))

    def _own(self, path: CodePath) -> CodePath:
        """The codes of these tokens: between two tokens of the window half of either. With what they show in each
        token's place, for an expert that was told so."""
        codes = path.codes
        if self.first:
            codes = (codes[:, :-1] + codes[:, 1:]) / 2 if self.told.kind is None else self.told.kind.between(codes)
        codes = codes[:, : self.size[0] // self.told.each]
        sketch = None
        if self.told.expert.transformer.config.sketch and self.told.kind is not None:
            shown = self.told.sketch(codes[0].cpu(), *self.size[1:])[None, : self.size[0]]
            sketch = self.tokens(shown.to(codes.device))
        return replace(path, codes=codes, sketch=sketch)
