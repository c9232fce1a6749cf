"""How far above the statistical floor the solver certifies 0.1 on data whose heights have many scales.

    python benchmarks/transport_scales.py                       # 1,000 points each, at most 25 s
    python benchmarks/transport_scales.py --count 500 --seconds 12 curve pairs

Printed: samples spent on training over N / 0.1^2, the error, whether it is certified, CPU seconds. Seeds 1 to 3
are what the solver was developed on; others are other data of the same kinds.
"""

import argparse
import itertools
import time
import warnings
from collections.abc import Callable

import numpy as np

from cuspworld import Brenier
from results import Table, add_argument


def clusters(generator: np.random.Generator, count: int) -> np.ndarray:
    centres = generator.normal(size=(10, 8))
    return centres[generator.integers(0, 10, count)] + 0.3 * generator.normal(size=(count, 8))


def segment(generator: np.random.Generator, count: int) -> np.ndarray:
    return generator.uniform(-1, 1, (count, 1)) * generator.normal(size=(1, 8))


def thick_segment(generator: np.random.Generator, count: int) -> np.ndarray:
    return segment(generator, count) + 1e-3 * generator.normal(size=(count, 8))


def copies(each: int, apart: float) -> Callable[[np.random.Generator, int], np.ndarray]:
    def draw(generator: np.random.Generator, count: int) -> np.ndarray:
        points = np.repeat(generator.normal(size=(count // each, 8)), each, 0)
        return points + apart * generator.normal(size=points.shape)

    return draw


def far_clusters(generator: np.random.Generator, count: int) -> np.ndarray:
    points = generator.normal(size=(count, 8))
    points[: count // 51, 0] += 30
    return points


def curve(generator: np.random.Generator, count: int) -> np.ndarray:
    harmonic = np.arange(1, 9)
    angle = generator.uniform(0, 2 * np.pi, count)[:, None] * harmonic
    return np.concatenate([np.cos(angle) / harmonic, np.sin(angle) / harmonic], 1)


def trajectories(generator: np.random.Generator, count: int) -> np.ndarray:
    time_of = np.linspace(0, 1, 100)[:, None]
    clips = []
    for clip in range(count // 100):
        first, second, third = generator.normal(size=(3, 16))
        place = 6 * (clip % 2) * np.eye(16)[0] + 0.5 * generator.normal(size=16)
        clips.append(place + first * np.sin(2 * time_of) + second * time_of + 0.3 * third * np.cos(6 * time_of))
    return np.concatenate(clips)


DATA = {
    "clusters": clusters,
    "segment": segment,
    "thick_segment": thick_segment,
    "pairs": copies(2, 1e-3),
    "tens": copies(10, 1e-3),
    "far_clusters": far_clusters,
    "curve": curve,
    "t2_8d": lambda generator, count: generator.standard_t(2, (count, 8)),
    "t2_2d": lambda generator, count: generator.standard_t(2, (count, 2)),
    "lognormal": lambda generator, count: np.exp(1.5 * generator.normal(size=(count, 8))),
    "trajectories": trajectories,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", choices=[*DATA, []], default=[])
    parser.add_argument("--count", type=int, nargs="+", default=[1000])
    parser.add_argument("--seconds", type=float, default=25.0)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 4], help="1 to 3 were developed on")
    parser.add_argument("--quick", action="store_true", help="three of them, 300 points, 5 s")
    add_argument(parser)
    arguments = parser.parse_args()
    counts, seconds = ([300], 5.0) if arguments.quick else (arguments.count, arguments.seconds)
    names = arguments.names or (["clusters", "segment", "pairs"] if arguments.quick else list(DATA))
    Brenier(tolerance=0.1).fit(curve(np.random.default_rng(0), 200))  # compiled, Newton steps too
    warnings.simplefilter("ignore", UserWarning)
    with Table("transport_scales", arguments.save) as table:
        for count, name, seed in itertools.product(counts, names, arguments.seeds):
            points = DATA[name](np.random.default_rng([seed, count]), count)
            began = time.process_time()
            found = Brenier(tolerance=0.1, max_seconds=seconds).fit(points)
            table.add(
                {
                    "data": name,
                    "points": count,
                    "seed": seed,
                    "floors": round(found.samples_ / (100 * len(points)), 1),
                    "error": round(float(found.error_), 3),
                    "certified": bool(found.certified_),
                    "CPU s": round(time.process_time() - began, 2),
                }
            )


if __name__ == "__main__":
    main()
