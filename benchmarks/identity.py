"""Who is in a clip: what the identity code tells of coats and colours, beside the scene code and all pooled features.

    python benchmarks/identity.py [--clips 400] [--quick] [--save]

Codes are learned without a label on the latents of the shipped codec (seeds from 0 on); then a linear probe with the
truth's names (present in the clip or not) is fitted on the same clips and asked on half as many fresh ones (seeds from
2,000,000 on). Base: always the more frequent answer. "All features": the probe on what the code is made of. "In place":
both balls' colours, each on its own side.
"""

import argparse

import numpy as np
import torch

from cuspworld import worlds
from cuspworld.codec.codec import Codec, to_tensor
from cuspworld.codec.identity_code import IdentityCode
from cuspworld.codec.scene_code import SceneCode
from results import Table, add_argument

FIRST, STEP = 2_000_000, 4
NAMES = {
    "Puppies": ("brown", "white", "black", "golden", "grey"),
    "Collision": ("red", "blue", "green", "yellow", "purple", "orange"),
}
WIDTHS = {"Puppies": 16, "Collision": 128}  # of the shipped model
RIDGE = 1e-2


def probed(codes: np.ndarray, told: np.ndarray, count: int) -> np.ndarray:
    """What a linear probe, fitted on the first `count` clips, says of the fresh ones."""
    codes = (codes - codes[:count].mean(0)) / (codes[:count].std(0) + 1e-9)
    rows = np.column_stack([codes, np.ones(len(codes))])
    taught = rows[:count]
    weights = np.linalg.solve(taught.T @ taught + RIDGE * count * np.eye(rows.shape[1]), taught.T @ told[:count])
    return rows[count:] @ weights


def in_place(codes: np.ndarray, sides: np.ndarray, count: int) -> float:
    """Share of fresh clips of which a probe a side says the right colour of both balls. `sides` (clips, 2)."""
    said = [probed(codes, np.eye(sides.max() + 1)[side], count).argmax(1) == side[count:] for side in sides.T]
    return float(np.logical_and(*said).mean())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clips", type=int, default=800, help="that teach; half as many are fresh")
    parser.add_argument("--quick", action="store_true", help="one world, few clips")
    add_argument(parser)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    count, codec = 20 if arguments.quick else arguments.clips, Codec.from_pretrained("worlds")
    with Table("identity", arguments.save) as table:
        for name, known in list(NAMES.items())[: 1 if arguments.quick else None]:
            world, latents, told, sides = worlds.make(name), [], [], []
            for seed in [*range(count), *range(FIRST, FIRST + count // 2)]:
                clip = world.record(seed=seed, seconds=3.0, fps=10.0, size=64)
                with torch.inference_mode():
                    latents.append(codec.encode(to_tensor(clip.frames)[None])[0])
                assert clip.truth is not None
                named = [value for key, value in clip.truth.parameters.items() if key.startswith(("coat", "colour"))]
                if name == "Puppies":
                    named = named[: int(clip.truth.parameters["count"])]
                else:
                    sides.append([known.index(str(value)) for value in named])
                told.append([thing in named for thing in known])
            truth = np.array(told, float)
            scene = SceneCode.learn(latents[:count], STEP, WIDTHS[name])
            who = IdentityCode.learn(latents[:count], STEP, WIDTHS[name])
            ways = {
                "scene code, clip's mean": np.stack([scene.of(clip)[::STEP].mean(0) for clip in latents]),
                "identity code, whole clip": np.stack([who.of(clip) for clip in latents]),
                "identity code, first step": np.stack([who.of(clip[:STEP]) for clip in latents]),
                "all features, whole clip": np.stack([who._features(clip).mean(0).numpy() for clip in latents]),
            }
            fresh = truth[count:]
            found = {"base": np.maximum(fresh.mean(0), 1 - fresh.mean(0))}
            found |= {way: ((probed(codes, truth, count) > 0.5) == fresh).mean(0) for way, codes in ways.items()}
            for way, right in found.items():
                row = {"world": name, "numbers": WIDTHS[name], "of": way, "fresh clips": count // 2}
                row |= {"worst": f"{100 * right.min():.1f} %", "mean": f"{100 * right.mean():.1f} %"}
                both = in_place(ways[way], np.array(sides), count) if sides and way in ways else None
                table.add({**row, "in place": None if both is None else f"{100 * both:.1f} %"})


if __name__ == "__main__":
    main()
