"""Train the flow transformer and the prompt encoder on the latents of a library."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from cuspworld.clip import Clip
from cuspworld.codec.codec import Codec, to_tensor
from cuspworld.codec.tokens import pack, tokenize
from cuspworld.errors import CuspError
from cuspworld.files import written_whole
from cuspworld.language.loading import AnyPromptEncoder
from cuspworld.language.words import shortened
from cuspworld.models import read_tensors, write_tensors
from cuspworld.progress import progress_bar
from cuspworld.training.data import captions_of, cut, shape_of, window_shape
from cuspworld.training.loop import Process, Trainer, step_generator
from cuspworld.training.presets import Preset
from cuspworld.transport.flow.matching import flow_loss, interpolate, sample_time
from cuspworld.transport.flow.transformer import FlowTransformer

# How many first latents are known, by window: the clip's first window may start from text alone.
_KNOWN_FIRST = (0.7, 0.12, 0.18)
_KNOWN_LATER = (0.0, 0.25, 0.75)


@dataclass(frozen=True)
class TokenBatch:
    """Data tokens with their places, which of them are known or padding, noise, times and prompts."""

    data: Float[Tensor, "b n p"]
    noise: Float[Tensor, "b n p"]
    positions: Int[Tensor, "b n 3"]
    known: Bool[Tensor, "b n"]
    mask: Bool[Tensor, "b n"]
    time: Float[Tensor, " b"]
    prompts: list[str]


class FlowObjective(nn.Module):
    """Flow-matching loss of a TokenBatch."""

    def __init__(self, transformer: FlowTransformer, prompts: AnyPromptEncoder):
        super().__init__()
        self.transformer, self.prompts = transformer, prompts

    def forward(self, batch: TokenBatch) -> tuple[Float[Tensor, ""], dict[str, Tensor]]:
        x = interpolate(batch.noise, batch.data, batch.time)
        x = torch.where(batch.known[..., None], batch.data, x)
        text, text_mask = self.prompts.encode(batch.prompts)
        mask = None if bool(batch.mask.all()) else batch.mask
        velocity = self.transformer(x, batch.positions, batch.known, batch.time, text, text_mask, mask)
        return flow_loss(velocity, batch.noise, batch.data, batch.mask & ~batch.known), {}


@dataclass(frozen=True)
class Window:
    """A window of a clip as tokens."""

    tokens: Float[Tensor, "n p"]
    positions: Int[Tensor, "n 3"]
    caption: str
    first: bool  # the clip's first window


def encode_windows(
    clips: Sequence[Clip], codec: Codec, preset: Preset, folder: Path, *, device: str, process: Process
) -> list[Window]:
    """Every clip's windows as tokens: at the start, and as far apart as generation goes on from chunk to chunk.

    The latents are kept beside the run under a name that depends on the codec's weights, so a resumed run reads them.
    """
    digest = hashlib.sha256()
    for tensor in codec.state_dict().values():
        digest.update(tensor.detach().cpu().contiguous().numpy().tobytes())
    file = folder / f"latents-{digest.hexdigest()[:12]}.safetensors"
    space = codec.spatial_stride * preset.patch
    if not file.exists() and process.first:
        tensors: dict[str, Tensor] = {}
        with progress_bar("encode", "clips", shown=True) as move, torch.inference_mode():
            for index, clip in enumerate(clips):
                shape = window_shape(shape_of(clip), preset.window, codec.temporal_stride, space)
                for start in _starts(len(clip), shape.frames, codec.temporal_stride, preset.context):
                    frames = to_tensor(cut(clip, shape, start))[None].to(device)
                    tensors[f"{index:08d}.{start:08d}"] = codec.encode(frames)[0].half()
                move(index + 1, len(clips))
        with written_whole(file) as aside:
            write_tensors(aside, tensors)
    process.wait()
    windows, captions = [], captions_of(clips)
    latents = read_tensors(file)
    for name in sorted(latents):
        index, start = map(int, name.split("."))
        tokens, positions = tokenize(latents[name][None].float(), preset.patch)
        windows.append(Window(tokens[0], positions, captions[index], start == 0))
    return windows


def _starts(length: int, window: int, stride: int, context: int) -> list[int]:
    """Window starts 0, and then so that the known latents of a window are the last of the one before, and half-way."""
    step = max(stride, (window - 1 - (context - 1) * stride) // 2)
    return list(range(0, length - window + 1, step))


class WindowBatches:
    """Batches of windows by step number; several sizes and lengths are packed into one batch."""

    def __init__(self, windows: list[Window], preset: Preset, seed: int):
        if not windows:
            raise CuspError("the library has no clip to train the transport on")
        self.preset, self.seed = preset, seed
        self.first = [w for w in windows if w.first]
        self.later = [w for w in windows if not w.first]

    def batch(self, step: int, process: Process) -> TokenBatch:
        preset = self.preset
        size = preset.transport.batch
        generator = step_generator(self.seed + 1, step)
        places = torch.rand(size, 2, generator=generator).tolist()
        times = sample_time(size, generator, preset.time_shift)
        draws = torch.rand(size, 2, generator=generator).tolist()
        noise_seeds = torch.randint(2**62, (size,), generator=generator).tolist()
        rows = range(size)[process.share(size)]
        windows = [self._window(*places[row]) for row in rows]
        packed = pack([(w.tokens, w.positions) for w in windows])
        known = torch.zeros_like(packed.mask)
        data, noise = packed.tokens.clone(), torch.zeros_like(packed.tokens)
        prompts = []
        for i, (row, window) in enumerate(zip(rows, windows, strict=True)):
            count = _known_latents(window, draws[row][0], preset.context)
            known[i] = (packed.positions[i, :, 0] < count) & packed.mask[i]
            own = torch.Generator().manual_seed(noise_seeds[row])
            noise[i, : len(window.tokens)] = torch.randn(window.tokens.shape, generator=own)
            level = preset.known_noise * float(torch.rand((), generator=own))
            data[i, known[i]] += level * torch.randn(data[i, known[i]].shape, generator=own)
            prompts.append(_thin(window.caption, draws[row][1], preset, own))
        return TokenBatch(data, noise, packed.positions, known, packed.mask, times[list(rows)], prompts)

    def _window(self, kind: float, place: float) -> Window:
        """A window by two draws in [0, 1): whether it begins its clip, and which one."""
        pool = self.first if not self.later or kind < self.preset.first_share else self.later
        return pool[int(place * len(pool))]


def _known_latents(window: Window, draw: float, context: int) -> int:
    """0, 1 (an image) or `context` latents; a window of one latent has none to spare."""
    none, one, _ = _KNOWN_FIRST if window.first else _KNOWN_LATER
    count = 0 if draw < none else 1 if draw < none + one else context
    return min(count, int(window.positions[-1, 0]))


def _thin(caption: str, draw: float, preset: Preset, generator: torch.Generator) -> str:
    """The caption, nothing, or some of its clauses."""
    if draw < preset.text_dropout:
        return ""
    if draw < preset.text_dropout + preset.word_dropout:
        return shortened(caption, generator)
    return caption


def to_device(batch: TokenBatch, device: str) -> TokenBatch:
    moved: dict[str, Any] = {k: v.to(device) if isinstance(v, Tensor) else v for k, v in vars(batch).items()}
    return TokenBatch(**moved)


def transport_trainer(
    windows: list[Window],
    transformer: FlowTransformer,
    prompts: AnyPromptEncoder,
    preset: Preset,
    folder: Path,
    *,
    seed: int,
    process: Process,
    device: str,
    bfloat16: bool,
) -> Trainer:
    """A Trainer of the flow on `windows`, resumed from `folder`'s checkpoint if there is one."""
    batches = WindowBatches(windows, preset, seed)
    trainer = Trainer(
        "transport",
        FlowObjective(transformer, prompts),
        lambda step, process: to_device(batches.batch(step, process), device),
        preset.transport,
        folder,
        process=process,
        bfloat16=bfloat16,
    )
    trainer.resume()
    return trainer
