"""Random actions: within their ranges, half of the time none, weak as often as strong; they are recorded."""

import numpy as np
import pytest

from cuspworld import worlds
from cuspworld.errors import CuspError
from cuspworld.worlds.exploring import random_actions


def test_half_of_the_time_nothing_is_done_and_weak_is_as_common_as_strong():
    limits = {"breath": ("m/s", 0.0, 12.0), "kick": ("N s", -20.0, 20.0)}
    drawn = np.stack([random_actions(limits, 60, seed) for seed in range(400)])  # (clips, frames, actions)
    assert (drawn >= [0, -20]).all() and (drawn <= [12, 20]).all()
    assert 0.45 < (drawn[..., 0] == 0).mean() < 0.55
    strongest = np.abs(drawn[..., 1]).max(1)  # of 20, by factors from 1/20 to 1: half are below 20 / sqrt(20)
    assert 0.4 < (strongest < 20 / np.sqrt(20)).mean() < 0.65


def test_an_impulse_is_given_at_once_and_not_held():
    limits = {"breath": ("m/s", 0.0, 12.0), "kick": ("N s", -20.0, 20.0)}
    drawn = np.concatenate([random_actions(limits, 60, seed) for seed in range(100)])
    again = (drawn[1:] == drawn[:-1]) & (drawn[1:] != 0)
    assert again[:, 0].mean() > 0.2 and not again[:, 1].any()


def test_a_world_records_them():
    world = worlds.make("Collision")
    clip = world.record(5, seconds=1, size=16, actions="random")
    wanted = random_actions(world.actions, 10, 5)
    assert np.allclose(np.stack([clip.truth.action[name] for name in world.actions], -1), wanted)
    with pytest.raises(CuspError, match="actions must be 'random', or one row a frame"):
        world.record(5, seconds=1, size=16, actions="wild")
