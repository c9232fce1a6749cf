"""A prompt that tells one thing after another ("... then ...") as its parts."""

from __future__ import annotations

import re

_THEN = re.compile(
    r"(?:[,;.…—-]+\s*(?:and\s+)?|\s+and\s+)then[\s,:]+|[,;，；。…]*\s*(?:然后|接着|随后)[，,：:]?\s*", re.IGNORECASE
)


def turns(prompt: str) -> list[str]:
    """The parts of a prompt, in order; one where nothing is said to come after. Only a "then" that begins a clause
    parts it: "if it falls then" does not."""
    return [part for part in (piece.strip() for piece in _THEN.split(prompt)) if part] or [prompt]
