"""Heat against mathematics: the analytic solutions, the maximum principle, the balance, its data's dimension."""

import itertools
import math
import re

import numpy as np
import pytest
import skdim

from cuspworld.worlds import make
from cuspworld.worlds.heat.equation import Plate
from cuspworld.worlds.heat.world import INNER, SIDE, THICKNESS
from tests.worlds import contract

BOUNDARY = {1: "one_heater", 2: "two_heaters", 3: "three_heaters", 4: None, 6: "six_heaters", 8: "eight_heaters"}


def inside(plate: Plate) -> tuple[np.ndarray, np.ndarray]:
    line = np.linspace(0, plate.side, plate.inner + 2)[1:-1]
    return np.meshgrid(line, line)


def laplace_error(inner: int) -> float:
    """Against T = sin(pi x / L) sinh(pi y / L) / sinh(pi), the solution with a sine on the upper edge."""
    plate = Plate(inner, SIDE, 1e-4)

    def exact(x, y):
        return np.sin(math.pi * x / SIDE) * np.sinh(math.pi * y / SIDE) / math.sinh(math.pi)

    return float(np.abs(plate.steady(plate.edge(exact)) - exact(*inside(plate))).max())


def test_laplace_converges_to_the_analytic_solution_with_the_square_of_the_spacing():
    errors = [laplace_error(inner) for inner in (15, 31, 63)]
    assert errors[-1] < 1e-4
    for coarse, fine in itertools.pairwise(errors):
        assert coarse / fine == pytest.approx(4.0, rel=0.05)


def test_a_mode_of_the_heat_equation_decays_as_it_should():
    errors = []
    for inner in (31, 63):
        plate = Plate(inner, SIDE, 1.17e-4)
        x, y = inside(plate)
        mode = np.sin(math.pi * x / SIDE) * np.sin(2 * math.pi * y / SIDE)
        after, _ = plate.evolve(mode, np.zeros((inner + 2, inner + 2)), 1.5)
        exact = mode * math.exp(-1.17e-4 * 5 * (math.pi / SIDE) ** 2 * 1.5)
        errors.append(float(np.abs(after - exact).max()))
    assert errors[1] < 1e-3 * float(np.abs(after).max())
    assert errors[0] / errors[1] == pytest.approx(4.0, rel=0.05)


def test_the_steady_state_is_what_the_heat_equation_tends_to_and_has_the_mean_value_property():
    plate = Plate(INNER, SIDE, 1.17e-4)
    edge = plate.edge(lambda x, y: 300 + 1e4 * x * (x - y))
    steady = plate.steady(edge)
    late, _ = plate.evolve(np.full_like(steady, 300.0), edge, 100.0)
    assert np.abs(late - steady).max() < 1e-6
    whole = edge.copy()
    whole[1:-1, 1:-1] = steady
    neighbours = (whole[2:, 1:-1] + whole[:-2, 1:-1] + whole[1:-1, 2:] + whole[1:-1, :-2]) / 4
    assert np.abs(neighbours - steady).max() < 1e-9


@pytest.mark.parametrize("preset", [None, "heat_equation", "eight_heaters"])
def test_the_maximum_principle_holds_and_its_twin_breaks_it(preset):
    world = make("Heat", preset=preset, size=8)
    for seed in range(4):
        actions = np.zeros((20, 4))
        actions[4] = np.random.default_rng(seed).uniform(-60, 60, 4)
        truth = world.record(seed, size=8, seconds=2.0, actions=actions).truth
        assert max(map(world.criticality, truth.state)) <= 1e-9
        broken = world.record(seed, size=8, twin="maximum_principle").truth
        first = round(broken.violation.start * world.fps)
        assert max(map(world.criticality, broken.state[:first])) <= 1e-9
        assert min(map(world.criticality, broken.state[first:])) > 10.0


def test_heat_in_the_plate_is_what_flowed_in_through_its_edge():
    world = make("Heat", preset="heat_equation", size=8)
    for seed in range(4):
        conserved = world.record(seed, size=8).truth.conserved["heat_minus_inflow"]
        held = THICKNESS * 3.45e6 * SIDE**2 * 10  # J, of ten kelvin
        assert np.ptp(conserved) < 1e-9 * held


def test_a_heater_heats_its_own_edge_first():
    world = make("Heat", size=8, heater_1=0.0, heater_2=0.0, heater_3=0.0, heater_4=0.0)
    world.reset(seed=0)
    before = world.state
    world.step(np.array([0.0, 60.0, 0.0, 0.0]))
    after = world.state
    right = after["temperature_4_7"] - before["temperature_4_7"]
    left = after["temperature_4_1"] - before["temperature_4_1"]
    assert right > 0.5 and right > 1000 * abs(left)  # sqrt(2 alpha t) = 5 mm, half way to the nearest probe
    assert world.events[0].name == "heaters change" and world.events[0].time == 0.0
    assert world.branch(after) == "relaxing"


@pytest.mark.parametrize("preset", [None, "six_heaters", "eight_heaters"])
def test_heaters_beyond_the_four_are_seen_where_they_differ_from_the_air(preset):
    truth = make("Heat", preset=preset).record(0, size=96, seconds=0.2).truth
    shown = {j + 1 for j in range(1, 9) if j <= 4 or truth.parameters[f"heater_{j}"] != 0}  # their mask ids
    assert set(np.unique(truth.masks[0]).tolist()) - {0} == {1} | shown


def test_the_time_of_settling_does_not_depend_on_the_frame_rate():
    times = []
    for fps in (3.0, 10.0):
        truth = make("Heat", preset="heat_equation", size=8).record(1, seconds=25.0, fps=fps, size=8).truth
        (event,) = [e for e in truth.events if e.name == "settles"]
        times.append(event.time)
        frame = int(event.time * fps)
        assert truth.state["from_steady"][frame] > 0.5 > truth.state["from_steady"][frame + 1]
    assert times[0] == pytest.approx(times[1], abs=1e-9)


def fields(preset: str | None, count: int) -> np.ndarray:
    world = make("Heat", preset=preset, size=8)
    probes = [column for column in world.columns if column.startswith("temperature")]
    rows = []
    for seed in range(count):
        world.reset(seed=seed)
        rows.append([float(world.state[probe]) for probe in probes])
    return np.array(rows)


@pytest.mark.parametrize("dimension", BOUNDARY)
def test_the_data_has_exactly_as_many_dimensions_as_the_boundary(dimension):
    data = fields(BOUNDARY[dimension], 300)
    # Fukunaga-Olsen's count of eigenvalues; the data has no noise, so the threshold is rounding error
    assert skdim.id.lPCA(ver="FO", alphaFO=1e-8).fit(data).dimension_ == dimension


@pytest.mark.parametrize("dimension", [1, 2, 3, 4])
def test_an_estimator_that_knows_nothing_of_linear_spaces_finds_the_same_dimension(dimension):
    estimate = skdim.id.TwoNN().fit(fields(BOUNDARY[dimension], 400)).dimension_
    assert round(estimate) == dimension


def test_twin():
    contract.check_twin("Heat", "maximum_principle")


def test_captions_are_many():
    """Of 60 clips, in both languages; without their numbers too."""
    world = make("Heat")
    told = {(style, language): [] for style in ("rich", "poor") for language in ("en", "zh")}
    for seed in range(60):
        world.record(seed, size=8, seconds=0.2, fps=10)
        for style, language in told:
            told[style, language].append(world.caption(style, language))
    for language in ("en", "zh"):
        rich = told["rich", language]
        assert len(set(rich)) >= 48 and len(set(told["poor", language])) >= 8
        assert len({re.sub(r"[0-9.]+", "", text) for text in rich}) >= 35
