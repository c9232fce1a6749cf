"""A kind of clips with what was recorded of it: scene codes of its own, the path of every clip, and the captions.

A library of recorded worlds has a kind a world; other clips are one kind.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import torch
from jaxtyping import Float, Int
from numpy import ndarray
from scipy.spatial import cKDTree
from torch import Tensor

from cuspworld.codec.identity_code import IdentityCode
from cuspworld.codec.looks import Looks
from cuspworld.codec.scene_code import SceneCode, Where
from cuspworld.simulator.actions import Actions
from cuspworld.simulator.guidance import Guidance

FIELD = ("usual", "scale")  # more of those, where it has a field
IDENTITY = ("weights", "bias", "mean", "basis", "who")  # tensors of an identity code, and each clip's
WHERE = ("where", "where_mean", "where_scale")  # tensors of a scene code that tells where something differs
LOOKS = ("channels", "mean", "basis", "scale")  # tensors of a scene code that tells what lies where
CODES_SCALE = "codes.scale"
WHOLE = (torch.int8, torch.int16, torch.int32, torch.int64)  # of clips, times and branches
_TRIED = 200  # clips that `reach` is measured on


@dataclass(frozen=True, eq=False)
class Kind:
    """`codes` (S, k) of every recorded step, the `clips` (S,) that they belong to, the latent frames `times` (S,) at
    which they begin, in order of (clip, time); `captions` of each clip, one or several; `branches` (S,): of each step,
    all 0 until `branches.with_branches` has told them apart; `seen`: the latents of one step in the middle of each
    branch, to be looked at; `reach`: how far recorded steps lie from what the other clips show (`apart`), 99 in 100 of
    them at most; `identity`: who is in a clip, where things move and are told apart, and `who` (clips, i) that code of
    each clip; `actions`: what was done in each, where paths tell it; `clear`: how clear each clip's path comes out
    when it is drawn, from 0 to 1, where that was looked at; `guidance`: how its expert is guided along a path."""

    name: str
    code: SceneCode = field(repr=False)
    codes: Float[ndarray, "S k"] = field(repr=False)
    clips: Int[ndarray, " S"] = field(repr=False)
    times: Int[ndarray, " S"] = field(repr=False)
    captions: tuple[tuple[str, ...], ...] = field(repr=False)
    branches: Int[ndarray, " S"] = field(repr=False)
    seen: Float[Tensor, "B f h w c"] | None = field(default=None, repr=False)
    reach: float = float("nan")
    identity: IdentityCode | None = field(default=None, repr=False)
    who: Float[ndarray, "clips i"] | None = field(default=None, repr=False)
    actions: Actions | None = field(default=None, repr=False)
    clear: Float[ndarray, " clips"] | None = field(default=None, repr=False)
    guidance: Guidance = field(default_factory=Guidance)

    @classmethod
    def learn(
        cls,
        name: str,
        latents: Sequence[Float[Tensor, "t h w c"]],
        captions: Sequence[tuple[str, ...]],
        frames: int,
        width: int,
        seed: int,
        identity_width: int = 0,
        where_width: int = 0,
        looks_width: int = 0,
    ) -> Kind:
        """The scene code of these clips (`SceneCode.learn`), every clip's codes, and the identity code, where it has
        a width."""
        code = SceneCode.learn(list(latents), frames, width, seed, where_width, looks_width)
        found = [code.of(clip) for clip in latents]
        clips = np.repeat(np.arange(len(found)), [len(codes) for codes in found])
        times = np.concatenate([np.arange(len(codes)) for codes in found])
        kind = cls(name, code, np.concatenate(found).astype(np.float32), clips, times, tuple(captions), 0 * clips)
        tried = np.random.default_rng(seed).permutation(len(latents))[:_TRIED]
        apart = [kind.apart(latents[clip], clip) for clip in tried if len(latents) > 1]
        kind = replace(kind, reach=float(np.quantile(np.concatenate(apart), 0.99))) if apart else kind
        if not identity_width:
            return kind
        usual = code.usual if where_width else None
        identity = IdentityCode.learn(latents, frames, identity_width, seed, usual)
        return replace(kind, identity=identity, who=np.stack([identity.of(clip) for clip in latents]))

    @property
    def width(self) -> int:
        """Numbers of a step of a path."""
        acts = 0 if self.actions is None else self.actions.width(self.code.frames)
        return self.code.width + (0 if self.identity is None else self.identity.width) + acts

    def path(
        self,
        codes: Float[ndarray, "s k"],
        who: Float[ndarray, " i"] | None,
        acts: Float[ndarray, "s a"] | None = None,
    ) -> Float[ndarray, "s w"]:
        """What the transformer is told of each step: its code, who is in the clip (the same for all), and what is done
        (`acts`). `who` None: as in the recorded clip that passes nearest; `acts` None: as in the nearest steps."""
        lacks = (self.who is not None and who is None) or (self.actions is not None and acts is None)
        if lacks:
            near = np.asarray(cKDTree(self.codes).query(codes)[1])
            who = self.who[self.clips[near[len(codes) // 2]]] if self.who is not None and who is None else who
            acts = self.acts(near) if acts is None else acts
        parts = [codes]
        if self.who is not None and who is not None:
            parts.append(np.broadcast_to(who, (len(codes), len(who))))
        if self.actions is not None and acts is not None:
            parts.append(acts)
        return np.concatenate(parts, axis=1)

    def between(self, path: Float[Tensor, "*b s w"]) -> Float[Tensor, "*b r w"]:
        """What is told of the steps that begin half a step later, one fewer: half of either neighbour, and what is done
        frame by frame."""
        before, after = path[..., :-1, :], path[..., 1:, :]
        told = (before + after) / 2
        if self.actions is None:
            return told
        width = self.actions.width(self.code.frames)
        later = self.code.frames // 2 * len(self.actions.largest)
        done = torch.cat([before[..., -width:], after[..., -width:]], dim=-1)[..., later : later + width]
        return torch.cat([told[..., :-width], done], dim=-1)

    def acts(self, rows: Int[ndarray, " n"]) -> Float[ndarray, "n a"] | None:
        """What was done in recorded steps; None, where paths do not tell it."""
        if self.actions is None:
            return None
        return self.actions.of(self.clips[rows], self.times[rows], self.code.frames)

    def sketch(self, path: Float[Tensor, "s w"], height: int, width: int) -> Float[Tensor, "t h w e"]:
        """What a path shows place by place: `SceneCode.sketch`, and what the field of who is in it paints there."""
        shown = self.code.sketch(path[:, : self.code.width], height, width)
        if self.identity is None or self.identity.usual is None or self.code.where is None:
            return shown
        who = path[0, self.code.width :][: self.identity.width]
        painted = self.identity.painted(who, shown[..., -1].clamp_min(0))
        return torch.cat([shown, painted], dim=-1)

    @property
    def sketched(self) -> int:
        """Numbers of a place of a sketch."""
        return self.sketch(torch.zeros(1, self.width), 1, 1).shape[-1]

    def apart(self, latents: Float[Tensor, "t h w c"], own: int = -1) -> Float[ndarray, " s"]:
        """How far each whole step lies from what was recorded, but of the clip `own`: root mean square of what the code
        misses and of the way to the nearest code, in units of the latents."""
        told = self.code.basis.shape[1]
        codes = self.code.of(latents)[:: self.code.frames, :told]
        others = self.codes[self.clips != own, :told]
        nearest = cKDTree(others).query(codes)[0] * self.code.scale
        missed = self.code.missed(latents)
        return np.asarray(np.sqrt(missed**2 + nearest[: len(missed)] ** 2 / self.code.mean.numel()))

    def tensors(self) -> dict[str, Tensor]:
        """What a model folder keeps of it beside its name and captions."""
        looks = {} if self.seen is None else {"seen": self.seen.half()}
        if self.identity is not None and self.who is not None:
            parts = {name: getattr(self.identity, name).half() for name in IDENTITY[:-1]}
            looks |= {f"identity.{name}": tensor for name, tensor in parts.items()}
            looks["identity.who"] = torch.from_numpy(self.who).half()
            if self.identity.usual is not None:
                looks["identity.usual"] = self.identity.usual.half()
                looks["identity.scale"] = torch.tensor(self.identity.scale)
        if self.code.where is not None:
            looks |= {"where": self.code.where.basis.half(), "where_mean": self.code.where.mean.half()}
            looks["where_scale"] = torch.tensor(self.code.where.scale)
        if self.code.looks is not None:
            parts = {name: getattr(self.code.looks, name).half() for name in LOOKS[:-1]}
            looks |= {f"looks.{name}": tensor for name, tensor in parts.items()}
            looks["looks.scale"] = torch.tensor(self.code.looks.scale)
        return {
            **looks,
            "mean": self.code.mean.half(),
            "basis": self.code.basis.half(),
            "scale": torch.tensor(self.code.scale),
            "reach": torch.tensor(self.reach),
            **_in_bytes(self.codes),
            "clips": _whole(self.clips),
            "times": _whole(self.times),
            "branches": _whole(self.branches),
        }

    @classmethod
    def of_tensors(
        cls, name: str, frames: int, captions: Sequence[tuple[str, ...]], tensors: Mapping[str, Tensor]
    ) -> Kind:
        """What `tensors` was written from."""
        where = None
        if WHERE[0] in tensors:
            basis, mean, scale = (tensors[part].float() for part in WHERE)
            where = Where(mean, basis, float(scale))
        lies = None
        if f"looks.{LOOKS[0]}" in tensors:
            channels, mean, basis, scale = (tensors[f"looks.{part}"].float() for part in LOOKS)
            lies = Looks(channels, mean, basis, float(scale))
        code = SceneCode(
            tensors["mean"].float(), tensors["basis"].float(), float(tensors["scale"]), frames, where, lies
        )
        whole = (tensors[key].long().numpy() for key in ("clips", "times", "branches"))
        clips, times, branches = whole
        seen = tensors["seen"].float() if "seen" in tensors else None
        reach = float(tensors["reach"]) if "reach" in tensors else float("nan")
        told = {part: tensors[f"identity.{part}"].float() for part in IDENTITY if f"identity.{part}" in tensors}
        identity = IdentityCode(told["weights"], told["bias"], told["mean"], told["basis"], frames) if told else None
        if identity is not None and "identity.usual" in tensors:
            usual, scale = (tensors[f"identity.{part}"].float() for part in FIELD)
            identity = replace(identity, usual=usual, scale=float(scale))
        who = told["who"].numpy() if told else None
        codes = tensors["codes"].float().numpy()
        if CODES_SCALE in tensors:
            codes = codes * tensors[CODES_SCALE].float().numpy()
        return cls(name, code, codes, clips, times, tuple(captions), branches, seen, reach, identity, who)


def _in_bytes(codes: Float[ndarray, "S k"]) -> dict[str, Tensor]:
    """Codes as whole numbers from -127 to 127, and what each column of them is times: off by a 250th of the largest at
    most, a tenth of the noise that a path is told with."""
    rows = torch.from_numpy(codes)
    scale = (rows.abs().amax(dim=0) / 127).clamp_min(1e-7)
    return {"codes": (rows / scale).round().to(torch.int8), CODES_SCALE: scale}


def _whole(numbers: Int[ndarray, " S"]) -> Tensor:
    """In the least space that holds them."""
    most = int(numbers.max(initial=0))
    return torch.from_numpy(numbers).to(next(kind for kind in WHOLE if most <= torch.iinfo(kind).max))
