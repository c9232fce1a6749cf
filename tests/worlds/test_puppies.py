"""Puppies: they stay as many as they are, masks say who is where, and occlusion happens when and where it says."""

import math

import numpy as np
import pytest

from cuspworld.worlds import make
from cuspworld.worlds.drawing.canvas import Canvas
from cuspworld.worlds.puppies.drawing import Puppy, draw_puppy
from cuspworld.worlds.puppies.kernels import PARTS, hidden
from cuspworld.worlds.puppies.world import (
    BALL_DRAG,
    BALL_MASS,
    BALL_RADIUS,
    MOST,
    OUTLINE,
    PUPPY_MASS,
    PUPPY_RADIUS,
    STEP,
)
from tests.worlds import contract


def test_the_puppies_stay_as_many_as_they_are_and_keep_their_ids():
    for seed in range(3):
        world = make("Puppies", size=64)
        clip = world.record(seed, size=64)
        count = world.values["count"]
        assert (clip.truth.conserved["animals"] == count).all()
        for k in range(1, MOST + 1):
            assert (clip.truth.state[f"puppy_{k}_present"] == float(k <= count)).all()
        ids = set(np.unique(clip.truth.masks)) - {0, MOST + 1}
        assert ids == set(range(1, count + 1))


def test_a_mask_holds_the_pixels_of_its_own_coat_only():
    """Where a puppy stands alone, the mean colour inside its mask is nearest to its own coat among all coats."""
    world = make("Puppies", size=96, coat_1="white", coat_2="black", coat_3="brown", coat_4="golden", count=3)
    clip = world.record(3, size=96, seconds=0.3)
    shades = [clip.frames[0][clip.truth.masks[0] == k].mean() for k in (1, 2, 3)]
    assert shades[0] > shades[2] > shades[1]


def test_what_the_truth_calls_hidden_has_no_pixels_and_what_it_calls_seen_has_many():
    seen = hidden = 0
    for seed in range(6):
        truth = make("Puppies").record(seed, size=96).truth
        for k in range(1, int(truth.parameters["count"]) + 1):
            pixels = (truth.masks == k).sum((1, 2))
            visible = truth.state[f"puppy_{k}_visible"]
            assert (pixels[visible > 0.9] > 60).all()
            assert (pixels[visible == 0.0] < 0.25 * np.median(pixels)).all()
            seen, hidden = seen + int((visible > 0.9).sum()), hidden + int((visible < 0.3).sum())
    assert seen > 100 and hidden > 0


def test_a_puppy_right_behind_its_like_is_hidden_and_one_beside_it_is_not():
    """Two equal outlines at one place on the screen: the farther is wholly hidden; moved aside, it comes out."""
    depth, visible = np.empty(2), np.empty(2)
    for aside, expected in ((0.0, True), (0.3, False), (3.0, False)):
        places = np.array([[0.0, 0.2, 0.6, 1.0, 0.5], [aside, 0.2, 0.6, 1.0, 0.9]])
        hidden(places, PARTS, OUTLINE, depth, visible)
        assert (depth[1] >= -1e-9) == expected and (visible[1] < 0.3) == expected  # its edge is the edge
        assert visible[0] == 1.0
    assert visible[1] == 1.0


def test_a_puppy_that_turns_round_is_drawn_without_a_jump():
    """A step of the facing 100 times smaller changes the picture 100 times less, also where it looks at the camera."""

    def change(step: float) -> float:
        worst = 0.0
        for facing in (0.45, 0.2, 0.0, -0.45):
            pictures = []
            for towards in (facing + step / 2, facing - step / 2):
                canvas = Canvas(64, 64, (-0.6, -0.1, 0.6, 1.1))
                canvas.background((128, 190, 240), (124, 196, 92))
                draw_puppy(canvas, Puppy(0.0, 0.1, 1.0, towards, 1.0, 1.0, "white", 1))
                pictures.append(canvas.image.copy())
            worst = max(worst, float(np.abs(pictures[0] - pictures[1]).mean()))
        return worst

    assert change(1e-4) < 0.03 * change(1e-2)


def test_branch_and_criticality_follow_the_deepest_hidden_puppy():
    world = make("Puppies", size=8)
    for seed in range(4):
        truth = world.record(seed, size=8).truth
        occluded = {event.name for event in truth.events} & {"full occlusion"}
        signs = np.array([world.criticality(row) for row in truth.state]) >= 0
        assert signs.any() <= bool(occluded)
        assert all((world.branch(row) == "one hidden") == s for row, s in zip(truth.state, signs, strict=True))


def test_a_puppy_is_wholly_hidden_in_some_ordinary_recordings_and_not_in_most():
    """The critical event must be in the data, and rare. Of 40 recordings, in a few; then no pixel of it is seen."""
    world, hidden_in = make("Puppies", size=64), 0
    for seed in range(40):
        truth = world.record(seed, size=64).truth
        hidden_in += any(event.name == "full occlusion" for event in truth.events)
        for k in range(1, world.values["count"] + 1):
            whole = truth.state[f"puppy_{k}_visible"] == 0.0
            assert ((truth.masks[whole] == k).sum((1, 2)) < 12).all()  # a hop, an ear
    assert 1 <= hidden_in <= 10


def test_of_two_equal_puppies_the_farther_is_never_wholly_hidden():
    """The camera is higher than their heads: the farther one's head is always seen above the nearer one's."""
    world = make("Puppies", size=8, **{f"size_{k}": 1.0 for k in range(1, 5)})
    for seed in range(20):
        assert world.record(seed, size=8).truth.state["hidden_depth"].max() < 0


def test_puppies_do_not_run_through_one_another():
    for seed in range(3):
        world = make("Puppies", size=8)
        state = world.record(seed, size=8).truth.state
        for a in range(1, world.values["count"] + 1):
            for b in range(1, a):
                touch = PUPPY_RADIUS * (world.values[f"size_{a}"] + world.values[f"size_{b}"])
                gap = np.hypot(
                    state[f"puppy_{a}_x"] - state[f"puppy_{b}_x"], state[f"puppy_{a}_z"] - state[f"puppy_{b}_z"]
                )
                assert gap.min() > touch - 0.02


def test_a_kicked_ball_takes_the_impulse_and_rolls_out_as_drag_says():
    """speed = impulse / mass * exp(-drag t) while it meets nobody."""
    world = make("Puppies", size=8, eagerness=0.0, pace=0.0)
    world.reset(seed=0)
    for dog in world._dogs:  # out of the way
        dog.velocity = (0.0, 0.0)
    others = [np.hypot(*(dog.position - world._ball.position)) for dog in world._dogs]
    assert min(others) > BALL_RADIUS + PUPPY_RADIUS + 0.02
    world.step(np.array([0.01, 0.0]))
    expected = 0.01 / BALL_MASS * math.exp(-BALL_DRAG * 0.1)
    assert world.state["ball_velocity_x"] == pytest.approx(expected, rel=1e-6)


def bump(step: float, monkeypatch) -> np.ndarray:
    """Two puppies that want nothing run into one another head on: x and speed of both after 0.4 s."""
    monkeypatch.setattr("cuspworld.worlds.puppies.world.STEP", step)
    world = make("Puppies", size=8, count=3, eagerness=0.0, restitution=0.5, size_1=0.8, size_2=1.1, fps=40)
    world.reset(seed=0)
    a, b, other = world._dogs
    world._ball.position, other.position, other.velocity = (0.0, 0.1), (0.0, 1.3), (0.0, 0.0)
    a.position, a.velocity, b.position, b.velocity = (-0.3, 0.7), (0.9, 0.0), (0.25, 0.7), (-0.6, 0.0)
    for _ in range(16):
        world.step(np.zeros(2))
    return np.array([a.position[0], b.position[0], a.velocity[0], b.velocity[0]])


def test_a_bump_keeps_the_momentum_and_parts_with_the_restitution_and_the_step_hardly_matters(monkeypatch):
    after = bump(STEP, monkeypatch)
    mass = PUPPY_MASS * np.array([0.8, 1.1]) ** 3
    assert mass @ after[2:] == pytest.approx(mass @ [0.9, -0.6], rel=1e-9)
    assert after[3] - after[2] == pytest.approx(0.5 * 1.5, rel=1e-6)
    assert bump(STEP / 2, monkeypatch) == pytest.approx(after, abs=2 * STEP)


@pytest.mark.parametrize("twin", ["three_become_four", "four_become_three", "identities_swap"])
def test_twins(twin):
    possible, impossible = contract.check_twin("Puppies", twin)
    before, after = possible.truth.conserved["animals"][-1], impossible.truth.conserved["animals"][-1]
    assert after - before == {"three_become_four": 1, "four_become_three": -1, "identities_swap": 0}[twin]
