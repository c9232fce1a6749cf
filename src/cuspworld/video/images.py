"""Read a still image with limits: an image comes from strangers too."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from jaxtyping import UInt8

from cuspworld.errors import CuspError

LARGEST = 16384  # pixels a side


def read_image(path: str | Path) -> UInt8[np.ndarray, "h w 3"]:
    """An image file as RGB, its EXIF rotation applied. Raises CuspError if it is missing, damaged or too large."""
    from PIL import Image, ImageOps, UnidentifiedImageError

    try:
        with Image.open(path) as image:
            if max(image.size) > LARGEST:
                raise CuspError(
                    f"{path} is {image.size[0]} x {image.size[1]} pixels: at most {LARGEST} a side are read"
                )
            return np.asarray(ImageOps.exif_transpose(image).convert("RGB"))
    except FileNotFoundError as error:
        raise CuspError(f"no image at {path}") from error
    except (UnidentifiedImageError, OSError, SyntaxError, Image.DecompressionBombError) as error:
        raise CuspError(f"{path} is not an image that can be read: {error}") from error
