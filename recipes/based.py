"""An expert for another world that goes on from a shipped one: what it learned lies beside, a byte a number.

Its recorded paths and the words of its captions are its own; its networks are those of the expert that it goes on from,
with additions of low rank, and new layers where the codes come in. The paths are of clips of the first seeds; fresh
clips teach, as in `recipes/adapt.py`.

python recipes/based.py --folder runs/adapt --world Snow  # stops and goes on at any moment
python recipes/based.py --folder runs/adapt --world Snow --ship  # into the package
"""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path

import adapt
import torch
from torch import nn

import folds
from cuspworld.files import written_whole
from cuspworld.language.distinctive import distinctive
from cuspworld.language.prompt import PromptConfig, PromptEncoder
from cuspworld.language.words import learn_words
from cuspworld.models import ADAPTER, packed, read_config, write_tensors
from cuspworld.simulator.branches import with_branches
from cuspworld.simulator.folder import BASED, OF
from cuspworld.simulator.kinds import Kind
from cuspworld.simulator.parts import Expert
from cuspworld.simulator.simulator import Simulator
from cuspworld.training.adapter import adapter_of, attach, in_bytes
from cuspworld.training.loop import Process
from cuspworld.training.presets import Preset
from cuspworld.training.run import Taught, latents_of, learn_kinds
from cuspworld.training.transport import FlowObjective, encode_clips
from cuspworld.transport.flow.transformer import FlowTransformer

BASES = {"Snow": "Collision"}  # world: whose expert it goes on from
PATHS = {"Snow": 500}  # recorded clips that are kept as paths, seeds from 0
STEPS = {"Snow": 14_000}
RANK = {"Snow": 32}
TOPICS = {
    "Snow": "an animal (fox, bear, penguin, rabbit) in the snow: it jumps into a bank of snow, a lump falls from a "
    "branch, a slope holds or slides down as an avalanche",
}
WIDTHS = {  # numbers of a code: the picture, where something differs, what lies there, what a clip's things look like
    "Snow": {"code_width": 12, "where_width": 24, "looks_width": 24, "identity_width": 16},
}
NEW = ("sketch_in", "code_in")  # layers that read the paths


def own_preset(name: str, model: Simulator) -> Preset:
    """As the expert that it goes on from was trained, but for its length and its codes."""
    base = BASES[name]
    expert = model.experts[[kind.name for kind in model.kinds].index(base)]
    return replace(adapt.own_preset(base, expert, STEPS[name]), **WIDTHS[name])


def taught(folder: Path, name: str, model: Simulator, preset: Preset) -> tuple[Taught, list, Kind]:
    """The clips whose paths are kept, their latents, and the kind that they are but for its branches."""
    pairs = folds.clips_of(folds.record(folder, name, range(PATHS[name])))
    place = folder / f"{name}_paths"
    place.mkdir(exist_ok=True)
    clips = Taught([clip for clip, _ in pairs], [texts for _, texts in pairs], [name] * len(pairs), {})
    found = encode_clips(clips.clips, model.codec, preset, place, device="cpu", process=Process())
    return clips, found, learn_kinds(clips, found, preset, folds.SEED)[0]


def words_of(name: str, captions: list[str], base: PromptEncoder) -> PromptEncoder:
    """The encoder of the captions' words: the network is the base's and stays."""
    config = replace(
        base.config, words=learn_words(captions), topics=(TOPICS[name],), distinctive=distinctive(captions)
    )
    prompts = PromptEncoder(PromptConfig(**asdict(config)))
    assert prompts.distinctive is not None
    prompts.distinctive.learn(captions)
    fitting(prompts, base)
    prompts.requires_grad_(False)
    prompts.embedding.weight.requires_grad_(True)
    prompts.distinctive.read.weight.requires_grad_(True)
    return prompts


def fitting(module: nn.Module, base: nn.Module) -> None:
    """Take over what the base has in the same shape, but for what is of the captions' words or reads the paths."""
    own, given = module.state_dict(), base.state_dict()
    apart = (*NEW, "embedding", "distinctive")
    kept = {key: tensor for key, tensor in given.items() if own[key].shape == tensor.shape}
    module.load_state_dict({k: t for k, t in kept.items() if not k.startswith(apart)}, strict=False)


def begun(folder: Path, name: str) -> tuple[Simulator, FlowObjective, Preset, int]:
    """The shipped model with the new kind as its last, the new expert's objective, how it is trained, and which expert
    it goes on from."""
    model = Simulator.from_pretrained("default")
    preset = own_preset(name, model)
    of = [kind.name for kind in model.kinds].index(BASES[name])
    base = model.experts[of]
    clips, _, kind = taught(folder, name, model, preset)
    torch.manual_seed(adapt.SEED)
    assert isinstance(base.prompts, PromptEncoder)
    prompts = words_of(name, [text for texts in clips.wordings for text in texts], base.prompts)
    cells = model.config.token_frames * preset.patch**2
    sketch = cells * kind.sketched
    transformer = FlowTransformer(replace(base.transformer.config, code_width=kind.width, sketch=sketch, formats=()))
    fitting(transformer, base.transformer)
    attach(transformer, RANK[name], NEW)
    model.kinds = (*(one for one in model.kinds if one.name != name), kind)
    model.experts = (*model.experts[: len(model.kinds) - 1], Expert(prompts, transformer))
    return model, FlowObjective(transformer, prompts), preset, of


def ship(folder: Path, name: str, into: Path) -> None:
    """What is trained so far, as the last expert of a model's folder."""
    model, objective, preset, of = begun(folder, name)
    adapt.trainer_of(folder / name, lambda *_: None, objective, preset).use_average()
    clips, found, kind = taught(folder, name, model, preset)
    kind = with_branches(kind, latents_of(clips, found, name), folds.SEED)
    number, paths = len(model.kinds) - 1, into / "paths"
    place = into / "experts" / str(number)
    with written_whole(place) as aside:
        (aside / "language").mkdir(parents=True)
        (aside / "transport").mkdir()
        written(aside / "config.json", {"_class_name": BASED, OF: of})
        config = objective.transformer.config
        written(aside / "transport" / "config.json", {"_class_name": "FlowTransformer", **asdict(config)})
        write_tensors(aside / "transport" / ADAPTER, in_bytes(adapter_of(objective.transformer)))
        prompts = objective.prompts
        assert isinstance(prompts, PromptEncoder)
        written(aside / "language" / "config.json", {"_class_name": "PromptEncoder", **asdict(prompts.config)})
        words = {k: tensor for k, tensor in prompts.state_dict().items() if k.startswith(("embedding", "distinctive"))}
        write_tensors(aside / "language" / ADAPTER, packed(words))
    told = {"name": name, "frames": kind.code.frames, "captions": [list(texts) for texts in kind.captions]}
    kinds = read_config(paths)["kinds"]
    written(paths / "config.json", {**read_config(paths), "kinds": [*kinds[:number], told]})
    with written_whole(paths / f"{number}.safetensors") as aside:
        write_tensors(aside, kind.tensors())


def written(file: Path, config: dict) -> None:
    with written_whole(file) as aside:
        aside.write_text(json.dumps(config, indent=2, ensure_ascii=False) + "\n")


def main() -> None:
    arguments = adapt.asked(adapt.parser_of(__doc__, list(BASES), required=True))
    folder, name = arguments.folder, arguments.world
    if arguments.ship:
        ship(folder, name, arguments.into)
    else:
        model, objective, preset, _ = begun(folder, name)
        adapt.teach(folder, name, name, model, objective, preset, count=adapt.CLIPS_OF.get(name))


if __name__ == "__main__":
    main()
