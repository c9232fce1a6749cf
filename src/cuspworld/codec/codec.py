"""Codec: frames <-> latents, for our own autoencoder and for published video autoencoders alike."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor, nn

from cuspworld.codec.autoencoder import CONTEXT, SPATIAL_STRIDE, AutoencoderConfig, VideoAutoencoder
from cuspworld.errors import CuspError
from cuspworld.models import from_config, load_into, read_config, read_tensors, save_folder


class Codec(nn.Module):
    """Frames (batch, time, height, width, 3) in [-1, 1] <-> latents (batch, time', height', width', channels).

    Latents are shifted and scaled to zero mean and unit variance per channel over the training library. Time must be
    `temporal_stride * k + 1` frames; height and width multiples of `spatial_stride`.
    """

    temporal_stride: int
    spatial_stride = SPATIAL_STRIDE
    latent_mean: Tensor
    latent_std: Tensor

    def __init__(self, config: AutoencoderConfig | None = None):
        super().__init__()
        self.config = config or AutoencoderConfig()
        self.temporal_stride = self.config.temporal_stride
        self.autoencoder = VideoAutoencoder(self.config)
        self.register_buffer("latent_mean", torch.zeros(self.config.latent_channels))
        self.register_buffer("latent_std", torch.ones(self.config.latent_channels))

    @property
    def latent_channels(self) -> int:
        return self.config.latent_channels

    def encode(self, frames: Float[Tensor, "b t h w 3"]) -> Float[Tensor, "b l i j c"]:
        """Normalised latents: the posterior's mean. Raises CuspError for a length or size that does not fit."""
        check_shape(self, frames.shape[1], frames.shape[2], frames.shape[3])
        mean, _ = self.autoencoder.encode(frames)
        return (mean - self.latent_mean) / self.latent_std

    def decode(self, latents: Float[Tensor, "b l i j c"]) -> Float[Tensor, "b t h w 3"]:
        return self.autoencoder.decode(latents * self.latent_std + self.latent_mean)

    def decode_next(
        self, latents: Float[Tensor, "b l i j c"], past: Float[Tensor, "b m i j c"]
    ) -> Float[Tensor, "b t h w 3"]:
        """The frames of `latents` that follow `past`: `temporal_stride` frames each, equal to decoding all at once."""
        context = past[:, -CONTEXT:]
        frames = self.decode(torch.cat([context, latents], dim=1))
        return frames[:, -latents.shape[1] * self.temporal_stride :]

    def save_pretrained(self, path: str | Path, dtype: torch.dtype = torch.float32) -> None:
        tensors = {name: tensor.to(dtype) for name, tensor in self.state_dict().items()}
        save_folder(path, {"_class_name": "CuspWorldCodec", **asdict(self.config)}, tensors)

    @staticmethod
    def from_pretrained(path: str | Path) -> Codec:
        """Load our own codec from a folder, or a published diffusers autoencoder by folder or hub name."""
        from cuspworld.codec.published import PublishedCodec, is_hub_name

        if is_hub_name(path):
            return PublishedCodec.load(str(path))
        config = read_config(path)
        name = config.pop("_class_name", None)
        if name != "CuspWorldCodec":
            return PublishedCodec.load(str(path), name)
        codec = Codec(from_config(AutoencoderConfig, config, Path(path) / "config.json"))
        file = Path(path) / "model.safetensors"
        load_into(codec, read_tensors(file), file)
        return codec.eval()


def check_shape(codec: Codec, time: int, height: int, width: int) -> None:
    """Raise CuspError unless the codec takes `time` frames of `height` x `width`; the message says what it takes."""
    stride, space = codec.temporal_stride, codec.spatial_stride
    if time < 1 or (time - 1) % stride:
        below = max(1, (time - 1) // stride * stride + 1)
        raise CuspError(f"frames must be {stride}k+1: got {time}, take {below} or {below + stride}")
    for name, got in (("height", height), ("width", width)):
        if got < space or got % space:
            below = max(space, got // space * space)
            raise CuspError(f"{name} must be a multiple of {space}: got {got}, take {below} or {below + space}")


def to_tensor(frames: UInt8[np.ndarray, "*batch h w 3"]) -> Float[Tensor, "*batch h w 3"]:
    """uint8 [0, 255] -> float32 [-1, 1]."""
    return torch.from_numpy(np.ascontiguousarray(frames)).float() / 127.5 - 1


def to_frames(x: Float[Tensor, "*batch h w 3"]) -> UInt8[np.ndarray, "*batch h w 3"]:
    """float [-1, 1] -> uint8, rounded."""
    return ((x.float().clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8).cpu().numpy()


@torch.inference_mode()
def reconstruct(codec: Codec, frames: UInt8[np.ndarray, "t h w 3"]) -> UInt8[np.ndarray, "t h w 3"]:
    """Encode and decode; frames beyond 4k+1 are filled by repeating the last one, and cut off again."""
    stride = codec.temporal_stride
    missing = -(len(frames) - 1) % stride
    padded = np.concatenate([frames, np.repeat(frames[-1:], missing, axis=0)])
    device = next(codec.parameters()).device
    return to_frames(codec.decode(codec.encode(to_tensor(padded)[None].to(device))))[0][: len(frames)]


def psnr(a: UInt8[np.ndarray, "*shape"], b: UInt8[np.ndarray, "*shape"]) -> float:
    """Peak signal-to-noise ratio in dB of two uint8 arrays."""
    error = np.mean((a.astype(np.float64) - b.astype(np.float64)) ** 2)
    return float("inf") if error == 0 else float(10 * np.log10(255**2 / error))


def windows(length: int, size: int, stride: int) -> Iterator[int]:
    """Start frames of the windows of `size` frames, `stride` apart, that fit in `length`."""
    yield from range(0, length - size + 1, stride)
