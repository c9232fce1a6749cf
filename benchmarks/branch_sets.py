"""Clouds of several pieces that are known, for `branches.py` and `extended_mixing.py`: generators alone.

`ISSUE`: those on which the rule of branches was developed (seeds below 100) and judged (seeds from 100 on); `OWN`, for
judging alone. Each draw is a function (count, generator) -> (points (N, d), piece (N,)). Clouds of one piece stand in
`connected_clouds.py`.
"""

import gzip
import os
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
from numpy import ndarray

Generator = np.random.Generator
Cloud = tuple[ndarray, ndarray]
Pieces = Callable[[int, Generator], Cloud]


def sizes(count: int, shares: ndarray) -> ndarray:
    """(N,) piece of each point, with these shares, none empty of at least five points."""
    shares = np.asarray(shares, float) / np.sum(shares)
    label = np.searchsorted(np.cumsum(shares), (np.arange(count) + 0.5) / count)
    return np.minimum(label, len(shares) - 1)


def gaussians(centres: ndarray, spread: ndarray | float, shares: ndarray | None = None) -> Pieces:
    centres = np.asarray(centres, float)
    shares = np.ones(len(centres)) if shares is None else shares

    def draw(count: int, generator: Generator) -> Cloud:
        label = sizes(count, shares)
        wide = np.broadcast_to(np.asarray(spread, float), len(centres))[label]
        return centres[label] + wide[:, None] * generator.normal(size=(count, centres.shape[1])), label

    return draw


def random_gaussians(number: int, dimension: int, apart: float, low: float = 1.0) -> Pieces:
    """Centres of normal coordinates (deviation `apart`), unit spread, shares uniform in [low, 1]; drawn anew."""

    def draw(count: int, generator: Generator) -> Cloud:
        centres = apart * generator.normal(size=(number, dimension))
        return gaussians(centres, 1.0, generator.uniform(low, 1, number))(count, generator)

    return draw


def plane_gaussians(count: int, generator: Generator) -> Cloud:
    """Ten unit clusters whose centres lie at least 4.5 apart in a square of 20."""
    centres: list[ndarray] = []
    while len(centres) < 10:
        at = 20 * generator.random(2)
        if all(np.linalg.norm(at - other) > 4.5 for other in centres):
            centres.append(at)
    return gaussians(np.array(centres), 1.0)(count, generator)


def hierarchy(count: int, generator: Generator) -> Cloud:
    """Three groups of four clusters in 8-D, the clusters 10 and the groups 57 deviations apart."""
    inner = 7 * np.tile(np.eye(8)[4:], (3, 1))
    outer = np.repeat(40 * np.eye(8)[:3], 4, axis=0)
    return gaussians(outer + inner, 1.0)(count, generator)


def circle(turn: ndarray) -> ndarray:
    return np.column_stack([np.cos(turn), np.sin(turn)])


def rings(count: int, generator: Generator) -> Cloud:
    label = sizes(count, [1, 1])
    radius = np.array([1.0, 0.5])[label]
    points = radius[:, None] * circle(2 * np.pi * generator.random(count))
    return points + 0.03 * generator.normal(size=(count, 2)), label


def tori(count: int, generator: Generator) -> Cloud:
    label = sizes(count, [1, 1])
    along, across = 2 * np.pi * generator.random((2, count))
    reach = 1 + 0.25 * np.cos(across)
    first = np.column_stack([reach * np.cos(along), reach * np.sin(along), 0.25 * np.sin(across)])
    second = np.column_stack([1 + reach * np.cos(along), 0.25 * np.sin(across), reach * np.sin(along)])
    return np.where(label[:, None] == 0, first, second), label


def moons(noise: float, grid: float = 0.0) -> Pieces:
    def draw(count: int, generator: Generator) -> Cloud:
        label = sizes(count, [1, 1])
        points = circle(np.pi * generator.random(count)) * np.where(label, -1, 1)[:, None]
        points = points + np.where(label[:, None], [1, 0.5], 0) + noise * generator.normal(size=(count, 2))
        return (np.round(points / grid) * grid if grid else points), label

    return draw


def bridge(share: float) -> Pieces:
    """Two clusters 8 deviations apart and a thin bridge with a share of the points; its halves belong to the ends."""

    def draw(count: int, generator: Generator) -> Cloud:
        label = sizes(count, [(1 - share) / 2, share, (1 - share) / 2])
        points = generator.normal(size=(count, 2)) + 4.0 * (label - 1)[:, None] * [1, 0]
        on = label == 1
        points[on] = np.column_stack([generator.uniform(-4, 4, on.sum()), 0.1 * generator.normal(size=on.sum())])
        return points, np.where(on, points[:, 0] > 0, label == 2).astype(np.int64)

    return draw


def spirals(count: int, generator: Generator) -> Cloud:
    label = sizes(count, [1, 1])
    turn = 3 * np.pi * np.sqrt(generator.uniform(0.05, 1, count))
    points = (turn / (3 * np.pi))[:, None] * circle(turn + np.pi * label)
    return points + 0.02 * generator.normal(size=(count, 2)), label


def dot_in_ring(count: int, generator: Generator) -> Cloud:
    label = sizes(count, [3, 1])
    points = np.where(label[:, None] == 0, circle(2 * np.pi * generator.random(count)), 0.0)
    return points + np.where(label[:, None] == 0, 0.08, 0.2) * generator.normal(size=(count, 2)), label


def boxes(gap: float, dimension: int = 2, number: int = 2) -> Pieces:
    def draw(count: int, generator: Generator) -> Cloud:
        label = sizes(count, np.ones(number))
        points = generator.random((count, dimension))
        points[:, 0] += (1 + gap) * label
        return points, label

    return draw


@cache
def mnist(digits: tuple[int, ...], dimension: int) -> Cloud:
    """All training images of the digits, projected to the principal components of these."""
    folder = Path(os.environ.get("CUSPWORLD_DATA", Path(__file__).resolve().parents[2] / "shared" / "data")) / "mnist"
    with gzip.open(folder / "train-images-idx3-ubyte.gz") as file:
        images = np.frombuffer(file.read(), np.uint8, offset=16).reshape(-1, 784)
    with gzip.open(folder / "train-labels-idx1-ubyte.gz") as file:
        labels = np.frombuffer(file.read(), np.uint8, offset=8)
    chosen = np.isin(labels, digits)
    pixels = images[chosen].astype(np.float32) / 255
    if dimension < 784:
        pixels -= pixels.mean(0)
        pixels = pixels @ np.linalg.eigh(pixels.T @ pixels)[1][:, -dimension:]
    return pixels, labels[chosen].astype(np.int64)


def of_mnist(*digits: int, dimension: int = 50) -> Pieces:
    def draw(count: int, generator: Generator) -> Cloud:
        points, labels = mnist(digits, dimension)
        rows = generator.choice(len(points), count, replace=False)
        return points[rows], labels[rows]

    return draw


ISSUE: dict[str, Pieces] = {
    "rings": rings,
    "tori": tori,
    "moons .05": moons(0.05),
    "moons .10": moons(0.10),
    "moons .15": moons(0.15),
    "1:50 2-D": gaussians([[0, 0], [12, 0]], 1.0, [50, 1]),
    "1:50 16-D": gaussians([[0] * 16, [4] * 16], 1.0, [50, 1]),
    "bridge 2%": bridge(0.02),
    "bridge 10%": bridge(0.10),
    "30 clusters 64-D": random_gaussians(30, 64, 1.0, 0.12),
    "10 clusters 2-D": plane_gaussians,
    "12 hierarchical": hierarchy,
    "spirals": spirals,
    "three densities": gaussians([[0, 0], [8, 0], [0, 30]], [0.3, 1.0, 4.0]),
    "dot in ring": dot_in_ring,
    "boxes, gap .1": boxes(0.1),
    "boxes, gap .03": boxes(0.03),
    "rounded moons": moons(0.05, 0.02),
    "MNIST 0/1": of_mnist(0, 1),
    "MNIST, ten digits": of_mnist(*range(10)),
}


# many-piece sets for judging alone


def noisy(curve: Callable[[ndarray, ndarray], ndarray], number: int, noise: float) -> Pieces:
    """Points curve(turn in [0, 1], piece) with normal noise."""

    def draw(count: int, generator: Generator) -> Cloud:
        label = sizes(count, np.ones(number))
        points = curve(generator.random(count), label)
        return points + noise * generator.normal(size=points.shape), label

    return draw


def three_lines(turn: ndarray, label: ndarray) -> ndarray:
    return np.column_stack([4 * turn, 0.5 * (label == 1), 0.5 * (label == 2)])


def chain(turn: ndarray, label: ndarray) -> ndarray:
    """Three linked rings in space."""
    flat = circle(2 * np.pi * turn)
    zero = np.zeros(len(turn))
    lying = np.column_stack([flat, zero])
    standing = np.column_stack([flat[:, 0], zero, flat[:, 1]])
    return np.where((label == 1)[:, None], standing, lying) + (1.5 * label)[:, None] * [1, 0, 0]


def double_helix(turn: ndarray, label: ndarray) -> ndarray:
    return np.column_stack([circle(4 * np.pi * turn + np.pi * label), 4 * turn])


def on_sphere(count: int, dimension: int, generator: Generator) -> ndarray:
    points = generator.normal(size=(count, dimension))
    return points / np.linalg.norm(points, axis=1, keepdims=True)


def shells(dimension: int, ratio: float, noise: float, shares: tuple[float, float]) -> Pieces:
    def draw(count: int, generator: Generator) -> Cloud:
        label = sizes(count, shares)
        radius = np.array([1.0, ratio])[label] + noise * generator.normal(size=count)
        return radius[:, None] * on_sphere(count, dimension, generator), label

    return draw


def ball_in_shell(count: int, generator: Generator) -> Cloud:
    label = sizes(count, [3, 1])
    radius = np.where(label == 0, 1.0, 0.4 * generator.random(count) ** (1 / 3))
    return radius[:, None] * on_sphere(count, 3, generator), label


def sheets(count: int, generator: Generator) -> Cloud:
    label = sizes(count, [1, 1])
    return np.column_stack([generator.random((count, 2)) * 2, 0.4 * label + 0.02 * generator.normal(size=count)]), label


def long_gaussians(count: int, generator: Generator) -> Cloud:
    """Five clusters ten times as long as wide, side by side."""
    label = sizes(count, np.ones(5))
    points = generator.normal(size=(count, 2)) * [5, 0.5]
    points[:, 1] += 4 * label
    return points @ np.array([[0.8, 0.6], [-0.6, 0.8]]), label


def heavy_tails(count: int, generator: Generator) -> Cloud:
    label = sizes(count, np.ones(4))
    return 14 * np.eye(4)[label] + generator.standard_t(5, size=(count, 4)), label


def subspaces(count: int, generator: Generator) -> Cloud:
    """Eight clusters in 32-D, each in a 3-D subspace of its own, and noise of a tenth."""
    label = sizes(count, np.ones(8))
    axes, centres = generator.normal(size=(8, 3, 32)) / np.sqrt(32), generator.normal(size=(8, 32))
    points = np.einsum("nk,nkd->nd", 3 * generator.random((count, 3)), axes[label]) + centres[label]
    return points + 0.03 * generator.normal(size=points.shape), label


def skewed(count: int, generator: Generator) -> Cloud:
    label = sizes(count, np.ones(3))
    return generator.exponential(size=(count, 2)) + 9 * np.array([[0, 0], [1, 0], [0, 1]])[label], label


def board(count: int, generator: Generator) -> Cloud:
    label = sizes(count, np.ones(9))
    return generator.random((count, 2)) + 1.4 * np.column_stack([label % 3, label // 3]), label


def loops(count: int, generator: Generator) -> Cloud:
    """Two smooth closed curves in 20-D, of random Fourier coefficients."""
    label = sizes(count, [1, 1])
    turn = 2 * np.pi * generator.random(count)
    basis = np.stack([f(m * turn) / m for m in (1, 2, 3) for f in (np.cos, np.sin)], axis=1)
    points = np.einsum("nm,nmd->nd", basis, generator.normal(size=(2, 6, 20))[label])
    return points + 0.02 * generator.normal(size=points.shape), label


def moons_and_dot(count: int, generator: Generator) -> Cloud:
    label = sizes(count, [2, 2, 1])
    points, _ = moons(0.08)(count, generator)
    lifted = np.column_stack([points, 0.08 * generator.normal(size=count)])
    half = np.where(label == 1, -1, 1)[:, None] * circle(np.pi * generator.random(count))
    lifted[:, :2] = half + np.where((label == 1)[:, None], [1, 0.5], 0) + 0.08 * generator.normal(size=(count, 2))
    lifted[label == 2] = [0.5, 0.25, 1] + 0.15 * generator.normal(size=((label == 2).sum(), 3))
    return lifted, label


def box_and_gaussian(count: int, generator: Generator) -> Cloud:
    label = sizes(count, [1, 1])
    box = 4 * generator.random((count, 3)) - 2
    return np.where((label == 0)[:, None], box, generator.normal(size=(count, 3)) + np.array([7, 0, 0])), label


OWN: dict[str, Pieces] = {
    "three lines": noisy(three_lines, 3, 0.06),
    "chain of rings": noisy(chain, 3, 0.05),
    "double helix": noisy(double_helix, 2, 0.1),
    "ball in a shell": ball_in_shell,
    "shells 8-D": shells(8, 2.0, 0.05, (1, 2)),
    "two sheets": sheets,
    "box and cluster 3-D": box_and_gaussian,
    "five long clusters": long_gaussians,
    "four of t(5), 4-D": heavy_tails,
    "eight subspaces 32-D": subspaces,
    "three exponentials": skewed,
    "nine boxes": board,
    "two loops 20-D": loops,
    "moons and a dot 3-D": moons_and_dot,
    "1:4:16 8-D": gaussians(8 * np.eye(8)[:3], 1.0, [1, 4, 16]),
    "20 clusters 10-D": random_gaussians(20, 10, 3.0),
    "two, 5 apart, 2-D": gaussians([[0, 0], [5, 0]], 1.0),
    "two, 9 apart, 100-D": gaussians([[0] * 100, [0.9] * 100], 1.0),
    "7 clusters 16-D": random_gaussians(7, 16, 1.5),
    "MNIST 0/6/7": of_mnist(0, 6, 7, dimension=30),
}
