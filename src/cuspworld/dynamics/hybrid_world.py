"""HybridWorld: the learned world where it can be trusted, the first-principles world where it cannot.

Where the `ErrorMap` gives the next step less than `least`, as at a contact or beyond what was recorded, the
first-principles world goes on from the numbers that the learned one shows; what it draws is encoded, and as soon as
the map trusts that state the learned world goes on from there.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch

from cuspworld.checks import number
from cuspworld.dynamics.error_map import ErrorMap
from cuspworld.dynamics.learned_world import LearnedWorld, folder_of
from cuspworld.errors import CuspError

ERROR_MAP = "error_map"  # a folder in the model's
LEARNED, TRUE = "learned", "first principles"


class HybridWorld(LearnedWorld):
    """A `LearnedWorld` whose `info` says at each step how far the prediction was trusted, `info["trust"]` (0 to 1), and
    which world made it, `info["by"]`: "learned" or "first principles".

    `least`: the trust below which first principles take over; 0 never, more than 1 always. Raises CuspError for a model
    without an error map, and where `least` is above 0, for a world that cannot go on from its numbers.
    """

    def __init__(
        self,
        name: str,
        model: str | Path | None = None,
        render_mode: str | None = None,
        *,
        least: float = 0.5,
        **options: Any,
    ):
        super().__init__(name, model, render_mode, **options)
        folder = folder_of(name, model) / ERROR_MAP
        if not folder.is_dir():
            raise CuspError(
                f"{folder.parent} has no {ERROR_MAP}/: train with held-out clips, or `ErrorMap.learn` from some"
            )
        self.error_map = ErrorMap.from_pretrained(folder)
        self.hand_over(least)
        self.by = LEARNED

    def hand_over(self, least: float) -> None:
        """Take another `least`, in the middle of a run too. Raises CuspError as at the start."""
        number("least", least, 0.0, 2.0)
        if least > 0 and not self.true.resumes:
            raise CuspError(
                f"{self.true.name} cannot go on from its numbers, so that first principles cannot take over: take "
                "least=0, which says the trust and lets the learned world go on"
            )
        self.least = float(least)

    def look(self, frames: np.ndarray) -> None:
        self.by = LEARNED
        super().look(frames)

    def reset(self, *, seed: int | None = None, options: Any = None) -> tuple[np.ndarray, dict[str, Any]]:
        self.by = LEARNED
        return super().reset(seed=seed, options=options)

    def trust(self, action: Any) -> float:
        """How far the learned world can be trusted with this action now, 0 to 1."""
        taken = torch.from_numpy(self.true.check_action(action)).float()
        return float(self.error_map.trust(self.model, self._begun(), taken[None])[0])

    def _move(self, taken: np.ndarray) -> dict[str, Any]:
        trust = self.trust(taken)
        if trust >= self.least:
            self.by = LEARNED
            return {**super()._move(taken), "trust": trust, "by": LEARNED}
        if self.by == LEARNED:
            self.true.resume(self._observation())
            self._seen = [self._true_picture()]
        self.by = TRUE
        self.true.step(taken)
        self._seen = [*self._seen, self._true_picture()][-self.model.config.history :]
        self._state = self.model.followed(self._begun(), np.stack(self._seen))
        return {"trust": trust, "by": TRUE}

    def render(self) -> np.ndarray | None:
        if self.by == TRUE and self.render_mode:
            return self._seen[-1]
        return super().render()

    def _observation(self) -> np.ndarray:
        if self.by == TRUE:
            return np.clip(np.array(self.true.row()), self._low, self._high)
        return super()._observation()
