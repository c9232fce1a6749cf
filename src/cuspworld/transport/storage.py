"""A solved transport as a safetensors file: arrays as tensors, parameters as JSON in the header."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from cuspworld.errors import CuspError
from cuspworld.files import written_whole
from cuspworld.transport.singular.singular import SingularSet

_FORMAT = "cuspworld-brenier-1"
_SINGULAR_ARRAYS = ("facets", "masses", "kinks", "points", "singular", "confidence", "suspect", "branches")


@dataclass(frozen=True)
class Solved:
    """What a file holds: parameters, the problem, its heights, what was learned beside them, and the singular set if
    that was found before it was saved."""

    params: dict[str, Any]  # `source` is a name, or the vertices (M, d) of a convex domain
    points: np.ndarray  # (N, d)
    masses: np.ndarray  # (N,)
    heights: np.ndarray  # (N,)
    learned: dict[str, Any]  # the error, whether it is certified, the samples
    singular_set: SingularSet | None


def save(solved: Solved, path: Path) -> None:
    """Write `solved` to `path`, whole or not at all."""
    from safetensors.numpy import save_file

    params = {name: value for name, value in solved.params.items() if name != "source"}
    arrays = {
        "points": np.ascontiguousarray(solved.points),
        "masses": solved.masses,
        "heights": solved.heights,
    }
    if isinstance(source := solved.params["source"], str):
        params["source"] = source
    else:
        arrays["vertices"] = np.ascontiguousarray(source, dtype=np.float64)
    if (found := solved.singular_set) is not None:
        arrays |= {f"singular.{name}": np.ascontiguousarray(getattr(found, name)) for name in _SINGULAR_ARRAYS}
        arrays["singular.dimension"] = np.array([found.dimension])
    header = {"format": _FORMAT, "params": json.dumps(params), "learned": json.dumps(solved.learned)}
    with written_whole(path) as aside:
        save_file(arrays, aside, metadata=header)


def load(path: Path) -> Solved:
    """Read what `save` wrote. Raises CuspError if the file is missing or is something else."""
    from safetensors import SafetensorError, safe_open

    if not path.is_file():
        raise CuspError(f"no saved Brenier at {path}: the file does not exist")
    try:
        with safe_open(path, "numpy") as file:
            header = file.metadata() or {}
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (not a dict)
    except SafetensorError as error:
        raise CuspError(f"{path} is not a safetensors file: {error}") from error
    if header.get("format") != _FORMAT:
        raise CuspError(f"{path} is not a saved Brenier: its header lacks the format {_FORMAT}")
    params = json.loads(header["params"])
    if "vertices" in arrays:
        params["source"] = arrays["vertices"]
    singular_set = None
    if "singular.facets" in arrays:
        stored = {name: arrays[f"singular.{name}"] for name in _SINGULAR_ARRAYS}
        singular_set = SingularSet(**stored, dimension=float(arrays["singular.dimension"][0]))
    learned = json.loads(header["learned"])
    # files of before the error had kinds: it was the largest one of exact solutions, else the mass-weighted one
    learned.setdefault("error_kind_", "largest" if "vertices" in arrays else "over mass")
    return Solved(params, arrays["points"], arrays["masses"], arrays["heights"], learned, singular_set)
