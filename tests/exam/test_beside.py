"""Transcripts read again, and set beside one another."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

import cuspworld
from cuspworld.errors import CuspError
from cuspworld.exam.beside import beside
from cuspworld.exam.transcript import Failure, Part, Table, Transcript


def transcript(model: str, error: float, seed: int = 0) -> Transcript:
    rows = ({"row": model, "error": error, "lost": 0}, {"row": "floor", "error": 0.02, "lost": None})
    part = Part("range", "Range", (Table("Error", "m/s", ("row", "error", "lost"), rows),), ("a note",))
    return Transcript(model, {"seed": seed, "clips": 4}, (part,), (Failure("range", model, "q", "it said nothing"),))


def test_what_was_written_is_read_again(tmp_path):
    one = transcript("mine", 0.5)
    one.write(tmp_path)
    assert Transcript.read(tmp_path / "transcript.json") == one
    shipped = Path(cuspworld.__file__).parent / "exam/transcripts/default.json"
    assert json.loads(Transcript.read(shipped).to_json())["parts"] == json.loads(shipped.read_text())["parts"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[" * 100_000, "no JSON"),
        ("{}", "schema"),
        ("[1]", "no transcript"),
        ('{"schema": "7"}', "of schema '7'"),
        ('{"schema": "1.0", "model": 3, "settings": {}, "parts": [], "failures": [], "notes": []}', "3 is no text"),
        (
            json.dumps(transcript("m", 0.1).to_dict()).replace("0.02", "[0.02]"),
            "no cell",
        ),
    ],
)
def test_what_is_no_transcript_says_so(text, message, tmp_path):
    (tmp_path / "t.json").write_text(text)
    with pytest.raises(CuspError, match=message):
        Transcript.read(tmp_path / "t.json")
    with pytest.raises(CuspError, match="cannot be read"):
        Transcript.read(tmp_path / "nothing.json")


def test_rows_that_all_share_stand_once_and_the_others_say_whose_they_are():
    both = beside([transcript("a", 0.5), transcript("b", 0.25)])
    assert both["range"].tables[0].columns == ("exam", "row", "error", "lost")
    assert both["range"].tables[0].rows == (
        {"exam": "a", "row": "a", "error": 0.5, "lost": 0},
        {"exam": "all", "row": "floor", "error": 0.02, "lost": None},
        {"exam": "b", "row": "b", "error": 0.25, "lost": 0},
    )
    assert both["range"].notes == ("a note",) and not both.notes
    assert [f.model for f in both.failures] == ["a: a", "b: b"]


def test_what_was_asked_about_one_law_stands_together():
    def of(model):
        rows = tuple({"law": law, "row": model, "error": 0.1} for law in ("uniform", "parabola"))
        return Transcript(model, {}, (Part("range", "Range", (Table("E", "", ("law", "row", "error"), rows),)),))

    rows = beside([of("a"), of("b")])["range"].tables[0].rows
    assert [(row["law"], row["exam"]) for row in rows] == [
        ("uniform", "a"), ("uniform", "b"), ("parabola", "a"), ("parabola", "b"),
    ]  # fmt: skip


def test_the_same_name_twice_and_other_questions_are_told():
    other = transcript("a", 0.25, seed=7)
    other = replace(other, parts=(*other.parts, Part("newton", "Newton", (), ("only here",))))
    both = beside([transcript("a", 0.5), other])
    assert [row["exam"] for row in both["range"].tables[0].rows] == ["a", "a (2)", "all"]
    assert [part.name for part in both.parts] == ["range", "newton"]
    assert "did not ask the same" in both.notes[0] and both.model == "a beside a (2)"
    alone = beside([transcript("a", 0.5)])
    assert [row["exam"] for row in alone["range"].tables[0].rows] == ["a", "a"]
    with pytest.raises(CuspError, match="no transcript"):
        beside([])
