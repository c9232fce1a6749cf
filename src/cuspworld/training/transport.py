"""Train the flow transformer and the prompt encoder on the latents of a library.

A window's path, the scene codes of its steps, is given with noise, so that a path that was never recorded is followed
too, and now and then not at all: the same network is then the flow alone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from cuspworld.clip import Clip
from cuspworld.codec.codec import Codec, to_tensor
from cuspworld.codec.scene_code import GRID, whole_step
from cuspworld.codec.tokens import pack, tokenize
from cuspworld.errors import CuspError
from cuspworld.files import written_whole
from cuspworld.language.loading import AnyPromptEncoder
from cuspworld.language.words import shortened, split_words
from cuspworld.models import read_tensors, write_tensors
from cuspworld.progress import progress_bar
from cuspworld.simulator.formats import Framing
from cuspworld.simulator.kinds import Kind
from cuspworld.training.coupling import CoupledWindows, condition
from cuspworld.training.critical import MOST_CAUSED, caused, change, critical_weights
from cuspworld.training.data import cut, shape_of, window_shape
from cuspworld.training.known import known_frames
from cuspworld.training.loop import Process, Trainer, step_generator
from cuspworld.training.presets import Preset
from cuspworld.transport.flow import transformer as flow
from cuspworld.transport.flow.matching import flow_loss, interpolate, sample_time
from cuspworld.transport.flow.transformer import FlowTransformer


@dataclass(frozen=True)
class TokenBatch:
    """Data tokens with their places, which of their frames are known, which tokens are padding, weights of the loss,
    noise, times, prompts and paths."""

    data: Float[Tensor, "b n p"]
    noise: Float[Tensor, "b n p"]
    positions: Int[Tensor, "b n 3"]
    known: Bool[Tensor, "b n f"]
    mask: Bool[Tensor, "b n"]
    weight: Float[Tensor, "b n f"]
    time: Float[Tensor, " b"]
    prompts: list[str]
    path: flow.CodePath | None = None
    scale: Float[Tensor, "b 3"] | None = None


class FlowObjective(nn.Module):
    """Flow-matching loss of a TokenBatch."""

    def __init__(self, transformer: FlowTransformer, prompts: AnyPromptEncoder):
        super().__init__()
        self.transformer, self.prompts = transformer, prompts

    def forward(self, batch: TokenBatch) -> tuple[Float[Tensor, ""], dict[str, Tensor]]:
        x = interpolate(batch.noise, batch.data, batch.time)
        each = batch.data.shape[-1] // batch.known.shape[-1]
        x = torch.where(batch.known.repeat_interleave(each, dim=-1), batch.data, x)
        text, text_mask = self.prompts.encode(batch.prompts)
        mask = None if bool(batch.mask.all()) else batch.mask
        velocity = self.transformer(
            x, batch.positions, batch.known, batch.time, text, text_mask, mask, batch.path, batch.scale
        )
        weight = batch.weight * ~batch.known * batch.mask[..., None]
        return flow_loss(velocity, batch.noise, batch.data, weight), {}


@dataclass(frozen=True)
class Window:
    """Consecutive latents of a clip, what its captions say, of which kind it is, the codes of its steps."""

    latents: Float[Tensor, "l h w c"]  # float16
    captions: tuple[str, ...]
    first: bool  # the clip's first window
    kind: int = 0
    codes: Float[Tensor, "s k"] | None = None


def encode_clips(
    clips: Sequence[Clip], codec: Codec, preset: Preset, folder: Path, *, device: str, process: Process
) -> list[tuple[int, int, Tensor]]:
    """(clip, first frame, float16 latents) of every clip's windows: at the start, and as far apart as generation goes
    on from chunk to chunk. A codec that folds no time encodes a clip as a whole, and its windows begin everywhere.

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
                whole = len(clip) if codec.temporal_stride == 1 else preset.window
                shape = window_shape(shape_of(clip), whole, codec.temporal_stride, space)
                for start in _starts(len(clip), shape.frames, codec.temporal_stride, preset.context):
                    frames = to_tensor(cut(clip, shape, start))[None].to(device)
                    tensors[f"{index:08d}.{start:08d}"] = codec.encode(frames)[0].half()
                move(index + 1, len(clips))
        with written_whole(file) as aside:
            write_tensors(aside, tensors)
    process.wait()
    latents = read_tensors(file)
    return [(*map(int, name.split(".")), latents[name]) for name in sorted(latents)]  # type: ignore[misc]


def make_windows(
    encoded: Sequence[tuple[int, int, Tensor]],
    captions: Sequence[tuple[str, ...]],
    preset: Preset,
    kinds: Sequence[Kind] = (),
    kind_of: Sequence[int] = (),
    framing: Framing | None = None,
    own: Sequence[Float[Tensor, "t h w c"]] = (),
    done: Sequence[Float[np.ndarray, "t a"]] = (),
) -> list[Window]:
    """The windows of encoded clips, whole tokens long; `kinds` gives the codes of their steps, `kind_of` each clip's
    kind. Clips of another format than that of the codes: `framing`, and `own` the latents of each in that one. `done`:
    what was done in each frame of each clip, for kinds whose paths tell it."""
    windows = []
    for clip, start, latents in encoded:
        each = preset.token_frames
        latents = whole_step(latents, each)
        length = min(preset.window, len(latents)) // each * each
        kind = kind_of[clip] if kinds else 0
        codes = None
        if kinds:
            identity = kinds[kind].identity
            told = latents if framing is None else own[clip]
            who = None if identity is None else identity.of(told)
            actions = kinds[kind].actions
            acts = None if actions is None else actions.steps(done[clip][start:][: len(told)], each)
            codes = torch.from_numpy(kinds[kind].path(kinds[kind].code.of(told), who, acts)).float()
        pace = 1 if framing is None else framing.pace
        for begin in range(0, len(latents) - length + 1, pace):
            path = None if codes is None else codes[begin // pace : begin // pace + -(-length // pace) : each]
            if path is not None and framing is not None:
                path = framing.codes(path)[: length // each]
            first = start == 0 and begin == 0
            windows.append(Window(latents[begin : begin + length], captions[clip], first, kind, path))
    return windows


def _starts(length: int, window: int, stride: int, context: int) -> list[int]:
    """Window starts 0, and then so that the known latents of a window are the last of the one before, and half-way."""
    step = max(stride, (window - 1 - (context - 1) * stride) // 2)
    return list(range(0, length - window + 1, step))


class WindowBatches:
    """Batches of windows by step number; several sizes and lengths are packed into one batch.

    Kinds are drawn by `shares` (equally, where None), windows by how much their latents change: what is critical is
    rare, and it is where the latents change most. `known_kinds`: the kinds, where paths are sketched. `framing`: of
    which format all the windows are, where it is not that of the codes.
    """

    def __init__(
        self,
        windows: list[Window],
        preset: Preset,
        seed: int,
        shares: Sequence[float] | None = None,
        known_kinds: Sequence[Kind] = (),
        framing: Framing | None = None,
    ):
        if not windows:
            raise CuspError("the library has no clip to train the transport on")
        self.windows, self.preset, self.seed, self.known_kinds = windows, preset, seed, known_kinds
        self.framing = framing
        kinds = np.array([window.kind for window in windows])
        first = np.array([window.first for window in windows])
        changes = np.array([float(change(window.latents).mean()) for window in windows])
        self.usual = np.array([changes[kinds == k].mean() for k in range(kinds.max() + 1)])
        weights = critical_weights(torch.from_numpy(changes / self.usual[kinds].clip(1e-12)), preset.critical).numpy()
        self.pools = {
            (int(k), bool(f)): (found := np.flatnonzero((kinds == k) & (first == f)), np.cumsum(weights[found]))
            for k in np.unique(kinds)
            for f in (True, False)
        }
        self.kinds = np.unique(kinds).tolist()
        self.coupled = None
        if preset.coupling is not None:
            told = {window.captions: condition(window.captions) for window in windows}
            labels = [f"{w.kind} {w.first} {told[w.captions]}" for w in windows]
            latents = [window.latents for window in windows]
            self.coupled = CoupledWindows(latents, labels, weights, preset.coupling, seed)
        self.shares = torch.tensor([1.0 if shares is None else shares[k] for k in self.kinds], dtype=torch.float64)

    def batch(self, step: int, process: Process) -> TokenBatch:
        preset = self.preset
        size = preset.transport.batch
        generator = step_generator(self.seed + 1, step)
        kinds = torch.multinomial(self.shares, size, replacement=True, generator=generator).tolist()
        places = torch.rand(size, 2, generator=generator).tolist()
        times = sample_time(size, generator, preset.time_shift)
        seeds = torch.randint(2**62, (size,), generator=generator).tolist()
        rows = list(range(size)[process.share(size)])
        numbers = [self._window(self.kinds[kinds[row]], *places[row]) for row in rows]
        generators = [torch.Generator().manual_seed(seeds[row]) for row in rows]
        noises: list[Tensor | None] = [None] * len(rows)
        if self.coupled is not None:
            drawn = [self.coupled.draw(*pair) for pair in zip(numbers, generators, strict=True)]
            numbers, noises = [number for number, _ in drawn], [noise for _, noise in drawn]
        windows = [self.windows[number] for number in numbers]
        parts = [self._example(*told) for told in zip(windows, generators, noises, strict=True)]
        packed = pack([(part["data"], part["positions"]) for part in parts])
        pad = torch.nn.utils.rnn.pad_sequence

        def together(name: str) -> Tensor:
            return pad([part[name] for part in parts], batch_first=True)

        path = None
        if windows[0].codes is not None:
            path = flow.CodePath(
                together("codes"),
                torch.tensor([window.kind for window in windows]),
                torch.tensor([part["code_noise"] for part in parts]),
                torch.tensor([part["given"] for part in parts]),
                together("sketch") if preset.sketch else None,
            )
        return TokenBatch(
            packed.tokens,
            together("noise"),
            packed.positions,
            together("known"),
            packed.mask,
            together("weight"),
            times[rows],
            [part["prompt"] for part in parts],
            path,
            None if self.framing is None else torch.tensor([self.framing.scale] * len(parts)),
        )

    def _window(self, kind: int, which: float, place: float) -> int:
        """The number of a window by two draws in [0, 1): whether it begins its clip, and which one."""
        first = which < self.preset.first_share
        found, heaped = self.pools[kind, first]
        if not len(found):
            found, heaped = self.pools[kind, not first]
        return int(found[min(int(np.searchsorted(heaped, place * heaped[-1], side="right")), len(found) - 1)])

    def _caused(self, window: Window) -> Float[Tensor, "h w"]:
        """Where what is done shows (`caused`), from what the window's path tells of it."""
        actions, frames = self.known_kinds[window.kind].actions, self.preset.token_frames
        assert actions is not None and window.codes is not None
        done = window.codes[:, -actions.width(frames) :].reshape(len(window.codes) * frames, -1)
        return caused(window.latents, done)

    def _example(self, window: Window, generator: torch.Generator, noise: Tensor | None = None) -> dict[str, Any]:
        """One row of a batch; `noise` of the latents' shape, where it is coupled with the window."""
        preset, each = self.preset, self.preset.token_frames
        latents = window.latents.float()
        marks = known_frames(len(latents), window.first, preset.context, generator, each, preset.known_steps)
        noisy = latents + preset.known_noise * _uniform(generator) * torch.randn(latents.shape, generator=generator)
        data, positions = tokenize(torch.where(marks[:, None, None, None], noisy, latents)[None], preset.patch, each)
        moved, _ = tokenize(change(latents)[None, ..., None], preset.patch, each)
        weight = critical_weights(
            moved[0].unflatten(-1, (each, -1)).mean(-1) / max(float(self.usual[window.kind]), 1e-12), preset.critical
        )
        if preset.actions and preset.causes:
            place = self._caused(window).square().expand(latents.shape[:3])[None, ..., None]
            share = tokenize(place, preset.patch, each)[0][0].unflatten(-1, (each, -1)).amax(dim=-1)
            weight = weight + (preset.causes * share).clamp_max(MOST_CAUSED)
        part: dict[str, Any] = {
            "data": data[0],
            "positions": positions,
            "known": marks.view(-1, each)[positions[:, 0]],
            "weight": weight,
            "noise": torch.randn(data[0].shape, generator=generator)
            if noise is None
            else tokenize(noise[None], preset.patch, each)[0][0],
            "prompt": _thin(window.captions, preset, generator),
        }
        if window.codes is not None:
            code_noise = preset.code_noise * _uniform(generator)
            codes, known = window.codes.clone(), self.known_kinds
            noised = known[window.kind].code.width if known else codes.shape[1]
            added = torch.randn(len(codes), noised, generator=generator)
            codes[:, :noised] += code_noise * added  # who is in it stays as it is: near colours are told by little
            part["codes"] = codes
            if preset.sketch:
                kind, (height, width) = self.known_kinds[window.kind], latents.shape[1:3]
                if self.framing is None:
                    shown = kind.sketch(codes, height, width)
                else:
                    shown = self.framing.sketch(kind.sketch(codes, GRID, GRID), each, height, width)
                part["sketch"] = tokenize(shown[None], preset.patch, each)[0][0]
            part["code_noise"] = code_noise
            part["given"] = _uniform(generator) >= preset.code_dropout
        return part


def _uniform(generator: torch.Generator) -> float:
    return float(torch.rand((), generator=generator))


def _thin(captions: tuple[str, ...], preset: Preset, generator: torch.Generator) -> str:
    """One of the captions, the longer the oftener (one that tells nothing teaches nothing), or nothing, or some of its
    clauses."""
    draw = _uniform(generator)
    said = torch.tensor([1.0 + len(split_words(caption)) for caption in captions])
    caption = captions[int(torch.multinomial(said, 1, generator=generator))]
    if draw < preset.text_dropout:
        return ""
    if draw < preset.text_dropout + preset.word_dropout:
        return shortened(caption, generator)
    return caption


def to_device(batch: TokenBatch, device: str) -> TokenBatch:
    def moved(value: Any) -> Any:
        if isinstance(value, flow.CodePath):
            return flow.CodePath(**{key: moved(part) for key, part in vars(value).items()})
        return value.to(device) if isinstance(value, Tensor) else value

    return TokenBatch(**{key: moved(value) for key, value in vars(batch).items()})


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
    shares: Sequence[float] | None = None,
    known_kinds: Sequence[Kind] = (),
) -> Trainer:
    """A Trainer of the flow on `windows`, resumed from `folder`'s checkpoint if there is one."""
    batches = WindowBatches(windows, preset, seed, shares, known_kinds)
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
