"""Published text encoders (any `transformers` model) behind the prompt encoder's interface."""

from __future__ import annotations

from pathlib import Path

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from cuspworld.errors import CuspError, MissingExtraError
from cuspworld.models import read_config, save_folder


class TransformersPromptEncoder(nn.Module):
    """Any `transformers` text encoder by name or folder, frozen. It loads from the hub only what the user has or
    allows."""

    def __init__(self, name: str, length: int = 64):
        super().__init__()
        try:
            from transformers import AutoModel, AutoTokenizer
        except ImportError as error:
            raise MissingExtraError("a transformers prompt encoder", "text") from error
        try:
            self.tokenizer = AutoTokenizer.from_pretrained(name)
            model = AutoModel.from_pretrained(name)
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
        return cls(**values)
