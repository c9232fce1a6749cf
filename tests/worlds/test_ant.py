"""Ant against statics, Coulomb and Newton, its legs against the law of cosines, and the promises of every world."""

import math
from importlib.util import find_spec

import numpy as np
import pytest

if find_spec("mujoco") is None:
    pytest.skip("the worlds that MuJoCo moves need the extra 'worlds'", allow_module_level=True)

from cuspworld.worlds import make
from cuspworld.worlds.ant.model import FOOT
from cuspworld.worlds.ant.world import Ant
from cuspworld.worlds.drawing.camera import project
from cuspworld.worlds.engines.legged import gait, two_links
from tests.worlds import contract

STANDS = {"story": "walk", "speed": 0.0, "mass": 3.0, "gravity": 9.81}


def _actions(count: int, kicks: dict[int, float]) -> np.ndarray:
    table = np.zeros((count, 3))
    for row, kick in kicks.items():
        table[row, 2] = kick
    return table


def test_two_links_reach_the_foot():
    rng = np.random.default_rng(0)
    reach, drop = rng.uniform(0.02, 0.25, 50), rng.uniform(0.05, 0.25, 50)
    lift, knee = two_links(reach, drop, 0.2, 0.18)
    out = 0.2 * np.cos(lift) + 0.18 * np.cos(lift - knee)
    down = -0.2 * np.sin(lift) - 0.18 * np.sin(lift - knee)
    assert np.allclose(out, reach) and np.allclose(down, drop)


def test_feet_on_the_ground_move_back_at_the_speed_of_the_walk():
    speed, cadence, duty = 0.4, 2.0, 0.55
    stride = np.array([[speed * duty / cadence, 0.0]])
    now, later = (gait(np.array([phase]), stride, 0.05, duty)[0] for phase in (0.2, 0.2 + 0.1 * cadence))
    assert np.allclose(later - now, [-speed * 0.1, 0.0, 0.0])
    assert np.allclose(gait(np.array([duty]), stride, 0.05, duty), gait(np.array([duty - 1e-9]), stride, 0.05, duty))


def test_feet_carry_the_weight_and_friction_its_part_along_the_slope():
    slope = 14.0
    state = make("Ant", **STANDS, slope=slope, friction=0.9).record(0, size=8, seconds=1.5).truth.state
    loads = sum(state[f"foot_{k}_load"][-1] for k in range(1, 7))
    assert loads == pytest.approx(3.0 * 9.81 * math.cos(math.radians(slope)), rel=0.02)
    creep = np.ptp(state["ant_x"][8:]) / 0.6
    assert creep < 5e-3  # m/s: the engine's friction is regularised and creeps a little


@pytest.mark.parametrize(("excess", "branch"), [(-0.03, "sliding"), (0.03, "walking")])
def test_a_standing_ant_slides_where_the_slope_exceeds_the_friction(excess, branch):
    friction = math.tan(math.radians(18.0)) + excess
    truth = make("Ant", **STANDS, slope=18.0, friction=friction).record(0, size=8, seconds=2.0).truth
    assert truth.branch == branch
    if branch == "sliding":
        assert any(event.name == "loses its footing" for event in truth.events)


def test_it_slides_with_the_acceleration_of_coulomb():
    slope, friction = math.radians(25.0), 0.2
    clip = make("Ant", **STANDS, slope=25.0, friction=friction, fps=20).record(0, size=8, seconds=1.0)
    state = clip.truth.state
    speed = -(state["ant_momentum_x"] * math.cos(slope) + state["ant_momentum_z"] * math.sin(slope)) / 3.0
    wanted = 9.81 * (math.sin(slope) - friction * math.cos(slope))
    assert (speed[-1] - speed[8]) / ((len(speed) - 9) / 20) == pytest.approx(wanted, rel=0.03)


def test_without_friction_a_kick_changes_the_momentum_by_itself_and_nothing_else_does():
    world = make("Ant", **STANDS, slope=0.0, friction=0.0, fps=20)
    state = world.record(0, size=8, seconds=1.0, actions=_actions(20, {8: 1.2})).truth.state
    change = state["ant_momentum_y"][-1] - state["ant_momentum_y"][8]
    assert change == pytest.approx(1.2, rel=0.02)
    assert abs(state["ant_momentum_x"][-1]) < 0.02


def test_it_walks_at_the_speed_of_its_steps_on_three_feet_or_more():
    world = make("Ant", story="walk", slope=0.0, friction=0.9, speed=0.4)
    truth = world.record(1, size=8).truth
    gone = truth.state["ant_x"][-1] - truth.state["ant_x"][10]
    assert gone == pytest.approx(0.4 * 1.9, rel=0.2)
    down = np.array([[row[f"foot_{k}_load"] > 0 for k in range(1, 7)] for row in truth.state[2:]])
    assert np.median(down.sum(1)) >= 3 and truth.branch == "walking"
    assert sum(event.name == "touchdown" for event in truth.events) > 20


def test_halving_the_step_moves_the_slide_by_little():
    ends = []
    for step in (0.004, 0.002, 0.001):
        finer = type("Ant", (Ant,), {"step_length": step})
        truth = finer(**STANDS, slope=25.0, friction=0.2).record(0, size=8, seconds=0.7).truth
        ends.append(truth.state["ant_x"][-1])
    assert abs(ends[1] - ends[2]) < 0.75 * abs(ends[0] - ends[2]) + 1e-4
    assert abs(ends[1] - ends[2]) < 0.01


def test_criticality_changes_sign_at_the_events():
    world = make("Ant", story="kick", slope=0.0, friction=0.5, kick=4.0)
    truth = world.record(2, size=8, fps=50, seconds=2.0).truth
    values = np.array([world.criticality(row) for row in truth.state])
    changes = [event for event in truth.events if event.name in ("loses its footing", "regains its footing")]
    assert changes
    for event in changes:
        k = int(event.time * 50)
        if k + 1 < len(values) and sum(int(e.time * 50) == k for e in changes) == 1:
            assert (values[k] < 0) == (event.name == "loses its footing") and (values[k] < 0) != (values[k + 1] < 0)


def test_a_hard_kick_throws_it_over():
    truth = make("Ant", story="kick", kick=15.0).record(0, size=8).truth
    when = next(event.time for event in truth.events if event.name == "falls over")
    up, times = truth.state["up"], np.arange(len(truth.state)) / 10
    assert truth.branch == "fallen" and (up[times <= when] > 0.5).all() and up[-1] < 0.5


def test_up_is_how_far_the_trunks_own_axis_points_upwards():
    world = make("Ant", story="kick", kick=15.0)
    world.reset(seed=0)
    seen = []
    for _ in range(30):
        world.step(np.asarray(world.policy(world.time)))
        seen.append((world._up(), world._data.xmat[world._body].reshape(3, 3)[2, 2]))
    up, cosine = np.array(seen).T
    np.testing.assert_allclose(up, cosine, atol=1e-9)
    assert up.max() > 0.9 and up.min() < 0.5  # it stood and fell


def test_the_hand_keeps_to_the_ant_until_it_kicks():
    world = make("Ant", story="kick", kick=4.0, speed=0.1)
    world.reset(seed=0)
    seen = []
    while world.time < world._when:
        if world._coming(world.time):
            seen.append(world._hand_at - world._data.xpos[world._body])
        world.step(np.zeros(3))
    assert len(seen) > 2
    np.testing.assert_allclose(seen, [(0.0, -world.hand_off, 0.02)] * len(seen), atol=1e-12)


def test_touchdown_is_the_instant_of_contact_and_not_a_step():
    """Let go h above the plank, all feet touch after sqrt(2 h / g), half a step earlier in the engine's first-order
    fall."""
    world = make("Ant", **STANDS, slope=0.0, friction=0.9)
    for drop in (0.02, 0.05):
        world.reset(seed=0)
        world._data.qpos[2] += drop
        world._stand(0.0)
        gap = float(world._data.geom_xpos[world._feet][:, 2].min()) - FOOT
        world.events = []
        world.step(np.zeros(3))
        world.step(np.zeros(3))
        first = min(event.time for event in world.events if event.name == "touchdown")
        assert first == pytest.approx(math.sqrt(2 * gap / 9.81) - Ant.step_length / 2, abs=3e-4)


def test_the_mask_lies_where_the_camera_puts_the_ant():
    clip = make("Ant").record(0, size=96, seconds=1.0)
    row = clip.truth.state[-1]
    x, y = project(clip.truth.camera, np.array([row["ant_x"], row["ant_y"], row["ant_z"]]))
    rows, columns = np.nonzero(clip.truth.masks[-1] == 1)
    assert abs(rows.mean() - y) < 6 and abs(columns.mean() - x) < 6


@pytest.mark.parametrize("twin", ["loses_legs", "gains_legs", "glides"])
def test_twins(twin):
    possible, broken = contract.check_twin("Ant", twin, seconds=1.5)
    first = round(broken.truth.violation.start * broken.fps)
    if twin == "glides":
        for k in range(1, 7):
            assert np.ptp(broken.truth.state[f"leg_{k}_yaw"][first:]) == 0
        assert broken.truth.state["ant_x"][-1] > broken.truth.state["ant_x"][first]
    else:
        assert broken.truth.conserved["number_of_legs"][-1] == (4 if twin == "loses_legs" else 8)
        assert possible.truth.conserved["number_of_legs"][-1] == 6
        assert (broken.truth.state["ant_x"] == possible.truth.state["ant_x"]).all()  # only this law is broken
