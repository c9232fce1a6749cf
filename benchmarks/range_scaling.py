"""phyworld's question at three data sizes and three model sizes: does more of either reach out of the range?

    python benchmarks/range_scaling.py --folder runs/range --save

Nine models of ours (the dynamics of `cusp train --dynamics`: a JEPA and a readout that draws what it foresees) are
trained on clips of all three laws (one ball, two that collide, one thrown) within the training range: 30, 300 and 3,000
clips, small, medium and large, the same steps for all. Each then sits the exam's part `range`: three frames given, 29
foreseen by its own predictions, velocity read by the exam's tracker; "from", "to": 95 % of the mean out of range,
bootstrap over its tests. A clip in ten has one kick of 0.01 m/s, since
dynamics are not learned from recordings in which nothing is ever done. "inside 2, 4, 8": the share of the out-of-range
tests that lie in the convex hull of the training clips (100 of a law at most) in so many principal components of what
the model itself sees of the given frames. Beside them the published models (figure 3 of phyworld, arXiv:2411.02385):
diffusion transformers taught 30,000 to 3 million clips a law, their error that of their released parser, so that only
the ratio of out of range to in range compares. `--picture FOLDER` draws both.
"""

from __future__ import annotations

import argparse
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np

from cuspworld import worlds
from cuspworld.clip import Clip
from cuspworld.exam.adapters import DynamicsModel, load
from cuspworld.exam.parts import range as part
from cuspworld.exam.picture import plot
from cuspworld.exam.references import rows as references
from cuspworld.exam.sitting import Kept, Settings, Sitting, interval
from cuspworld.files import written_whole
from cuspworld.training.dynamics import DynamicsPreset, train_dynamics
from cuspworld.training.presets import Phase
from results import Table, add_argument

SIZE = 32
DATA = (30, 300, 3000)  # clips, a third of each law
MODELS = {"small": (4, 64), "medium": (8, 128), "large": (16, 256)}  # channels, hidden
HULL = 100  # clips of each law, at most
KICK = 0.01  # m/s


def recorded(count: int) -> list[Clip]:
    """The first `count` of a row of clips that is the same for all data sizes, the laws in turn."""
    made = worlds.make("Collision", size=SIZE, fps=part.FPS)
    clips = []
    for k in range(count):
        what = part.scene(part.LAWS[k % 3], "train", 1000 + k // 3, SIZE)
        actions = np.zeros((part.FRAMES, len(made.actions)))
        actions[part.GIVEN, 0] = KICK if k // 3 % 10 == 0 else 0.0
        options = dict(what.options)
        seconds = part.FRAMES / part.FPS
        clips.append(made.record(what.seed, size=SIZE, seconds=seconds, options=options, actions=actions))
    return clips


def trained(clips: list[Clip], size: str, steps: int, seed: int, folder: Path) -> DynamicsModel:
    """Kept in `folder`; a stopped training goes on."""
    if not (folder / "model" / "readout").is_dir():
        channels, hidden = MODELS[size]
        phase = Phase(steps, batch=64, learning_rate=4e-3, warmup=50, weight_decay=1e-3, ema=0.99, save_every=100)
        later = replace(phase, steps=3 * steps, batch=128, learning_rate=2e-3, save_every=500)
        preset = DynamicsPreset(
            phase, replace(phase, learning_rate=2e-3), later, channels=channels, hidden=hidden, inverse=0.0
        )
        train_dynamics(clips, folder, preset, seed=seed, resume=(folder / "settings.json").exists())
    model = load(str(folder / "model"))
    assert isinstance(model, DynamicsModel)
    return model


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=400, help="of each training")
    parser.add_argument("--clips", type=int, default=16, help="tests a cell")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--folder", type=Path, help="keep models and answers there, so that a stopped run goes on")
    parser.add_argument("--picture", type=Path, help="an SVG a law into this folder")
    parser.add_argument("--quick", action="store_true", help="two small models, a few steps")
    add_argument(parser)
    arguments = parser.parse_args()
    data, sizes = DATA, list(MODELS)
    if arguments.quick:
        data, sizes, arguments.steps, arguments.clips = (9, 18), ["small"], 20, 2
    with tempfile.TemporaryDirectory() as aside, Table("range_scaling", arguments.save) as table:
        folder = arguments.folder or Path(aside)
        clips = recorded(max(data))
        models = {
            f"{size}, {count} clips": trained(
                clips[:count], size, arguments.steps, arguments.seed, folder / f"{size}-{count}"
            )
            for size in sizes
            for count in data
        }  # fmt: skip
        run(table, models, clips, data, arguments, folder)


def run(
    table: Table, models: dict[str, DynamicsModel], clips: list[Clip], data: tuple[int, ...],
    arguments: argparse.Namespace, folder: Path,
) -> None:  # fmt: skip
    settings = Settings(clips=arguments.clips, size=SIZE, seed=arguments.seed)
    shown = [clip.frames for clip in clips[: 3 * HULL]]
    everyone = {**models, **references(shown)}
    kept = Kept(folder, f"range {sorted(models)} {arguments.steps} {settings}")
    sitting = Sitting(everyone, settings, kept)
    tests = list(part.cases(sitting))
    found = part.sit(sitting).tables[0].rows
    pairs: dict[str, dict[str, list[tuple[float, float]]]] = {law: {} for law in part.LAWS}
    for row in found:
        law, name = str(row["law"]), str(row["row"])
        inside = dict.fromkeys(f"inside {d}" for d in part.DIMENSIONS)
        if name in models:
            size, count = name.split(", ")
            taught = [c.frames[: part.GIVEN] for k, c in enumerate(clips[: int(count.split()[0])])
                      if part.LAWS[k % 3] == law][:HULL]  # fmt: skip
            outside = [case.known.frames[: part.GIVEN] for case in tests if (case.law, case.split) == (law, "out")]
            inside = {f"inside {d}": part.share_inside(models[name], taught, outside, d) for d in part.DIMENSIONS}
            point = (float(row["in range"] or 0), float(row["out of range"] or 0))
            pairs[law].setdefault(f"ours, {size}", []).append(point)
        parameters = sum(p.numel() for p in models[name].model.parameters()) if name in models else None
        cells = {split: row[split] for split in part.SPLITS}
        low, high = _interval(kept, name, law, tests)
        ends = {"from": low, "to": high}
        table.add({"law": law, "row": name, "parameters": parameters, **cells, **ends, "lost": row["lost"], **inside})
    for law, name, both in published():
        cells = {"in range": both["ID"], "out of range": both["OOD"], "recombined": None}
        table.add({"law": law, "row": name, **cells})
        pairs[law].setdefault(name.partition(",")[0], []).append((both["ID"], both["OOD"]))
    if arguments.picture:
        for law, series in pairs.items():
            with written_whole(arguments.picture / f"range_{law}.svg") as aside:
                aside.write_text(
                    plot(law, "in range, m/s", "out of range, m/s", series, log=True, diagonal=True) + "\n"
                )


def _interval(kept: Kept, name: str, law: str, tests: list[part.Case]) -> tuple[float | None, float | None]:
    """Of the mean out of range; none for the floor, which is nobody's answer."""
    own = [case.scene.seed for case in tests if (case.law, case.split) == (law, "out")]
    errors = [kept.get(f"{part.NAME}/{name}/{law} out {seed}", dict).get("error") for seed in own]
    return interval([e for e in errors if e is not None]) or (None, None)


def published() -> list[tuple[str, str, dict[str, float]]]:
    """(law, model and data, split -> m/s) of the paper's figure 3."""
    found: dict[tuple[str, str], dict[str, float]] = {}
    for row in part.published():
        if row["split"] != "GT":
            key = (row["scenario"], f"published {row['model']}, {row['data']} clips")
            found.setdefault(key, {})[row["split"]] = float(row["velocity_error"])
    return [(law, name, both) for (law, name), both in found.items()]


if __name__ == "__main__":
    main()
