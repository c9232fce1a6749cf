"""Published text encoders (any `transformers` model) behind the prompt encoder's interface."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from cuspworld.errors import CuspError, MissingExtraError
from cuspworld.models import from_config, read_config, save_folder


@dataclass(frozen=True)
class PublishedEncoderConfig:
    name: str  # a folder, or a name on the hub
    length: int = 64  # tokens that are read


class TransformersPromptEncoder(nn.Module):
    """Any `transformers` text encoder by name or folder, frozen; safetensors only. What is not on this machine is
    loaded from the hub only with `download`, which a model folder cannot ask for."""

    def __init__(self, name: str, length: int = 64, *, download: bool = False):
        super().__init__()
        try:
            from transformers import AutoModel, AutoTokenizer
        except ImportError as error:
            raise MissingExtraError("a transformers prompt encoder", "text") from error
        try:
            self.tokenizer = AutoTokenizer.from_pretrained(name, local_files_only=not download)
            model = AutoModel.from_pretrained(name, local_files_only=not download, use_safetensors=True)
        except (OSError, ValueError) as error:
            said = str(error).splitlines()[0]
            raise CuspError(f"no text encoder {name!r}: give a transformers folder or hub name ({said})") from error
        self.model = (model.encoder if model.config.is_encoder_decoder else model).eval().requires_grad_(False)
        self.name, self.length = name, length

    topics: tuple[str, ...] = ()  # a published encoder knows no worlds

    @property
    def width(self) -> int:
        return int(self.model.config.hidden_size)

    @torch.no_grad()
    def encode(self, prompts: list[str]) -> tuple[Float[Tensor, "b l w"], Bool[Tensor, "b l"]]:
        batch = self.tokenizer(prompts, padding=True, truncation=True, max_length=self.length, return_tensors="pt")
        batch = batch.to(self.model.device)
        hidden = self.model(**batch).last_hidden_state
        mask = batch["attention_mask"].bool()
        return hidden * mask[..., None], mask

    def warning(self, prompt: str) -> str | None:
        return None

    def save_pretrained(self, path: str | Path, dtype: torch.dtype = torch.float32) -> None:
        """Write config.json, which holds its name: the weights stay where they are."""
        save_folder(path, {"_class_name": "TransformersPromptEncoder", "name": self.name, "length": self.length}, {})

    @classmethod
    def from_pretrained(cls, path: str | Path) -> TransformersPromptEncoder:
        """Load a folder that `save_pretrained` wrote."""
        values = read_config(path)
        values.pop("_class_name", None)
        config = from_config(PublishedEncoderConfig, values, Path(path) / "config.json")
        return cls(config.name, config.length)
