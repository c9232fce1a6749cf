"""The recipe of the codec's decoder: the half that draws, trained further on the latents as they are.

    python recipes/decoder.py --begin runs/codec/model  # what recipes/codec.py wrote; stops and goes on at any moment
    python recipes/decoder.py --begin runs/codec/model --ship  # into the package

Latents stay what they were, so what was trained on them (experts, paths) stays valid. Whole pictures are taught, as
they are drawn, where `recipes/codec.py` taught crops of 32 pixels; the worlds that it drew worst more often; and some
clips of 128 x 128.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor, nn

import codec as whole
from cuspworld.codec.autoencoder import CONTEXT
from cuspworld.codec.autoencoder_codec import AutoencoderCodec
from cuspworld.codec.codec import to_tensor
from cuspworld.simulator.folder import DEFAULT
from cuspworld.training.codec import picture_loss
from cuspworld.training.loop import Process, Trainer
from cuspworld.training.presets import Phase

SEED = 1
PHASE = Phase(9000, batch=6, learning_rate=5e-3, muon=True, warmup=100, ema=0.998, sample_every=1000, save_every=250)
LENGTH = CONTEXT + 6  # frames of a window; the first are not judged, but where the clip begins with them
NOISE = 0.05  # most noise of a window's latents: those that are drawn are not exact
DECIBEL = 0.05  # weight of the logarithm of the error: what is drawn well is drawn better too
SHARES = {
    "Juice": 0.12, "Puppies": 0.22, "Collision": 0.05, "WindTunnel": 0.10, "Candles": 0.06, "Chair": 0.08, "Ant": 0.07,
    "Treadmill": 0.06, "CoffeeCup": 0.06, "Snow": 0.03, "Planets": 0.06, "Heat": 0.02, "real": 0.07,
}  # fmt: skip
LARGE, LARGE_SHARES = (
    {"Juice": 100, "Puppies": 60, "Collision": 60},
    {"Juice": 0.03, "Puppies": 0.02, "Collision": 0.01},
)


class Windows(whole.Windows):
    """Windows of whole pictures, each with its latents."""

    def __init__(self, sources: dict[str, whole.Source], shares: dict[str, float], codec: AutoencoderCodec):
        super().__init__(sources, shares)
        with torch.inference_mode():
            self.latents = [
                [codec.encode(to_tensor(frames)[None])[0].half() for frames in source.frames] for source in self.sources
            ]

    def pairs(self, step: int, size: int) -> list[tuple[Tensor, Tensor, int]]:
        """(latents, frames, first frame that is judged) of each window."""
        found = []
        for place, draw in self.drawn(step, size):
            index, start = self.start(place, draw, LENGTH)
            cut = slice(start, start + LENGTH)
            frames = to_tensor(self.sources[place].frames[index][cut])
            found.append((self.latents[place][index][cut].float(), frames, CONTEXT if start else 0))
        return found


class DecoderObjective(nn.Module):
    """Latents and frames -> loss of what the decoder makes of the latents."""

    def __init__(self, codec: AutoencoderCodec):
        super().__init__()
        self.codec = codec
        for parameter in codec.autoencoder.parameters():
            parameter.requires_grad_(False)
        for part in (codec.autoencoder.decoder_latents, codec.autoencoder.decoder_frames):
            for parameter in part.parameters():
                parameter.requires_grad_(True)

    def forward(
        self, batch: tuple[list[tuple[Float[Tensor, "t i j c"], Float[Tensor, "t h w 3"], int]], int]
    ) -> tuple[Float[Tensor, ""], dict[str, Tensor]]:
        windows, seed = batch
        generator = torch.Generator().manual_seed(seed)
        losses = []
        for shape in dict.fromkeys(frames.shape for _, frames, _ in windows):
            these = [window for window in windows if window[1].shape == shape]
            latents = torch.stack([latents for latents, _, _ in these])
            level = NOISE * torch.rand(len(these), 1, 1, 1, 1, generator=generator)
            made = self.codec.decode(latents + level * torch.randn(latents.shape, generator=generator)).float()
            for output, (_, frames, first) in zip(made, these, strict=True):
                output, frames = output[None, first:], frames[None, first:]
                pixels, edges = picture_loss(output, frames)
                losses.append(pixels + edges + DECIBEL * (output - frames).square().mean().clamp_min(1e-6).log())
        loss = torch.stack(losses).mean()
        return loss, {"pixels": loss.detach()}


def train(folder: Path, begin: Path, steps: int, run: bool) -> AutoencoderCodec:
    """The codec with its decoder as far as it is trained; with `run` to the last step."""
    codec = AutoencoderCodec.from_pretrained(begin).float()
    codec.autoencoder.requires_grad_(True)
    windows = None
    if run:
        sources = {
            name: whole.real(folder, False) if name == "real" else whole.recorded(folder, name, range(count))
            for name, (_, count) in whole.SHARES.items()
        }
        shares = dict(SHARES)
        for name, count in LARGE.items():
            sources[f"{name} large"] = whole.recorded(folder, name, range(count), 2 * whole.SIZE)
            shares[f"{name} large"] = LARGE_SHARES[name]
        windows = Windows(sources, shares, codec)
    phase = replace(PHASE, steps=steps)

    def batch(step: int, process: Process) -> tuple[list[tuple[Tensor, Tensor, int]], int]:
        assert windows is not None
        return windows.pairs(step, phase.batch)[process.share(phase.batch)], SEED * 1_000_003 + step

    place = folder / "decoder"
    place.mkdir(exist_ok=True)
    trainer = Trainer("decoder", DecoderObjective(codec), batch, phase, place, process=Process(), bfloat16=True)
    trainer.on_sample = lambda step: report(codec, folder, step)
    trainer.resume()
    if run:
        if trainer.step == 0:
            report(codec, folder, 0)
        trainer.run()
    trainer.use_average()
    print(f"step {trainer.step}")
    return codec.eval()


def report(codec: AutoencoderCodec, folder: Path, step: int) -> None:
    """PSNR of each world's clips that were never taught."""
    rows = whole.measure(codec, folder)
    print(f"step {step}: " + ", ".join(f"{name} {value:.2f}" for name, _, value, *_ in rows), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, default=Path("runs/codec"))
    parser.add_argument("--begin", type=Path, default=DEFAULT / "codec", help="a codec's folder")
    parser.add_argument("--steps", type=int, default=PHASE.steps, help="the learning rate ends at the last one")
    parser.add_argument("--ship", action="store_true", help="what is trained so far, into the package")
    parser.add_argument("--into", type=Path, default=DEFAULT, help="into a copy of the shipped model instead")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    arguments.folder.mkdir(parents=True, exist_ok=True)
    codec = train(arguments.folder, arguments.begin, arguments.steps, not arguments.ship)
    if arguments.ship:
        codec.save_pretrained(arguments.into / "codec", torch.float16)


if __name__ == "__main__":
    main()
