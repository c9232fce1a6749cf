"""A kind's states in the plane of their two principal axes: from a place to the state there, and back; what a state
looks like; a walk, and the same walk reflected at the fold."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import torch
from jaxtyping import Float, Int, UInt8
from numpy import ndarray
from scipy.spatial import cKDTree

from cuspworld.codec.codec import to_frames
from cuspworld.errors import CuspError
from cuspworld.simulator.branches import Branches
from cuspworld.simulator.kinds import Kind
from cuspworld.simulator.parts import Parts

_AT_ONCE = 32  # states decoded at once


@dataclass(frozen=True, eq=False)
class Plane:
    """`flat` (S, 2): where each recorded step lies; `mean` (k,), `axes` (k, 2)."""

    kind: Kind = field(repr=False)
    mean: Float[ndarray, " k"] = field(repr=False)
    axes: Float[ndarray, "k 2"] = field(repr=False)
    flat: Float[ndarray, "S 2"] = field(repr=False)

    @classmethod
    def of(cls, kind: Kind) -> Plane:
        mean = kind.codes.mean(0)
        axes = np.linalg.svd((kind.codes - mean).T @ (kind.codes - mean))[0][:, :2]
        return cls(kind, mean, axes, (kind.codes - mean) @ axes)

    def __call__(self, codes: Float[ndarray, "n k"]) -> Float[ndarray, "n 2"]:
        """Where codes lie."""
        return (codes - self.mean) @ self.axes

    def nearest(self, places: Float[ndarray, "n 2"]) -> Int[ndarray, " n"]:
        """The recorded steps that lie nearest."""
        return np.asarray(self._tree.query(places)[1])

    def walk(self, places: Float[ndarray, "p 2"], steps: int) -> Float[ndarray, "s k"]:
        """The codes of a walk along these places, `steps` of them evenly along its length. What the plane does not say
        is at both ends that of the nearest recorded step, and goes evenly from one to the other between them. Raises
        CuspError for fewer than two places, or places all alike."""
        places = np.asarray(places, np.float64)
        if places.ndim != 2 or places.shape[1] != 2 or len(places) < 2 or not np.isfinite(places).all():
            raise CuspError(f"a walk needs two places or more, each (x, y): got {places.shape}")
        along = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(places, axis=0), axis=1))])
        if along[-1] <= 0:
            raise CuspError("a walk leads somewhere: its places are all the same")
        share = np.linspace(0, 1, steps)
        way = np.column_stack([np.interp(share * along[-1], along, places[:, axis]) for axis in (0, 1)])
        first, last = self.kind.codes[self.nearest(places[[0, -1]])].astype(np.float64)
        between = (1 - share)[:, None] * first + share[:, None] * last
        return between + (way - self(between)) @ self.axes.T

    @cached_property
    def _tree(self) -> cKDTree:
        return cKDTree(self.flat)


def turned_back(graph: Branches, walk: Float[ndarray, "s k"]) -> Float[ndarray, "s k"]:
    """The walk, mirrored in its own direction from the last step that lies in the branch where it began: at the fold it
    goes back the way that it came."""
    branches = graph.branch(walk)
    inside = np.flatnonzero(branches != branches[0])
    if not len(inside):
        return walk
    last = max(0, int(inside[0]) - 1)
    index = np.arange(len(walk))
    return walk[np.where(index <= last, index, np.maximum(2 * last - index, 0))]


def looks(parts: Parts, number: int, codes: Float[ndarray, "n k"]) -> UInt8[ndarray, "n h w 3"]:
    """What codes of the kind of this number tell, decoded by themselves: a picture each, of the step's end. No path and
    no noise adds what they leave out, so small things that move are blurred."""
    code, codec, config = parts.kinds[number].code, parts.codec, parts.config
    height, width = (side // codec.spatial_stride for side in (config.height, config.width))
    shown = []
    for at in range(0, len(codes), _AT_ONCE):
        some = torch.from_numpy(np.asarray(codes[at : at + _AT_ONCE, : code.width], np.float32))
        latents = code.sketch(some, height, width).unflatten(0, (len(some), code.frames))  # (n, f, h, w, e)
        with torch.inference_mode():
            frames = to_frames(codec.decode(latents[..., : codec.latent_channels].to(parts.device)))
        shown.append(frames[:, -1])
    return np.concatenate(shown) if shown else np.zeros((0, config.height, config.width, 3), np.uint8)
