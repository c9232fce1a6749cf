"""A kind of clips with what was recorded of it: scene codes of its own, the path of every clip, and the captions.

A library of recorded worlds has a kind a world; other clips are one kind.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Float, Int
from numpy import ndarray
from scipy.spatial import cKDTree
from torch import Tensor

from cuspworld.codec.scene_code import SceneCode

_TRIED = 200  # clips that `reach` is measured on


@dataclass(frozen=True, eq=False)
class Kind:
    """`codes` (S, k) of every recorded step, the `clips` (S,) that they belong to, the latent frames `times` (S,) at
    which they begin, in order of (clip, time); `captions` of each clip, one or several; `branches` (S,): of each step,
    all 0 until `branches.with_branches` has told them apart; `seen`: the latents of one step in the middle of each
    branch, to be looked at; `reach`: how far recorded steps lie from what the other clips show (`apart`), 99 in 100 of
    them at most."""

    name: str
    code: SceneCode
    codes: Float[ndarray, "S k"]
    clips: Int[ndarray, " S"]
    times: Int[ndarray, " S"]
    captions: tuple[tuple[str, ...], ...]
    branches: Int[ndarray, " S"]
    seen: Float[Tensor, "B f h w c"] | None = None
    reach: float = float("nan")

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
        kind = cls(name, code, np.concatenate(found).astype(np.float32), clips, times, tuple(captions), 0 * clips)
        tried = np.random.default_rng(seed).permutation(len(latents))[:_TRIED]
        apart = [kind.apart(latents[clip], clip) for clip in tried if len(latents) > 1]
        return replace(kind, reach=float(np.quantile(np.concatenate(apart), 0.99))) if apart else kind

    def apart(self, latents: Float[Tensor, "t h w c"], own: int = -1) -> Float[ndarray, " s"]:
        """How far each whole step lies from what was recorded, but of the clip `own`: root mean square of what the code
        misses and of the way to the nearest code, in units of the latents."""
        codes = self.code.of(latents)[:: self.code.frames]
        others = self.codes[self.clips != own]
        nearest = cKDTree(others).query(codes)[0] * self.code.scale
        missed = self.code.missed(latents)
        return np.asarray(np.sqrt(missed**2 + nearest[: len(missed)] ** 2 / self.code.mean.numel()))

    def tensors(self) -> dict[str, Tensor]:
        """What a model folder keeps of it beside its name and captions."""
        looks = {} if self.seen is None else {"seen": self.seen.half()}
        return {
            **looks,
            "mean": self.code.mean.half(),
            "basis": self.code.basis.half(),
            "scale": torch.tensor(self.code.scale),
            "reach": torch.tensor(self.reach),
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
        reach = float(tensors["reach"]) if "reach" in tensors else float("nan")
        return cls(name, code, tensors["codes"].float().numpy(), clips, times, tuple(captions), branches, seen, reach)
