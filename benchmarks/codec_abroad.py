"""The codec of the worlds where it was not made: other seeds, rates and sizes, and real video that it never saw.

    python benchmarks/codec_abroad.py [--beside NAME=FOLDER ...]

PSNR in dB of the codec "worlds", of others that are named, and of a thumbnail of as many numbers, enlarged.
Juice: frames between push and impact alone. Real: every twelfth clip of unstated licence, never taught.
"""

import argparse
import csv
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import torch

from cuspworld import Clip, worlds
from cuspworld.codec.codec import Codec, psnr, reconstruct
from results import Table, add_argument

FIRST = 3_000_000  # seeds that no recipe uses
CASES = (("Juice", 10.0, 64), ("Juice", 24.0, 64), ("Juice", 10.0, 128), ("Puppies", 24.0, 128),
         ("WindTunnel", 24.0, 128), ("Ant", 24.0, 128), ("real", 10.0, 64), ("real", 24.0, 128))  # fmt: skip


def clips(name: str, fps: float, size: int) -> list[np.ndarray]:
    if name == "real":
        folder = Path(os.environ.get("CUSPWORLD_DATA", "../shared/data")) / "foreign"
        rows = list(csv.DictReader((folder / "MANIFEST.tsv").open(), delimiter="\t"))
        chosen = [row for row in rows if row["kind"] == "real" and row["licence"].startswith("unknown")][::12]
        paths = [next(folder.rglob(row["file"])) for row in chosen]
        return [Clip.read(path, size=(size, size), fps=fps, seconds=1.5).frames for path in paths]
    if name != "Juice":
        return [worlds.make(name).record(FIRST + k, seconds=1.0, fps=fps, size=size).frames for k in range(3)]
    passages = []
    for k in range(8):
        clip = worlds.make(name).record(FIRST + k, seconds=2.0, fps=fps, size=size)
        at = {event.name: event.time for event in clip.truth.events}
        if "impact" in at:
            passages.append(clip.frames[int(at["push"] * fps) + 1 : int(at["impact"] * fps) + 2])
    return passages


def thumbnail(frames: np.ndarray) -> np.ndarray:
    """Each frame as an RGB picture of as many numbers as its latent has (16 for 8 x 8 pixels), enlarged again."""
    height, width = frames.shape[1:3]
    side = round((height * width / 64 * 16 / 3) ** 0.5)
    small = [cv2.resize(frame, (side, side), interpolation=cv2.INTER_AREA) for frame in frames]
    return np.stack([cv2.resize(frame, (width, height), interpolation=cv2.INTER_CUBIC) for frame in small])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="the first case alone")
    parser.add_argument("--beside", action="append", default=[], metavar="NAME=FOLDER", help="another codec")
    add_argument(parser)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    ways: dict[str, Callable[[np.ndarray], np.ndarray]] = {
        "worlds": partial(reconstruct, Codec.from_pretrained("worlds"))
    }
    for name, _, folder in (told.partition("=") for told in arguments.beside):
        ways[name] = partial(reconstruct, Codec.from_pretrained(folder))
    ways["thumbnail"] = thumbnail
    with Table("codec_abroad", arguments.save) as table:
        for name, fps, size in CASES[:1] if arguments.quick else CASES:
            found = clips(name, fps, size)
            figures = {way: round(float(np.mean([psnr(f, make(f)) for f in found])), 2) for way, make in ways.items()}
            table.add({"clips of": name, "number": len(found), "fps": fps, "pixels": size, **figures})


if __name__ == "__main__":
    main()
