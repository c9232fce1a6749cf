"""What would happen if: a parameter takes another value while the world runs."""

import copy

import numpy as np
import pytest

from cuspworld import worlds
from cuspworld.errors import CuspError
from cuspworld.worlds.planets.world import G


def begun(name, **options):
    world = worlds.make(name, size=16, **options)
    world.reset(seed=3)
    return world


def test_a_ball_falls_as_the_new_gravity_says():
    world = begun("Collision", law="parabola")
    world.step([0, 0])
    before = world.state["ball_1_velocity_y"]
    world.change("gravity", 10.0)
    world.step([0, 0])
    assert world.state["ball_1_velocity_y"] - before == pytest.approx(-10.0 * 0.1)


def test_the_published_engine_takes_it_too():
    pytest.importorskip("Box2D")
    world = begun("Collision", law="parabola", engine="box2d")
    world.change("gravity", 0.0)
    before = world.state["ball_1_velocity_y"]
    world.step([0, 0])
    assert world.state["ball_1_velocity_y"] == before


def test_a_restitution_of_nought_lets_the_balls_stay_together():
    world = begun("Collision", law="collision")
    world.change("restitution", 0.0)
    for _ in range(31):
        world.step([0, 0])
    assert world.state["ball_1_velocity_x"] == pytest.approx(world.state["ball_2_velocity_x"])


def test_a_heavier_star_pulls_more_at_once():
    world = begun("Planets", rocket="none", planets=1, star_mass=1.0, fps=1000.0)
    world.change("star_mass", 2.0)
    before = world.state
    world.step([0])
    pulled = [(world.state[f"planet_1_velocity_{c}"] - before[f"planet_1_velocity_{c}"]) * 1000 for c in "xy"]
    away = np.array([before[f"planet_1_{c}"] - before[f"star_{c}"] for c in "xy"])
    assert np.hypot(*pulled) == pytest.approx(2 * G / (away @ away), rel=0.01)


def test_a_heavy_glass_is_moved_less_and_a_copy_knows_of_the_change():
    light, heavy = (begun("Juice", push=0.3, push_time=0.4) for _ in range(2))
    heavy.change("glass_mass", 4.0)
    again = copy.deepcopy(heavy)
    for k in range(6):
        for world in (light, heavy, again):
            world.step(world.policy(k / 10))
    assert abs(heavy.state["glass_velocity_x"]) < 0.5 * abs(light.state["glass_velocity_x"])
    assert again.state == heavy.state


def test_what_cannot_be_changed_is_named():
    with pytest.raises(CuspError, match="cannot change 'fill' on the way; what it can: gravity, glass_mass, friction"):
        begun("Juice").change("fill", 0.2)
    with pytest.raises(CuspError, match="what it can: none"):
        begun("Heat").change("ambient", 300.0)
    with pytest.raises(CuspError, match="between 0 and 1"):
        begun("Collision").change("restitution", 2.0)
