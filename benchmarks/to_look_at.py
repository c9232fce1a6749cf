"""Clips for a person to read before any detector does: a video of them, one after another, and a sheet of each.

    python benchmarks/to_look_at.py -o FOLDER --world Candles --first 91000000 --clips 25
    python benchmarks/to_look_at.py -o FOLDER --world Juice --first 92000000 --clips 20 --quick

Prompts are captions of unseen clips, of the seeds from --first on; the k-th clip has the seed k. FOLDER/WORLD.mp4, in
which nothing is lost, goes to looked_at/; FOLDER/WORLD.tsv has the prompts. A sheet shows every frame of a clip, four
times as large, with its number, and not the prompt: what was asked for should not tell what is seen.
"""

import argparse
import warnings
from pathlib import Path

import av
import numpy as np
import torch
from PIL import Image, ImageDraw

from cuspworld import Simulator, worlds
from cuspworld.files import written_whole

EACH, FPS, LARGER, ACROSS, LABEL = 20, 10.0, 4, 5, 14  # frames a clip, a second; times; frames a row; pixels


def sheet(frames: np.ndarray) -> Image.Image:
    """Frames (time, height, width, 3) in rows, each under its number."""
    high, wide = (LARGER * side for side in frames.shape[1:3])
    rows = -(-len(frames) // ACROSS)
    whole = Image.new("RGB", (ACROSS * (wide + 4), rows * (high + LABEL)), "white")
    for k, frame in enumerate(frames):
        left, top = k % ACROSS * (wide + 4), k // ACROSS * (high + LABEL)
        ImageDraw.Draw(whole).text((left + 2, top + 1), str(k), "black")
        whole.paste(Image.fromarray(frame).resize((wide, high), Image.Resampling.NEAREST), (left, top + LABEL))
    return whole


def write(path: Path, frames: np.ndarray) -> None:
    """The frames (time, height, width, 3) and nothing else: no colour is lost, as it is in what `Clip.write` writes."""
    with written_whole(path) as aside, av.open(aside, "w", format="mp4") as container:
        stream = container.add_stream("libx264rgb", rate=int(FPS), options={"crf": "0", "preset": "veryslow"})
        stream.height, stream.width = frames.shape[1:3]
        stream.pix_fmt = "rgb24"
        for frame in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        container.mux(stream.encode())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--model", default="default")
    parser.add_argument("--world", required=True, choices=worlds.names())
    parser.add_argument("--first", type=int, required=True, help="seed of the first clip whose caption is a prompt")
    parser.add_argument("--clips", type=int, default=25)
    parser.add_argument("--quick", action="store_true", help="two clips")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    simulator, made = Simulator.from_pretrained(arguments.model), worlds.make(arguments.world)
    folder, name = arguments.output, arguments.world.lower()
    folder.mkdir(parents=True, exist_ok=True)
    lines, drawn = ["seed\tnumber\tprompt"], []
    for number in range(2 if arguments.quick else arguments.clips):
        seed = arguments.first + number
        prompt = made.record(seed=seed, seconds=EACH / FPS, fps=FPS, size=64).caption
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a warning tells of the prompt, which is not to be known yet
            drawn.append(simulator(prompt, seconds=EACH / FPS, seed=number).frames)
        lines.append(f"{seed}\t{number}\t{prompt}")
    (folder / f"{name}.tsv").write_text("\n".join(lines) + "\n")
    write(folder / f"{name}.mp4", np.concatenate(drawn))
    for number, frames in enumerate(drawn):
        sheet(frames).save(folder / f"{name}-{number:02d}.png")


if __name__ == "__main__":
    main()
