"""The whole exam: the same transcript every time, whoever stops it, in a schema that anybody can hold it against."""

import json

import jsonschema
import numpy as np
import pytest
from torch import nn

import cuspworld
from cuspworld.errors import CuspError
from cuspworld.exam.examine import PARTS, examine
from cuspworld.exam.parts import range as range_
from cuspworld.exam.references import LastFrame
from cuspworld.exam.transcript import schema
from tests.cli.test_library_verbs import cusp


@pytest.fixture(autouse=True)
def few(monkeypatch):
    """One law of the three, and few clips to remember."""
    monkeypatch.setattr(range_, "LAWS", ("parabola",))
    monkeypatch.setattr(range_, "EACH", 1)


class Fails:
    """Answers as the last frame; its second answer is NaN."""

    def __init__(self):
        self.count = 0

    def continue_clip(self, frames, fps, seconds, action=None, seed=0):
        self.count += 1
        made = LastFrame().continue_clip(frames, fps, seconds)
        return np.full(made.shape, np.nan) if self.count == 2 else made


def test_a_transcript_stands_and_goes_on(tmp_path):
    first = examine(Fails(), name="mine", parts=["range"], clips=1, size=24, folder=tmp_path, taught=("Juice",))
    jsonschema.validate(json.loads((tmp_path / "transcript.json").read_text()), schema())
    assert first.failures[0].reason.startswith("returned NaN") and first.failures[0].model == "mine"
    assert "never taught Collision" in first.notes[0]
    table = first["range"].tables[0]
    floor, oracle = (table.row(law="parabola", row=r) for r in ("floor: the tracker on true frames", "oracle"))
    assert all(floor[c] == oracle[c] for c in ("in range", "out of range", "recombined"))
    assert table.row(law="parabola", row="oracle, g x 1.2")["in range"] > 1.3 * oracle["in range"]
    assert table.row(law="parabola", row="mine")["failed"] == 1
    again = examine(Fails(), name="mine", parts=["range"], clips=1, size=24, folder=tmp_path, taught=("Juice",))
    assert again.to_json() == first.to_json()
    page = (tmp_path / "transcript.html").read_text()
    assert "Velocity error" in page and "<svg" in page and "http" not in page.replace("http://www.w3.org", "")


def test_what_was_measured_before_a_model_was_trained_on_is_measured_again(tmp_path):
    class Counts(LastFrame):
        asked = 0

        def __init__(self, weight):
            self.inner = nn.Linear(2, 2)
            nn.init.constant_(self.inner.weight, weight)
            nn.init.zeros_(self.inner.bias)

        def continue_clip(self, *arguments, **options):
            Counts.asked += 1
            return super().continue_clip(*arguments, **options)

    def sit(weight):
        examine(Counts(weight), parts=["range"], clips=1, size=24, folder=tmp_path)
        return Counts.asked

    first = sit(1.0)
    assert first and sit(1.0) == first and sit(2.0) == 2 * first


def test_bad_arguments_say_what_to_take():
    with pytest.raises(CuspError, match="continue_clip"):
        examine(object())
    with pytest.raises(CuspError, match="a member must have continue_clip"):
        examine(LastFrame(), members=[object()])
    with pytest.raises(CuspError, match="take some of range"):
        examine(LastFrame(), parts=["ranges"])
    with pytest.raises(CuspError, match="clips"):
        examine(LastFrame(), clips=0)
    assert cuspworld.examine is examine and "range" in PARTS


def test_the_verb(tmp_path, capsys):
    assert cusp("exam", "no/such/model", "-o", tmp_path / "x") == 2
    assert "no model at" in capsys.readouterr().err
    assert cusp("exam", "oracle", "--parts", "range", "--clips", 1, "--size", 24, "-o", tmp_path / "x", "--json") == 0
    jsonschema.validate(json.loads(capsys.readouterr().out), schema())
