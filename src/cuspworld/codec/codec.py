"""Codec: frames <-> latents, what our own autoencoder and published ones have in common."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor, nn

from cuspworld.codec.loading import load_codec


@runtime_checkable
class Codec(Protocol):
    """Frames (batch, time, height, width, 3) in [-1, 1] <-> latents (batch, time', height', width', channels), about
    zero mean and unit variance per channel.

    Time must be `temporal_stride * k + 1` frames; height and width multiples of `spatial_stride`. A codec is a torch
    module: the last four members are nn.Module's.
    """

    temporal_stride: int
    spatial_stride: int
    latent_channels: int

    def encode(self, frames: Float[Tensor, "b t h w 3"]) -> Float[Tensor, "b l i j c"]:
        """Raises CuspError for a length or size that does not fold evenly."""

    def decode(self, latents: Float[Tensor, "b l i j c"]) -> Float[Tensor, "b t h w 3"]: ...

    def decode_next(
        self, latents: Float[Tensor, "b l i j c"], past: Float[Tensor, "b m i j c"]
    ) -> Float[Tensor, "b t h w 3"]:
        """The frames of `latents` that follow `past`: `temporal_stride` frames each, equal to decoding all at once."""

    def save_pretrained(self, path: str | Path, dtype: torch.dtype = torch.float32) -> None: ...

    @staticmethod
    def from_pretrained(path: str | Path, subfolder: str = "") -> Codec:
        """Load our own codec from a folder, or a published diffusers autoencoder by folder or hub name; safetensors
        only. `subfolder`: where it lies in a pipeline's folder, mostly "vae". "worlds" is the codec of the twelve
        worlds that comes with the package."""
        return load_codec(path, subfolder)

    def to(self, device: Any, /) -> Any: ...

    def eval(self) -> Any: ...

    def parameters(self) -> Iterator[nn.Parameter]: ...

    def state_dict(self) -> dict[str, Any]: ...


def to_tensor(frames: UInt8[np.ndarray, "*batch h w 3"]) -> Float[Tensor, "*batch h w 3"]:
    """uint8 [0, 255] -> float32 [-1, 1]."""
    return torch.from_numpy(np.require(frames, requirements=["C", "W"])).float() / 127.5 - 1


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
