"""Task: a goal in a world, so that an agent can be trained there: `cuspworld/Juice-Pour-v0` is Juice with Pour."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np


def never(world: Any) -> bool:
    return False


@dataclass(frozen=True)
class Task:
    """A goal.

    `progress`: a state row -> a number that grows towards the goal, by about one in all. `reached`, `lost`: whether the
    world is at the goal, or can no longer come there; either ends the episode. `cost`: of one unit of each action.
    `options`: parameters that the task fixes.

    The reward of a step is the change of `progress`, and 1 more at the goal, less the cost of the action: a sum over an
    episode that no detour makes larger (Ng, Harada, Russell 1999).
    """

    doc: str
    progress: Callable[[np.void], float]
    reached: Callable[[Any], bool]
    lost: Callable[[Any], bool] = never
    cost: float = 0.0
    options: Mapping[str, Any] = field(default_factory=dict)
