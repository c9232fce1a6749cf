"""The hand-over from a learned to a first-principles world: does the error map know where the learned world is wrong,
and what is gained, at equal cost?

    python benchmarks/hand_over.py [--quick] [--worlds Collision Juice Candles] [--folder runs] [--save]

The models are the shipped ones (recipes/dynamics.py, whose --folder spares recording anew). Held-out clips with
random actions are told again from frame 6 on, by the learned world, by first principles from the numbers that are
read there, and by both: first principles take over at the steps that a gate picks, from the decoded numbers, and give
back the encoding of what they draw. First principles know the parameters of the clip's seed (as `HybridWorld` does: a
glass's mass is in no picture), and nothing of its state but what is decoded. How well doubts rank what goes wrong is
told of clips beyond the recorded range too. All gates but one have the share of first-principles steps of the error
map at trust 0.5, their thresholds set on other clips: the disagreement of a deep ensemble of predictors (on the same
encoder and clips, all together for as many steps as the model's own), chance, and one that is told of what happens in
the next two frames: actions, a contact, a glass that tips, a flame that goes out. Neighbour: Hybrid Neural World
Models, arXiv:2605.28317. An error is that of `learned_world.py`: squared, as a share of the numbers' variance, while
all that has a place is in the picture; its interval is a bootstrap over clips.
"""

from __future__ import annotations

import argparse
import copy
import json
import tempfile
import time
from collections.abc import Callable, Iterator
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
from cuspworld.dynamics.learned_world import SHIPPED
from cuspworld.dynamics.readout import Readout
from cuspworld.training.dynamics import DynamicsPreset, JEPAObjective
from cuspworld.training.loop import Process
from cuspworld.training.recordings import Recordings, WindowBatches, in_picture, rows_of
from learned_world import FIXED, START, packaged, recipe, recorded, table_of
from results import Table, add_argument, plain

STEPS, MEMBERS = 16, 3
TRUE_NUMBERS = "first principles alone, from the true numbers"  # what going on from numbers costs
SUDDEN = {"Collision": ("ball_2_velocity_x", 1e-9), "Juice": ("glass_angle", 0.05), "Candles": ("lit", 0.5)}
Gate = Callable[
    [Tensor, Tensor, Clip, int], float
]  # state, action, the clip (for the one that is told), frame -> doubt


def members(model: JEPA, clips: list[Clip], steps: int) -> list[JEPA]:
    """The model with other predictors, each from another beginning, on the same finished embeddings."""
    recordings = Recordings.of(clips)
    embedded = replace(recordings, frames=[model.embed(frames).numpy().copy() for frames in recordings.frames])
    preset, found = replace(DynamicsPreset(), history=model.config.history), []
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
    """Whether something is done in the next `AHEAD` frames, or happens by itself."""
    assert clip.truth is not None
    column, much = SUDDEN[clip.truth.world]
    changed = np.abs(np.diff(clip.truth.state[column][frame : frame + AHEAD + 1])).max(initial=0.0) > much
    return bool(changed or table[frame : frame + AHEAD].any())


def told(
    model: JEPA, readout: Readout, world: Any, clip: Clip, gate: Gate | None, limit: float,
    begin: np.ndarray | None = None,
) -> tuple[np.ndarray, int]:  # fmt: skip
    """The numbers (STEPS, columns) that are said after each step, and how many of them first principles made: `world`,
    begun with the clip's seed, which takes over where `gate` doubts more than `limit`; from `begin`, if given, in place
    of the numbers that are read."""
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
                world.resume(readout.columns(state)[0].double().numpy() if begin is None else begin)
                seen, taken_over = [world.render()], True
            world.step(action[0].numpy())
            seen = [*seen, world.render()][-model.config.history :]
            state, by_law = model.followed(state, np.stack(seen)), by_law + 1
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
    parser.add_argument("--worlds", nargs="+", default=list(SUDDEN), choices=list(SUDDEN))
    parser.add_argument("--held-out", type=int, default=60, help="clips that judge; half as many set the thresholds")
    parser.add_argument("--folder", type=Path, help="of the recipe's recordings and of the rows, kept and gone on with")
    add_argument(parser)
    arguments = parser.parse_args()
    held = 4 if arguments.quick else arguments.held_out
    with tempfile.TemporaryDirectory() as aside, Table("hand_over", arguments.save) as table:
        for name in arguments.worlds:
            folder = arguments.folder or Path(aside)
            kept = folder / f"hand_over-{name}-{held}.json"  # of a model that is since unchanged
            if not kept.is_file():
                kept.write_text(json.dumps([plain(row) for row in compared(name, folder, held, arguments.quick)]))
            for row in json.loads(kept.read_text()):
                table.add(row)


def compared(name: str, folder: Path, held: int, quick: bool) -> Iterator[dict[str, Any]]:
    """The rows of a world."""
    made = recipe()
    model, readout, _ = packaged(name)
    error_map = ErrorMap.from_pretrained(SHIPPED / name.lower() / ERROR_MAP)
    count, steps = (10, 20) if quick else (made.CLIPS[name], made.PRESETS[name].predictor.steps // MEMBERS)
    kept = folder / f"members-{name}-{count}-{steps}.pt"  # of this machine, for this machine
    if not kept.is_file():
        torch.save(members(model, made.recorded(name, range(count), folder), steps), kept)
    ensemble = torch.load(kept, weights_only=False)
    size, seeds, others = model.config.height, range(100_000, 100_000 + held), range(110_000, 110_000 + held // 2)
    judge, other = (recorded(name, each, folder, size=size) for each in (seeds, others))
    gates: dict[str, Gate] = {
        "error map": lambda state, action, *_: 1 - float(error_map.trust(model, state, action)[0]),
        "deep ensemble": lambda state, action, *_: float(disagreement(ensemble, state, action)[0]),
        "chance": lambda state, action, clip, frame: float(
            np.random.default_rng((frame, int(1e6 * float(state.abs().sum())) % 2**31)).random()
        ),
        "told of what happens": lambda state, action, clip, frame: float(soon(clip, table_of(clip), frame)),
    }
    for split in ("train", "out"):
        for row in knowing(model, error_map, ensemble, recorded(name, seeds, folder, split, size)):
            yield {"world": name, "split": split, **row}

    def begun(seed: int) -> Any:
        world = worlds.make(name, render_mode="rgb_array", size=size, **FIXED.get(name, {}))
        world.reset(seed=seed)
        return world

    def shared(gate: Gate, limit: float) -> float:
        """The share of the steps that first principles take on the other clips."""
        taken = [told(model, readout, begun(s), c, gate, limit)[1] for s, c in zip(others, other, strict=True)]
        return float(np.mean(taken)) / STEPS

    limits = {"error map": 0.5, "told of what happens": 0.5}
    share = shared(gates["error map"], 0.5)
    for gate in ("deep ensemble", "chance"):
        limits[gate] = threshold(model, other, gates[gate], shared, share)
    spread, middle = readout.spread.numpy(), readout.middle.numpy()
    varied = spread > 1e-3 * np.abs(middle).clip(1e-2)
    ways: dict[str, tuple[Gate | None, float]] = {
        "learned world alone": (None, 0.0),
        **{f"both, by {by}": (gate, limits[by]) for by, gate in gates.items()},
        "first principles alone, from what is read": (lambda *_: 1.0, 0.5),
        TRUE_NUMBERS: (lambda *_: 1.0, 0.5),
    }
    for by, (decides, limit) in ways.items():
        errors, law, seconds = [], 0, 0.0
        for seed, clip in zip(seeds, judge, strict=True):
            world, began = begun(seed), time.process_time()
            begin = rows_of([clip])[START] if by == TRUE_NUMBERS else None
            rows, by_law = told(model, readout, world, clip, decides, limit, begin)
            seconds += time.process_time() - began
            truth, shown = rows_of([clip])[START + 1 : START + 1 + STEPS], in_picture(clip)[START + 1 :][:STEPS]
            law += by_law
            off = (((rows - truth) / np.where(varied, spread, 1)) ** 2)[:, varied].mean(1)
            errors.append(np.where(shown, off, np.nan))
        e = np.stack(errors)
        whole = [np.nanmean(e[k]) for k in drawn(len(e))]
        yield {
            "world": name, "told by": by, "first principles %": 100 * law / (len(judge) * STEPS),
            "error": float(np.nanmean(e)), "95 % from": float(np.quantile(whole, 0.025)),
            "to": float(np.quantile(whole, 0.975)),
            **{f"{n} ahead": float(np.nanmean(e[:, n - 1])) for n in (1, 4, 8, 16)},
            "CPU ms a step": 1000 * seconds / (len(judge) * STEPS), "clips": len(judge),
        }  # fmt: skip


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


def threshold(
    model: JEPA, clips: list[Clip], gate: Gate, shared: Callable[[Gate, float], float], share: float
) -> float:
    """The doubt above which first principles take this share of the steps, by halving."""
    states = [model.encode(clip.frames[: START + 1]) for clip in clips]
    tables = [torch.from_numpy(table_of(clip)).float() for clip in clips]
    doubts = [gate(s, t[START][None], c, START) for s, t, c in zip(states, tables, clips, strict=True)]
    low, high = 0.0, 4 * max(doubts) + 1e-9
    for _ in range(7):
        limit = (low + high) / 2
        low, high = (limit, high) if shared(gate, limit) > share else (low, limit)
    return high


if __name__ == "__main__":
    main()
