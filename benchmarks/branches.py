"""Branches beside the clusterers of scikit-learn and GUDHI, on clouds whose pieces are known (`branch_sets.py`).

Ours and HDBSCAN (min_cluster_size 5; its noise is a piece of its own) are told nothing. Those with a * are told: DBSCAN
the best of 12 radii, single linkage, spectral clustering and ToMATo the true number of pieces (with --told, slower).
Printed: adjusted Rand index and, in brackets, the pieces found; for connected clouds how many draws are left whole.
The rule was developed on the sets of `ISSUE` with seeds 0 to 3, its law fitted on `NULLS`; `OWN` and the connected
clouds it had not seen.

    python benchmarks/branches.py [--counts 300 3000] [--seeds 100 101 102] [--told] [--development] [--save]
    python benchmarks/branches.py --large        # 30 clusters in 64-D, N = 30,000: ARI and CPU seconds beside HDBSCAN
"""

import argparse
import time
from collections.abc import Callable

import numpy as np
from numpy import ndarray
from sklearn.cluster import DBSCAN, HDBSCAN, AgglomerativeClustering, SpectralClustering
from sklearn.metrics import adjusted_rand_score

from branch_sets import ISSUE, OWN
from connected_clouds import OWN_WHOLE, WHOLE
from cuspworld.transport.singular.branches import find_branches
from results import Table, add_argument

Peer = Callable[[ndarray, ndarray], ndarray]
WHOLE_DRAWS = {300: 10, 3000: 1}  # of each of the 20 connected clouds


def best_radius(points: ndarray, truth: ndarray) -> ndarray:
    scale = np.linalg.norm(points.std(0))
    tried = [DBSCAN(eps=scale * radius).fit_predict(points) for radius in np.geomspace(0.02, 1.5, 12)]
    return max(tried, key=lambda label: adjusted_rand_score(truth, label))


def single_linkage(points: ndarray, truth: ndarray) -> ndarray:
    return AgglomerativeClustering(len(np.unique(truth)), linkage="single").fit_predict(points)


def spectral(points: ndarray, truth: ndarray) -> ndarray:
    number = len(np.unique(truth))
    return SpectralClustering(number, affinity="nearest_neighbors", assign_labels="cluster_qr").fit_predict(points)


def tomato(points: ndarray, truth: ndarray) -> ndarray:
    from gudhi.clustering.tomato import Tomato

    return Tomato(n_clusters=len(np.unique(truth))).fit_predict(points)


UNTOLD: dict[str, Peer] = {
    "ours": lambda points, truth: find_branches(points),
    "HDBSCAN": lambda points, truth: HDBSCAN(5, copy=True).fit_predict(points),
}
TOLD: dict[str, Peer] = {"DBSCAN*": best_radius, "single*": single_linkage, "spectral*": spectral, "ToMATo*": tomato}


def pieces(table: Table, count: int, seeds: list[int], peers: dict[str, Peer], sets: dict[str, dict]) -> None:
    seconds = dict.fromkeys(peers, 0.0)
    for title, group in sets.items():
        means: dict[str, list[float]] = {name: [] for name in peers}
        for number, (name, draw) in enumerate(group.items()):
            row = {}
            clouds = [draw(count, np.random.default_rng([seed, number, count])) for seed in seeds]
            for peer, find in peers.items():
                found = []
                for points, truth in clouds:
                    began = time.process_time()
                    label = find(points, truth)
                    seconds[peer] += time.process_time() - began
                    found.append((adjusted_rand_score(truth, label), len(np.unique(label[label >= 0]))))
                means[peer].append(float(np.mean([score for score, _ in found])))
                row[peer] = ", ".join(f"{score:.2f} ({number})" for score, number in found)
            table.add({"points": count, "sets": title, "cloud": name} | row)
        scores = {peer: f"{np.mean(mean):.3f}" for peer, mean in means.items()}
        table.add({"points": count, "sets": title, "cloud": "mean"} | scores)
    table.add({"points": count, "sets": "all", "cloud": "CPU s"} | {peer: f"{s:.1f}" for peer, s in seconds.items()})


def whole(table: Table, count: int, seed: int, peers: dict[str, Peer]) -> None:
    """How many draws of connected clouds stay whole; of the told clusterers, none is asked."""
    totals = dict.fromkeys(UNTOLD, 0)
    for title, group in (("connected, nine", WHOLE), ("connected, eleven more", OWN_WHOLE)):
        for number, (name, draw) in enumerate(group.items()):
            kept = dict.fromkeys(UNTOLD, 0)
            for turn in range(WHOLE_DRAWS[count]):
                points = draw(count, np.random.default_rng([seed, number, count, turn]))
                for peer, find in UNTOLD.items():
                    label = find(points, np.zeros(count))
                    kept[peer] += len(np.unique(label[label >= 0])) <= 1
            totals = {peer: totals[peer] + kept[peer] for peer in UNTOLD}
            row = {peer: f"{kept[peer]} of {WHOLE_DRAWS[count]}" if peer in kept else "" for peer in peers}
            table.add({"points": count, "sets": title, "cloud": name} | row)
    draws = (len(WHOLE) + len(OWN_WHOLE)) * WHOLE_DRAWS[count]
    row = {peer: f"{totals[peer]} of {draws}" if peer in totals else "" for peer in peers}
    table.add({"points": count, "sets": "connected", "cloud": "whole"} | row)


def large() -> None:
    points, truth = ISSUE["30 clusters 64-D"](30_000, np.random.default_rng(100))
    for peer, find in UNTOLD.items():
        began = time.process_time()
        label = find(points, truth)
        print(
            f"N = 30,000, 64-D, 30 clusters: {peer} ARI {adjusted_rand_score(truth, label):.4f}, "
            f"{label.max() + 1} pieces, {time.process_time() - began:.1f} CPU s",
            flush=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--counts", type=int, nargs="*", default=(300, 3000))
    parser.add_argument("--seeds", type=int, nargs="*", default=(100, 101, 102))
    parser.add_argument("--told", action="store_true", help="also the clusterers that are told the truth")
    parser.add_argument("--development", action="store_true", help="the seeds on which the rule was developed")
    parser.add_argument("--large", action="store_true")
    parser.add_argument("--quick", action="store_true", help="300 points and one seed")
    add_argument(parser)
    options = parser.parse_args()
    if options.quick:
        options.counts, options.seeds = (300,), (100,)
    find_branches(np.random.default_rng(0).normal(size=(60, 2)))  # compiles
    if options.large:
        large()
        return
    peers = UNTOLD | TOLD if options.told else UNTOLD
    seeds = [0, 1, 2] if options.development else list(options.seeds)
    sets = {"the first 20": ISSUE} if options.development else {"the first 20": ISSUE, "20 more": OWN}
    with Table("branches", options.save) as table:
        for count in options.counts:
            pieces(table, count, seeds if count < 1000 else seeds[:2], peers, sets)
            if not options.development:
                whole(table, count, seeds[0], peers)


if __name__ == "__main__":
    main()
