"""CoffeeCup against hydrostatics and wave theory: sloshing modes, volume, energy, Archimedes, roll, the caustic."""

import math

import numpy as np
import pytest
from scipy.special import j1

from cuspworld.errors import CuspError
from cuspworld.worlds import make
from cuspworld.worlds.coffee_cup.world import AHEAD, BEAM, COFFEE, GYRATION, STEP, kernels
from tests.worlds import contract

CALM = {"thrust_1": 0.0, "thrust_2": 0.0, "shake": 0.0}


def slosh(cells: int) -> tuple[float, float, float]:
    """The first sloshing mode of a round basin: its frequency over theory, and how far volume and energy drift."""
    radius, gravity, depth = 0.044, 9.81, 0.01
    cell = 2 * radius / (cells - 4)
    line = (np.arange(cells) + 0.5 - cells / 2) * cell
    r = np.hypot(line[None, :], line[:, None])
    wet = r < radius
    k = 1.841184 / radius
    eta = np.where(wet, 1e-3 * j1(k * r) * line[None, :] / np.maximum(r, 1e-9), 0.0)
    shape = eta.copy()
    u, v, head = np.zeros((cells, cells + 1)), np.zeros((cells + 1, cells)), np.zeros((cells, cells))
    dt = 0.3 * cell / math.sqrt(gravity * depth)
    series, energies, volumes = [], [], []
    for _ in range(round(1.2 / dt)):
        kernels.wave_step(eta, u, v, head, wet, gravity, depth, 0.0, cell, dt)
        series.append(float((eta * shape).sum()))
        energies.append(gravity * (eta**2).sum() + depth * ((u**2).sum() + (v**2).sum()))
        volumes.append(float(eta.sum()))
    signs = np.array(series)
    downs = np.flatnonzero((signs[:-1] > 0) & (signs[1:] <= 0))
    times = downs + signs[downs] / (signs[downs] - signs[downs + 1])
    frequency = 2 * math.pi / (np.diff(times).mean() * dt)
    drift = max(abs(np.array(volumes) - volumes[0])) / np.abs(shape).sum()
    return frequency / (k * math.sqrt(gravity * depth)), drift, np.ptp(energies[10:]) / energies[10]


def test_coffee_sloshes_with_the_frequency_of_theory_and_keeps_its_volume_and_energy():
    coarse, drift, _ = slosh(40)
    fine, fine_drift, energy = slosh(120)
    assert fine == pytest.approx(1.0, abs=0.015) and abs(fine - 1) < abs(coarse - 1)
    assert max(drift, fine_drift) < 1e-12 and energy < 0.02


def test_a_floating_ship_displaces_its_mass_and_stays_where_it_is():
    world = make("CoffeeCup", size=8, **CALM)
    world.reset(seed=0)
    cell = world._cell
    displaced = world._head.sum() * cell**2 * 1000.0
    assert displaced == pytest.approx(world.values["mass_1"] + world.values["mass_2"], rel=1e-3)
    truth = world.record(0, size=8, seconds=1.0, actions=np.zeros((10, 5))).truth
    for n in (1, 2):
        assert np.ptp(truth.state[f"x_{n}"]) < 1e-12 and np.abs(truth.state[f"roll_{n}"]).max() < 1e-12


def test_the_volume_of_the_coffee_stays():
    volume = make("CoffeeCup", size=8).record(0, size=8, seconds=3.0).truth.conserved["coffee_volume"]
    assert np.ptp(volume) < 1e-12 * volume[0] + 1e-18


def run_across(thrust: float, speed: float) -> list[float]:
    """A small light ship starts at one side of the calm cup and runs across it: its speeds (m/s), 50 a second."""
    world = make("CoffeeCup", size=8, fps=50, ship_length=0.01, mass_1=5e-5, mass_2=5e-5, metacentre=1e-3, **CALM)
    world.reset(seed=0)
    ship, other = world.ships
    ship.position, ship.angle, ship.velocity, other.position = (-0.036, 0.0), 0.0, (speed, 0.0), (0.0, 0.03)
    world._press()
    world.eta[world.wet] = -world._head[world.wet] + world._head[world.wet].mean()
    world._gap = world._distance()
    speeds = []
    while ship.position[0] < 0.025 and world.time < 4.0:
        world.step(np.array([thrust, 0.0, 0.0, 0.0, 0.0]))
        speeds.append(float(ship.velocity[0]))
    return speeds


@pytest.mark.parametrize("thrust", [1e-6, 1e-5, 3e-5])
def test_a_ship_under_steady_thrust_reaches_its_terminal_speed(thrust):
    """v = sqrt(2 F / (rho C A)); the dent that it carries along takes the coffee with it and costs a little."""
    draught = make("CoffeeCup")._draught(5e-5, 0.01)
    terminal = math.sqrt(2 * thrust / (COFFEE * AHEAD * BEAM * 0.01 * draught))
    assert run_across(thrust, 0.0)[-1] == pytest.approx(terminal, rel=0.04)


def test_a_ship_without_thrust_never_speeds_up_by_itself():
    speeds = np.array(run_across(0.0, 0.02))
    assert np.diff(speeds).max() < 1e-4 and speeds[-1] < 0.25 * speeds[0]


def test_halving_the_step_moves_the_ships_by_little(monkeypatch):
    places = []
    for share in (1.0, 0.5):
        monkeypatch.setattr("cuspworld.worlds.coffee_cup.world.STEP", share * STEP)
        state = make("CoffeeCup", size=8).record(1, size=8, seconds=1.0).truth.state
        places.append([state[f"{axis}_{n}"][-1] for axis in "xy" for n in (1, 2)])
    assert places[0] == pytest.approx(places[1], abs=5e-4)


def let_roll(start: float, seconds: float) -> np.ndarray:
    world = make("CoffeeCup", size=8, fps=200, **CALM)
    world.reset(seed=3)
    world.roll[0] = start
    rolls = []
    for _ in range(round(seconds * 200)):
        world.step(np.zeros(5))
        rolls.append(float(world.roll[0]))
    let_roll.world = world
    return np.array(rolls)


def test_a_small_roll_has_the_period_of_the_metacentric_height():
    rolls = let_roll(0.04, 2.0)
    values = let_roll.world.values
    ups = np.flatnonzero((rolls[:-1] < 0) & (rolls[1:] >= 0))
    times = (ups + rolls[ups] / (rolls[ups] - rolls[ups + 1])) / 200
    inertia = (GYRATION * BEAM * values["ship_length"]) ** 2
    natural = math.sqrt(9.81 * values["metacentre"] / inertia)
    damped = math.sqrt(natural**2 - (2.5 / 2) ** 2)
    assert np.diff(times).mean() == pytest.approx(2 * math.pi / damped, rel=0.02)


def test_just_beyond_the_limit_a_ship_capsizes_and_just_before_it_rights_itself():
    limit = 0.95
    assert abs(let_roll(limit - 0.01, 4.0)[-100:]).max() < 0.2
    end = let_roll(limit + 0.01, 4.0)
    assert abs(abs(end[-1]) - math.pi) < 0.3
    world = let_roll.world
    assert world.branch(world.state) == "capsized" and world.criticality(world.state) > 0


def test_events_are_at_their_true_instants():
    seen = set()
    for seed in range(5):
        world = make("CoffeeCup", size=8)
        truth = world.record(seed, size=8).truth
        for event in truth.events:
            frame = int(event.time * world.fps)
            if event.name == "capsizing":
                row = truth.state[f"roll_{event.detail['ship']}"]
                assert abs(row[frame]) < world.values["roll_limit"] <= abs(row[frame + 1])
            if event.name == "ramming":
                assert truth.state["gap"][frame] > 0.0 and event.detail["speed"] > 0.0
            seen.add(event.name)
    assert {"ramming", "capsizing", "wave"} <= seen


def test_ramming_keeps_the_momentum_of_the_ships():
    """In the step of the contact only the contact acts: the sum of momenta changes by drag and thrust alone."""
    world = make("CoffeeCup", size=8, shake=0.0)
    world.reset(seed=0)
    for _ in range(30):
        before = world._gap
        momentum = sum(np.array(ship.velocity) * ship.mass for ship in world.ships)
        world._space.step(1e-4)
        after = sum(np.array(ship.velocity) * ship.mass for ship in world.ships)
        if abs(np.hypot(*world.ships[0].position)) < 0.7 * world.radius and before < 1e-3:
            assert after == pytest.approx(momentum, abs=1e-12)
        world.step(np.array(world.policy(world.time)))


def test_the_caustic_is_the_envelope_of_the_reflected_rays():
    curve = kernels.nephroid(1.0, 2001)
    assert curve[:, 0].max() <= 1.0 and curve[1000] == pytest.approx([0.5, 0.0], abs=1e-6)  # its cusp
    for angle in np.linspace(0.1, 1.3, 7):  # a ray along +x meets the circle at (cos, sin) and is reflected
        point, normal = np.array([math.cos(angle), math.sin(angle)]), -np.array([math.cos(angle), math.sin(angle)])
        ray = np.array([1.0, 0.0]) - 2 * normal[0] * normal
        across = (curve - point) @ np.array([-ray[1], ray[0]])
        upper = across[1001:]
        nearest = np.abs(upper).argmin()
        assert abs(upper[nearest]) < 1e-5  # it touches
        assert (np.sign(upper[nearest - 60]) == np.sign(upper[nearest + 60])) or nearest < 60


@pytest.mark.parametrize("twin", ["without_water", "ignores_wave", "grows"])
def test_twins(twin):
    _, impossible = contract.check_twin("CoffeeCup", twin)
    first = round(impossible.truth.violation.start * impossible.fps)
    if twin == "without_water":
        assert not (impossible.truth.masks[first:] == 1).any()
    elif twin == "grows":
        assert impossible.truth.state["length_1"][-1] > 1.5 * impossible.truth.state["length_1"][0]
    else:
        assert (impossible.truth.state["roll_1"][first:] == 0.0).all()


def test_a_cup_smaller_than_its_ship_and_a_ship_that_sits_on_the_ground_are_refused():
    with pytest.raises(CuspError, match="too small for its ships"):
        make("CoffeeCup", radius=0.02, ship_length=0.03).reset(seed=0)
    with pytest.raises(CuspError, match="sits on the ground"):
        make("CoffeeCup", mass_1=5e-3).reset(seed=0)
