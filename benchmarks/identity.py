"""Who is in a clip: what the identity code tells of coats and colours, beside the scene code and all pooled features.

    python benchmarks/identity.py [--clips 400] [--quick] [--save]

Codes are learned without a label on the latents of the shipped codec (seeds from 0 on); then a linear probe with the
truth's names (present in the clip or not) is fitted on the same clips and asked on half as many fresh ones (seeds from
2,000,000 on). Base: always the more frequent answer. "All features": the probe on what the code is made of.
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
WIDTHS = {"Puppies": 8, "Collision": 16}  # of the shipped model


def probed(codes: np.ndarray, told: np.ndarray, count: int) -> np.ndarray:
    """Share of fresh clips (those from `count` on) of which each name is told right."""
    rows = np.column_stack([codes, np.ones(len(codes))])
    weights = np.linalg.lstsq(rows[:count], told[:count], rcond=None)[0]
    return ((rows[count:] @ weights > 0.5) == told[count:]).mean(0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clips", type=int, default=400, help="that teach; half as many are fresh")
    parser.add_argument("--quick", action="store_true", help="one world, few clips")
    add_argument(parser)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    count, codec = 20 if arguments.quick else arguments.clips, Codec.from_pretrained("worlds")
    with Table("identity", arguments.save) as table:
        for name, known in list(NAMES.items())[: 1 if arguments.quick else None]:
            world, latents, told = worlds.make(name), [], []
            for seed in [*range(count), *range(FIRST, FIRST + count // 2)]:
                clip = world.record(seed=seed, seconds=3.0, fps=10.0, size=64)
                with torch.inference_mode():
                    latents.append(codec.encode(to_tensor(clip.frames)[None])[0])
                assert clip.truth is not None
                named = [value for key, value in clip.truth.parameters.items() if key.startswith(("coat", "colour"))]
                if name == "Puppies":
                    named = named[: int(clip.truth.parameters["count"])]
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
            base = np.maximum(truth[count:].mean(0), 1 - truth[count:].mean(0))
            for way, right in {"base": base, **{w: probed(c, truth, count) for w, c in ways.items()}}.items():
                row = {"world": name, "numbers": WIDTHS[name], "of": way, "fresh clips": count // 2}
                table.add({**row, "worst": f"{100 * right.min():.1f} %", "mean": f"{100 * right.mean():.1f} %"})


if __name__ == "__main__":
    main()
