"""Latents <-> spacetime tokens: each token is a square patch of some latent frames and carries (time, row, column)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from cuspworld.errors import CuspError


def tokenize(
    latents: Float[Tensor, "b t h w c"], patch: int, frames: int = 1
) -> tuple[Float[Tensor, "b n p"], Int[Tensor, "n 3"]]:
    """Cut latents into tokens of frames x patch x patch x channels numbers; also each token's (time, row, column), its
    time counted in tokens."""
    _, time, height, width, _ = latents.shape
    if height % patch or width % patch:
        raise CuspError(f"latents of {height} x {width} cannot be cut into {patch} x {patch} patches")
    if time % frames:
        raise CuspError(f"{time} latent frames cannot be cut into tokens of {frames}")
    steps, rows, columns = time // frames, height // patch, width // patch
    x = latents.unflatten(3, (columns, patch)).unflatten(2, (rows, patch)).unflatten(1, (steps, frames))
    tokens = x.permute(0, 1, 3, 5, 2, 4, 6, 7).flatten(4).flatten(1, 3)  # (b, steps * rows * columns, f * p * p * c)
    grid = torch.meshgrid(torch.arange(steps), torch.arange(rows), torch.arange(columns), indexing="ij")
    return tokens, torch.stack(grid, dim=-1).flatten(0, 2).to(latents.device)


def untokenize(
    tokens: Float[Tensor, "b n p"], shape: tuple[int, int, int], patch: int, frames: int = 1
) -> Float[Tensor, "b t h w c"]:
    """The inverse of `tokenize`; `shape` is the latents' (time, height, width)."""
    time, height, width = shape
    x = tokens.unflatten(1, (time // frames, height // patch, width // patch))
    x = x.unflatten(4, (frames, patch, patch, -1))  # (b, steps, rows, columns, f, p, p, c)
    return x.permute(0, 1, 4, 2, 5, 3, 6, 7).flatten(1, 2).flatten(2, 3).flatten(3, 4)  # (b, t, h, w, c)


@dataclass(frozen=True)
class Packed:
    """Token sequences of any length and size in one batch, padded at the end; `mask` is True on real tokens."""

    tokens: Float[Tensor, "b n p"]
    positions: Int[Tensor, "b n 3"]
    mask: Bool[Tensor, "b n"]


def pack(sequences: list[tuple[Tensor, Tensor]]) -> Packed:
    """Put (tokens (n_i, p), positions (n_i, 3)) sequences of different lengths into one batch."""
    pad = torch.nn.utils.rnn.pad_sequence
    tokens = pad([tokens for tokens, _ in sequences], batch_first=True)
    positions = pad([positions for _, positions in sequences], batch_first=True)
    lengths = torch.tensor([len(tokens) for tokens, _ in sequences], device=tokens.device)
    mask = torch.arange(tokens.shape[1], device=tokens.device)[None] < lengths[:, None]
    return Packed(tokens, positions, mask)
