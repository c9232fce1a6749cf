"""The recipe of the enlarger: what the codec draws at 64 pixels, taught to look as the worlds draw it at 128.

    python recipes/enlarger.py --folder runs/enlarger  # minutes on one thread; stops and goes on at any moment
    python recipes/enlarger.py --folder runs/enlarger --ship  # into the package
    python recipes/enlarger.py --folder runs/enlarger --measure  # PSNR on clips never taught, beside the cubic's

A world draws the same scene of a seed at any size. The picture that is taught from went through the codec, with up to
as much noise on its latents as its decoder was taught with: what is enlarged was drawn, not recorded. For a model of
your own: its codec (--codec FOLDER), its worlds in COUNTS, and --into its folder.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

import codec as whole
from cuspworld.codec.codec import Codec, psnr, to_frames, to_tensor
from cuspworld.codec.enlarger import TIMES, Enlarger
from cuspworld.simulator.folder import DEFAULT
from cuspworld.training.codec import picture_loss
from cuspworld.training.loop import Process, Trainer, step_generator
from cuspworld.training.presets import Phase
from cuspworld.video.frames import resize_frames

SEED = 2
PHASE = Phase(4500, batch=4, learning_rate=5e-3, muon=True, warmup=100, ema=0.998, sample_every=1000, save_every=250)
LENGTH = 3  # frames of a window: the loss sees what moves and what flickers
NOISE = 0.05  # most noise of a clip's latents
COUNTS = {"Juice": 100, "Puppies": 120, "Collision": 100, "Candles": 80, "Chair": 80}  # clips, seeds 0, 1, ...
HELD_OUT, HELD_OUT_CLIPS = 1_100_000, 4  # first seed of the clips that measure, and how many a world


@torch.inference_mode()
def drawn(codec: Codec, frames: np.ndarray, noise: float, seed: int) -> np.ndarray:
    """A recorded clip as the codec draws it, with so much noise on its latents."""
    latents = codec.encode(to_tensor(frames)[None])
    spread = noise * torch.randn(latents.shape, generator=torch.Generator().manual_seed(seed))
    return np.asarray(to_frames(codec.decode(latents + spread))[0])


class Windows(whole.Windows):
    """Windows of whole pictures, small as the codec draws them and large as recorded."""

    def __init__(self, folder: Path, codec: Codec):
        large = {name: whole.recorded(folder, name, range(n), TIMES * whole.SIZE) for name, n in COUNTS.items()}
        super().__init__(large, dict.fromkeys(COUNTS, 1 / len(COUNTS)))
        self.small = []
        for place, (name, count) in enumerate(COUNTS.items()):
            clips = whole.recorded(folder, name, range(count)).frames
            levels = NOISE * torch.rand(count, generator=step_generator(SEED, place))
            self.small.append([drawn(codec, clip, float(levels[k]), k) for k, clip in enumerate(clips)])

    def pairs(self, step: int, size: int, process: Process) -> tuple[Tensor, Tensor]:
        """(windows, frames, height, width, 3) and the same twice as large; every second window mirrored."""
        small, large = [], []
        for place, draw in self.drawn(step, size)[process.share(size)]:
            index, start = self.start(place, draw, LENGTH)
            way = slice(None, None, -1 if draw[3] < 0.5 else 1)
            small.append(self.small[place][index][start : start + LENGTH, :, way])
            large.append(self.sources[place].frames[index][start : start + LENGTH, :, way])
        return to_tensor(np.stack(small)), to_tensor(np.stack(large))


class EnlargerObjective(nn.Module):
    """Small and large frames -> loss of what is made of the small ones."""

    def __init__(self, enlarger: Enlarger):
        super().__init__()
        self.enlarger = enlarger

    def forward(
        self, batch: tuple[Float[Tensor, "b t h w 3"], Float[Tensor, "b t i j 3"]]
    ) -> tuple[Float[Tensor, ""], dict[str, Tensor]]:
        small, large = batch
        made = self.enlarger(small.flatten(0, 1)).unflatten(0, small.shape[:2]).float()
        pixels, edges = picture_loss(made, large)
        return pixels + edges, {"pixels": pixels.detach(), "edges": edges.detach()}


def measure(enlarger: Enlarger, codec: Codec, folder: Path) -> str:
    """PSNR of each world's clips that were never taught, and of their cubic enlargement."""
    rows = []
    for name in COUNTS:
        seeds = range(HELD_OUT, HELD_OUT + HELD_OUT_CLIPS)
        clips = whole.recorded(folder, name, seeds).frames, whole.recorded(folder, name, seeds, 2 * whole.SIZE).frames
        found = []
        for frames, large in zip(*clips, strict=True):
            small = drawn(codec, frames, 0.0, 0)
            found.append((psnr(large, enlarger.enlarge(small)), psnr(large, resize_frames(small, large.shape[1:3]))))
        rows.append(f"{name} {np.mean([a for a, _ in found]):.2f} ({np.mean([b for _, b in found]):.2f})")
    return ", ".join(rows)


def train(folder: Path, codec: Codec, steps: int, run: bool) -> Enlarger:
    """The enlarger as far as it is trained; with `run` to the last step."""
    torch.manual_seed(SEED)
    enlarger = Enlarger()
    windows = Windows(folder, codec) if run else None
    phase = replace(PHASE, steps=steps)

    def batch(step: int, process: Process) -> tuple[Tensor, Tensor]:
        assert windows is not None
        return windows.pairs(step, phase.batch, process)

    trainer = Trainer("enlarger", EnlargerObjective(enlarger), batch, phase, folder, process=Process(), bfloat16=False)
    trainer.on_sample = lambda step: print(f"step {step}: {measure(enlarger, codec, folder)}", flush=True)
    trainer.resume()
    if run:
        trainer.run()
    trainer.use_average()
    print(f"step {trainer.step}")
    return enlarger.eval()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, default=Path("runs/enlarger"))
    parser.add_argument("--steps", type=int, default=PHASE.steps, help="the learning rate ends at the last one")
    parser.add_argument("--codec", type=Path, default=DEFAULT / "codec", help="whose drawing is enlarged")
    parser.add_argument("--measure", action="store_true", help="only measure what is there")
    parser.add_argument("--ship", action="store_true", help="what is trained so far, into the package")
    parser.add_argument("--into", type=Path, default=DEFAULT, help="into another model's folder instead")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    arguments.folder.mkdir(parents=True, exist_ok=True)
    codec = Codec.from_pretrained(arguments.codec).eval()
    enlarger = train(arguments.folder, codec, arguments.steps, not (arguments.ship or arguments.measure))
    if arguments.ship:
        enlarger.save_pretrained(arguments.into / "enlarger", torch.float16)
    elif arguments.measure:
        print(measure(enlarger, codec, arguments.folder))


if __name__ == "__main__":
    main()
