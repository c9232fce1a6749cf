"""How noise becomes a clip: the options of the sampler, checked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from torch import Tensor

from cuspworld.checks import number, whole
from cuspworld.errors import CuspError
from cuspworld.simulator.guidance import MOST, Guidance
from cuspworld.simulator.options import Options
from cuspworld.simulator.parts import SimulatorConfig
from cuspworld.transport.flow.matching import SAMPLERS, OnStep, time_grid, unchanged


@dataclass(frozen=True)
class Sampling:
    """How noise becomes a chunk."""

    seed: int
    times: list[float]  # from 0, noise, to 1, data
    guidance: float  # classifier-free; 1 is none
    sampler: str  # of `SAMPLERS`
    negative: str = ""  # what guidance leads away from
    on_step: OnStep = unchanged  # (step, time, tokens) -> tokens
    sketch: float | None = None  # scales of guidance along a path, where they are not the kind's own
    actions: float | None = None

    def along(self, own: Guidance | None) -> Guidance:
        """Guidance along a path, of a kind whose own is this."""
        return (own or Guidance()).with_(self.sketch, self.actions)


def sampling(config: SimulatorConfig, options: Options, path: bool, caller: Any = None) -> Sampling:
    """The options of the sampler; `path`: whether a path is followed, which takes fewer steps. `caller`: the first
    argument of callback_on_step_end. Raises CuspError for values out of range."""
    usual = config.path_inference_steps if path else config.num_inference_steps
    strength = config.path_guidance_scale if path else config.guidance_scale
    name = options.get("sampler", config.sampler)
    if name not in tuple(SAMPLERS):
        raise CuspError(f"no sampler {name!r}: take one of {', '.join(SAMPLERS)}")
    steps = whole("num_inference_steps", options.get("num_inference_steps", usual), 1, 1000)
    guidance = number("guidance_scale", options.get("guidance_scale", strength), 0, 50)
    seed = whole("seed", options.get("seed", 0), 0, 2**63 - 1)
    along = [
        None if (scale := options.get(name)) is None else number(name, scale, 0, MOST)
        for name in ("sketch_guidance_scale", "action_guidance_scale")
    ]
    negative = options.get("negative_prompt", "")
    if not isinstance(negative, str):
        raise CuspError(f"negative_prompt must be a text: got {type(negative).__name__}")
    called = options.get("callback_on_step_end")

    def on_step(step: int, time: float, latents: Tensor) -> Tensor:
        answer = None if called is None else called(caller, step, time, {"latents": latents})
        if answer is None:
            return latents
        changed = answer.get("latents", latents) if isinstance(answer, dict) else answer
        if not isinstance(changed, Tensor) or changed.shape != latents.shape:
            raise CuspError(
                'callback_on_step_end must return {"latents": a tensor of the shape that it was given, '
                f"{tuple(latents.shape)}}}, or None: got {getattr(changed, 'shape', None) or repr(answer)[:80]}"
            )
        return changed.to(latents)

    return Sampling(seed, time_grid(steps, config.shift), guidance, name, negative, on_step, *along)
