"""Prompt -> embedding."""

from cuspworld.language.prompt import PromptConfig, PromptEncoder
from cuspworld.language.published import TransformersPromptEncoder

__all__ = ["PromptConfig", "PromptEncoder", "TransformersPromptEncoder"]
