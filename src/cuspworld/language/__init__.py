"""Prompt -> embedding."""

from cuspworld.language.prompt import PromptConfig, PromptEncoder, TransformersPromptEncoder

__all__ = ["PromptConfig", "PromptEncoder", "TransformersPromptEncoder"]
