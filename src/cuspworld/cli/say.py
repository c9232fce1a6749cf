"""What the command prints: names and captions come from strangers, and a terminal obeys what it is shown."""

from __future__ import annotations

import json
import re
import sys
from typing import Any


def plain(value: Any) -> str:
    """A stranger's text on one line: what is not printable (escapes, newlines, lone surrogates) as its code."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in str(value))


def say(*texts: Any, error: bool = False) -> None:
    """Print to standard output, or standard error; of what is not printable only our own line ends are left."""
    for line in " ".join(map(str, texts)).split("\n"):
        print(plain(line), file=sys.stderr if error else sys.stdout)


def say_json(value: Any, indent: int | None = None) -> None:
    """Print as JSON that any reader takes and no terminal obeys."""
    narrow = "utf" not in (sys.stdout.encoding or "utf-8").lower()  # a terminal of Latin-1, say
    text = json.dumps(value, indent=indent, ensure_ascii=narrow, default=str)
    print(re.sub(r"[^\n]", lambda c: c[0] if c[0].isprintable() else json.dumps(c[0])[1:-1], text))
