"""A small causal video autoencoder: clip <-> latents, s frames and an 8 x 8 patch to one latent, s the temporal stride.

Causal in time as in MAGVIT-v2 (Yu et al. 2024): the first frame stands alone, so that an image is a clip of one frame,
and latent j sees the frames 0..sj only. All spatial work is done after a pixel-unshuffle by 4 and most of it at an
eighth of the resolution, which is why it costs a twentieth of diffusers' Wan class at the same stride
(`benchmarks/codec.py` prints the table). A stride of 1 folds no time: at equal training it draws what moves fast 1.5 dB
better for the same number of latents, and four of its frames can share a token instead. Norms are of one place's
channels (as in Wan's), so that what is learned from small crops holds at any size; folds and unfolds have shortcuts
without parameters (DC-AE, Chen et al. 2025).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

SPATIAL_STRIDE = 8
_SHUFFLE = 4  # pixels folded into channels before the first convolution
CONTEXT = 2  # past latents that a decoded latent depends on: one for each TemporalMix of the decoder


@dataclass(frozen=True)
class AutoencoderConfig:
    latent_channels: int = 16
    fine_channels: int = 64  # at a quarter of the resolution, every frame
    coarse_channels: int = 128  # at an eighth; doubled once time is folded
    fine_blocks: int = field(default=2, metadata={"most": 256})
    coarse_blocks: int = field(default=2, metadata={"most": 256})
    temporal_stride: int = 4  # frames folded into one latent: 4, 2, or 1 (none)

    @property
    def trunk_channels(self) -> int:
        """Of the latents' layers: twice the frames' where time is folded, since they hold several frames."""
        return self.coarse_channels if self.temporal_stride == 1 else 2 * self.coarse_channels


def zeroed(layer: nn.Conv2d) -> nn.Conv2d:
    """The layer with all its parameters at zero."""
    for parameter in layer.parameters():
        nn.init.zeros_(parameter)
    return layer


class ChannelNorm(nn.Module):
    """Root mean square over the channels of each place, with a learned scale."""

    def __init__(self, channels: int):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels))

    def forward(self, x: Float[Tensor, "n c h w"]) -> Float[Tensor, "n c h w"]:
        scale = torch.rsqrt(x.float().square().mean(dim=1, keepdim=True) + 1e-6)
        return (x * scale * self.weight[:, None, None]).to(x.dtype)


class ResidualBlock(nn.Module):
    """ChannelNorm, two 3x3 convolutions; the second starts at zero, so that the block starts as the identity."""

    def __init__(self, channels: int):
        super().__init__()
        self.norm = ChannelNorm(channels)
        self.first = nn.Conv2d(channels, channels, 3, padding=1)
        self.second = zeroed(nn.Conv2d(channels, channels, 3, padding=1))

    def forward(self, x: Float[Tensor, "n c h w"]) -> Float[Tensor, "n c h w"]:
        return x + self.second(F.silu(self.first(F.silu(self.norm(x)))))


class WithShortcut(nn.Conv2d):
    """A convolution that adds its input, with channels averaged in groups or repeated to fit (where they divide)."""

    def forward(self, x: Float[Tensor, "n c h w"]) -> Float[Tensor, "n d h w"]:
        y = super().forward(x)
        before, after = self.in_channels, self.out_channels
        if before % after == 0:
            return y + x.unflatten(1, (after, before // after)).mean(dim=2)
        return y + x.repeat_interleave(after // before, dim=1) if after % before == 0 else y


class TemporalMix(nn.Module):
    """Each latent frame adds a learned mix of itself and the frame before it (itself, where there is none)."""

    def __init__(self, channels: int):
        super().__init__()
        self.mix = zeroed(nn.Conv2d(2 * channels, channels, 1))

    def forward(self, x: Float[Tensor, "b t c h w"]) -> Float[Tensor, "b t c h w"]:
        before = torch.cat([x[:, :1], x[:, :-1]], dim=1)
        both = torch.cat([x, before], dim=2).flatten(0, 1)  # (batch * time, 2 channels, height, width)
        return x + self.mix(F.silu(both)).unflatten(0, x.shape[:2])


class _PerFrame(nn.Sequential):
    """2-D layers on each frame of (batch, time, channels, height, width)."""

    def forward(self, x: Float[Tensor, "b t c h w"]) -> Tensor:
        made: Tensor = super().forward(x.flatten(0, 1))  # type: ignore[no-untyped-call]  # torch's Sequential
        return made.unflatten(0, x.shape[:2])


class VideoAutoencoder(nn.Module):
    """`encode`: (batch, s k + 1, height, width, 3) in [-1, 1] -> mean and log-variance, (batch, k+1, height/8, width/8,
    c)."""

    def __init__(self, config: AutoencoderConfig):
        super().__init__()
        self.config = config
        self.stride = config.temporal_stride
        fine, coarse, wide = config.fine_channels, config.coarse_channels, config.trunk_channels
        pixels = 3 * _SHUFFLE**2
        self.encoder_frames = _PerFrame(
            nn.PixelUnshuffle(_SHUFFLE),
            WithShortcut(pixels, fine, 3, padding=1),
            ResidualBlock(fine),
            nn.PixelUnshuffle(2),
            WithShortcut(4 * fine, coarse, 1),
        )
        self.encoder_latents = nn.Sequential(
            _PerFrame(WithShortcut(self.stride * coarse, wide, 1)),
            TemporalMix(wide),
            _PerFrame(*[ResidualBlock(wide) for _ in range(config.coarse_blocks)]),
            _PerFrame(nn.Conv2d(wide, 2 * config.latent_channels, 1)),
        )
        self.decoder_latents = nn.Sequential(
            _PerFrame(nn.Conv2d(config.latent_channels, wide, 3, padding=1)),
            TemporalMix(wide),
            _PerFrame(*[ResidualBlock(wide) for _ in range(config.coarse_blocks)]),
            TemporalMix(wide),
            _PerFrame(WithShortcut(wide, self.stride * coarse, 1)),
        )
        self.decoder_frames = _PerFrame(
            ResidualBlock(coarse),
            WithShortcut(coarse, 4 * fine, 1),
            nn.PixelShuffle(2),
            *[ResidualBlock(fine) for _ in range(config.fine_blocks)],
            ChannelNorm(fine),
            nn.SiLU(),
            nn.Conv2d(fine, pixels, 3, padding=1),
            nn.PixelShuffle(_SHUFFLE),
        )

    def encode(
        self, frames: Float[Tensor, "b t h w 3"]
    ) -> tuple[Float[Tensor, "b l i j c"], Float[Tensor, "b l i j c"]]:
        first = frames[:, :1].expand(-1, self.stride - 1, -1, -1, -1)
        x = torch.cat([first, frames], dim=1).movedim(-1, 2)  # (batch, s(k+1), 3, height, width)
        x = self.encoder_frames(x)  # (batch, s(k+1), coarse, height/8, width/8)
        x = x.unflatten(1, (-1, self.stride)).flatten(2, 3)  # (batch, k+1, s coarse, height/8, width/8)
        mean, log_variance = self.encoder_latents(x).movedim(2, -1).chunk(2, dim=-1)
        return mean, log_variance.clamp(-20, 4)

    def decode(self, latents: Float[Tensor, "b l i j c"]) -> Float[Tensor, "b t h w 3"]:
        x = self.decoder_latents(latents.movedim(-1, 2))  # (batch, k+1, s coarse, height/8, width/8)
        x = x.unflatten(2, (self.stride, -1)).flatten(1, 2)  # (batch, s(k+1), coarse, height/8, width/8)
        return self.decoder_frames(x).movedim(2, -1)[:, self.stride - 1 :]  # (batch, s k + 1, height, width, 3)
