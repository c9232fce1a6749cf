"""Values as people type them on the command line."""

from __future__ import annotations

import os
import sys
from typing import Any

from cuspworld.errors import CuspError


def parse_size(text: str) -> int | tuple[int, int]:
    """`64` or `48x64` (height x width)."""
    parts = text.lower().split("x")
    if len(parts) > 2 or not all(part.strip().lstrip("-").isdecimal() for part in parts):
        raise CuspError(f"size must be pixels, as 64 or 48x64 (HEIGHTxWIDTH): got {text!r}")
    sides = [int(part) for part in parts]
    return sides[0] if len(sides) == 1 else (sides[0], sides[1])


def parse_world(text: str) -> str:
    """A world's name, or MODULE:CLASS for one of your own, whose module may lie in the working folder."""
    if ":" in text and os.getcwd() not in sys.path:
        sys.path.insert(0, os.getcwd())
    return text


def parse_number(name: str, text: str) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise CuspError(f"{name} must be a number: got {text!r}") from error


def parse_settings(texts: list[str]) -> dict[str, Any]:
    """`name=value` each; a value that reads as a number is one."""
    settings: dict[str, Any] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name.strip():
            raise CuspError(f"--set takes NAME=VALUE, as in --set fill=0.8: got {text!r}")
        settings[name.strip()] = _value(value.strip())
    return settings


def _value(text: str) -> int | float | str:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
