"""What is observed in one shot: its scene, and whatever checks derive from it, each derived once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

from cuspworld.audit.evidence.scene import Scene

T = TypeVar("T")


class Observations:
    """`scene`: the evidence of the shot. `once(find_jumps)` is what that function makes of it, kept for the next."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self._kept: dict[Callable[[Scene], Any], Any] = {}

    def once(self, observe: Callable[[Scene], T]) -> T:
        """`observe(scene)`, the first time; what it returned, after that."""
        if observe not in self._kept:
            self._kept[observe] = observe(self.scene)
        return cast(T, self._kept[observe])
