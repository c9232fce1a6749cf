"""Scenes of MuJoCo under the settings that our worlds share: stacks stand or fall as statics says."""

from importlib.util import find_spec

import numpy as np
import pytest

if find_spec("mujoco") is None:
    pytest.skip("the worlds that MuJoCo moves need the extra 'worlds'", allow_module_level=True)

from cuspworld.worlds import make
from cuspworld.worlds.engines.mujoco_scene import build, ground, model_text, mujoco

HALF = np.array([0.2, 0.1, 0.05])  # m, of a brick


def stacked(places: list[float], seconds: float) -> np.ndarray:
    """Bricks on one another with their middles at x = `places`, from below; where their middles are after that time."""
    bricks = "".join(
        f'<body pos="{x} 0 {(2 * k + 1) * HALF[2]}"><freejoint/>'
        f'<geom type="box" size="{HALF[0]} {HALF[1]} {HALF[2]}" mass="1" friction="0.8 0.005 0.0001"/></body>'
        for k, x in enumerate(places)
    )
    model, data = build(model_text(body=ground((200, 200, 200)) + bricks, step=0.002))
    for _ in range(round(seconds / 0.002)):
        mujoco.mj_step(model, data)
    return data.xpos[1:].copy()


def overhangs(share: float, count: int = 5) -> list[float]:
    """The harmonic stack: the k-th brick from the top stands out by `share` of half a length over k."""
    steps = [share * HALF[0] / k for k in range(count - 1, 0, -1)]
    return [0.0, *np.cumsum(steps).tolist()]


def test_a_straight_stack_of_ten_stands_still():
    places = stacked([0.0] * 10, 4.0)
    assert np.abs(places[:, :2]).max() < 1e-3
    assert np.allclose(np.diff(places[:, 2]), 2 * HALF[2], atol=1e-3)  # contacts are a little soft


@pytest.mark.parametrize(("share", "stands"), [(0.93, True), (1.07, False)])
def test_a_leaning_stack_stands_until_the_centre_of_mass_is_over_an_edge(share, stands):
    """Every brick's load acts at the centre of mass of all above it; at share 1 that is at the edge of the brick."""
    places = stacked(overhangs(share), 3.0)
    top = (2 * len(places) - 1) * HALF[2]
    assert (abs(places[-1, 2] - top) < 0.01) == stands


@pytest.mark.parametrize(
    ("name", "story", "action", "pushes"),
    [
        ("Chair", {"story": "lifted"}, "push", (-4.0, 4.0)),
        ("Ant", {"story": "walk"}, "kick", (-4.0, 4.0)),
        ("Ant", {"story": "kick"}, "kick", (-4.0, 4.0)),
        ("Treadmill", {"story": "steady"}, "kick", (6.0, -6.0)),
    ],
)
def test_a_picture_after_pushes_does_not_depend_on_the_pictures_before(name, story, action, pushes):
    """Pushed at frames 2 and 6, and drawn at every frame, or only in the end, while the hand is still seen."""
    often, once = (make(name, render_mode="rgb_array", size=32, **story) for _ in range(2))
    for world in (often, once):
        world.reset(seed=2)
        for k in range(9):
            now = np.array(world.policy(k / world.fps))
            now[list(world.actions).index(action)] = {2: pushes[0], 6: pushes[1]}.get(k, 0.0)
            world.step(now)
            if world is often:
                world.render()
    assert (often.render() == once.render()).all()
    masks = often.picture(64, 64)[1]
    hand = next(k for k, what in often.instances.items() if what == "hand")
    assert (masks == hand).any(), "the hand that pushed is gone"
