"""Both worlds from the same state: what is seen, handed over, looked at again, and recorded."""

import numpy as np
import pytest

from cuspworld import worlds
from cuspworld.dynamics.side_by_side import SideBySide
from cuspworld.errors import CuspError


def test_the_true_world_alone_and_its_run_recorded():
    play = SideBySide("Collision", size=32, fps=20)
    moments = [play.reset(3)]
    for k in range(40):
        moments.append(play.step([4.0 if k == 5 else 0.0, 0.0]))
    clip = play.clip()
    assert np.array_equal(clip.frames, [moment.true for moment in moments]) and clip.fps == 20
    assert clip.truth.action["kick_x"].tolist() == [4.0 if k == 5 else 0.0 for k in range(41)]
    told = [event.name for moment in moments for event in moment.events]
    assert told == [event.name for event in clip.truth.events] and "kick" in told
    assert moments[-1].learned is moments[-1].trust is None and not play.hands_over
    with pytest.raises(CuspError, match="error map"):
        play.hand_over(0.5)
    with pytest.raises(CuspError, match="learned world"):
        play.look_again()


def test_both_begin_in_the_same_state(folder):
    play = SideBySide("Collision", folder, size=16)
    moment = play.reset(1)
    assert moment.step == 1 and play.fps == 10  # two pictures make the model's state
    assert np.array_equal(play.learned.true.row(), play.world.row())
    assert moment.by == "learned" and 0 <= moment.trust <= 1
    moments = [play.step([0.0, 0.0]) for _ in range(3)]
    assert len(play.clip()) == 5 and moments[-1].learned.shape == (16, 16, 3)


def test_first_principles_take_over_and_give_back(folder):
    play = SideBySide("Collision", folder, size=16)
    play.reset(1)
    assert play.hands_over
    play.hand_over(2.0)
    assert [play.step([0.0, 0.0]).by for _ in range(2)] == ["first principles"] * 2
    play.hand_over(0.0)
    assert play.step([0.0, 0.0]).by == "learned"
    with pytest.raises(CuspError, match="least"):
        play.hand_over(3.0)


def test_the_learned_world_looks_again(folder):
    play = SideBySide("Collision", folder, size=16)
    play.reset(1)
    for _ in range(5):
        play.step([3.0, 0.0])
    play.look_again()
    frames = play.clip().frames[-2:]
    assert (play.learned.model.encode(frames) - play.learned._state).abs().max() == 0


def test_what_was_lost_is_not_trusted_again_until_it_looks(folder, monkeypatch):
    play = SideBySide("Collision", folder, size=16)
    said = iter([0.9, 0.8, 0.1, 0.95, 0.7, 0.6])
    monkeypatch.setattr(play.learned, "trust", lambda action: next(said))
    moments = [play.reset(1), *(play.step([0.0, 0.0]) for _ in range(3)), play.look_again(), play.step([0.0, 0.0])]
    assert [moment.trust for moment in moments] == [0.9, 0.8, 0.1, 0.1, 0.7, 0.6]


def test_bad_input_is_named(folder, monkeypatch):
    with pytest.raises(CuspError, match="begun"):
        SideBySide("Collision", folder).step([0.0, 0.0])
    with pytest.raises(CuspError, match="actions"):
        SideBySide("Juice", folder)
    monkeypatch.setattr(worlds.registry._load(worlds.registry._entry("Heat")), "actions", {})
    with pytest.raises(CuspError, match="no actions"):
        SideBySide("Heat")
