"""Our own autoencoder as a codec: latents normalised by what a library's clips gave, folders to save and load."""

from __future__ import annotations

from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor, nn

from cuspworld.codec.autoencoder import CONTEXT, SPATIAL_STRIDE, AutoencoderConfig, VideoAutoencoder
from cuspworld.codec.shapes import check_shape
from cuspworld.models import load_module, save_module

CLASS_NAME = "CuspWorldCodec"


class AutoencoderCodec(nn.Module):
    """A `Codec`. Latents are shifted and scaled to zero mean and unit variance per channel over the training library:
    `latent_mean` and `latent_std`, 0 and 1 until training sets them."""

    temporal_stride: int
    spatial_stride: int
    latent_mean: Tensor
    latent_std: Tensor

    def __init__(self, config: AutoencoderConfig | None = None):
        super().__init__()
        self.config = config or AutoencoderConfig()
        self.temporal_stride, self.spatial_stride = self.config.temporal_stride, SPATIAL_STRIDE
        self.latent_channels = self.config.latent_channels
        self.autoencoder = VideoAutoencoder(self.config)
        self.register_buffer("latent_mean", torch.zeros(self.config.latent_channels))
        self.register_buffer("latent_std", torch.ones(self.config.latent_channels))

    def encode(self, frames: Float[Tensor, "b t h w 3"]) -> Float[Tensor, "b l i j c"]:
        """Normalised latents: the posterior's mean. Raises CuspError for a length or size that does not fit."""
        check_shape(frames, self.temporal_stride, self.spatial_stride)
        mean, _ = self.autoencoder.encode(frames)
        return (mean - self.latent_mean) / self.latent_std

    def decode(self, latents: Float[Tensor, "b l i j c"]) -> Float[Tensor, "b t h w 3"]:
        return self.autoencoder.decode(latents * self.latent_std + self.latent_mean)

    def decode_next(
        self, latents: Float[Tensor, "b l i j c"], past: Float[Tensor, "b m i j c"]
    ) -> Float[Tensor, "b t h w 3"]:
        """The frames of `latents` that follow `past`: `temporal_stride` frames each, equal to decoding all at once."""
        frames = self.decode(torch.cat([past[:, -CONTEXT:], latents], dim=1))
        return frames[:, -latents.shape[1] * self.temporal_stride :]

    def save_pretrained(self, path: str | Path, dtype: torch.dtype = torch.float32) -> None:
        """Write config.json and model.safetensors."""
        save_module(path, CLASS_NAME, self, self.config, dtype)

    @classmethod
    def from_pretrained(cls, path: str | Path, subfolder: str = "") -> AutoencoderCodec:
        """Load a folder that `save_pretrained` wrote."""
        return load_module(Path(path) / subfolder, CLASS_NAME, cls, AutoencoderConfig)
