"""Do paths that leave their first branch tell a world's outcomes? On clips that no recipe recorded, beside baselines.

    python benchmarks/step_branches.py [--worlds Juice Chair] [--fps 10 20] [--clips 60] [--quick] [--save]

Scene codes of the shipped codec's latents (four frames a step) are learned from the clips, branches found untold;
"left" is the share of clips of each outcome, by truth, whose path leaves the branch where it begins, "right" how many
clips that tells apart from the one outcome that it tells best (as many as that outcome has not, where nothing leaves).
KMeans is told how many clusters, HDBSCAN (at least 5 steps, its noise a piece of its own) nothing; "ends apart" is no
geometry at all: the last step's latents against the first's, at its best threshold. `passages` are steps recorded
between branches, and the pairs of branches that they join (`Brenier.fit(codes, trajectories=)`).
"""

import argparse

import numpy as np
import torch
from sklearn.cluster import HDBSCAN, KMeans

from cuspworld import worlds
from cuspworld.codec.codec import Codec, to_tensor
from cuspworld.simulator.branches import Branches, find_branches
from cuspworld.simulator.kinds import Kind
from cuspworld.transport.singular.passages import Passages
from cuspworld.transport.singular.trajectories import Trajectories
from results import Table, add_argument

FRAMES = 4


def left(kind: Kind, of: np.ndarray) -> np.ndarray:
    """Which clips' paths leave the branch where they begin."""
    graph = Branches(kind, of)
    return graph.crosses(graph.paths()[1])


def told_apart(crossed: np.ndarray, truth: np.ndarray) -> float:
    """The share of clips that "leaves or not" tells rightly from the one outcome that it tells best."""
    return max(float(np.mean(crossed == side)) for o in set(truth) for side in (truth == o, truth != o))


def passages(kind: Kind, of: np.ndarray) -> str:
    """The steps recorded between branches, and the pairs of branches that they join."""
    graph = Passages.between(of, Trajectories.of(np.column_stack([kind.clips, kind.times]), len(of)))
    return f"{len(graph.steps)} by {len(graph)} ways"


@torch.inference_mode()
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--worlds", nargs="*", default=["Juice", "Candles", "Chair", "Collision", "Puppies"])
    parser.add_argument("--fps", nargs="*", type=float, default=[10.0])
    parser.add_argument("--clips", type=int, default=60)
    parser.add_argument("--first", type=int, default=7_000_000, help="the first clip's seed; no recipe uses these")
    parser.add_argument("--quick", action="store_true", help="12 clips of Juice")
    add_argument(parser)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    chosen, rates, count = arguments.worlds, arguments.fps, arguments.clips
    if arguments.quick:
        chosen, rates, count = ["Juice"], [10.0], 12
    codec = Codec.from_pretrained("worlds")
    with Table("step_branches", arguments.save) as table:
        for name in chosen:
            for fps in rates:
                clips = [worlds.make(name).record(seed=arguments.first + k, seconds=3.0, fps=fps) for k in range(count)]
                truth = np.array([clip.truth.branch for clip in clips if clip.truth is not None])
                latents = [codec.encode(to_tensor(clip.frames)[None])[0] for clip in clips]
                kind = Kind.learn(name, latents, [("",)] * count, FRAMES, 8, 0)
                ways = {"ours, untold": find_branches(kind)}
                for k in (2, 11):
                    ways[f"KMeans, told {k}"] = KMeans(k, n_init=4, random_state=0).fit_predict(kind.codes)
                ways["HDBSCAN"] = np.unique(HDBSCAN(5, copy=True).fit_predict(kind.codes), return_inverse=True)[1]
                found = {way: left(kind, of) for way, of in ways.items()}
                apart = np.array([float((z[-FRAMES:].mean(0) - z[:FRAMES].mean(0)).norm()) for z in latents])
                cuts = [apart >= at for at in apart]
                found["ends apart"] = max(cuts, key=lambda cut: told_apart(cut, truth))
                for way, crossed in found.items():
                    shares = ", ".join(
                        f"{o} {crossed[truth == o].mean():.1%} of {(truth == o).sum()}" for o in np.unique(truth)
                    )
                    branches = int(ways[way].max()) + 1 if way in ways else "-"
                    row = {"world": name, "fps": fps, "way": way, "branches": branches, "left": shares}
                    row["right"] = told_apart(crossed, truth)
                    table.add(row | {"passages": passages(kind, ways[way]) if way in ways else "-"})


if __name__ == "__main__":
    main()
