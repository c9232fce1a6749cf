"""What each loss of the joint embedding is for: each at 0, in two rooms and in Collision.

    pip install --no-deps stable-worldmodel==0.1.1 loguru
    python benchmarks/dynamics_ablations.py [--quick] [--folder runs] [--save]

Two rooms (`two_room.py`, whose strict rule judges; pictures and random actions alone): all losses, and the prediction,
SIGReg or inverse dynamics at 0. Collision (`learned_world.py`, whose figures these are): all losses, each of these at
0, and the world's numbers at 0, that is, pictures and actions alone. What the numbers read is then read by the readout,
which is learned afterwards with the encoder frozen. Equal clips, steps and seeds in a world; shorter trainings than
those of the tables that they explain. Collapse is an error, and stands as that.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

from cuspworld.dynamics.jepa import JEPA
from cuspworld.dynamics.learned_world import READOUT
from cuspworld.dynamics.readout import Readout
from cuspworld.errors import CuspError
from cuspworld.training.dynamics import DynamicsPreset, train_dynamics
from cuspworld.training.presets import Phase
from learned_world import causes, errors, recorded
from results import Table, add_argument
from two_room import KINDS, judged, learned, make, pairs, recordings, summed

LOSSES = ("none", "prediction", "sigreg", "inverse")


def rooms(folder: Path, clips: int, steps: int, many: int) -> list[dict[str, Any]]:
    env, found = make(), []
    known = recordings(env, clips, 0, folder / f"recordings0-{clips}.npz")
    longest, budget = KINDS["25 steps"]
    for lost in LOSSES:
        row: dict[str, Any] = {"world": "two rooms", "loss at 0": lost}
        nothing = dict.fromkeys(("RankMe", "error 8 ahead", "strict %", "95 % from", "to"))
        try:
            weights = {} if lost == "none" else {lost: 0.0}
            model, graph, facts = learned(known, folder / f"rooms-{lost}-{steps}", steps, 0, **weights)
        except CuspError as error:
            found.append({**row, **nothing, "said": str(error).split(".")[0][:80]})
            continue
        place = folder / f"rooms-{lost}-{steps}" / "judged.json"
        told = summed(judged(env, "branch graph", pairs(many, 0, longest), budget, model, graph, 1, place))
        found.append(
            {
                **row, "RankMe": facts["rank"], "error 8 ahead": facts["errors"][8],
                **{name: told[name] for name in ("strict %", "95 % from", "to")}, "said": "",
            }
        )  # fmt: skip
    return found


def balls(folder: Path, count: int, steps: int, held: int) -> list[dict[str, Any]]:
    clips = recorded("Collision", range(count), folder)
    checked = recorded("Collision", range(50_000, 50_000 + max(4, count // 8)), folder)
    judge, found = recorded("Collision", range(100_000, 100_000 + held), folder), []
    phase = Phase(steps, batch=64, learning_rate=4e-3, warmup=50, weight_decay=1e-3, ema=0.99, save_every=100)
    later = replace(phase, learning_rate=2e-3)
    whole = DynamicsPreset(phase, later, replace(later, steps=3 * steps, batch=128))
    for lost in (*LOSSES, "numbers"):
        preset = whole if lost == "none" else replace(whole, **{lost: 0.0})
        if lost == "numbers":
            preset = replace(preset, sigreg=10.0)  # as its comment says
        row: dict[str, Any] = {"world": "Collision", "loss at 0": lost}
        ahead = ("1 ahead", "4 ahead", "8 ahead", "8 ahead, 95 % from", "to")
        nothing = dict.fromkeys(("RankMe", *ahead, "read", "kick: place", "kick: speed"))
        run = folder / f"balls-{lost}-{steps}"
        done = run / "row.json"
        if not done.is_file():
            try:
                result = train_dynamics(
                    clips, run, preset, held_out=checked, seed=0, resume=(run / "settings.json").exists()
                )
            except CuspError as error:
                found.append({**row, **nothing, "said": str(error).split(".")[0][:80]})
                continue
            model = JEPA.from_pretrained(result.model)
            readout = Readout.from_pretrained(result.model / READOUT)
            told, read, *_ = errors(model, readout, judge)
            kicks = causes("Collision", model, readout, range(200_000, 200_000 + held))
            part = {name: told[name] for name in ahead}
            kick = {"kick: place": kicks[0]["effect ratio"], "kick: speed": kicks[1]["effect ratio"]}
            done.write_text(json.dumps({"RankMe": result.rank, **part, "read": read["8 ahead"], **kick}))
        found.append({**row, **json.loads(done.read_text()), "said": ""})
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="few clips, short training: does it run?")
    parser.add_argument("--folder", type=Path, help="keep the runs there, and go on with them")
    parser.add_argument("--clips", type=int, nargs=2, default=[150, 600], help="of two rooms, of Collision")
    parser.add_argument("--steps", type=int, nargs=2, default=[500, 400], help="of training")
    parser.add_argument("--held-out", type=int, nargs=2, default=[40, 40], help="pairs and seeds that judge")
    add_argument(parser)
    arguments = parser.parse_args()
    clips, steps, held = arguments.clips, arguments.steps, arguments.held_out
    if arguments.quick:
        clips, steps, held = [10, 8], [20, 10], [2, 4]
    with tempfile.TemporaryDirectory() as aside, Table("dynamics_ablations", arguments.save) as table:
        folder = arguments.folder or Path(aside)
        for row in rooms(folder, clips[0], steps[0], held[0]):
            table.add(row)
        for row in balls(folder, clips[1], steps[1], held[1]):
            table.add(row)


if __name__ == "__main__":
    main()
