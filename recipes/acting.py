"""An expert is taught to read what was done in each frame (the breath at candles), by an adapter with new inputs.

Its recorded paths stay as they are; beside them lies what was done in the same clips. Of the transformer one layer is
wider, all others go on from the shipped ones by additions of low rank (`recipes/adapt.py`).

python recipes/acting.py --folder runs/adapt --world Candles  # stops and goes on at any moment
python recipes/acting.py --folder runs/adapt --world Candles --ship  # into the package
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import adapt
import torch

import folds
from cuspworld.files import written_whole
from cuspworld.models import ADAPTER, read_config, read_tensors, write_tensors
from cuspworld.simulator.actions import Actions
from cuspworld.simulator.folder import DEFAULT
from cuspworld.simulator.kinds_folder import ACTIONS
from cuspworld.simulator.parts import Expert
from cuspworld.simulator.simulator import Simulator
from cuspworld.training.adapter import adapter_of, attach, in_bytes
from cuspworld.training.presets import Preset
from cuspworld.training.transport import FlowObjective
from cuspworld.transport.flow.transformer import FlowTransformer

STEPS = {"Candles": 36_000, "Juice": 8000}
CLIPS = 1200  # that teach, the first of `adapt.CLIPS`
CAUSES = 3.0  # weight of where it shows
RANK = {"Candles": 32, "Juice": 32}
NEW = ("code_in",)  # the layer that reads what is done


def begun(folder: Path, name: str) -> tuple[Simulator, int, FlowObjective]:
    """The shipped model with paths that tell what is done, which of its experts is meant, and its objective: at first
    it does what the shipped one does. What an adapter that is shipped already learned is left out."""
    model = Simulator.from_pretrained("default")
    number = [kind.name for kind in model.kinds].index(name)
    old, expert = replace(model.kinds[number], actions=None), model.experts[number]
    files, _ = folds.recordings(folder, name)
    kind = replace(old, actions=Actions.learn([done for file in files for done in folds.actions_of(file)]))
    place = DEFAULT / "experts" / str(number) / "transport"
    own = read_tensors(place / "model.safetensors")
    weight, more = own["code_in.weight"], kind.width - old.width
    own["code_in.weight"] = torch.cat([weight[:, :-1], weight.new_zeros(len(weight), more), weight[:, -1:]], dim=1)
    torch.manual_seed(adapt.SEED)
    transformer = FlowTransformer(replace(expert.transformer.config, code_width=kind.width))
    transformer.load_state_dict({key: tensor.float() for key, tensor in own.items()})
    attach(transformer, RANK[name], NEW)
    expert.prompts.requires_grad_(False)
    adapt.with_expert(model, number, kind, Expert(expert.prompts, transformer))
    return model, number, FlowObjective(transformer, expert.prompts)


def own_preset(name: str, model: Simulator, number: int) -> Preset:
    """As an adapter is trained, and closer to where what is done shows."""
    return replace(adapt.own_preset(name, model.experts[number], STEPS[name]), actions=True, causes=CAUSES)


def ship(folder: Path, name: str, into: Path) -> None:
    """What is trained so far, into a model's folder: the adapter, the transformer's configuration, what was done."""
    model, number, objective = begun(folder, name)
    preset = own_preset(name, model, number)
    adapt.trainer_of(folder / run_of(name), lambda *_: None, objective, preset).use_average()
    place, actions = into / "experts" / str(number) / "transport", model.kinds[number].actions
    assert actions is not None
    told = read_config(place) | {"code_width": objective.transformer.config.code_width}
    with written_whole(place / "config.json") as aside:
        aside.write_text(json.dumps(told, indent=2, ensure_ascii=False) + "\n")
    with written_whole(place / ADAPTER) as aside:
        write_tensors(aside, in_bytes(adapter_of(objective.transformer)))
    with written_whole(into / "paths" / f"{number}.{ACTIONS}") as aside:
        write_tensors(aside, actions.tensors())


def run_of(name: str) -> str:
    return f"{name}_acting"


def main() -> None:
    arguments = adapt.asked(adapt.parser_of(__doc__, list(STEPS), default="Candles"))
    folder, name = arguments.folder, arguments.world
    if arguments.ship:
        ship(folder, name, arguments.into)
    else:
        model, number, objective = begun(folder, name)
        preset = own_preset(name, model, number)
        adapt.teach(folder, name, run_of(name), model, objective, preset, count=CLIPS)


if __name__ == "__main__":
    main()
