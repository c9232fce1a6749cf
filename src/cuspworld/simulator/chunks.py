"""The sampling loop: one clip, chunk after chunk.

Each chunk after the first is given the last latents of the one before as known tokens, so memory does not grow with
length and a minute is made like a second.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from cuspworld.codec.codec import to_frames, to_tensor
from cuspworld.codec.tokens import tokenize, untokenize
from cuspworld.simulator.parts import Parts
from cuspworld.simulator.route import Route
from cuspworld.transport.flow.matching import SAMPLERS, OnStep, unchanged
from cuspworld.transport.flow.transformer import CodePath


@dataclass(frozen=True)
class Sampling:
    """How noise becomes a chunk."""

    seed: int
    times: list[float]  # from 0, noise, to 1, data
    guidance: float  # classifier-free; 1 is none
    sampler: str  # of `SAMPLERS`
    negative: str = ""  # what guidance leads away from
    on_step: OnStep = unchanged  # (step, time, tokens) -> tokens


class Chunks:
    """The chunks of one clip. `kind`: of the model's kinds, whose expert draws it."""

    def __init__(
        self, parts: Parts, prompt: str, sampling: Sampling, route: Route | None = None, kind: int | None = None
    ):
        self.parts, self.sampling, self.route = parts, sampling, route
        self.expert, self.kind = parts.expert(kind)[0], kind
        self.generator = torch.Generator().manual_seed(sampling.seed)
        self.prompt = prompt
        self.text: Tensor | None = None

    def _read(self) -> None:
        """Embed the texts, once the path is drawn: it may know a fuller one."""
        prompt = self.prompt if self.route is None else self.route.text(self.prompt)
        prompts = [prompt, self.sampling.negative] if self.sampling.guidance != 1 else [prompt]
        with torch.inference_mode():
            self.text, self.text_mask = self.expert.prompts.encode(prompts)

    def encoded(self, frames: UInt8[np.ndarray, "t h w 3"]) -> Float[Tensor, "1 l i j c"]:
        """The latents of frames that are known."""
        with torch.inference_mode():
            return self.parts.codec.encode(to_tensor(frames)[None].to(self.parts.device))

    def run(self, given: UInt8[np.ndarray, "t h w 3"] | None) -> Iterator[UInt8[np.ndarray, "t h w 3"]]:
        """Endless: what was given, then chunk after chunk."""
        config, codec = self.parts.config, self.parts.codec
        context_frames = (config.context - 1) * codec.temporal_stride + 1
        last = given
        if given is not None:
            yield given
        while True:
            known = None
            if last is not None:
                count = context_frames if len(last) >= context_frames else 1
                last = last[-count:]
                known = self.encoded(last)
            path = None if self.route is None else self.route.next(known)
            frames = self._chunk(known, path)
            new = frames if last is None else frames[len(last) :]
            last = new[-context_frames:]
            yield new

    @torch.inference_mode()
    def _chunk(
        self,
        known: Float[Tensor, "1 l i j c"] | None,
        path: CodePath | None,
        after: Float[Tensor, "1 m i j c"] | None = None,
    ) -> UInt8[np.ndarray, "t h w 3"]:
        """One window of frames; the first of them are the decoded `known` latents, the last those of `after`.

        An expert that was taught so makes it step by step, each step given all before it: what is where, and which is
        which, is settled once, and not in all steps of the window at the same time."""
        config, codec = self.parts.config, self.parts.codec
        length = (config.window - 1) // codec.temporal_stride + 1
        shape = (length, config.height // codec.spatial_stride, config.width // codec.spatial_stride)
        noise = torch.randn((1, *shape, codec.latent_channels), generator=self.generator).to(self.parts.device)
        latents = self._window(noise, known, path, after)
        if self.expert.transformer.config.by_steps:
            each, end = config.token_frames, length - (0 if after is None else after.shape[1])
            have = (0 if known is None else known.shape[1]) // each * each + each
            while have < end:
                latents = self._window(noise, latents[:, :have], path, after)
                have += each
        return to_frames(codec.decode(latents))[0]

    def _sketched(self, path: CodePath, latents: Float[Tensor, "1 t i j c"]) -> CodePath:
        """The path with what its codes show in each token's place, for an expert that was told so."""
        if not self.expert.transformer.config.sketch or self.kind is None:
            return path
        each = self.parts.config.token_frames
        shown = self.parts.kinds[self.kind].sketch(path.codes[0].cpu(), *latents.shape[2:4])[None, : latents.shape[1]]
        return replace(path, sketch=tokenize(shown.to(latents.device), self.parts.patch(self.expert), each)[0])

    def _window(
        self,
        latents: Float[Tensor, "1 t i j c"],
        known: Float[Tensor, "1 l i j c"] | None,
        path: CodePath | None,
        after: Float[Tensor, "1 m i j c"] | None,
    ) -> Float[Tensor, "1 t i j c"]:
        """The latents of a window, from noise of their shape."""
        config = self.parts.config
        length, each, patch = latents.shape[1], config.token_frames, self.parts.patch(self.expert)
        noise, positions = tokenize(latents, patch, each)
        clean = torch.zeros_like(latents)
        marks = torch.zeros(length, dtype=torch.bool, device=latents.device)
        if known is not None:
            clean[:, : known.shape[1]] = known
            marks[: known.shape[1]] = True
        if after is not None:
            clean[:, length - after.shape[1] :] = after
            marks[length - after.shape[1] :] = True
        held, _ = tokenize(clean, patch, each)
        mark = marks.view(-1, each)[positions[:, 0]][None]  # (1, n, each)
        held_mark = mark.repeat_interleave(held.shape[-1] // each, dim=-1)
        if self.text is None:
            self._read()
        assert self.text is not None
        text, batch = self.text, len(self.text)
        path = None if path is None else self._sketched(path, latents).expand(batch)
        places = positions.expand(batch, -1, -1)

        def velocity(x: Tensor, t: float) -> Tensor:
            x = torch.where(held_mark, held, x).expand(batch, -1, -1)
            times = torch.full((batch,), t, device=x.device)
            marks = mark.expand(batch, -1, -1)
            v = self.expert.transformer(x, places, marks, times, text, self.text_mask, path=path).float()
            if batch == 1:
                return v
            return v[1:] + self.sampling.guidance * (v[:1] - v[1:])  # classifier-free guidance (Ho & Salimans 2022)

        x = SAMPLERS[self.sampling.sampler](velocity, noise, self.sampling.times, self.sampling.on_step)
        x = torch.where(held_mark, held, x)
        size = (length, latents.shape[2], latents.shape[3])
        return untokenize(x, size, patch, each)
