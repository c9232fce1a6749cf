"""Does the recorded path decide what comes out? The same paths drawn twice, of other noise.

    python benchmarks/two_draws.py [--worlds Collision Puppies] [--paths 100] [--quick] [--save]

Each of the first recorded paths of a world is drawn by the shipped model for its own caption, two seconds, and read by
the world's detector; then all of them again. How far the shares of frames of no true state agree over the paths
(correlation), and what the second draw has of the half that was clearer in the first.
"""

from __future__ import annotations

import argparse

import numpy as np
import torch

from cuspworld import Simulator
from cuspworld.detectors import detector
from results import Table, add_argument


def drawn(model: Simulator, name: str, count: int, first_seed: int) -> np.ndarray:
    """(paths, 3): no true state softly and by frames, and whether all is kept."""
    kind = next(kind for kind in model.kinds if kind.name == name)
    reader, each, rows = detector(name), kind.code.frames, []
    for clip in range(count):
        codes = kind.codes[kind.clips == clip][::each][:5].astype(np.float64)
        frames = model.follow(codes, name, kind.captions[clip][0], seed=first_seed + clip).frames
        reading = reader(frames, model.config.fps)
        soft = float(reader.no_true_state(frames).mean())
        rows.append((soft, float(reading.mixed.mean()), float(getattr(reading, "kept", True))))
    return np.array(rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--worlds", nargs="*", default=["Collision", "Puppies"])
    parser.add_argument("--paths", type=int, default=100)
    parser.add_argument("--quick", action="store_true", help="one world, four paths")
    add_argument(parser)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    model, count = Simulator.from_pretrained("default"), 4 if arguments.quick else arguments.paths
    with Table("two_draws", arguments.save) as table:
        for name in arguments.worlds[: 1 if arguments.quick else None]:
            one, other = (drawn(model, name, count, seed) for seed in (0, 1_000_000))
            clearer = one[:, 0] <= np.median(one[:, 0])
            table.add({
                "world": name,
                "paths": count,
                "two draws agree by (soft)": round(float(np.corrcoef(one[:, 0], other[:, 0])[0, 1]), 2),
                "by frames": round(float(np.corrcoef(one[:, 1], other[:, 1])[0, 1]), 2),
                "no true state in the second": f"{100 * other[:, 1].mean():.1f} %",
                "of the half that was clearer": f"{100 * other[clearer, 1].mean():.1f} %",
                "kept in the second": f"{100 * other[:, 2].mean():.0f} %",
                "of that half": f"{100 * other[clearer, 2].mean():.0f} %",
            })  # fmt: skip


if __name__ == "__main__":
    main()
