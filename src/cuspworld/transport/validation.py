"""What `Brenier` takes: parameters, points, masses and noise, as arrays or tensors of any number type, row by row."""

import os
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy import ndarray

from cuspworld import checks
from cuspworld.errors import CuspError

SMALLEST_BUDGET = 1 << 12  # bytes: below it not one sample fits beside a site
SMALLEST_TOLERANCE = 1e-6  # a certificate counts more than 16 / tolerance^2 samples: days of them


def check_parameters(parameters: dict[str, Any]) -> None:
    """Raises CuspError naming the first of Brenier's parameters that it cannot take; `source` needs the points."""
    tolerance, confidence = parameters["tolerance"], parameters["confidence"]
    for name, value in (("tolerance", tolerance), ("confidence", confidence)):
        if not checks.is_number(value) or not 0 < value < 1:
            raise CuspError(f"{name} must lie between 0 and 1: got {value!r}")
    if tolerance < SMALLEST_TOLERANCE:
        raise CuspError(
            f"tolerance must be at least {SMALLEST_TOLERANCE:g}: got {tolerance:g}; its certificate alone would count "
            "16 / tolerance^2 samples. A source of vertices is solved to 1e-9 with any tolerance"
        )
    checks.truth("progress", parameters["progress"])
    checks.truth("distributed", parameters["distributed"])
    checks.whole("memory_budget", parameters["memory_budget"], SMALLEST_BUDGET, 1 << 50)
    if parameters["threads"] is not None:
        checks.whole("threads", parameters["threads"], 1, 1 << 16)
    if parameters["max_seconds"] is not None:
        checks.number("max_seconds", parameters["max_seconds"], 0, float("inf"))
    _check_device(parameters["device"])
    if parameters["checkpoint"] is not None:
        if not isinstance(parameters["checkpoint"], str | os.PathLike):
            raise CuspError(f"checkpoint must be the path of a file: got {parameters['checkpoint']!r}")
        folder = Path(parameters["checkpoint"]).absolute().parent
        if not (folder.is_dir() and os.access(folder, os.W_OK)):
            raise CuspError(f"checkpoint cannot be written: {folder} is no folder to write in; name another place")


def as_seed(seed: Any, random_state: Any) -> int:
    """The seed of a fit: `random_state`, scikit-learn's name for it, goes before `seed` where it is given."""
    if isinstance(random_state, np.random.RandomState):
        return int(random_state.randint(2**31 - 1))
    if random_state is None:
        return checks.whole("seed", seed, 0, 2**63 - 1)
    return checks.whole("random_state", random_state, 0, 2**63 - 1)


def _check_device(device: Any) -> None:
    try:
        kind = torch.device(device)
    except (RuntimeError, TypeError) as error:
        raise CuspError(f'device must be "cpu" or a CUDA device such as "cuda:0": got {device!r}') from error
    if kind.type not in ("cpu", "cuda"):
        raise CuspError(f'device must be "cpu" or a CUDA device such as "cuda:0": got {device!r}')
    if kind.type == "cuda" and (kind.index or 0) >= torch.cuda.device_count():
        raise CuspError(f'device {device!r}: torch finds {torch.cuda.device_count()} CUDA devices; take device="cpu"')


def as_matrix(values: Any, name: str, columns: int | None = None) -> ndarray:
    """A finite (n, d) float32 or float64 array from an array, tensor or nested list; integers become float64.

    Raises CuspError naming the first row with NaN or inf, or that is masked, or the shape it got.
    """
    refuse_masks(values, name)
    if hasattr(values, "toarray") and hasattr(values, "nnz"):
        raise CuspError(f"{name} must be a dense array: got a sparse {type(values).__name__}; give {name}.toarray()")
    if isinstance(values, torch.Tensor):
        values = values.detach().cpu().numpy() if values.dtype != torch.bfloat16 else values.float().cpu().numpy()
    try:
        array = np.asarray(values)
        if array.dtype not in (np.float32, np.float64) and not np.iscomplexobj(array):
            array = array.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise CuspError(f"{name} must be numbers of shape (n, d): got {type(values).__name__}") from error
    if np.iscomplexobj(array):
        raise CuspError(f"Complex data not supported: {name} must be real numbers: give both parts as columns")
    if array.ndim != 2:
        raise CuspError(
            f"{name} must have shape (n, d): got {array.shape}; Reshape your data: a single row with [None]"
        )
    if array.shape[1] == 0:
        raise CuspError(
            f"{name} must have columns: 0 feature(s) (shape={array.shape}) while a minimum of 1 is required."
        )
    if columns is not None and array.shape[1] != columns:
        told = (
            f"X has {array.shape[1]} features, but Brenier is expecting {columns} features as input"  # scikit-learn's
        )
        raise CuspError(f"{name} must have {columns} columns, as in fit: got {array.shape[1]} ({told})")
    finite = np.isfinite(array).all(axis=1)
    if not finite.all():
        row = int(np.argmin(finite))
        raise CuspError(f"{name} must be finite: row {row} holds NaN or inf; drop it (rows are counted from 0)")
    most = np.finfo(array.dtype).max ** 0.5 / 1e3  # beyond it squares of distances are no numbers
    if array.size and not np.abs(array).max() <= most:
        row = int(np.abs(array).max(axis=1).argmax())
        raise CuspError(f"{name} must be within {most:.0e}: row {row} holds {np.abs(array[row]).max():.3g}; scale them")
    return array


def as_masses(masses: Any, count: int) -> ndarray:
    """(count,) float64 masses that add up to 1; None means equal ones. Raises CuspError naming the first bad row."""
    if masses is None:
        return np.full(count, 1 / count)
    refuse_masks(masses, "masses")
    if isinstance(masses, torch.Tensor):
        masses = masses.detach().cpu().numpy()
    try:
        array = np.asarray(masses, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise CuspError(f"masses must be numbers of shape ({count},): got {type(masses).__name__}") from error
    if array.shape != (count,):
        raise CuspError(f"masses must have shape ({count},), one for each point: got {array.shape}")
    good = np.isfinite(array) & (array >= 0)
    if not good.all():
        row = int(np.argmin(good))
        raise CuspError(f"masses must be finite and not negative: row {row} is {array[row]}")
    largest = array.max()
    if largest == 0:
        raise CuspError("masses, or sample weights, must not all be zero: give at least one point a positive mass")
    array = array / largest  # first, so that the sum cannot overflow
    return array / array.sum()


def refuse_masks(values: Any, name: str) -> None:
    """Numpy's masked entries stand for numbers that are not known; plain numpy calls would read what lies below."""
    if isinstance(values, np.ma.MaskedArray) and np.ma.getmaskarray(values).any():
        row = int(np.argwhere(np.ma.getmaskarray(values))[0, 0]) if values.ndim else 0
        raise CuspError(f"{name} must not be masked: row {row} is; drop such rows, or fill them with {name}.filled()")


def refuse_gradient(noise: Any, name: str) -> None:
    """Raises CuspError for a tensor that wants a gradient which `name` cannot give."""
    if isinstance(noise, torch.Tensor) and noise.requires_grad and torch.is_grad_enabled():
        raise CuspError(
            f"{name} gives no gradient, and this tensor wants one: give noise.detach(); potential() has one"
        )


def column_names(values: Any) -> ndarray | None:
    """The names of a data frame's columns, where all of them are texts; else None."""
    columns = getattr(values, "columns", None)
    names = [] if columns is None else list(columns)
    return np.asarray(names, dtype=object) if names and all(isinstance(name, str) for name in names) else None


def like(noise: Any, values: ndarray) -> Any:
    """`values` as a tensor on the device of `noise` if that is a tensor."""
    return torch.from_numpy(values).to(noise.device) if isinstance(noise, torch.Tensor) else values


def first_of_equal_rows(points: ndarray) -> ndarray:
    """(n,) index of the first row that is equal to each row."""
    rows = np.ascontiguousarray(points + points.dtype.type(0))  # -0 becomes 0: rows are compared as bytes
    rows = rows.view(np.dtype((np.void, rows.itemsize * rows.shape[1])))[:, 0]
    _, first, inverse = np.unique(rows, return_index=True, return_inverse=True)
    return first[inverse]


def as_pairs(pairs: Any, name: str, count: int) -> ndarray:
    """(A, 2) int64 pairs of indices below `count`, each in rising order; None means none."""
    if pairs is None:
        return np.empty((0, 2), np.int64)
    if isinstance(pairs, torch.Tensor):
        pairs = pairs.detach().cpu().numpy()
    array = np.asarray(list(pairs) if isinstance(pairs, set | frozenset) else pairs)
    if array.size == 0:
        return np.empty((0, 2), np.int64)
    if array.ndim != 2 or array.shape[1] != 2 or not np.issubdtype(array.dtype, np.integer):
        raise CuspError(f"{name} must be pairs of integers of shape (A, 2): got {array.dtype} of shape {array.shape}")
    bad = ((array < 0) | (array >= count)).any(axis=1)
    if bad.any():
        row = int(np.argmax(bad))
        raise CuspError(f"{name} must hold indices from 0 to {count - 1}: row {row} is {array[row].tolist()}")
    return np.sort(array.astype(np.int64), axis=1)


def has_pair(pairs: ndarray, first: ndarray, second: ndarray) -> ndarray:
    """Whether each (first, second), in either order, is among the pairs that `as_pairs` made."""
    if len(pairs) == 0:
        return np.zeros(len(first), bool)
    width = 1 + max(int(pairs.max()), int(np.max(first, initial=0)), int(np.max(second, initial=0)))
    return np.isin(np.minimum(first, second) * width + np.maximum(first, second), pairs[:, 0] * width + pairs[:, 1])
