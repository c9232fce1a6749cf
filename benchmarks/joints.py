"""Does a chunk's joint show? The change from frame to frame across joints over the change elsewhere, kind by kind.

    python benchmarks/joints.py [--model FOLDER] [--clips 8] [--seconds 10] [--quick] [--save]

Change: mean absolute difference of two frames, in grey levels, over pixels that change anywhere in the clip. The first
chunk is left out of "elsewhere": events crowd there. 1.0 is a joint that cannot be told; true clips have no joints, and
their row says how far the ratio of the same frames strays by chance.
"""

import argparse
import warnings

import numpy as np
import torch

from cuspworld import Simulator, worlds
from results import Table, add_argument

FIRST = 2_000_000  # seed of the first clip whose caption is the prompt


def ratio(frames: np.ndarray, joints: np.ndarray) -> tuple[float, float]:
    """(mean change across the joints, mean change elsewhere after the first joint)."""
    moves = np.abs(np.diff(frames.astype(np.float32), axis=0)).mean(-1)
    changing = moves.max(0) > 2
    each = moves[:, changing].mean(1) if changing.any() else moves.mean((1, 2))
    at = np.zeros(len(each), bool)
    at[joints[joints <= len(each)] - 1] = True
    later = np.arange(len(each)) >= joints[0] - 1
    return float(each[at].mean()), float(each[later & ~at].mean())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="default")
    parser.add_argument("--clips", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--quick", action="store_true", help="one kind, two clips of four seconds")
    add_argument(parser)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    simulator = Simulator.from_pretrained(arguments.model)
    config, stride = simulator.config, simulator.codec.temporal_stride
    known = (config.context - 1) * stride + 1
    names = [kind.name for kind in simulator.kinds if kind.name in worlds.names()] or ["Collision", "Juice", "Puppies"]
    names, clips, seconds = (names[:1], 2, 4.0) if arguments.quick else (names, arguments.clips, arguments.seconds)
    joints = np.arange(config.window, int(seconds * config.fps), config.window - known)
    with Table("joints", arguments.save) as table:
        for name in names:
            world, found = worlds.make(name), {"generated": [], "true": []}
            for seed in range(FIRST, FIRST + clips):
                true = world.record(seed=seed, seconds=seconds, fps=config.fps, size=config.height)
                found["true"].append(ratio(true.frames, joints))
                made = simulator(true.caption, seconds=seconds, seed=seed)
                found["generated"].append(ratio(made.frames, joints))
            for what, pairs in found.items():
                at, elsewhere = np.array(pairs).mean(0)
                table.add(
                    {
                        "clips of": name,
                        "which": what,
                        "number": clips,
                        "across joints": round(float(at), 2),
                        "elsewhere": round(float(elsewhere), 2),
                        "ratio": round(float(at / max(elsewhere, 1e-6)), 2),
                    }
                )


if __name__ == "__main__":
    main()
