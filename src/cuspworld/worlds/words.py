"""What the captions of several worlds share."""

from __future__ import annotations

import re


def articles(text: str) -> str:
    """English text with `an` before a vowel: "A orange ant" becomes "An orange ant"."""
    return re.sub(r"\b([Aa]) (?=[aeio])", r"\1n ", text)
