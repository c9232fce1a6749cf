"""The search: paid in simulations, kept on disk, and not stopped by a simulator that fails."""

import json

import gymnasium
import numpy as np
import pytest

from cuspworld.errors import CuspError
from cuspworld.explore.experiments import Experiments, experiments
from cuspworld.explore.search import explore
from tests.cli.test_library_verbs import cusp


class Spring(gymnasium.Env):
    """Anybody's environment: its options are its parameters."""

    observation_space = gymnasium.spaces.Box(-np.inf, np.inf, (2,))
    action_space = gymnasium.spaces.Discrete(2)
    count = 0

    def reset(self, *, seed=None, options=None):
        Spring.count += 1
        self.k = options["stiffness"]
        if self.k > 9.5:
            raise RuntimeError("it broke")
        self.state = np.array([1.0, 0.0])
        return self.state, {}

    def step(self, action):
        x, v = self.state
        self.state = np.array([x + 0.1 * v, v - 0.1 * self.k * x])
        return self.state, 0.0, False, False, {}


def spring():
    return Experiments("Spring", {"stiffness": (1.0, 10.0)}, Spring, 20)


def test_any_environment_is_explored_kept_and_gone_on_with(tmp_path):
    Spring.count = 0
    first = explore(spring(), "latent-distance", 20, pool=100, begin=8, batch=4, folder=tmp_path)
    assert Spring.count == 20 and len(first.options()) == 20
    assert first.failed and all(why == "crashed: RuntimeError: it broke" for why in first.failed.values())
    again = explore(spring(), "latent-distance", 24, pool=100, begin=8, batch=4, folder=tmp_path)
    assert Spring.count == 24 and (again.chosen[:20] == first.chosen).all()
    assert first.picture().startswith("<svg")


def test_a_pool_of_one_and_a_budget_above_it():
    only = explore(spring(), "ensemble", 1, pool=1, seed=3)
    assert only.chosen.tolist() == [0]
    with pytest.raises(CuspError, match="at most the pool of 10: got 11"):
        explore(spring(), "random", 11, pool=10)
    everything = explore(spring(), "singular-set", 30, pool=30, begin=10)
    assert sorted(everything.chosen.tolist()) == list(range(30))


def test_a_world_says_which_parameters_it_has():
    outcome = experiments("Collision").run(np.array([0.5, 0.5, 0.5]))
    assert outcome.branch == "hits" and outcome.states.shape == (12 * 14,)
    assert experiments("Collision").run(np.array([0.0, 0.5, 0.5])).branch == "misses"  # 1.6 sums of radii beside it
    with pytest.raises(CuspError, match="has no parameter 'pushes'"):
        experiments("Juice", {"pushes": (0.0, 1.0)})
    with pytest.raises(CuspError, match="say which parameters"):
        experiments("Ant")
    with pytest.raises(CuspError, match="low < high"):
        experiments("Juice", {"push": (0.3, 0.2)})


def test_the_verb(tmp_path, capsys):
    arguments = ["--budget", 12, "--pool", 60, "--batch", 4, "-o", tmp_path / "found"]
    assert cusp("explore", "Collision", *arguments) == 0
    rows = json.loads((tmp_path / "found" / "experiments.json").read_text())["experiments"]
    assert len(rows) == 12 and {row["branch"] for row in rows} == {"hits", "misses"}
    assert cusp("explore", "Collision", "--budget", 99, "--pool", 9, "-o", tmp_path / "x") == 2
    assert cusp("explore", "Collision", "--range", "offset", "-o", tmp_path / "x") == 2
    assert "NAME=LOW:HIGH" in capsys.readouterr().err


@pytest.mark.long
def test_the_chosen_experiments_become_a_library(tmp_path):
    from cuspworld.library import Library

    arguments = ["--budget", 4, "--pool", 20, "-o", tmp_path / "found", "--library", tmp_path / "c.lance", "--size", 16]
    assert cusp("explore", "Collision", *arguments) == 0
    assert len(Library.open(tmp_path / "c.lance")) == 4
