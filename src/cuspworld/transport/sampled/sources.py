"""The continuous sources of transport: standard normal, uniform ball, cube, convex polygon or polyhedron.

Samples come as one endless sequence per (seed, stream), the same whatever the sizes in which it is drawn, so that a run
that was stopped, or that has another memory budget, sees the same points. Training draws scrambled Sobol points that
are never reset (resetting them fits one fixed sample for ever); certificates draw independent pseudo-random points.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from jaxtyping import Float32
from numpy import ndarray

from cuspworld.errors import CuspError
from cuspworld.transport.sampled import sampling_kernels
from cuspworld.transport.validation import refuse_masks

NAMES = ("gaussian", "ball", "cube")
_BLOCK = 4096  # pseudo-random samples come in blocks, each with its own seed
_LAST_SOBOL_DIMENSION = 1024
_LAST_SOBOL_POINT = 2**sampling_kernels.BITS - 1


@dataclass(frozen=True)
class Source:
    """A probability measure on R^d. `vertices` (v, d), d = 2 or 3, makes it uniform on their convex hull."""

    name: str
    dimension: int
    vertices: ndarray | None = None


def as_source(source: Any, dimension: int) -> Source:
    """The source that the user named, for data in R^dimension. Raises CuspError for what it does not know."""
    if isinstance(source, Source):
        return source
    if isinstance(source, str):
        if source not in NAMES:
            raise CuspError(f"source must be one of {', '.join(NAMES)} or an array of vertices: got {source!r}")
        return Source(source, dimension)
    refuse_masks(source, "source")
    try:
        vertices = np.asarray(source, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise CuspError(f"source must be one of {', '.join(NAMES)} or an array of vertices: got {source!r}") from error
    if vertices.ndim != 2 or vertices.shape[1] not in (2, 3) or len(vertices) <= vertices.shape[1]:
        raise CuspError(
            f"a source of vertices must have shape (v, 2) or (v, 3) with at least 3 or 4 rows: got {vertices.shape}"
        )
    if not np.isfinite(vertices).all():
        raise CuspError("the vertices of the source must be finite; remove the NaN or inf")
    if vertices.shape[1] != dimension:
        raise CuspError(
            f"points have {dimension} coordinates and the source's vertices {vertices.shape[1]}: they must agree"
        )
    return Source("convex", dimension, vertices)


@lru_cache(maxsize=8)
def _sobol_tables(dimension: int, seed: int) -> tuple[ndarray, ndarray]:
    engine = torch.quasirandom.SobolEngine(dimension, scramble=True, seed=seed)
    directions = np.ascontiguousarray(engine.sobolstate.numpy().T).astype(np.uint32)  # (bits, dimension)
    return directions, engine.shift.numpy().astype(np.uint32)


@lru_cache(maxsize=8)
def _simplices(hull: bytes, dimension: int) -> tuple[ndarray, ndarray]:
    """Corners (n, d + 1, d) and cumulative volumes (n,) of a triangulation of the convex hull."""
    from scipy.spatial import Delaunay

    triangulation = Delaunay(np.frombuffer(hull).reshape(-1, dimension))
    corners = triangulation.points[triangulation.simplices]
    volume = np.abs(np.linalg.det(corners[:, 1:] - corners[:, :1]))
    return corners, np.cumsum(volume) / volume.sum()


class Sampler:
    """The sequence of samples of a source; `quasi` picks Sobol points where they exist (d <= 1024, on the CPU)."""

    def __init__(self, source: Source, seed: int, stream: int = 0, quasi: bool = False, device: str = "cpu"):
        self.source, self.seed, self.stream, self.device = source, seed, stream, device
        self.position = 0
        extra = {"gaussian": 0, "cube": 0, "ball": 1, "convex": 1}[source.name]
        self._uniforms = source.dimension + extra
        self._quasi = quasi and device == "cpu" and self._uniforms <= _LAST_SOBOL_DIMENSION
        self._block_number, self._block = -1, np.empty((0, 0), np.float32)

    def draw(self, count: int) -> torch.Tensor:
        """The next `count` samples, (count, d) float32 on the sampler's device."""
        start, self.position = self.position, self.position + count
        if self.device != "cpu":
            return self._draw_on_device(start, count)
        if self._quasi and self.position <= _LAST_SOBOL_POINT:
            uniform = np.empty((count, self._uniforms), np.float32)
            seed = int(np.random.SeedSequence([self.seed, self.stream]).generate_state(1)[0])
            directions, shift = _sobol_tables(self._uniforms, seed)
            sampling_kernels.sobol(directions, shift, start, uniform)
        else:
            pieces = []
            while count > 0:
                number, offset = divmod(start, _BLOCK)
                piece = self._pseudo_random_block(number)[offset : offset + count]
                pieces.append(piece)
                start, count = start + len(piece), count - len(piece)
            uniform = np.concatenate(pieces) if pieces else np.empty((0, self._uniforms), np.float32)
        return torch.from_numpy(self._from_uniform(uniform))

    def _pseudo_random_block(self, number: int) -> ndarray:
        if number != self._block_number:
            bits = np.random.SFC64(np.random.SeedSequence([self.seed, self.stream, number]))
            self._block = np.random.Generator(bits).random((_BLOCK, self._uniforms), dtype=np.float32)
            self._block += np.float32(2.0**-25)  # 24-bit multiples: never 0; the largest rounds below 1
            np.minimum(self._block, np.float32(1 - 2.0**-24), out=self._block)
            self._block_number = number
        return self._block

    def _from_uniform(self, uniform: Float32[ndarray, "samples uniforms"]) -> Float32[ndarray, "samples dimension"]:
        """Turn the points of the unit cube, in place, into samples of the source."""
        if self.source.name == "cube":
            uniform -= np.float32(0.5)
            return uniform
        if self.source.name == "convex":
            return _in_simplices(uniform, self.source.vertices)
        radius = uniform[:, -1:] ** np.float32(1 / self.source.dimension) if self.source.name == "ball" else None
        normal = np.ascontiguousarray(uniform[:, : self.source.dimension])
        sampling_kernels.normal_quantile(normal.reshape(-1))
        if radius is None:
            return normal
        return normal * (radius / np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), np.float32(1e-30)))

    def _draw_on_device(self, start: int, count: int) -> torch.Tensor:
        generator = torch.Generator(device=self.device)
        mixed = np.random.SeedSequence([self.seed, self.stream, start]).generate_state(2)
        generator.manual_seed(int(mixed[0]) << 31 ^ int(mixed[1]))
        shape = (count, self.source.dimension)
        if self.source.name == "cube":
            return torch.rand(shape, generator=generator, device=self.device) - 0.5
        if self.source.name == "convex":
            uniform = torch.rand((count, self._uniforms), generator=generator, device=self.device)
            return torch.from_numpy(_in_simplices(uniform.cpu().numpy(), self.source.vertices)).to(self.device)
        normal = torch.randn(shape, generator=generator, device=self.device)
        if self.source.name == "gaussian":
            return normal
        radius = torch.rand((count, 1), generator=generator, device=self.device) ** (1 / self.source.dimension)
        return normal * (radius / normal.norm(dim=1, keepdim=True))


def _in_simplices(uniform: Float32[ndarray, "samples uniforms"], vertices: Any) -> ndarray:
    """Uniform samples of a convex hull: the last coordinate picks a simplex, gaps of the sorted others its weights."""
    vertices = np.ascontiguousarray(vertices, dtype=np.float64)
    corners, cumulative = _simplices(vertices.tobytes(), vertices.shape[1])
    chosen = np.searchsorted(cumulative, uniform[:, -1]).clip(0, len(corners) - 1)
    weights = np.diff(np.sort(uniform[:, :-1], axis=1), prepend=0, append=1, axis=1)  # (samples, d + 1)
    return np.einsum("sc,scd->sd", weights, corners[chosen]).astype(np.float32)
