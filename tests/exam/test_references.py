"""The reference rows: what each knows, and what it does not."""

import cv2
import numpy as np
import pytest

from cuspworld.exam.answers import Refusal, ask
from cuspworld.exam.parts.range import scene
from cuspworld.exam.question import Question, Scene, asked
from cuspworld.exam.references import ConstantVelocity, LastFrame, NearestClip, Oracle, Parabola


def test_the_oracle_is_the_world_and_a_wrong_constant_is_not():
    what = scene("parabola", "train", 5, 32)
    known = what.play(12)
    question = asked(what, known, 4)
    assert (ask(Oracle(), question, 9.0) == known.frames[4:]).all()
    wrong = ask(Oracle(1.2), question, 9.0)
    assert (wrong[0] == known.frames[4]).mean() > 0.97 and (wrong[-1] != known.frames[-1]).any()
    truth = what.but(changes=((3, "gravity", 3.0),)).play(12)  # 1.2 times the 2.5 m/s^2 of this world
    assert (wrong == truth.frames[4:]).all()
    with pytest.raises(Refusal, match="none that it was told"):
        Oracle().answer(Question(known.frames, 10.0, 1.0))


def test_a_change_on_the_way_changes_what_follows_and_nothing_before():
    plain = Scene("Collision", 3, options={"law": "parabola"}, size=16)
    other = plain.but(changes=((6, "gravity", 5.0),))
    a, b = plain.play(12), other.play(12)
    assert (a.state[:7] == b.state[:7]).all()
    # dx = (g' - g) t^2 / 2 downwards
    fallen = a.state["ball_1_y"][-1] - b.state["ball_1_y"][-1]
    assert fallen == pytest.approx((5.0 - 2.5) * 0.5**2 / 2, rel=1e-9)


def test_constant_velocity_carries_a_square_on():
    frames = np.full((2, 32, 40, 3), 200, np.uint8)
    for k in range(2):
        frames[k, 10:18, 6 + 2 * k : 14 + 2 * k] = (200, 30, 30)
    made = ConstantVelocity().continue_clip(frames, 10.0, 0.5)
    columns = [np.nonzero(frame[..., 1] < 110)[1].mean() for frame in made]
    assert np.allclose(np.diff(columns), 2.0, atol=0.3) and np.isclose(columns[0], 13.5, atol=0.5)
    still = np.full((2, 32, 40, 3), 77, np.uint8)
    assert (ConstantVelocity().continue_clip(still, 10.0, 0.3) == 77).all()
    assert (LastFrame().continue_clip(frames, 10.0, 0.3) == frames[-1]).all()


def test_the_nearest_clip_goes_on_as_it_was_recorded():
    random = np.random.default_rng(0)
    clips = [random.integers(0, 256, (8, 16, 16, 3), np.uint8) for _ in range(3)]
    given = np.clip(clips[1][2:4].astype(int) + random.integers(-3, 4, (2, 16, 16, 3)), 0, 255).astype(np.uint8)
    model = NearestClip(clips)
    assert (model.continue_clip(given, 10.0, 0.3) == clips[1][4:7]).all()
    assert (model.continue_clip(clips[1][:2], 10.0, 0.9)[-1] == clips[1][-1]).all()
    with pytest.raises(Refusal, match="size"):
        model.continue_clip(given[:, :8], 10.0, 0.3)


def test_a_parabola_goes_on_as_what_falls_falls():
    """And constant velocity does not."""
    frames = np.full((12, 64, 64, 3), 220, np.uint8)
    for t in range(12):
        cv2.circle(frames[t], (12 + 3 * t, round(8 + 0.4 * t**2)), 5, (200, 30, 30), -1, cv2.LINE_AA)
    known, rest = frames[:6], frames[6:10]
    curve, line = (who().continue_clip(known, 10.0, 0.4).astype(int) for who in (Parabola, ConstantVelocity))
    assert abs(curve - rest).mean() < 0.4 * abs(line - rest).mean()
    assert (
        Parabola().continue_clip(known[:2], 10.0, 0.4) == ConstantVelocity().continue_clip(known[:2], 10.0, 0.4)
    ).all()
