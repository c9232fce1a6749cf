"""The sampling loop: one clip, chunk after chunk.

Each chunk after the first is given the last latents of the one before as known tokens, so memory does not grow with
length and a minute is made like a second.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Protocol

import numpy as np
import torch
from jaxtyping import Bool, Float, UInt8
from torch import Tensor

from cuspworld.codec.codec import to_frames, to_tensor
from cuspworld.simulator.guidance import Guidance
from cuspworld.simulator.parts import Parts
from cuspworld.simulator.rest import at_rest
from cuspworld.simulator.route import Route
from cuspworld.simulator.sampling import Sampling
from cuspworld.simulator.window import Told, Window
from cuspworld.transport.flow.transformer import CodePath


class MakesChunks(Protocol):
    """What makes the chunks of a clip: `Chunks`, or several of which the best is kept (`ways.py`)."""

    @property
    def faded(self) -> int: ...
    def begin(self, given: UInt8[np.ndarray, "t h w 3"]) -> None: ...
    def next(self) -> UInt8[np.ndarray, "t h w 3"]: ...
    def facts(self) -> dict[str, Any]: ...


def run(
    chunks: MakesChunks, given: UInt8[np.ndarray, "t h w 3"] | None, total: int | None = None
) -> Iterator[UInt8[np.ndarray, "t h w 3"]]:
    """Endless: what was given, then chunk after chunk. `total`: frames that are wanted, where that is known.

    The last token of each chunk waits for the next chunk, which makes it anew; the one is faded into the other, so that
    no joint shows. What was given is kept as it is."""
    made = 0
    if given is not None:
        chunks.begin(given)
        yield given
        made = len(given)
    while True:
        new = chunks.next()
        if chunks.faded and (total is None or made + len(new) < total):
            new = new[: -chunks.faded]
        made += len(new)
        yield new


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
        self.last: UInt8[np.ndarray, "t h w 3"] | None = None  # frames that the next chunk goes on from
        self.known: Float[Tensor, "1 l i j c"] | None = None  # their latents
        self.again = 0  # of them, how many the next chunk makes anew

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

    def shown(self, latents: Float[Tensor, "1 t i j c"]) -> UInt8[np.ndarray, "t h w 3"]:
        """The frames of a window's latents."""
        with torch.inference_mode():
            return to_frames(self.parts.codec.decode(latents))[0]

    @property
    def faded(self) -> int:
        """Frames of a chunk that wait for the next one, which makes them anew; the one is faded into the other."""
        config = self.parts.config
        return (
            config.token_frames if self.parts.codec.temporal_stride == 1 < config.token_frames < config.context else 0
        )

    def facts(self) -> dict[str, Any]:
        """What was chosen so far, for the clip's metadata."""
        if self.route is None or not (facts := self.route.facts()):
            return {}
        along = self._guidance()
        scales = {"sketch_guidance_scale": along.sketch, "action_guidance_scale": along.actions}
        return facts | {name: scale for name, scale in scales.items() if scale != 1}

    def begin(self, given: UInt8[np.ndarray, "t h w 3"]) -> None:
        """Go on from frames that are given."""
        self.last = given

    def next(self) -> UInt8[np.ndarray, "t h w 3"]:
        """The frames of the next chunk that are new; the last `faded` of them come again in the one after it."""
        config, codec = self.parts.config, self.parts.codec
        context_frames = (config.context - 1) * codec.temporal_stride + 1
        if self.last is not None and (codec.temporal_stride > 1 or not self.again):
            self.last = self.last[-(context_frames if len(self.last) >= context_frames else 1) :]
            self.known = self.encoded(self.last)
        path = self._path()
        latents = self.chunk(self.known, path, again=self.again, rests=self._rests())
        frames = self.shown(latents)
        new = frames if self.last is None else frames[len(self.last) - self.again :]
        self.last, self.known, self.again = new[-context_frames:], latents[:, -config.context :], self.faded
        return new

    def _path(self) -> CodePath | None:
        """The codes of the next chunk's tokens."""
        if self.route is None:
            return None
        framing = self.parts.framing
        if framing is None:
            return self.route.next(self.known)
        path = self.route.next(None if self.known is None else self.encoded(framing.own_frames(self.shown(self.known))))
        return replace(path, codes=framing.codes(path.codes)[:, : self.parts.tokens])

    def _rests(self) -> Bool[Tensor, " t"] | None:
        """Of each latent frame of the chunk, whether the scene rests."""
        if self.route is None or self.parts.codec.temporal_stride > 1:
            return None
        pace = 1 if self.parts.framing is None else self.parts.framing.pace
        steps = torch.tensor(self.route.rests())
        after = torch.cat([steps[1:], steps[-1:]])
        tokens = torch.stack([steps, *[after] * (pace - 1)], dim=1).flatten()  # between two steps: on the way
        frames = tokens.repeat_interleave(self.parts.config.token_frames)
        return frames[: self.parts.config.window].to(self.parts.device)

    def other(self, seed: int) -> Chunks:
        """The same clip so far, which goes on by other draws."""
        found = copy.copy(self)
        found.generator = torch.Generator().manual_seed(seed)
        found.route = None if self.route is None else self.route.other(seed)
        return found

    @torch.inference_mode()
    def chunk(
        self,
        known: Float[Tensor, "1 l i j c"] | None,
        path: CodePath | None,
        after: Float[Tensor, "1 m i j c"] | None = None,
        again: int = 0,
        rests: Bool[Tensor, " t"] | None = None,
    ) -> Float[Tensor, "1 t i j c"]:
        """The latents of one window; the first of them are `known`, the last `after`. The last `again` known ones are
        made anew and faded into. `rests`: frames in which the scene rests, and stays as it is.

        An expert that was taught so makes it step by step, each step given all before it: what is where, and which is
        which, is settled once, and not in all steps of the window at the same time."""
        config, codec = self.parts.config, self.parts.codec
        length = (config.window - 1) // codec.temporal_stride + 1
        shape = (length, config.height // codec.spatial_stride, config.width // codec.spatial_stride)
        noise = torch.randn((1, *shape, codec.latent_channels), generator=self.generator).to(self.parts.device)
        kept = 0 if known is None else known.shape[1] - again
        before = None if known is None else known[:, :kept]
        latents = self._drawn(noise, before, path, after)
        if self.expert.transformer.config.by_steps:
            each, end = config.token_frames, length - (0 if after is None else after.shape[1])
            have = kept // each * each + each
            while have < end:
                latents = self._drawn(noise, latents[:, :have], path, after)
                have += each
        latents = self._window(latents, before, path, after).looked_at_again(latents, self.generator)
        if rests is not None:
            latents = at_rest(latents, rests, kept, known[:, kept:] if again and known is not None else None)
        if again and known is not None:
            share = (torch.arange(again, device=latents.device) + 0.5)[None, :, None, None, None] / again
            latents[:, kept : kept + again] = torch.lerp(known[:, kept:], latents[:, kept : kept + again], share)
        return latents

    def _drawn(
        self,
        noise: Float[Tensor, "1 t i j c"],
        known: Float[Tensor, "1 l i j c"] | None,
        path: CodePath | None,
        after: Float[Tensor, "1 m i j c"] | None,
    ) -> Float[Tensor, "1 t i j c"]:
        """The latents of a window, from noise of their shape."""
        window, sampling = self._window(noise, known, path, after), self.sampling
        return window.drawn(noise, sampling.sampler, sampling.times, sampling.on_step)

    def _window(
        self,
        latents: Float[Tensor, "1 t i j c"],
        known: Float[Tensor, "1 l i j c"] | None,
        path: CodePath | None,
        after: Float[Tensor, "1 m i j c"] | None,
    ) -> Window:
        """A window as large as `latents` with what is known of it."""
        length = latents.shape[1]
        clean = torch.zeros_like(latents)
        marks = torch.zeros(length, dtype=torch.bool, device=latents.device)
        if known is not None:
            clean[:, : known.shape[1]] = known
            marks[: known.shape[1]] = True
        if after is not None:
            clean[:, length - after.shape[1] :] = after
            marks[length - after.shape[1] :] = True
        return Window(self._told(), clean, marks, path)

    def _told(self) -> Told:
        if self.text is None:
            self._read()
        assert self.text is not None
        kind = None if self.kind is None else self.parts.kinds[self.kind]
        patch, each = self.parts.patch(self.expert), self.parts.config.token_frames
        guidance, framing = self.sampling.guidance, self.parts.framing
        return Told(self.expert, self.text, self.text_mask, guidance, kind, patch, each, framing, self._guidance())

    def _guidance(self) -> Guidance:
        """Along the path."""
        return self.sampling.along(None if self.kind is None else self.parts.kinds[self.kind].guidance)
