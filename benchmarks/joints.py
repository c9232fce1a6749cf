"""Does a chunk's joint show? The change from frame to frame across joints over the change elsewhere, kind by kind.

    python benchmarks/joints.py [--model FOLDER] [--clips 8] [--first 2000000] [--seconds 10] [--quick] [--save]

Change: mean absolute difference of two frames, in grey levels, over pixels that change anywhere in the clip. A chunk is
faded into the next over a token: across a joint is the largest of the changes from the first faded frame to the first
that is all new, each a mean over the joints and clips (so it is a little above "elsewhere" by chance). The first chunk
is left out of "elsewhere": events crowd there. 1.0 is a joint that cannot be told; true clips have no joints, and
their row says how far the ratio of the same frames strays by chance. Token: the changes across the borders of tokens,
which were drawn apart, over those inside. Beside it the same clips where nothing is held at rest
(`simulator/rest.py`), those without the last look of a window (`simulator/window.py`) too, and these with each frame
averaged with its neighbours (1:2:1), the simplest cure of flicker; no true state: the share of frames that the world's
detector calls so, of ten seconds, since a cure must not blend.
"""

import argparse
import warnings
from unittest import mock

import numpy as np
import torch

from cuspworld import Simulator, worlds
from cuspworld.detectors import detector
from cuspworld.detectors import names as names_of_detectors
from cuspworld.simulator import chunks
from cuspworld.simulator.window import Window
from results import Table, add_argument

FIRST = 2_000_000  # seed of the first clip whose caption is the prompt


def changes(frames: np.ndarray) -> np.ndarray:
    """The change from each frame to the next."""
    moves = np.abs(np.diff(frames.astype(np.float32), axis=0)).mean(-1)
    changing = moves.max(0) > 2
    return np.asarray(moves[:, changing].mean(1) if changing.any() else moves.mean((1, 2)))


def row(clips: list[np.ndarray], first: int, every: int, faded: int, each: int) -> dict[str, float]:
    """Of clips whose chunks begin at the frame `first` and every `every` later, faded over `faded` frames."""
    moves = np.mean([changes(frames) for frames in clips], axis=0)  # from frame k to k + 1
    phase = (np.arange(len(moves)) + 1 - first) % every  # 0: to the first new frame
    later = np.arange(len(moves)) + 1 >= first
    near = (phase <= faded) & later
    at = max(float(moves[(phase == k) & later].mean()) for k in range(faded + 1))
    away = later & ~near
    border = (np.arange(len(moves)) + 1 - first + faded) % each == 0
    elsewhere = float(moves[away].mean())
    return {
        "across joints": round(at, 2),
        "elsewhere": round(elsewhere, 2),
        "ratio": round(at / max(elsewhere, 1e-6), 2),
        "token": round(float(moves[away & border].mean()) / max(float(moves[away & ~border].mean()), 1e-6), 2),
    }


def averaged(frames: np.ndarray) -> np.ndarray:
    """Each frame with its neighbours, 1:2:1."""
    wide = np.concatenate([frames[:1], frames, frames[-1:]]).astype(np.float32)
    return np.round((wide[:-2] + 2 * wide[1:-1] + wide[2:]) / 4).astype(np.uint8)


def unheld(latents: torch.Tensor, *told: object) -> torch.Tensor:
    """In the place of `at_rest`."""
    return latents


def unlooked(window: Window, latents: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """In the place of `Window.looked_at_again`."""
    return latents


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="default")
    parser.add_argument("--clips", type=int, default=8)
    parser.add_argument("--first", type=int, default=FIRST, help="seed of the first clip whose caption is the prompt")
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--quick", action="store_true", help="one kind, two clips of four seconds")
    add_argument(parser)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    simulator = Simulator.from_pretrained(arguments.model)
    config, stride = simulator.config, simulator.codec.temporal_stride
    known = (config.context - 1) * stride + 1
    each = max(config.token_frames * stride, 1)
    faded = config.token_frames if stride == 1 < config.token_frames < config.context else 0
    names = [kind.name for kind in simulator.kinds if kind.name in worlds.names()] or ["Collision", "Juice", "Puppies"]
    names, count, seconds = (names[:1], 2, 4.0) if arguments.quick else (names, arguments.clips, arguments.seconds)
    with Table("joints", arguments.save) as table:
        for name in names:
            world = worlds.make(name)
            found: dict[str, list[np.ndarray]] = {
                "generated": [],
                "not held at rest": [],
                "without the last look": [],
                "true": [],
            }
            for seed in range(arguments.first, arguments.first + count):
                true = world.record(seed=seed, seconds=seconds, fps=config.fps, size=config.height)
                found["true"].append(true.frames)
                found["generated"].append(simulator(true.caption, seconds=seconds, seed=seed).frames)
                with mock.patch.object(chunks, "at_rest", unheld):
                    found["not held at rest"].append(simulator(true.caption, seconds=seconds, seed=seed).frames)
                    with mock.patch.object(Window, "looked_at_again", unlooked):
                        made = simulator(true.caption, seconds=seconds, seed=seed)
                found["without the last look"].append(made.frames)
            found["without it, averaged 1:2:1"] = [averaged(frames) for frames in found["without the last look"]]
            reader = detector(name) if name in names_of_detectors() else None
            for what, frames in found.items():
                told: dict[str, float | None] = dict(
                    row(frames, config.window - faded, config.window - known, faded, each)
                )
                told["no true state %"] = None
                if reader is not None:
                    told["no true state %"] = round(100 * float(np.mean([reader(f, 10.0).mixed for f in frames])), 1)
                table.add({"clips of": name, "which": what, "number": count, **told})


if __name__ == "__main__":
    main()
