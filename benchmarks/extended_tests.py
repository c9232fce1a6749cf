"""The extended map before judges that are classifiers: can one tell its points from held-out data, is a digit a digit?

`--plane` (the default): the C2ST of Lopez-Paz and Oquab (2017), the accuracy on unseen points of a classifier (32
nearest neighbours) taught to tell new points from held-out data; 0.5 is no difference. Beside the extended map: the
plain map (training points), a kernel estimate with Scott's width, and one whose width held-out likelihood chose.
`--digits`: the digit that a quadratic discriminant (taught on other images) reads, against that of the noise's cell.

    python benchmarks/extended_tests.py [--plane] [--digits] [--seeds 100 101 102]
"""

import argparse
from collections.abc import Iterator

import numpy as np
from sklearn.discriminant_analysis import QuadraticDiscriminantAnalysis
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KernelDensity, KNeighborsClassifier

from branch_sets import ISSUE, mnist
from cuspworld import Brenier
from results import Table, add_argument

DRAWS = 2000
PLANE = ("moons .05", "moons .10", "rings", "spirals", "dot in ring", "10 clusters 2-D")
WIDTHS = np.geomspace(0.02, 0.5, 10)  # of a kernel, over the data's deviation


def accuracy(made: np.ndarray, held_out: np.ndarray) -> float:
    points = np.concatenate([made, held_out])
    label = np.repeat([0, 1], [len(made), len(held_out)])
    order = np.random.default_rng(0).permutation(len(points))
    taught, tried = np.array_split(order, 2)
    return float(KNeighborsClassifier(32).fit(points[taught], label[taught]).score(points[tried], label[tried]))


def plane(name: str, count: int, seeds: list[int]) -> dict[str, object]:
    found: dict[str, list[float]] = {}
    for seed in seeds:
        every, _ = ISSUE[name](count + DRAWS, np.random.default_rng([seed, count]))
        every = np.random.default_rng(seed).permutation(every)
        points, held_out = every[:count], every[count:]
        brenier = Brenier(tolerance=0.1, threads=1, seed=seed, max_seconds=60).fit(points)
        noise = brenier.sample_noise(DRAWS, seed=1)
        scott = KernelDensity(bandwidth=points.std(0).mean() * count ** (-1 / 6)).fit(points)
        widths = {"bandwidth": points.std(0).mean() * WIDTHS}
        chosen = GridSearchCV(KernelDensity(), widths, cv=5).fit(points).best_estimator_
        made = {
            "map": brenier.map(noise),
            "extended map": brenier.extend(noise),
            "kernel, Scott": scott.sample(DRAWS, random_state=seed),
            "kernel, chosen": chosen.sample(DRAWS, random_state=seed),
        }
        for way, sample in made.items():
            found.setdefault(way, []).append(accuracy(sample, held_out))
    return {"cloud": name, "N": count, "seeds": len(seeds)} | {way: np.mean(each) for way, each in found.items()}


def digits(chosen: tuple[int, ...], count: int, seed: int) -> Iterator[dict[str, object]]:
    points, labels = mnist(chosen, 50)
    order = np.random.default_rng(seed).permutation(len(points))
    own, other = order[:count], order[count : count + 10_000]
    judge = QuadraticDiscriminantAnalysis(reg_param=0.01).fit(points[other], labels[other])
    brenier = Brenier(tolerance=0.2, threads=1, seed=seed, max_seconds=60).fit(points[own])
    noise = brenier.sample_noise(DRAWS, seed=1)
    cell = brenier.cells(noise)
    values, near = brenier._potential.top_k(noise, 16)
    weights = (values - values[:, -1:]).astype(np.float64) ** 2 + 1e-12
    weights /= weights.sum(1, keepdims=True)
    blind = np.einsum("bk,bkd->bd", weights, points[own][brenier._normalised.active[near]])
    for way, sample in {
        "map": brenier.map(noise),
        "extended map": brenier.extend(noise),
        "blind average": blind,
    }.items():
        read = judge.predict_proba(sample)
        wrong = judge.classes_[read.argmax(1)] != labels[own][cell]
        yield {
            "digits": ", ".join(map(str, chosen)),
            "N": count,
            "branches": int(brenier.branches_.max()) + 1,
            "points": way,
            "another digit read, %": 100 * wrong.mean(),
            "below 0.9 sure, %": 100 * (read.max(1) < 0.9).mean(),
        }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--plane", action="store_true")
    parser.add_argument("--digits", action="store_true")
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seeds", type=int, nargs="*", default=(100, 101, 102))
    parser.add_argument("--quick", action="store_true", help="one cloud, one seed")
    add_argument(parser)
    options = parser.parse_args()
    seeds, clouds = (options.seeds[:1], PLANE[:1]) if options.quick else (options.seeds, PLANE)
    with Table("extended_tests", options.save) as table:
        if options.plane or not options.digits:
            for name in clouds:
                table.add(plane(name, options.count, seeds))
        if options.digits:
            for chosen in ((0, 1), tuple(range(10))):
                for row in digits(chosen, options.count, seeds[0]):
                    table.add(row)


if __name__ == "__main__":
    main()
