"""`Simulator(..., candidates=n)` keeps the clip that the audit likes best, and says which."""

from typing import Any

import numpy as np
import pytest

from cuspworld.clip import Clip
from cuspworld.errors import CuspWarning
from cuspworld.simulator.simulator import Simulator

from .scenes import BLUE, FPS, RED, render, straight


class Draws:
    """In the place of a model: seed 5 draws two discs that move evenly; in every other seed one of them vanishes."""

    def __call__(self, prompt: str, *, seed: int = 0, **options: Any) -> Clip:
        paths = [straight((25, 30), (1.2, 0), 50), straight((100, 65), (-1.1, 0.1), 50)]
        if seed != 5:
            paths[1][20 + seed :] = np.nan
        return Clip(render(paths, [7, 9], [RED, BLUE], seed=seed), FPS, prompt)


def test_the_possible_candidate_is_kept_and_all_are_handed_out() -> None:
    ranked = Simulator.best_of(Draws(), "two discs", 3, seed=4)  # type: ignore[arg-type]
    assert ranked[0][2] == 5
    assert sorted(seed for _, _, seed in ranked) == [4, 5, 6]
    scores = [report.score for _, report, _ in ranked]
    assert scores == sorted(scores, reverse=True)
    assert scores[0] > 0.5 > scores[1]
    assert ranked[0][0].caption == "two discs"


def test_a_call_with_candidates_says_which_it_kept() -> None:
    class Model(Draws):
        best_of = Simulator.best_of

    with pytest.warns(CuspWarning, match="kept seed 5 of 3 candidates: the audit's score"):
        clip = Simulator.__call__(Model(), "two discs", seed=4, candidates=3)  # type: ignore[arg-type]
    assert clip.caption == "two discs"
