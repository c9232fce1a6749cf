"""A simulator as a folder: config.json, codec/, language/, transport/, paths/, enlarger/ (config.json and safetensors
each; the last two where it has them), a card. Where each kind has an expert, language/ and transport/ lie in experts/0,
experts/1, ..., in the order of the kinds. One that goes on from another has a config.json of its own, which says from
which, and beside the configurations of its parts only what was learned on top (adapter.safetensors)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from cuspworld.checks import is_whole
from cuspworld.codec.enlarger import Enlarger
from cuspworld.codec.loading import load_local_codec
from cuspworld.errors import CuspError
from cuspworld.files import written_whole
from cuspworld.language.loading import load_prompt_encoder
from cuspworld.language.prompt import PromptEncoder
from cuspworld.models import from_config, read_config, write_tensors
from cuspworld.simulator.kinds_folder import load_kinds, save_kinds
from cuspworld.simulator.parts import Expert, Parts, SimulatorConfig
from cuspworld.transport.flow.transformer import FORMATS, FlowTransformer

DEFAULT = Path(__file__).parents[1] / "assets" / "default"
BASED, OF = "CuspWorldBasedExpert", "of"  # the name in such a config.json, and where it says from which
_CLASS_NAME = "CuspWorldSimulator"


def save_parts(parts: Parts, path: Path, card: str | None, dtype: torch.dtype) -> None:
    """Write the folder as a whole; without `card`, with one that says what the configuration says."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with written_whole(path) as aside:
        aside.mkdir()
        config = {"_class_name": _CLASS_NAME, **asdict(parts.config)}
        (aside / "config.json").write_text(json.dumps(config, indent=2, ensure_ascii=False) + "\n")
        parts.codec.save_pretrained(aside / "codec", dtype)
        if parts.enlarger is not None:
            parts.enlarger.save_pretrained(aside / "enlarger", dtype)
        for index, expert in enumerate(parts.experts):
            place = aside / "experts" / str(index) if len(parts.experts) > 1 else aside
            expert.transformer.save_pretrained(place / "transport", dtype)
            if expert.other is not None:
                whole = {name: tensor.to(dtype) for name, tensor in expert.other.state_dict().items()}
                write_tensors(place / "transport" / FORMATS, whole)
            expert.prompts.save_pretrained(place / "language", dtype)
        if parts.kinds:
            save_kinds(aside / "paths", parts.kinds)
        (aside / "README.md").write_text(card or _card(parts))


def load_parts(folder: Path) -> Parts:
    """Read the folder. Raises CuspError that names the file that is missing, damaged or of another kind."""
    values = read_config(folder)
    if (kind := values.pop("_class_name", None)) != _CLASS_NAME:
        raise CuspError(f"{folder} holds a {kind}, not a {_CLASS_NAME}: give the folder that cusp train wrote")
    config = from_config(SimulatorConfig, values, folder / "config.json")
    codec = load_local_codec(folder / "codec")
    enlarger = Enlarger.from_pretrained(folder / "enlarger") if (folder / "enlarger").exists() else None
    kinds = load_kinds(folder / "paths") if (folder / "paths").is_dir() else ()
    several = (folder / "experts").is_dir()
    places = [folder / "experts" / str(index) for index in range(len(kinds))] if several else [folder]
    if not places:
        raise CuspError(f"{folder} has experts and no paths: copy the whole folder again")
    experts: list[Expert] = []
    for place in places:
        experts.append(_expert(place, experts if several else []))
    parts = Parts(config, codec, experts, kinds, enlarger)
    for index, place in enumerate(places):
        _check_together(parts, index, place)
    return parts


def _expert(place: Path, before: Sequence[Expert]) -> Expert:
    """The expert of a folder; `before`: those of the folders before it, which it may go on from."""
    language, transport = place / "language", place / "transport"
    if (base := _base(place, before)) is not None:
        words, weights = base.prompts.state_dict(), base.transformer.state_dict()
        return Expert(
            PromptEncoder.from_pretrained(language, words), FlowTransformer.from_pretrained(transport, base=weights)
        )
    apart = FlowTransformer.from_pretrained(transport, formats=True) if (transport / FORMATS).exists() else None
    return Expert(load_prompt_encoder(language), FlowTransformer.from_pretrained(transport), apart)


def _base(place: Path, before: Sequence[Expert]) -> Expert | None:
    """The expert that this one goes on from, if any."""
    if not before or not (place / "config.json").exists():
        return None
    told = read_config(place)
    of: Any = told.get(OF)
    if told.get("_class_name") != BASED or not is_whole(of) or not 0 <= of < len(before):
        raise CuspError(
            f"{place / 'config.json'} must say as {OF!r} from which of the experts before it, 0 to {len(before) - 1}, "
            f"this one goes on: got {str(of)[:80]!r}"
        )
    return before[of]


def _check_together(parts: Parts, index: int, place: Path) -> None:
    """Raise CuspError unless an expert and the other parts have each other's sizes."""
    config, codec, expert = parts.config, parts.codec, parts.experts[index]
    transformer, alone = expert.transformer.config, len(parts.experts) > 1
    kinds = parts.kinds[index : index + 1] if alone else parts.kinds
    cell = codec.spatial_stride * config.patch
    wanted = {
        f"height and width multiples of {cell}": config.height % cell == 0 == config.width % cell,
        f"window {codec.temporal_stride}k+1": (config.window - 1) % codec.temporal_stride == 0,
        "context below window": (config.context - 1) * codec.temporal_stride + 1 < config.window,
        "transport/ of this patch": config.patch % max(1, patch := parts.patch(expert)) == 0
        and transformer.token_channels == config.token_frames * patch**2 * codec.latent_channels,
        "transport/ of these token_frames": transformer.frames == config.token_frames,
        "paths/ of these token_frames": all(kind.code.frames == config.token_frames for kind in kinds),
        "paths/ of this transport/": not kinds
        or ({kind.width for kind in kinds} == {transformer.code_width} and len(kinds) == transformer.code_kinds),
        "transport/ of this language/": transformer.text_width == expert.prompts.width,
    }
    if wrong := [what for what, holds in wanted.items() if not holds]:
        raise CuspError(f"{place} and config.json of the model do not fit: it needs {wrong[0]}")


def _card(parts: Parts) -> str:
    facts = parts.describe()
    return (
        "# A CuspWorld simulator\n\n"
        f"Draws {facts['height']} x {facts['width']} video at {facts['fps']:g} frames a second, "
        f"{sum(facts['parameters'].values()) / 1e6:.1f} million parameters.\n\nIt knows:\n\n"
        + "".join(f"- {topic}\n" for topic in facts["knows"])
        + "\n```python\nfrom cuspworld import Simulator\n\n"
        + 'Simulator.from_pretrained("THIS FOLDER")("a prompt").write("out.mp4")\n```\n'
    )
