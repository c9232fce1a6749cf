"""Is a clip of another size or rate drawn as well as one that is scaled? Formats that were taught, each both ways.

    python benchmarks/formats.py [--model FOLDER] [--world Juice] [--prompts 40] [--first 95000000] [--sheet FILE]
                                 [--quick] [--save]

Prompts are captions of unseen clips, two seconds. "drawn": in the format itself; "scaled": at the model's own size and
rate, then scaled, cropped and repeated as for a format that was not taught; "codec": true clips of the format through
the codec; "true": as recorded. By the world's detector, which sees the square in the middle at 64 pixels: what was
asked, frames of no true state, falls without a readable tipping frame. "sharp": mean absolute difference of
neighbouring pixels over that of the true clips. "beside": the difference (grey levels) between what stands outside the
square in the middle and what stands there in the true clip, of a wide or high format. "still": the share of frames that
are those before again, and "within": a fall's time against the one that its caption tells, in seconds, mean. CPU s: of
making a clip. "copy": the same clip as at 64 pixels in another size? The mean difference, in grey levels, between the
middle of a drawn clip, at 64 pixels, and the clip of the own format of the same prompt and seed.
"""

import argparse
import time
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from cuspworld import Simulator, worlds
from cuspworld.clip import Clip
from cuspworld.codec.codec import to_frames, to_tensor
from cuspworld.detectors import detector
from cuspworld.simulator.formats import Format, Framing
from folds import QUESTIONS, Wish
from results import Table, add_argument, wilson

FIRST = 95_000_000
SECONDS, SHOWN = 2.0, 4  # clips of each format on a sheet
ASKED = {"Juice": ("outcome as asked", "colour as asked"), "Candles": ("number of candles as asked",)}


def of_one_format(model: str) -> Simulator:
    """The model, whose experts draw their own format alone."""
    plain = Simulator.from_pretrained(model)
    for expert in plain.experts:
        expert.transformer.config = replace(expert.transformer.config, formats=())
    return plain


def through(simulator: Simulator, clip: Clip) -> np.ndarray:
    with torch.inference_mode():
        return np.asarray(to_frames(simulator.codec.decode(simulator.codec.encode(to_tensor(clip.frames)[None])))[0])


def sharpness(frames: np.ndarray) -> float:
    grey = frames.astype(np.float32).mean(-1)
    return float(np.abs(np.diff(grey, axis=1)).mean() + np.abs(np.diff(grey, axis=2)).mean())


def beside(frames: np.ndarray, true: np.ndarray) -> float:
    """Outside the square in the middle; 0 where there is nothing."""
    height, width = frames.shape[1:3]
    side = min(height, width)
    outside = np.ones((height, width), bool)
    top, left = (height - side) // 2, (width - side) // 2
    outside[top : top + side, left : left + side] = False
    apart = np.abs(frames.astype(np.float32) - true)[:, outside]
    return float(apart.mean()) if apart.size else 0.0


def stays(frames: np.ndarray) -> float:
    """The share of frames that are those before again."""
    return float((frames[1:] == frames[:-1]).all((1, 2, 3)).mean())


def row(world: str, shown: Format, arm: str, made: list[dict[str, Any]]) -> dict[str, Any]:
    read = [detector(world)(one["frames"], shown.fps) for one in made]
    wished = [one["wish"] for one in made]
    right = [
        all(bool(QUESTIONS[world][what](w, seen)) for what in ASKED[world])
        for w, seen in zip(wished, read, strict=True)
    ]
    low, high = wilson(sum(right), len(right))
    mixed = [float(np.mean(seen.mixed)) for seen in read]
    found = {
        "world": world,
        "format": str(shown),
        "": arm,
        "asked": f"{sum(right)} of {len(right)} ({100 * low:.0f}-{100 * high:.0f} %)",
        "no true state": f"{100 * np.mean(mixed):.1f} %",
        "sharp": round(float(np.mean([sharpness(one["frames"]) / sharpness(one["true"]) for one in made])), 2),
        "beside": round(float(np.mean([beside(one["frames"], one["true"]) for one in made])), 1),
        "still": f"{100 * np.mean([stays(one['frames']) for one in made]):.0f} %",
        "CPU s": round(float(np.mean([one["took"] for one in made])), 2),
        "copy": round(float(np.mean([one["copy"] for one in made])), 1),
    }
    if world == "Juice":
        falls = [(w, seen) for w, seen in zip(wished, read, strict=True) if w.truth.fell_at is not None]
        found["unreadable falls"] = f"{sum(not seen.readable for _, seen in falls)} of {len(falls)}"
        late = [abs(seen.fell_at - w.truth.fell_at) for w, seen in falls if seen.fell_at is not None]
        found["within"] = round(float(np.mean(late)), 3) if late else None
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="default")
    parser.add_argument("--world", default="Juice", choices=list(ASKED))
    parser.add_argument("--prompts", type=int, default=40)
    parser.add_argument("--first", type=int, default=FIRST, help="seed of the first clip whose caption is the prompt")
    parser.add_argument("--sheet", type=Path, help="a picture of the first clips, drawn above scaled above true")
    parser.add_argument("--quick", action="store_true", help="two clips of one format")
    add_argument(parser)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    simulator = Simulator.from_pretrained(arguments.model)
    plain, world = of_one_format(arguments.model), worlds.make(arguments.world)
    number = [kind.name for kind in simulator.kinds].index(arguments.world)
    own, *others = simulator.formats(number)
    count = 2 if arguments.quick else arguments.prompts
    usual: dict[int, np.ndarray] = {}
    with Table("formats", arguments.save) as table:
        for shown in [own, *others][: 1 if arguments.quick else None]:
            size, framing = (shown.height, shown.width), Framing(shown, own)
            arms: dict[str, list[dict[str, Any]]] = {"drawn": [], "scaled": [], "codec": [], "true": []}
            for k in range(count):
                clip = world.record(seed=arguments.first + k, seconds=3.0, fps=shown.fps, size=size)
                true = clip.frames[: round(SECONDS * shown.fps)]
                assert clip.truth is not None
                cut = replace(
                    clip.truth, state=clip.truth.state[: len(true)], masks=clip.truth.masks[: len(true)],
                    action=None, conserved=None,
                )  # fmt: skip
                wish = Wish(clip, detector(arguments.world).truth(Clip(true, shown.fps, clip.caption, cut)))
                for arm in arms if shown != own else ("drawn", "codec", "true"):
                    started = time.process_time()
                    if arm in ("drawn", "scaled"):
                        model = simulator if arm == "drawn" else plain
                        frames = model(clip.caption, seconds=SECONDS, size=size, fps=shown.fps, seed=k).frames
                    else:
                        frames = true if arm == "true" else through(simulator, Clip(true, shown.fps))
                    took = time.process_time() - started
                    if shown == own and arm == "drawn":
                        usual[k] = frames
                    middle = framing.own_frames(frames).astype(np.float32)
                    copy = float(np.abs(middle - usual[k]).mean())
                    arms[arm].append({"frames": frames, "true": true, "wish": wish, "took": took, "copy": copy})
            for arm, made in arms.items():
                if made:
                    table.add(row(arguments.world, shown, arm, made))
            if arguments.sheet and shown != own:
                every = 2 * framing.pace
                strips = [
                    np.concatenate(list(arms[arm][k]["frames"][::every]), axis=1)
                    for k in range(min(SHOWN, count))
                    for arm in ("drawn", "scaled", "true")
                ]
                Image.fromarray(np.concatenate(strips)).save(
                    arguments.sheet.with_stem(f"{arguments.sheet.stem}_{str(shown).replace('@', '_')}")
                )


if __name__ == "__main__":
    main()
