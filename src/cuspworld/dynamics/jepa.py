"""JEPA: an encoder of frames and a predictor of the next embedding under an action (LeCun 2022; LeWM, arXiv:2603.19312,
trains both at once as `training.dynamics` does here).

A *state* is the embeddings of the last `history` frames: one where a frame says all, two where speed matters. What the
action and the past do not decide (a flicker, a texture) cannot be predicted, so nothing rewards the encoder for keeping
it. `inverse` reads from a state and a later embedding the actions that lie between: without it the encoder may drop
what the agent moves, since a world that stands still is predicted best.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor, nn

from cuspworld.dynamics.encoder import encoder_of
from cuspworld.errors import CuspError
from cuspworld.models import load_module, save_module


@dataclass(frozen=True)
class JEPAConfig:
    """`actions`: their names, in order. `fps`: frames, and so steps, a second."""

    height: int
    width: int
    fps: float
    actions: tuple[str, ...]
    history: int = 2  # frames a state: position and speed
    embedding: int = 32  # numbers a frame
    channels: int = 16  # of the first of four convolutions; each has twice as many, up to four times
    hidden: int = 256  # of predictor and inverse
    things: int = 32  # features whose places in the picture the encoder gives


class JEPA(nn.Module):
    """`encode` frames, `predict` what actions will lead to, `inverse`: which actions led from here to there."""

    action_low: Tensor
    action_high: Tensor
    stride: Tensor  # RMS of what a step changes in a number of the embedding
    full: Tensor  # the largest action in usual ones: recordings seldom act at full strength
    usual: Tensor  # the mean picture and the spread about it: what never changes need not be learned away
    contrast: Tensor

    def __init__(self, config: JEPAConfig):
        super().__init__()
        if not config.actions:
            raise CuspError("a JEPA needs actions: got none")
        if min(config.height, config.width) < 16:
            raise CuspError(f"frames must be 16 pixels a side or more: got {config.height} x {config.width}")
        self.config = config
        count, width, hidden = len(config.actions), config.embedding, config.hidden
        self.register_buffer("action_low", torch.full((count,), -1.0))
        self.register_buffer("action_high", torch.full((count,), 1.0))
        self.register_buffer("stride", torch.ones(()))
        self.register_buffer("full", torch.ones(count))
        self.register_buffer("usual", torch.full((3, config.height, config.width), 127.5))
        self.register_buffer("contrast", torch.full((), 127.5))
        self.encoder = encoder_of(config.height, config.width, config.channels, hidden, width, config.things)
        self.predictor = _network(config.history * width + count, hidden, width)
        self.reader = _network((config.history + 1) * width, hidden, count)

    def set_actions(self, low: np.ndarray, high: np.ndarray, usual: np.ndarray | None = None) -> None:
        """The least, the largest and the usual action (actions,), in the world's units; usual: the largest, if None."""
        self.action_low.copy_(torch.as_tensor(low, dtype=torch.float32))
        self.action_high.copy_(torch.as_tensor(high, dtype=torch.float32))
        if usual is not None:
            self.full.copy_(self.action_scale / torch.as_tensor(usual, dtype=torch.float32).clamp_min(1e-12))

    @property
    def action_scale(self) -> Tensor:
        """(actions,) by which actions are divided: doing nothing stays 0."""
        return torch.maximum(self.action_low.abs(), self.action_high.abs()).clamp_min(1e-12)

    # what planners use

    @torch.inference_mode()
    def encode(self, frames: UInt8[np.ndarray, "t h w 3"]) -> Float[Tensor, "1 history width"]:
        """The state at the last of some frames (time, height, width, 3); the first is repeated where there are too few.

        Raises CuspError for another size than the model's.
        """
        embeddings = self.embed(frames)
        missing = max(0, self.config.history - len(embeddings))
        padded = torch.cat([embeddings[:1].expand(missing, -1), embeddings])
        return padded[-self.config.history :][None]

    @torch.inference_mode()
    def followed(
        self, state: Float[Tensor, "1 history width"], frames: UInt8[np.ndarray, "t h w 3"]
    ) -> Float[Tensor, "1 history width"]:
        """The state a step after `state`: of these frames, the last of them now, and before them as it was."""
        seen = self.embed(frames)
        return torch.cat([state[0, 1 : 1 + max(0, self.config.history - len(seen))], seen])[-self.config.history :][
            None
        ]

    @torch.inference_mode()
    def embed(self, frames: UInt8[np.ndarray, "t h w 3"]) -> Float[Tensor, "t width"]:
        """The embedding of each frame. Raises CuspError for another size than the model's."""
        size = (self.config.height, self.config.width, 3)
        frames = np.asarray(frames)
        if frames.ndim != 4 or frames.shape[1:] != size or frames.dtype != np.uint8 or not len(frames):
            raise CuspError(
                f"frames must be uint8 (time, {size[0]}, {size[1]}, 3), as the model was trained: got "
                f"{frames.dtype} {frames.shape}; record or resize to that size"
            )
        parts = [self.of_frames(torch.from_numpy(frames[at : at + 512])) for at in range(0, len(frames), 512)]
        return torch.cat(parts)

    def predict(
        self, state: Float[Tensor, "b history width"], actions: Float[Tensor, "b steps actions"]
    ) -> Float[Tensor, "b steps width"]:
        """The embeddings after each of the actions (in the world's units).

        Raises CuspError for actions of another shape, NaN, or beyond `action_low` and `action_high`, and for a state
        that is none.
        """
        self.check_actions(actions)
        wanted = (len(actions), self.config.history, self.config.embedding)
        if tuple(state.shape) != wanted or not bool(torch.isfinite(state).all()):
            raise CuspError(
                f"state must be {wanted} finite numbers (batch, history, embedding): got {tuple(state.shape)}; "
                "`encode` gives one, `.expand(batch, -1, -1)` many"
            )
        return self.roll(state, actions / self.action_scale)

    def check_actions(self, actions: Tensor) -> None:
        names = ", ".join(self.config.actions)
        tensor = isinstance(actions, Tensor)
        if not tensor or actions.ndim != 3 or not actions.shape[1] or actions.shape[-1] != len(self.config.actions):
            raise CuspError(
                f"actions must be a tensor (batch, steps, {len(self.config.actions)}), the last {names}, of one step "
                f"or more: got {tuple(actions.shape) if tensor else type(actions).__name__}"
            )
        if not bool(torch.isfinite(actions).all()):
            raise CuspError(f"actions ({names}) must be finite: got NaN or infinity")
        slack = 1e-5 * self.action_scale
        if bool(((actions < self.action_low - slack) | (actions > self.action_high + slack)).any()):
            low, high = self.action_low.tolist(), self.action_high.tolist()
            limits = ", ".join(f"{n} {a:g} to {b:g}" for n, a, b in zip(self.config.actions, low, high, strict=True))
            raise CuspError(f"actions must be within what the model was trained on ({limits}); clip them")

    def inverse(
        self, state: Float[Tensor, "b history width"], later: Float[Tensor, "b width"]
    ) -> Float[Tensor, "b actions"]:
        """The sum, in the world's units, of the actions between a state and a later embedding."""
        return self.read(state, later) * self.action_scale

    # what training uses: scaled actions, gradients

    def of_frames(self, frames: Tensor) -> Float[Tensor, "*batch width"]:
        """uint8 frames (..., height, width, 3) -> embeddings."""
        flat = frames.flatten(0, -4).movedim(-1, 1).to(self.action_low.device).float()  # (n, 3, h, w)
        return self.encoder((flat - self.usual) / self.contrast).unflatten(0, frames.shape[:-3])

    @torch.no_grad()
    def spread_out(self, frames: UInt8[np.ndarray, "n h w 3"], next_frames: UInt8[np.ndarray, "n h w 3"]) -> None:
        """Scale the encoder's last layer so that these frames' embeddings have mean 0 and spread 1 in each number. An
        untrained encoder gives similar frames nearly one embedding, a saddle of SIGReg that takes long to leave.
        `stride` becomes how far a step then leads: predictor and reader work in it, else what one action does is so
        small beside the spread that they learn nothing for thousands of steps."""
        pictures = torch.from_numpy(frames).movedim(-1, 1).float()
        self.usual.copy_(pictures.mean(0))
        self.contrast.copy_((pictures - self.usual).square().mean().sqrt().clamp_min(1.0))
        z, last = self.embed(frames), self.encoder[-1]
        assert isinstance(last, nn.Linear)
        mean, spread = z.mean(0), z.std(0, correction=0).clamp_min(1e-6)
        last.weight.div_(spread[:, None])
        last.bias.sub_(mean).div_(spread)
        self.stride.copy_((self.embed(next_frames) - self.embed(frames)).square().mean().sqrt().clamp_min(1e-3))

    def roll(self, state: Float[Tensor, "b history width"], scaled: Float[Tensor, "b steps actions"]) -> Tensor:
        """`predict` of scaled actions: the next embedding is the last one and a change."""
        out = []
        for step in range(scaled.shape[1]):
            change = self.predictor(torch.cat([self.seen(state), self.full * scaled[:, step]], dim=1))
            state = torch.cat([state[:, 1:], (state[:, -1] + self.stride * change)[:, None]], dim=1)
            out.append(state[:, -1])
        return torch.stack(out, dim=1)

    def read(self, state: Float[Tensor, "b history width"], later: Float[Tensor, "b width"]) -> Tensor:
        """`inverse` in scaled actions."""
        away = (later - state[:, -1]) / self.stride
        return self.reader(torch.cat([self.seen(state), away], dim=1)) / self.full

    def seen(self, state: Float[Tensor, "*b history width"]) -> Float[Tensor, "*b width*history"]:
        """Where it is, and how it came there in strides."""
        return torch.cat([state[..., -1, :], (state.diff(dim=-2) / self.stride).flatten(-2)], dim=-1)

    # files

    def save_pretrained(self, path: str | Path, dtype: torch.dtype = torch.float32) -> None:
        save_module(path, "JEPA", self, self.config, dtype)

    @classmethod
    def from_pretrained(cls, path: str | Path) -> JEPA:
        """The model of a folder that `save_pretrained` wrote. Raises CuspError if it is damaged or another model's."""
        return load_module(path, "JEPA", cls, JEPAConfig)


def _network(inputs: int, hidden: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Linear(inputs, hidden), nn.SiLU(), nn.Linear(hidden, hidden), nn.SiLU(), nn.Linear(hidden, outputs)
    )
