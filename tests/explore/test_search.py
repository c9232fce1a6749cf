"""The search: paid in simulations, kept on disk, and not stopped by a simulator that fails."""

import json

import gymnasium
import numpy as np
import pytest

from cuspworld.errors import CuspError
from cuspworld.explore.experiments import Experiments, experiments
from cuspworld.explore.search import explore, standardised
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


def test_what_is_nearly_at_rest_is_not_blown_up():
    random = np.random.default_rng(0)
    states = random.normal(size=(50, 12, 2))
    states[:, 6:, 0] *= 1e-7  # the first quantity comes to rest
    scaled = standardised(states.reshape(50, 24)).reshape(50, 12, 2)
    assert np.allclose((scaled**2).mean(0).sum(0), 0.5) and np.abs(scaled[:, 6:, 0]).max() < 1e-6
    assert not standardised(np.ones((5, 24))).any()


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


def test_anybody_s_environment_by_its_address(tmp_path, capsys, monkeypatch):
    from cuspworld.library import Library

    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "my_spring.py").write_text(MINE)
    found, library = tmp_path / "found", tmp_path / "chosen.lance"
    arguments = ["--range", "stiffness=1:12", "--budget", 30, "--pool", 60, "--steps", 5, "--size", 16]
    command = ["explore", "my_spring:Drawn", *arguments, "-o", found, "--library", library]
    assert cusp(*command) == 3  # it breaks above a stiffness of 11
    rows = json.loads((found / "experiments.json").read_text())
    clips = list(Library.open(library))
    assert rows["failed"] and len(clips) == 30 - len(rows["failed"])
    assert all(clip.frames.shape == (6, 16, 16, 3) and clip.fps == 25.0 for clip in clips)
    stiffness, speed = clips[0].truth.parameters["stiffness"], clips[0].truth.state["s1"]
    assert np.allclose(speed[1], -0.1 * stiffness) and f"stiffness {stiffness:.4g}" in clips[0].caption
    before = (found / "experiments.json").read_bytes()
    lines = (found / "kept.jsonl").read_text().splitlines(keepends=True)
    (found / "kept.jsonl").write_text("".join(lines[:11]) + lines[11][:9])  # as if it had been killed
    assert cusp(*command) == 3 and (found / "experiments.json").read_bytes() == before
    assert len(Library.open(library)) == len(clips)
    arguments[1] = "mass=1:12"
    assert cusp("explore", "my_spring:Drawn", *arguments, "-o", tmp_path / "other") == 0
    assert "does its reset read these options" in capsys.readouterr().err
    for bad in (["my_spring:None"], ["my_spring:Drawn"], ["Collision", "--steps", 3], ["my_spring:Needs", *arguments]):
        assert cusp("explore", *bad, "-o", tmp_path / "bad") == 2
    assert cusp("explore", "my_spring:Blind", *arguments, "-o", tmp_path / "x", "--library", library) == 2
    assert "draws nothing" in capsys.readouterr().err


MINE = """
import gymnasium
import numpy as np


class Blind(gymnasium.Env):
    observation_space = gymnasium.spaces.Box(-np.inf, np.inf, (2,))
    action_space = gymnasium.spaces.Discrete(1)

    def reset(self, *, seed=None, options=None):
        self.k, self.state = options.get("stiffness", 3.0), np.array([1.0, 0.0])
        if self.k > 11:
            raise RuntimeError("it broke")
        return self.state, {}

    def step(self, action):
        x, v = self.state
        self.state = np.array([x + 0.1 * v, v - 0.1 * self.k * x])
        return self.state, 0.0, False, False, {}


class Drawn(Blind):
    metadata = {"render_modes": ["rgb_array"], "render_fps": 25}

    def __init__(self, render_mode=None):
        self.render_mode = render_mode

    def render(self):
        picture = np.full((24, 24, 3), 255, np.uint8)
        picture[12, int(np.clip(12 + 8 * self.state[0], 0, 23))] = 0
        return picture


class Needs(Blind):
    def __init__(self, length):
        pass
"""


def test_a_folder_that_cannot_be_written_and_code_that_changed(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(CuspError, match="cannot write to"):
        explore(spring(), "random", 4, pool=10, folder=tmp_path / "file" / "x")

    class Stiffer(Spring):
        def step(self, action):
            self.k *= 2
            return super().step(action)

    stiffer = Experiments("Spring", {"stiffness": (1.0, 10.0)}, Stiffer, 20)
    assert spring().code() == spring().code() != stiffer.code()


@pytest.mark.long
def test_the_chosen_experiments_become_a_library(tmp_path):
    from cuspworld.library import Library

    arguments = ["--budget", 4, "--pool", 20, "-o", tmp_path / "found", "--library", tmp_path / "c.lance", "--size", 16]
    assert cusp("explore", "Collision", *arguments) == 0
    assert len(Library.open(tmp_path / "c.lance")) == 4
