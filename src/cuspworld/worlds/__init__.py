"""First-principles worlds: `names()`, `make(name, **options)`, `register`; Gymnasium ids `cuspworld/Juice-v0`.

A world is a folder: `world.py` and what only it needs; its `__init__` says its name and scene, and the packages that it
needs beyond the core. It is imported only when it is made.
"""

from cuspworld.worlds.registry import address, describe, make, names, register

__all__ = ["address", "describe", "make", "names", "register"]
