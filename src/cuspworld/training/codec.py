"""Train the codec: error of pixels, weighed towards what moves and what has detail, error of their differences, and a
small KL term (beta-VAE, Higgins et al. 2017)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from cuspworld.clip import Clip
from cuspworld.codec.autoencoder_codec import AutoencoderCodec
from cuspworld.codec.codec import Codec, psnr, reconstruct, to_tensor
from cuspworld.training.data import ClipWindows, cut, shape_of, window_shape
from cuspworld.training.loop import Process, Trainer
from cuspworld.training.presets import Preset

_STATISTICS_BATCHES = 32  # enough windows for the latents' mean and spread to two digits


def pixel_weights(frames: Float[Tensor, "b t h w 3"]) -> Float[Tensor, "b t h w 1"]:
    """Weights of mean 1: up to 17 times as much for a pixel unlike its place's median and unlike its surroundings.

    Without them a small moving thing is drawn last: nearly all of the loss is a still background's."""
    still = frames.median(dim=1, keepdim=True).values
    around = F.avg_pool3d(frames.movedim(-1, 1), (1, 9, 9), 1, (0, 4, 4)).movedim(1, -1)
    moves, detail = ((10 * (frames - f).abs().amax(-1, keepdim=True)).clamp(max=8) for f in (still, around))
    weights = 1 + moves + detail
    return weights / weights.mean()


def picture_loss(
    output: Float[Tensor, "b t h w 3"], frames: Float[Tensor, "b t h w 3"]
) -> tuple[Float[Tensor, ""], Float[Tensor, ""]]:
    """The error of pixels, and that of differences in space and time, so that edges and motion stay sharp."""
    error = output - frames
    pixels = (pixel_weights(frames) * (error.abs() + 2 * error.square())).mean()
    edges = [(output.diff(dim=d) - frames.diff(dim=d)).abs().mean() for d in (1, 2, 3) if frames.shape[d] > 1]
    return pixels, 0.5 * torch.stack(edges).sum()


class CodecObjective(nn.Module):
    """frames -> loss."""

    def __init__(self, codec: AutoencoderCodec, kl_weight: float, latent_noise: float):
        super().__init__()
        self.codec, self.kl_weight, self.latent_noise = codec, kl_weight, latent_noise

    def forward(self, batch: tuple[Float[Tensor, "b t h w 3"], int]) -> tuple[Float[Tensor, ""], dict[str, Tensor]]:
        frames, seed = batch
        mean, log_variance = self.codec.autoencoder.encode(frames)
        mean, log_variance = mean.float(), log_variance.float()
        generator = torch.Generator().manual_seed(seed)
        noise = torch.randn(mean.shape, generator=generator).to(mean.device)
        spread = (0.5 * log_variance).exp() + self.latent_noise * mean.detach().std()
        output = self.codec.autoencoder.decode(mean + spread * noise).float()
        pixels, edges = picture_loss(output, frames)
        kl = 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).mean()
        loss = pixels + edges + self.kl_weight * kl
        return loss, {"pixels": pixels.detach(), "kl": kl.detach()}


def train_codec(
    clips: Sequence[Clip], preset: Preset, folder: Path, *, seed: int, process: Process, device: str, bfloat16: bool
) -> AutoencoderCodec:
    """Train on the clips (resuming from `folder`'s checkpoint) and set the latents' statistics."""
    torch.manual_seed(seed)  # only the initial weights come from it
    codec = AutoencoderCodec(preset.autoencoder).to(device)
    space = codec.spatial_stride * preset.patch
    windows = ClipWindows(clips, preset.codec_window, codec.temporal_stride, space, seed, preset.codec_crop)

    def batch(step: int, process: Process) -> tuple[Tensor, int]:
        frames = windows.batch(step, preset.codec.batch, process)
        return to_tensor(frames).to(device), seed + step * process.count + process.rank

    def sample(step: int) -> None:
        pairs = [(clip, *check_reconstruction(codec, clip, preset.window, space)) for clip in some(clips, 4)]
        for_people = [np.concatenate([truth, made], axis=1) for _, truth, made in pairs]
        draw_samples(folder / "codec_samples.png", for_people)

    trainer = Trainer(
        "codec",
        CodecObjective(codec, preset.kl_weight, preset.latent_noise),
        batch,
        preset.codec,
        folder,
        process=process,
        bfloat16=bfloat16,
        on_sample=sample,
    )
    trainer.resume()
    trainer.run()
    trainer.use_average()
    whole = ClipWindows(clips, preset.codec_window, codec.temporal_stride, space, seed)
    set_statistics(codec.eval(), whole, preset.codec.batch, device)
    return codec


@torch.inference_mode()
def set_statistics(codec: AutoencoderCodec, windows: ClipWindows, size: int, device: str) -> None:
    """Mean and standard deviation of each latent channel over windows of the library."""
    codec.latent_mean.zero_()
    codec.latent_std.fill_(1.0)
    latents = [
        codec.encode(to_tensor(windows.batch(-2 - i, size, Process())).to(device)).flatten(0, -2)
        for i in range(_STATISTICS_BATCHES)
    ]
    every = torch.cat(latents)
    codec.latent_mean.copy_(every.mean(dim=0))
    codec.latent_std.copy_(every.std(dim=0).clamp(min=1e-4))


def check_reconstruction(codec: Codec, clip: Clip, window: int, space: int) -> tuple[np.ndarray, np.ndarray]:
    """A window of the clip and its reconstruction, both uint8 (t, h, w, 3)."""
    truth = cut(clip, window_shape(shape_of(clip), window, codec.temporal_stride, space), 0)
    return truth, reconstruct(codec, truth)


def mean_psnr(codec: Codec, clips: Sequence[Clip], window: int, space: int) -> float:
    """Mean PSNR in dB of the clips' reconstructions."""
    return float(np.mean([psnr(*check_reconstruction(codec, clip, window, space)) for clip in clips]))


def some(clips: Sequence[Clip], count: int) -> list[Clip]:
    """`count` clips spread evenly over the library."""
    return [clips[int(i)] for i in np.linspace(0, len(clips) - 1, min(count, len(clips)))]


def draw_samples(path: Path, rows: list[np.ndarray], columns: int = 8) -> None:
    """A sheet with a row a clip: frames spread evenly over each clip, left to right."""
    from PIL import Image

    from cuspworld.files import written_whole

    strips = []
    for frames in rows:
        chosen = frames[np.linspace(0, len(frames) - 1, columns).round().astype(int)]
        strips.append(np.concatenate(list(chosen), axis=1))
    width = max(strip.shape[1] for strip in strips)
    strips = [np.pad(s, ((0, 4), (0, width - s.shape[1]), (0, 0)), constant_values=255) for s in strips]
    with written_whole(path) as aside:
        Image.fromarray(np.concatenate(strips)).save(aside)
