"""`cusp train`: codec, then transport, into one run folder that ends with a model."""

from __future__ import annotations

import json
import random
import warnings
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float

from cuspworld.clip import Clip
from cuspworld.codec.autoencoder_codec import AutoencoderCodec
from cuspworld.codec.codec import Codec
from cuspworld.errors import CuspError
from cuspworld.files import written_whole
from cuspworld.language.distinctive import distinctive
from cuspworld.language.loading import AnyPromptEncoder
from cuspworld.language.prompt import PromptConfig, PromptEncoder
from cuspworld.language.published import TransformersPromptEncoder
from cuspworld.language.words import learn_words
from cuspworld.lock import one_writer
from cuspworld.simulator.actions import Actions, done_in
from cuspworld.simulator.branches import with_branches
from cuspworld.simulator.kinds import Kind
from cuspworld.simulator.parts import Expert, SimulatorConfig
from cuspworld.simulator.simulator import Simulator
from cuspworld.training.codec import draw_samples, mean_psnr, some, train_codec
from cuspworld.training.data import captions_of, shape_of, window_shape
from cuspworld.training.loop import Process
from cuspworld.training.presets import Preset
from cuspworld.training.transport import encode_clips, make_windows, transport_trainer
from cuspworld.transport.flow.transformer import FlowTransformer, TransformerConfig

_TOPICS = 12  # captions that tell people what the model knows


@dataclass(frozen=True)
class TrainingResult:
    """Where the model lies and what the codec reached (PSNR in dB over held-out clips, before and after)."""

    model: Path
    psnr_before: float
    psnr_after: float
    codec_loss: float
    transport_loss: float


def train(
    clips: Sequence[Clip],
    preset: Preset,
    folder: str | Path,
    *,
    held_out: Sequence[Clip] = (),
    topics: Sequence[str] = (),
    wordings: Sequence[tuple[str, ...]] | None = None,
    kinds: Sequence[str] | None = None,
    shares: Mapping[str, float] | None = None,
    codec: Codec | None = None,
    prompt_encoder: str | None = None,
    seed: int = 0,
    resume: bool = False,
    device: str = "cpu",
    bfloat16: bool | None = None,
) -> TrainingResult:
    """Train on `clips` and write `folder`/model.

    `wordings`: several captions of each clip, instead of its own one. `kinds`: of which kind each clip is (for recorded
    worlds the world; all clips are one kind, where None): a kind has scene codes of its own. `shares`: how often each
    kind is drawn; equally, where None. `codec`: one that is trained already.

    `held_out` clips measure the codec (the training clips, where there are none). `topics`: what the model is taught,
    for people; by default the commonest captions. `prompt_encoder`: a transformers model by name instead of the
    embedded one.
    `bfloat16`: None takes it where it is measured to help (CUDA, and CPUs with AVX512-BF16 or AMX). Raises CuspError if
    the folder holds a run and `resume` is not set, if the run there had other settings, or if it is running now.
    """
    folder = Path(folder)
    process = Process.join()
    taught = Taught(
        clips,
        [(caption,) for caption in captions_of(clips)] if wordings is None else wordings,
        [""] * len(clips) if kinds is None else kinds,
        {} if shares is None else shares,
    )
    stride = preset.autoencoder.temporal_stride if codec is None else codec.temporal_stride
    if taught.done(preset) and stride != 1:
        raise CuspError("actions: one latent must be one frame; take --codec worlds, or a codec that folds no time")
    settings = {"preset": asdict(preset), "seed": seed, "clips": len(clips), "prompt_encoder": prompt_encoder}
    with ExitStack() as held:
        held.callback(random.setstate, random.getstate())
        if process.first:
            open_folder(folder, json.loads(json.dumps(settings)), resume)
            held.enter_context(one_writer(folder, "run"))
        process.wait()
        held.enter_context(torch.random.fork_rng([] if device == "cpu" else [device]))  # the caller's draws stay theirs
        if bfloat16 is None:
            bfloat16 = bfloat16_helps(device)
        checked = list(held_out)[:32] or some(clips, 8)
        common: dict[str, Any] = {"seed": seed, "process": process, "device": device, "bfloat16": bfloat16}
        return _train(taught, preset, folder, checked, topics, codec, prompt_encoder, common)


@dataclass(frozen=True)
class Taught:
    """What a run is taught: clips, the captions of each, its kind, how often each kind is drawn."""

    clips: Sequence[Clip]
    wordings: Sequence[tuple[str, ...]]
    kinds: Sequence[str]
    shares: Mapping[str, float]

    @property
    def kind_names(self) -> list[str]:
        return sorted(set(self.kinds))

    def done(self, preset: Preset) -> list[Float[np.ndarray, "t a"]]:
        """What was done in each frame of each clip, where paths are to tell it; else nothing. Raises CuspError for a
        clip that does not say."""
        if not preset.actions or not preset.code_width:
            return []
        found = [done_in(clip) for clip in self.clips]
        columns = {done.shape[1] for done in found}
        if len(columns) != 1 or not min(columns):
            silent = sum(not done.shape[1] for done in found)
            raise CuspError(
                f"actions: {silent} of {len(found)} clips do not say what was done in them, or clips have other "
                "actions than others: teach clips of one world, recorded with their truth, or leave actions out"
            )
        return found


def _train(
    taught: Taught,
    preset: Preset,
    folder: Path,
    checked: Sequence[Clip],
    topics: Sequence[str],
    codec: Codec | None,
    prompt_encoder: str | None,
    common: dict[str, Any],
) -> TrainingResult:
    """Codec, latents, transport, model; `common` holds what both phases are given."""
    seed, process, device = common["seed"], common["process"], common["device"]
    clips = taught.clips
    torch.manual_seed(seed)
    given = codec
    untrained = AutoencoderCodec(preset.autoencoder).to(device).eval() if given is None else given.to(device).eval()
    space = untrained.spatial_stride * preset.patch
    before = mean_psnr(untrained, checked, preset.window, space)
    codec = train_codec(clips, preset, folder, **common) if given is None else untrained
    after = before if given is not None else mean_psnr(codec, checked, preset.window, space)

    encoded = encode_clips(clips, codec, preset, folder, device=device, process=process)
    kinds = learn_kinds(taught, encoded, preset, seed)
    kind_of = [taught.kind_names.index(name) for name in taught.kinds]
    windows = make_windows(encoded, taught.wordings, preset, kinds, kind_of, done=taught.done(preset))
    captions = [text for texts in taught.wordings for text in texts]
    torch.manual_seed(seed + 1)  # only the initial weights come from it
    prompts: AnyPromptEncoder
    if prompt_encoder is None:
        words = learn_words(captions)
        prompts = PromptEncoder(
            PromptConfig(
                words,
                preset.text_width,
                length=128,
                topics=tuple(topics) or _commonest(captions),
                version=2,
                distinctive=distinctive(captions),
            )
        )
        if prompts.distinctive is not None:
            prompts.distinctive.learn(captions)
    else:
        prompts = TransformersPromptEncoder(prompt_encoder, download=True)
    transformer = FlowTransformer(
        TransformerConfig(
            token_channels=preset.token_frames * preset.patch**2 * codec.latent_channels,
            width=preset.width,
            depth=preset.depth,
            heads=preset.heads,
            text_width=prompts.width,
            frames=preset.token_frames,
            code_width=kinds[0].width if kinds else 0,
            code_kinds=max(1, len(kinds)),
            predicts=preset.predicts,
            places=preset.places,
            sketch=preset.token_frames * preset.patch**2 * kinds[0].sketched if kinds and preset.sketch else 0,
            by_steps=preset.known_steps > 0,
        )
    )
    prompts.to(device)
    transformer.to(device)
    shape = window_shape(shape_of(clips[0]), preset.window, codec.temporal_stride, space)
    length = len(windows[0].latents)
    config = SimulatorConfig(
        fps=float(clips[0].fps),
        height=shape.height,
        width=shape.width,
        window=(length - 1) * codec.temporal_stride + 1,
        context=min(preset.context, length - 1),
        patch=preset.patch,
        token_frames=preset.token_frames,
    )
    simulator = Simulator(config, codec, [Expert(prompts, transformer)], kinds)

    def sample(step: int) -> None:
        rows = []
        for clip in some(clips, 6):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                rows.append(simulator(clip.caption, seconds=config.window / config.fps, seed=seed).frames)
        draw_samples(folder / "transport_samples.png", rows)
        transformer.train()

    shares = [taught.shares.get(name, 1.0) for name in taught.kind_names]
    trainer = transport_trainer(
        windows, transformer, prompts, preset, folder, shares=shares, known_kinds=kinds, **common
    )
    trainer.on_sample = sample
    trainer.run()
    trainer.use_average()
    simulator.kinds = tuple(
        with_branches(kind, latents_of(taught, encoded, kind.name), seed) for kind in simulator.kinds
    )
    result = TrainingResult(folder / "model", before, after, 0.0, _tail(trainer.losses))
    if process.first:
        simulator.save_pretrained(result.model)
    process.wait()
    return result


def learn_kinds(
    taught: Taught, encoded: Sequence[tuple[int, int, torch.Tensor]], preset: Preset, seed: int
) -> tuple[Kind, ...]:
    """The kinds of a run with their scene codes and recorded paths; none, where the preset has no codes."""
    if not preset.code_width:
        return ()
    kinds, done = [], taught.done(preset)
    for name in taught.kind_names:
        own = latents_of(taught, encoded, name)
        captions = [texts for texts, of in zip(taught.wordings, taught.kinds, strict=True) if of == name]
        widths = preset.code_width, seed, preset.identity_width, preset.where_width, preset.looks_width
        kind = Kind.learn(name, own, captions, preset.token_frames, *widths)
        if done:
            of = [each for each, its in zip(done, taught.kinds, strict=True) if its == name]
            kind = replace(kind, actions=Actions.learn(of))
        kinds.append(kind)
    return tuple(kinds)


def latents_of(taught: Taught, encoded: Sequence[tuple[int, int, torch.Tensor]], kind: str) -> list[torch.Tensor]:
    """The latents of each clip of a kind, from its start."""
    return [latents for clip, start, latents in encoded if start == 0 and taught.kinds[clip] == kind]


def bfloat16_helps(device: str) -> bool:
    """True on CUDA, and on CPUs whose matrix products are faster in bfloat16 (measured: 1.7x with AVX512-BF16)."""
    if device != "cpu":
        return torch.cuda.is_bf16_supported()
    capabilities = torch.backends.cpu.get_cpu_capability()
    return capabilities.startswith("AVX512") and torch.ops.mkldnn._is_mkldnn_bf16_supported()


def _commonest(captions: Sequence[str]) -> tuple[str, ...]:
    values, counts = np.unique(captions, return_counts=True)
    return tuple(str(value) for value in values[np.argsort(-counts, kind="stable")][:_TOPICS])


def _tail(losses: list[tuple[int, float]]) -> float:
    """Mean of the last losses that were logged."""
    return float(np.mean([loss for _, loss in losses[-10:]])) if losses else float("nan")


def open_folder(folder: Path, settings: dict[str, Any], resume: bool) -> None:
    """Begin a run, or go on with it. Raises CuspError if it is of other settings, or `resume` is not set."""
    file = folder / "settings.json"
    if file.exists():
        if not resume:
            raise CuspError(f"{folder} holds a run already: add --resume to go on with it, or choose another folder")
        kept = json.loads(file.read_text())
        if kept != settings:
            changed = [key for key in settings if kept.get(key) != settings[key]]
            raise CuspError(
                f"{folder} was started with other settings ({', '.join(changed)}): use the same, or a new folder"
            )
        return
    folder.mkdir(parents=True, exist_ok=True)
    with written_whole(file) as aside:
        aside.write_text(json.dumps(settings, indent=2) + "\n")


def with_steps(preset: Preset, codec_steps: int | None, transport_steps: int | None, batch: int | None) -> Preset:
    """The preset with other numbers of steps or another batch size."""
    codec, transport = preset.codec, preset.transport
    if codec_steps is not None:
        codec = replace(codec, steps=codec_steps)
    if transport_steps is not None:
        transport = replace(transport, steps=transport_steps)
    if batch is not None:
        codec, transport = replace(codec, batch=batch), replace(transport, batch=batch)
    if min(codec.steps, transport.steps, codec.batch, transport.batch) < 1:
        raise CuspError("steps and batch must be 1 or more")
    return replace(preset, codec=codec, transport=transport)
