"""Masses of recorded clips: of those that fit a prompt, the ones in which all can be told apart have more."""

import dataclasses
import json

import numpy as np
import pytest
import torch

from cuspworld.errors import CuspError
from cuspworld.simulator.kinds import Kind
from cuspworld.simulator.kinds_folder import load_kinds, save_kinds
from cuspworld.simulator.masses import Prompts, by_rank

SHARES = np.array([1.0, 0.5, 0.0, 0.9, 1.0, 1.0, 1.0, 0.9], np.float32)


@pytest.fixture(scope="module")
def kind() -> Kind:
    latents = [torch.full((4, 8, 8, 1), float(clip)) for clip in range(8)]
    captions = [("two dogs",)] * 6 + [("three cats",)] * 2
    return Kind.learn("animals", latents, captions, 2, 1, 0)


def test_of_the_clips_that_fit_the_clearer_have_more_mass(kind):
    clear = Prompts([dataclasses.replace(kind, clear=SHARES)]).masses("two dogs", 0).of
    assert clear[0] == clear[4] == clear[5] == 1 > clear[3] > clear[1] > clear[2] > 0
    assert not clear[6:].any()
    assert Prompts([kind]).masses("two dogs", 0).of.tolist() == [1, 1, 1, 1, 1, 1, 0, 0]


def test_the_better_half_has_most_of_the_mass():
    masses = by_rank(np.arange(40) / 40)
    assert masses[20:].sum() / masses.sum() == pytest.approx(0.88, abs=0.005)


def test_a_folder_keeps_how_clear_clips_are(tmp_path, kind):
    save_kinds(tmp_path / "paths", [dataclasses.replace(kind, clear=SHARES)])
    (read,) = load_kinds(tmp_path / "paths")
    np.testing.assert_allclose(read.clear, SHARES)
    file = tmp_path / "paths" / "config.json"
    told = json.loads(file.read_text())
    for wrong in ([100] * 7, [100] * 7 + [101], [100] * 7 + [0.5], "100"):
        told["kinds"][0]["clear"] = wrong
        file.write_text(json.dumps(told))
        with pytest.raises(CuspError, match="clear of 'animals' must be whole numbers from 0 to 100"):
            load_kinds(tmp_path / "paths")
