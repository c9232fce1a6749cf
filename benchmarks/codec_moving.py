"""How well does the codec draw what moves? PSNR of the pixels that differ from the usual picture, beside that of all.

    python benchmarks/codec_moving.py [--codec worlds] [--worlds Juice Snow] [--clips 12] [--quick] [--save]

True clips that were never taught, 2.8 s at 64 x 64 and 10 frames a second. A pixel differs where some channel is more
than 24 grey levels from its median over the clip. The share of error there: squared error over the variance of the
clip's moving pixels, 0 where all is drawn and 1 where their mean colour is. A still background hides in the PSNR of a
whole frame what is lost where it matters.
"""

import argparse

import numpy as np
import torch

from cuspworld import worlds
from cuspworld.codec.codec import Codec, to_frames, to_tensor
from results import Table, add_argument

FIRST, MOVED = 3_100_000, 24.0


def psnr(errors: list[float]) -> float | None:
    return 10 * float(np.log10(255**2 / np.mean(errors))) if errors else None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--codec", default="worlds")
    parser.add_argument("--worlds", nargs="*", default=worlds.names(), choices=worlds.names())
    parser.add_argument("--clips", type=int, default=12)
    parser.add_argument("--quick", action="store_true", help="two clips of two worlds")
    add_argument(parser)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    codec = Codec.from_pretrained(arguments.codec)
    names, clips = (arguments.worlds[:2], 2) if arguments.quick else (arguments.worlds, arguments.clips)
    with Table("codec_moving", arguments.save) as table:
        for name in names:
            world, whole, moving, shares, moved = worlds.make(name), [], [], [], []
            for seed in range(FIRST, FIRST + clips):
                frames = world.record(seed=seed, seconds=2.8, fps=10.0, size=64).frames
                with torch.inference_mode():
                    drawn = to_frames(codec.decode(codec.encode(to_tensor(frames)[None]))[0])
                error = (frames.astype(float) - drawn) ** 2
                there = (np.abs(frames - np.median(frames, axis=0)) > MOVED).any(-1)
                whole.append(error.mean())
                moved.append(there.mean())
                if there.sum() > 1:
                    moving.append(error[there].mean())
                    shares.append(moving[-1] / max(frames[there].astype(float).var(0).mean(), 1e-9))
            row = {"world": name, "clips": clips, "PSNR, dB": psnr(whole), "where something moves, dB": psnr(moving)}
            share = f"{100 * np.mean(shares):.1f} %" if shares else None
            table.add(
                row | {"share of the variance lost there": share, "pixels that move": f"{100 * np.mean(moved):.1f} %"}
            )


if __name__ == "__main__":
    main()
