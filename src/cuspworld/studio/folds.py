"""The jobs of Folds: a model's kinds, the graph of a kind's branches and its map, clips from a state, and walks."""

from __future__ import annotations

from typing import Any

import numpy as np

from cuspworld.checks import whole
from cuspworld.errors import CuspError
from cuspworld.simulator.branches import Branches
from cuspworld.simulator.critical import sides_of
from cuspworld.simulator.plane import Plane, looks, turned_back
from cuspworld.simulator.simulator import Simulator
from cuspworld.studio.make import simulator_of
from cuspworld.studio.worker import Job

POINTS = 2400  # of the map
LOOKS = 480  # of them that have pictures
PLACES = 64  # of a walk that was drawn
STEPS = 6  # of a clip and of a walk: one window
_BATCH = 24  # pictures decoded at once: a person sees them come


def kinds(job: Job) -> None:
    """Says "kinds": of each its name, clips, recorded steps, branches and passages."""
    simulator = simulator_of(job)
    graphs = [Branches(kind, kind.branches) for kind in simulator.kinds]
    job.say("kinds", model=simulator.name, kinds=[
        {"name": graph.kind.name, "clips": len(graph.kind.captions), "steps": len(graph.of), "branches": graph.count,
         "passages": int(graph.passages.sum() - np.trace(graph.passages))}
        for graph in graphs
    ])  # fmt: skip


def fold(job: Job, kind: str, seed: int = 0) -> None:
    """Says "graph" (branches, each with its share of the steps, and recorded passages), "side" with a picture of each
    branch, "map" (places and branches of recorded steps), and "look" with the picture of some of these, decoded."""
    simulator, number = _kind(job, kind)
    graph, plane = _graph(job, simulator, number)
    counts = graph.passages
    share = np.bincount(graph.of, minlength=graph.count) / len(graph.of)
    passages = [[int(a), int(b), int(counts[a, b])] for a, b in np.argwhere(counts) if a != b]
    job.say("graph", branches=share.tolist(), passages=passages)
    for branch, picture in enumerate(sides_of(simulator, number)):
        job.picture(picture, kind="side", branch=branch)
    rows = np.random.default_rng(whole("seed", seed, 0, 2**53)).permutation(len(graph.of))[:POINTS]
    flat = plane.flat[rows]
    job.say("map", rows=rows.tolist(), places=flat.round(4).tolist(), branches=graph.of[rows].tolist())
    shown = rows[_spread(flat, LOOKS)]
    for at in range(0, len(shown), _BATCH):
        job.check()
        some = shown[at : at + _BATCH]
        for row, picture in zip(some, looks(simulator, number, graph.kind.codes[some]), strict=True):
            job.picture(picture, kind="look", row=int(row))


def state(job: Job, kind: str, row: Any, seed: int = 0) -> None:
    """Says "clip": a clip that begins in a recorded state and goes the way that its recording went."""
    simulator, number = _kind(job, kind)
    graph, _ = _graph(job, simulator, number)
    rows = [whole("row", row, 0, len(graph.of) - 1)]
    while len(rows) < STEPS and (after := int(graph.following[rows[-1]])) >= 0:
        rows.append(after)
    caption = graph.kind.captions[int(graph.kind.clips[rows[0]])][0]
    _say_clip(job, simulator, graph, "state", graph.kind.codes[rows], caption, seed)


def walk(job: Job, kind: str, places: list[list[float]], seed: int = 0) -> None:
    """Says of a walk through these places of the map, straight and then reflected at the fold: "strip" with what each
    step looks like, its places and branches; then "clip" of each."""
    simulator, number = _kind(job, kind)
    graph, plane = _graph(job, simulator, number)
    if len(places) > PLACES:
        raise CuspError(f"a walk has at most {PLACES} places: got {len(places)}")
    straight = plane.walk(np.array([[float(x), float(y)] for x, y in places]).reshape(-1, 2), STEPS)
    walks = {"straight": straight, "reflected": turned_back(graph, straight)}
    for name, codes in walks.items():
        pictures = looks(simulator, number, codes)
        job.picture(
            np.concatenate(list(pictures), axis=1), kind="strip", walk=name, places=plane(codes).tolist(),
            branches=graph.branch(codes).tolist(), turned=bool((codes != straight).any()),
        )  # fmt: skip
    for name, codes in walks.items():
        if name == "straight" or (codes != straight).any():
            _say_clip(job, simulator, graph, name, codes, "", seed)


def _say_clip(
    job: Job, simulator: Simulator, graph: Branches, name: str, codes: np.ndarray, caption: str, seed: int
) -> None:
    def on_step(model: Any, step: int, time: float, latents: dict[str, Any]) -> None:
        job.check()
        job.say("step", walk=name, step=step + 1)

    clip = simulator.follow(codes, graph.kind.name, caption, seed=seed, callback_on_step_end=on_step)
    clip.write(job.folder / f"{name}.mp4")
    job.say("clip", walk=name, file=f"{name}.mp4", caption=caption, branches=graph.branch(codes).tolist())


def _kind(job: Job, name: str) -> tuple[Simulator, int]:
    simulator = simulator_of(job)
    names = [kind.name for kind in simulator.kinds]
    if name not in names:
        raise CuspError(f"no kind {name!r:.80}: this model knows {', '.join(names) or 'none'}")
    return simulator, names.index(name)


def _graph(job: Job, simulator: Simulator, number: int) -> tuple[Branches, Plane]:
    kind = simulator.kinds[number]
    return job.kept(f"fold {kind.name}", lambda: (Branches(kind, kind.branches), Plane.of(kind)))


def _spread(flat: np.ndarray, count: int) -> np.ndarray:
    """Places that cover the plane: each the farthest from those before."""
    chosen = [0]
    away = np.full(len(flat), np.inf)
    while len(chosen) < min(count, len(flat)):
        away = np.minimum(away, ((flat - flat[chosen[-1]]) ** 2).sum(1))
        chosen.append(int(away.argmax()))
    return np.array(chosen)
