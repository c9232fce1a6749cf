"""The learned worlds of the package: they play without further files, and actions have the effects that they have."""

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

from cuspworld.dynamics.hybrid_world import HybridWorld
from cuspworld.dynamics.learned_world import SHIPPED, LearnedWorld, shipped
from cuspworld.errors import CuspError

# what is done at the third frame, for how many frames, after how many which number answers, and by how much at least
CAUSES = {
    "Juice": (0.5, 1, 12, "liquid_inside", -0.3),
    "Collision": ((-6.0, 0.0), 1, 6, "ball_1_x", -0.3),  # away from the other ball
    "Candles": (4.0, 4, 9, "lit", -0.7),
}


def play(world, seed, done, frames, first=0):
    """The state's rows, from the reset on and `first` frames after it, in which nothing is done."""
    world.reset(seed=seed)
    nothing = np.zeros(world.action_space.shape)
    for _ in range(first):
        world.step(nothing)
    return np.array([world.step(done[k] if k < len(done) else nothing)[0] for k in range(frames)])


@pytest.mark.parametrize("name", sorted(CAUSES))
def test_it_plays_without_further_files(name):
    world = gymnasium.make(f"cuspworld.dynamics:cuspworld/{name}-learned-v0", render_mode="rgb_array")
    check_env(world.unwrapped, skip_render_check=False)
    world.reset(seed=1)
    assert world.render().shape == (64, 64, 3)


@pytest.mark.parametrize("name", sorted(CAUSES))
def test_an_action_has_the_effect_that_it_has_in_truth(name):
    """The mean over four seeds; and the picture that a learned world draws is that of its true world at the reset."""
    what, lasts, frames, number, least = CAUSES[name]
    world = LearnedWorld(name, render_mode="rgb_array")
    nothing, column = np.zeros(world.action_space.shape), list(world.true.columns).index(number)
    done = [nothing, nothing] + [np.atleast_1d(what)] * lasts
    told, true, off = [], [], []
    for seed in range(900_000, 900_004):
        told.append((play(world, seed, done, frames) - play(world, seed, [], frames))[-1, column])
        first = world.model.config.history - 1  # frames of the true world that it has seen
        both = [play(world.true, seed, what, frames, first) for what in (done, [])]
        true.append((both[0] - both[1])[-1, column])
        world.reset(seed=seed)
        off.append(np.abs(world.render().astype(float) - world.true.render()).mean())
    assert np.sign(np.mean(true)) == np.sign(least) and abs(np.mean(true)) > abs(least)
    assert 0.5 < np.mean(told) / np.mean(true) < 1.6
    assert np.mean(off) < 8  # grey levels


def test_balls_have_the_colours_that_were_recorded_unless_others_are_asked_for():
    world = LearnedWorld("Collision")
    for seed in range(3):
        world.reset(seed=seed)
        assert (world.true.values["colour_1"], world.true.values["colour_2"]) == ("red", "blue")
    other = LearnedWorld("Collision", colour_1="green")
    other.reset(seed=0)
    assert other.true.values["colour_1"] == "green"


@pytest.mark.parametrize("name", sorted(CAUSES))
def test_each_says_where_it_is_trusted(name):
    world = HybridWorld(name)
    world.reset(seed=900_000)
    says = [world.step(np.zeros(world.action_space.shape))[-1] for _ in range(5)]
    assert all(0 <= info["trust"] <= 1 and info["by"] in ("learned", "first principles") for info in says)
    assert max(info["trust"] for info in says) > 0.5


def test_they_are_small_and_no_other_world_is_there():
    assert shipped() == sorted(CAUSES, key=shipped().index)
    size = {name: sum(f.stat().st_size for f in (SHIPPED / name.lower()).rglob("*")) for name in shipped()}
    assert max(size.values()) < 2.6e6
    with pytest.raises(CuspError, match="no learned Snow is shipped"):
        LearnedWorld("Snow")
