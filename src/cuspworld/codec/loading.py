"""A codec from a folder or a name on the hub: our own autoencoder, or a published one."""

from __future__ import annotations

import re
from pathlib import Path

from cuspworld.codec.autoencoder_codec import CLASS_NAME, AutoencoderCodec
from cuspworld.codec.published import PublishedCodec
from cuspworld.models import read_config

WORLDS = Path(__file__).parents[1] / "assets" / "codec"  # of all twelve worlds: its card says what it reaches


def load_codec(path: str | Path) -> AutoencoderCodec | PublishedCodec:
    """See `Codec.from_pretrained`."""
    if str(path) == "worlds":
        path = WORLDS
    if is_hub_name(path):
        return PublishedCodec.from_pretrained(path)
    own = read_config(path).get("_class_name") == CLASS_NAME
    return AutoencoderCodec.from_pretrained(path) if own else PublishedCodec.from_pretrained(path)


def is_hub_name(path: str | Path) -> bool:
    """`organisation/model` that is not a folder here is a name on the hub."""
    return not Path(path).exists() and re.fullmatch(r"[\w.-]+/[\w.-]+", str(path)) is not None
