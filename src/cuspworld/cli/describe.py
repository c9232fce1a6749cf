"""What a world, a model, a library or a video holds, as plain values for people and for --json."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np

from cuspworld.cli.say import say
from cuspworld.errors import CuspError


def describe_world(name: str) -> dict[str, Any]:
    """Everything that `cusp worlds NAME` prints."""
    from cuspworld import worlds

    world = worlds.make(name)
    parameters = [
        {"name": p.name, "unit": p.unit, "doc": p.doc, "train": p.choices or p.train or p.default,
         "out": p.out_choices or p.out}
        for p in world.ranges.values()
    ]  # fmt: skip
    filming = [
        {"name": p.name, "unit": p.unit, "doc": p.doc, "plain": p.choices[0] if p.choices else p.default,
         "varied": p.choices + p.out_choices if p.choices else p.out[0]}
        for p in world.filming.values()
    ]  # fmt: skip
    return {
        "name": world.name,
        "id": f"cuspworld/{world.name}-v0",
        "scene": worlds.describe(name),
        "seconds": world.seconds,
        "fps": world.fps,
        "parameters": parameters,
        "filming": filming,
        "actions": {key: {"unit": u, "low": low, "high": high} for key, (u, low, high) in world.actions.items()},
        "state": dict(world.columns),
        "conserved": dict(world.conserved_units),
        "critical_events": list(world.critical_events),
        "branches": list(world.branches),
        "twins": {key: {"breaks": twin.laws, "shows": twin.sentence} for key, twin in world.twins.items()},
        "presets": {key: preset.doc for key, preset in world.presets.items()},
    }


def print_world(world: dict[str, Any]) -> None:
    say(
        f"{world['name']}: {world['scene']}\n{world['seconds']:g} s at {world['fps']:g} fps; Gymnasium id {world['id']}"
    )
    rows = [(p["name"], f"{_range(p['train'])} {p['unit']}".strip(), p["doc"]) for p in world["parameters"]]
    _section("parameters (training range)", rows)
    rows = [(p["name"], f"{_range(p['varied'])} {p['unit']}".strip(), p["doc"]) for p in world["filming"]]
    _section("filming (drawn in the split `varied`)", rows)
    _section("actions", [(k, f"{a['low']:g} to {a['high']:g} {a['unit']}", "") for k, a in world["actions"].items()])
    _section("twins", [(k, t["breaks"], t["shows"]) for k, t in world["twins"].items()])
    _section("presets", [(k, doc, "") for k, doc in world["presets"].items()])
    say(f"\nbranches: {', '.join(world['branches'])}\ncritical events: {', '.join(world['critical_events']) or 'none'}")


def _range(value: Any) -> str:
    if isinstance(value, tuple | list):
        numbers = len(value) == 2 and all(isinstance(v, int | float) for v in value)
        return f"{value[0]:g} to {value[1]:g}" if numbers else ", ".join(map(str, value))
    return str(value)


def _section(title: str, rows: list[tuple[str, str, str]]) -> None:
    if not rows:
        return
    widths = [max(len(row[k]) for row in rows) for k in (0, 1)]
    say(f"\n{title}:")
    for first, second, third in rows:
        say(f"  {first:<{widths[0]}}  {second:<{widths[1]}}  {third}".rstrip())


def describe_path(path: Path) -> dict[str, Any]:
    """Facts about a model folder, a library, a video or an image file. Raises CuspError for anything else."""
    if path.is_dir():
        if (path / "config.json").is_file():
            return describe_model(path)
        if (path / "_versions").is_dir():
            from cuspworld.library import Library

            return Library.open(path).summary()
        raise CuspError(f"{path} is neither a model (config.json) nor a library; folders of videos: `cusp ingest`")
    from cuspworld.video.files import STILLS, probe

    if path.suffix.lower() in STILLS:
        return describe_image(path)
    info = probe(path)
    return {
        "kind": "video",
        "path": str(path),
        "container": info.container,
        "codec": info.codec,
        "height": info.height,
        "width": info.width,
        "fps": info.fps,
        "frames": info.frames,
        "seconds": info.seconds,
        "caption": info.caption,
        **({"made": info.made} if info.made else {}),
        "bytes": path.stat().st_size,
        "truth": path.with_suffix(".truth.npz").is_file(),
    }


def describe_image(path: Path) -> dict[str, Any]:
    """A still image or a contact sheet: its size, and what `Clip.write` left in it."""
    from cuspworld.video.images import description

    height, width, text = description(path)
    try:
        made = json.loads(text)
    except (ValueError, RecursionError):
        made = None
    ours = isinstance(made, dict)
    caption = str(made.pop("caption", "")) if ours else text
    return {
        "kind": "image",
        "path": str(path),
        "height": height,
        "width": width,
        "caption": caption,
        **({"made": made} if ours else {}),
        "bytes": path.stat().st_size,
    }


def describe_model(path: Path) -> dict[str, Any]:
    """config.json, and for each part the number of its parameters, from the headers of its weights; the sizes and
    rates that a part draws beside the model's own."""
    from cuspworld.codec.enlarger import MOST, TIMES
    from cuspworld.models import read_config

    weights = {}
    for file in sorted(path.rglob("*.safetensors")):
        part = file.parent if file.name == "model.safetensors" else file.with_suffix("")
        weights[part.relative_to(path).as_posix()] = _parameters(file)
    inner = {file.parent.relative_to(path).as_posix(): file.parent for file in sorted(path.rglob("*/config.json"))}
    formats = {name: drawn for name, part in inner.items() if (drawn := read_config(part).get("formats"))}
    return {
        "kind": "model",
        "path": str(path),
        "parameters": sum(weights.values()),
        "parts": weights,
        **({"formats": formats} if formats else {}),
        **({"enlarges": TIMES**MOST} if "enlarger" in inner else {}),
        "bytes": sum(file.stat().st_size for file in path.rglob("*") if file.is_file()),
        "config": read_config(path),
    }


def _parameters(file: Path) -> int:
    """The number of values in a safetensors file, read from its header alone."""
    try:
        with file.open("rb") as data:
            (length,) = struct.unpack("<Q", data.read(8))
            if length > min(file.stat().st_size, 100 << 20):
                raise ValueError("its header is longer than the file")
            header = json.loads(data.read(length))
        return sum(int(np.prod(entry["shape"])) for name, entry in header.items() if name != "__metadata__")
    except (ValueError, KeyError, TypeError, OSError, struct.error) as error:
        raise CuspError(f"{file} is not a safetensors file: {error}") from error
