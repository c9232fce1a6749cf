"""What a simulator is assembled of, and the numbers that they share."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import nn

from cuspworld.codec.codec import Codec
from cuspworld.language.loading import AnyPromptEncoder
from cuspworld.transport.flow.transformer import FlowTransformer


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


class Parts:
    """A codec, a prompt encoder and a transformer that were trained together."""

    def __init__(
        self, config: SimulatorConfig, codec: Codec, prompts: AnyPromptEncoder, transformer: FlowTransformer
    ) -> None:
        self.config, self.codec, self.prompts, self.transformer = config, codec, prompts, transformer
        for module in (codec, prompts, transformer):
            module.eval()

    @property
    def device(self) -> torch.device:
        return self.transformer.known.device

    def describe(self) -> dict[str, Any]:
        """What `cusp info` prints."""
        parts: dict[str, Codec | nn.Module]
        parts = {"codec": self.codec, "language": self.prompts, "transport": self.transformer}
        count = {name: sum(p.numel() for p in part.parameters()) for name, part in parts.items()}
        return {"kind": "model", **asdict(self.config), "parameters": count, "knows": list(self.prompts.topics)}
