"""Simulator: prompt, image or video -> Clip. Codec, language and transport assembled: `parts.py` holds them,
`chunks.py` draws with them, `folder.py` keeps them."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any, Unpack, overload

import numpy as np
import torch
from jaxtyping import Float, UInt8

from cuspworld.checks import image_size, number, whole
from cuspworld.clip import Clip
from cuspworld.codec.codec import to_tensor
from cuspworld.codec.enlarger import enlargement, resize
from cuspworld.detectors import names
from cuspworld.errors import CuspError, CuspWarning
from cuspworld.language.turns import turns
from cuspworld.models import check_device
from cuspworld.simulator.branches import Branches
from cuspworld.simulator.choosing import Candidate, ranked, read
from cuspworld.simulator.chunks import Chunks, MakesChunks, run
from cuspworld.simulator.critical import CriticalEvent, critical_events
from cuspworld.simulator.ends import Ends
from cuspworld.simulator.expanded import expanded
from cuspworld.simulator.folder import DEFAULT, load_parts, save_parts
from cuspworld.simulator.formats import nearest
from cuspworld.simulator.given import given, given_large
from cuspworld.simulator.looking import Look, look_at
from cuspworld.simulator.masses import Masses, Prompts
from cuspworld.simulator.options import LONGEST, Asked, Options, one_a_prompt, settled
from cuspworld.simulator.outputs import OUTPUTS
from cuspworld.simulator.parts import Parts
from cuspworld.simulator.paths import CRITICAL, Paths
from cuspworld.simulator.route import DrawnRoute, GivenRoute, Route
from cuspworld.simulator.sampling import sampling
from cuspworld.simulator.several import in_turn, loop, sequence
from cuspworld.simulator.ways import Choice, Ways, said_of
from cuspworld.video.frames import first, resample

Frames = UInt8[np.ndarray, "t h w 3"]
TRANSPORTS = ("brenier", "flow")
MOST = 64  # candidates


class Simulator(Parts):
    """`simulator(prompt, seconds=2, seed=0) -> Clip`. Load with `Simulator.from_pretrained("default")`."""

    name = ""  # of the folder that it was loaded from

    @overload
    def __call__(self, prompt: str | None = None, *, candidates: int = 1, **options: Unpack[Options]) -> Clip: ...
    @overload
    def __call__(
        self,
        prompt: str | Sequence[str] | None = None,
        *,
        candidates: int = 1,
        output_type: str = "clip",
        **options: Unpack[Options],
    ) -> Any: ...
    def __call__(
        self,
        prompt: str | Sequence[str] | None = None,
        *,
        candidates: int = 1,
        output_type: str = "clip",
        **options: Unpack[Options],
    ) -> Any:
        """Make a clip; of a list of prompts a list, the k-th with the seed `seed + k`, or with the k-th of lists of
        seeds, generators, negative prompts and images. The prompt may be left out beside an image or a video.

        `options`: seconds=2.0 or num_frames, size, fps, seed=0 or generator, num_inference_steps, guidance_scale,
        sketch_guidance_scale, action_guidance_scale, negative_prompt, sampler, image, video, after, like,
        callback_on_step_end, transport="brenier", critical, prompt_expansion; `Options` says what each is.
        `output_type`: "clip", "np" (time, height, width, 3) or "pt" (time, 3, height, width), both from 0 to 1, or
        "pil". `candidates`: make so many (seeds seed, seed+1, ...) and keep the one that shows best what was asked and
        least that cannot be (`choosing.py`); of a clip longer than a chunk, whose world has a detector, so many of each
        chunk (`ways.py`). A CuspWarning says which, and `best_of` hands out whole clips, the best first. Raises
        CuspError for values out of range; warns (CuspWarning) if the model was not taught the prompt.
        """
        if output_type not in tuple(OUTPUTS):
            raise CuspError(f"output_type must be one of {', '.join(OUTPUTS)}: got {output_type!r}")
        if isinstance(prompt, list | tuple):
            each = zip(prompt, one_a_prompt(options, len(prompt)), strict=True)
            return [self(text, candidates=candidates, output_type=output_type, **own) for text, own in each]
        (options,) = one_a_prompt(options, 1)
        options = settled(options)
        if prompt is None and options.keys() & {"image", "video"}:
            prompt = ""
        if not isinstance(prompt, str):
            raise CuspError(f"prompt must be a text or a list of texts: got {type(prompt).__name__}")
        text, options, told = expanded(self, prompt, options)
        if told:
            clip = self(text, candidates=candidates, **options)
            return OUTPUTS[output_type](replace(clip, made={**clip.made, **told}))
        whole("candidates", candidates, 1, MOST)
        if candidates == 1 and len(parts := self.parts(prompt)) > 1:
            return OUTPUTS[output_type](in_turn(self, parts, options))
        facts: dict[str, Any] = {}
        frames = np.concatenate(list(self._stream(prompt, options, facts, candidates)))
        if said := said_of(facts):
            warnings.warn(said, CuspWarning, stacklevel=2)
        rate = float(options.get("fps") or self.config.fps)
        return OUTPUTS[output_type](Clip(frames, rate, prompt, made={**self.made(prompt, **options), **facts}))

    def expand(self, prompt: str, seed: int = 0) -> str:
        """The prompt as a full description in the words of the captions that the model was taught, lent by a recorded
        clip that shows what the prompt says; the prompt itself where none does, or the model keeps no captions. What no
        recorded clip shows is named in a CuspWarning: the description may leave it out."""
        if not self.kinds:
            return prompt
        for told in self._warnings(prompt, self._prompts.masses(prompt, seed, None), None):
            warnings.warn(told, CuspWarning, stacklevel=2)
        return self._prompts.expand(prompt, seed)

    def made(self, prompt: str, **options: Unpack[Options]) -> dict[str, Any]:
        """What a file says of how its clip came to be."""
        text, options, told = expanded(self, prompt, options)
        if told:
            return {**self.made(text, **options), **told}
        path = self._follows_paths(options)
        how = sampling(self.config, options, path)
        away = {"negative_prompt": how.negative} if how.negative else {}
        return {
            "prompt": prompt,
            "seed": how.seed,
            "model": self.name,
            "transport": "brenier" if path else "flow",
            "num_inference_steps": len(how.times) - 1,
            "guidance_scale": how.guidance,
            "sampler": how.sampler,
            **away,
        }

    def best_of(self, prompt: str, candidates: int, **options: Unpack[Options]) -> list[Candidate]:
        """Each candidate with its audit report, its seed, and what its world's detector reads in it, the best first."""
        from cuspworld.audit.run import audit_clip

        whole("candidates", candidates, 1, MOST)
        text, options, told = expanded(self, prompt, options)
        if told:
            made = self.best_of(text, candidates, **options)
            return [replace(one, clip=replace(one.clip, made={**one.clip.made, **told})) for one in made]
        seed = whole("seed", options.get("seed", 0), 0, 2**63 - candidates)
        made = []
        for own_seed in range(seed, seed + candidates):
            own: Options = {**options, "seed": own_seed}
            clip = self(prompt, **own)
            made.append(read(clip, audit_clip(clip), own_seed))
        return ranked(prompt, made)

    def stream(
        self, prompt: str, *, candidates: int = 1, facts: dict[str, Any] | None = None, **options: Unpack[Options]
    ) -> Iterator[Frames]:
        """The frames of the clip in chunks, as they are made; memory does not grow with `seconds`, unless whole clips
        are compared. See `__call__`. `facts` comes to hold, chunk by chunk, what a clip's `made` holds of its path."""
        facts = {} if facts is None else facts
        whole("candidates", candidates, 1, MOST)
        prompt, options, _ = expanded(self, prompt, options)
        if candidates == 1 and isinstance(prompt, str) and len(parts := self.parts(prompt)) > 1:
            clip = in_turn(self, parts, options)
            facts.update(clip.made)
            return iter([clip.frames])
        return self._stream(prompt, options, facts, candidates)

    def parts(self, prompt: str) -> list[str]:
        """What a prompt tells one after the other, "..., then ...": each is made as a clip that goes on from the one
        before. One part where the model's own captions tell several things so: it was taught to draw them at once."""
        return [prompt] if self._taught_turns else turns(prompt)

    @cached_property
    def _taught_turns(self) -> bool:
        return any(len(turns(text)) > 1 for kind in self.kinds for texts in kind.captions for text in texts)

    def _stream(self, prompt: str, options: Options, facts: dict[str, Any], candidates: int = 1) -> Iterator[Frames]:
        """As `stream`, of settled options; `facts` comes to hold what was chosen."""
        if not isinstance(prompt, str):
            raise CuspError(f"prompt must be a text: got {type(prompt).__name__}")
        config, size = self.own, options.get("size")
        rate = number("fps", options.get("fps", config.fps), 0.1, 240)
        if (count := options.get("num_frames")) is not None:
            if "seconds" in options:
                raise CuspError("give seconds= or num_frames=, not both")
            seconds = whole("num_frames", count, 1, int(LONGEST * rate)) / rate
        else:
            seconds = number("seconds", options.get("seconds", 2.0), 1 / rate, LONGEST)
        target = image_size(size) if size is not None else (config.height, config.width)
        before = given(config, options.get("image"), options.get("video"))
        after = given(config, None, options.get("after"))
        look = look_at(self, before if before is not None else after)
        masses = self._masses(prompt, options, look)
        for told in self._warnings(prompt, masses, look):
            warnings.warn(told, CuspWarning, stacklevel=2)
        kind = masses.kind if masses else None
        shown = nearest(self.formats(kind), target, rate) if after is None else None
        drawing = self
        if shown is not None and shown != self.formats(kind)[0]:
            drawing = self.drawing(shown)
            before = given(drawing.config, options.get("image"), options.get("video"))
            facts["format"] = str(shown)
        asked = Asked(prompt, options, seconds, count, target, rate, candidates)
        return drawing._drawn(asked, masses, before, after, facts)

    def _drawn(
        self, asked: Asked, masses: Masses | None, before: Frames | None, after: Frames | None, facts: dict[str, Any]
    ) -> Iterator[Frames]:
        """The frames that were asked for, drawn at this one's own size and rate, and then as large and as fast as they
        were asked for."""
        config, prompt, options = self.config, asked.prompt, asked.options
        kind, candidates = masses.kind if masses else None, asked.candidates
        frames = asked.seconds * config.fps
        total = max(1, round(frames) if asked.count is None else math.ceil(frames - 1e-9))
        by_chunk = candidates > 1 and after is None and total > config.window and len(self.parts(prompt)) == 1
        if candidates > 1 and not (by_chunk and kind is not None and self.kinds[kind].name in names()):
            return self._best_whole(prompt, options, facts, candidates, kind if by_chunk else None)
        seeds = [whole("seed", options.get("seed", 0), 0, 2**63 - candidates) + k for k in range(candidates)]
        starts = []
        for seed in seeds:
            own: Options = {**options, "seed": seed}
            route = self._route(masses, own)
            starts.append(Chunks(self, prompt, sampling(config, own, route is not None, self), route, kind))
        new = total
        if options.get("image") is None and before is not None:
            total += len(before)
        if after is not None:
            filled = Ends(self, starts[0], kind if starts[0].route else None).fill(before, after, new)
            chunks = iter([part for part in (before, filled, after) if part is not None])
        elif candidates > 1 and kind is not None:
            ways = Ways(starts, Choice(self.kinds[kind].name, prompt, config.fps))
            chunks = first(self._noting(ways, before, total, facts), total)
        else:
            chunks = first(self._noting(starts[0], before, total, facts), total)
        facts.update(enlargement(self.enlarger, (config.height, config.width), asked.size))
        shown = resample(self._sized(chunks, asked, before, after), config.fps, asked.rate)
        if asked.count is None:
            return shown
        led = 0 if before is None or options.get("image") is not None else len(before) * asked.rate / config.fps
        return first(shown, math.ceil(led) + asked.count)

    def _sized(
        self, chunks: Iterator[Frames], asked: Asked, before: Frames | None, after: Frames | None
    ) -> Iterator[Frames]:
        """The chunks in the size that was asked for; what was given is taken from where it is as large as it was."""
        options = asked.options
        for index, chunk in enumerate(chunks):
            if index == 0 and before is not None:
                yield given_large(self.config, asked.size, options.get("image"), options.get("video"))[: len(chunk)]
            elif chunk is after:
                yield given_large(self.config, asked.size, None, options.get("after"))
            else:
                yield from resize(iter([chunk]), asked.size, self.enlarger)

    def _noting(self, made: MakesChunks, before: Frames | None, total: int, facts: dict[str, Any]) -> Iterator[Frames]:
        """The chunks; `facts` is kept up to date with what was chosen."""
        for index, chunk in enumerate(run(made, before, total)):
            if index or before is None:
                facts.update(made.facts())
            yield chunk

    def _best_whole(
        self, prompt: str, options: Options, facts: dict[str, Any], candidates: int, unread: int | None
    ) -> Iterator[Frames]:
        """Of whole clips the best one's frames. `unread`: the kind of a long clip that no detector reads."""
        best = self.best_of(prompt, candidates, **options)[0]
        told = f"kept seed {best.seed} of {candidates} candidates: {best}"
        if unread is not None:
            told += f". No detector reads {self.kinds[unread].name or 'its kind'}: whole clips were compared"
        warnings.warn(told, CuspWarning, stacklevel=3)
        facts.update(best.clip.made)
        return iter([best.clip.frames])

    def _follows_paths(self, options: Options) -> bool:
        """Whether a path is drawn first; the options that say so, checked."""
        transport, critical = options.get("transport", "brenier"), options.get("critical")
        if transport not in TRANSPORTS:
            raise CuspError(f"no transport {transport!r}: take one of {', '.join(TRANSPORTS)}")
        if critical not in CRITICAL:
            raise CuspError(f"critical must be avoid, seek or None: got {critical!r}")
        follows = bool(self.kinds) and transport == "brenier"
        if critical is not None and not follows:
            raise CuspError("critical= chooses among paths: this model has none, or transport is flow")
        return follows

    def _masses(self, prompt: str, options: Options, look: Look | None) -> Masses | None:
        """Which recorded clips the prompt asks for; None where the model has none, or one expert and no path."""
        if not self.kinds or (len(self.experts) == 1 and not self._follows_paths(options)):
            return None
        seed = whole("seed", options.get("seed", 0), 0, 2**63 - 1)
        return self._prompts.masses(prompt, seed, None if look is None else look.kind)

    def _route(self, masses: Masses | None, options: Options) -> Route | None:
        """The path to follow, None for the flow alone."""
        if not self._follows_paths(options) or masses is None:
            return None
        seed = whole("seed", options.get("seed", 0), 0, 2**63 - 1)
        config, each = self.config, self.config.token_frames
        latents = (config.window - 1) // self.codec.temporal_stride + 1
        pace = 1 if (framing := self.framing) is None else framing.pace
        kind = self.kinds[masses.kind]
        paths = Paths(Branches(kind, kind.branches), seed, options.get("critical"))
        place, advance = self.expert(masses.kind)[1], (latents - config.context) // each // pace
        steps = latents // each // pace + (pace > 1)  # and one that the last leads to
        like = None
        if (model := given(self.own, None, options.get("like"))) is not None:
            with torch.inference_mode():
                seen = self.codec.encode(to_tensor(model)[None].to(self.device))[0].cpu()
            like = kind.code.of(seen)[::each]
        return DrawnRoute(paths, masses, place, steps, advance, self.device, like, self.own.fps)

    @cached_property
    def _prompts(self) -> Prompts:
        return Prompts(self.kinds)

    def _warnings(self, prompt: str, masses: Masses | None, look: Look | None) -> Iterator[str]:
        """What to tell a person about a prompt that the model was not taught, or that no clip can show, and about given
        frames of what it does not know."""
        if prompt or look is None:
            told = masses.match.warning(self.topics) if masses else self.experts[0].prompts.warning(prompt)
            if told:
                yield told
        if look is not None and look.strange:
            yield (
                f"the given frames are of nothing that the model was taught ({look.times:.1f} times as far as its own "
                "clips reach): expect a jump to what it knows. It knows: " + "; ".join(self.topics)
            )
        elif look is not None and masses is not None and masses.kind != look.kind:
            kinds = self.kinds[look.kind].name, self.kinds[masses.kind].name
            yield f"the given frames look like {kinds[0]}, the prompt asks for {kinds[1]}: expect a jump"

    def follow(self, codes: Float[np.ndarray, "s k"], kind: str, prompt: str = "", **options: Unpack[Options]) -> Clip:
        """A clip along a path of scene codes (s, k), a code a step, of the kind of this name; `options` as for a call,
        but seconds: the path says how long. Raises CuspError for an unknown kind or codes of another width."""
        number_of = {known.name: index for index, known in enumerate(self.kinds)}
        if kind not in number_of:
            raise CuspError(f"no kind {kind!r}: this model knows {', '.join(number_of) or 'none'}")
        width = self.kinds[number_of[kind]].codes.shape[1]
        if codes.ndim != 2 or codes.shape[1] != width or not len(codes) or not np.isfinite(codes).all():
            raise CuspError(f"codes must be finite numbers (steps, {width}): got {codes.shape}")
        config, each = self.config, self.config.token_frames
        latents = (config.window - 1) // self.codec.temporal_stride + 1
        advance = (latents - config.context) // each
        number = number_of[kind]
        codes = self.kinds[number].path(codes, None)
        route = GivenRoute(codes, self.expert(number)[1], latents // each, advance, self.device)
        total = (len(codes) * each - 1) * self.codec.temporal_stride + 1
        chunks = run(
            Chunks(self, prompt, sampling(self.config, settled(options), True, self), route, number), None, total
        )
        return Clip(np.concatenate(list(first(chunks, total))), config.fps, prompt, made={"kind": kind})

    def edit(self, clip: str | Path | Clip, prompt: str, **options: Unpack[Options]) -> Clip:
        """The clip as the prompt tells it: what the prompt says is new, and when and how much moves is the clip's. As
        long as the clip; options as for a call. Needs a model with paths."""
        if not self.kinds:
            raise CuspError("edit keeps a clip's path: this model has no paths; train one with cusp train")
        if not isinstance(clip, str | Path | Clip):
            raise CuspError(f"clip must be a file or a Clip: got {type(clip).__name__}")
        if not isinstance(clip, Clip):
            clip = Clip.read(clip)
        own: Options = {**settled(options), "like": clip}
        if "num_frames" not in own:
            own.setdefault("seconds", clip.seconds)
        return self(prompt, **own)

    def sequence(self, prompts: Sequence[str], **options: Unpack[Options]) -> Clip:
        """Several prompts, one after the other: each goes on where the one before ended, `seconds` long each."""
        return sequence(self, prompts, settled(options))

    def loop(self, prompt: str, **options: Unpack[Options]) -> Clip:
        """A clip whose end leads to its beginning: the first half is made from the prompt, the second connects its end
        with its start. Options as for a call, but `num_frames`; the whole is `seconds` long."""
        return loop(self, prompt, settled(options))

    def critical_events(self, k: int = 8, seed: int = 0) -> list[CriticalEvent]:
        """The k passages between branches that were recorded most often, over all kinds: what the model knows to be
        critical, each with both sides and the passage as a film strip. Empty where no kind has a fold."""

        def follow(codes: Float[np.ndarray, "s k"], kind: str, caption: str) -> Clip:
            return self.follow(codes, kind, caption, seed=seed)

        return critical_events(self, whole("k", k, 1, 1000), follow)

    def to(self, device: str | torch.device) -> Simulator:
        """Move everything there. Raises CuspError for a device that this machine does not have."""
        check_device(device)
        for module in self.modules():
            module.to(device)
        return self

    def save_pretrained(self, path: str | Path, *, card: str | None = None, dtype: torch.dtype = torch.float32) -> None:
        """Write config.json, codec/, language/, transport/, and paths/ and enlarger/ where it has them (each
        config.json and safetensors), and a model card, as a whole."""
        save_parts(self, Path(path), card, dtype)

    @classmethod
    def from_pretrained(cls, path: str | Path = "default", device: str = "cpu") -> Simulator:
        """Load a folder that `save_pretrained` or `cusp train` wrote; "default" is the model in the package."""
        parts = load_parts(DEFAULT if str(path) == "default" else Path(path))
        simulator = cls(parts.config, parts.codec, parts.experts, parts.kinds, parts.enlarger).to(device)
        simulator.name = "/".join(Path(path).parts[-2:])
        return simulator
