"""Range: the velocity of balls in range, out of range and recombined, after phyworld (Kang et al., arXiv:2411.02385).

Three frames are given, 29 follow. Error: the mean over frames and balls of |v - v*|, m/s, of the tracked centroids'
velocity v and the true v*, while the ball is wholly in the picture; one that is not found counts as standing still.
(The paper's released parser reports another number, |mean velocity - first velocity|.)
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import linprog

from cuspworld.exam.answers import Refusal, features_of
from cuspworld.exam.picture import plot
from cuspworld.exam.probe import svd
from cuspworld.exam.question import Played, Scene, asked
from cuspworld.exam.sitting import Numbers, Settings, Sitting, mean
from cuspworld.exam.tracking import background, places
from cuspworld.exam.transcript import Failure, Part, Table
from cuspworld.worlds.collision.world import SIDE
from cuspworld.worlds.drawing.canvas import COLOURS

NAME, TITLE = "range", "Range: does the law hold where it was not taught?"
WORLDS = ("Collision",)
LAWS = ("uniform", "collision", "parabola")
SPLITS = {"in range": "train", "out of range": "out", "recombined": "recombination"}
GIVEN, FRAMES, FPS = 3, 32, 10.0
FIXED = {"colour_1": "red", "colour_2": "blue", "offset": 0.0, "restitution": 1.0, "gravity": 2.5}
DIMENSIONS = (2, 4, 8)
RECORDED = 48  # clips of each law that count as training, at most: for the hull, and for the nearest clip
EACH = 6  # for each question
SEEN = 0.2  # of a ball's true area must be found


@dataclass(frozen=True, eq=False)
class Case:
    law: str
    split: str
    scene: Scene
    known: Played


def scene(law: str, split: str, seed: int, size: int) -> Scene:
    """phyworld's setting: radius and speed vary, and of one ball only its own."""
    alone = {} if law == "collision" else {"radius_2": 1.0, "speed_2": 2.0}
    return Scene("Collision", seed, FPS, size, {"law": law, "split": split, **FIXED, **alone})


def cases(sitting: Sitting) -> Iterator[Case]:
    settings = sitting.settings
    for law in LAWS:
        for split in SPLITS.values():
            for k in range(settings.clips):
                what = scene(law, split, settings.fresh + k, settings.size)
                yield Case(law, split, what, what.play(FRAMES))


def recorded(settings: Settings, frames: int = FRAMES) -> list[np.ndarray]:
    """The frames of clips of each law from the training range."""
    return [f for law in LAWS for f in of_law(settings, law, frames)]


def of_law(settings: Settings, law: str, frames: int) -> list[np.ndarray]:
    count = min(RECORDED, EACH * settings.clips)
    return [scene(law, "train", 1000 + k, settings.size).play(frames).frames for k in range(count)]


def velocity_error(frames: np.ndarray, known: Played, given: int = GIVEN) -> Numbers:
    """Of the new `frames` (n, h, w, 3) after the first `given` of a played scene: error (m/s), lost (share of a ball's
    frames in which it is not found)."""
    size = frames.shape[1]
    balls = [k for k in (1, 2) if known.state[f"ball_{k}_present"][0]]
    colours = [COLOURS[known.values[f"colour_{k}"]] for k in balls]
    shown = np.concatenate([known.frames[given - 1 : given], frames])
    found, area = places(shown, colours, background("Collision", size))
    metres = np.stack([found[..., 0], size - found[..., 1]], -1) * SIDE / size
    rows = known.state[given - 1 : given - 1 + len(shown)]
    errors, lost = [], []
    for n, k in enumerate(balls):
        x = np.stack([rows[f"ball_{k}_x"], rows[f"ball_{k}_y"]], -1)
        r = float(rows[f"ball_{k}_radius"][0])
        whole = np.asarray(((x > r) & (x < SIDE - r)).all(1))
        sure = area[:, n] > SEEN * np.pi * (r * size / SIDE) ** 2
        counted = whole[1:] & whole[:-1]
        velocity = np.diff(metres[:, n], axis=0) * FPS
        velocity[~(sure[1:] & sure[:-1])] = 0.0
        errors.append(np.linalg.norm(velocity - np.diff(x, axis=0) * FPS, axis=1)[counted])
        lost.append(~sure[1:][counted])
    return {"error": mean(list(np.concatenate(errors))), "lost": mean(list(np.concatenate(lost).astype(float)))}


def sit(sitting: Sitting) -> Part:
    known = list(cases(sitting))
    sitting.plan(len(known) * len(sitting.models))
    floor = {
        (case.law, case.split, case.scene.seed): velocity_error(case.known.frames[GIVEN:], case.known) for case in known
    }
    rows: list[dict[str, Any]] = []
    for law in LAWS:
        floors = {name: mean([v["error"] for key, v in floor.items() if key[:2] == (law, split)])
                  for name, split in SPLITS.items()}  # fmt: skip
        rows.append({"law": law, "row": "floor: the tracker on true frames", **floors, "lost": 0.0})
        for model in sitting.models:
            row: dict[str, Any] = {"law": law, "row": model}
            lost, failed = [], 0
            for name, split in SPLITS.items():
                found = [
                    sitting.ask(NAME, model, f"{law} {split} {c.scene.seed}", asked(c.scene, c.known, GIVEN),
                                partial(velocity_error, known=c.known))
                    for c in known if (c.law, c.split) == (law, split)
                ]  # fmt: skip
                row[name] = mean([f["error"] for f in found if f])
                lost += [f["lost"] for f in found if f]
                failed += found.count(None)
            rows.append({**row, "lost": mean(lost), "failed": failed})
    table = Table(
        "Velocity error, m/s",
        f"{sitting.settings.clips} clips a cell; {GIVEN} frames given, {FRAMES - GIVEN} asked for, {FPS:g} frames a "
        f"second. A model has the law where out of range and recombined are as small as in range.",
        ("law", "row", *SPLITS, "lost", "failed"),
        tuple(rows),
    )
    return Part(NAME, TITLE, (table, _hull(sitting, known)), (PUBLISHED_NOTE,), _pictures(rows))


PUBLISHED_NOTE = (
    "Published models (phyworld, figure 3): diffusion transformers S, B and L taught 30K, 300K and 3M clips, with "
    "their own tracker's floor; their error is of their released parser. They are drawn beside, not in the table."
)


def published() -> list[dict[str, str]]:
    """Rows of the paper's figure 3: scenario, split (ID, OOD, GT), model, data, velocity_error (m/s)."""
    lines = Path(__file__).with_name("phyworld_published.tsv").read_text().splitlines()
    return [dict(zip(lines[0].split("\t"), line.split("\t"), strict=True)) for line in lines[1:]]


def _hull(sitting: Sitting, known: list[Case]) -> Table:
    """Of the out-of-range tests, how many lie in the convex hull of the training clips, as the model sees them."""
    model = sitting.examinee
    what = "the last layer of its features" if hasattr(model, "features") else "the pixels of the given frames"
    rows = []
    for law in LAWS:
        taught = of_law(sitting.settings, law, GIVEN)
        tests = [c.known.frames[:GIVEN] for c in known if (c.law, c.split) == (law, "out")]
        row: dict[str, Any] = {"law": law, **{f"{d} dimensions": None for d in DIMENSIONS}}
        rows.append(row)
        try:
            for d in DIMENSIONS:
                row[f"{d} dimensions"] = share_inside(model, taught, tests, d, sitting.settings.timeout)
        except Refusal as error:
            sitting.failures.append(Failure(NAME, next(iter(sitting.models)), f"features, {law}", str(error)))
    return Table(
        "Out-of-range tests inside the training hull",
        f"The share of out-of-range tests in the convex hull of {len(taught)} training clips, in the first "
        f"principal components of {what}: there, out of range is interpolation.",
        ("law", *(f"{d} dimensions" for d in DIMENSIONS)),
        tuple(rows),
    )


def share_inside(
    model: Any, taught: list[np.ndarray], tests: list[np.ndarray], dimensions: int, timeout: float = 600.0
) -> float | None:
    """Of the tests, the share in the convex hull of what was taught, in so many principal components of this. Raises
    Refusal where the model's features are none."""
    each = [_seen(model, frames, timeout) for frames in taught + tests]
    if len({len(one) for one in each}) > 1:
        raise Refusal("its features are of another size from clip to clip")
    seen = np.stack(each)
    middle, count = seen[: len(taught)].mean(0), len(taught)
    axes = svd(seen[:count] - middle)[2][:dimensions]
    flat = (seen - middle) @ axes.T
    return mean([float(inside(flat[:count], x)) for x in flat[count:]])


def _seen(model: Any, frames: np.ndarray, timeout: float) -> np.ndarray:
    if hasattr(model, "features"):
        return list(features_of(model, frames, timeout).values())[-1].reshape(-1)
    return frames.astype(float).reshape(-1)


def inside(points: np.ndarray, x: np.ndarray) -> bool:
    """Whether x (d,) is a convex combination of the points (n, d): a linear programme."""
    equal = np.vstack([points.T, np.ones(len(points))])
    found = linprog(np.zeros(len(points)), A_eq=equal, b_eq=np.append(x, 1.0), bounds=(0, None), method="highs")
    return bool(found.status == 0)


def _pictures(rows: list[dict[str, Any]]) -> dict[str, str]:
    """Out of range against in range, law by law, beside the published models at 30K, 300K and 3M clips."""
    found = {}
    for law in LAWS:
        pairs: dict[str, dict[str, dict[str, float]]] = {}
        for paper in published():
            if paper["scenario"] == law and paper["split"] != "GT":
                own = pairs.setdefault(f"published {paper['model']}", {}).setdefault(paper["data"], {})
                own[paper["split"]] = float(paper["velocity_error"])
        series = {name: [(p["ID"], p["OOD"]) for p in by_data.values()] for name, by_data in pairs.items()}
        for row in rows:
            if row["law"] == law and row["in range"] is not None and row["out of range"] is not None:
                series[str(row["row"])] = [(row["in range"], row["out of range"])]
        found[law] = plot(law, "in range, m/s", "out of range, m/s", series, log=True, diagonal=True)
    return found
