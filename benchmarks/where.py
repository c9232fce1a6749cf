"""How much of a step do few numbers tell: its latents, where it differs from the usual picture, what lies there?

    python benchmarks/where.py [--worlds Collision] [--clips 300] [--quick] [--save]

Share of the variance over the steps of fresh clips (a third as many, seeds from 2,000,000) that so many principal
components, taught on clips of seeds from 0, tell: of latents, as a scene code has them; of how far each place differs
(`SceneCode.differences`), as its `where` has them; and of a step's mean differences in all channels, and in the few in
which clips differ most, as `codec.looks` has them.
"""

import argparse

import numpy as np
import torch

from cuspworld import worlds
from cuspworld.codec.codec import Codec, to_tensor
from cuspworld.codec.looks import channels_of
from cuspworld.codec.scene_code import SceneCode, seen
from results import Table, add_argument

FIRST, STEP, WIDTHS = 2_000_000, 4, (8, 16, 24, 64)


def held(taught: torch.Tensor, fresh: torch.Tensor, widths: tuple[int, ...]) -> list[float]:
    """Share of the fresh rows' squared distance from the taught rows' mean that their first components hold."""
    mean = taught.mean(0)
    basis = torch.pca_lowrank(taught - mean, q=max(widths), center=False, niter=4)[2]
    rows = fresh - mean
    return [float(((rows @ basis[:, :width]) ** 2).sum() / (rows**2).sum()) for width in widths]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--worlds", nargs="*", default=["Puppies", "Collision", "Juice", "Candles", "Chair"])
    parser.add_argument("--clips", type=int, default=300, help="that teach")
    parser.add_argument("--quick", action="store_true", help="one world, few clips")
    add_argument(parser)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    count, codec = 30 if arguments.quick else arguments.clips, Codec.from_pretrained("worlds")
    with Table("where", arguments.save) as table:
        for name in arguments.worlds[: 1 if arguments.quick else None]:
            world, latents = worlds.make(name), []
            for seed in [*range(count), *range(FIRST, FIRST + count // 3)]:
                frames = world.record(seed=seed, seconds=2.8, fps=10.0, size=64).frames
                with torch.inference_mode():
                    latents.append(codec.encode(to_tensor(frames)[None])[0])
            code = SceneCode.learn(latents[:count], STEP, 8)
            steps = torch.stack([seen(clip.unflatten(0, (-1, STEP))) for clip in latents])  # (clips, steps, D)
            apart = code.differences(steps.unflatten(-1, (STEP, -1))).flatten(2)
            mean = code.apart(steps.unflatten(-1, (STEP, -1))).mean(2)  # (clips, steps, places, channels)
            channels = channels_of([code.apart(seen(clip[:, None])) for clip in latents[:count]])
            lies, few = mean.flatten(2), (mean @ channels).flatten(2)
            few_told = f"mean differences in {channels.shape[1]} channels"
            told_of = {"latents": steps, "differences": apart, "mean differences": lies, few_told: few}
            for what, rows in told_of.items():
                shares = held(rows[:count].flatten(0, 1), rows[count:].flatten(0, 1), WIDTHS)
                told = {f"{width} numbers": f"{100 * share:.1f} %" for width, share in zip(WIDTHS, shares, strict=True)}
                table.add({"world": name, "of": what, "fresh steps": int(np.prod(rows[count:].shape[:2])), **told})


if __name__ == "__main__":
    main()
