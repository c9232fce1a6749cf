"""A fitted `Brenier` as a safetensors file: arrays as tensors, parameters as JSON in the header."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from cuspworld.errors import CuspError
from cuspworld.files import written_whole
from cuspworld.transport.singular.singular import SingularSet

if TYPE_CHECKING:
    from cuspworld.transport.brenier import Brenier

_FORMAT = "cuspworld-brenier-1"
_LEARNED = ("error_", "error_standard_error_", "error_kind_", "certified_", "samples_")
_SINGULAR_ARRAYS = ("facets", "masses", "kinks", "points", "singular", "confidence", "suspect", "branches")


def save(brenier: "Brenier", path: Path) -> None:
    """Write `brenier` to `path`. The source's vertices are a tensor; a checkpoint's path is not kept."""
    from safetensors.numpy import save_file

    params = {name: value for name, value in brenier.get_params().items() if name not in ("source", "checkpoint")}
    arrays = {
        "points": np.ascontiguousarray(brenier.points_),
        "masses": brenier.masses_,
        "heights": brenier.heights_,
    }
    if isinstance(brenier.source, str):
        params["source"] = brenier.source
    else:
        arrays["vertices"] = np.ascontiguousarray(brenier.source, dtype=np.float64)
    if "_singular_set" in vars(brenier):
        found = vars(brenier)["_singular_set"]
        arrays |= {f"singular.{name}": np.ascontiguousarray(getattr(found, name)) for name in _SINGULAR_ARRAYS}
        arrays["singular.dimension"] = np.array([found.dimension])
    learned = {name: getattr(brenier, name) for name in _LEARNED}
    header = {"format": _FORMAT, "params": json.dumps(params), "learned": json.dumps(learned)}
    with written_whole(path) as aside:
        save_file(arrays, aside, metadata=header)


def load(cls: type["Brenier"], path: Path) -> "Brenier":
    """Read what `save` wrote."""
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
    brenier = cls(source=arrays.get("vertices", params.pop("source", None)), **params)
    singular_set = None
    if "singular.facets" in arrays:
        stored = {name: arrays[f"singular.{name}"] for name in _SINGULAR_ARRAYS}
        singular_set = SingularSet(**stored, dimension=float(arrays["singular.dimension"][0]))
    learned = json.loads(header["learned"])
    # files of before the error had kinds: it was the largest one of exact solutions, else the mass-weighted one
    learned.setdefault("error_kind_", "largest" if "vertices" in arrays else "over mass")
    return brenier._restore(arrays["points"], arrays["masses"], arrays["heights"], learned, singular_set)
