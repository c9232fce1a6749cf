"""A fitted `Brenier` as a safetensors file: arrays as tensors, parameters as JSON in the header, a checksum."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy import ndarray

from cuspworld.arrays import read_arrays, write_arrays
from cuspworld.errors import CuspError
from cuspworld.transport.singular.singular import SingularSet
from cuspworld.transport.singular.trajectories import Trajectories

_FORMAT = "cuspworld-brenier-1"
# each with the kinds of number or text that it may be
LEARNED: dict[str, type | tuple[type, ...]] = {
    "error_": (float, int),
    "error_standard_error_": (float, int),
    "error_kind_": str,
    "certified_": bool,
    "samples_": int,
}
_SINGULAR_ARRAYS = ("facets", "masses", "kinks", "points", "singular", "confidence", "suspect", "branches")


@dataclass(frozen=True, eq=False)
class Solved:
    """All that a fitted Brenier goes on from: constructor arguments, the solution, and what was found of it."""

    params: dict[str, Any]
    points: ndarray
    masses: ndarray
    heights: ndarray
    learned: dict[str, Any]
    singular_set: SingularSet | None
    trajectories: Trajectories | None


def save(saved: Solved, path: Path) -> None:
    """Write it to `path`. The source's vertices are a tensor; a checkpoint's path is not kept."""
    params = {name: value for name, value in saved.params.items() if name not in ("source", "checkpoint")}
    arrays = {"points": saved.points, "masses": saved.masses, "heights": saved.heights}
    source = saved.params["source"]
    if isinstance(source, str):
        params["source"] = source
    else:
        arrays["vertices"] = np.asarray(source, dtype=np.float64)
    if saved.singular_set is not None:
        arrays |= {f"singular.{name}": getattr(saved.singular_set, name) for name in _SINGULAR_ARRAYS}
        arrays["singular.dimension"] = np.array([saved.singular_set.dimension])
    if saved.trajectories is not None:
        arrays |= {"trajectories.clips": saved.trajectories.clips, "trajectories.times": saved.trajectories.times}
    texts = {"format": _FORMAT, "params": json.dumps(params), "learned": json.dumps(saved.learned)}
    write_arrays(path, arrays, texts)


def load(path: Path) -> Solved:
    """Read what `save` wrote. Raises CuspError that names the file and what is wrong with it."""
    if not path.is_file():
        raise CuspError(f"no saved Brenier at {path}: the file does not exist")
    arrays, header = read_arrays(path, "fit the Brenier anew and save it")
    if header.get("format") != _FORMAT:
        raise CuspError(f"{path} is not a saved Brenier: its header lacks the format {_FORMAT}")
    try:
        return _checked(arrays, _json(header, "params"), _json(header, "learned"))
    except (CuspError, KeyError, TypeError, AttributeError, ValueError) as error:
        said = f"it lacks {error}" if isinstance(error, KeyError) else str(error)
        raise CuspError(f"{path} is a damaged Brenier: {said}; fit it anew and save it") from error


def _json(header: dict[str, str], name: str) -> dict[str, Any]:
    values = json.loads(header[name])
    if not isinstance(values, dict):
        raise CuspError(f"{name} must be a JSON object, not a {type(values).__name__}")
    return values


def _checked(arrays: dict[str, ndarray], params: dict[str, Any], learned: dict[str, Any]) -> Solved:
    points, masses, heights = arrays["points"], arrays["masses"], arrays["heights"]
    _demand(points.ndim == 2 and points.size > 0 and points.dtype in (np.float32, np.float64), "points", points)
    _demand(np.isfinite(points).all(), "points", points)
    for name, array in (("masses", masses), ("heights", heights)):
        _demand(array.shape == (len(points),) and array.dtype == np.float64, name, array)
    _demand(np.isfinite(masses).all() and masses.min() >= 0 and masses.max() > 0, "masses", masses)
    _demand(np.isfinite(heights[masses > 0]).all() and (heights < np.inf).all(), "heights", heights)
    params["source"] = arrays["vertices"] if "vertices" in arrays else params["source"]
    # files of before the error had kinds: it was the largest one of exact solutions, else the mass-weighted one
    learned.setdefault("error_kind_", "largest" if "vertices" in arrays else "over mass")
    for name, kinds in LEARNED.items():
        if not isinstance(learned[name], kinds):
            raise CuspError(f"{name} is {learned[name]!r}")
    trajectories = None
    if "trajectories.clips" in arrays:
        clips, times = arrays["trajectories.clips"], arrays["trajectories.times"]
        _demand(clips.shape == times.shape == (len(points),) and clips.dtype == np.int64, "trajectories.clips", clips)
        trajectories = Trajectories(clips, times)
    kept = {name: learned[name] for name in LEARNED}
    return Solved(params, points, masses, heights, kept, _singular_set(arrays, points), trajectories)


def _singular_set(arrays: dict[str, ndarray], points: ndarray) -> SingularSet | None:
    if "singular.facets" not in arrays:
        return None
    stored = {name: arrays[f"singular.{name}"] for name in _SINGULAR_ARRAYS}
    facets, branches = stored["facets"], stored["branches"]
    _demand(facets.ndim == 2 and facets.shape[1] == 2 and facets.dtype == np.int64, "singular.facets", facets)
    _demand(branches.ndim == 1 and 0 < len(branches) <= len(points), "singular.branches", branches)
    _demand(branches.dtype == np.int64 and branches.min() >= 0, "singular.branches", branches)
    _demand(facets.size == 0 or 0 <= facets.min() <= facets.max() < len(branches), "singular.facets", facets)
    for name in set(_SINGULAR_ARRAYS) - {"facets", "branches"}:
        shape = (len(facets), points.shape[1]) if name == "points" else (len(facets),)
        _demand(stored[name].shape == shape, f"singular.{name}", stored[name])
    return SingularSet(**stored, dimension=float(arrays["singular.dimension"][0]))


def _demand(holds: Any, name: str, array: ndarray) -> None:
    if not holds:
        raise CuspError(f"{name} ({array.dtype} of shape {array.shape}) is not what was saved, or holds NaN or inf")
