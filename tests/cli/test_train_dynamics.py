"""cusp train --dynamics: from a recorded library to a folder that plays, and a stopped run that goes on."""

import json

import gymnasium
import numpy as np
import pytest

from cuspworld import Library
from cuspworld.dynamics.jepa import JEPA
from cuspworld.exam.adapters import load
from tests.cli.test_library_verbs import cusp

RECORD = ["record", "Collision", "-n", "4", "--seconds", "1.5", "--size", "16", "--actions", "random"]


@pytest.mark.long
def test_recorded_trained_resumed_and_played(tmp_path, capsys):
    library, out = tmp_path / "kicks.lance", tmp_path / "run"
    assert cusp(*RECORD, "-o", library) == 0
    train = ["train", library, "-o", out, "--dynamics", "--dynamics-steps", 2, "--batch", 4]
    assert cusp(*train) == 0
    said = capsys.readouterr().out
    assert "RankMe of the representation" in said and "'nothing changes'" in said
    weights = JEPA.from_pretrained(out / "model").state_dict()
    assert cusp(*train, "--resume", "--json") == 0
    assert set(json.loads(capsys.readouterr().out)["errors"]) == {"1", "4", "8"}
    again = JEPA.from_pretrained(out / "model").state_dict()
    assert all((value == weights[name]).all() for name, value in again.items())
    kept = load(str(out / "model")).stages
    assert [step for step, _, _ in kept] == [0, 2] and kept[1][1] is not None
    assert any((kept[0][2].state_dict()[name] != value).any() for name, value in weights.items())
    world = gymnasium.make("cuspworld.dynamics:cuspworld/Collision-learned-v0", model=out / "model")
    world.reset(seed=0)
    assert np.isfinite(world.step(world.action_space.sample())[0]).all()


def test_clips_of_what_nobody_did_teach_no_dynamics(tmp_path, capsys):
    library = tmp_path / "plain.lance"
    assert cusp(*RECORD[:-2], "-o", library) == 0
    assert cusp("train", library, "-o", tmp_path / "run", "--dynamics") != 0
    assert "--actions random" in capsys.readouterr().err


def test_only_clips_that_fulfil_a_condition_teach(tmp_path, capsys):
    library = tmp_path / "kicks.lance"
    assert cusp(*RECORD, "-o", library) == 0
    train = ["train", library, "-o", tmp_path / "run", "--dynamics", "--where"]
    assert cusp(*train, "marked") == 2 and "the columns are" in capsys.readouterr().err
    opened = Library.open(library)
    opened.mark([opened.column("key")[0]], marked=False)
    assert cusp(*train, "marked") == 2 and "no clip of the train split fulfils" in capsys.readouterr().err
    opened.mark(opened.split("train").column("key")[:2])
    assert cusp(*train, "marked", "--dynamics-steps", 2, "--batch", 2, "--json") == 0
    assert json.loads(capsys.readouterr().out)["errors"]
