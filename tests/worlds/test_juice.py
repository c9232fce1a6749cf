"""Juice against mechanics: mass, energy, momentum, the angle at which a glass tips, and what a fallen glass spills."""

import math

import numpy as np
import pytest

from cuspworld.worlds import make
from cuspworld.worlds.juice import BASE, DENSITY, DEPTH, HALF_BASE, HALF_RIM, HEIGHT, SPACING, WALL
from tests.worlds import contract


def test_the_mass_of_the_juice_stays_and_is_that_of_the_filled_glass():
    world = make("Juice", size=8, fill=0.6)
    truth = world.record(0, size=8, seconds=2.0).truth
    mass = truth.conserved["liquid_mass"]
    assert np.ptp(mass) == 0.0
    level = 0.6 * HEIGHT - BASE  # over the inner bottom
    width = 2 * (HALF_BASE - WALL) + (HALF_RIM - HALF_BASE) * 0.6  # between the walls, half way up
    assert mass[0] == pytest.approx(DENSITY * DEPTH * width * level, rel=0.1)  # half a particle less at every wall


def test_the_liquid_keeps_its_volume_while_it_stands():
    """The settled liquid fills the height that its mass asks for: it is neither squeezed nor blown up."""
    world = make("Juice", size=8, push=0.0)
    world.reset(seed=1)
    start = np.quantile(world._x[:, 1], 0.98)
    for _ in range(10):
        world.step(np.zeros(1))
    assert np.quantile(world._x[:, 1], 0.98) == pytest.approx(start, abs=1.5 * SPACING)
    assert np.abs(world._v).max() < 0.2
    assert world.state["liquid_inside"] == 1.0 and world.branch(world.state) == "standing"


def test_nothing_gains_energy_after_the_push():
    for seed in range(2):
        world = make("Juice", size=8)
        truth = world.record(seed, size=8).truth
        ends = next(event.time for event in truth.events if event.name == "push ends")
        after = truth.state["energy"][math.ceil(ends * world.fps) + 1 :]
        work = after[0] - truth.state["energy"][0]
        assert (np.maximum.accumulate(after[::-1])[::-1][1:] <= after[:-1] + 0.05 * work).all()


def test_the_push_gives_the_glass_and_its_juice_no_more_momentum_than_its_impulse():
    """On ice nothing else acts along the table: glass and juice together take the whole impulse."""
    world = make("Juice", size=8, friction=0.0, push=0.15, push_height=0.3, push_time=0.4, fill=0.5, side="left")
    world.reset(seed=0)
    for k in range(7):
        world.step(np.array(world._policy(k / world.fps)))
    liquid = world._particle_mass * world._v[:, 0].sum()
    total = world._glass.mass * world._glass.velocity[0] + liquid
    assert total == pytest.approx(0.15, rel=0.1)
    assert liquid > 0.2 * total  # the juice took its share


def test_an_empty_glass_tips_beyond_the_angle_of_geometry():
    """A body whose centre of mass is at height h over a base of half width b tips at atan(b / h)."""
    world = make("Juice", size=8, fill=0.1, push=0.0)
    world.reset(seed=0)
    world._x, world._v, world._in = world._x[:0].copy(), world._v[:0].copy(), world._in[:0].copy()
    centre = world._glass.center_of_gravity[1]
    critical = math.atan(HALF_BASE / centre)
    signs = []
    for angle in (0.97 * critical, 1.03 * critical):
        world._glass.angle = -angle
        world._glass.position = (0.0, 0.006 + HALF_BASE * math.sin(angle))
        signs.append(world._measure() > 0)
    assert signs == [False, True]


def test_a_stronger_push_tips_the_glass_and_then_the_juice_is_out():
    states = []
    for push in (0.1, 0.6):
        world = make("Juice", size=8, push=push, push_height=0.8, fill=0.6, glass_mass=0.3)
        truth = world.record(2, size=8).truth
        states.append(truth)
    assert states[0].branch == "standing" and states[1].branch == "fallen"
    assert states[0].state["liquid_inside"][-1] > 0.95 and states[1].state["liquid_inside"][-1] < 0.8
    tipping = next(event.time for event in states[1].events if event.name == "tipping")
    beyond = states[1].state["overhang"] >= 0
    assert not beyond[: int(tipping * 10) + 1].any() and beyond[int(tipping * 10) + 1]


@pytest.mark.parametrize("twin", ["pouring_skipped", "liquid_vanishes", "stays_in_glass"])
def test_twins(twin):
    possible, impossible = contract.check_twin("Juice", twin)
    if twin == "liquid_vanishes":
        assert impossible.truth.conserved["liquid_mass"][-1] == 0.0 < possible.truth.conserved["liquid_mass"][-1]
    if twin == "stays_in_glass":
        assert impossible.truth.state["liquid_inside"][-1] > possible.truth.state["liquid_inside"][-1]


def test_contract():
    contract.check_environment("Juice")
    contract.check_same_seed_same_bytes("Juice", 1.0)
    contract.check_size_changes_only_the_picture("Juice", 0.4)
    contract.check_splits("Juice")
    contract.check_captions("Juice", 1.0)
    contract.check_bad_input("Juice")
