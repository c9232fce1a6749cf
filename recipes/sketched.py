"""An expert that was trained without a sketch of what is where is taught to read one, by an adapter with new inputs.

Its paths are learned anew, with where something differs and what a clip's things look like, and then, in a second
stage, with what lies where; of the transformer the layers that read these are new or wider, all others go on from the
shipped ones by additions of low rank (`recipes/adapt.py`). MODEL is the folder of the model that a stage goes on from.

git worktree add ../before aa4b020; ln -s ../before/src/cuspworld/assets/default before; cp -rL before runs/adapt/first
python recipes/sketched.py --folder runs/adapt --model before
python recipes/sketched.py --folder runs/adapt --model before --ship --into runs/adapt/first
python recipes/sketched.py --folder runs/adapt --model runs/adapt/first --looks
python recipes/sketched.py --folder runs/adapt --model runs/adapt/first --looks --ship  # into the package
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import adapt
import numpy as np
import torch
from torch import nn

import folds
from cuspworld.codec.codec import Codec
from cuspworld.codec.scene_code import GRID
from cuspworld.files import written_whole
from cuspworld.models import ADAPTER, read_config, read_tensors, write_tensors
from cuspworld.simulator.branches import with_branches
from cuspworld.simulator.kinds import Kind
from cuspworld.simulator.parts import Expert
from cuspworld.simulator.simulator import Simulator
from cuspworld.training.adapter import adapter_of, attach, begin_at, in_bytes
from cuspworld.training.loop import Process
from cuspworld.training.run import Taught, latents_of, learn_kinds
from cuspworld.training.transport import FlowObjective, encode_clips
from cuspworld.transport.flow.transformer import FlowTransformer

STEPS = {False: {"Puppies": 9500}, True: {"Puppies": 3500}}  # of the second stage, where True
LOOKS = {"Puppies": 64}  # numbers: what lies where, of the second stage
NEW = ("place_in.0", "place_in.2", "sketch_in", "code_in")  # layers that the base has not, or of another shape
RIDGE = 1.0


def taught(folder: Path, name: str, codec: Codec) -> tuple[Taught, list[tuple[int, int, torch.Tensor]]]:
    """The clips that the recorded paths are of, and their latents."""
    files, _ = folds.recordings(folder, name)
    pairs = [pair for file in files for pair in folds.clips_of(file)]
    place = folder / f"{name}_paths"
    place.mkdir(exist_ok=True)
    preset = folds.own_preset(name, None)
    encoded = encode_clips([clip for clip, _ in pairs], codec, preset, place, device="cpu", process=Process())
    return Taught([clip for clip, _ in pairs], [texts for _, texts in pairs], [name] * len(pairs), {}), encoded


def kind_of(folder: Path, name: str, codec: Codec, looks: bool) -> Kind:
    """What the recipe of the experts would learn of these clips, but for the branches."""
    clips, encoded = taught(folder, name, codec)
    preset = replace(folds.own_preset(name, None), looks_width=LOOKS[name] if looks else 0)
    return learn_kinds(clips, encoded, preset, folds.SEED)[0]


def widened(weight: torch.Tensor, old: Kind, new: Kind, cells: int) -> torch.Tensor:
    """The layer that reads a sketch, for one that tells in each cell what lies there, between the picture and how far
    the place differs: at first that is not read."""
    picture = old.code.mean.numel() // (old.code.frames * GRID * GRID)
    each = weight.unflatten(1, (cells, -1))
    more = each.new_zeros(len(weight), cells, new.sketched - old.sketched)
    return torch.cat([each[..., :picture], more, each[..., picture:]], dim=2).flatten(1)


def read_as_before(old: Kind, new: Kind) -> torch.Tensor:
    """The matrix by which a path of the new codes tells most of what the old ones told (ridge regression over all
    recorded steps), old x new; the last column is a constant."""
    assert len(old.codes) == len(new.codes) and old.who is not None and new.who is not None
    told = np.concatenate([old.codes, old.who[old.clips]], axis=1)
    by = np.concatenate([new.codes, new.who[new.clips], np.ones((len(new.codes), 1))], axis=1).astype(np.float64)
    solved = np.linalg.solve(by.T @ by + RIDGE * np.eye(by.shape[1]), by.T @ told)
    missed = ((told - by @ solved) ** 2).mean() / told.var(0).mean()
    print(f"of the old codes the new ones tell all but {missed:.3f} of the variance", flush=True)
    return torch.from_numpy(solved.T).float()


def begun(folder: Path, name: str, base: Path, looks: bool) -> tuple[Simulator, int, FlowObjective]:
    """The model with the new paths, which of its experts is meant, and its objective: at first it does what the base
    did, as far as the new codes tell the old ones."""
    model = Simulator.from_pretrained(base)
    number = [kind.name for kind in model.kinds].index(name)
    old, expert = model.kinds[number], model.experts[number]
    kind = kind_of(folder, name, model.codec, looks)
    place = base / "experts" / str(number) / "transport"
    own, before = read_tensors(place / "model.safetensors"), expert.transformer.config
    cells = model.config.token_frames * folds.own_preset(name, None).patch ** 2
    config = replace(before, sketch=cells * kind.sketched, places=True, code_width=kind.width)
    torch.manual_seed(adapt.SEED)
    transformer = FlowTransformer(config)
    nn.init.zeros_(transformer.sketch_in.weight)
    nn.init.zeros_(transformer.sketch_in.bias)
    nn.init.zeros_(transformer.place_in[2].weight)
    nn.init.zeros_(transformer.place_in[2].bias)
    if before.sketch:  # these layers are wholly in its adapter
        merged = expert.transformer.state_dict()
        own |= {key: tensor for key, tensor in merged.items() if key.rpartition(".")[0] in NEW}
        own["sketch_in.weight"] = widened(own["sketch_in.weight"], old, kind, cells)
    read = read_as_before(old, kind)
    weight, bias = own["code_in.weight"].float(), own["code_in.bias"].float()
    told = weight[:, :-1] @ read
    own["code_in.weight"] = torch.cat([told[:, :-1], weight[:, -1:]], dim=1)
    own["code_in.bias"] = bias + told[:, -1]
    transformer.load_state_dict({key: tensor.float() for key, tensor in own.items()}, strict=False)
    attach(transformer, adapt.RANK[name], NEW)
    adapter = read_tensors(place / ADAPTER)
    begin_at(transformer, {key: tensor for key, tensor in adapter.items() if not key.startswith(NEW)})
    expert.prompts.requires_grad_(False)
    adapt.with_expert(model, number, kind, Expert(expert.prompts, transformer))
    return model, number, FlowObjective(transformer, expert.prompts)


def ship(folder: Path, name: str, base: Path, looks: bool, into: Path) -> None:
    """What is trained so far, into a model's folder: the adapter, the transformer's configuration, the paths."""
    model, number, objective = begun(folder, name, base, looks)
    preset = adapt.own_preset(name, model.experts[number], STEPS[looks][name])
    adapt.trainer_of(folder / run_of(name, looks), lambda *_: None, objective, preset).use_average()
    place = into / "experts" / str(number) / "transport"
    clips, encoded = taught(folder, name, model.codec)
    kind = with_branches(model.kinds[number], latents_of(clips, encoded, name), folds.SEED)
    config = objective.transformer.config
    told = read_config(place) | {"sketch": config.sketch, "places": True, "code_width": config.code_width}
    with written_whole(place / "config.json") as aside:
        aside.write_text(json.dumps(told, indent=2, ensure_ascii=False) + "\n")
    with written_whole(place / ADAPTER) as aside:
        write_tensors(aside, in_bytes(adapter_of(objective.transformer)))
    with written_whole(into / "paths" / f"{number}.safetensors") as aside:
        write_tensors(aside, kind.tensors())


def run_of(name: str, looks: bool) -> str:
    return f"{name}_looks" if looks else f"{name}_sketched"


def main() -> None:
    parser = adapt.parser_of(__doc__, list(LOOKS), default="Puppies")
    parser.add_argument("--model", type=Path, required=True, help="that it goes on from")
    parser.add_argument("--looks", action="store_true", help="the second stage")
    arguments = adapt.asked(parser)
    folder, name = arguments.folder, arguments.world
    if arguments.ship:
        ship(folder, name, arguments.model, arguments.looks, arguments.into)
    else:
        model, number, objective = begun(folder, name, arguments.model, arguments.looks)
        preset = adapt.own_preset(name, model.experts[number], STEPS[arguments.looks][name])
        adapt.teach(folder, name, run_of(name, arguments.looks), model, objective, preset)


if __name__ == "__main__":
    main()
