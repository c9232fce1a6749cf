"""Depth, flow and boxes: what the pixels show, checked by geometry, by the state, and by the frames themselves."""

from dataclasses import replace
from importlib.util import find_spec

import cv2
import numpy as np
import pytest

from cuspworld.errors import CuspError
from cuspworld.truth import Truth
from cuspworld.worlds import make, names, registry
from cuspworld.worlds.drawing.camera import axes_of, position_of, project_all

HERE = [name for name in names() if all(find_spec(package) for package in registry._entries[name].needs)]
needs_mujoco = pytest.mark.skipif("Ant" not in HERE, reason="needs mujoco")
MOVES = 0.25  # pixels
# Decibels by which the warp must be better: nothing moves in Heat; in Candles, flames a few pixels wide that flicker.
BETTER = {name: 6.0 for name in HERE} | {"Candles": 0.0, "WindTunnel": 0.5, "Heat": None, "Treadmill": 4.0, "Ant": 4.0}
QUICK = ("Collision", "Planets", "Puppies", "Treadmill")


def _decibels(clip) -> tuple[float, float] | None:
    """Of a frame against the next one, brought back by the flow, and as it is: where things move and are seen."""
    truth, errors = clip.truth, ([], [])
    x, y = np.meshgrid(np.arange(clip.size[1]), np.arange(clip.size[0]))
    for k in range(len(clip) - 1):
        seen = ~truth.hidden[k] & (np.hypot(*np.moveaxis(truth.flow[k], -1, 0)) > MOVES)
        place = (np.stack([x, y], -1) + truth.flow[k]).astype(np.float32)
        back = cv2.remap(clip.frames[k + 1], place[..., 0], place[..., 1], cv2.INTER_LINEAR)
        for kind, other in enumerate((back, clip.frames[k + 1])):
            errors[kind].append(((other[seen].astype(float) - clip.frames[k][seen]) ** 2).ravel())
    squares = [np.concatenate(kind) for kind in errors]
    return tuple(10 * np.log10(255**2 / s.mean()) for s in squares) if squares[0].size else None


@pytest.mark.parametrize(
    "name", [name if name in QUICK else pytest.param(name, marks=pytest.mark.long) for name in HERE]
)
@pytest.mark.parametrize("split", ["train", "varied"])
def test_the_next_frame_brought_back_by_the_flow_is_the_frame(name, split):
    clip = make(name, split=split).record(1, size=80, seconds=0.6 if name in QUICK else 2.0, passes=("flow",))
    found = _decibels(clip)
    if BETTER[name] is None:
        assert found is None and not clip.truth.flow.any()
    else:
        assert found is not None and found[0] > found[1] + BETTER[name]


def test_flow_is_what_the_state_says_of_a_ball():
    """Every pixel of a ball goes where its centre goes, by the pinhole of the truth."""
    truth = make("Collision").record(1, size=64, seconds=0.4, passes=("flow",)).truth
    for k in range(2):
        for ball in (1, 2):
            centres = np.array([[truth.state[f"ball_{ball}_{c}"][k + i] for c in "xy"] for i in (0, 1)])
            step = np.diff(centres, axis=0)[0] / truth.camera["metres_per_pixel"] * (1, -1)
            assert np.allclose(truth.flow[k][truth.masks[k] == ball], step, atol=1e-3)
    assert not truth.flow[0][truth.masks[0] == 0].any() and truth.hidden[-1].all()


def test_what_passes_behind_is_hidden():
    """Pixels of one puppy whose place another takes in the next frame."""
    truth = make("Puppies").record(0, size=96, seconds=0.6, passes=("flow",)).truth
    rows, columns = np.mgrid[0:96, 0:96]
    for k in range(len(truth.state) - 1):
        at = np.floor(np.stack([columns, rows], -1) + 0.5 + truth.flow[k]).astype(int).clip(0, 95)
        then = truth.masks[k + 1][at[..., 1], at[..., 0]]
        assert truth.hidden[k][(truth.masks[k] > 0) & (then > 0) & (then != truth.masks[k])].all()
        assert truth.hidden[k].mean() < 0.2


def test_depth_of_a_plane_and_what_lies_behind_it():
    """Collision: balls 30 m from the camera, which looks straight down, and the floor 1 m behind them; from aside, the
    balls' depth is their distance along the camera's axis."""
    for split in ("train", "varied"):
        truth = make("Collision", split=split).record(0, size=64, seconds=0.2, passes=("depth",)).truth
        for ball in (1, 2):
            here = truth.masks[0] == ball
            place = [truth.state[f"ball_{ball}_x"][0], truth.state[f"ball_{ball}_y"][0], 0.0]
            if split == "train":
                assert np.allclose(truth.depth[0][here], 30.0) and np.allclose(
                    truth.depth[0][truth.masks[0] == 0], 31.0
                )
            else:
                along = (position_of(truth.camera) - place) @ axes_of(truth.camera)[2]
                assert truth.depth[0][here].mean() == pytest.approx(along, abs=0.05)


def test_depth_of_the_meadow():
    """Puppies: the ball is as far behind the near edge as the state says, and stands on ground of that depth."""
    truth = make("Puppies").record(5, size=128, seconds=0.1, passes=("depth",)).truth
    ball = truth.masks[0] == list(truth.instances.values()).index("ball") + 1
    assert np.allclose(truth.depth[0][ball], 2.2 + truth.state["ball_z"][0], atol=1e-3)
    assert np.isinf(truth.depth[0][0]).all()
    foot, middle = np.flatnonzero(ball.any(1))[-1] + 1, int(np.flatnonzero(ball.any(0)).mean())
    assert truth.masks[0][foot, middle] == 0
    assert truth.depth[0][foot, middle] == pytest.approx(2.2 + truth.state["ball_z"][0], abs=0.25)


@needs_mujoco
def test_depth_of_a_plank_lies_in_its_plane():
    """Ant: the plank's upper side goes through the world's origin at its slope; a pixel's point is on it, or below."""
    world = make("Ant", story="walk", slope=12.0)
    truth = world.record(0, size=64, seconds=0.2, passes=("depth",)).truth
    rows, columns = np.nonzero(truth.masks[0] == 3)
    camera = truth.camera
    x, y = columns + 0.5 - camera["centre_x"], camera["centre_y"] - rows - 0.5
    rays = np.stack([x, y, np.full(len(x), -camera["focal_length"])], 1) / camera["focal_length"] @ axes_of(camera)
    points = position_of(camera) + rays * truth.depth[0][rows, columns][:, None]
    above = points @ (-np.sin(np.radians(12.0)), 0.0, np.cos(np.radians(12.0)))
    assert np.median(np.abs(above)) < 2e-3 and above.max() < 4e-3
    assert np.allclose(project_all(camera, points), np.stack([columns, rows], 1) + 0.5)


def test_boxes_hold_the_balls():
    """Each ball's circle, by the state and the camera, is its box to a pixel while it is wholly in the picture."""
    truth = make("Collision").record(2, size=96, seconds=1.0).truth
    boxes, metres = truth.boxes(), truth.camera["metres_per_pixel"]
    for ball in (1, 2):
        for k, row in enumerate(truth.state):
            x = truth.camera["origin_x"] + row[f"ball_{ball}_x"] / metres
            y = truth.camera["origin_y"] - row[f"ball_{ball}_y"] / metres
            r = row[f"ball_{ball}_radius"] / metres
            if r < x < 96 - r and r < y < 96 - r and (truth.masks[k] == ball).any():
                circle = np.array([x - r, y - r, x + r, y + r])
                inner = boxes[f"ball {ball}"][k]
                assert np.abs(inner - circle).max() < 1.0 or (truth.masks[k] == 3 - ball).any()


def test_passes_are_asked_for_kept_and_cut():
    world = make("Collision")
    plain, traced = (
        world.record(0, size=16, seconds=0.5),
        world.record(0, size=16, seconds=0.5, passes=("depth", "flow")),
    )
    assert plain.frames.tobytes() == traced.frames.tobytes()
    assert replace(traced.truth, depth=None, flow=None, hidden=None).to_bytes() == plain.truth.to_bytes()
    again = Truth.from_bytes(traced.truth.to_bytes())
    assert np.array_equal(again.flow, traced.truth.flow) and np.array_equal(again.depth, traced.truth.depth)
    part = traced[1:4].truth
    assert part.hidden[-1].all() and np.array_equal(part.flow, traced.truth.flow[1:4]) and not part.hidden[0].all()
    assert traced[::2].truth.flow is None and traced[::2].truth.depth.shape == (3, 16, 16)
    with pytest.raises(CuspError, match="passes are some of depth, flow"):
        world.record(0, passes=("normals",))
