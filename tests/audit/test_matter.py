"""Colours that end, begin or grow inside the frame; solids that a stream goes through."""

import cv2
import numpy as np

from cuspworld.audit.evidence.scene import observe
from cuspworld.audit.laws.contact.solid_crossed import crossings
from cuspworld.audit.observations.colour_amounts import Matter, matter

from .scenes import BLUE, RED, render, straight

FPS = 24.0


def _kinds(found: list[Matter]) -> set[str]:
    return {m.kind for m in found if m.strength > 2}


def test_a_colour_that_is_gone_inside_the_frame_is_told_and_one_that_leaves_is_not() -> None:
    stays, goes = straight((20, 70), (1.5, 0), 50), straight((30, 30), (1.0, 0), 50)
    goes[28:] = np.nan
    found = matter(observe(render([stays, goes], [9, 9], [BLUE, RED]), FPS))
    gone = [m for m in found if m.kind == "gone"]
    assert gone and abs(gone[0].frame - 27) <= 1
    x0, y0, x1, y1 = gone[0].box
    assert x0 <= 57 <= x1 and y0 <= 30 <= y1
    leaves = straight((60, 30), (3.0, 0), 50)  # past the right border after 26 frames
    assert "gone" not in _kinds(matter(observe(render([stays, leaves], [9, 9], [BLUE, RED]), FPS)))


def _ship(size: np.ndarray, turn: np.ndarray, rise: np.ndarray | None = None) -> np.ndarray:
    """A sail of `size` that turns about its mast (its width goes with |cos turn|) and drifts: (time, 96, 128, 3)."""
    frames = []
    for t, (high, angle) in enumerate(zip(size, turn, strict=True)):
        frame = np.full((96, 128, 3), (150, 165, 175), np.uint8)
        wide = max(2.0, 16 * high / 16 * abs(np.cos(angle)))
        tall = high if rise is None else high + rise[t]
        x, y = 22 + 1.4 * t, 60
        corners = [(round(16 * (x - wide / 2)), round(16 * (y - tall))), (round(16 * (x + wide / 2)), 16 * y)]
        cv2.rectangle(frame, corners[0], corners[1], RED, -1, cv2.LINE_AA, 4)
        frames.append(frame)
    return np.stack(frames)


def test_a_thing_that_grows_in_width_and_height_is_told() -> None:
    size = np.r_[np.full(20, 16.0), np.linspace(16, 34, 15), np.full(25, 34.0)]
    found = [m for m in matter(observe(_ship(size, np.zeros(60)), FPS)) if m.kind == "grows"]
    assert found and found[0].strength > 2.5 and found[0].growth > 3


def test_what_turns_or_stretches_one_way_does_not_grow() -> None:
    still = np.full(60, 18.0)
    turning = np.r_[np.full(20, 1.2), np.linspace(1.2, 0, 15), np.zeros(25)]  # from its edge to its full face
    for frames in (_ship(still, turning), _ship(still, np.zeros(60), np.linspace(0, 20, 60))):
        assert not [m for m in matter(observe(frames, FPS)) if m.kind == "grows" and m.strength > 0.5]


def _stream(through: int | None, passing: bool = False) -> np.ndarray:
    """Smoke that streams to the right round a disc, and through it from a frame on: (70, 96, 128, 3).

    `passing`: no stream, but one band of smoke that passes by once.
    """
    rng = np.random.default_rng(0)
    smoke = (cv2.GaussianBlur(rng.normal(0, 1, (96, 500)), (0, 0), 2.0) > 0.05).astype(np.float32)
    wall = np.clip(120 + 40 * cv2.GaussianBlur(rng.normal(0, 3, (96, 128)), (0, 0), 1.5), 0, 255)[..., None] * np.ones(
        3
    )
    rows, columns = np.mgrid[:96, :128]
    disc = np.hypot(columns - 60, rows - 48) < 9
    frames = []
    for t in range(70):
        picture = np.where(smoke[:, 360 - 3 * t : 488 - 3 * t, None] > 0, 200.0, 60.0) * np.ones(3)
        picture[:28], picture[68:] = wall[:28], wall[68:]
        if passing:
            here = np.abs(columns - (3 * t - 20)) < 15
            picture = np.where(here[..., None], picture, 60.0)
        if through is None or t < through:
            picture = np.where(disc[..., None], np.array([10.0, 10.0, 140.0]), picture)
        else:
            picture = np.where(disc[..., None], 0.15 * picture + 0.85 * np.array([10.0, 10.0, 140.0]), picture)
        frames.append(np.clip(picture, 0, 255).astype(np.uint8))
    return np.stack(frames)


def test_a_stream_that_goes_through_the_solid_it_went_round_is_told() -> None:
    found, solid = crossings(observe(_stream(35), FPS))
    assert solid and max(c.after / (0.02 + c.before) for c in found) > 5
    best = max(found, key=lambda c: c.after)
    x0, y0, x1, y1 = best.box
    assert x0 < 60 < x1 and y0 < 48 < y1


def test_a_stream_that_goes_round_and_what_only_passes_by_are_not() -> None:
    round_it, solid = crossings(observe(_stream(None), FPS))
    assert solid and max((c.after for c in round_it), default=0.0) < 0.02
    assert crossings(observe(_stream(35, passing=True), FPS))[0] == []
