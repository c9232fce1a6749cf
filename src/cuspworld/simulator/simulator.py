"""Simulator: prompt, image or video -> Clip. Codec, language and transport assembled, chunk after chunk.

A clip is made in chunks of `window` frames. Each chunk after the first is given the last latents of the one before as
known tokens, so memory does not grow with length and a minute is made like a second.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from cuspworld.checks import image_size, number, whole
from cuspworld.clip import Clip
from cuspworld.codec.codec import Codec, to_frames, to_tensor
from cuspworld.codec.tokens import tokenize, untokenize
from cuspworld.errors import CuspError, CuspWarning
from cuspworld.files import written_whole
from cuspworld.language.prompt import PromptConfig, PromptEncoder, TransformersPromptEncoder
from cuspworld.models import from_config, load_into, read_config, read_tensors, save_folder
from cuspworld.transport.flow.matching import SAMPLERS, time_grid
from cuspworld.transport.flow.transformer import FlowTransformer, TransformerConfig
from cuspworld.video.frames import first, resample, resize, resize_frames

DEFAULT = Path(__file__).parents[1] / "assets" / "default"
LONGEST = 3600.0  # seconds that one call makes; `stream` in a loop makes more


@dataclass(frozen=True)
class SimulatorConfig:
    fps: float  # of the training library: the model's own
    height: int  # of the training library
    width: int
    window: int  # frames a chunk
    context: int  # latents that a chunk is given of the one before
    patch: int
    num_inference_steps: int = 12
    guidance_scale: float = 3.5
    shift: float = 3.0  # of the time grid, see `flow.time_grid`
    sampler: str = "adams_bashforth"


class Simulator:
    """`simulator(prompt, seconds=2, seed=0) -> Clip`. Load with `Simulator.from_pretrained("default")`."""

    def __init__(
        self,
        config: SimulatorConfig,
        codec: Codec,
        prompts: PromptEncoder | TransformersPromptEncoder,
        transformer: FlowTransformer,
    ):
        self.config, self.codec, self.prompts, self.transformer = config, codec, prompts, transformer
        for module in (codec, prompts, transformer):
            module.eval()

    @property
    def device(self) -> torch.device:
        return self.transformer.known.device

    def to(self, device: str | torch.device) -> Simulator:
        for module in (self.codec, self.prompts, self.transformer):
            module.to(device)
        return self

    # -- generation ---------------------------------------------------------------------------------------------------

    def __call__(
        self,
        prompt: str,
        *,
        seconds: float = 2.0,
        size: int | tuple[int, int] | None = None,
        fps: float | None = None,
        seed: int = 0,
        num_inference_steps: int | None = None,
        guidance_scale: float | None = None,
        sampler: str | None = None,
        image: str | Path | np.ndarray | None = None,
        video: str | Path | Clip | None = None,
        candidates: int = 1,
    ) -> Clip:
        """Make a clip.

        `seconds`: how long, of the new part. `size`: pixels, one number or (height, width); the model draws at its own
        size and the frames are resized. `fps`: frames a second; the model's own frames are repeated or left out to
        reach it.
        `image` (a file, or uint8 (height, width, 3)): the first frame. `video` (a file or a Clip): what goes before;
        the result begins with it. `candidates`: make so many (seeds seed, seed+1, ...) and keep the one that `audit`
        finds most possible; a CuspWarning says which, and `best_of` also hands out the others. Raises CuspError for
        values out of range, and warns (CuspWarning) if the model was not taught the prompt.
        """
        options: dict[str, Any] = {
            "seconds": seconds, "size": size, "fps": fps, "num_inference_steps": num_inference_steps,
            "guidance_scale": guidance_scale, "sampler": sampler, "image": image, "video": video,
        }  # fmt: skip
        if candidates != 1:
            clip, report, kept = self.best_of(prompt, candidates, seed=seed, **options)[0]
            note = f"kept seed {kept} of {candidates} candidates: the audit's score {report.score:.2f}"
            warnings.warn(note, CuspWarning, stacklevel=2)
            return clip
        stream = self.stream(prompt, seed=seed, **options)
        return Clip(np.concatenate(list(stream)), float(fps or self.config.fps), prompt)

    def best_of(self, prompt: str, candidates: int, *, seed: int = 0, **options: Any) -> list[tuple[Clip, Any, int]]:
        """(clip, its audit report, its seed) of each candidate, the most possible first."""
        if not 1 <= candidates <= 64:
            raise CuspError(f"candidates must be 1 to 64: got {candidates}")
        from cuspworld import audit

        made = []
        for own_seed in range(seed, seed + candidates):
            clip = self(prompt, seed=own_seed, **options)
            made.append((clip, audit(clip), own_seed))  # type: ignore[operator]
        return sorted(made, key=lambda item: (-item[1].score, item[2]))

    def stream(
        self,
        prompt: str,
        *,
        seconds: float = 2.0,
        size: int | tuple[int, int] | None = None,
        fps: float | None = None,
        seed: int = 0,
        num_inference_steps: int | None = None,
        guidance_scale: float | None = None,
        sampler: str | None = None,
        image: str | Path | np.ndarray | None = None,
        video: str | Path | Clip | None = None,
    ) -> Iterator[UInt8[np.ndarray, "t h w 3"]]:
        """The frames of the clip in chunks, as they are made; memory does not grow with `seconds`. See `__call__`."""
        config = self.config
        rate = number("fps", config.fps if fps is None else fps, 0.1, 240)
        seconds = number("seconds", seconds, 1 / rate, LONGEST)
        guidance = number("guidance_scale", config.guidance_scale if guidance_scale is None else guidance_scale, 0, 50)
        times = time_grid(
            whole("num_inference_steps", num_inference_steps or config.num_inference_steps, 1, 1000), config.shift
        )
        if num_inference_steps == 0:
            raise CuspError("num_inference_steps must be 1 to 1000: got 0")
        whole("seed", seed, 0, 2**63 - 1)
        name = config.sampler if sampler is None else sampler
        if name not in SAMPLERS:
            raise CuspError(f"no sampler {name!r}: take one of {', '.join(SAMPLERS)}")
        if image is not None and video is not None:
            raise CuspError("give image= or video=, not both")
        target = image_size(size) if size is not None else (config.height, config.width)
        given = self._given(image, video)
        if not isinstance(prompt, str):
            raise CuspError(f"prompt must be a text: got {type(prompt).__name__}")
        if told := self.prompts.warning(prompt):
            warnings.warn(told, CuspWarning, stacklevel=2)
        total = max(1, round(seconds * config.fps))
        if image is None and given is not None:
            total += len(given)
        make = _Chunks(self, prompt, seed, times, guidance, name)
        chunks = first(make.run(given), total)
        return resample(resize(chunks, target), config.fps, rate)

    def _given(self, image: Any, video: Any) -> UInt8[np.ndarray, "t h w 3"] | None:
        """The frames that go before, at the model's size and rate."""
        size = (self.config.height, self.config.width)
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

    # -- folders ------------------------------------------------------------------------------------------------------

    def save_pretrained(self, path: str | Path, *, card: str | None = None, dtype: torch.dtype = torch.float32) -> None:
        """Write config.json, codec/, language/, transport/ (each config.json and safetensors) and a model card, as a
        whole."""
        path = Path(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        with written_whole(path) as aside:
            aside.mkdir()
            save = {"_class_name": "CuspWorldSimulator", **asdict(self.config)}
            (aside / "config.json").write_text(_json(save))
            self.codec.save_pretrained(aside / "codec", dtype)
            save_folder(
                aside / "transport",
                {"_class_name": "FlowTransformer", **asdict(self.transformer.config)},
                {n: t.to(dtype) for n, t in self.transformer.state_dict().items()},
            )
            if isinstance(self.prompts, PromptEncoder):
                config = {"_class_name": "PromptEncoder", **asdict(self.prompts.config)}
                save_folder(aside / "language", config, {n: t.to(dtype) for n, t in self.prompts.state_dict().items()})
            else:
                config = {
                    "_class_name": "TransformersPromptEncoder",
                    "name": self.prompts.name,
                    "length": self.prompts.length,
                }
                save_folder(aside / "language", config, {})
            (aside / "README.md").write_text(card or self._card())

    @classmethod
    def from_pretrained(cls, path: str | Path = "default", device: str = "cpu") -> Simulator:
        """Load a folder that `save_pretrained` or `cusp train` wrote; "default" is the model in the package."""
        folder = DEFAULT if str(path) == "default" else Path(path)
        values = read_config(folder)
        if (kind := values.pop("_class_name", None)) != "CuspWorldSimulator":
            raise CuspError(f"{folder} holds a {kind}, not a CuspWorldSimulator: give the folder that cusp train wrote")
        config = from_config(SimulatorConfig, values, folder / "config.json")
        codec = Codec.from_pretrained(folder / "codec")
        language = read_config(folder / "language")
        prompts: PromptEncoder | TransformersPromptEncoder
        if language.pop("_class_name", None) == "PromptEncoder":
            language |= {key: tuple(language.get(key, ())) for key in ("words", "topics")}
            prompts = PromptEncoder(from_config(PromptConfig, language, folder / "language"))
            file = folder / "language" / "model.safetensors"
            load_into(prompts, read_tensors(file), file)
        else:
            prompts = TransformersPromptEncoder(**language)
        values = read_config(folder / "transport")
        values.pop("_class_name", None)
        transformer = FlowTransformer(from_config(TransformerConfig, values, folder / "transport"))
        file = folder / "transport" / "model.safetensors"
        load_into(transformer, read_tensors(file), file)
        return cls(config, codec, prompts, transformer).to(device)

    def describe(self) -> dict[str, Any]:
        """What `cusp info` prints."""
        count = {n: sum(p.numel() for p in m.parameters()) for n, m in
                 (("codec", self.codec), ("language", self.prompts), ("transport", self.transformer))}  # fmt: skip
        topics = self.prompts.config.topics if isinstance(self.prompts, PromptEncoder) else ()
        return {"kind": "model", **asdict(self.config), "parameters": count, "knows": list(topics)}

    def _card(self) -> str:
        facts = self.describe()
        return (
            "# A CuspWorld simulator\n\n"
            f"Draws {facts['height']} x {facts['width']} video at {facts['fps']:g} frames a second, "
            f"{sum(facts['parameters'].values()) / 1e6:.1f} million parameters.\n\nIt knows:\n\n"
            + "".join(f"- {topic}\n" for topic in facts["knows"])
            + "\n```python\nfrom cuspworld import Simulator\n\n"
            + 'Simulator.from_pretrained("THIS FOLDER")("a prompt").write("out.mp4")\n```\n'
        )


class _Chunks:
    """The chunks of one clip."""

    def __init__(self, simulator: Simulator, prompt: str, seed: int, times: list[float], guidance: float, sampler: str):
        self.simulator, self.times, self.guidance, self.sampler = simulator, times, guidance, SAMPLERS[sampler]
        self.generator = torch.Generator().manual_seed(seed)
        prompts = [prompt, ""] if guidance != 1 else [prompt]
        with torch.inference_mode():
            self.text, self.text_mask = simulator.prompts.encode(prompts)

    def run(self, given: UInt8[np.ndarray, "t h w 3"] | None) -> Iterator[UInt8[np.ndarray, "t h w 3"]]:
        """Endless: what was given, then chunk after chunk."""
        config, codec = self.simulator.config, self.simulator.codec
        context_frames = (config.context - 1) * codec.temporal_stride + 1
        last = given
        if given is not None:
            yield given
        while True:
            known = None
            if last is not None:
                count = context_frames if len(last) >= context_frames else 1
                last = last[-count:]
                with torch.inference_mode():
                    known = codec.encode(to_tensor(last)[None].to(self.simulator.device))
            frames = self._chunk(known)
            new = frames if last is None else frames[len(last) :]
            last = new[-context_frames:]
            yield new

    @torch.inference_mode()
    def _chunk(self, known: Float[Tensor, "1 l i j c"] | None) -> UInt8[np.ndarray, "t h w 3"]:
        """One window of frames; the first of them are the decoded known latents."""
        simulator = self.simulator
        config, codec = simulator.config, simulator.codec
        length = (config.window - 1) // codec.temporal_stride + 1
        shape = (length, config.height // codec.spatial_stride, config.width // codec.spatial_stride)
        latents = torch.randn((1, *shape, codec.latent_channels), generator=self.generator).to(simulator.device)
        noise, positions = tokenize(latents, config.patch)
        mark = torch.zeros(1, len(positions), dtype=torch.bool, device=noise.device)
        clean = torch.zeros_like(noise)
        if known is not None:
            tokens, _ = tokenize(known, config.patch)
            clean[:, : tokens.shape[1]] = tokens
            mark[:, : tokens.shape[1]] = True
        batch = len(self.text)
        places, marks = positions.expand(batch, -1, -1), mark.expand(batch, -1)

        def velocity(x: Tensor, t: float) -> Tensor:
            x = torch.where(mark[..., None], clean, x).expand(batch, -1, -1)
            times = torch.full((batch,), t, device=x.device)
            v = simulator.transformer(x, places, marks, times, self.text, self.text_mask).float()
            if batch == 1:
                return v
            return v[1:] + self.guidance * (v[:1] - v[1:])  # classifier-free guidance (Ho & Salimans 2022)

        x = self.sampler(velocity, noise, self.times)
        x = torch.where(mark[..., None], clean, x)
        return to_frames(codec.decode(untokenize(x, shape, config.patch)))[0]


def _json(value: dict[str, Any]) -> str:
    import json

    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"
