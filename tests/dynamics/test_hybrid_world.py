"""The hand-over: first principles where the learned world is not trusted, and what it says of each step."""

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

from cuspworld import worlds
from cuspworld.dynamics.error_map import ErrorMap, ErrorMapConfig
from cuspworld.dynamics.hybrid_world import ERROR_MAP, HybridWorld
from cuspworld.dynamics.jepa import JEPA, JEPAConfig
from cuspworld.dynamics.readout import Readout, ReadoutConfig
from cuspworld.errors import CuspError

ID = "cuspworld.dynamics:cuspworld/Collision-hybrid-v0"


def test_never_it_is_the_learned_world_and_always_the_first_principles_one(folder):
    learned = HybridWorld("Collision", folder, least=0.0)
    learned.reset(seed=1)
    info = learned.step(np.zeros(2))[-1]
    assert info["by"] == "learned" and 0 <= info["trust"] <= 1
    true = HybridWorld("Collision", folder, least=2.0, render_mode="rgb_array")
    true.reset(seed=1)
    rows = [true.step(np.zeros(2)) for _ in range(29)]
    assert {row[-1]["by"] for row in rows} == {"first principles"}
    x = np.stack([row[0] for row in rows])
    # from the numbers that the readout said: (2, 5) at 1 m/s to the right and (7, 5) to the left, radii 0.5: they meet
    # after 2 s, and equal masses change their speeds
    assert np.allclose(x[18, [0, 7]], [3.9, 5.1], atol=1e-5) and np.allclose(x[-1, [2, 9]], [-1, 1], atol=1e-5)
    assert np.array_equal(true.render(), true.true.render())


def test_it_is_a_gymnasium_environment(folder):
    world = gymnasium.make(ID, model=folder, render_mode="rgb_array")
    check_env(world.unwrapped, skip_render_check=False)


def test_bad_input_is_named(folder, tmp_path):
    with pytest.raises(CuspError, match="least must be"):
        HybridWorld("Collision", folder, least=-1)
    world = HybridWorld("Collision", folder)
    with pytest.raises(CuspError, match="has not begun"):
        world.step(np.zeros(2))
    world.reset(seed=0)
    with pytest.raises(CuspError, match="must be finite"):
        world.step(np.array([np.nan, 0.0]))
    JEPA.from_pretrained(folder).save_pretrained(tmp_path / "bare")
    Readout.from_pretrained(folder / "readout").save_pretrained(tmp_path / "bare" / "readout")
    with pytest.raises(CuspError, match="has no error_map/: train with held-out clips"):
        HybridWorld("Collision", tmp_path / "bare")


def test_a_world_that_cannot_go_on_from_its_numbers_says_so(tmp_path):
    world = worlds.make("WindTunnel")
    JEPA(JEPAConfig(16, 16, 10.0, tuple(world.actions), 2, 8, 4, 16)).save_pretrained(tmp_path / "m")
    readout = Readout(ReadoutConfig("WindTunnel", tuple(world.columns), 16, 16, 2, 8, 4, 16))
    readout.save_pretrained(tmp_path / "m/readout")
    ErrorMap(ErrorMapConfig(2, 8, 1, 4)).save_pretrained(tmp_path / "m" / ERROR_MAP)
    with pytest.raises(CuspError, match="WindTunnel cannot go on from its numbers"):
        HybridWorld("WindTunnel", tmp_path / "m")
    HybridWorld("WindTunnel", tmp_path / "m", least=0.0)
    with pytest.raises(CuspError, match="they do not say all of its state"):
        world.resume(np.zeros(4))
