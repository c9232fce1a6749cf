"""Models as folders: config.json + model.safetensors. Never a pickle."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any, TypeVar, get_type_hints

import torch
from jaxtyping import Float
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from cuspworld.checks import is_number, is_whole
from cuspworld.errors import CuspError
from cuspworld.files import written_whole

Module = TypeVar("Module", bound=nn.Module)
ADAPTER = "adapter.safetensors"  # beside model.safetensors: what was learned later (`training.adapter`)
_FACTOR = re.compile(r"\.(up|down)(\.scale)?$")  # of a low-rank addition
LARGEST = 16_384  # a number of channels, pixels or words; a folder's config.json may come from anybody
LARGEST_CONFIG = 64 << 20  # bytes; the shipped model's longest, all its captions, takes 2 million


def save_folder(path: str | Path, config: dict[str, Any], tensors: dict[str, Tensor]) -> None:
    """Write config.json and model.safetensors into a new folder that takes the place of `path` as a whole."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with written_whole(path) as aside:
        aside.mkdir()
        (aside / "config.json").write_text(json.dumps(config, indent=2, ensure_ascii=False) + "\n")
        write_tensors(aside / "model.safetensors", tensors)


def save_module(path: str | Path, kind: str, module: nn.Module, config: Any, dtype: torch.dtype) -> None:
    """A module as a folder: its configuration dataclass under the name `kind`, and its weights as `dtype`."""
    tensors = {name: tensor.to(dtype) for name, tensor in module.state_dict().items()}
    save_folder(path, {"_class_name": kind, **asdict(config)}, tensors)


class _Undrawn(TorchFunctionMode):
    """Weights are made without normal numbers: to draw these on the meta device imports torch's compiler (a second)."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        return kwargs["tensor"] if func is nn.init.normal_ else func(*args, **kwargs)


def load_module(
    path: str | Path,
    kind: str,
    build: Callable[[Any], Module],
    config_kind: type,
    beside: Sequence[str] = (ADAPTER,),
    base: Mapping[str, Tensor] | None = None,
) -> Module:
    """The module of a folder that `save_module` wrote, in evaluation mode: `build(config_kind(**config.json))`.
    `beside`: files of what was learned later, each added in turn if it is there. `base`: the weights of another module,
    that the folder's only adapter goes on from; it has no model.safetensors then."""
    path = Path(path)
    values = read_config(path)
    if (found := values.pop("_class_name", None)) != kind:
        raise CuspError(f"{path} holds a {found}, not a {kind}: give the folder that its save_pretrained wrote")
    config = from_config(config_kind, values, path / "config.json")
    try:
        with _Undrawn(), torch.device("meta"):  # shapes alone: no memory before the weights fit
            module = build(config)
    except (RuntimeError, ValueError, AssertionError, ZeroDivisionError) as error:
        raise CuspError(f"{path / 'config.json'}: no {kind} has such numbers: {error}") from error
    tensors = unpacked(read_tensors(path / "model.safetensors")) if base is None else dict(base)
    for file in (path / name for name in beside):
        if file.exists() or base is not None:
            tensors = adapted(tensors, read_tensors(file), file)
    load_into(module, tensors, path / "model.safetensors", assign=True)
    return module.eval()


def in_bytes(matrix: Float[Tensor, ...]) -> tuple[Tensor, Tensor]:
    """A matrix or the kernels of a convolution in half the space of float16: whole numbers from -127 to 127, and what
    each row is times (float16, a number a row)."""
    largest = matrix.detach().float().flatten(1).abs().amax(dim=1)
    scale = (largest / 127).clamp_min(1e-7).half().unflatten(0, (-1, *[1] * (matrix.ndim - 1)))
    return (matrix.detach().float() / scale.float()).round().clamp(-127, 127).to(torch.int8), scale


def packed(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Weights for a file, a byte a number: each NAME of two dimensions or more by `in_bytes`, beside it NAME.scale; all
    others as float16."""
    found = {}
    for name, tensor in tensors.items():
        if tensor.ndim > 1 and torch.is_floating_point(tensor):
            found[name], found[f"{name}.scale"] = in_bytes(tensor)
        else:
            found[name] = tensor.half() if torch.is_floating_point(tensor) else tensor
    return found


def unpacked(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """What `packed` was given, as near as bytes tell; a file that holds no such numbers stays as it is."""
    found = {}
    for name, tensor in tensors.items():
        scale = tensors.get(f"{name}.scale")
        if scale is not None and tensor.dtype == torch.int8 and scale.numel() == len(tensor):
            found[name] = tensor.float() * scale.float()
        elif not name.endswith(".scale") or tensors.get(name.removesuffix(".scale"), tensor).dtype != torch.int8:
            found[name] = tensor
    return found


def adapted(tensors: dict[str, Tensor], adapter: dict[str, Tensor], file: str | Path) -> dict[str, Tensor]:
    """`tensors` with what was learned later: NAME.up @ NAME.down is added to the matrix NAME, any other takes the place
    of its own; those of whole numbers are times NAME.up.scale, a number a row (`packed`). Raises CuspError for one that
    does not fit."""
    found = dict(tensors)
    whole = unpacked({name: tensor for name, tensor in adapter.items() if not _FACTOR.search(name)})

    def factor(name: str, own: Tensor) -> Tensor:
        part, scale = adapter.get(name), adapter.get(f"{name}.scale")
        if part is None or part.ndim != 2 or own.ndim != 2:
            raise CuspError(f"{file}: no matrix {name} fits {tuple(own.shape)}: copy the whole folder again")
        if scale is None:
            return part.float()
        if scale.shape != (len(part), 1):
            raise CuspError(f"{file}: {name}.scale must be {(len(part), 1)}: got {tuple(scale.shape)}")
        return part.float() * scale.float()

    for name in adapter:
        own = name.removesuffix(".up")
        if name.endswith((".down", ".scale")):
            continue
        if own == name:
            found[name] = whole[name]
            continue
        if own not in tensors:
            raise CuspError(f"{file}: the model has no {own}: the file is of another model")
        up, down = factor(name, tensors[own]), factor(f"{own}.down", tensors[own])
        if up.shape[1] != down.shape[0] or (up.shape[0], down.shape[1]) != tuple(tensors[own].shape):
            raise CuspError(f"{file}: {own} does not fit {tuple(tensors[own].shape)}: the file is of another model")
        found[own] = tensors[own].float() + up @ down
    return found


def check_device(device: Any) -> None:
    """Raise CuspError for what is no device of torch, or one that this machine does not have."""
    try:
        torch.zeros(1, device=device).item()  # which "meta", that holds no numbers, refuses
    except (RuntimeError, AssertionError, TypeError) as error:
        said = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
        raise CuspError(f"device {str(device)!r} is not on this machine ({said}); take cpu") from error


def write_tensors(path: Path, tensors: dict[str, Tensor]) -> None:
    """Raises OSError where the disk refuses, as Python's own files do."""
    try:
        save_file({name: tensor.detach().cpu().contiguous().clone() for name, tensor in tensors.items()}, path)
    except SafetensorError as error:
        raise OSError(str(error)) from error


def read_config(path: str | Path) -> dict[str, Any]:
    """config.json of a model folder. Raises CuspError where the folder, the file or its JSON is not there."""
    path = Path(path)
    if not path.is_dir():
        raise CuspError(f"no model at {path}: give the folder that holds config.json and model.safetensors")
    file = path / "config.json"
    if not file.is_file():
        raise CuspError(f"{path} is not a model folder: it has no config.json")
    try:
        if file.stat().st_size > LARGEST_CONFIG:
            raise CuspError(f"{file} takes {file.stat().st_size:,} bytes: more than {LARGEST_CONFIG:,} are not read")
        config = json.loads(file.read_text())
    except CuspError:
        raise
    except (ValueError, OSError, RecursionError) as error:
        raise CuspError(f"{file} is not readable JSON: {error}") from error
    if not isinstance(config, dict):
        raise CuspError(f"{file} must hold a JSON object, got a {type(config).__name__}")
    return config


def read_tensors(file: str | Path) -> dict[str, Tensor]:
    """The tensors of a safetensors file, and a clear error for anything else (a pickle, a truncated file)."""
    file = Path(file)
    if not file.is_file():
        raise CuspError(f"no weights at {file}")
    try:
        return load_file(file)
    except (SafetensorError, OSError, ValueError) as error:
        head = file.read_bytes()[:4]
        pickle = head[:2] == b"PK" or head[:1] == b"\x80"
        said = "it is a pickle or a zip of pickles, which is never loaded" if pickle else str(error)
        raise CuspError(f"{file} is not a safetensors file: {said}; save the model with save_pretrained") from error


def load_into(module: nn.Module, tensors: dict[str, Tensor], file: str | Path, assign: bool = False) -> None:
    """Fill `module` from `tensors` in float32; a missing, unknown, misshapen or not finite one is an error that names
    it. `assign`: the module was built without memory and takes the tensors over."""
    expected = module.state_dict()
    if missing := sorted(expected.keys() - tensors.keys()):
        raise CuspError(f"{file} lacks {len(missing)} of the model's tensors, the first is {missing[0]}")
    if unknown := sorted(tensors.keys() - expected.keys()):
        raise CuspError(f"{file} holds {len(unknown)} tensors that the model has not, the first is {unknown[0]}")
    for name, tensor in tensors.items():
        if tensor.shape != expected[name].shape:
            raise CuspError(
                f"{file}: {name} has shape {tuple(tensor.shape)}, config.json asks for {tuple(expected[name].shape)}"
            )
        if torch.is_floating_point(tensor) and not bool(torch.isfinite(tensor).all()):
            raise CuspError(f"{file}: {name} holds numbers that are not finite (NaN or infinite): train anew")
    floats = {name: t.float() if torch.is_floating_point(t) else t for name, t in tensors.items()}
    own = {name: t.clone() if t is tensors[name] else t for name, t in floats.items()} if assign else floats
    module.load_state_dict(own, assign=assign)


def from_config(kind: type, values: dict[str, Any], place: str | Path) -> Any:
    """A config dataclass from JSON values. Unknown or missing names, wrong types, and values beyond what any model has
    (a field's metadata "least", "most" and "among", else from 1 or 0.0 to `LARGEST`) are errors that name the file."""
    lists = {name: tuple(value) for name, value in values.items() if isinstance(value, list)}  # JSON has no tuples
    limits = {f.name: f.metadata for f in fields(kind)}
    for name, wanted in get_type_hints(kind).items():
        if name in values and (said := _misfit(values[name], wanted, **limits[name])):
            raise CuspError(f"{place}: {name} must be {said}: got {str(values[name])[:80]!r}")
    try:
        return kind(**values | lists)
    except TypeError as error:
        raise CuspError(f"{place}: not a {kind.__name__}: {error}") from error


def _misfit(
    value: Any, wanted: Any, least: float | None = None, most: float = LARGEST, among: Sequence[str] = ()
) -> str | None:
    """What a value of JSON should be instead, None where it is that."""
    if wanted is bool:
        return None if isinstance(value, bool) else "true or false"
    if least is None:
        least = 1 if wanted is int else 0
    if wanted is int:
        return None if is_whole(value) and least <= value <= most else f"a whole number from {least} to {most}"
    if wanted is float:
        return None if is_number(value) and least <= value <= most else f"a number from {least} to {most}"
    if wanted is str and among:
        return None if value in tuple(among) else f"one of {', '.join(among)}"
    if wanted is str:
        return None if isinstance(value, str) else "a text"
    texts = isinstance(value, list) and all(isinstance(entry, str) for entry in value)
    return None if texts else "a list of texts"
