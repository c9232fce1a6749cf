"""Recording a world into a library: what is asked for (Recipe), and the worker that records some of its seeds."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cache
from typing import Any

from cuspworld import worlds
from cuspworld.checks import number
from cuspworld.errors import CuspError
from cuspworld.library.schema import row_of
from cuspworld.library.work import Done, write_rows
from cuspworld.worlds.environment import RATES
from cuspworld.worlds.parameters import VARIED, nearest
from cuspworld.worlds.recording import frame_count
from cuspworld.worlds.world import World


@dataclass(frozen=True)
class Recipe:
    """What a recording depends on besides its seed: a world's name and the arguments of `World.record`."""

    world: str
    seconds: float | None = None
    size: int | tuple[int, int] = 64
    fps: float | None = None
    caption: str = "rich"
    language: str = "en"
    twin: str | None = None
    split: str = "train"
    preset: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    passes: tuple[str, ...] = ()
    actions: str | None = None  # "random", or what the world's parameters say

    def to_json(self) -> str:
        """Without passes and actions it reads as it did before there were any, and so do the keys of the clips."""
        values = asdict(self)
        for later in ("passes", "actions"):
            if not values[later]:
                del values[later]
        return json.dumps(values, sort_keys=True)

    def key(self, seed: int) -> str:
        """The clip's key in the library: the same recipe and seed, the same clip."""
        return f"{self.world}/{hashlib.sha256(self.to_json().encode()).hexdigest()[:12]}/{seed:019d}"


@dataclass(frozen=True)
class RecordTask:
    """Record these seeds and write them beside the library at `path`, uncommitted."""

    path: str
    recipe: str
    items: tuple[int, ...]  # seeds


def check_recipe(recipe: Recipe, seed: int) -> None:
    """Raise CuspError for whatever the world refuses, before anything is recorded."""
    world = _make(recipe)
    rate = number("fps", world.fps if recipe.fps is None else recipe.fps, *RATES)
    frame_count(world.seconds if recipe.seconds is None else recipe.seconds, rate)
    if recipe.twin is not None and recipe.twin not in world.twins:
        raise CuspError(f"{world.name} has no twin {recipe.twin!r}; {nearest(recipe.twin, world.twins)}")
    one_frame = 1 / rate
    world.record(seed, seconds=one_frame, size=recipe.size, fps=rate, caption=recipe.caption, language=recipe.language,
                 passes=recipe.passes, actions=recipe.actions)  # fmt: skip


def _make(recipe: Recipe) -> World:
    return worlds.make(recipe.world, split=recipe.split, preset=recipe.preset, **recipe.options)


def record_seeds(task: RecordTask) -> Done:
    """A worker's share. A seed that the world refuses (no occasion for the twin) is reported and left out."""
    recipe, world = _prepared(task.recipe)
    arguments = {
        name: getattr(recipe, name) for name in ("seconds", "fps", "caption", "language", "twin", "passes", "actions")
    }
    rows, problems = [], []
    for seed in task.items:
        try:
            clip = world.record(seed, size=recipe.size, **arguments)
        except CuspError as error:
            problems.append((f"seed {seed}", str(error)))
            continue
        # A possible clip and its twins, at any size and filmed in any way, are nearly the same: one side of the split.
        physics = "train" if recipe.split == VARIED else recipe.split
        rows.append(row_of(clip, recipe.key(seed), world.name, f"{world.name}/{physics}/{seed}"))
    return write_rows(task.path, rows, problems)


@cache
def _prepared(text: str) -> tuple[Recipe, World]:
    values = json.loads(text)
    if isinstance(values["size"], list):
        values["size"] = tuple(values["size"])
    recipe = Recipe(**values)
    return recipe, _make(recipe)
