"""Is the codec continuous both ways? A small change of a world, and what it does to frames, latents and decoded frames.

    python benchmarks/continuity.py [--pairs 12] [--quick]
    python benchmarks/continuity.py --folds [--quick]

A world is recorded twice from one seed, one of its parameters (each in turn) moved by a hundredth of its range.
Per frame that differs: the step of the latents over the step of the frames, and the step of the decoded frames over the
step of the latents, all root mean squares (frames from 0 to 1, latents of unit variance). A map is bi-Lipschitz where
these ratios are bounded both ways: the spread is the 95th percentile over the 5th. Across a fold (another outcome by
truth) the world itself jumps: the last columns give its largest step of a frame there, and elsewhere.

`--folds` looks for the jump: of seeds in turn, a parameter whose two ends have two outcomes is halved until both sides
are within a ten-thousandth of its range (at one frame rate: so near, the outcome hangs on the solver's steps). There
the step of the last frame (six seconds: close to a fold all is slow), of its latents and of the decoded frame, each
over the larger of what as small a change does on either side: about 1 were a continuous world.
"""

import argparse

import numpy as np
import torch

from cuspworld import worlds
from cuspworld.clip import Clip
from cuspworld.codec.codec import Codec, to_tensor
from results import Table, add_argument

FIRST = 4_000_000  # seeds that no recipe uses
SECONDS, FPS, SHARE = 2.0, 10.0, 0.01
LONG, NEAR = 6.0, 1e-4  # seconds in which outcomes show; how near the sides of a fold are brought, of the range
LEAST = 0.002  # step of a frame that counts, root mean square from 0 to 1: half a grey level


def pairs(name: str, count: int):  # type: ignore[no-untyped-def]
    """(frames, frames of the world that was moved a little, whether the outcome is another)."""
    free = [p for p in worlds.make(name).parameters if p.train and p.default is None and not p.integer]
    for k in range(count):
        parameter = free[k % len(free)]
        low, high = parameter.train or (0.0, 0.0)
        at = float(np.random.default_rng([FIRST, k]).uniform(low, high - SHARE * (high - low)))
        clips = [
            worlds.make(name, **{parameter.name: value}).record(FIRST + k, seconds=SECONDS, fps=FPS)
            for value in (at, at + SHARE * (high - low))
        ]
        told = [clip.truth.branch for clip in clips if clip.truth is not None]
        yield clips[0].frames, clips[1].frames, told[0] != told[1]


def sides(name: str, seed: int) -> tuple[str, float, float, float] | None:
    """(parameter, its value on one side of a fold, on the other, its range), of the first that has one at this seed."""
    free = [p for p in worlds.make(name).parameters if p.train and p.default is None and not p.integer]
    for parameter in free:
        low, high = parameter.train or (0.0, 0.0)
        least, width = branch(name, seed, parameter.name, low), high - low
        if least == branch(name, seed, parameter.name, high):
            continue
        while high - low > NEAR * width:
            middle = (low + high) / 2
            if branch(name, seed, parameter.name, middle) == least:
                low = middle
            else:
                high = middle
        return parameter.name, low, high, width
    return None


def clip(name: str, seed: int, parameter: str, value: float) -> Clip:
    return worlds.make(name, **{parameter: value}).record(seed, seconds=LONG, fps=FPS)


def branch(name: str, seed: int, parameter: str, value: float) -> str:
    truth = clip(name, seed, parameter, value).truth
    assert truth is not None
    return str(truth.branch)


def jump(codec: Codec, name: str, seeds: range, table: Table) -> None:
    """A row of the first seed at which some parameter of the world has a fold."""
    for seed in seeds:
        if (found := sides(name, seed)) is None:
            continue
        parameter, low, high, width = found
        across = last(codec, name, seed, parameter, low, high)
        near = high - low
        beside = [last(codec, name, seed, parameter, value, value + near) for value in (low - near, high)]
        names = ("frames", "latents", "decoded")
        ratios = across / np.maximum(np.max(beside, axis=0), 1e-9)
        jumps = {f"jump of {what}": float(ratio) for what, ratio in zip(names, ratios, strict=True)}
        apart = (high - low) / width
        table.add({"world": name, "seed": seed, "parameter": parameter, "apart": apart, **jumps})
        return
    table.add({"world": name, "seed": None, "parameter": f"no fold at {len(seeds)} seeds", "apart": None})


def last(codec: Codec, name: str, seed: int, parameter: str, one: float, other: float) -> np.ndarray:
    """The step between the last frames of two clips, of their latents, and of those decoded."""
    a, b = (to_tensor(clip(name, seed, parameter, value).frames) for value in (one, other))
    za, zb = codec.encode(a[None])[0], codec.encode(b[None])[0]
    decoded = step(codec.decode(za[None])[0] / 2, codec.decode(zb[None])[0] / 2)
    return np.array([step(a / 2, b / 2)[-1], step(za, zb)[-1], decoded[-1]])


def step(a: torch.Tensor, b: torch.Tensor) -> np.ndarray:
    """Root mean square step of each frame."""
    return (a - b).square().flatten(1).mean(1).sqrt().numpy()


def spread(ratios: np.ndarray) -> float:
    low, high = np.percentile(ratios, (5, 95))
    return float(high / max(low, 1e-9))


@torch.inference_mode()
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=12, help="of each world")
    parser.add_argument("--codec", default="worlds", help="a codec's folder, or the one of the package")
    parser.add_argument("--folds", action="store_true", help="only the jumps across folds")
    parser.add_argument("--quick", action="store_true", help="two pairs of two worlds")
    add_argument(parser)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    codec = Codec.from_pretrained(arguments.codec)
    chosen, count = (["Juice", "Collision"], 2) if arguments.quick else (list(worlds.names()), arguments.pairs)
    if arguments.folds:
        with Table("continuity_folds", arguments.save) as table:
            for name in ["Juice"] if arguments.quick else worlds.names():
                jump(codec, name, range(FIRST, FIRST + 4), table)
        return
    with Table("continuity", arguments.save) as table:
        for name in chosen:
            steps = []
            for first, second, folds in pairs(name, count):
                a, b = (to_tensor(frames) for frames in (first, second))
                za, zb = codec.encode(a[None])[0], codec.encode(b[None])[0]
                decoded = step(codec.decode(za[None])[0] / 2, codec.decode(zb[None])[0] / 2)
                steps += [(*row, folds) for row in zip(step(a / 2, b / 2), step(za, zb), decoded, strict=True)]
            x, z, y, folds = np.array(steps).T
            moves = (x > LEAST) & (folds == 0)
            row = {"world": name, "pairs": count, "frames that differ": int(moves.sum())}
            if moves.any():
                row |= {
                    "latents / frames": float(np.median(z[moves] / x[moves])),
                    "spread": spread(z[moves] / x[moves]),
                    "decoded / latents": float(np.median(y[moves] / z[moves])),
                    "spread back": spread(y[moves] / z[moves]),
                    "largest step": float(x[moves].max()),
                }
            across = x[folds == 1]
            row["largest step across a fold"] = float(across.max()) if len(across) else "none crossed"
            table.add(row)


if __name__ == "__main__":
    main()
