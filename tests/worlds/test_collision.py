"""Collision against the closed forms of elastic discs and free fall, and against a second engine with a known fault."""

import math

import numpy as np
import pytest

from cuspworld.errors import CuspError
from cuspworld.worlds import make
from tests.worlds.contract import check_twin

SEEDS = range(8)


def after_contact(world, seed, **options):
    clip = world.record(seed, size=8, options=options)
    event = next((e for e in clip.truth.events if e.name == "contact"), None)
    return clip, event


@pytest.mark.parametrize("twin", ["passes_through", "speeds_up", "stops"])
def test_twins(twin):
    possible, impossible = check_twin("Collision", twin)
    first = round(impossible.truth.violation.start * 10)
    momentum = impossible.truth.conserved["momentum_x"]
    if twin == "passes_through":
        assert [e.name for e in impossible.truth.events] == []
    else:
        assert momentum[first - 1] != pytest.approx(momentum[first])
    assert np.ptp(possible.truth.conserved["momentum_x"]) < 1e-9


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("offset", [0.0, 0.4])
def test_momentum_and_energy_are_conserved_to_rounding(seed, offset):
    clip, event = after_contact(make("Collision"), seed, offset=offset)
    conserved = clip.truth.conserved
    assert event is not None
    for name in ("momentum_x", "momentum_y", "energy"):
        assert np.ptp(conserved[name]) < 1e-12 * max(np.abs(conserved["energy"]).max(), 1.0)


@pytest.mark.parametrize("seed", SEEDS)
def test_head_on_velocities_and_instant_follow_the_formulas(seed):
    clip, event = after_contact(make("Collision"), seed)
    state, p = clip.truth.state, clip.truth.parameters
    m1, m2 = math.pi * p["radius_1"] ** 2, math.pi * p["radius_2"] ** 2
    u1, u2 = p["speed_1"], -p["speed_2"]
    v1 = ((m1 - m2) * u1 + 2 * m2 * u2) / (m1 + m2)
    v2 = ((m2 - m1) * u2 + 2 * m1 * u1) / (m1 + m2)
    assert state["ball_1_velocity_x"][-1] == pytest.approx(v1, abs=1e-12)
    assert state["ball_2_velocity_x"][-1] == pytest.approx(v2, abs=1e-12)
    gap = state["ball_2_x"][0] - state["ball_1_x"][0] - p["radius_1"] - p["radius_2"]
    assert event.time == pytest.approx(gap / (u1 - u2), abs=1e-12)
    assert event.detail["closing_speed"] == pytest.approx(u1 - u2)
    x1 = state["ball_1_x"][0] + u1 * event.time + v1 * (3.1 - event.time)
    assert state["ball_1_x"][-1] == pytest.approx(x1, abs=1e-9)


def test_restitution_takes_its_share_of_the_energy():
    for e in (0.0, 0.5, 0.8):
        clip, _ = after_contact(make("Collision"), 3, restitution=e)
        state, p = clip.truth.state, clip.truth.parameters
        closing = p["speed_1"] + p["speed_2"]
        assert state["ball_2_velocity_x"][-1] - state["ball_1_velocity_x"][-1] == pytest.approx(e * closing, abs=1e-12)
        m1, m2 = state["ball_1_mass"][0], state["ball_2_mass"][0]
        lost = 0.5 * m1 * m2 / (m1 + m2) * closing**2 * (1 - e * e)
        assert -np.diff(clip.truth.conserved["energy"][[0, -1]])[0] == pytest.approx(lost)


def test_an_oblique_contact_keeps_the_tangential_velocities():
    clip, event = after_contact(make("Collision"), 2, offset=0.5)
    state = clip.truth.state
    k = math.ceil(event.time * 10)
    x = {b: np.array([state[f"ball_{b}_x"][k], state[f"ball_{b}_y"][k]]) for b in (1, 2)}
    v = {b: np.array([state[f"ball_{b}_velocity_x"][k], state[f"ball_{b}_velocity_y"][k]]) for b in (1, 2)}
    back = {b: x[b] - v[b] * (k / 10 - event.time) for b in (1, 2)}  # at the instant of contact
    normal = (back[2] - back[1]) / np.linalg.norm(back[2] - back[1])
    tangent = np.array([-normal[1], normal[0]])
    assert math.asin(abs(normal[1])) == pytest.approx(math.asin(0.5), abs=1e-9)
    for b in (1, 2):
        first = np.array([state[f"ball_{b}_velocity_x"][0], 0.0])
        assert v[b] @ tangent == pytest.approx(first @ tangent, abs=1e-12)


def test_a_thrown_ball_falls_along_a_parabola_at_any_frame_rate():
    for fps in (10, 24, 60):
        clip = make("Collision", preset="thrown").record(1, size=8, fps=fps)
        t, state, p = np.arange(len(clip)) / fps, clip.truth.state, clip.truth.parameters
        assert np.abs(state["ball_1_y"] - (state["ball_1_y"][0] - 0.5 * p["gravity"] * t**2)).max() < 1e-11
        assert np.abs(state["ball_1_x"] - (state["ball_1_x"][0] + p["speed_1"] * t)).max() < 1e-11
        assert np.ptp(clip.truth.conserved["energy"]) < 1e-10


def test_criticality_crosses_zero_at_the_contact_and_nowhere_else():
    world = make("Collision")
    clip, event = after_contact(world, 4)
    values = np.array([world.criticality(row) for row in clip.truth.state])
    crossing = int(np.flatnonzero((values[:-1] < 0) & (values[1:] >= 0))[0])
    assert crossing / 10 <= event.time <= (crossing + 1) / 10
    assert (values[: crossing + 1] < 0).all() and (values[crossing + 1 :] >= 0).all()
    assert {world.branch(row) for row in clip.truth.state[: crossing + 1]} == {"approaching"}
    assert clip.truth.branch == "separating"


def test_the_picture_agrees_with_the_state_to_a_tenth_of_a_pixel():
    """The published parser takes pixel i for the place i / W of a ball drawn at i / (W - 1); here i + 1/2."""
    clip = make("Collision").record(5, size=64)
    camera, mask, state = clip.truth.camera, clip.truth.masks, clip.truth.state
    for k in (0, 3, 6):
        rows, columns = np.nonzero(mask[k] == 1)
        x = (columns.mean() + 0.5 - camera["origin_x"]) * camera["metres_per_pixel"]
        y = (camera["origin_y"] - rows.mean() - 0.5) * camera["metres_per_pixel"]
        assert abs(x - state["ball_1_x"][k]) < 0.1 * camera["metres_per_pixel"]
        assert abs(y - state["ball_1_y"][k]) < 0.1 * camera["metres_per_pixel"]


def test_kicks_change_the_momentum_by_the_impulse():
    actions = np.zeros((11, 2))
    actions[4] = [3.0, -2.0]
    clip = make("Collision", preset="one_ball").record(0, size=8, seconds=1.1, actions=actions)
    momentum = clip.truth.conserved
    assert momentum["momentum_x"][5] - momentum["momentum_x"][4] == pytest.approx(3.0)
    assert momentum["momentum_y"][5] - momentum["momentum_y"][4] == pytest.approx(-2.0)


def test_the_published_setting():
    world = make("Collision", preset="phyworld") if _has_box2d() else make("Collision")
    assert world.view == (0.0, 0.0, 10.0, 10.0) and round(world.seconds * world.fps) == 32 and world.fps == 10
    ranges = world.ranges
    assert ranges["radius_1"].train == ranges["radius_2"].train == (0.7, 1.4)
    assert ranges["speed_1"].train == ranges["speed_2"].train == (1.0, 4.0)
    assert ranges["speed_1"].out == ((0.0, 0.8), (4.5, 6.0)) and ranges["radius_1"].out == ((0.3, 0.6), (1.5, 2.0))
    assert ranges["gravity"].default == 2.5


def _has_box2d() -> bool:
    try:
        import Box2D  # noqa: F401
    except ImportError:
        return False
    return True


@pytest.mark.skipif(not _has_box2d(), reason="the engine Box2D is not installed: pip install 'cuspworld[worlds]'")
def test_box2d_agrees_when_fast_and_shows_its_fault_when_slow():
    fast = {"speed_1": 2.0, "speed_2": 1.5}
    exact, published = (make("Collision", engine=e, **fast).record(1, size=8) for e in ("exact", "box2d"))
    for name in ("ball_1_velocity_x", "ball_2_velocity_x"):
        assert published.truth.state[name][-1] == pytest.approx(exact.truth.state[name][-1], abs=1e-4)
    assert abs(published.truth.events[0].time - exact.truth.events[0].time) < 0.025  # whole steps of 0.01 s
    slow = {"speed_1": 0.5, "speed_2": 0.4}
    exact, published = (make("Collision", engine=e, **slow).record(1, size=8, seconds=8) for e in ("exact", "box2d"))
    state = published.truth.state
    assert state["ball_1_velocity_x"][-1] == pytest.approx(state["ball_2_velocity_x"][-1], abs=1e-3)  # they stick
    state = exact.truth.state
    assert state["ball_2_velocity_x"][-1] - state["ball_1_velocity_x"][-1] == pytest.approx(0.9)


def test_balls_that_cannot_exist_together():
    with pytest.raises(CuspError, match="must be below 4"):
        make("Collision").reset(seed=0, options={"radius_1": 2.4, "radius_2": 2.4})
    with pytest.raises(CuspError, match="must differ"):
        make("Collision").reset(seed=0, options={"colour_1": "red", "colour_2": "red"})
