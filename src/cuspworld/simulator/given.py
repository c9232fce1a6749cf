"""Frames that are given, an image or a video, at a model's size and rate, or larger."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import UInt8

from cuspworld.clip import Clip
from cuspworld.codec.enlarger import TIMES, passes
from cuspworld.errors import CuspError
from cuspworld.simulator.parts import SimulatorConfig
from cuspworld.video.frames import resize_frames
from cuspworld.video.images import as_image


def given(config: SimulatorConfig, image: Any, video: Any) -> UInt8[np.ndarray, "t h w 3"] | None:
    """One frame of an image, all of a video, None where neither is given. Raises CuspError for both, or for what is
    neither a file nor a Clip."""
    size = (config.height, config.width)
    if image is not None and video is not None:
        raise CuspError("give image= or video=, not both")
    if image is not None:
        return resize_frames(as_image(image)[None], size)
    if isinstance(video, Clip):
        step = video.fps / config.fps
        chosen = np.minimum((np.arange(max(1, round(len(video) / step))) * step).astype(int), len(video) - 1)
        return resize_frames(video.frames[chosen], size)
    if video is not None:
        if not isinstance(video, str | Path):
            raise CuspError(f"video must be a file or a Clip, as Clip(frames, fps): got {type(video).__name__}")
        return Clip.read(video, size=size, fps=config.fps).frames
    return None


def given_large(config: SimulatorConfig, size: tuple[int, int], image: Any, video: Any) -> UInt8[np.ndarray, "t h w 3"]:
    """The same part of the same frames in a larger `size`, from where they are given: not what the model's size left of
    them."""
    times = TIMES ** passes((config.height, config.width), size)
    large = given(replace(config, height=times * config.height, width=times * config.width), image, video)
    assert large is not None
    return resize_frames(large, size)
