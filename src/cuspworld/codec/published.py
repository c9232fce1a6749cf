"""Published autoencoders behind the Codec interface: diffusers' Wan, LTX-Video and CogVideoX classes, and its KL
autoencoder of images."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from cuspworld.codec.shapes import check_shape
from cuspworld.errors import CuspError, MissingExtraError

CLASSES = ("AutoencoderKLWan", "AutoencoderKLLTXVideo", "AutoencoderKLCogVideoX", "AutoencoderKL")


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
        self.of_images = class_name == "AutoencoderKL"
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
        elif self.of_images:  # no time is folded
            self.temporal_stride, self.spatial_stride = 1, 2 ** (len(config.block_out_channels) - 1)
            mean = torch.full((channels,), float(config.shift_factor or 0))
            std = torch.full((channels,), 1 / config.scaling_factor)
        else:
            self.temporal_stride = int(config.temporal_compression_ratio)
            self.spatial_stride = 2 ** (len(config.block_out_channels) - 1)
            mean, std = torch.zeros(channels), torch.full((channels,), 1 / config.scaling_factor)
        if len(mean) != channels:  # a small configuration that kept the published statistics
            mean, std = torch.zeros(channels), torch.ones(channels)
        self.register_buffer("latent_mean", mean.float())
        self.register_buffer("latent_std", std.float())

    @classmethod
    def from_pretrained(cls, path: str | Path, subfolder: str = "", *, download: bool = False) -> PublishedCodec:
        """Load by folder, or with `download` by hub name; safetensors only. Raises CuspError for a class that is not an
        autoencoder that we know."""
        try:
            import diffusers
        except ImportError as error:
            raise MissingExtraError("a published video autoencoder", "diffusers") from error
        where = {"subfolder": subfolder or None, "local_files_only": not download}
        try:
            name = diffusers.AutoencoderKL.load_config(str(path), **where).get("_class_name")
            if name not in CLASSES:
                raise CuspError(f"{path} holds a {name}, not a video autoencoder; these load: {', '.join(CLASSES)}")
            model = getattr(diffusers, name).from_pretrained(str(path), use_safetensors=True, **where)
        except CuspError:
            raise
        except Exception as error:  # diffusers and its hub client raise a dozen kinds
            said = str(error).strip().splitlines() or [type(error).__name__]
            raise CuspError(
                f"{Path(path) / subfolder} is neither the folder of an autoencoder in safetensors nor a name that the "
                f'hub gives (of a pipeline, give subfolder="vae"): {said[0]}'
            ) from error
        return cls(model, name)

    def encode(self, frames: Float[Tensor, "b t h w 3"]) -> Float[Tensor, "b l i j c"]:
        check_shape(frames, self.temporal_stride, self.spatial_stride)
        if self.of_images:
            images = self.model.encode(frames.movedim(-1, 2).flatten(0, 1)).latent_dist.mode()  # (batch time, c, i, j)
            latents = images.unflatten(0, frames.shape[:2]).movedim(2, -1)
        else:
            latents = self.model.encode(frames.movedim(-1, 1)).latent_dist.mode().movedim(1, -1)
        return (latents - self.latent_mean) / self.latent_std

    def decode(self, latents: Float[Tensor, "b l i j c"]) -> Float[Tensor, "b t h w 3"]:
        x = latents * self.latent_std + self.latent_mean
        if self.of_images:
            images = self.model.decode(x.movedim(-1, 2).flatten(0, 1)).sample  # (batch time, 3, h, w)
            return images.unflatten(0, x.shape[:2]).movedim(2, -1)
        x = x.movedim(-1, 1)
        frames = self.model.decode(x).sample.movedim(1, -1)
        # CogVideoX's decoder makes 3 frames too many, at the front, of an even number of latents.
        return frames[:, -((latents.shape[1] - 1) * self.temporal_stride + 1) :]

    def decode_next(self, latents: Tensor, past: Tensor) -> Tensor:
        """As `Codec.decode_next`, but all of `past` is decoded again: how far these classes look back is not known."""
        frames = self.decode(torch.cat([past, latents], dim=1))
        return frames[:, -latents.shape[1] * self.temporal_stride :]

    def save_pretrained(self, path: str | Path, dtype: torch.dtype = torch.float32) -> None:
        self.model.to(dtype).save_pretrained(path)
