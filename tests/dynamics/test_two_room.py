"""The benchmark's corrected collision and its oracle, without the package that it wants."""

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest


@pytest.fixture(scope="module")
def rule():
    folder = Path(__file__).parents[2] / "benchmarks"
    sys.path.insert(0, str(folder))  # as a script has it
    try:
        spec = importlib.util.spec_from_file_location("two_room", folder / "two_room.py")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(str(folder))
        sys.modules.pop("results", None)
    return module


def test_a_disk_stops_where_it_touches_the_wall(rule):
    """Its edge is 7 px from its centre; the wall begins at 107 px."""
    stopped = rule.swept(np.array([90.0, 150.0]), np.array([140.0, 150.0]))
    assert 99.7 <= stopped[0] <= 100.0 and stopped[1] == 150.0


def test_the_whole_disk_must_fit_the_door(rule):
    through = rule.swept(np.array([90.0, 55.9]), np.array([140.0, 55.9]))
    assert through.tolist() == [140.0, 55.9]  # 63 - 7 = 56 px is the lowest
    assert not rule.clear(np.array([112.0, 56.1])) and rule.swept(np.array([90.0, 57]), np.array([140.0, 57]))[0] < 112


def test_no_step_jumps_through_a_corner(rule):
    """From beside the door across its post: the end point is free, the way is not."""
    begin, end = np.array([99.0, 60.0]), np.array([126.0, 60.0])
    assert rule.clear(begin) and rule.clear(end) and rule.swept(begin, end)[0] < 112


def test_pairs_are_the_same_for_a_seed_and_lie_in_two_rooms(rule):
    drawn = rule.pairs(20, 3, 125.0)
    for (start, goal), (again, _) in zip(drawn, rule.pairs(20, 3, 125.0), strict=True):
        assert (start == again).all() and rule.clear(start) and rule.clear(goal)
        assert (start[0] - rule.CENTRE) * (goal[0] - rule.CENTRE) < 0
