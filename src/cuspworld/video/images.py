"""Still images in and out, with limits: an image comes from strangers too."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import UInt8

from cuspworld.errors import CuspError
from cuspworld.files import written_whole

LARGEST = 16384  # pixels a side


def as_image(value: Any) -> UInt8[np.ndarray, "h w 3"]:
    """An image as RGB: a file, a PIL image, or an array or tensor, (height, width, 3) or (3, height, width) or grey,
    (height, width), uint8 or numbers from 0 to 1. Raises CuspError that says what it got."""
    from PIL import Image

    if isinstance(value, str | Path):
        return read_image(value)
    if isinstance(value, Image.Image):
        try:
            return _rgb(value)
        except (OSError, ValueError, SyntaxError) as error:
            raise CuspError(f"image cannot be read: {error}") from error
    if hasattr(value, "detach"):  # a tensor of torch
        if value.device.type == "meta":
            raise CuspError("image must be numbers: got a tensor of the device meta, which holds none")
        value = (value.detach().cpu().float() if value.is_floating_point() else value.detach().cpu()).numpy()
    if not isinstance(value, np.ndarray):
        kinds = "a file, a PIL image, an array or a tensor"
        raise CuspError(f"image must be {kinds}: got {type(value).__name__}")
    array = value[0] if value.ndim == 4 and len(value) == 1 else value
    if array.ndim == 2:
        array = np.repeat(array[..., None], 3, axis=2)
    if array.ndim == 3 and array.shape[0] == 3 != array.shape[-1]:
        array = np.moveaxis(array, 0, -1)
    if array.ndim != 3 or array.shape[-1] != 3 or 0 in array.shape or max(array.shape) > LARGEST:
        raise CuspError(f"image must be (height, width, 3) or (3, height, width): got {value.dtype} {value.shape}")
    if array.dtype == np.uint8:
        return np.ascontiguousarray(array)
    if not np.issubdtype(array.dtype, np.floating) or not (array.min() >= 0 and array.max() <= 1):
        raise CuspError(f"image must be uint8, or numbers from 0 to 1: got {value.dtype} {value.shape}")
    return np.round(array.astype(np.float64) * 255).astype(np.uint8)


def unicode(text: str) -> str:
    """`text` with a mark for what no file can hold: halves of characters, as names in no encoding have them."""
    return text.encode("utf-8", "replace").decode()


def write_image(path: Path, image: UInt8[np.ndarray, "h w 3"], text: str = "") -> Path:
    """Write a .png or .jpg, whole or not at all; `text` is kept as its description. Raises CuspError."""
    from PIL import Image
    from PIL.PngImagePlugin import PngInfo

    picture, text = Image.fromarray(image), unicode(text)
    options: dict[str, Any] = {"quality": 95, "subsampling": 0}
    if path.suffix.lower() == ".png":
        info = PngInfo()
        info.add_itxt("Description", text)
        options = {"pnginfo": info}
    elif text:
        exif = Image.Exif()
        exif[0x010E] = text  # ImageDescription
        options["exif"] = exif
    with written_whole(path) as aside:
        picture.save(aside, format="PNG" if path.suffix.lower() == ".png" else "JPEG", **options)
    return path


def read_image(path: str | Path) -> UInt8[np.ndarray, "h w 3"]:
    """An image file as RGB, its EXIF rotation applied. Raises CuspError if it is missing, damaged or too large."""
    from PIL import Image, ImageOps, UnidentifiedImageError

    _check_is_file(path)
    try:
        with Image.open(path) as image:
            if max(image.size) > LARGEST:
                raise CuspError(
                    f"{path} is {image.size[0]} x {image.size[1]} pixels: at most {LARGEST} a side are read"
                )
            return _rgb(ImageOps.exif_transpose(image))
    except (UnidentifiedImageError, OSError, SyntaxError, Image.DecompressionBombError) as error:
        raise CuspError(f"{path} is not an image that can be read: {error}") from error


def _check_is_file(path: str | Path) -> None:
    """A pipe would wait for ever, a device never end."""
    if not Path(path).is_file():
        raise CuspError(f"{path} is no file that holds an image" if Path(path).exists() else f"no image at {path}")


def description(path: Path) -> tuple[int, int, str]:
    """(height, width, description) of an image file, "" where it has none. Raises CuspError if it is none."""
    from PIL import Image, UnidentifiedImageError

    _check_is_file(path)
    try:
        with Image.open(path) as image:
            texts = getattr(image, "text", {})  # of a PNG
            text = texts.get("Description") or image.getexif().get(0x010E, "")
            return image.height, image.width, text if isinstance(text, str) else ""
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise CuspError(f"{path} is not an image that can be read: {error}") from error


def _rgb(image: Any) -> UInt8[np.ndarray, "h w 3"]:
    """A PIL image of any mode as RGB: sixteen bits are scaled to eight, what is transparent lies on white."""
    from PIL import Image

    if image.mode in ("I;16", "I;16B", "I;16L", "I"):  # PIL cuts what is above 255 off
        image = Image.fromarray((np.clip(np.asarray(image, np.int64), 0, 65535) // 257).astype(np.uint8))
    elif image.mode == "F":
        raise ValueError("it holds numbers of no known range (mode F)")
    elif image.has_transparency_data:
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image.convert("RGBA"))
    return np.asarray(image.convert("RGB"))
