"""What a simulator is assembled of, and the numbers that they share."""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Self

import torch
from torch import nn

from cuspworld import html
from cuspworld.checks import LARGEST_SIDE
from cuspworld.codec.codec import Codec
from cuspworld.codec.enlarger import MOST, TIMES, Enlarger
from cuspworld.language.loading import AnyPromptEncoder
from cuspworld.simulator.formats import Format, Framing
from cuspworld.simulator.kinds import Kind
from cuspworld.transport.flow.matching import SAMPLERS
from cuspworld.transport.flow.transformer import FlowTransformer


@dataclass(frozen=True)
class SimulatorConfig:
    fps: float = field(metadata={"least": 0.1, "most": 240})  # of the training library: the model's own
    height: int = field(metadata={"most": LARGEST_SIDE})  # of the training library
    width: int = field(metadata={"most": LARGEST_SIDE})
    window: int  # frames a chunk
    context: int  # latents that a chunk is given of the one before
    patch: int  # latents that a token is wide: the widest of the experts'
    token_frames: int = 1  # latent frames a token
    num_inference_steps: int = field(default=12, metadata={"most": 1000})
    guidance_scale: float = field(default=3.5, metadata={"most": 50})
    shift: float = field(default=3.0, metadata={"least": 0.01, "most": 100})  # of the time grid, `flow.time_grid`
    sampler: str = field(default="adams_bashforth", metadata={"among": tuple(SAMPLERS)})
    # where a path is given: it says what the steps of a flow alone have to find
    path_inference_steps: int = field(default=4, metadata={"most": 1000})
    path_guidance_scale: float = field(default=1.0, metadata={"most": 50})


@dataclass(frozen=True, eq=False)
class Expert:
    """A prompt encoder and a transformer that were trained together: on all kinds of clips, or on one of them."""

    prompts: AnyPromptEncoder
    transformer: FlowTransformer = field(repr=False)
    other: FlowTransformer | None = field(default=None, repr=False)  # draws formats beside the own, where given


class Parts:
    """A codec, and experts on its latents; `kinds`: what was recorded. One expert knows all kinds, or each kind has its
    own: a small network a kind learns in minutes what one large network for all of them had not in an hour. `enlarger`:
    of what the codec draws, where it has one."""

    def __init__(
        self,
        config: SimulatorConfig,
        codec: Codec,
        experts: Sequence[Expert],
        kinds: Sequence[Kind] = (),
        enlarger: Enlarger | None = None,
    ) -> None:
        self.config, self.codec, self.experts, self.kinds = config, codec, tuple(experts), tuple(kinds)
        self.enlarger = enlarger
        self.own = config  # of the paths, whatever is drawn
        for module in self.modules():
            module.eval()

    @property
    def framing(self) -> Framing | None:
        """Of the format that is drawn, where it is not that of the paths."""
        config, own = self.config, self.own
        found = Framing(Format(config.height, config.width, config.fps), Format(own.height, own.width, own.fps))
        return None if found.same else found

    @property
    def tokens(self) -> int:
        """Steps of a window."""
        return ((self.config.window - 1) // self.codec.temporal_stride + 1) // self.config.token_frames

    def formats(self, kind: int | None) -> list[Format]:
        """Sizes and rates at which the expert of a kind draws, the usual one first."""
        own, others = self.own, self.expert(kind)[0].transformer.config.formats
        return [Format(own.height, own.width, own.fps), *map(Format.of, others)]

    def drawing(self, shown: Format) -> Self:
        """The same that draws in this format."""
        found = copy.copy(self)
        found.config = replace(self.own, height=shown.height, width=shown.width, fps=shown.fps)
        found.experts = tuple(replace(one, transformer=one.other or one.transformer) for one in self.experts)
        return found

    def modules(self) -> Iterator[Codec | nn.Module]:
        """All that has weights."""
        yield self.codec
        if self.enlarger is not None:
            yield self.enlarger
        for expert in self.experts:
            yield expert.prompts
            yield expert.transformer
            if expert.other is not None:
                yield expert.other

    def expert(self, kind: int | None) -> tuple[Expert, int]:
        """Who draws a kind, and as which of the kinds that it was taught."""
        return (self.experts[0], kind or 0) if len(self.experts) == 1 else (self.experts[kind or 0], 0)

    def patch(self, expert: Expert) -> int:
        """Latents that a token of this expert is wide and high: of small things it takes narrow ones."""
        return math.isqrt(
            expert.transformer.config.token_channels // self.config.token_frames // self.codec.latent_channels
        )

    @property
    def device(self) -> torch.device:
        return self.experts[0].transformer.known.device

    @property
    def topics(self) -> tuple[str, ...]:
        """What was taught, for people."""
        return tuple(dict.fromkeys(topic for expert in self.experts for topic in expert.prompts.topics))

    def __repr__(self) -> str:
        facts = self.describe()
        size = f"{facts['height']} x {facts['width']} at {facts['fps']:g} fps"
        return f"{type(self).__name__}({size}, {sum(facts['parameters'].values()) / 1e6:.1f} million parameters)"

    def _repr_html_(self) -> str:
        facts = self.describe()
        rows = {
            "draws": f"{facts['height']} x {facts['width']} pixels at {facts['fps']:g} fps",
            **{name: f"{count:,} parameters" for name, count in facts["parameters"].items()},
            "knows": "; ".join(facts["knows"]),
            "device": str(self.device),
        }
        return html.table(type(self).__name__, rows)

    def describe(self) -> dict[str, Any]:
        """What `cusp info` prints."""
        count = {
            "codec": _size(self.codec),
            "language": sum(_size(expert.prompts) for expert in self.experts),
            "transport": sum(_size(expert.transformer) for expert in self.experts),
            **({} if self.enlarger is None else {"enlarger": _size(self.enlarger)}),
        }
        return {
            "kind": "model",
            **asdict(self.config),
            "experts": len(self.experts),
            **({} if self.enlarger is None else {"enlarges": TIMES**MOST}),
            "formats": {kind.name: [str(one) for one in self.formats(index)] for index, kind in enumerate(self.kinds)},
            "parameters": count,
            "knows": list(self.topics),
        }


def _size(part: Codec | nn.Module) -> int:
    return sum(parameter.numel() for parameter in part.parameters())
