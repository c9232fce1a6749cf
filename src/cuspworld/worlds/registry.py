"""The worlds by name: this package's by their folders, other packages' by entry point, yours by `register`.

An address, `package.module:Class`, says where a world's class is; it is imported only when the world is made.
"""

from __future__ import annotations

import pkgutil
import re
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import gymnasium

from cuspworld.errors import CuspError, MissingExtraError

if TYPE_CHECKING:
    from cuspworld.worlds.world import World

GROUP = "cuspworld.worlds"  # the entry points of other packages: name = "package.module:Class"


@dataclass(frozen=True)
class Entry:
    """Where a world is, one line about its scene, the packages it needs, and the extra that brings them."""

    address: str
    scene: str | None = None
    needs: tuple[str, ...] = ()
    extra: str = ""
    found: type[World] | None = None  # a class that was registered itself
    tasks: tuple[str, ...] = ()

    @property
    def ours(self) -> bool:
        return self.address.startswith("cuspworld.")


_entries: dict[str, Entry] = {}
Class = TypeVar("Class", bound="type[World]")


def register(world: Class) -> Class:
    """Make a world known by its `name`: to `make`, to `cusp`, and to Gymnasium as `cuspworld/NAME-v0`.

    A decorator of the class, whose docstring's first line says what is seen. Raises CuspError for a class that is no
    world, that leaves out what a world must declare, or whose name is taken.
    """
    _check(world)
    _add(
        world.name,
        Entry(f"{world.__module__}:{world.__qualname__}", _scene(world), found=world, tasks=tuple(world.tasks)),
    )
    return world


def names() -> list[str]:
    """The worlds that can be made."""
    _installed()
    return list(_entries)


def make(name: str, **options: Any) -> World:
    """A world by its name, or by its address, `package.module:Class`.

    `options`: size, fps, split, preset, and physical parameters that stay fixed. Raises CuspError for an unknown name
    (it lists the nearest) or a bad option, MissingExtraError if its engine is not installed.
    """
    return _load(_entry(name))(**options)


# Gymnasium asks the entry point what it can draw, and wraps it for "human" and "rgb_array_list"
make.metadata = {"render_modes": ["rgb_array"], "render_fps": 10}  # type: ignore[attr-defined]


def describe(name: str) -> str:
    """One line about the scene."""
    entry = _entry(name)
    if entry.scene is not None:
        return entry.scene
    try:
        return _scene(_load(entry))
    except CuspError as error:
        return f"(cannot be made: {error})"


def address(name: str) -> str:
    """By what another process can make this world: the name of one of this package's, the address of any other."""
    entry = _entry(name)
    return name if entry.ours else entry.address


def _entry(name: str) -> Entry:
    if name not in _entries:
        _installed()
    known = _entries.get(name) or next((entry for entry in _entries.values() if entry.address == name), None)
    if known is not None:
        return known
    if ":" in str(name):
        return Entry(name)
    from cuspworld.worlds.parameters import nearest

    raise CuspError(f"no world {name!r}; {nearest(name, _entries)}; one of your own: package.module:Class")


def _load(entry: Entry) -> type[World]:
    for package in entry.needs:
        if find_spec(package) is None:
            raise MissingExtraError(f"the world {entry.address} ({package})", entry.extra)
    if entry.found is not None:
        return entry.found
    module, _, name = entry.address.partition(":")
    try:
        found = getattr(import_module(module), name)
    except (ImportError, AttributeError, ValueError) as error:
        raise CuspError(f"no world at {entry.address}: {error}") from error
    _check(found)
    if not entry.ours:
        register(found)
    return found


def _scene(world: type[World]) -> str:
    return (world.__doc__ or "").strip().split("\n")[0]


def _check(world: Any) -> None:
    """Raise CuspError for what is no world, or declares too little to be recorded."""
    from cuspworld.worlds.world import World

    if not (isinstance(world, type) and issubclass(world, World)):
        raise CuspError(f"a world is a subclass of cuspworld.worlds.world.World: got {world!r}")
    if not re.fullmatch(r"[A-Za-z]\w*", world.name, re.ASCII):
        example = 'name = "Pendulum"'
        raise CuspError(f"{world.__qualname__} needs a name of letters and digits, as in {example}: got {world.name!r}")
    for what, example in (("columns", '{"angle": "rad"}'), ("branches", '("swinging", "turning")')):
        if not getattr(world, what):
            raise CuspError(f"{world.__qualname__} declares no {what}, as in {what} = {example}")
    if untold := set(world.critical_events) - set(world.captions.events):
        raise CuspError(
            f"the captions of {world.__qualname__} do not tell its critical events {', '.join(sorted(untold))}: "
            "name them in Captions(events=...)"
        )


def _add(name: str, entry: Entry) -> None:
    before = _entries.get(name)
    if before is not None and before.address != entry.address:
        raise CuspError(f"the name {name!r} is taken by the world at {before.address}: take another")
    _entries[name] = entry
    where = name if entry.ours else entry.address
    gymnasium.register(id=f"cuspworld/{name}-v0", entry_point="cuspworld.worlds:make", kwargs={"name": where})
    for task in entry.tasks:
        goal = {"name": where, "task": task}
        gymnasium.register(id=f"cuspworld/{name}-{task}-v0", entry_point="cuspworld.worlds:make", kwargs=goal)


@cache
def _installed() -> None:
    """Add the worlds of installed packages; one whose name is taken is left out."""
    for point in entry_points(group=GROUP):
        if point.name not in _entries:
            _add(point.name, Entry(point.value))


def _add_folders() -> None:
    """Add the worlds of this package: every folder beside this file whose `__init__` has a NAME."""
    for folder in pkgutil.iter_modules([str(Path(__file__).parent)]):
        if folder.ispkg:
            package = import_module(f"cuspworld.worlds.{folder.name}")
            if name := getattr(package, "NAME", None):
                needs, tasks = getattr(package, "NEEDS", ()), getattr(package, "TASKS", ())
                where = f"cuspworld.worlds.{folder.name}.world:{name}"
                _add(name, Entry(where, package.__doc__, needs, "worlds", tasks=tasks))


_add_folders()
