"""Does guidance along the path hold where its scales were not chosen: longer clips, other rates and sizes, own words?

    python benchmarks/guided.py                       # 12 captions a row of Puppies, Collision and Candles
    python benchmarks/guided.py --quick

With each world's own scales, and with none (both scales 1), the same captions and seeds; of true clips beside them, of
the same length, rate and size, through the codec. Shares of frames of no true state in percent, by the world's detector
(docs/detectors.md says how far to trust it). Own words: four prompts that tell no time, of which the detector reads
whether a breath is seen before the first flame goes out, and two in which nobody is to blow.
"""

from __future__ import annotations

import argparse
import warnings

import numpy as np
import torch

from cuspworld import worlds
from cuspworld.codec.codec import reconstruct
from cuspworld.detectors import detector
from cuspworld.simulator.simulator import Simulator
from results import Table, add_argument

WORLDS = ("Puppies", "Collision", "Candles")
WAYS = {"2 s": (2.0, 10.0, 64), "6 s": (6.0, 10.0, 64), "24 a second": (2.0, 24.0, 64), "128 x 128": (2.0, 10.0, 128)}
NONE = {"sketch_guidance_scale": 1.0, "action_guidance_scale": 1.0}
BLOWN = (
    "Someone blows out the birthday candles.",
    "A face blows hard at five candles and they all go out.",
    "有人吹灭了三支蜡烛。",
    "A child blows out four yellow candles on the cake.",
)
UNBLOWN = ("Candles burn quietly on a cake; nobody blows.", "Three candles burn; no one is there to blow.")


def no_true_state(model: Simulator, name: str, way: str, first: int, count: int) -> list[float]:
    """In per cent: of true clips through the codec, without guidance, with it."""
    (seconds, fps, size), reader, world = WAYS[way], detector(name), worlds.make(name)
    shares = []
    for seed in range(first, first + count):
        clip = world.record(seed=seed, seconds=seconds, fps=fps, size=size)
        asked = {"seconds": seconds, "fps": fps, "size": size, "seed": seed}
        drawn = [model(clip.caption, **asked, **scales).frames for scales in (NONE, {})]
        seen = [reconstruct(model.codec, clip.frames), *drawn]
        shares.append([100 * float(reader(frames, fps).mixed.mean()) for frames in seen])
    return np.mean(shares, axis=0).round(1).tolist()


def own_words(model: Simulator, first: int, count: int) -> list[list[int]]:
    """Of `count` clips a prompt, without guidance and with it: with flames that go out, with a breath before them, with
    a breath where nobody is to blow."""
    reader, rows = detector("Candles"), []
    for scales in (NONE, {}):
        seen = [reader(model(text, seed=first + k, **scales).frames, 10.0) for text in BLOWN for k in range(count)]
        calm = [reader(model(text, seed=first + k, **scales).frames, 10.0) for text in UNBLOWN for k in range(count)]
        out = [reading for reading in seen if reading.out_at]
        rows.append([len(out), sum(not r.uncaused for r in out), sum(bool(r.blowing.any()) for r in calm)])
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--first", type=int, default=15_000_000, help="seed of the first caption's clip")
    parser.add_argument("--clips", type=int, default=12)
    parser.add_argument("--quick", action="store_true", help="one clip")
    add_argument(parser)
    arguments = parser.parse_args()
    count, few = (1, 1) if arguments.quick else (arguments.clips, 4)
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    model = Simulator.from_pretrained("default")
    with Table("guided", arguments.save) as table:
        for name in WORLDS[: 1 if arguments.quick else None]:
            for way in WAYS:
                true, plain, guided = no_true_state(model, name, way, arguments.first, count)
                table.add({
                    "world": name, "what": f"{way}: no true state, %", "of": count,
                    "true, through the codec": true, "without guidance": plain, "with it": guided,
                })  # fmt: skip
        told = ("flames go out", "a breath before the first", "nobody is to blow, and a breath is seen")
        for what, plain, guided in zip(told, *own_words(model, arguments.first, few), strict=True):
            of = few * len(UNBLOWN if what == told[2] else BLOWN)
            table.add({
                "world": "Candles", "what": f"own words: {what}", "of": of,
                "true, through the codec": None, "without guidance": plain, "with it": guided,
            })  # fmt: skip


if __name__ == "__main__":
    main()
