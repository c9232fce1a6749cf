"""The learned world: gymnasium's own check, the true world's spaces and names, and what it refuses."""

import gymnasium
import numpy as np
import pytest
import torch
from gymnasium.utils.env_checker import check_env

from cuspworld import worlds
from cuspworld.dynamics.jepa import JEPA, JEPAConfig
from cuspworld.dynamics.learned_world import LearnedWorld
from cuspworld.dynamics.readout import Readout, ReadoutConfig
from cuspworld.errors import CuspError

ID = "cuspworld.dynamics:cuspworld/Collision-learned-v0"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """An untrained model of Collision."""
    torch.manual_seed(0)
    world, path = worlds.make("Collision"), tmp_path_factory.mktemp("learned") / "model"
    model = JEPA(JEPAConfig(16, 24, 10.0, tuple(world.actions), 2, embedding=8, channels=4, hidden=16))
    model.set_actions(np.full(2, -20.0), np.full(2, 20.0))
    model.save_pretrained(path)
    Readout(ReadoutConfig("Collision", tuple(world.columns), 16, 24, 2, 8, 4, 16)).save_pretrained(path / "readout")
    return path


def test_it_is_a_gymnasium_environment_like_the_true_one(folder):
    learned = gymnasium.make(ID, model=folder, render_mode="rgb_array")
    true = worlds.make("Collision")
    assert learned.observation_space == true.observation_space and learned.action_space == true.action_space
    check_env(learned.unwrapped, skip_render_check=False)
    learned.reset(seed=3)
    assert learned.render().shape == (16, 24, 3)
    steps = 1
    while not learned.step(np.zeros(2, np.float32))[3]:
        steps += 1
    assert steps == round(true.seconds * 10)


def test_the_same_seed_and_actions_give_the_same_future_and_others_another(folder):
    def play(seed, push):
        world = LearnedWorld("Collision", folder, render_mode="rgb_array")
        world.reset(seed=seed)
        return np.stack([world.step(np.full(2, push))[0] for _ in range(4)])

    assert np.array_equal(play(1, 3.0), play(1, 3.0))
    assert not np.array_equal(play(1, 3.0), play(1, 0.0)) and not np.array_equal(play(1, 3.0), play(2, 3.0))


def test_many_at_once(folder):
    many = gymnasium.make_vec(ID, num_envs=2, vectorization_mode="sync", model=str(folder))
    seen, _ = many.reset(seed=[1, 2])
    alone = LearnedWorld("Collision", folder)
    assert np.allclose(seen[1], alone.reset(seed=2)[0])


def test_what_it_refuses(folder):
    with pytest.raises(CuspError, match="the model's actions are kick_x, kick_y, those of Juice are push"):
        LearnedWorld("Juice", folder)
    with pytest.raises(CuspError, match="size is the model's"):
        LearnedWorld("Collision", folder, size=64)
    with pytest.raises(CuspError, match="has not begun"):
        LearnedWorld("Collision", folder).step(np.zeros(2))
    world = LearnedWorld("Collision", folder)
    world.reset(seed=0)
    with pytest.raises(CuspError, match="action must have shape"):
        world.step(np.zeros(3))
    with pytest.raises(CuspError, match="must be finite"):
        world.step(np.array([np.nan, 0]))
