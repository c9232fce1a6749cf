"""Published video autoencoders (diffusers' Wan, LTX-Video, CogVideoX classes) behind the Codec interface."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from cuspworld.codec.shapes import check_shape
from cuspworld.errors import CuspError, MissingExtraError

CLASSES = ("AutoencoderKLWan", "AutoencoderKLLTXVideo", "AutoencoderKLCogVideoX")


class PublishedCodec(nn.Module):
    """A `Codec`: a diffusers class with our shapes, (batch, time, height, width, channels), and normalised latents."""

    latent_mean: Tensor
    latent_std: Tensor

    def __init__(self, model: Any, class_name: str):
        super().__init__()
        self.model = model.eval()
        config = model.config
        channels = config.z_dim if class_name == "AutoencoderKLWan" else config.latent_channels
        self.latent_channels = int(channels)
        if class_name == "AutoencoderKLWan":
            self.temporal_stride = 2 ** sum(config.temperal_downsample)
            self.spatial_stride = 2 ** len(config.temperal_downsample) * (config.patch_size or 1)
            mean, std = torch.tensor(config.latents_mean), torch.tensor(config.latents_std)
        elif class_name == "AutoencoderKLLTXVideo":
            self.temporal_stride, self.spatial_stride = (
                model.temporal_compression_ratio,
                model.spatial_compression_ratio,
            )
            mean, std = model.latents_mean, model.latents_std / config.scaling_factor
        else:
            self.temporal_stride = int(config.temporal_compression_ratio)
            self.spatial_stride = 2 ** (len(config.block_out_channels) - 1)
            mean, std = torch.zeros(channels), torch.full((channels,), 1 / config.scaling_factor)
        if len(mean) != channels:  # a small configuration that kept the published statistics
            mean, std = torch.zeros(channels), torch.ones(channels)
        self.register_buffer("latent_mean", mean.float())
        self.register_buffer("latent_std", std.float())

    @classmethod
    def from_pretrained(cls, path: str | Path) -> PublishedCodec:
        """Load by folder or hub name. Raises CuspError for a class that is not a video autoencoder that we know."""
        try:
            import diffusers
        except ImportError as error:
            raise MissingExtraError("a published video autoencoder", "diffusers") from error
        try:
            name = diffusers.AutoencoderKLWan.load_config(str(path)).get("_class_name")
        except OSError as error:
            raise CuspError(
                f"{path} is neither a folder here nor a model that the hub gives: {str(error).splitlines()[0]}"
            ) from error
        if name not in CLASSES:
            raise CuspError(f"{path} holds a {name}, not a video autoencoder; these load: {', '.join(CLASSES)}")
        return cls(getattr(diffusers, name).from_pretrained(str(path)), name)

    def encode(self, frames: Float[Tensor, "b t h w 3"]) -> Float[Tensor, "b l i j c"]:
        check_shape(frames, self.temporal_stride, self.spatial_stride)
        latents = self.model.encode(frames.movedim(-1, 1)).latent_dist.mode().movedim(1, -1)
        return (latents - self.latent_mean) / self.latent_std

    def decode(self, latents: Float[Tensor, "b l i j c"]) -> Float[Tensor, "b t h w 3"]:
        x = (latents * self.latent_std + self.latent_mean).movedim(-1, 1)
        frames = self.model.decode(x).sample.movedim(1, -1)
        # CogVideoX's decoder makes 3 frames too many, at the front, of an even number of latents.
        return frames[:, -((latents.shape[1] - 1) * self.temporal_stride + 1) :]

    def decode_next(self, latents: Tensor, past: Tensor) -> Tensor:
        """As `Codec.decode_next`, but all of `past` is decoded again: how far these classes look back is not known."""
        frames = self.decode(torch.cat([past, latents], dim=1))
        return frames[:, -latents.shape[1] * self.temporal_stride :]

    def save_pretrained(self, path: str | Path, dtype: torch.dtype = torch.float32) -> None:
        self.model.to(dtype).save_pretrained(path)
