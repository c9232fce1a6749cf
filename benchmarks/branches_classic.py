"""Branches on the data sets that everybody knows, none of which the law of branches was fitted or judged on.

    python benchmarks/branches_classic.py [--quick] [--save]

Measured: iris, wine and breast cancer (each number standardised), digits 8 x 8, of scikit-learn. Drawn: the page
"Comparing different clustering algorithms" of scikit-learn's manual, three seeds. Adjusted Rand index with the labels;
branches and HDBSCAN (min_cluster_size 5, as in `branches.py`) are told nothing, KMeans the number of classes.
"""

import argparse
from collections.abc import Iterator

import numpy as np
from sklearn import datasets
from sklearn.cluster import HDBSCAN, KMeans
from sklearn.metrics import adjusted_rand_score
from sklearn.preprocessing import StandardScaler

from cuspworld import Brenier
from results import Table, add_argument

SEEDS = (7, 8, 9)
MEASURED = {
    "iris": datasets.load_iris, "wine": datasets.load_wine, "breast cancer": datasets.load_breast_cancer,
    "digits": datasets.load_digits,
}  # fmt: skip


def drawn(seed: int) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    yield "circles", *datasets.make_circles(500, factor=0.5, noise=0.05, random_state=seed)
    yield "moons", *datasets.make_moons(500, noise=0.05, random_state=seed)
    yield "blobs", *datasets.make_blobs(500, random_state=seed)
    yield "varied", *datasets.make_blobs(500, cluster_std=[1.0, 2.5, 0.5], random_state=163 + seed)
    points, labels = datasets.make_blobs(500, random_state=163 + seed)
    yield "leaning", points @ np.array([[0.6, -0.6], [-0.4, 0.8]]), labels
    yield "no structure", np.random.default_rng(seed).random((500, 2)), np.zeros(500, int)


def clouds(quick: bool) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    for name, load in list(MEASURED.items())[: 1 if quick else None]:
        data = load()
        yield name, data.data if name == "digits" else StandardScaler().fit_transform(data.data), data.target
    for seed in SEEDS[: 1 if quick else None]:
        for name, points, labels in drawn(seed):
            yield f"{name}, seed {seed}", points, labels


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="iris, and one seed")
    add_argument(parser)
    arguments = parser.parse_args()
    with Table("branches_classic", arguments.save) as table:
        for name, points, labels in clouds(arguments.quick):
            classes = len(set(labels.tolist()))
            found = {
                "ours": Brenier(seed=0, tolerance=0.2, max_seconds=60).fit(points).branches_,
                "HDBSCAN": HDBSCAN(5, copy=True).fit_predict(points),
                "KMeans*": KMeans(classes, n_init=10, random_state=0).fit_predict(points),
            }
            scores = {who: round(float(adjusted_rand_score(labels, of)), 3) for who, of in found.items()}
            pieces = int(np.max(found["ours"])) + 1
            table.add(
                {"data": name, "N": len(points), "d": points.shape[1], "classes": classes, "pieces": pieces} | scores
            )


if __name__ == "__main__":
    main()
