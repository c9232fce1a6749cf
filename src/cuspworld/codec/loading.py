"""A codec from a folder or a name on the hub: our own autoencoder, or a published one."""

from __future__ import annotations

import re
from pathlib import Path

from cuspworld.codec.autoencoder_codec import CLASS_NAME, AutoencoderCodec
from cuspworld.codec.published import CLASSES, PublishedCodec
from cuspworld.errors import CuspError
from cuspworld.models import read_config

WORLDS = Path(__file__).parents[1] / "assets" / "default" / "codec"  # of all twelve worlds; with a card


def load_codec(path: str | Path, subfolder: str = "") -> AutoencoderCodec | PublishedCodec:
    """See `Codec.from_pretrained`."""
    if str(path) == "worlds":
        path = WORLDS
    if is_hub_name(path):
        return PublishedCodec.from_pretrained(path, subfolder, download=True)
    return load_local_codec(Path(path) / subfolder)


def load_local_codec(path: Path) -> AutoencoderCodec | PublishedCodec:
    """As `load_codec`, but from a folder alone: `path` is never taken for a name on the hub."""
    name = read_config(path).get("_class_name")
    if name == CLASS_NAME:
        return AutoencoderCodec.from_pretrained(path)
    if name not in tuple(CLASSES):  # said before a package is asked for that could not read it either
        known = ", ".join((CLASS_NAME, *CLASSES))
        raise CuspError(f"{path} holds a {name}, not a video autoencoder; these load: {known}")
    return PublishedCodec.from_pretrained(path)


def is_hub_name(path: str | Path) -> bool:
    """`organisation/model` that is not a folder here is a name on the hub."""
    return not Path(path).exists() and re.fullmatch(r"[\w.-]+/[\w.-]+", str(path)) is not None
