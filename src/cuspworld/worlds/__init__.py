"""First-principles worlds: `names()`, `make(name, **options)`; Gymnasium ids `cuspworld/Juice-v0` and so on.

A world is one file and one row of the table below; it is imported only when it is made.
"""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import gymnasium

from cuspworld.errors import CuspError, MissingExtraError

if TYPE_CHECKING:
    from cuspworld.worlds.world import World

# world -> (module, one line about the scene, packages it needs beyond the core, the extra that brings them)
WORLDS: dict[str, tuple[str, str, tuple[str, ...], str]] = {
    "Candles": ("candles", "Candles on a cake; a breath of air from one side blows them out, or not.", (), ""),
    "Chair": (
        "chair",
        "A chair is lifted, dropped, propped on an edge; it stands, or tips over.",
        ("mujoco",),
        "worlds",
    ),
    "Ant": ("ant", "An ant on six legs walks over the ground.", ("mujoco",), "worlds"),
    "Treadmill": (
        "treadmill",
        "A walker on a belt keeps its place, or slips and is carried off.",
        ("mujoco",),
        "worlds",
    ),
    "Juice": ("juice", "A glass of juice on a table is pushed: it rocks back, or tips over and pours.", (), ""),
    "Puppies": ("puppies", "Three or four puppies romp over the grass and pass behind one another.", (), ""),
    "CoffeeCup": ("coffee_cup", "Two toy ships fight in a cup of coffee.", (), ""),
    "Snow": ("snow", "An animal jumps through the snow; lumps fall and crumble.", (), ""),
    "Collision": ("collision", "Two balls collide, one ball rolls, or a ball is thrown.", (), ""),
    "Planets": ("planets", "Planets around a star: bound, captured, or lost.", (), ""),
    "Heat": ("heat", "The temperature of a plate whose edge is held hot and cold.", (), ""),
    "WindTunnel": ("wind_tunnel", "Smoke flows past an obstacle; vortices are shed, or not.", (), ""),
}


def names() -> list[str]:
    """The worlds that can be made."""
    return [name for name, (module, *_) in WORLDS.items() if find_spec(f"cuspworld.worlds.{module}.world")]


def make(name: str, **options: Any) -> World:
    """A world by name. `options`: size, fps, split, preset, and physical parameters that stay fixed.

    Raises CuspError for an unknown name (it lists the nearest) or a bad option, MissingExtraError if its engine is not
    installed.
    """
    if name not in WORLDS or name not in names():
        from cuspworld.worlds.parameters import nearest

        raise CuspError(f"no world {name!r}; {nearest(name, names())}")
    module, _, packages, extra = WORLDS[name]
    for package in packages:
        if find_spec(package) is None:
            raise MissingExtraError(f"the world {name} ({package})", extra)
    return getattr(import_module(f"cuspworld.worlds.{module}.world"), name)(**options)


def describe(name: str) -> str:
    """One line about the scene."""
    return WORLDS[name][1]


for _name in WORLDS:
    gymnasium.register(id=f"cuspworld/{_name}-v0", entry_point="cuspworld.worlds:make", kwargs={"name": _name})
