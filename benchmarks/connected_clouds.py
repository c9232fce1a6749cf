"""Connected clouds, on which a rule of branches must find one piece: generators alone.

`NULLS`: from which the law's constants were fitted (`branch_law.py`); `LATER`: kinds on which it was tried when it had
been fitted. `WHOLE` and `OWN_WHOLE`, for judging alone (`branches.py`), share no generator's settings with them. Each
draw is a function (count, generator) -> points (N, d).
"""

from collections.abc import Callable

import numpy as np
from numpy import ndarray

from branch_sets import Generator, circle, on_sphere

Whole = Callable[[int, Generator], ndarray]


def swiss_roll(count: int, generator: Generator) -> ndarray:
    turn = 1.5 * np.pi * (1 + 2 * generator.random(count))
    return np.column_stack([turn * np.cos(turn), 21 * generator.random(count), turn * np.sin(turn)])


def curve(dimension: int, noise: float) -> Whole:
    def draw(count: int, generator: Generator) -> ndarray:
        turn = 2 * np.pi * generator.random(count)
        basis = np.stack([f(m * turn) for m in (1, 2) for f in (np.cos, np.sin)], axis=1)
        points = basis @ np.linalg.qr(generator.normal(size=(dimension, 4)))[0].T
        return points + noise * generator.normal(size=points.shape)

    return draw


def lattice(count: int, generator: Generator) -> ndarray:
    side = int(np.ceil(np.sqrt(count)))
    return np.stack(np.meshgrid(np.arange(side), np.arange(side)), -1).reshape(-1, 2)[:count].astype(float)


WHOLE: dict[str, Whole] = {
    "t(2) 2-D": lambda n, g: g.standard_t(2, size=(n, 2)),
    "t(3) 10-D": lambda n, g: g.standard_t(3, size=(n, 10)),
    "uniform 2-D": lambda n, g: g.random((n, 2)),
    "uniform 8-D": lambda n, g: g.random((n, 8)),
    "sphere": lambda n, g: on_sphere(n, 3, g),
    "swiss roll": swiss_roll,
    "curve 10-D": curve(10, 0.02),
    "lognormal 2-D": lambda n, g: np.exp(1.5 * g.normal(size=(n, 2))),
    "lattice": lattice,
}


def arc(opening: float, inner: float) -> Whole:
    def draw(count: int, generator: Generator) -> ndarray:
        turn = generator.uniform(opening, 2 * np.pi - opening, count)
        return np.sqrt(generator.uniform(inner**2, 1, count))[:, None] * circle(turn)

    return draw


OWN_WHOLE: dict[str, Whole] = {
    "horseshoe": arc(np.pi / 6, 0.7),
    "normal 50-D": lambda n, g: g.normal(size=(n, 50)),
    "normal 2-D": lambda n, g: g.normal(size=(n, 2)),
    "Laplace 4-D": lambda n, g: g.laplace(size=(n, 4)),
    "triangle": lambda n, g: g.dirichlet(np.ones(3), n),
    "ellipse 1:20": lambda n, g: g.normal(size=(n, 2)) * [20, 1],
    "sheet in 20-D": lambda n, g: np.pad(g.random((n, 2)), ((0, 0), (0, 18))) + 0.02 * g.normal(size=(n, 20)),
    "sphere 9-D": lambda n, g: on_sphere(n, 10, g),
    "spiral": lambda n, g: (
        (t := np.sqrt(g.uniform(0.02, 1, n)))[:, None] * circle(4 * np.pi * t) + 0.01 * g.normal(size=(n, 2))
    ),
    "curve 30-D": curve(30, 0.05),
    "letter T": lambda n, g: np.where(
        (g.random(n) < 0.5)[:, None], g.random((n, 2)) * [3, 0.5] - [1.5, 0], g.random((n, 2)) * [0.5, -3] - [0.25, 0]
    ),
}


# connected clouds for the law


def tube(dimension: int, length: float) -> Whole:
    """A normal cloud of unit width around a straight segment."""
    return lambda n, g: g.normal(size=(n, dimension)) + length * g.random(n)[:, None] * np.eye(dimension)[0]


def strip(width: float, dimension: int = 2) -> Whole:
    return lambda n, g: g.random((n, dimension)) * np.array([1.0] + [width] * (dimension - 1))


def ripples(count: int, generator: Generator) -> ndarray:
    """A square whose density varies by three from wave to wave."""
    points = generator.random((4 * count, 2))
    keep = generator.random(4 * count) < 0.5 + 0.5 * (np.cos(8 * np.pi * points[:, 0]) * 0.5 + 0.5) - 0.17
    return points[keep][:count]


NULLS: dict[str, Whole] = {
    "segment": lambda n, g: g.random((n, 1)),
    "normal 1-D": lambda n, g: g.normal(size=(n, 1)),
    "exponential 1-D": lambda n, g: g.exponential(size=(n, 1)),
    "t(3) 1-D": lambda n, g: g.standard_t(3, size=(n, 1)),
    **{f"strip {w}": strip(w) for w in (0.003, 0.03, 0.2)},
    "strip 3-D": strip(0.1, 3),
    "strip 6-D": strip(0.1, 6),
    **{f"tube {d}-D {length}": tube(d, length) for d, length in ((2, 30), (2, 200), (3, 60), (5, 40), (5, 400))},
    **{f"tube {d}-D {length}": tube(d, length) for d, length in ((12, 100), (12, 1000), (40, 300))},
    "annulus": arc(0.0, 0.9),
    "open arc": arc(0.5, 0.85),
    "square": lambda n, g: 2 * g.random((n, 2)) + g.random((n, 2)) * [1, 0],
    **{f"normal {d}-D": (lambda n, g, d=d: g.normal(size=(n, d))) for d in (3, 5, 9, 20, 80)},
    **{f"cube {d}-D": (lambda n, g, d=d: g.random((n, d))) for d in (3, 5, 12)},
    **{f"t({f}) {d}-D": (lambda n, g, d=d, f=f: g.standard_t(f, size=(n, d))) for f, d in ((4, 2), (2.5, 3), (4, 6))},
    "radial t(3) 5-D": lambda n, g: g.normal(size=(n, 5)) / np.sqrt(g.chisquare(3, n) / 3)[:, None],
    "lognormal 1.0 2-D": lambda n, g: np.exp(g.normal(size=(n, 2))),
    "lognormal 0.7 4-D": lambda n, g: np.exp(0.7 * g.normal(size=(n, 4))),
    "gamma 2-D": lambda n, g: g.gamma(0.7, size=(n, 2)),
    "sphere 4-D": lambda n, g: on_sphere(n, 5, g),
    "ring in space": lambda n, g: (
        np.column_stack([circle(6.3 * g.random(n)), 0 * g.random(n)]) + 0.1 * g.normal(size=(n, 3))
    ),
    "rolled sheet": lambda n, g: (lambda t, z: np.column_stack([t * np.cos(t), t * np.sin(t), z]))(
        6 + 8 * g.random(n), 14 * g.random(n)
    ),
    "two overlapping": lambda n, g: g.normal(size=(n, 2)) + 2 * (g.random(n) < 0.5)[:, None] * [1, 0],
    "broad and narrow": lambda n, g: g.normal(size=(n, 2)) * np.where(g.random(n) < 0.5, 1, 4)[:, None],
}


# connected clouds on which the law was tried after it was fitted


def sheet(dimension: int, noise: float, length: float = 1.0) -> Whole:
    return lambda n, g: (
        np.pad(g.random((n, 2)) * [length, 1], ((0, 0), (0, dimension - 2))) + noise * g.normal(size=(n, dimension))
    )


def lissajous(dimension: int, noise: float) -> Whole:
    def draw(count: int, generator: Generator) -> ndarray:
        turn = 2 * np.pi * generator.random(count)[:, None]
        phase, frequency = 2 * np.pi * generator.random(dimension), generator.integers(1, 4, dimension)
        return np.sin(frequency * turn + phase) + noise * generator.normal(size=(count, dimension))

    return draw


def lifted_sphere(inner: int, dimension: int, noise: float) -> Whole:
    return lambda n, g: (
        np.pad(on_sphere(n, inner, g), ((0, 0), (0, dimension - inner))) + noise * g.normal(size=(n, dimension))
    )


def helix(noise: float) -> Whole:
    """Three turns, one apart."""
    return lambda n, g: (
        (lambda t: np.column_stack([circle(6 * np.pi * t), 3 * t]))(g.random(n)) + noise * g.normal(size=(n, 3))
    )


def flat_spiral(noise: float) -> Whole:
    return lambda n, g: (
        (lambda t: (1 + 2 * t)[:, None] * circle(3 * np.pi * t))(g.random(n)) + noise * g.normal(size=(n, 2))
    )


LATER: dict[str, Whole] = {
    "sheet 12-D": sheet(12, 0.04),
    "sheet 40-D": sheet(40, 0.01),
    "sheet 6-D 3:1": sheet(6, 0.03, 3),
    **{f"lissajous {d}-D {noise}": lissajous(d, noise) for d, noise in ((8, 0.02), (20, 0.1), (50, 0.03))},
    "sphere in 15-D": lifted_sphere(3, 15, 0.05),
    "sphere 4-D in 30-D": lifted_sphere(5, 30, 0.02),
    **{f"helix {noise}": helix(noise) for noise in (0.02, 0.1)},
    **{f"spiral {noise}": flat_spiral(noise) for noise in (0.02, 0.05)},
    **{f"t({f}) {d}-D": (lambda n, g, d=d, f=f: g.standard_t(f, size=(n, d))) for f, d in ((3, 8), (4, 15))},
    "radial t(4) 12-D": lambda n, g: g.normal(size=(n, 12)) / np.sqrt(g.chisquare(4, n) / 4)[:, None],
    **{f"Laplace {d}-D": (lambda n, g, d=d: g.laplace(size=(n, d))) for d in (3, 12)},
    "cube 7-D": lambda n, g: g.random((n, 7)),
    "simplex 4-D": lambda n, g: g.dirichlet(np.ones(5), n),
}
