"""Handwritten digits: MNIST's own gzipped idx files (LeCun, Cortes, Burges 1998), or any .npz of small images."""

import gzip
import os
import zipfile
import zlib
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
import torch
from jaxtyping import Float, Int64, UInt8
from numpy import ndarray
from torch import Tensor

from cuspworld.errors import CuspError

SIDE = 28
CLASSES = 10
LARGEST_FILE = 1 << 30  # bytes, unpacked
IDX = {
    "x_train": "train-images-idx3-ubyte",
    "y_train": "train-labels-idx1-ubyte",
    "x_test": "t10k-images-idx3-ubyte",
    "y_test": "t10k-labels-idx1-ubyte",
}


@dataclass(frozen=True, eq=False)
class Digits:
    """Images (N, 28, 28) and labels (N,) in three splits: to train on, to set the judge's threshold by, to judge on."""

    training: tuple[Tensor, Tensor]
    development: tuple[Tensor, Tensor]
    test: tuple[Tensor, Tensor]

    def smaller(self, training: int, others: int) -> "Digits":
        """At most so many images of each split, the first ones."""
        first = {"training": training, "development": others, "test": others}
        return replace(
            self, **{split: tuple(p[:count] for p in getattr(self, split)) for split, count in first.items()}
        )


def as_input(images: UInt8[Tensor, "n h w"]) -> Float[Tensor, "n 1 h w"]:
    """Images as the networks take them: from 0 to 1, one channel."""
    return images.float().div(255.0)[:, None]


def find_digits(data: Path | None) -> Path:
    """Where the digits lie: `data`, else mnist/ in the folder that CUSPWORLD_DATA names, else in ../shared/data."""
    if data is not None:
        if not data.exists():
            raise CuspError(f"no digits at {data}: --data takes a folder with MNIST's four idx.gz files, or an .npz")
        return data
    places = [Path(p) / "mnist" for p in (os.environ.get("CUSPWORLD_DATA"), "../shared/data") if p]
    for place in places:
        if place.is_dir():
            return place
    raise CuspError(
        f"no digits found in {' or '.join(str(p) for p in places)}: name with --data a folder that holds MNIST's four "
        "idx.gz files, or an .npz with x_train, y_train, x_test, y_test"
    )


def load_digits(data: Path | None = None, seed: int = 0) -> Digits:
    """Read the digits; a twelfth of the training images, at most 5000, becomes the development split.

    An .npz holds x_train, y_train, x_test, y_test, or images and labels (then a sixth is the test split). Images
    (N, H, W), uint8 or floats from 0 to 1, come to 28 x 28 pixels. Raises CuspError for what is missing or damaged.
    """
    place = find_digits(data)
    arrays = _from_folder(place) if place.is_dir() else _from_npz(place, seed)
    images, labels = _checked(arrays["x_train"], arrays["y_train"], place, "training")
    test = _checked(arrays["x_test"], arrays["y_test"], place, "test")
    order = np.random.default_rng([seed, 1]).permutation(len(images))
    held = min(5000, len(images) // 12)

    def split(rows: ndarray) -> tuple[Tensor, Tensor]:
        return torch.from_numpy(images[rows]), torch.from_numpy(labels[rows])

    return Digits(split(order[held:]), split(order[:held]), (torch.from_numpy(test[0]), torch.from_numpy(test[1])))


def _from_folder(folder: Path) -> dict[str, ndarray]:
    return {name: read_idx(folder / f"{stem}.gz") for name, stem in IDX.items()}


def read_idx(path: Path) -> UInt8[ndarray, "..."]:
    """One gzipped idx file of unsigned bytes: zero, zero, type 8, number of axes, sizes, values."""
    try:
        with gzip.open(path) as file:
            content = file.read(LARGEST_FILE)
    except FileNotFoundError as error:
        raise CuspError(f"no file {path.name} in {path.parent}: MNIST has four, {', '.join(IDX.values())}") from error
    except (OSError, EOFError, zlib.error) as error:
        raise CuspError(f"{path} is not a whole gzip file: {error}; fetch it again") from error
    if len(content) < 8 or content[:3] != b"\0\0\x08" or not 1 <= content[3] <= 3 or len(content) < 4 + 4 * content[3]:
        raise CuspError(f"{path} is not an idx file of bytes: it begins with {content[:4].hex() or 'nothing'}")
    shape = tuple(int.from_bytes(content[4 + 4 * axis : 8 + 4 * axis], "big") for axis in range(content[3]))
    values = np.frombuffer(content, np.uint8, offset=4 + 4 * len(shape))
    if len(values) != int(np.prod(shape, dtype=object)):
        raise CuspError(f"{path} is damaged: its header says {shape}, and {len(values)} values follow; fetch it again")
    return values.reshape(shape).copy()


def _from_npz(path: Path, seed: int) -> dict[str, ndarray]:
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files if name in (*IDX, "images", "labels")}
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, AttributeError, zlib.error) as error:
        raise CuspError(f"{path} is not an .npz of plain arrays: {error}") from error
    if set(IDX) <= set(arrays):
        return arrays
    if not {"images", "labels"} <= set(arrays):
        raise CuspError(
            f"{path} must hold x_train, y_train, x_test, y_test, or images and labels: it has {sorted(arrays)}"
        )
    if len(arrays["images"]) != len(arrays["labels"]):
        raise CuspError(f"{path}: {len(arrays['images'])} images and {len(arrays['labels'])} labels must be as many")
    order = np.random.default_rng([seed, 2]).permutation(len(arrays["images"]))
    test, training = order[: len(order) // 6], order[len(order) // 6 :]
    images, labels = arrays["images"], arrays["labels"]
    return {"x_train": images[training], "y_train": labels[training], "x_test": images[test], "y_test": labels[test]}


def _checked(
    images: ndarray, labels: ndarray, place: Path, what: str
) -> tuple[UInt8[ndarray, "n h w"], Int64[ndarray, " n"]]:
    if (
        images.ndim != 3
        or labels.shape != images.shape[:1]
        or not 4 <= min(images.shape[1:]) <= max(images.shape[1:]) <= 512
    ):
        raise CuspError(
            f"{place}: {what} images must be (N, height, width) with N labels: got {images.shape} and {labels.shape}"
        )
    if labels.dtype.kind not in "iu" or len(labels) < 240 or set(np.unique(labels)) != set(range(CLASSES)):
        raise CuspError(f"{place}: {what} labels must be whole numbers 0 to 9, all ten present, 240 or more in all")
    if images.dtype != np.uint8:
        if images.dtype.kind != "f" or not np.isfinite(images).all() or images.min() < 0 or images.max() > 1:
            raise CuspError(f"{place}: {what} images must be uint8, or finite floats from 0 to 1: got {images.dtype}")
        images = np.round(images * 255.0).astype(np.uint8)
    if images.shape[1:] != (SIDE, SIDE):
        images = np.stack([cv2.resize(image, (SIDE, SIDE), interpolation=cv2.INTER_LINEAR) for image in images])
    return np.ascontiguousarray(images), labels.astype(np.int64)
