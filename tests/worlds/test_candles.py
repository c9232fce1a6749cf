"""Candles against theory: the fold of the flame's curve in closed form, conservation of heat and air, jet, plumes."""

import math

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from cuspworld.errors import CuspError
from cuspworld.worlds import make
from cuspworld.worlds.candles.world import CELL, COLUMNS, FLAME, ROWS, STILL, extinction_factor, kernels
from cuspworld.worlds.parameters import draw
from tests.worlds import contract


def burn(theta: float, strain: float, seconds: float, rate: float, zeldovich: float) -> float:
    state, times = np.array([theta]), np.empty(1)
    kernels.burn(state, np.array([strain]), rate, zeldovich, seconds, 20000, 0.4, times)
    return float(state[0])


@pytest.mark.parametrize("zeldovich", [6.0, 8.0, 12.0])
def test_a_flame_goes_out_just_above_the_strain_of_the_fold_and_burns_just_below(zeldovich):
    theta, factor = extinction_factor(zeldovich)
    rate = 150.0 / factor
    slope = 1 / theta + 1 / (1 - theta) - zeldovich
    assert abs(slope) < 1e-9  # d ln(strain) / d theta of the steady states is 0: the fold
    assert burn(0.95, 1.02 * 150.0, 1.0, rate, zeldovich) < 0.1
    assert burn(0.95, 0.98 * 150.0, 1.0, rate, zeldovich) > theta


def test_the_flame_is_what_another_integrator_finds():
    _, factor = extinction_factor(8.0)
    rate = 150.0 / factor
    for strain in (20.0, 140.0, 400.0):
        other = solve_ivp(
            lambda _, x, s=strain: rate * (1 - x) * np.exp(-8 * (1 - x)) - s * x,
            (0, 0.02),
            [0.9],
            rtol=1e-10,
            atol=1e-12,
        )
        assert burn(0.9, strain, 0.02, rate, 8.0) == pytest.approx(other.y[0, -1], abs=1e-8)


def test_below_the_critical_flame_nothing_saves_it_and_above_still_air_does():
    world = make("Candles", size=8)
    world.reset(seed=0)
    for shift, lives in ((1e-3, True), (-1e-3, False)):
        end = burn(world.lost + shift, STILL * world.values["extinction_strain"], 3.0, world._rate, 8.0)
        assert (end > 0.9) == lives


def test_blow_out_is_when_the_flame_falls_through_its_critical_state():
    world = make("Candles", size=8)
    seen = 0
    for seed in range(4):
        truth = world.record(seed, size=8).truth
        first = [event.time for event in truth.events if event.name == "blow-out"]
        beyond = np.array([world.criticality(row) for row in truth.state]) > 0
        times = np.arange(len(beyond)) / world.fps
        assert (beyond == (times > first[0] if first else False)).all()
        out = {event.detail["candle"] for event in truth.events if event.name == "blow-out"}
        for n in range(1, world.values["candles"] + 1):
            assert (truth.state[f"flame_{n}"][-1] < 0.1) == (n in out)
        seen += len(first)
    assert seen


def test_a_stronger_breath_blows_out_more_and_none_blows_out_nothing():
    out = []
    for breath in (0.0, 1.0, 3.0, 7.0):
        world = make("Candles", size=8, candles=3, breath=breath, breath_lasts=0.6, aim=0.005, extinction_strain=150.0)
        out.append(3 - int(world.record(1, size=8, seconds=2.0).truth.state["lit"][-1]))
    assert out == sorted(out) and out[0] == 0 and out[-1] == 3


def test_heat_in_the_air_is_what_the_flames_gave_less_what_rose_out():
    for seed in range(2):
        conserved = make("Candles", size=8).record(seed, size=8, seconds=2.0).truth.conserved["heat_minus_released"]
        assert np.ptp(conserved) < 1e-9  # of some hundred joules


def test_the_air_has_no_divergence():
    world = make("Candles", size=8, breath=5.0, breath_time=0.3)
    world.record(0, size=8, seconds=0.6)
    divergence = np.empty((ROWS, COLUMNS))
    kernels.divergence(world._u, world._v, divergence)
    assert np.abs(divergence).max() < 1e-9 * np.abs(world._u).max() + 1e-12


def test_heat_advects_at_the_speed_of_the_air_and_converges():
    errors = []
    for cells in (40, 80, 160):
        x = (np.arange(cells) + 0.5) / cells
        heat = np.tile(np.exp(-(((x - 0.3) / 0.08) ** 2)), (3, 1))
        u, v = np.ones((3, cells + 1)), np.zeros((4, cells))
        for _ in range(cells):  # to 0.5 further at a Courant number of one half
            kernels.carry_heat(heat, np.empty((3, cells + 1)), np.empty((4, cells)), u, v, 0.5, 0.0)
        errors.append(np.abs(heat[1] - np.exp(-(((x - 0.8) / 0.08) ** 2)))[: -cells // 20].mean())
    assert errors[0] / errors[1] > 2.5 and errors[1] / errors[2] > 2.5


def test_a_warm_blob_rises_with_the_buoyancy_that_archimedes_gives():
    """A wide flat layer cannot rise, a narrow warm column accelerates at first with g dT / T."""
    heat = np.zeros((ROWS, COLUMNS))
    heat[20:40, COLUMNS // 2] = 29.3
    u, v = np.zeros((ROWS, COLUMNS + 1)), np.zeros((ROWS + 1, COLUMNS))
    kernels.push(u, v, heat, np.zeros_like(heat, np.bool_), 9.81 * 0.01 / 293.0, (0, 0, 0, 0), 0.0, 0.0)
    assert v[30, COLUMNS // 2] == pytest.approx(9.81 * 0.1 * 0.01, rel=1e-9)
    assert np.abs(v[:, : COLUMNS // 2 - 1]).max() == 0.0


def test_the_breath_reaches_the_candles_as_a_jet_that_slows_down():
    world = make("Candles", size=8, candles=2, breath=3.0, breath_time=0.3, breath_lasts=3.0, aim=0.0)
    world.record(0, size=8, seconds=1.1)
    row = int(world.mouth[1] / CELL)
    along = np.array([world._u[row - 3 : row + 3, int(x / CELL)].max() for x in (0.055, 0.20, 0.30)])
    assert along[0] == pytest.approx(3.0, rel=0.12)
    assert (np.diff(along) < 0).all() and along[-1] > 0.4
    assert world.state["strain_1"] > world.values["extinction_strain"] * STILL + 0.5 / FLAME


def test_the_cheek_flushes_over_some_frames_and_as_fast_at_any_frame_rate():
    filled = {}
    for fps in (10, 50):
        world = make("Candles", fps=fps, breath=2.0, breath_time=0.5, breath_lasts=0.5, side="left")
        world.reset(seed=0)
        filled[fps] = []
        for k in range(round(1.4 * fps)):
            world.step(world.policy(k / fps))
            filled[fps].append(world.puffed)
    assert np.abs(np.diff(filled[10])).max() < 0.45 and max(filled[10]) > 0.9
    assert np.allclose(filled[10], filled[50][4::5], atol=1e-9)


@pytest.mark.parametrize("twin", ["unmoved", "out_without_breath", "relights"])
def test_twins(twin):
    possible, impossible = contract.check_twin("Candles", twin)
    first = round(impossible.truth.violation.start * impossible.fps)
    lit, before = impossible.truth.state["lit"], possible.truth.state["lit"]
    if twin == "unmoved":
        assert (lit == lit[0]).all() and before[-1] < before[0]
    elif twin == "relights":
        assert lit[first] == before[first] + 1
    else:
        assert lit[first] == before[first] - 1 and not possible.truth.action["breath"][: first + 1].any()
    assert math.isclose(possible.truth.state["candles"][0], lit[0])


def test_a_flame_that_goes_out_after_the_breath_relights_after_that():
    world = make("Candles", size=16, fps=24)
    seen = world.record(100, seconds=4.0)
    out = min(event.time for event in seen.truth.events if event.name == "blow-out")
    assert out > next(event.time for event in seen.truth.events if event.name == "breath ends") + 0.4
    relit = world.record(100, seconds=4.0, twin="relights")
    assert relit.truth.violation.start >= out + 0.4


def test_every_seed_of_the_split_out_can_be_drawn():
    """Below a Zeldovich number of about 6.9 a flame that is out lights by itself in still air, and has no branch."""
    world, numbers = make("Candles", split="out"), []
    for seed in range(200):
        world.seed, world.drawn_split = seed, "out"
        numbers.append(draw(world.ranges, (), "out", world.rng("parameters"), {}, world.why_not)["zeldovich"])
    assert 6.8 < min(numbers) < 7.0 and max(numbers) > 10.0
    make("Candles", split="out", zeldovich=6.95).reset(seed=0)
    with pytest.raises(CuspError, match="zeldovich"):
        make("Candles", zeldovich=5.5).reset(seed=0)
