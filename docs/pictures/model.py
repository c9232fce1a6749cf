"""What the shipped model makes, as README.md shows it: a row a prompt, seeds 0 to 3 from left to right, nothing chosen.

python docs/pictures/model.py
"""

import argparse
import warnings
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageDraw

from cuspworld import Simulator

PROMPTS = (
    "A glass of red juice is pushed hard and tips over.",
    "A glass of green juice is pushed gently; it rocks and stands.",
    "A big orange ball and a small blue ball collide.",
    "Four purple candles are blown out.",
    "A green chair falls over backwards.",
    "Three puppies romp over the grass.",
    "A lump of snow falls on a steep slope above a fox and sets off an avalanche.",
)
SEEDS, SECONDS, TIMES, LINE = range(4), 2.0, 2, 14  # a frame is shown `TIMES` as large, under a line of text
PLACE = Path(__file__).with_name("model.webp")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="default")
    parser.add_argument("-o", "--output", type=Path, default=PLACE)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    simulator = Simulator.from_pretrained(arguments.model)
    rows = []
    for prompt in PROMPTS:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            clips = [simulator(prompt, seconds=SECONDS, seed=seed).frames for seed in SEEDS]
        frames = np.concatenate(clips, axis=2).repeat(TIMES, axis=1).repeat(TIMES, axis=2)  # (t, h, w, 3)
        line = Image.new("RGB", (frames.shape[2], LINE), "white")
        ImageDraw.Draw(line).text((4, 1), prompt, "black")
        rows += [np.broadcast_to(np.asarray(line), (len(frames), LINE, frames.shape[2], 3)), frames]
    pictures = [Image.fromarray(picture) for picture in np.concatenate(rows, axis=1)]
    pause = [100] * (len(pictures) - 1) + [1000]  # ms; the end is looked at longer
    shown = {"save_all": True, "append_images": pictures[1:], "duration": pause, "loop": 0, "quality": 70, "method": 6}
    pictures[0].save(arguments.output, **shown)
    print(arguments.output)


if __name__ == "__main__":
    main()
