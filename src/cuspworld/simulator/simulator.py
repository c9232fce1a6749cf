"""Simulator: prompt, image or video -> Clip. Codec, language and transport assembled: `parts.py` holds them,
`chunks.py` draws with them, `folder.py` keeps them."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypedDict, Unpack

import numpy as np
import torch
from jaxtyping import UInt8

from cuspworld.checks import image_size, number, whole
from cuspworld.clip import Clip
from cuspworld.errors import CuspError, CuspWarning
from cuspworld.simulator.chunks import Chunks, Sampling
from cuspworld.simulator.folder import DEFAULT, load_parts, save_parts
from cuspworld.simulator.parts import Parts
from cuspworld.transport.flow.matching import SAMPLERS, time_grid
from cuspworld.video.frames import first, resample, resize, resize_frames

LONGEST = 3600.0  # seconds that one call makes; `stream` in a loop makes more


class Options(TypedDict, total=False):
    """What may be asked of a clip beside its prompt; what is left out, or None, is the model's own."""

    seconds: float  # how long, of the new part; 2 by default
    size: int | tuple[int, int] | None  # pixels, or (height, width): the model's own frames are scaled and cropped
    fps: float | None  # frames a second: the model's own frames are repeated or left out to reach it
    seed: int  # 0 by default
    num_inference_steps: int | None
    guidance_scale: float | None
    sampler: str | None  # "euler", "heun" or "adams_bashforth"
    image: str | Path | np.ndarray | None  # the first frame: a file, or uint8 (height, width, 3)
    video: str | Path | Clip | None  # what goes before: the result begins with it


class Simulator(Parts):
    """`simulator(prompt, seconds=2, seed=0) -> Clip`. Load with `Simulator.from_pretrained("default")`."""

    def __call__(self, prompt: str, *, candidates: int = 1, **options: Unpack[Options]) -> Clip:
        """Make a clip.

        `options`: seconds=2.0, size, fps, seed=0, num_inference_steps, guidance_scale, sampler, image, video; `Options`
        says what each is. `candidates`: make so many (seeds seed, seed+1, ...) and keep the one that `audit` finds most
        possible; a CuspWarning says which, and `best_of` also hands out the others. Raises CuspError for values out of
        range, and warns (CuspWarning) if the model was not taught the prompt.
        """
        if candidates != 1:
            clip, report, kept = self.best_of(prompt, candidates, **options)[0]
            note = f"kept seed {kept} of {candidates} candidates: the audit's score {report.score:.2f}"
            warnings.warn(note, CuspWarning, stacklevel=2)
            return clip
        frames = np.concatenate(list(self.stream(prompt, **options)))
        return Clip(frames, float(options.get("fps") or self.config.fps), prompt)

    def best_of(self, prompt: str, candidates: int, **options: Unpack[Options]) -> list[tuple[Clip, Any, int]]:
        """(clip, its audit report, its seed) of each candidate, the most possible first."""
        from cuspworld.audit.run import audit_clip

        whole("candidates", candidates, 1, 64)
        seed = options.get("seed", 0)
        made = []
        for own_seed in range(seed, seed + candidates):
            own: Options = {**options, "seed": own_seed}
            clip = self(prompt, **own)
            made.append((clip, audit_clip(clip), own_seed))
        return sorted(made, key=lambda item: (-item[1].score, item[2]))

    def stream(self, prompt: str, **options: Unpack[Options]) -> Iterator[UInt8[np.ndarray, "t h w 3"]]:
        """The frames of the clip in chunks, as they are made; memory does not grow with `seconds`. See `__call__`."""
        if unknown := sorted(options.keys() - Options.__annotations__.keys()):
            raise CuspError(f"no option {unknown[0]!r}: take some of {', '.join(Options.__annotations__)}")
        if not isinstance(prompt, str):
            raise CuspError(f"prompt must be a text: got {type(prompt).__name__}")
        config = self.config
        fps, size = options.get("fps"), options.get("size")
        rate = number("fps", config.fps if fps is None else fps, 0.1, 240)
        seconds = number("seconds", options.get("seconds", 2.0), 1 / rate, LONGEST)
        target = image_size(size) if size is not None else (config.height, config.width)
        sampling = self._sampling(options)
        given = self._given(options.get("image"), options.get("video"))
        if told := self.prompts.warning(prompt):
            warnings.warn(told, CuspWarning, stacklevel=2)
        total = max(1, round(seconds * config.fps))
        if options.get("image") is None and given is not None:
            total += len(given)
        chunks = first(Chunks(self, prompt, sampling).run(given), total)
        return resample(resize(chunks, target), config.fps, rate)

    def _sampling(self, options: Options) -> Sampling:
        """The options of the sampler, checked."""
        config = self.config
        steps, guidance = options.get("num_inference_steps"), options.get("guidance_scale")
        name = options.get("sampler") or config.sampler
        if name not in SAMPLERS:
            raise CuspError(f"no sampler {name!r}: take one of {', '.join(SAMPLERS)}")
        steps = whole("num_inference_steps", config.num_inference_steps if steps is None else steps, 1, 1000)
        guidance = number("guidance_scale", config.guidance_scale if guidance is None else guidance, 0, 50)
        seed = whole("seed", options.get("seed", 0), 0, 2**63 - 1)
        return Sampling(seed, time_grid(steps, config.shift), guidance, name)

    def _given(self, image: Any, video: Any) -> UInt8[np.ndarray, "t h w 3"] | None:
        """The frames that go before, at the model's size and rate."""
        size = (self.config.height, self.config.width)
        if image is not None and video is not None:
            raise CuspError("give image= or video=, not both")
        if isinstance(image, np.ndarray):
            if image.ndim != 3 or image.shape[-1] != 3 or image.dtype != np.uint8:
                raise CuspError(f"image must be uint8 (height, width, 3): got {image.dtype} {image.shape}")
            return resize_frames(image[None], size)
        if image is not None:
            from cuspworld.video.images import read_image

            return resize_frames(read_image(image)[None], size)
        if isinstance(video, Clip):
            step = video.fps / self.config.fps
            chosen = np.minimum((np.arange(max(1, round(len(video) / step))) * step).astype(int), len(video) - 1)
            return resize_frames(video.frames[chosen], size)
        if video is not None:
            return Clip.read(video, size=size, fps=self.config.fps).frames
        return None

    def to(self, device: str | torch.device) -> Simulator:
        for module in (self.codec, self.prompts, self.transformer):
            module.to(device)
        return self

    def save_pretrained(self, path: str | Path, *, card: str | None = None, dtype: torch.dtype = torch.float32) -> None:
        """Write config.json, codec/, language/, transport/ (each config.json and safetensors) and a model card, as a
        whole."""
        save_parts(self, Path(path), card, dtype)

    @classmethod
    def from_pretrained(cls, path: str | Path = "default", device: str = "cpu") -> Simulator:
        """Load a folder that `save_pretrained` or `cusp train` wrote; "default" is the model in the package."""
        parts = load_parts(DEFAULT if str(path) == "default" else Path(path))
        return cls(parts.config, parts.codec, parts.prompts, parts.transformer).to(device)
