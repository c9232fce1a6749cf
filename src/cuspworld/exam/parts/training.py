"""What training teaches when: linear probes of the state, layer by layer, step by step.

Ridge probes are fitted to the frozen features of a short stretch of frames (`probe.py`) and read the state at its last
frame on clips that they did not see: places, speeds, and everything else, a mean of R squared over the numbers that
vary. Of a model that training kept at several steps (`features_then`: a run of `cusp train --dynamics` keeps six)
there is a row for each, with the loss then. Beside it: the pixels, and the encoder before its first step where it
was kept."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import cv2
import numpy as np

from cuspworld import worlds
from cuspworld.exam.answers import Refusal, features_of, layers_in, within
from cuspworld.exam.picture import plot
from cuspworld.exam.probe import held_out, r2
from cuspworld.exam.sitting import Sitting
from cuspworld.exam.transcript import Part, Table

NAME, TITLE = "training", "What training teaches when"
WORLDS = ()  # Collision where the model was taught it, else the first that it was
FRAMES = 8
STEPS = "log10 (1 + step)"
KINDS = ("places", "speeds", "others")


def kind_of(column: str) -> str:
    """What a state column is: places end in an axis, speeds name a velocity."""
    if "velocity" in column or column.endswith("speed"):
        return "speeds"
    return "places" if column.rpartition("_")[2] in ("x", "y", "z", "angle") else "others"


def sit(sitting: Sitting) -> Part:
    settings, model = sitting.settings, sitting.examinee
    taught = settings.taught or getattr(model, "taught", None) or ("Collision",)
    name = next((world for world in taught if world in worlds.names() and "Collision" not in taught), "Collision")
    frames, state = _clips(name, settings.fresh + 4000, 80 + 20 * settings.clips, settings.size, sitting)
    targets = {kind: state[kind] for kind in KINDS if state[kind].shape[1]}
    rows: list[dict[str, Any]] = [
        {"step": None, "loss": None, "layer": "pixels", **_read(np.stack([_pixels(f) for f in frames]), targets)}
    ]
    notes = []
    if not hasattr(model, "features"):
        notes.append("The model shows no features: nothing can be read from within.")
    else:
        seen = _features(sitting, frames)
        notes += [] if seen else ["Its features could not be taken: see what was not answered."]
        for (step, loss, layer), x in seen.items():
            rows.append({"step": step, "loss": loss, "layer": layer, **_read(x, targets)})
        if not hasattr(model, "features_then"):
            notes.append("It was not kept at several steps of its training: there is one row a layer, of its end.")
    table = Table(
        f"R squared of the state of {name}",
        f"Read linearly from the features of the last two of {FRAMES} frames, on clips that the probe did not see "
        f"({len(frames)} clips, five folds).",
        ("step", "loss", "layer", *targets),
        tuple(rows),
    )
    series: dict[str, list[tuple[float, float]]] = {}
    for row in rows:
        if row["step"] is not None:
            for kind in targets:
                series.setdefault(f"{kind}, {row['layer']}", []).append((_scale(row["step"]), float(row[kind])))
    pictures = {}
    for kind in targets:
        own = {key.partition(", ")[2]: points for key, points in series.items() if key.startswith(kind)}
        if any(len(points) > 1 for points in own.values()):
            pictures[kind] = plot(f"{kind} by step", STEPS, "R squared", own, lines=True)
    losses = {(_scale(row["step"]), float(row["loss"])) for row in rows if row["loss"] is not None}
    if len(losses) > 1:
        pictures["loss"] = plot("the loss then", STEPS, "loss", {"loss": sorted(losses)}, lines=True)
    return Part(NAME, TITLE, (table,), tuple(notes), pictures)


def _scale(step: float) -> float:
    """Training keeps steps that grow as powers do."""
    return math.log10(1 + step)


def _read(x: np.ndarray, targets: dict[str, np.ndarray]) -> dict[str, float]:
    read = held_out(x, np.concatenate(list(targets.values()), axis=1))
    ends = np.cumsum([y.shape[1] for y in targets.values()])[:-1]
    return {kind: r2(own, y) for (kind, y), own in zip(targets.items(), np.split(read, ends, axis=1), strict=True)}


def _clips(
    name: str, first: int, count: int, size: int, sitting: Sitting
) -> tuple[list[np.ndarray], dict[str, np.ndarray]]:
    """Stretches of frames, and the state at the last frame of each, by kind; only numbers that vary."""
    # of two balls of any colour nobody can see which is the first
    fixed = {"colour_1": "red", "colour_2": "blue"} if name == "Collision" else {}
    world = worlds.make(name, size=size, fps=10.0, **fixed)
    random = np.random.default_rng(first)
    frames, rows = [], []
    for k in range(count):
        end = int(random.integers(FRAMES, max(FRAMES + 1, int(world.seconds * 10))))
        clip = world.record(first + k, size=size, fps=10.0, seconds=end / 10.0)
        assert clip.truth is not None
        frames.append(clip.frames[-FRAMES:])
        rows.append(clip.truth.state[-1])
    table = np.array(rows)
    found: dict[str, list[np.ndarray]] = {kind: [] for kind in KINDS}
    for column in table.dtype.names or ():
        if np.ptp(table[column]) > 1e-9:
            found[kind_of(column)].append(table[column].astype(float))
    return frames, {kind: np.stack(columns, 1) if columns else np.zeros((count, 0)) for kind, columns in found.items()}


def _features(sitting: Sitting, frames: list[np.ndarray]) -> dict[tuple[int | None, float | None, str], np.ndarray]:
    """(step, loss, layer) -> (clips, numbers): of the last two rows of each layer."""
    from cuspworld.exam.transcript import Failure

    model, name = sitting.examinee, next(iter(sitting.models))

    def asked(clip: np.ndarray) -> list[tuple[int | None, float | None, dict[str, np.ndarray]]]:
        if hasattr(model, "features_then") and (then := model.features_then(clip)):
            return [(step, loss, layers_in(layers)) for step, loss, layers in then]
        return [(None, None, features_of(model, clip, sitting.settings.timeout))]

    found: dict[tuple[int | None, float | None, str], list[np.ndarray]] = {}
    try:
        for clip in frames:
            for step, loss, layers in within(sitting.settings.timeout, partial(asked, clip)):
                for layer, rows in layers.items():
                    found.setdefault((step, loss, layer), []).append(rows[-2:].ravel())
        return {key: np.stack(rows) for key, rows in found.items()}
    except (Refusal, ValueError) as error:
        sitting.failures.append(Failure(NAME, name, "features", str(error)))
        return {}


def _pixels(frames: np.ndarray) -> np.ndarray:
    return (
        np.stack([cv2.resize(f, (16, 16), interpolation=cv2.INTER_AREA).ravel() for f in frames[-2:]]).ravel() / 255.0
    )
