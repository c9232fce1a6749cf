"""Clips that are made of several: prompts one after the other, and a clip whose end leads to its beginning."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, Unpack

import numpy as np
from jaxtyping import UInt8

from cuspworld.checks import image_size, number, whole
from cuspworld.clip import Clip
from cuspworld.codec.enlarger import Enlarger, enlargement, resize
from cuspworld.errors import CuspError
from cuspworld.simulator.options import LONGEST, Options
from cuspworld.simulator.parts import SimulatorConfig
from cuspworld.video.frames import resample

Frames = UInt8[np.ndarray, "t h w 3"]


class MakesClips(Protocol):
    """What makes one clip: the simulator."""

    config: SimulatorConfig
    enlarger: Enlarger | None

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
    whole_clip = Clip(clip.frames, clip.fps, ", then ".join(prompts), made={**made[0], "parts": made})
    return _shown(simulator, whole_clip, size, fps)


def _shown(simulator: MakesClips, clip: Clip, size: Any, fps: Any) -> Clip:
    """A clip that was drawn at the model's own size and rate, as large and as fast as was asked."""
    target = clip.size if size is None else image_size(size)
    rate = clip.fps if fps is None else number("fps", fps, 0.1, 240)
    frames = np.concatenate(list(resample(resize(iter([clip.frames]), target, simulator.enlarger), clip.fps, rate)))
    made = {**clip.made, **enlargement(simulator.enlarger, clip.size, target)}
    return Clip(frames, rate, clip.caption, made=made)


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
    turned = Clip(turned.frames[: len(turned) - len(begun)], begun.fps, prompt, made=begun.made)
    return _shown(simulator, turned, size, fps)
