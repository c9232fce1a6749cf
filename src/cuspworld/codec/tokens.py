"""Latents <-> spacetime tokens: each token is a square patch of one latent frame and carries (time, row, column)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from cuspworld.errors import CuspError


def tokenize(latents: Float[Tensor, "b t h w c"], patch: int) -> tuple[Float[Tensor, "b n p"], Int[Tensor, "n 3"]]:
    """Cut latents into tokens of patch x patch x channels numbers; also each token's (time, row, column)."""
    _, time, height, width, _ = latents.shape
    if height % patch or width % patch:
        raise CuspError(f"latents of {height} x {width} cannot be cut into {patch} x {patch} patches")
    rows, columns = height // patch, width // patch
    x = latents.unflatten(3, (columns, patch)).unflatten(2, (rows, patch))  # (b, t, rows, p, columns, p, c)
    tokens = x.movedim(3, 4).flatten(4).flatten(1, 3)  # (b, t * rows * columns, p * p * c)
    grid = torch.meshgrid(torch.arange(time), torch.arange(rows), torch.arange(columns), indexing="ij")
    return tokens, torch.stack(grid, dim=-1).flatten(0, 2).to(latents.device)


def untokenize(tokens: Float[Tensor, "b n p"], shape: tuple[int, int, int], patch: int) -> Float[Tensor, "b t h w c"]:
    """The inverse of `tokenize`; `shape` is the latents' (time, height, width)."""
    time, height, width = shape
    x = tokens.unflatten(1, (time, height // patch, width // patch)).unflatten(4, (patch, patch, -1))
    return x.movedim(4, 3).flatten(4, 5).flatten(2, 3)  # (b, t, height, width, c)


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
