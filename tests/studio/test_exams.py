"""Exam: the shipped transcripts and uploaded ones, side by side; and in a real browser."""

import json
import re
from pathlib import Path

import pytest

from cuspworld.errors import CuspError
from cuspworld.exam.transcript import Transcript
from cuspworld.studio.exams import beside, exams, shipped
from tests.studio.browsing import opened, until
from tests.studio.spoken import Spoken, done

DOCS = Path(__file__).parent.parent.parent / "docs/transcripts"


def test_what_is_shipped_can_be_read_and_is_what_the_docs_show(tmp_path):
    (facts,) = done(exams, Spoken(tmp_path)).of("exams")
    assert [exam["name"] for exam in facts["exams"]] == ["default", "oracle"]
    kept, page = (
        re.sub(r"<figure>.*?</figure>\s*", "", text, flags=re.DOTALL)  # a JSON has no pictures
        for text in (Transcript.read(shipped()["default"]).to_html(), (DOCS / "default.html").read_text())
    )
    assert kept == page, "the page in the docs is of another transcript"


def test_a_shipped_one_beside_an_uploaded_one(tmp_path):
    mine = Transcript("mine", {"seed": 0}, Transcript.read(shipped()["oracle"]).parts)
    mine.write(tmp_path)
    (facts,) = done(beside, Spoken(tmp_path), names=["oracle"], files=[tmp_path / "transcript.json"]).of("beside")
    assert list(facts["transcript"]["settings"]) == ["oracle", "mine"]
    rows = facts["transcript"]["parts"][0]["tables"][0]["rows"]
    assert {row["exam"] for row in rows} == {"all"}  # they say the same


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"names": ["../../etc/passwd"]}, "no transcript"),
        ({"files": ["/etc/passwd"]}, "must be a file that the page uploaded"),
        ({"names": ["oracle"] * 9}, "at most 8"),
        ({}, "no transcript"),
    ],
)
def test_what_cannot_be_is_said(arguments, message, tmp_path):
    with pytest.raises(CuspError, match=message):
        beside(Spoken(tmp_path), **arguments)


@pytest.mark.browser
@pytest.mark.parametrize(("size", "theme", "locale"), [("wide", "light", "en-US"), ("narrow", "dark", "zh-CN")])
def test_transcripts_are_chosen_and_dropped(size, theme, locale, tmp_path):
    hostile = Transcript.read(shipped()["oracle"]).to_dict() | {"model": "<img src=x onerror=alert(1)>"}
    (tmp_path / "mine.json").write_text(json.dumps(hostile))
    with opened("exam", size=size, theme=theme, locale=locale) as page:
        until(page, "document.querySelectorAll('#exam-tables tr[data-exam=\"1\"]').length > 0")
        page.set_input_files("#exam-files", tmp_path / "mine.json")
        until(page, "document.querySelectorAll('#exam-tables tr[data-exam=\"2\"]').length > 0")
        assert "<img" in page.inner_text("#exam-tables") and page.query_selector("#exam-tables img") is None
        for box in (0, 1, 2):  # by keyboard: none is chosen
            page.focus(f"#exam-box-{box}")
            page.keyboard.press("Space")
        until(page, "!document.getElementById('exam-empty').hidden")
        assert "cusp exam" in page.inner_text("#exam-empty") and page.query_selector("#exam-tables table") is None
        (tmp_path / "none.json").write_text("[1]")
        page.set_input_files("#exam-files", tmp_path / "none.json")
        wrong = "no transcript of an exam" if locale == "en-US" else "不是考试的成绩单"
        until(page, f"document.getElementById('exam-status').textContent.includes('{wrong}')")
