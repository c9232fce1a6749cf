"""Arrays of points from files that people have (.npy, .npz, .csv), and examples for those who have none."""

import csv
import zipfile
from pathlib import Path

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from cuspworld.errors import CuspError

EXAMPLES = ("moons", "rings", "clusters")
LARGEST_POINTS_FILE = 1 << 34  # bytes
_TAKES = "a .npy, .npz or .csv file of plain numbers (N, d)"


def read_points(path: str | Path) -> ndarray:
    """The array (N, d) of a file: numpy's .npy, the only matrix (or the one named `points`) of an .npz, or the numbers
    of a .csv (comma, semicolon or tab; a first line of names is skipped).

    The contents decide which, not the name. Raises CuspError for what is none; never unpickles.
    """
    path = Path(path)
    if not path.is_file():
        raise CuspError(f"no file {path}: name {_TAKES}, or take --example moons")
    if path.stat().st_size > LARGEST_POINTS_FILE:
        raise CuspError(f"{path} is larger than {LARGEST_POINTS_FILE >> 30} GiB: take fewer points")
    with path.open("rb") as file:
        head = file.read(6)
    try:
        if head == b"\x93NUMPY":
            points = np.load(path, mmap_mode="r", allow_pickle=False)  # the header is checked before memory is taken
        elif head[:4] == b"PK\x03\x04":
            points = _only_matrix(path)
        else:
            points = _table(path)
    except (ValueError, OSError, EOFError, SyntaxError, zipfile.BadZipFile) as error:
        if isinstance(error, CuspError):
            raise
        raise CuspError(f"{path} is not {_TAKES}: {error}") from error
    if points.dtype.kind not in "fiub" or points.ndim != 2 or 0 in points.shape:
        raise CuspError(f"{path} must hold numbers of shape (N, d): got {points.dtype} of shape {points.shape}")
    return np.array(points)


def _only_matrix(path: Path) -> ndarray:
    with np.load(path, allow_pickle=False) as archive:
        if "points" in archive.files:
            return archive["points"]
        found = {name: archive[name] for name in archive.files}
    matrices = [name for name, array in found.items() if array.ndim == 2]
    if len(matrices) != 1:
        held = ", ".join(f"{name} {array.shape}" for name, array in found.items()) or "nothing"
        raise CuspError(f"{path} must hold one array (N, d), or name it points: it holds {held}")
    return found[matrices[0]]


def _table(path: Path) -> ndarray:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise CuspError(f"{path} is not {_TAKES}: it is no text either") from error
    first = next((line for line in text.splitlines() if line.strip()), "")
    if not first:
        raise CuspError(f"{path} is not {_TAKES}: it is empty")
    delimiter = max(",;\t", key=first.count)
    lines = [row for row in csv.reader(text.splitlines(), delimiter=delimiter) if any(cell.strip() for cell in row)]
    rows = [[_number(cell) for cell in row] for row in lines]
    skipped = int(all(cell is None for cell in rows[0]))  # names of columns
    rows = rows[skipped:]
    for number, row in enumerate(rows):
        if None in row or len(row) != len(rows[0]):
            said = f"{lines[number + skipped][row.index(None)]!r}" if None in row else f"{len(row)} of {len(rows[0])}"
            what = "holds" if None in row else "has"
            raise CuspError(f"{path} is not {_TAKES}: row {number} {what} {said}{'' if None in row else ' columns'}")
    return np.array(rows, dtype=np.float64).reshape(len(rows), -1)


def _number(cell: str) -> float | None:
    try:
        return float(cell)
    except ValueError:
        return None


def example_points(name: str, count: int = 1500, seed: int = 0) -> Float[ndarray, "count d"]:
    """Points to try things on: two moons and two rings in the plane, or ten clusters in 16 dimensions."""
    if name not in EXAMPLES:
        raise CuspError(f"--example must be one of {', '.join(EXAMPLES)}: got {name!r}")
    generator = np.random.default_rng(seed)
    if name == "clusters":
        centres = 3 * generator.normal(size=(10, 16))
        return centres[np.arange(count) % 10] + 0.5 * generator.normal(size=(count, 16))
    kind, angle = np.arange(count) % 2, np.pi * generator.random(count)
    if name == "moons":
        turned = np.where(kind == 1, -1, 1)[:, None]
        points = turned * np.column_stack([np.cos(angle), np.sin(angle)]) + kind[:, None] * [1, 0.5]
        return points + 0.06 * generator.normal(size=points.shape)
    radius = np.where(kind == 1, 1.0, 2.0) + 0.08 * generator.normal(size=count)
    return radius[:, None] * np.column_stack([np.cos(2 * angle), np.sin(2 * angle)])
