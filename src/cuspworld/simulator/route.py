"""The path of a clip, chunk by chunk: one that is given, or one that is drawn."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any, Protocol

import numpy as np
import torch
from jaxtyping import Float
from numpy import ndarray
from torch import Tensor

from cuspworld.codec.scene_code import SceneCode
from cuspworld.language.retiming import retimed
from cuspworld.simulator.masses import Masses
from cuspworld.simulator.paths import NOISE, Drawn, Paths
from cuspworld.transport.flow.transformer import CodePath


class Route(Protocol):
    """`next` gives the codes of each chunk in turn, told its first latents where those are known, and `rests` which of
    its steps rest; `other` is the same path so far, which goes on by other draws."""

    def next(self, known: Float[Tensor, "1 l i j c"] | None) -> CodePath: ...

    def rests(self) -> list[bool]: ...

    def other(self, seed: int) -> Route: ...

    def text(self, prompt: str) -> str: ...

    def facts(self) -> dict[str, Any]: ...


def code_path(codes: Float[ndarray, "s k"], kind: int, noise: float, device: torch.device) -> CodePath:
    """One row of codes as the transformer takes them; `kind`: of those that it was taught."""
    return CodePath(
        torch.from_numpy(np.asarray(codes, np.float32))[None].to(device),
        torch.tensor([kind], device=device),
        torch.tensor([noise], device=device),
        torch.tensor([True], device=device),
    )


class GivenRoute:
    """A path that is given (s, k); it stays where it ends."""

    def __init__(self, codes: Float[ndarray, "s k"], kind: int, steps: int, advance: int, device: torch.device):
        self.codes, self.kind, self.steps, self.advance, self.device = codes, kind, steps, advance, device
        self._begin = 0

    def next(self, known: Float[Tensor, "1 l i j c"] | None) -> CodePath:
        index = np.minimum(np.arange(self._begin, self._begin + self.steps), len(self.codes) - 1)
        self._begin += self.advance
        return code_path(self.codes[index], self.kind, 0.0, self.device)

    def rests(self) -> list[bool]:
        return [False] * self.steps

    def other(self, seed: int) -> GivenRoute:
        return copy.copy(self)

    def text(self, prompt: str) -> str:
        return prompt

    def facts(self) -> dict[str, Any]:
        return {}


class DrawnRoute:
    """A path that is drawn for the first chunk, then followed and lengthened. `steps`: of a chunk, `advance`: from the
    beginning of one chunk to the next's. `like`: codes of a clip that it should move like. `rate`: frames a second,
    where paths may come later or earlier than recorded to show at the time asked what happens."""

    def __init__(
        self,
        paths: Paths,
        masses: Masses,
        kind: int,
        steps: int,
        advance: int,
        device: torch.device,
        like: Float[ndarray, "s k"] | None = None,
        rate: float | None = None,
    ):
        self.paths, self.masses, self.kind, self.like, self.rate = paths, masses, kind, like, rate
        self.steps, self.advance, self.device = steps, advance, device
        self.drawn: Drawn | None = None
        self._begin = 0
        self.begun = False  # whether the clip begins with frames that were given

    @property
    def code(self) -> SceneCode:
        return self.paths.branches.kind.code

    def next(self, known: Float[Tensor, "1 l i j c"] | None) -> CodePath:
        """The codes of the next chunk; `known`: its first latents, where they are given."""
        start = None if known is None else self._codes(known[0].cpu())
        if self.drawn is None:
            self.begun = start is not None
            identity = self.paths.branches.kind.identity
            who = None if known is None or identity is None else identity.of(known[0].cpu())
            late = None
            if self.rate is not None and self.masses.late is not None:
                late = np.rint(self.masses.late * self.rate).astype(np.int64)
            self.drawn = self.paths.draw(self.masses.of, start, self.like, who, late)
        else:
            self._begin += self.advance
        if start is not None:
            self.paths.go_on(self.drawn, self._begin + len(start))
            self.paths.seen(self.drawn, self._begin, start)
        self.paths.go_on(self.drawn, self._begin + self.steps)
        now, kind = slice(self._begin, self._begin + self.steps), self.paths.branches.kind
        codes = self.drawn.codes[now]
        noisy = codes + NOISE * self.paths.rng.standard_normal(codes.shape)
        path = kind.path(noisy, self.drawn.who, kind.acts(np.array(self.drawn.rows[now])))
        return code_path(path, self.kind, NOISE, self.device)

    def rests(self) -> list[bool]:
        return [] if self.drawn is None else self.drawn.rests[self._begin : self._begin + self.steps]

    def other(self, seed: int) -> DrawnRoute:
        found = copy.copy(self)
        found.paths = Paths(self.paths.branches, seed, self.paths.critical)
        if (drawn := self.drawn) is not None:
            found.drawn = replace(
                drawn,
                codes=drawn.codes.copy(),
                branches=[*drawn.branches],
                rests=[*drawn.rests],
                rows=[*drawn.rows],
            )
        return found

    def text(self, prompt: str) -> str:
        """What the flow reads: the full caption of the recorded clip nearest to the path, where it tells all that the
        prompt asks and nothing is given that may look otherwise; else the prompt itself."""
        if self.drawn is None or self.begun or not self.masses.whole or not prompt:
            return prompt
        caption, later = self.paths.branches.kind.captions[self.drawn.nearest][0], self.drawn.facts.get("later", 0)
        return retimed(caption, later / self.rate) if later and self.rate is not None else caption

    def facts(self) -> dict[str, Any]:
        """What was chosen, for the clip's metadata."""
        if self.drawn is None:
            return {}
        kind = self.paths.branches.kind.name
        return {"kind": kind, "branches": self.drawn.branches, "passages": self.drawn.passages, **self.drawn.facts}

    def _codes(self, latents: Float[Tensor, "l i j c"]) -> Float[ndarray, "s k"]:
        """Codes of the whole steps of known latents; an image is a step that stands still."""
        codes = self.code.of(latents)[:: self.code.frames]
        return np.asarray(codes, np.float64)
