"""What a notebook shows of a value: a small table, a playing video, a picture. Everything that it says is escaped."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from html import escape
from io import BytesIO
from typing import Any

import numpy as np

_LONGEST = 300  # characters of one cell


def table(title: str, rows: Mapping[str, Any]) -> str:
    """Two columns under a title; long texts are cut."""
    left = 'style="text-align:left"'
    cells = "".join(
        f"<tr><th {left}>{escape(name)}</th><td {left}>{escape(shortened(value))}</td></tr>"
        for name, value in rows.items()
    )
    return f"<table><caption>{escape(shortened(title))}</caption>{cells}</table>"


def grid(title: str, names: list[str], rows: list[list[Any]]) -> str:
    """A table with a head."""
    head = "".join(f"<th>{escape(name)}</th>" for name in names)
    body = "".join("<tr>" + "".join(f"<td>{escape(shortened(v))}</td>" for v in row) + "</tr>" for row in rows)
    return f"<table><caption>{escape(shortened(title))}</caption><tr>{head}</tr>{body}</table>"


def player(mp4: bytes, width: int) -> str:
    """A video that plays by itself, over and over, without sound; `width` in pixels."""
    style = f"width:{width}px;image-rendering:pixelated"
    data = b64encode(mp4).decode()
    return (
        f'<video style="{style}" controls autoplay loop muted playsinline src="data:video/mp4;base64,{data}"></video>'
    )


def source(frame: np.ndarray) -> str:
    """A frame, uint8 (height, width, 3), as the address of an image."""
    from PIL import Image

    data = BytesIO()
    Image.fromarray(frame).save(data, "PNG")
    return f"data:image/png;base64,{b64encode(data.getvalue()).decode()}"


def picture(frame: np.ndarray, text: str, width: int = 128) -> str:
    """A frame, uint8 (height, width, 3), with a text below."""
    image = f'<img style="width:{width}px;image-rendering:pixelated" src="{source(frame)}">'
    box = f"display:inline-block;width:{width}px;margin:4px"
    return f'<figure style="{box}">{image}<figcaption>{escape(shortened(text))}</figcaption></figure>'


def shortened(value: Any) -> str:
    text = f"{value:.6g}" if isinstance(value, float) else str(value)
    text = text.encode("utf-8", "replace").decode()  # a notebook keeps what it shows as UTF-8
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
