"""Do paths that leave their first branch tell a world's outcomes? On clips that no recipe recorded, beside baselines.

    python benchmarks/step_branches.py [--worlds Juice Candles] [--fps 10 20] [--clips 120] [--quick]

Scene codes of the shipped codec's latents (four frames a step) are learned from the clips, branches found untold;
"left" is the share of clips of each outcome, by truth, whose path leaves the branch where it begins. KMeans is told how
many clusters; "ends apart" is no geometry at all: the last step's latents against the first's, at its best threshold.
"""

import argparse

import numpy as np
import torch
from sklearn.cluster import KMeans

from cuspworld import worlds
from cuspworld.codec.codec import Codec, to_tensor
from cuspworld.simulator.branches import Branches, find_branches
from cuspworld.simulator.kinds import Kind
from results import Table, add_argument

FIRST, FRAMES = 5_000_000, 4  # seeds that no recipe uses


def left(kind: Kind, of: np.ndarray) -> np.ndarray:
    """Which clips' paths leave the branch where they begin."""
    graph = Branches(kind, of)
    return graph.crosses(graph.paths()[1])


@torch.inference_mode()
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--worlds", nargs="*", default=["Juice", "Candles"])
    parser.add_argument("--fps", nargs="*", type=float, default=[10.0, 20.0])
    parser.add_argument("--clips", type=int, default=120)
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
                clips = [worlds.make(name).record(seed=FIRST + k, seconds=3.0, fps=fps) for k in range(count)]
                truth = np.array([clip.truth.branch for clip in clips if clip.truth is not None])
                latents = [codec.encode(to_tensor(clip.frames)[None])[0] for clip in clips]
                kind = Kind.learn(name, latents, [("",)] * count, FRAMES, 8, 0)
                ways = {"ours, untold": find_branches(kind)}
                for k in (2, 11):
                    ways[f"KMeans, told {k}"] = KMeans(k, n_init=4, random_state=0).fit_predict(kind.codes)
                found = {way: left(kind, of) for way, of in ways.items()}
                apart = np.array([float((z[-FRAMES:].mean(0) - z[:FRAMES].mean(0)).norm()) for z in latents])
                cuts = [apart >= at for at in apart]
                found["ends apart"] = max(cuts, key=lambda cut: max(np.mean(cut == (truth != o)) for o in set(truth)))
                for way, crossed in found.items():
                    shares = ", ".join(
                        f"{o} {crossed[truth == o].mean():.1%} of {(truth == o).sum()}" for o in np.unique(truth)
                    )
                    branches = int(ways[way].max()) + 1 if way in ways else "-"
                    table.add({"world": name, "fps": fps, "way": way, "branches": branches, "left": shares})


if __name__ == "__main__":
    main()
