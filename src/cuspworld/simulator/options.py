"""What may be asked of a clip beside its prompt."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypedDict

import torch

from cuspworld.clip import Clip
from cuspworld.errors import CuspError

LONGEST = 3600.0  # seconds that one call makes; `Simulator.stream` in a loop makes more


class Options(TypedDict, total=False):
    """What may be asked of a clip beside its prompt; what is left out, or None, is the model's own."""

    seconds: float  # how long, of the new part; 2 by default
    size: int | tuple[int, int] | None  # pixels, or (height, width): the model's own frames are scaled and cropped
    fps: float | None  # frames a second: the model's own frames are repeated or left out to reach it
    seed: int  # 0 by default
    num_inference_steps: int | None
    guidance_scale: float | None
    sampler: str | None  # "euler", "heun" or "adams_bashforth"
    num_frames: int | None  # of the new part, at its frame rate; instead of `seconds`
    negative_prompt: str | None  # what guidance leads away from; nothing by default
    generator: torch.Generator | None  # a seed is drawn from it; instead of `seed`
    callback_on_step_end: Callable[[Any, int, float, dict[str, Any]], dict[str, Any] | None] | None
    # called with (simulator, step, time, {"latents": tokens}) after each step of the sampler; may return other latents
    transport: str  # "brenier", with a path drawn first, where the model has paths, or "flow", without
    critical: str | None  # of the path: "seek" a passage between branches, "avoid" them, or either (None)
    image: Any  # the first frame: a file, a PIL image, an array or a tensor
    video: str | Path | Clip | None  # what goes before: the result begins with it
    like: str | Path | Clip | None  # a clip that the path moves like: when something happens, and how much
    after: str | Path | Clip | None  # what comes after: the result ends with it; with `video`, both are connected


def seeded(options: Options) -> Options:
    """The options with the seed that `generator` draws, where it is given."""
    generator = options.get("generator")
    if generator is None:
        return options
    if not isinstance(generator, torch.Generator):
        raise CuspError(f"generator must be a torch.Generator: got {type(generator).__name__}")
    if "seed" in options:
        raise CuspError("give seed= or generator=, not both")
    seed = int(torch.randint(2**62, (), generator=generator, device=generator.device))
    return {**options, "generator": None, "seed": seed}
