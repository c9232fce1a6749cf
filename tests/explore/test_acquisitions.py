"""Acquisitions: all keep the contract; the singular set finds a fold that nobody told it of, and none where none is."""

import numpy as np
import pytest

from cuspworld.errors import CuspError
from cuspworld.explore.acquisitions import Acquisition, Seen, acquisition, known, register
from cuspworld.explore.acquisitions.acquisition import best_apart
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


def test_gabriel_s_neighbours_have_nobody_in_the_ball_between_them():
    points = np.random.default_rng(2).uniform(size=(40, 3))
    square = ((points[:, None] - points) ** 2).sum(2)
    pairs = [(i, j) for i in range(40) for j in range(i + 1, 40)
             if all(square[i, k] + square[j, k] >= square[i, j] for k in range(40) if k not in (i, j))]  # fmt: skip
    assert list(zip(*(side.tolist() for side in gabriel(points)), strict=True)) == pairs


def test_a_batch_is_spread_over_the_best_fifth():
    pool = np.random.default_rng(3).uniform(size=(5000, 2))
    seen = Seen(pool, np.arange(20), np.zeros((20, 1)), ("",) * 20)
    found = best_apart(seen, -np.linalg.norm(pool[20:] - 0.5, axis=1), 10)
    away = np.linalg.norm(pool[found] - 0.5, axis=1)
    assert away.max() < np.sqrt(0.21 / np.pi)  # the disc that holds a fifth of the square
    among = np.linalg.norm(pool[found][:, None] - pool[found], axis=2)[~np.eye(10, dtype=bool)]
    assert len(set(found.tolist())) == 10 and among.min() > 0.1


def test_the_main_axes_keep_every_distance():
    outcomes = np.random.default_rng(4).normal(size=(30, 4)) @ np.random.default_rng(5).normal(size=(4, 200))
    main = Seen(np.zeros((30, 1)), np.arange(30), outcomes, ("",) * 30).main
    assert main.shape == (30, 4)
    for a, b in ((0, 1), (3, 17)):
        assert np.linalg.norm(main[a] - main[b]) == pytest.approx(np.linalg.norm(outcomes[a] - outcomes[b]))


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
