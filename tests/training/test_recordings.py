"""Recordings to learn dynamics from: what of the world's numbers can be read, and how actions are measured."""

import numpy as np
import pytest

from cuspworld import worlds
from cuspworld.training.loop import Process
from cuspworld.training.recordings import Recordings, WindowBatches, in_picture, low_frequencies, rows_of
from tests.dynamics.dot import LIMITS, clip


def kicked(seed, strength):
    kicks = np.zeros((20, 2))
    kicks[5, 0] = strength
    return worlds.make("Collision", law="uniform", speed_1=1.0).record(seed, seconds=2, size=32, actions=kicks)


def test_a_ball_that_left_is_not_in_the_picture_and_its_numbers_teach_nothing():
    gone, there = kicked(3, -20.0), kicked(3, 0.5)
    x = gone.truth.state["ball_1_x"]
    assert (x < 0).any() and in_picture(there).all()
    assert np.array_equal(in_picture(gone), (x >= 0) & (x <= 10))
    numbers = Recordings.of([gone, there]).numbers
    assert np.array_equal(np.isfinite(numbers[0]).all(1), in_picture(gone)) and np.isfinite(numbers[1]).all()
    shown = np.concatenate(numbers)[np.concatenate([in_picture(c) for c in (gone, there)])]
    assert np.allclose(shown.mean(0), 0, atol=1e-4) and np.allclose(shown.std(0), 1, atol=1e-4)
    assert shown.shape[1] < rows_of([gone]).shape[1]  # what never changes is not asked for


def test_the_usual_action_is_that_of_the_moments_when_one_was_taken():
    recordings = Recordings.of([kicked(3, -20.0), kicked(3, 0.0), kicked(4, 10.0)])
    assert recordings.usual.tolist() == [pytest.approx(np.sqrt((400 + 100) / 2)), 20.0]  # y: never, so its limit


def test_windows_are_cut_alike_from_frames_actions_and_numbers():
    recordings = Recordings.of([clip(seed) for seed in range(3)], LIMITS)
    frames, actions, numbers, _ = WindowBatches(recordings, 6, 5, 0, "cpu")(7, Process())
    assert frames.shape[:2] == (5, 6) and actions.shape == (5, 5, 2) and numbers.shape == (5, 6, 2)
    brightest = frames[..., 0].flatten(2).argmax(2)  # where the dot is
    across, down = (brightest % 16).float(), (brightest // 16).float()
    for axis, place in enumerate((across, down)):
        assert np.corrcoef(place.flatten(), numbers[..., axis].flatten())[0, 1] > 0.98


def test_low_frequencies_are_the_cosines_of_the_picture():
    """One bright pixel at (row, column): cos(pi k (row + 1/2) / height) cos(pi l (column + 1/2) / width), to scale."""
    places = [(0, 3), (5, 9), (11, 0), (7, 15)]
    frames = np.zeros((len(places), 12, 16, 3), np.uint8)
    for k, (row, column) in enumerate(places):
        frames[k, row, column] = 255
    told = low_frequencies([frames[:3], frames[3:]], 3)
    assert [part.shape for part in told] == [(3, 27), (1, 27)]
    waves = [
        [np.cos(np.pi * k * (r + 0.5) / 12) * np.cos(np.pi * m * (c + 0.5) / 16) for k in range(3) for m in range(3)]
        for r, c in places
    ]
    wanted = np.repeat(255 * np.array(waves), 3, axis=1)
    varied = wanted.std(0) > 1e-3
    wanted = (wanted - wanted.mean(0))[:, varied] / wanted.std(0)[varied]
    assert np.allclose(np.concatenate(told)[:, varied], wanted, atol=1e-4)
