"""The scene code of a library: learned when it is first encoded and kept, so that codes stay comparable as it grows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from numpy import ndarray
from torch import Tensor

from cuspworld.codec.scene_code import SceneCode, whole_step
from cuspworld.files import written_whole
from cuspworld.models import read_tensors, write_tensors

MOMENTS = 4  # of a clip that its scene code holds
WIDTH = 16  # numbers of a scene code at a moment
_STEP = 4  # frames of a step, as the simulator's tokens hold
_LEARNED_FROM = 256  # clips
_STEPS_EACH = 4  # of them: 3,000 steps took 17 times as long and told 0.02 % more of held-out steps of Juice


def moments(code: SceneCode, latents: Float[Tensor, "l h w c"]) -> Float[ndarray, " k"]:
    """The codes of `MOMENTS` steps from the first to the last, side by side."""
    steps = code.of(whole_step(latents, code.frames))  # (s, width)
    return steps[np.linspace(0, len(steps) - 1, MOMENTS).round().astype(int)].reshape(-1).astype(np.float32)


def learned_code(
    path: Path, name: str, keys: Sequence[str], read: Callable[[str], Tensor], temporal_stride: int
) -> SceneCode:
    """The kept code of the library at `path` for the codec of this hash, else one learned from some of the clips of
    these keys, whose latents `read` gives."""
    file = code_file(path, name)
    if not file.exists():
        rng = np.random.default_rng(0)
        chosen = sorted(rng.choice(len(keys), min(_LEARNED_FROM, len(keys)), replace=False))
        frames = max(1, _STEP // temporal_stride)
        steps = [step for index in chosen for step in _some_steps(read(keys[index]), frames, rng)]
        code = SceneCode.learn(steps, frames, WIDTH)
        tensors = {"mean": code.mean, "basis": code.basis, "scale": torch.tensor([code.scale, float(frames)])}
        with written_whole(file) as aside:
            write_tensors(aside, tensors)
    return read_code(file)


def _some_steps(latents: Tensor, frames: int, rng: np.random.Generator) -> list[Tensor]:
    latents = whole_step(latents, frames)
    places = len(latents) - frames + 1
    chosen = rng.choice(places, min(_STEPS_EACH, places), replace=False)
    return [latents[place : place + frames] for place in sorted(chosen.tolist())]


def read_code(file: Path) -> SceneCode:
    tensors = read_tensors(file)
    scale, frames = tensors["scale"].tolist()
    return SceneCode(tensors["mean"], tensors["basis"], scale, int(frames))


def code_file(path: Path, name: str) -> Path:
    return path / f"scene_code-{name}.safetensors"
