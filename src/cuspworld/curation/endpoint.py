"""A model behind an OpenAI-compatible address (vLLM, Ollama, hosted): one question with pictures, one answer.

Only `POST ADDRESS/chat/completions` is used. A server that is busy (429), broken (5xx), silent, or answers what is no
answer is asked again, ever later; redirects are not followed, so that no answer comes from anywhere else. What it
answers is text and nothing else.
"""

from __future__ import annotations

import json
import os
import threading
import time
import urllib.error
import urllib.request
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any
from urllib.parse import urlsplit

import numpy as np
from jaxtyping import UInt8

from cuspworld.errors import CuspError

KEY = "OPENAI_API_KEY"  # environment variable; a server of your own needs none
LARGEST_ANSWER = 1 << 20  # bytes that are read
LONGEST_TEXT = 4_000  # characters of an answer that are kept
_LONGEST_WAIT = 60.0  # s that a server may ask for


@dataclass(frozen=True)
class Answer:
    """What the model said, and the tokens that it counted."""

    text: str
    tokens_in: int = 0
    tokens_out: int = 0


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        return None


@dataclass
class Endpoint:
    """`address` up to /v1; `rate`: requests a minute at most; `retries` of one question; `timeout` and the first
    `pause` before a retry (doubled each time) in seconds."""

    address: str
    model: str
    rate: float = 60.0
    retries: int = 5
    timeout: float = 60.0
    pause: float = 1.0
    _next: float = field(default=0.0, repr=False)
    _lock: Any = field(default_factory=threading.Lock, repr=False)

    def __post_init__(self) -> None:
        parts = urlsplit(self.address)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise CuspError(f"the address of a model is http:// or https://, up to /v1: got {self.address!r}")
        if not self.rate > 0:
            raise CuspError(f"rate must be more than 0 requests a minute: got {self.rate!r}")

    def ask(self, text: str, pictures: Sequence[UInt8[np.ndarray, "h w 3"]] = ()) -> Answer:
        """Raises CuspError if no answer comes, after all retries; at once where the server refuses (4xx but 429)."""
        images = [{"type": "image_url", "image_url": {"url": _address(frame)}} for frame in pictures]
        content = [{"type": "text", "text": text}, *images]
        body = {"model": self.model, "messages": [{"role": "user", "content": content}], "temperature": 0}
        data = json.dumps(body).encode()
        said = ""
        for attempt in range(self.retries + 1):
            self._wait_for_turn()
            wait = self.pause * 2**attempt
            try:
                return _answer(self._post(data))
            except urllib.error.HTTPError as error:
                said = f"HTTP {error.code}"
                error.close()
                if 300 <= error.code < 500 and error.code not in (408, 429):
                    raise CuspError(f"{self.address} refuses: {said} {error.reason}") from error
                wait = max(wait, _asked_to_wait(error.headers.get("Retry-After")))
            except (OSError, ValueError) as error:  # no connection, silence, garbage
                said = str(error) or type(error).__name__
            if attempt < self.retries:
                time.sleep(wait)
        raise CuspError(f"{self.address} gave no answer in {self.retries + 1} tries: {said[:200]}")

    def _post(self, data: bytes) -> bytes:
        headers = {"Content-Type": "application/json"}
        if key := os.environ.get(KEY):
            headers["Authorization"] = f"Bearer {key}"
        request = urllib.request.Request(f"{self.address.rstrip('/')}/chat/completions", data, headers)
        with urllib.request.build_opener(_NoRedirect).open(request, timeout=self.timeout) as response:
            found: bytes = response.read(LARGEST_ANSWER + 1)
        if len(found) > LARGEST_ANSWER:
            raise ValueError(f"an answer of more than {LARGEST_ANSWER} bytes")
        return found

    def _wait_for_turn(self) -> None:
        with self._lock:
            now = time.monotonic()
            turn = max(now, self._next)
            self._next = turn + 60.0 / self.rate
        time.sleep(turn - now)


def _answer(data: bytes) -> Answer:
    """Raises ValueError for what is no answer of the protocol."""
    found = json.loads(data)
    try:
        text = found["choices"][0]["message"]["content"]
        usage = found.get("usage") or {}
        tokens = [int(usage.get(name) or 0) for name in ("prompt_tokens", "completion_tokens")]
    except (KeyError, IndexError, TypeError, AttributeError) as error:
        raise ValueError("JSON that is no chat completion") from error
    if not isinstance(text, str) or not (text := cleaned(text)):
        raise ValueError("an answer without text")
    return Answer(text, *tokens)


def cleaned(text: str) -> str:
    """Text on one line, without what is not printable, at most 4,000 characters."""
    printable = "".join(c if c.isprintable() else " " for c in text)
    return " ".join(printable.split())[:LONGEST_TEXT]


def _asked_to_wait(seconds: str | None) -> float:
    try:
        return min(max(float(seconds or 0), 0.0), _LONGEST_WAIT)
    except ValueError:
        return 0.0


def _address(frame: np.ndarray) -> str:
    from PIL import Image

    data = BytesIO()
    Image.fromarray(frame).save(data, "PNG")
    return f"data:image/png;base64,{b64encode(data.getvalue()).decode()}"
