"""Snow against mechanics: conservation, free fall, wave speed, angle of repose, limit equilibrium; and its promises."""

import math

import numpy as np
import pytest

from cuspworld.errors import CuspError
from cuspworld.worlds import make
from cuspworld.worlds.snow import kernels
from cuspworld.worlds.snow import scene as snow_scene
from cuspworld.worlds.snow import world as snow
from tests.worlds import contract

QUIET = {"when": 0.5, "animal": "bear", "animal_mass": 25.0, "depth": 0.32, "density": 250.0, "friction_angle": 32.0}
CELL, NO_BODY = 0.04, np.zeros(9)


def _block(x, y, density=250.0, cohesion=1e9):
    """Stress-free particles at rest, four a cell, at the points of the lattice x by y."""
    points = np.stack(np.meshgrid(x, y, indexing="ij"), -1).reshape(-1, 2)
    block = np.zeros((len(points), kernels.WIDTH))
    block[:, :2] = points
    block[:, [kernels.BXX, kernels.BYY, kernels.BOND, kernels.LIFT, kernels.MOVES]] = 1.0
    block[:, kernels.COHESION] = cohesion
    return block, density * (CELL / 2) ** 2


def _run(block, mass, steps, dt, gravity=0.0, body=NO_BODY, ground=None, shape=(64, 64), density=250.0):
    law = np.array([120.0 * density, 88.0 * density, 0.55, 1e9, 0.0, 0.1])
    grid, given, total = np.zeros((*shape, 3)), np.zeros(4), np.zeros(4)
    ground = np.ones(shape) if ground is None else ground
    for _ in range(steps):
        kernels.snow_step(block, grid, ground, 0.0, 0.0, CELL, dt, gravity, mass, (CELL / 2) ** 2, law, body, given)
        total += given
    return total


def _lattice(low, high):
    return np.arange(low + CELL / 4, high, CELL / 2)


def test_snow_and_a_body_exchange_momentum_and_lose_none():
    block, mass = _block(_lattice(1.0, 1.4), _lattice(1.0, 1.4), cohesion=300.0)
    block[:, kernels.VX] = 3.0
    body = np.array([1.6, 1.2, 1.6, 1.2, 0.15, -2.0, 0.5, 20.0, 0.3])
    given = _run(block, mass, 60, 1 / 750, body=body)
    momentum = mass * block[:, [kernels.VX, kernels.VY]].sum(0) + 20.0 * body[5:7]
    assert given[2] < -5.0, "they never met"
    np.testing.assert_allclose(momentum, [3.0 * mass * len(block) - 40.0, 10.0], atol=1e-9)
    assert given[0] == given[1] == 0.0


def test_flying_snow_keeps_its_angular_momentum():
    block, mass = _block(_lattice(1.0, 1.4), _lattice(1.1, 1.3))
    spin = 4.0  # rad/s
    block[:, kernels.VX], block[:, kernels.VY] = -spin * (block[:, 1] - 1.2), spin * (block[:, 0] - 1.2)
    block[:, kernels.CXY], block[:, kernels.CYX] = -spin, spin

    def angular():
        moment = (block[:, 0] - 1.2) * block[:, kernels.VY] - (block[:, 1] - 1.2) * block[:, kernels.VX]
        return mass * float((moment + CELL**2 / 4 * (block[:, kernels.CYX] - block[:, kernels.CXY])).sum())

    before = angular()
    _run(block, mass, 200, 1 / 750)
    assert angular() == pytest.approx(before, rel=1e-9)


def test_free_fall_converges_to_half_g_t_squared_at_first_order():
    errors = []
    for rate in (300, 600, 1200):
        block, mass = _block(_lattice(1.0, 1.2), _lattice(2.0, 2.2))
        start = block[:, 1].mean()
        _run(block, mass, rate // 5, 1 / rate, gravity=9.81)
        errors.append(start - block[:, 1].mean() - 0.5 * 9.81 * 0.2**2)
    assert abs(errors[0]) < 0.01
    np.testing.assert_allclose(np.array(errors[:2]) / errors[1:], 2.0, rtol=0.01)


@pytest.mark.parametrize("density", [250.0, 500.0])
def test_a_layer_under_its_own_weight_rings_at_four_heights_over_the_wave_speed(density):
    """Uniaxial strain: c = sqrt((K + G) / rho); a fixed base and a free top make the period 4 H / c."""
    height, shape = 0.8, (16, 40)
    block, mass = _block(_lattice(3 * CELL, 13 * CELL), _lattice(0.2, 0.2 + height), density)
    ground = np.broadcast_to(CELL * np.arange(shape[1]) - 0.2 - 1e-9, shape).copy()
    dt, tops = 1 / 3000, []
    start = block[:, 1].copy()
    for _ in range(550):
        _run(block, mass, 1, dt, 1.0, ground=ground, shape=shape, density=density)
        tops.append((block[:, 1] - start)[start > 0.2 + height - CELL].mean())
    lowest = dt * (1 + int(np.argmin(tops)))
    assert 2 * lowest == pytest.approx(4 * height / math.sqrt(120.0 + 88.0), rel=0.05)
    assert min(tops) == pytest.approx(-(height**2) / 208.0, rel=0.1)  # twice the static sag g H^2 / (2 c^2)


@pytest.mark.parametrize(("excess", "flows"), [(-8.0, False), (8.0, True)])
def test_dry_snow_rests_below_its_angle_of_repose_and_flows_above(excess, flows):
    world = make("Snow", scene="avalanche", slab_cohesion=0.0, slope=32.0 + excess, **QUIET)
    speed = world.record(0, seconds=1.0, size=8, actions=np.zeros((10, 3))).truth.state["slab_speed"]
    assert speed[-1] > 0.3 if flows else speed[-1] < 0.03


@pytest.mark.parametrize(("load", "slides"), [(0.35, False), (1.2, True)])
def test_a_slab_holds_until_its_weak_layer_carries_more_than_the_limit_equilibrium(load, slides):
    """The free-body diagram of a unit length: driving force less friction against the cohesion of the whole layer."""
    slope, phi = math.radians(40.0), math.radians(32.0)
    weight = 250.0 * 9.81 * 0.32  # N/m^2 of the slab's own plane
    drive = weight * math.sin(slope) - weight * math.cos(slope) * math.tan(phi)  # Pa
    world = make("Snow", scene="avalanche", slab_cohesion=drive / load / snow_scene.WEAK, slope=40.0, **QUIET)
    state = world.record(0, seconds=1.2, size=8, actions=np.zeros((12, 3))).truth.state
    assert state["critical_bonds"][0] == pytest.approx(load, rel=1e-6)
    assert (state["slab_speed"][-1] > 0.1) == slides
    assert (world.criticality(state[-1]) > 0) == slides


def test_a_lump_falls_freely_and_meets_the_snow_at_the_time_of_free_fall():
    world = make("Snow", scene="lump", drop=1.2, cohesion=20000.0, **QUIET)
    truth = world.record(3, fps=50, size=8, seconds=1.3).truth
    times = {event.name: event.time for event in truth.events}
    fall = times["impact"] - times["lump released"]
    assert fall == pytest.approx(math.sqrt(2 * 1.2 / 9.81), abs=0.02)
    k = round(50 * (times["lump released"] + 0.3))
    fallen = truth.state["lump_y"][0] - truth.state["lump_y"][k]
    assert fallen == pytest.approx(0.5 * 9.81 * 0.3**2, rel=0.01)


@pytest.mark.long
def test_mass_momentum_and_energy_are_accounted_for():
    for scene, cohesion in (("jump", 1000.0), ("lump", 600.0)):
        truth = make("Snow", scene=scene, cohesion=cohesion, **QUIET).record(1, size=8, seconds=1.5).truth
        assert np.ptp(truth.conserved["snow_mass"]) == 0
        scale = np.abs(truth.state["snow_momentum_y"]).max()
        for axis in "xy":
            assert np.abs(truth.conserved[f"balance_{axis}"]).max() < 1e-9 * max(scale, 1.0)
        acted = np.flatnonzero((truth.action["jump_x"] != 0) | (truth.action["jump_y"] != 0))[0]
        energy = truth.state["energy"][acted + 1 :]  # no work is done on the world after the jump
        assert np.diff(energy).max() < 1e-3 * energy[0]


@pytest.mark.long
def test_halving_the_step_moves_a_whole_lump_by_little(monkeypatch):
    def centre(step):
        monkeypatch.setattr(snow, "STEP", step)
        clip = make("Snow", scene="lump", drop=0.8, cohesion=20000.0, **QUIET).record(2, size=8, seconds=1.2)
        state = clip.truth.state
        return np.stack([state["lump_x"], state["lump_y"]])

    coarse, middle, fine = (centre(step) for step in (1 / 500, 1 / 1000, 1 / 2000))
    assert np.abs(middle - fine).max() < 0.02
    assert np.abs(middle - fine).max() < 0.75 * np.abs(coarse - fine).max()


def test_soft_lumps_crumble_and_firm_ones_stay_whole():
    for cohesion, name in ((300.0, "crumbled"), (20000.0, "whole")):
        truth = make("Snow", scene="lump", drop=1.2, cohesion=cohesion, **QUIET).record(0, size=8, seconds=1.4).truth
        assert truth.branch == name
        assert ("crumbles" in {event.name for event in truth.events}) == (name == "crumbled")


@pytest.mark.parametrize("slab_cohesion", [0.0, 300.0])
def test_a_slope_that_cannot_hold_slides_from_the_start_and_says_so(slab_cohesion):
    """A slope of 44 degrees, friction angle 28: whole bonds are not enough, and the snow slides before a lump falls."""
    options = {"scene": "avalanche", "slope": 44.0, "friction_angle": 28.0, "slab_cohesion": slab_cohesion}
    world = make("Snow", **options)
    truth = world.record(0, size=8, seconds=1.0).truth
    assert [event.time for event in truth.events if event.name == "avalanche"] == [0.0]
    assert truth.state["slab_speed"][-1] > 1.0 and truth.branch == "sliding"
    assert world.criticality(truth.state[0]) > 0
    assert "too steep for its snow" in world.caption() and "avalanche at 0.0 s" in world.caption().lower()


@pytest.mark.parametrize("cohesion, reaches", [(600.0, False), (4300.0, True)])
def test_a_caption_of_a_slope_that_holds_says_whether_the_lump_slides_down(cohesion, reaches):
    """Firm lumps slid down to the animal, and "the snow stays where it is" stood below: seeds 1, 11 and 19."""
    world = make("Snow", scene="avalanche", slope=25.0, friction_angle=35.0, cohesion=cohesion)
    clip = world.record(11, size=16, caption="poor")
    truth = clip.truth
    assert "avalanche" not in {event.name for event in truth.events}
    last = truth.state[-1]
    assert (last["animal_x"] - last["lump_x"] < 0.5) == reaches
    assert clip.caption == ("lump slides" if reaches else "slope holds")


def test_criticality_changes_sign_at_the_event_and_not_elsewhere():
    world = make("Snow", scene="lump", drop=1.2, cohesion=1000.0, **QUIET)
    clip = world.record(0, size=8, fps=25, seconds=1.4)
    crumbles = next(event.time for event in clip.truth.events if event.name == "crumbles")
    for k, row in enumerate(clip.truth.state):
        assert (world.criticality(row) >= 0) == (k / clip.fps >= crumbles)
        assert world.branch(row) == ("crumbled" if k / clip.fps >= crumbles else "whole")
    assert 0 < world.critical_frames(clip.truth, clip.fps).sum() <= 2


def test_an_animal_in_the_air_cannot_jump_again():
    world = make("Snow", scene="jump", **QUIET)
    actions = np.zeros((8, 3))
    actions[3] = actions[4] = (0.0, 100.0, 0.0)
    events = [event.name for event in world.record(0, size=8, seconds=0.8, actions=actions).truth.events]
    assert events.count("jumps") == 1


@pytest.mark.parametrize("twin", ["lumps_rise", "lumps_hover"])
@pytest.mark.parametrize("scene", ["jump", "lump", "avalanche"])
def test_impossible_twins(twin, scene):
    possible, impossible = contract.check_twin("Snow", twin, seconds=1.4, options={"scene": scene, "cohesion": 900.0})
    first = round(impossible.truth.violation.start * 10)
    heights = impossible.truth.state["lump_y"][first:]
    assert heights[-1] > possible.truth.state["lump_y"][-1] + 0.02
    if twin == "lumps_hover" and scene != "jump":
        assert np.ptp(heights) == 0
    if twin == "lumps_rise" and scene == "lump":
        assert heights[-1] > heights[0]


def test_impossible_options_are_refused():
    with pytest.raises(CuspError, match="slope must be at least 5"):
        make("Snow", scene="avalanche", slope=1.0).reset(seed=0)
    with pytest.raises(CuspError, match="density must be between"):
        make("Snow", density=-3.0)
