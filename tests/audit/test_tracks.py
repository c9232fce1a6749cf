"""Our tracks against hand-marked positions (Tracker's car in a loop) and against drawn truth."""

import re
from pathlib import Path

import cv2
import numpy as np
import pytest

from cuspworld.audit.evidence.follow import follow
from cuspworld.audit.evidence.scene import observe
from cuspworld.video.files import VideoFile

from .scenes import BLUE, FPS, RED, render, straight

PIXELS_PER_METRE = 5763.38  # of the .trk file's tape


def marks(path: Path) -> np.ndarray:
    """Hand-marked (x, y) of every frame, source pixels, of the file's point mass."""
    text = path.read_text()
    number = r'type="double">([\d.]+)</property>\s*'
    pattern = rf'name="\[(\d+)\]" type="object">\s*<object [^>]*PointMass\$FrameData">\s*<property name="x" {number}'
    rows = re.findall(pattern + rf'<property name="y" {number}', text[text.index('PointMass">') :])
    return np.array([(float(x), float(y)) for _, x, y in sorted(rows, key=lambda row: int(row[0]))])


@pytest.mark.long
def test_the_car_in_the_loop_is_followed_as_by_hand(data_folder: Path) -> None:
    """From its first two marks on, the car is never lost: half its length (0.15 of the loop) is 100 pixels."""
    hand = marks(data_folder / "videos" / "tracker_car_in_loop.trk")
    with VideoFile(data_folder / "videos" / "tracker_car_in_loop.mp4") as video:
        frames = np.stack([cv2.resize(f, (640, 360), interpolation=cv2.INTER_AREA) for f in video.frames()])
    small = hand / 2 - 0.25
    error = np.linalg.norm(2 * (follow(frames, small[0], small[1]) - small), axis=1)
    for name, value in (("median", float(np.median(error))), ("largest", float(error.max()))):
        print(f"{name} error {value:.1f} px = {1000 * value / PIXELS_PER_METRE:.1f} mm")
    assert len(error) == len(hand) == 53
    assert np.median(error) / PIXELS_PER_METRE < 0.004  # metres
    assert error.max() / PIXELS_PER_METRE < 0.007


def test_a_turning_patch_is_followed_round_a_circle() -> None:
    angle = np.arange(60) * 0.08
    path = np.stack([64 + 28 * np.cos(angle), 48 + 28 * np.sin(angle)], 1)
    found = follow(render([path], [5], [RED]), path[0], path[1])
    assert np.linalg.norm(found - path, axis=1).max() < 1.5


@pytest.mark.parametrize("seed", [0, 1])
def test_tracks_are_where_things_are_and_stay_apart_through_a_crossing(seed: int) -> None:
    """Two discs pass on lines 12 px apart (radii 7 and 6: they share a blob): places within a pixel all the way."""
    truth = [straight((20, 42), (1.2, 0), 70), straight((108, 54), (-1.2, 0), 70)]
    scene = observe(render(truth, [7, 6], [RED, BLUE], seed=seed), FPS)
    assert len(scene.paths) == 2
    for path in scene.paths:
        distance = [np.linalg.norm(path.points - t[path.times], axis=1) for t in truth]
        assert np.median(min(distance, key=np.median)) < 0.5
        assert min(distance, key=np.median).max() < 2.0
        assert len(path.times) > 60
