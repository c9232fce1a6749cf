"""A kind of clips with what was recorded of it: scene codes of its own, the path of every clip, and the captions.

A library of recorded worlds has a kind a world; other clips are one kind.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int
from numpy import ndarray
from torch import Tensor

from cuspworld.codec.scene_code import SceneCode


@dataclass(frozen=True, eq=False)
class Kind:
    """`codes` (S, k) of every recorded step, the `clips` (S,) that they belong to, the latent frames `times` (S,) at
    which they begin, in order of (clip, time); `captions` of each clip, one or several; `branches` (S,): of each step,
    all 0 until `branches.with_branches` has told them apart; `seen`: the latents of one step in the middle of each
    branch, to be looked at."""

    name: str
    code: SceneCode
    codes: Float[ndarray, "S k"]
    clips: Int[ndarray, " S"]
    times: Int[ndarray, " S"]
    captions: tuple[tuple[str, ...], ...]
    branches: Int[ndarray, " S"]
    seen: Float[Tensor, "B f h w c"] | None = None

    @classmethod
    def learn(
        cls,
        name: str,
        latents: Sequence[Float[Tensor, "t h w c"]],
        captions: Sequence[tuple[str, ...]],
        frames: int,
        width: int,
        seed: int,
    ) -> Kind:
        """The scene code of these clips (`SceneCode.learn`), and every clip's codes."""
        code = SceneCode.learn(list(latents), frames, width, seed)
        found = [code.of(clip) for clip in latents]
        clips = np.repeat(np.arange(len(found)), [len(codes) for codes in found])
        times = np.concatenate([np.arange(len(codes)) for codes in found])
        return cls(name, code, np.concatenate(found).astype(np.float32), clips, times, tuple(captions), 0 * clips)

    def tensors(self) -> dict[str, Tensor]:
        """What a model folder keeps of it beside its name and captions."""
        looks = {} if self.seen is None else {"seen": self.seen.half()}
        return {
            **looks,
            "mean": self.code.mean.half(),
            "basis": self.code.basis.half(),
            "scale": torch.tensor(self.code.scale),
            "codes": torch.from_numpy(self.codes).half(),
            "clips": torch.from_numpy(self.clips).int(),
            "times": torch.from_numpy(self.times).int(),
            "branches": torch.from_numpy(self.branches).int(),
        }

    @classmethod
    def of_tensors(
        cls, name: str, frames: int, captions: Sequence[tuple[str, ...]], tensors: Mapping[str, Tensor]
    ) -> Kind:
        """What `tensors` was written from."""
        code = SceneCode(tensors["mean"].float(), tensors["basis"].float(), float(tensors["scale"]), frames)
        whole = (tensors[key].long().numpy() for key in ("clips", "times", "branches"))
        clips, times, branches = whole
        seen = tensors["seen"].float() if "seen" in tensors else None
        return cls(name, code, tensors["codes"].float().numpy(), clips, times, tuple(captions), branches, seen)
