"""Numpy arrays in a safetensors file, with a checksum: a file that was cut short or changed is named, never used."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy import ndarray

from cuspworld.errors import CuspError
from cuspworld.files import written_whole

_CHECKSUM = "sha256"


def write_arrays(path: Path, arrays: Mapping[str, ndarray], header: Mapping[str, str]) -> None:
    """Write the arrays and the header's texts to `path`, whole or not at all."""
    from safetensors import SafetensorError
    from safetensors.numpy import save_file

    kept = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    with written_whole(path) as aside:
        try:
            save_file(kept, aside, metadata={**header, _CHECKSUM: _checksum(kept, header)})
            _put_in_order(aside)
        except SafetensorError as error:  # a full disk
            raise OSError(str(error)) from error


def _put_in_order(path: Path) -> None:
    """Sort the header's texts: safetensors writes them in an order that changes from process to process, and the same
    arrays would give files of other bytes."""
    with path.open("r+b") as file:
        length = int.from_bytes(file.read(8), "little")
        known = json.loads(file.read(length))
        known["__metadata__"] = dict(sorted(known["__metadata__"].items()))
        text = json.dumps(known, ensure_ascii=False, separators=(",", ":")).encode().ljust(length)
        if len(text) == length:
            file.seek(8)
            file.write(text)


def read_arrays(path: Path, advice: str) -> tuple[dict[str, ndarray], dict[str, str]]:
    """The arrays and the header of `path`. Raises CuspError, ending in what to do (`advice`), if any bit of it is not
    as it was written; files of before the checksum are only known to be whole."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, "numpy") as file:
            header = dict(file.metadata() or {})
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (not a dict)
    except (SafetensorError, ValueError, TypeError, KeyError, AttributeError, OSError) as error:
        raise CuspError(f"{path} is not a safetensors file, or is cut short: {error}; {advice}") from error
    wanted = header.pop(_CHECKSUM, None)
    if wanted is not None and wanted != _checksum(arrays, header):
        raise CuspError(f"{path} is damaged: its checksum does not agree with what it holds; {advice}")
    return arrays, header


def _checksum(arrays: Mapping[str, ndarray], header: Mapping[str, str]) -> str:
    digest = hashlib.sha256(repr(sorted(header.items())).encode())
    for name in sorted(arrays):
        array = arrays[name]
        digest.update(f"{name} {array.dtype.str} {array.shape}".encode())
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()
