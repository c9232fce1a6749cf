"""Clips that are made of several: prompts one after the other, and a clip whose end leads to its beginning."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, Unpack

import numpy as np
from jaxtyping import UInt8

from cuspworld.checks import image_size, number, whole
from cuspworld.clip import Clip
from cuspworld.errors import CuspError
from cuspworld.simulator.options import LONGEST, Options
from cuspworld.simulator.parts import SimulatorConfig
from cuspworld.video.frames import resample, resize

Frames = UInt8[np.ndarray, "t h w 3"]


class MakesClips(Protocol):
    """What makes one clip: the simulator."""

    config: SimulatorConfig

    def __call__(self, prompt: str, **options: Unpack[Options]) -> Clip: ...


def in_turn(simulator: MakesClips, parts: Sequence[str], options: Options) -> Clip:
    """The parts of one prompt: `seconds` (2 a part by default) or `num_frames` are shared out to them."""
    own: Options = {**options}
    rate = number("fps", own.get("fps") or simulator.config.fps, 0.1, 240)
    count, seconds = own.pop("num_frames", None), own.pop("seconds", 2.0 * len(parts))
    if count is not None:
        seconds = (whole("num_frames", count, 1, int(LONGEST * rate)) + 1) / rate
    own["seconds"] = number("seconds", seconds, 1 / rate, LONGEST) / len(parts)
    clip = sequence(simulator, parts, own)
    return clip if count is None else clip[:count]


def sequence(simulator: MakesClips, prompts: Sequence[str], options: Options) -> Clip:
    """Several prompts, one after the other: each goes on where the one before ended, `seconds` long each."""
    if isinstance(prompts, str) or not prompts:
        raise CuspError("sequence takes a list of prompts, one for each part")
    options = {**options}
    size, fps = options.pop("size", None), options.pop("fps", None)
    clip: Clip | None = None
    made: list[Any] = []
    for index, prompt in enumerate(prompts):
        own: Options = {**options, "seed": options.get("seed", 0) + index}
        if index < len(prompts) - 1:
            own.pop("after", None)
        clip = simulator(prompt, **own if clip is None else {**own, "video": clip})
        options.pop("image", None)
        options.pop("video", None)
        made.append(clip.made)
    assert clip is not None
    frames, rate = _shown(clip.frames, clip.fps, size, fps)
    return Clip(frames, rate, ", then ".join(prompts), made={**made[0], "parts": made})


def _shown(frames: Frames, drawn: float, size: Any, fps: Any) -> tuple[Frames, float]:
    """Frames that were drawn at the model's own size and rate (`drawn`), as large and as fast as was asked."""
    target = (frames.shape[1], frames.shape[2]) if size is None else image_size(size)
    rate = drawn if fps is None else number("fps", fps, 0.1, 240)
    return np.concatenate(list(resample(resize(iter([frames]), target), drawn, rate))), rate


def loop(simulator: MakesClips, prompt: str, options: Options) -> Clip:
    """The first half is made from the prompt, the second connects its end with its start."""
    if "num_frames" in options:
        raise CuspError("a loop is as long as seconds=: leave num_frames= out")
    seconds = number("seconds", options.get("seconds", 2.4), 1.2, LONGEST)
    options = {**options}
    size, fps = options.pop("size", None), options.pop("fps", None)
    half: Options = {**options, "seconds": seconds / 2}
    begun = simulator(prompt, **half)
    turn: Options = {**options, "seconds": seconds - begun.seconds, "video": begun, "after": begun}
    turned = simulator(prompt, **turn)
    frames, rate = _shown(turned.frames[: len(turned) - len(begun)], begun.fps, size, fps)
    return Clip(frames, rate, prompt, made=begun.made)
