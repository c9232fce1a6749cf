"""Starts of the solver: heights of affine transport.

The affine map from a source of deviation s to data of covariance C is C^(1/2) x / s; its potential's conjugate at y is
s y C^(-1/2) y / 2. In high dimension the true map lies between it and the Voronoi cells of equal heights.
"""

import numpy as np
import torch
from jaxtyping import Float32, Float64
from numpy import ndarray

from cuspworld.transport.sampled.sources import Source


def affine_starts(
    source: Source, sites: Float32[ndarray, "sites dimension"], masses: Float64[ndarray, " sites"]
) -> list[Float64[ndarray, " sites"]]:
    """Heights -|y|^2 / (2 a), round and shaped by the covariance, in three strengths each."""
    dimension = sites.shape[1]
    deviation = {"gaussian": 1.0, "cube": 12**-0.5, "ball": (dimension + 2) ** -0.5}.get(source.name)
    center = np.zeros(dimension)
    if deviation is None:
        vertices = np.asarray(source.vertices, dtype=np.float64)
        center, deviation = vertices.mean(0), float(vertices.std()) / 2
    points = sites.astype(np.float64)
    square = (points**2).sum(1)
    round_map = 0.5 * deviation * square / np.sqrt(max((masses * square).sum() / dimension, 1e-300))
    shapes = [round_map]
    if len(points) > 2 * dimension:
        shapes.append(0.5 * deviation * _square_by_root_covariance(points, masses))
    return [-strength * shape - points @ center for shape in shapes for strength in (0.25, 0.5, 1.0)]


def _square_by_root_covariance(points: ndarray, masses: ndarray) -> ndarray:
    """y C^(-1/2) y of every row y, C the covariance.

    On one thread of torch: a matrix library's second thread spins while it waits, on a busy machine for 0.9 s of CPU
    where the eigenvectors of 128 x 128 take 2 ms.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        rows = torch.from_numpy(points)
        covariance = (rows * torch.from_numpy(masses)[:, None]).T @ rows
        spread, axes = torch.linalg.eigh(covariance)
        root = spread.clamp_min(1e-4 * max(float(spread[-1]), 1e-300)).sqrt()
        return ((rows @ axes) ** 2 / root).sum(1).numpy()
    finally:
        torch.set_num_threads(threads)
