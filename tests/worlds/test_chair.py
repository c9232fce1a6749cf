"""Chair against Galileo, the pendulum and the lever, and the promises of every world."""

import math
from importlib.util import find_spec

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

if find_spec("mujoco") is None:
    pytest.skip("the worlds that MuJoCo moves need the extra 'worlds'", allow_module_level=True)

from cuspworld.worlds import make
from cuspworld.worlds.chair.model import CENTRE, CHAIR_POINTS, FOOT, GRIPS, LEG, overhang, turn_back
from cuspworld.worlds.chair.world import Chair
from cuspworld.worlds.drawing.camera import project
from tests.worlds import contract

DROP = {"story": "dropped", "tilt": 0.0, "height": 0.7, "gravity": 9.81}


def _actions(count: int, **columns) -> np.ndarray:
    """An action table (count, 4) of zeros but for the given columns' {row: value}."""
    table = np.zeros((count, 4))
    for name, rows in columns.items():
        for row, value in rows.items():
            table[row, list(Chair.actions).index(name)] = value
    return table


def test_free_fall():
    for gravity in (1.62, 9.81, 15.0):
        world = make("Chair", **{**DROP, "gravity": gravity}, fps=50)
        truth = world.record(3, size=8, seconds=0.9).truth
        times = {event.name: event.time for event in truth.events}
        fall = times.get("lands", 0.88) - times["release"]
        if "lands" in times:  # s = g t^2 / 2; the integrator's own error is half a step
            assert fall == pytest.approx(math.sqrt(2 * 0.7 / gravity), abs=0.0015)
        k = int((times["release"] + 0.9 * fall) * 50)
        assert truth.state["chair_velocity_z"][k] == pytest.approx(-gravity * (k / 50 - times["release"]), rel=1e-6)
        assert np.abs(np.diff(truth.state["chair_velocity_x"][math.ceil(50 * times["release"]) : k + 1])).max() < 1e-9


def test_the_error_of_a_fall_halves_with_the_step():
    exact, errors = math.sqrt(2 * 0.7 / 9.81), []
    for step in (0.004, 0.002, 0.001):
        finer = type("Chair", (Chair,), {"step_length": step})
        times = {event.name: event.time for event in finer(**DROP).record(3, size=8, seconds=1.5).truth.events}
        errors.append(abs(times["lands"] - times["release"] - exact))
    assert errors[0] / errors[1] == pytest.approx(2, rel=0.1) and errors[1] / errors[2] == pytest.approx(2, rel=0.1)


@pytest.mark.long
def test_the_instant_of_tipping_converges():
    instants = []
    for step in (0.002, 0.001, 0.0005):
        finer = type("Chair", (Chair,), {"step_length": step})
        world = finer(story="propped", block=0.09, push=6.0, mass=5.0, friction=0.7)
        instants.append(next(e.time for e in world.record(1, size=8).truth.events if e.name == "tipping"))
    assert abs(instants[1] - instants[2]) < 0.7 * abs(instants[0] - instants[1]) + 1e-5 < 0.01


def test_energy_never_grows_once_nothing_works_on_the_chair():
    for seed in range(6):
        world = make("Chair", story="dropped", size=8)
        truth = world.record(seed, fps=50).truth
        first = math.ceil(next(e.time for e in truth.events if e.name == "release") * 50) + 1
        energy = truth.state["energy"][first:]
        fallen = world.values["mass"] * world.values["gravity"] * world.values["height"]
        assert np.diff(energy).max() < 0.01 * fallen
        assert energy[0] - energy[-1] > 0.9 * fallen


def test_an_impulse_changes_the_momentum_by_itself():
    truth = make("Chair", **DROP, mass=5.0, fps=50).record(
        3, size=8, seconds=0.4, actions=_actions(20, release={1: 1.0}, push={2: 3.0})
    ).truth  # fmt: skip
    assert 5.0 * truth.state["chair_velocity_x"][-1] == pytest.approx(3.0, rel=1e-3)
    assert abs(truth.state["chair_velocity_y"][-1]) < 1e-3


def test_pendulum_period():
    """A rigid body on a pivot: T = 2 pi sqrt((I + m L^2) / (m g L)) for small swings."""
    world = make("Chair", **{**DROP, "tilt": 0.2}, mass=5.0, fps=50)
    truth = world.record(3, size=8, seconds=5.0, actions=_actions(250, push={0: 0.4})).truth
    x = truth.state["chair_x"] - truth.state["hook_x"]
    x = x - x.mean()
    rising = [k + x[k] / (x[k] - x[k + 1]) for k in range(10, len(x) - 1) if x[k] < 0 <= x[k + 1]]
    period = np.diff(rising).mean() / 50
    inertia, arm = _inertia_about_y(world), truth.state["hook_z"][0] - truth.state["chair_z"][0]
    assert arm == pytest.approx(0.85, abs=0.003)
    assert period == pytest.approx(2 * math.pi * math.sqrt((inertia + 5.0 * arm**2) / (5.0 * 9.81 * arm)), rel=0.01)


def _inertia_about_y(world) -> float:
    """About the centre of mass, from the boxes: sum of m (a^2 + c^2) / 3 and the parallel axes."""
    from cuspworld.worlds.chair.model import BOXES

    middle = np.array([m for _, m, _ in BOXES])
    half = np.array([h for *_, h in BOXES])
    mass = half.prod(1) / half.prod(1).sum() * world.values["mass"]
    offset = middle - mass @ middle / mass.sum()
    return float((mass * ((half[:, 0] ** 2 + half[:, 2] ** 2) / 3 + offset[:, 0] ** 2 + offset[:, 2] ** 2)).sum())


def test_ropes_and_floor_carry_the_weight():
    hanging = make("Chair", **DROP, mass=6.0).record(3, size=8, seconds=0.3).truth.state
    hook = np.array([0.0, 0.0, 0.85])  # from the centre of mass; forces of the two ropes and the weight sum to zero
    pulls = [hook - grip for grip in GRIPS]
    along = np.array([pull / np.linalg.norm(pull) for pull in pulls])[:, [0, 2]]
    tensions = np.linalg.solve(along.T, [0.0, 6.0 * 9.81])
    assert hanging["rope_tension"][-1] == pytest.approx(tensions.sum(), rel=0.01) and hanging["support"][-1] == 0
    standing = make("Chair", story="propped", push=0.0, block=0.08, mass=6.0).record(0, size=8, seconds=5).truth.state
    assert standing["support"][-1] == pytest.approx(6.0 * 9.81, rel=0.15)  # the block also pushes sideways
    settled = standing[10:]
    for name in ("chair_x", "chair_y", "chair_z"):
        assert np.ptp(settled[name]) < 2e-3


def test_overhang_is_how_far_the_weight_is_beyond_the_feet():
    feet = np.array([(x, y, 0.0) for x in (-FOOT, FOOT) for y in (-FOOT, FOOT)])
    centre = np.array([-0.03, 0.0, 0.47])
    for tilt in np.linspace(-1.2, 1.2, 13):
        turn = turn_back(float(tilt), 0.0)
        points, weight = feet @ turn.T, turn @ centre
        beyond = max(points[:, 0].min() - weight[0], weight[0] - points[:, 0].max(), -FOOT)
        assert overhang(centre, turn[2]) == pytest.approx(beyond, abs=1e-12) or (abs(tilt) < 0.4 and beyond < 0)
    assert overhang(centre, np.array([0.0, 0.0, -1.0])) > 0


def test_it_tips_by_itself_exactly_beyond_the_critical_angle():
    """tan(theta) = d / c, with d from the centre of mass to the edge of the rear feet and c its height."""
    x, _, c = CENTRE
    critical = math.atan((FOOT + x) / c)
    for angle, branch in ((critical - 0.01, "standing"), (critical + 0.01, "fallen")):
        block = (FOOT + LEG - 0.02) * math.sin(angle)
        truth = make("Chair", story="propped", push=0.0, block=block).record(0, size=8, seconds=4).truth
        assert truth.branch == branch
        assert make("Chair").criticality(truth.state[0]) == pytest.approx(0.0, abs=0.006)


@pytest.mark.long
def test_criticality_crosses_zero_at_the_event():
    crossed = 0
    for seed in range(12):
        world = make("Chair", story="propped")
        truth = world.record(seed, size=8, fps=25).truth
        values = np.array([world.criticality(row) for row in truth.state])
        for event in truth.events:
            if event.name in world.critical_events and event.time > 0:
                k = int(event.time * 25)
                if (values[k] < 0) == (values[k + 1] < 0):
                    continue  # there and back within a frame
                assert (values[k] < 0) == (event.name == "tipping")
                crossed += 1
        assert truth.branch == ("fallen" if values[-1] >= 0 else "standing")
    assert crossed >= 4


def test_a_harder_push_tips_it_and_a_softer_one_does_not():
    outcomes = [make("Chair", story="propped", block=0.08, mass=6.0, friction=0.8).record(
        0, size=8, options={"push": push}).truth.branch for push in (0.3, 1.0, 4.0, 7.0)]  # fmt: skip
    assert outcomes == sorted(outcomes, key=["standing", "fallen"].index) and set(outcomes) == {"standing", "fallen"}


def test_a_chair_that_is_caught_in_time_recovers():
    world = make("Chair", story="propped", mass=6.0, block=0.1, friction=0.8)
    actions = np.zeros((12, 4))
    actions[4, 3], actions[6, 3] = -4.0, 10.0
    truth = world.record(0, size=8, seconds=1.2, actions=actions).truth
    when = {event.name: event.time for event in reversed(truth.events)}
    beyond = np.array([world.criticality(row) for row in truth.state]) >= 0
    times = np.arange(12) / 10
    assert when["tipping"] < when["recovers"] < 1.0
    assert (beyond == ((times > when["tipping"]) & (times < when["recovers"]))).all()


@pytest.mark.long
def test_sand_holds_and_lets_go():
    peaks = []
    for sand in (0.0, 1e5, 4e5):
        truth = make("Chair", story="dug", depth=0.2, sand=sand, mass=5.0, tilt=0.1).record(1, size=8, fps=50).truth
        peaks.append(truth.state["rope_tension"].max())
        free = next(e.time for e in truth.events if e.name == "leaves the sand")
        after = truth.state[math.ceil(free * 50) + 1 :]
        assert (after["sand_force_z"] == 0).all() and after["lowest"][-1] > 0.2
        assert truth.branch == "hanging"
    assert peaks[0] < peaks[1] < peaks[2] and peaks[2] > 2 * 5.0 * 9.81


def test_masks_lie_where_the_camera_puts_the_chair():
    clip = make("Chair").record(0, size=(96, 128))
    for k in range(0, len(clip), 5):
        row = clip.truth.state[k]
        turn = Rotation.from_quat([row[f"chair_q{axis}"] for axis in "xyzw"]).as_matrix()
        corners = CHAIR_POINTS @ turn.T + [row["chair_x"], row["chair_y"], row["chair_z"]]
        x, y = np.array([project(clip.truth.camera, corner) for corner in corners]).T
        rows, columns = np.nonzero(clip.truth.masks[k] == 1)
        seen = (columns.min(), columns.max() + 1, rows.min(), rows.max() + 1)
        assert np.allclose(seen, (x.min(), x.max(), y.min(), y.max()), atol=1.5)


def test_twins():
    _, hung = contract.check_twin("Chair", "hangs_in_air")
    first = round(hung.truth.violation.start * hung.fps)
    assert np.ptp(hung.truth.state["chair_z"][first:]) == 0
    _, sunk = contract.check_twin("Chair", "through_floor")
    assert sunk.truth.state["lowest"][-1] < -0.3
    possible, more = contract.check_twin("Chair", "appears")
    assert possible.truth.conserved["chairs"][-1] == 1 and more.truth.conserved["chairs"][-1] == 2
    assert (more.truth.masks == 2).any() and not (possible.truth.masks == 2).any()


@pytest.mark.parametrize("story", ["dropped", "propped", "lifted", "dug"])
def test_every_story_has_a_caption(story):
    assert make("Chair", story=story).record(0, size=8, seconds=1.0).caption
