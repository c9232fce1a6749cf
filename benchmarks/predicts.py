"""Velocity or data: what should the network of the flow predict? Grain of what is still, by the numbers of a token.

    python benchmarks/predicts.py [--steps 400] [--clips 200] [--numbers 256] [--quick] [--save]

The same network (width 192), clips, steps and batches twice for each size of token: one predicts data - noise, the
other the data, from which the velocity follows; the loss is the velocity's in both. Grain: in generated clips, standard
deviation over time of the grey levels in the upper quarter of the picture, where nothing ever moves; and how far its
mean is from the true wall's. Beside them the codec's own. Captions of held-out clips are the prompts.
"""

import argparse
import warnings
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch

from cuspworld import Simulator, worlds
from cuspworld.clip import Clip
from cuspworld.codec.codec import Codec, reconstruct
from cuspworld.training.presets import Phase, preset
from cuspworld.training.run import train
from cuspworld.transport.flow.transformer import PREDICTS
from results import Table, add_argument

FIRST = 2_000_000  # seed of the first clip that was not taught
TOKENS = {64: 1, 128: 2, 256: 4}  # numbers of a token -> latent frames that it holds
WIDTH = 192


def grain(frames: np.ndarray) -> float:
    """Standard deviation over time, in grey levels, of the upper quarter."""
    return float(frames[:, : frames.shape[1] // 4].astype(np.float32).std(0).mean())


def off(frames: np.ndarray, true: np.ndarray) -> float:
    """Root mean square difference of the upper quarter from the true clip's mean, in grey levels."""
    upper = slice(0, true.shape[1] // 4)
    return float(np.sqrt(((frames[:, upper].astype(np.float32) - true[:, upper].mean(0)) ** 2).mean()))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=400)
    parser.add_argument("--clips", type=int, default=200)
    parser.add_argument("--numbers", type=int, nargs="*", choices=TOKENS, default=[*TOKENS], help="a token")
    parser.add_argument("--quick", action="store_true", help="a few steps and clips: does it run?")
    add_argument(parser)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    steps, count, tested = (4, 8, 2) if arguments.quick else (arguments.steps, arguments.clips, 12)
    world, codec = worlds.make("Juice"), Codec.from_pretrained("worlds")

    def record(seeds: range) -> list[Clip]:
        return [world.record(seed=seed, seconds=3.0, fps=10.0, size=64) for seed in seeds]

    clips, held_out = record(range(count)), record(range(FIRST, FIRST + tested))
    with Table("predicts", arguments.save) as table, TemporaryDirectory() as folder:
        through = [reconstruct(codec, clip.frames) for clip in held_out]
        for channels in arguments.numbers:
            for what in PREDICTS:
                phase = Phase(steps, 16, 3e-3, muon=True, warmup=min(50, steps), ema=0.99, sample_every=10**6)
                own = replace(
                    preset("small"), transport=phase, window=24, context=8, token_frames=TOKENS[channels],
                    predicts=what, width=WIDTH, depth=4, heads=3,
                )  # fmt: skip
                result = train(clips, own, Path(folder) / f"{channels}_{what}", held_out=held_out[:1], codec=codec)
                model = Simulator.from_pretrained(result.model)
                made = [model(c.caption, seconds=2.4, seed=k, transport="flow").frames for k, c in enumerate(held_out)]
                table.add(
                    {
                        "numbers a token": channels,
                        "predicts": what,
                        "steps": steps,
                        "grain": round(float(np.mean([grain(f) for f in made])), 2),
                        "off the wall": round(
                            float(np.mean([off(f, c.frames) for f, c in zip(made, held_out, strict=True)])), 2
                        ),
                        "codec's grain": round(float(np.mean([grain(f) for f in through])), 2),
                    }
                )


if __name__ == "__main__":
    main()
