"""CuspWorld: the open world simulator that knows where its world folds.

The public names load on first use, so that `import cuspworld` costs nothing that you do not use.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_HOMES = {
    "Clip": "cuspworld.clip",
    "Simulator": "cuspworld.simulator.simulator",
    "Brenier": "cuspworld.transport.brenier",
    "Library": "cuspworld.library",
    "examine": "cuspworld.exam.examine",
}
_ROOMS = ("worlds", "audit")  # `cuspworld.audit` is a room that can be called

__all__ = ["Brenier", "Clip", "Library", "Simulator", "__version__", "audit", "examine", "worlds"]

if TYPE_CHECKING:
    from cuspworld import worlds
    from cuspworld.audit.room import Room
    from cuspworld.clip import Clip
    from cuspworld.exam.examine import examine
    from cuspworld.library import Library
    from cuspworld.simulator.simulator import Simulator
    from cuspworld.transport.brenier import Brenier

    audit: Room


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    if name in _ROOMS:
        return import_module(f"cuspworld.{name}")
    raise AttributeError(f"module 'cuspworld' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
