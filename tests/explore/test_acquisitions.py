"""Acquisitions: all keep the contract; the singular set finds a fold that nobody told it of, and none where none is."""

import numpy as np
import pytest

from cuspworld.errors import CuspError
from cuspworld.explore.acquisitions import Acquisition, Seen, acquisition, known, register
from cuspworld.explore.acquisitions.singular_set import gabriel, singular_facets
from cuspworld.explore.search import search, standardised


def fold(point):
    """Two smooth branches that part at x + 0.3 y = 0.6."""
    x, y = point
    side = 1.0 if x + 0.3 * y > 0.6 else -1.0
    return np.array([side * 2 + 0.3 * x, y, 0.2 * x * y, side]), "far" if side > 0 else "near"


def smooth(point):
    return np.array([np.sin(3 * point[0]), point[1] ** 2, point.sum()]), ""


def run(function, name, budget=60, seed=0):
    pool = np.random.default_rng(5).uniform(size=(800, 2))
    return pool, search(pool, lambda k: function(pool[k]), name, budget, begin=20, batch=10, seed=seed)


@pytest.mark.parametrize("name", list(known))
@pytest.mark.parametrize("function", [fold, smooth])
def test_each_chooses_once_what_it_is_asked_for_and_always_the_same(name, function):
    _, (chosen, states, branches) = run(function, name)
    assert len(set(chosen.tolist())) == 60 == len(states) == len(branches)
    assert (run(function, name)[1][0] == chosen).all()
    if name != "random":
        assert (chosen[:20] == run(function, "random")[1][0][:20]).all()  # they begin alike


def test_the_singular_set_lies_on_the_fold():
    pool, (chosen, *_) = run(fold, "singular-set")
    away = np.abs(pool[chosen[20:]] @ [1, 0.3] - 0.6)
    blind = np.abs(pool[run(fold, "random")[1][0][20:]] @ [1, 0.3] - 0.6)
    assert (away < 0.1).mean() > 1.5 * (blind < 0.1).mean()


def test_little_stands_out_where_nothing_folds():
    points = np.random.default_rng(1).uniform(size=(80, 2))
    _, torn = singular_facets(points, standardised(np.stack([smooth(p)[0] for p in points])))
    pairs, found = singular_facets(points, standardised(np.stack([fold(p)[0] for p in points])))
    middles = points[pairs].mean(1) @ [1, 0.3]
    assert len(torn) < 0.2 * len(gabriel(points)[0])
    assert len(found) > 5 and np.abs(middles[np.argsort(-found)[:5]] - 0.6).max() < 0.15


def test_gabriel_s_neighbours_on_a_line_are_the_next():
    line = np.array([[0, 0], [2, 0.1], [1, 0], [3, 0.0]])
    assert set(zip(*(side.tolist() for side in gabriel(line)), strict=True)) == {(0, 2), (1, 2), (1, 3)}


def test_one_of_your_own_joins_by_its_name():
    @register
    class First(Acquisition):
        name = "first"

        def choose(self, seen: Seen, count: int) -> np.ndarray:
            return seen.free[:count]

    try:
        _, (chosen, *_) = run(fold, "first")
        assert sorted(chosen[20:].tolist())[0] < 40
        with pytest.raises(CuspError, match="take one of"):
            acquisition("last")
    finally:
        del known["first"]
