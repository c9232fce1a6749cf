"""The recorded kinds of a model as a folder: names and captions in config.json, codes and branches in 0.safetensors,
1.safetensors, ..., a file a kind, so that one that changes leaves the others as they are; what was done in its clips,
of a kind whose paths tell it, in 0.actions.safetensors.

Models of before 29 November 2026 have all in one model.safetensors, and are read too.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from cuspworld.checks import is_number, is_whole
from cuspworld.codec.identity_code import MOMENTS
from cuspworld.codec.scene_code import GRID
from cuspworld.errors import CuspError
from cuspworld.files import written_whole
from cuspworld.models import LARGEST, read_config, read_tensors, write_tensors
from cuspworld.simulator.actions import PARTS, Actions
from cuspworld.simulator.guidance import MOST, Guidance
from cuspworld.simulator.kinds import CODES_SCALE, FIELD, IDENTITY, LOOKS, WHERE, WHOLE, Kind

FIELD_PARTS = tuple(f"identity.{part}" for part in FIELD)
ACTIONS = "actions.safetensors"  # 0.actions.safetensors, ...: what was done, of a kind whose paths tell it
_CLASS_NAME = "CuspWorldPaths"
_PARTS = ("mean", "basis", "scale", "codes", "clips", "times", "branches")


def save_kinds(path: Path, kinds: Sequence[Kind]) -> None:
    """Write the folder, new or as a whole in place of another."""
    config = {
        "_class_name": _CLASS_NAME,
        "kinds": [_config(kind) for kind in kinds],
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    with written_whole(path) as aside:
        aside.mkdir()
        (aside / "config.json").write_text(json.dumps(config, indent=2, ensure_ascii=False) + "\n")
        for index, kind in enumerate(kinds):
            write_tensors(aside / f"{index}.safetensors", kind.tensors())
            if kind.actions is not None:
                write_tensors(aside / f"{index}.{ACTIONS}", kind.actions.tensors())


def _config(kind: Kind) -> dict[str, Any]:
    """What config.json says of a kind; how clear its clips are, in per cent."""
    told = {"name": kind.name, "frames": kind.code.frames, "captions": [list(texts) for texts in kind.captions]}
    if kind.clear is not None:
        told["clear"] = (100 * kind.clear).round().astype(int).tolist()
    return told if kind.guidance == Guidance() else told | {"guidance": asdict(kind.guidance)}


def load_kinds(path: Path) -> tuple[Kind, ...]:
    """Read the folder. Raises CuspError that names what is missing or does not fit."""
    config = read_config(path)
    if config.get("_class_name") != _CLASS_NAME or not isinstance(told := config.get("kinds"), list):
        raise CuspError(f"{path / 'config.json'} holds no list of kinds of {_CLASS_NAME}: copy the whole folder again")
    kept = _tensors(path, len(told))
    kinds = tuple(
        _acting(_guided(_clear(_kind(kind, tensors, file), kind, path), kind, path), path / f"{index}.{ACTIONS}")
        for index, (kind, (tensors, file)) in enumerate(zip(told, kept, strict=True))
    )
    if len({kind.name for kind in kinds}) < len(kinds):
        raise CuspError(f"{path / 'config.json'}: two kinds have one name; each needs its own")
    return kinds


def _tensors(path: Path, count: int) -> Iterator[tuple[dict[str, Tensor], Path]]:
    """Each kind's tensors by name, and their file."""
    if not (file := path / "model.safetensors").exists():
        for index in range(count):
            yield read_tensors(file := path / f"{index}.safetensors"), file
        return
    every = read_tensors(file)
    for index in range(count):
        start = f"{index}."
        yield {name.removeprefix(start): tensor for name, tensor in every.items() if name.startswith(start)}, file


def _told(told: object, file: Path) -> tuple[str, int, list[tuple[str, ...]]]:
    """Name, frames of a step and each clip's captions, as config.json says them."""
    known: dict[str, Any] = told if isinstance(told, dict) else {}
    name, captions, frames = known.get("name"), known.get("captions"), known.get("frames", 0)
    several = captions if isinstance(captions, list) else []
    fits = _is_text(name) and is_whole(frames) and 1 <= frames <= LARGEST and bool(several)
    if not fits or not all(isinstance(texts, list) and texts and all(map(_is_text, texts)) for texts in several):
        raise CuspError(
            f"{file.with_name('config.json')}: a kind has a name, frames from 1 to {LARGEST}, and captions, a list of "
            "texts a clip: copy the whole folder again"
        )
    return str(name), int(frames), [tuple(texts) for texts in several]


def _is_text(value: object) -> bool:
    return isinstance(value, str) and not any("\ud800" <= letter <= "\udfff" for letter in value)


def _kind(told: object, tensors: dict[str, Tensor], file: Path) -> Kind:
    """One kind, checked: codes of finite numbers, rows of one length, clips that have captions."""
    name, frames, wordings = _told(told, file)
    if missing := [part for part in _PARTS if part not in tensors]:
        raise CuspError(f"{file} lacks {missing[0]}: copy the whole folder again")
    own = {part: tensors[part] for part in _PARTS}
    packed = CODES_SCALE in tensors
    if packed:
        own[CODES_SCALE] = tensors[CODES_SCALE]
    looks: dict[str, Tensor] = {part: tensors[part] for part in ("seen", "reach") if part in tensors}
    parts = [f"identity.{part}" for part in IDENTITY]
    found = {part: tensors[part] for part in parts if part in tensors}
    if found and len(found) < len(parts):
        raise CuspError(f"{file} lacks {next(p for p in parts if p not in found)}: copy the whole folder again")
    if found:
        found |= {part: tensors[part] for part in FIELD_PARTS if part in tensors}
    looks |= found
    if where := {part: tensors[part] for part in WHERE if part in tensors}:
        if len(where) < len(WHERE):
            lacks = next(part for part in WHERE if part not in where)
            raise CuspError(f"{file} lacks {lacks}: copy the whole folder again")
        looks |= where
    if lies := {part: tensors[f"looks.{part}"] for part in LOOKS if f"looks.{part}" in tensors}:
        if len(lies) < len(LOOKS):
            lacks = next(part for part in LOOKS if part not in lies)
            raise CuspError(f"{file} lacks looks.{lacks}: copy the whole folder again")
        looks |= {f"looks.{part}": tensor for part, tensor in lies.items()}
    rows = own["codes"].shape[:1]
    counts = ("clips", "times", "branches")
    whole = (*counts, "codes") if packed else counts
    fits = all((t.dtype in WHOLE) if n in whole else torch.is_floating_point(t) for n, t in (own | looks).items())
    fits = fits and (not packed or (own["codes"].dtype, own[CODES_SCALE].shape) == (torch.int8, own["codes"].shape[1:]))
    fits = fits and own["codes"].ndim == 2 and rows[0] > 0 and all(own[p].shape == rows for p in counts)
    told = _columns(own["codes"]) - (_columns(where["where"]) if where else 0)
    told -= _columns(lies["basis"]) if lies else 0
    fits = fits and (not lies or (bool(where) and _looks_fit(lies, own["mean"].numel() // (frames * GRID * GRID))))
    fits = fits and own["basis"].ndim == 2 and own["basis"].shape == (own["mean"].numel(), told)
    fits = fits and (not where or _where_fits(where, frames))
    fits = fits and own["scale"].numel() == 1 and float(own["scale"]) > 0 and own["mean"].numel() % frames == 0
    fits = fits and all(bool(torch.isfinite(t).all()) for t in own.values())
    fits = fits and ("reach" not in looks or looks["reach"].numel() == 1)
    fits = fits and (not found or _identity_fits(found, len(wordings)))
    fits = fits and all(int(own[p].min()) >= 0 for p in counts)
    if not fits or int(own["clips"].max()) >= len(wordings) or int(own["branches"].max()) >= rows[0]:
        raise CuspError(f"{file}: the tensors of the kind {name!r} do not fit each other: copy the whole folder again")
    if "seen" in looks and looks["seen"].shape[:2] != (int(own["branches"].max()) + 1, frames):
        raise CuspError(f"{file}: seen does not show each branch: copy the whole folder again")
    return Kind.of_tensors(name, frames, wordings, own | looks)


def _clear(kind: Kind, told: dict[str, Any], path: Path) -> Kind:
    """The kind with how clear its clips are, where config.json says so."""
    if "clear" not in told:
        return kind
    shares = told["clear"]
    fits = isinstance(shares, list) and len(shares) == len(kind.captions)
    if not fits or not all(is_whole(share) and 0 <= share <= 100 for share in shares):
        raise CuspError(
            f"{path / 'config.json'}: clear of {kind.name!r} must be whole numbers from 0 to 100, one a clip: copy the "
            "whole folder again"
        )
    return replace(kind, clear=np.array(shares, np.float32) / 100)


def _guided(kind: Kind, told: dict[str, Any], path: Path) -> Kind:
    """The kind with how its expert is guided, where config.json says so."""
    scales = told.get("guidance", {})
    fits = isinstance(scales, dict) and scales.keys() <= {each.name for each in fields(Guidance)}
    if not fits or not all(is_number(scale) and 0 <= scale <= MOST for scale in scales.values()):
        raise CuspError(
            f"{path / 'config.json'}: guidance of {kind.name!r} must be sketch and actions, numbers from 0 to "
            f"{MOST:g}: copy the whole folder again"
        )
    return replace(kind, guidance=Guidance(**{name: float(scale) for name, scale in scales.items()}))


def _acting(kind: Kind, file: Path) -> Kind:
    """The kind with what was done in its clips, where a file says so."""
    if not file.exists():
        return kind
    tensors = read_tensors(file)
    if missing := [part for part in PARTS if part not in tensors]:
        raise CuspError(f"{file} lacks {missing[0]}: copy the whole folder again")
    table, largest = (tensors[part] for part in PARTS)
    fits = table.dtype == torch.int8 and table.ndim == 3 and len(table) == len(kind.captions) and table.shape[1] > 0
    fits = fits and torch.is_floating_point(largest) and largest.shape == table.shape[2:] and len(largest) > 0
    if not fits or not bool((torch.isfinite(largest) & (largest > 0)).all()):
        raise CuspError(f"{file}: not what was done in the clips of {kind.name!r}: copy the whole folder again")
    return replace(kind, actions=Actions.of_tensors(tensors))


def _columns(tensor: Tensor) -> int:
    return tensor.shape[-1] if tensor.ndim else 0


def _where_fits(where: dict[str, Tensor], frames: int) -> bool:
    """Whether the tensors of where things are have each other's sizes."""
    basis, mean, scale = (where[part] for part in WHERE)
    size = (frames * GRID * GRID,)
    finite = all(bool(torch.isfinite(tensor).all()) for tensor in where.values())
    return finite and basis.ndim == 2 and basis.shape[:1] == mean.shape == size and scale.numel() == 1


def _looks_fit(lies: dict[str, Tensor], channels: int) -> bool:
    """Whether the tensors of what lies where have each other's sizes."""
    of, mean, basis, scale = (lies[part] for part in LOOKS)
    finite = all(bool(torch.isfinite(tensor).all()) for tensor in lies.values())
    shaped = of.ndim == basis.ndim == 2 and len(of) == channels and scale.numel() == 1
    return finite and shaped and basis.shape[:1] == mean.shape == (GRID * GRID * of.shape[1],)


def _identity_fits(found: dict[str, Tensor], clips: int) -> bool:
    """Whether the tensors of an identity code have each other's sizes."""
    weights, bias, mean, basis, who = (found[f"identity.{part}"] for part in IDENTITY)
    if weights.ndim != 2 or basis.ndim != 2 or not all(bool(torch.isfinite(t).all()) for t in found.values()):
        return False
    features, width = weights.shape[0] + weights.shape[1], basis.shape[1]
    if field := [found[part] for part in FIELD_PARTS if part in found]:
        if len(field) < len(FIELD_PARTS) or field[0].shape != (GRID * GRID, weights.shape[0]) or field[1].numel() != 1:
            return False
        width += len(MOMENTS) * weights.shape[0]
    return (
        bias.shape == weights.shape[1:]
        and mean.shape == basis.shape[:1]
        and mean.shape in ((features,), (len(MOMENTS) * features,))
        and who.shape == (clips, width)
    )
