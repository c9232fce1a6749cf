"""Prompt -> embedding; prompt -> the recorded clips that it asks for; a short prompt -> a full description."""

from cuspworld.language.expansion import expand
from cuspworld.language.matching import Match, Matcher
from cuspworld.language.prompt import PromptConfig, PromptEncoder
from cuspworld.language.published import TransformersPromptEncoder

__all__ = ["Match", "Matcher", "PromptConfig", "PromptEncoder", "TransformersPromptEncoder", "expand"]
