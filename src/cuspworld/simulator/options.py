"""What may be asked of a clip beside its prompt."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypedDict, cast

import torch

from cuspworld.checks import whole
from cuspworld.clip import Clip
from cuspworld.errors import CuspError

LONGEST = 3600.0  # seconds that one call makes; `Simulator.stream` in a loop makes more


class Options(TypedDict, total=False):
    """What may be asked of a clip beside its prompt; what is left out, or None, is the model's own."""

    seconds: float  # how long, of the new part; 2 by default
    size: int | tuple[int, int] | None  # pixels, or (height, width): drawn so, if its expert was
    # taught to (`simulator.formats`); else frames of the nearest size are enlarged, scaled and cropped
    fps: float | None  # frames a second: drawn so, if the expert was taught to; else frames are repeated or left out
    seed: int  # 0 by default
    num_inference_steps: int | None
    guidance_scale: float | None
    sketch_guidance_scale: float | None  # along a path: from what is drawn where it is not told what lies where;
    action_guidance_scale: float | None  # where it is not told what is done; 1 is none (`simulator.guidance`)
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
    prompt_expansion: bool | str | Callable[[str], str] | None  # what is drawn instead of the prompt: True, what
    # `simulator.expand` makes of it; a text, edited by hand; what a function makes of it (`curation/expanding.py`)
    after: str | Path | Clip | None  # what comes after: the result ends with it; with `video`, both are connected


@dataclass(frozen=True)
class Asked:
    """A clip that was asked for: `seconds` of new frames at `rate` frames a second, exactly `count` where that was
    said; `size` (height, width)."""

    prompt: str
    options: Options
    seconds: float
    count: int | None
    size: tuple[int, int]
    rate: float
    candidates: int


ELSEWHERE = {
    "height": "size=(height, width)",
    "width": "size=(height, width)",
    "frame_rate": "fps=",
    "num_videos_per_prompt": "a list of prompts",
    "callback_on_step_end_tensor_inputs": "callback_on_step_end=, which is given latents",
}  # what other libraries call it -> what to give here
_ONE_A_PROMPT = ("seed", "generator", "negative_prompt", "image")  # may be lists, or images in a batch


def settled(options: Options) -> Options:
    """The options that are given, None being left out, with the seed that `generator` draws. Raises CuspError for names
    that are no options."""
    if unknown := sorted(options.keys() - Options.__annotations__.keys()):
        known = ELSEWHERE.get(unknown[0], "some of " + ", ".join(Options.__annotations__))
        raise CuspError(f"no option {unknown[0]!r}: take {known}")
    own = cast(Options, {name: value for name, value in options.items() if value is not None})
    if (called := own.get("callback_on_step_end")) is not None and not callable(called):
        raise CuspError(f"callback_on_step_end must be a function: got {type(called).__name__}")
    if (generator := own.pop("generator", None)) is None:
        return own
    if not isinstance(generator, torch.Generator):
        raise CuspError(f"generator must be a torch.Generator: got {type(generator).__name__}")
    if "seed" in own:
        raise CuspError("give seed= or generator=, not both")
    own["seed"] = int(torch.randint(2**62, (), generator=generator, device=generator.device))
    return own


def one_a_prompt(options: Options, count: int) -> list[Options]:
    """The options of each of `count` prompts: of lists of seeds, generators, negative prompts and images the k-th; else
    one seed, and the k-th prompt has `seed + k`."""
    given: dict[str, Any] = {**options}
    lists = {name: given.pop(name) for name in _ONE_A_PROMPT if _is_several(given.get(name))}
    for name, values in lists.items():
        if len(values) != count:
            raise CuspError(f"{name} must be one, or one for each of {count} prompts: got {len(values)}")
    if not lists.keys() & {"seed", "generator"}:
        given = {**settled(cast(Options, given))}
        first = whole("seed", given.get("seed", 0), 0, 2**63 - count)
        lists["seed"] = range(first, first + count)
    return [cast(Options, given | {name: values[k] for name, values in lists.items()}) for k in range(count)]


def _is_several(value: Any) -> bool:
    return isinstance(value, list | tuple) or getattr(value, "ndim", 0) == 4
