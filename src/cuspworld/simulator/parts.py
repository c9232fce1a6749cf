"""What a simulator is assembled of, and the numbers that they share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import nn

from cuspworld import html
from cuspworld.codec.codec import Codec
from cuspworld.language.loading import AnyPromptEncoder
from cuspworld.simulator.kinds import Kind
from cuspworld.transport.flow.transformer import FlowTransformer


@dataclass(frozen=True)
class SimulatorConfig:
    fps: float  # of the training library: the model's own
    height: int  # of the training library
    width: int
    window: int  # frames a chunk
    context: int  # latents that a chunk is given of the one before
    patch: int
    token_frames: int = 1  # latent frames a token
    num_inference_steps: int = 12
    guidance_scale: float = 3.5
    shift: float = 3.0  # of the time grid, see `flow.time_grid`
    sampler: str = "adams_bashforth"
    path_inference_steps: int = 4  # where a path is given: it says what the steps of a flow alone have to find
    path_guidance_scale: float = 1.0


class Parts:
    """A codec, a prompt encoder and a transformer that were trained together; `kinds`: what was recorded."""

    def __init__(
        self,
        config: SimulatorConfig,
        codec: Codec,
        prompts: AnyPromptEncoder,
        transformer: FlowTransformer,
        kinds: Sequence[Kind] = (),
    ) -> None:
        self.config, self.codec, self.prompts, self.transformer = config, codec, prompts, transformer
        self.kinds = tuple(kinds)
        for module in (codec, prompts, transformer):
            module.eval()

    @property
    def device(self) -> torch.device:
        return self.transformer.known.device

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
        parts: dict[str, Codec | nn.Module]
        parts = {"codec": self.codec, "language": self.prompts, "transport": self.transformer}
        count = {name: sum(p.numel() for p in part.parameters()) for name, part in parts.items()}
        return {"kind": "model", **asdict(self.config), "parameters": count, "knows": list(self.prompts.topics)}
