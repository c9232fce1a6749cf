"""The hand-over from a learned to a first-principles world: does the error map know where the learned world is wrong,
and what is gained, at equal cost?

    python benchmarks/hand_over.py [--quick] [--folder runs] [--save]

The model of Collision is that of `learned_world.py` (with the same --folder it is not trained again). Held-out clips
with random kicks are told again from frame 6 on, by the learned world, by first principles from the numbers that are
read there, and by both: first principles take over at the steps that a gate picks, from the decoded numbers, and give
back the encoding of what they draw. All gates but one have the share of first-principles steps of the error map at
trust 0.5, their thresholds set on other clips: the disagreement of a deep ensemble of predictors (trained for as long,
all together, as the model's own), chance, and one that is told of contacts and kicks in the next two frames.
Neighbour: Hybrid Neural World Models, arXiv:2605.28317. An error is that of `learned_world.py`: squared, as a share of
the numbers' variance, while the balls are in the picture; its interval is a bootstrap over clips.
"""

from __future__ import annotations

import argparse
import copy
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from cuspworld import worlds
from cuspworld.clip import Clip
from cuspworld.dynamics.error_map import AHEAD, ErrorMap, errors_of
from cuspworld.dynamics.hybrid_world import ERROR_MAP
from cuspworld.dynamics.jepa import JEPA
from cuspworld.dynamics.readout import Readout
from cuspworld.training.dynamics import DynamicsPreset, JEPAObjective
from cuspworld.training.loop import Process
from cuspworld.training.recordings import Recordings, WindowBatches, in_picture, rows_of
from learned_world import FIXED, SIZE, START, recorded, table_of, trained
from results import Table, add_argument

NAME, STEPS, MEMBERS = "Collision", 16, 3
Gate = Callable[
    [Tensor, Tensor, Clip, int], float
]  # state, action, the clip (for the one that is told), frame -> doubt


def members(model: JEPA, clips: list[Clip], steps: int) -> list[JEPA]:
    """The model with other predictors, each from another beginning, on the same finished embeddings."""
    recordings = Recordings.of(clips)
    embedded = replace(recordings, frames=[model.embed(frames).numpy().copy() for frames in recordings.frames])
    preset, found = DynamicsPreset(), []
    for seed in range(MEMBERS):
        torch.manual_seed(100 + seed)
        member = copy.deepcopy(model)
        for layer in member.predictor:
            if isinstance(layer, torch.nn.Linear):
                layer.reset_parameters()
        objective = JEPAObjective(member, preset, embedded.numbers[0].shape[1])
        member.encoder.requires_grad_(False)
        batches = WindowBatches(embedded, preset.history + preset.far, 128, 100 + seed, "cpu")
        parameters = [p for p in objective.parameters() if p.requires_grad]
        optimizer = torch.optim.AdamW(parameters, lr=2e-3, weight_decay=1e-3)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 2e-3, total_steps=steps)
        for step in range(steps):
            loss, _ = objective(batches(step, Process()))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
        found.append(member.eval())
    return found


def disagreement(ensemble: list[JEPA], states: Tensor, actions: Tensor) -> Tensor:
    """(b,) how far the members' predictions `AHEAD` steps on lie apart, the action taken once, in strides."""
    taken = torch.nn.functional.pad(actions[:, None], (0, 0, 0, AHEAD - 1)) / ensemble[0].action_scale
    with torch.inference_mode():
        ends = torch.stack([member.roll(states, taken)[:, -1] for member in ensemble])
    return ends.var(0).mean(1).sqrt() / ensemble[0].stride


def soon(clip: Clip, table: np.ndarray, frame: int) -> bool:
    """Whether the balls touch or one is kicked in the next `AHEAD` frames."""
    assert clip.truth is not None
    state = clip.truth.state
    speed = np.stack([state["ball_2_velocity_x"], state["ball_2_velocity_y"]], -1)
    touched = np.abs(np.diff(speed[frame : frame + AHEAD + 1], axis=0)).max(initial=0.0) > 1e-9
    return bool(touched or table[frame : frame + AHEAD].any())


def told(
    model: JEPA, readout: Readout, world: Any, clip: Clip, gate: Gate | None, limit: float
) -> tuple[np.ndarray, int]:
    """The numbers (STEPS, columns) that are said after each step, and how many of them first principles made. First
    principles take over where `gate` doubts more than `limit`."""
    table, state = torch.from_numpy(table_of(clip)).float(), model.encode(clip.frames[: START + 1])
    rows, by_law, taken_over = [], 0, False
    seen: list[np.ndarray] = []
    with torch.inference_mode():
        for frame in range(START, START + STEPS):
            action = table[frame][None]
            if gate is None or gate(state, action, clip, frame) <= limit:
                after = model.predict(state, action[None])
                state, taken_over = torch.cat([state[:, 1:], after], dim=1), False
                rows.append(readout.columns(state)[0].double().numpy())
                continue
            if not taken_over:
                world.reset(seed=0)  # all that differs between the clips is in the numbers
                world.resume(readout.columns(state)[0].double().numpy())
                seen, taken_over = [world.render()], True
            world.step(action[0].numpy())
            seen = [*seen, world.render()][-model.config.history :]
            state, by_law = model.encode(np.stack(seen)), by_law + 1
            rows.append(np.array(world.row()))
    return np.stack(rows), by_law


def area(doubt: np.ndarray, wrong: np.ndarray) -> float:
    """The chance that a wrong moment is doubted more than a right one."""
    ranks = np.argsort(np.argsort(doubt))
    wrongs = int(wrong.sum())
    return float((ranks[wrong].sum() - wrongs * (wrongs - 1) / 2) / max(wrongs * (len(wrong) - wrongs), 1))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="few clips, short training: does it run?")
    parser.add_argument("--clips", type=int, default=1500, help="recorded, of 3 s each")
    parser.add_argument("--steps", type=int, default=1500, help="of training")
    parser.add_argument("--held-out", type=int, default=60, help="clips that judge; as many set the thresholds")
    parser.add_argument("--folder", type=Path, help="keep the runs there, and go on with them")
    add_argument(parser)
    arguments = parser.parse_args()
    count, steps, held = (6, 20, 6) if arguments.quick else (arguments.clips, arguments.steps, arguments.held_out)
    with tempfile.TemporaryDirectory() as aside, Table("hand_over", arguments.save) as table:
        folder = arguments.folder or Path(aside)
        model, readout, _ = trained(NAME, count, steps, folder / NAME, 0)
        error_map = ErrorMap.from_pretrained(folder / NAME / "model" / ERROR_MAP)
        kept = folder / f"members-{count}-{steps}.pt"  # of this machine, for this machine
        if not kept.is_file():
            torch.save(members(model, recorded(NAME, range(count), folder), steps), kept)
        ensemble = torch.load(kept, weights_only=False)
        judge, other = (recorded(NAME, range(first, first + held), folder) for first in (100_000, 110_000))
        gates: dict[str, Gate] = {
            "error map": lambda state, action, *_: 1 - float(error_map.trust(model, state, action)[0]),
            "deep ensemble": lambda state, action, *_: float(disagreement(ensemble, state, action)[0]),
            "chance": lambda state, action, clip, frame: float(
                np.random.default_rng((frame, int(1e6 * float(state.abs().sum())) % 2**31)).random()
            ),
            "told of contacts and kicks": lambda state, action, clip, frame: float(soon(clip, table_of(clip), frame)),
        }
        for row in knowing(model, error_map, ensemble, judge):
            table.add(row)
        world = worlds.make(NAME, render_mode="rgb_array", size=SIZE, **FIXED[NAME])
        limits = {"error map": 0.5, "told of contacts and kicks": 0.5}
        share = np.mean([told(model, readout, world, clip, gates["error map"], 0.5)[1] for clip in other]) / STEPS
        for name in ("deep ensemble", "chance"):
            limits[name] = threshold(model, readout, world, other, gates[name], float(share))
        spread, middle = readout.spread.numpy(), readout.middle.numpy()
        varied = spread > 1e-3 * np.abs(middle).clip(1e-3)
        ways: dict[str, tuple[Gate | None, float]] = {
            "learned world alone": (None, 0.0),
            **{f"both, by {name}": (gate, limits[name]) for name, gate in gates.items()},
            "first principles alone, from what is read": (lambda *_: 1.0, 0.5),
        }
        for name, (gate, limit) in ways.items():
            errors, law, began = [], 0, time.process_time()
            for clip in judge:
                rows, by_law = told(model, readout, world, clip, gate, limit)
                truth, shown = rows_of([clip])[START + 1 : START + 1 + STEPS], in_picture(clip)[START + 1 :][:STEPS]
                law += by_law
                errors.append(
                    np.where(shown, (((rows - truth) / np.where(varied, spread, 1)) ** 2)[:, varied].mean(1), np.nan)
                )
            cost = (time.process_time() - began) / (len(judge) * STEPS)
            e = np.stack(errors)
            whole = [np.nanmean(e[k]) for k in drawn(len(e))]
            table.add(
                {
                    "told by": name, "first principles %": 100 * law / (len(judge) * STEPS),
                    "error": float(np.nanmean(e)), "95 % from": float(np.quantile(whole, 0.025)),
                    "to": float(np.quantile(whole, 0.975)),
                    **{f"{n} ahead": float(np.nanmean(e[:, n - 1])) for n in (1, 4, 8, 16)},
                    "CPU ms a step": 1000 * cost, "clips": len(judge),
                }
            )  # fmt: skip


def drawn(count: int) -> list[np.ndarray]:
    random = np.random.default_rng(0)
    return [random.integers(count, size=count) for _ in range(500)]


def knowing(model: JEPA, error_map: ErrorMap, ensemble: list[JEPA], clips: list[Clip]) -> list[dict[str, Any]]:
    """Does a doubt rank the moments where prediction goes wrong above the others? And is trust a probability?"""
    parts = [errors_of(model, clip.frames, table_of(clip)) for clip in clips]
    states, actions, errors, _ = (torch.cat(column) for column in zip(*parts, strict=True))
    wrong = ~error_map.right(errors).numpy()
    trust = error_map.trust(model, states, actions).numpy()
    first = model.config.history - 1
    near = np.concatenate(
        [
            [soon(clip, table_of(clip), first + k) for k in range(len(part[0]))]
            for clip, part in zip(clips, parts, strict=True)
        ]
    )
    rows = []
    doubts = {
        "error map": 1 - trust, "deep ensemble": disagreement(ensemble, states, actions).numpy(),
        "told of contacts and kicks": near.astype(float) + 1e-6 * np.random.default_rng(0).random(len(near)),
    }  # fmt: skip
    for name, doubt in doubts.items():
        probability = name == "error map"
        rows.append(
            {
                "doubt": name, "moments": len(wrong), "wrong %": 100 * float(wrong.mean()),
                "area under its curve": area(doubt, wrong),
                "said to be wrong %": 100 * float(doubt.mean()) if probability else None,
                "Brier score": float(((doubt - wrong) ** 2).mean()) if probability else None,
                "of the constant": float(wrong.mean() * (1 - wrong.mean())) if probability else None,
            }
        )  # fmt: skip
    return rows


def threshold(model: JEPA, readout: Readout, world: Any, clips: list[Clip], gate: Gate, share: float) -> float:
    """The doubt above which first principles take this share of the steps, by halving."""
    states = [model.encode(clip.frames[: START + 1]) for clip in clips]
    tables = [torch.from_numpy(table_of(clip)).float() for clip in clips]
    doubts = [gate(s, t[START][None], c, START) for s, t, c in zip(states, tables, clips, strict=True)]
    low, high = 0.0, 4 * max(doubts) + 1e-9
    for _ in range(10):
        limit = (low + high) / 2
        found = np.mean([told(model, readout, world, clip, gate, limit)[1] for clip in clips]) / STEPS
        low, high = (limit, high) if found > share else (low, limit)
    return high


if __name__ == "__main__":
    main()
