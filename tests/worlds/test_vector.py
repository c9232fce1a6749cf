"""Every world in Gymnasium's vector environments: in one process and in several, the same worlds and pictures."""

import subprocess
import sys

import gymnasium
import numpy as np
import pytest

from cuspworld.errors import CuspError
from cuspworld.worlds import make, names

DRAWN_BY_MUJOCO = ("Chair", "Ant", "Treadmill")


def two_steps(name: str, mode: str, **arguments) -> list[np.ndarray]:
    """Observations after the reset, and observations, ends and pictures after two steps, of two environments."""
    environments = gymnasium.make_vec(
        f"cuspworld/{name}-v0", num_envs=2, vectorization_mode=mode, vector_kwargs=arguments, size=16,
        render_mode="rgb_array",
    )  # fmt: skip
    observations, _ = environments.reset(seed=3)
    environments.action_space.seed(0)
    seen = [np.array(observations)]
    for _ in range(2):
        observations, rewards, terminated, truncated, _ = environments.step(environments.action_space.sample())
        seen += [np.array(observations), np.array(rewards), terminated | truncated]
    seen.append(np.array(environments.render()))
    environments.close()
    return seen


def test_gymnasium_finds_the_worlds_where_nothing_of_them_is_imported():
    script = 'import gymnasium; print(gymnasium.make("cuspworld.worlds:cuspworld/Heat-v0").reset(seed=0)[0].shape)'
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == f"({len(make('Heat').columns)},)"


@pytest.mark.parametrize("name", [name for name in names() if name not in DRAWN_BY_MUJOCO])
def test_several_processes_see_what_one_sees(name):
    one, several = two_steps(name, "sync"), two_steps(name, "async")
    assert one[0].shape == (2, len(make(name).columns)) and one[-1].shape == (2, 16, 16, 3)
    assert (one[-1][0] != one[-1][1]).any()  # two seeds, two worlds
    for first, second in zip(one, several, strict=True):
        assert (first == second).all()


@pytest.mark.parametrize("name", ["Ant", *(pytest.param(n, marks=pytest.mark.long) for n in ("Chair", "Treadmill"))])
def test_new_processes_see_what_one_sees_where_mujoco_draws_and_forked_ones_say_why_they_cannot(name):
    pytest.importorskip("mujoco")
    one = two_steps(name, "sync")
    for first, second in zip(one, two_steps(name, "async", context="spawn"), strict=True):
        assert (first == second).all()
    with pytest.raises(CuspError, match="spawn"):
        two_steps(name, "async", context="fork")
