"""Range: what the table says of those whose error is known."""

import numpy as np
import pytest

from cuspworld.exam.parts.range import FPS, GIVEN, _pictures, inside, published, scene, velocity_error


def test_true_frames_have_the_floor_and_still_ones_the_balls_speed():
    known = scene("uniform", "train", 7, 64).play(20)
    floor = velocity_error(known.frames[GIVEN:], known)
    assert floor["error"] < 0.05 and floor["lost"] == 0
    still = velocity_error(np.repeat(known.frames[GIVEN - 1 : GIVEN], 17, axis=0), known)
    assert still["error"] == pytest.approx(known.values["speed_1"], rel=0.02)


def test_frames_without_balls_lose_them():
    known = scene("collision", "train", 7, 64).play(14)
    empty = velocity_error(np.full_like(known.frames[GIVEN:], 240), known)
    speed = np.mean([known.values["speed_1"], known.values["speed_2"]])
    assert empty["lost"] == 1 and empty["error"] == pytest.approx(speed, rel=0.25)


def test_a_ball_that_is_faster_by_a_frame_s_third_is_off_by_so_much():
    """Every third frame left out is the motion at 3/2 of its speed."""
    known = scene("uniform", "train", 11, 64).play(17)
    quick = known.frames[GIVEN - 1 :][np.minimum(np.arange(15) * 3 // 2, 14)][1:]
    error = velocity_error(quick[:8], known)["error"]
    assert error == pytest.approx(0.5 * known.values["speed_1"], rel=0.15) and FPS == 10


def test_inside_the_hull():
    square = np.array([[0, 0], [1, 0], [0, 1], [1, 1]], float)
    assert inside(square, np.array([0.3, 0.9])) and not inside(square, np.array([1.2, 0.5]))


def test_the_picture_is_the_same_every_time_and_asks_nobody():
    row = {"law": "uniform", "row": "mine", "in range": 0.1, "out of range": 0.4}
    first = _pictures([row])
    assert first["uniform"].startswith("<svg") and "mine" in first["uniform"] and _pictures([row]) == first
    assert "http" not in first["uniform"].replace("http://www.w3.org", "")


def test_the_published_figures_are_there():
    rows = published()
    assert {r["scenario"] for r in rows} == {"uniform", "collision", "parabola"} and len(rows) == 57
    assert all(float(r["velocity_error"]) > 0 for r in rows)
