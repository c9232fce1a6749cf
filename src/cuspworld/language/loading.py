"""A prompt encoder from a folder: our own, or a published one by name."""

from __future__ import annotations

from pathlib import Path

from cuspworld.language.prompt import PromptEncoder
from cuspworld.language.published import TransformersPromptEncoder
from cuspworld.models import read_config

AnyPromptEncoder = PromptEncoder | TransformersPromptEncoder


def load_prompt_encoder(path: str | Path) -> AnyPromptEncoder:
    """Load a folder that either kind's `save_pretrained` wrote."""
    own = read_config(path).get("_class_name") == "PromptEncoder"
    return (PromptEncoder if own else TransformersPromptEncoder).from_pretrained(path)
