"""`Simulator(..., candidates=n)` keeps the clip that the audit likes best, and says which."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from cuspworld import worlds
from cuspworld.clip import Clip
from cuspworld.errors import CuspWarning
from cuspworld.simulator.choosing import Candidate, ranked, read
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
    assert ranked[0].seed == 5
    assert sorted(one.seed for one in ranked) == [4, 5, 6]
    scores = [one.report.score for one in ranked]
    assert scores == sorted(scores, reverse=True)
    assert scores[0] > 0.5 > scores[1]
    assert ranked[0].clip.caption == "two discs"


def test_a_call_with_candidates_says_which_it_kept() -> None:
    class Model(Draws):
        best_of = Simulator.best_of

    with pytest.warns(CuspWarning, match="kept seed 5 of 3 candidates: the audit's score"):
        chunks = Simulator._best_whole(Model(), "two discs", {"seed": 4}, {}, 3, None)  # type: ignore[arg-type]
    assert np.array_equal(next(chunks), Draws()("two discs", seed=5).frames)


def test_a_clip_that_shows_what_was_asked_goes_before_one_that_does_not() -> None:
    """Where a world has a detector, what it reads decides before the audit's score does."""
    asked = "Three puppies: a black one, a white one and a golden one."

    class Report:
        def __init__(self, score: float) -> None:
            self.score = score

    def made(seed: int, count: int, score: float) -> Candidate:
        coats = {f"coat_{k}": coat for k, coat in enumerate(("black", "white", "golden")[:count], 1)}
        clip = worlds.make("Puppies", count=count, **coats).record(6, seconds=1.0, fps=10.0, size=64)
        return read(replace(clip, made={"kind": "Puppies"}), Report(score), seed)

    best, other = ranked(asked, [made(0, 2, 0.9), made(1, 3, 0.1)])
    assert best.seed == 1 and best.told.startswith("Three puppies") and best.heeds > other.heeds
    assert "it shows" in str(best)


def test_of_clips_that_show_the_same_the_clearer_is_kept() -> None:
    clip = Draws()("two discs", seed=0)

    class Report:
        score = 0.5

    told = "Three puppies: a black one, a white one and a golden one."
    hidden = Candidate(clip, Report(), 0, told, faults=0.0, unclear=0.6)
    clear = Candidate(clip, Report(), 1, told, faults=0.2, unclear=0.1)
    fewer = Candidate(clip, Report(), 2, "Two puppies: a black one and a white one.")
    assert [one.seed for one in ranked(told, [hidden, clear, fewer])] == [1, 0, 2]
