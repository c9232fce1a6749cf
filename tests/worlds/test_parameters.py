"""Parameters refuse what physics refuses; the three splits hold their promises and do not overlap."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cuspworld.errors import CuspError
from cuspworld.worlds.parameters import Parameter, check_options, draw, matches, split_of

MASS = Parameter("mass", "kg", "mass", (1.0, 2.0), ((0.2, 0.5), (3.0, 9.0)), (0.01, 100.0))
LEGS = Parameter("legs", "1", "legs", (3, 5), ((7, 8),), (1, 20), integer=True)
COLOUR = Parameter("colour", "", "colour", choices=("red", "blue"), out_choices=("pink",))
GRAVITY = Parameter("gravity", "m/s^2", "gravity", out=((1.0, 2.0),), bounds=(0.0, 30.0), default=9.81)
TABLE = {p.name: p for p in (MASS, LEGS, COLOUR, GRAVITY)}
HELD_OUT = ((("colour", "red"), ("mass", (1.8, 2.0))),)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"mass": -1.0}, "between 0.01 and 100 kg"),
        ({"mass": float("nan")}, "got nan"),
        ({"mass": float("inf")}, "got inf"),
        ({"mass": "heavy"}, "must be a number in kg"),
        ({"mass": True}, "must be a number"),
        ({"legs": 3.5}, "whole number"),
        ({"legs": 30}, "between 1 and 20: got"),
        ({"colour": "plaid"}, "one of red, blue, pink"),
        ({"mas": 1.0}, "did you mean 'mass'"),
        ({"xyzzy": 1.0}, "known: mass, legs"),
    ],
)
def test_bad_options_are_refused_and_named(options, words):
    with pytest.raises(CuspError, match=words):
        check_options(TABLE, options)


def test_numpy_numbers_become_plain_python():
    checked = check_options(TABLE, {"mass": np.float32(1.5), "legs": np.int64(4)})
    assert type(checked["mass"]) is float and type(checked["legs"]) is int


@given(st.integers(0, 2**32), st.sampled_from(["train", "out", "recombination"]))
def test_a_draw_belongs_to_its_split_and_to_no_other(seed, split):
    values = draw(TABLE, HELD_OUT, split, np.random.default_rng(seed), {})
    assert split_of(TABLE, HELD_OUT, values) == split
    assert check_options(TABLE, values) == values


@given(st.integers(0, 2**32))
def test_training_never_sees_a_held_out_pair(seed):
    values = draw(TABLE, HELD_OUT, "train", np.random.default_rng(seed), {"colour": "red"})
    assert not matches(HELD_OUT[0][1], values)


def test_draws_fill_their_intervals_uniformly():
    rng = np.random.default_rng(0)
    inside = np.array([MASS.draw(rng) for _ in range(4000)])
    outside = np.array([MASS.draw(rng, out=True) for _ in range(4000)])
    assert abs(inside.mean() - 1.5) < 0.02 and inside.min() >= 1.0 and inside.max() <= 2.0
    assert abs((outside < 1).mean() - 0.3 / 6.3) < 0.015  # by length of the intervals
    legs = np.array([LEGS.draw(rng) for _ in range(3000)])
    assert sorted(set(legs.tolist())) == [3, 4, 5]
    assert np.abs(np.bincount(legs)[3:] / 3000 - 1 / 3).max() < 0.04


def test_fixing_one_parameter_leaves_the_others_as_they_were():
    free = draw(TABLE, (), "train", np.random.default_rng(7), {})
    fixed = draw(TABLE, (), "train", np.random.default_rng(7), {"legs": 5})
    assert {**free, "legs": 5} == fixed


def test_impossible_demands_say_why():
    rng = np.random.default_rng(0)
    with pytest.raises(CuspError, match="leave nothing to draw in split 'recombination'"):
        draw(TABLE, HELD_OUT, "recombination", rng, {"colour": "blue"})
    with pytest.raises(CuspError, match="at least one free parameter"):
        draw(TABLE, HELD_OUT, "out", rng, {"mass": 1.0, "legs": 3, "colour": "red", "gravity": 9.81})
    with pytest.raises(CuspError, match="the cup is smaller than its ship"):
        draw(TABLE, HELD_OUT, "train", rng, {}, lambda values: "the cup is smaller than its ship")
