"""The report's forms: JSON under the published schema, score, verdict, HTML without anything from elsewhere."""

import json
import math
import re
from pathlib import Path

import jsonschema
import numpy as np
import pytest

from cuspworld.audit import Finding, Measurement, Report, audit_clip, compare, schema, write_page
from cuspworld.audit.finding import Series
from cuspworld.clip import Clip
from cuspworld.errors import CuspError
from cuspworld.laws import Law

from .scenes import BLUE, FPS, RED, render, straight


def _broken_clip() -> Clip:
    paths = [straight((25, 30), (1.2, 0), 60), straight((100, 65), (-1.1, 0.1), 60)]
    paths[1][33:] = np.nan
    return Clip(render(paths, [7, 9], [RED, BLUE]), FPS)


def test_a_real_report_is_valid_json_under_the_published_schema() -> None:
    report = audit_clip(_broken_clip(), name="<script>alert(1)</script>")
    document = json.loads(report.to_json())
    jsonschema.Draft202012Validator.check_schema(schema())
    jsonschema.validate(document, schema())
    assert document["findings"], "the clip has a finding, so its form is checked too"


def test_the_schema_refuses_what_is_not_a_report() -> None:
    document = json.loads(audit_clip(_broken_clip()).to_json())
    document["findings"][0]["probability"] = 1.5
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(document, schema())


def test_the_schema_knows_every_law() -> None:
    assert {*Law, "learned"} == set(schema()["$defs"]["finding"]["properties"]["law"]["enum"])


def test_numbers_that_are_not_finite_never_reach_the_json() -> None:
    finding = Finding("inertia", 0.0, 1.0, 0.7, "odd", measured={"speed": Measurement(math.inf, "px/s", math.nan)},
                      series=(Series("speed", "px/s", (0.0, 1.0), (math.nan, 1.0)),))  # fmt: skip
    report = Report("x", 1.0, 30.0, (8, 8), (finding,), {"inertia": 0.7}, {})
    document = json.loads(report.to_json())
    assert document["findings"][0]["measured"]["speed"] == {"value": None, "unit": "px/s", "error": None}
    jsonschema.validate(document, schema())


def test_score_is_the_chance_that_no_independent_law_is_broken() -> None:
    report = Report("x", 1.0, 30.0, (8, 8), (), {"inertia": 0.2, "permanence": 0.5}, {})
    assert report.score == pytest.approx(0.8 * 0.5)


def test_a_law_that_is_surely_broken_leaves_no_score_and_no_error() -> None:
    certain = Report("x", 1.0, 30.0, (8, 8), (), {"inertia": 1.0, "gravity": 0.5}, {})
    assert 0 <= certain.score < 1e-8


def test_what_was_not_looked_at_is_as_likely_broken_as_not() -> None:
    def report(checked: int) -> Report:
        suspicion = {str(law): 0.0 for law in list(Law)[:checked]}
        return Report("x", 1.0, 30.0, (8, 8), (), suspicion, {str(law): "too short" for law in list(Law)[checked:]})

    scores = [report(checked).score for checked in range(len(Law) + 1)]
    assert scores == sorted(scores) and scores[0] == 0.5 and scores[-1] == 1
    assert [report(checked).verdict for checked in (0, 3, 4, 11)] == ["cannot tell"] * 2 + ["possible"] * 2


def test_silence_away_from_home_is_no_verdict() -> None:
    report = Report("x", 1.0, 30.0, (8, 8), (), {str(law): 0.0 for law in Law}, {}, (), {"still": -20.0})
    assert (report.verdict, report.score) == ("cannot tell", 0.5)


def test_away_from_home_the_score_is_half_the_share_of_true_clips_as_odd() -> None:
    alone, odd = ({str(Law.INERTIA): p} for p in (0.4, 0.01))
    kinds = {"still": 1.0, "moving": 3.0}
    likely = Report("x", 1.0, 30.0, (8, 8), (), alone, {}, (), kinds, {"still": 0.9, "moving": 0.3})
    assert likely.score == pytest.approx(0.15)  # the oddest of its kinds, however sure its checks are at home
    silent = Report("x", 1.0, 30.0, (8, 8), (), odd, {}, (), {"moving": 9.0}, {"moving": 0.02})
    assert silent.score == pytest.approx(0.01) and silent.verdict == "cannot tell"


def test_no_law_found_broken_and_yet_likely_that_one_is_cannot_tell() -> None:
    suspicion = {str(law): 0.1 for law in Law}
    report = Report("x", 1.0, 30.0, (8, 8), (), suspicion, {})
    assert report.score < 0.5 and report.verdict == "cannot tell"


def test_a_report_as_text_and_json_says_all_that_it_knows() -> None:
    finding = Finding("inertia", 0.5, 0.75, 0.75, "It turns by itself.", (1.0, 2.0, 3.0, 4.0))
    report = Report(
        "clip", 2.0, 25.0, (48, 64), (finding,), {"inertia": 0.75}, {"gravity": "nothing falls"}, ("a cut",)
    )
    assert str(report).splitlines() == [
        "clip: impossible (score 0.18, 1 of 2 laws checked, 2.00 s)",
        "    0.50-0.75 s  inertia       75%  It turns by itself.",
        "  unchecked: gravity      nothing falls",
        "  note: a cut",
    ]
    document = report.to_dict()
    assert (document["width"], document["height"], document["seconds"], document["fps"]) == (64, 48, 2.0, 25.0)
    assert document["verdict"] == "impossible" and document["score"] == pytest.approx(0.25 * 0.5**0.5, abs=1e-6)
    assert document["checked"] == {"inertia": 0.75} and document["unchecked"] == {"gravity": "nothing falls"}
    assert document["notes"] == ["a cut"] and document["findings"] == [finding.to_dict()]
    assert json.loads(report.to_json(indent=None)) == document and "\n" not in report.to_json(indent=None)


def test_of_two_reports_the_lower_score_is_the_less_possible() -> None:
    sizes = ((8, 8), ())
    a = Report("a", 1.0, 30.0, *sizes, {"inertia": 0.2, "gravity": 0.1}, {})
    b = Report("b", 1.0, 30.0, *sizes, {"inertia": 0.7, "gravity": 0.105, "cause": 0.3}, {})
    compared = compare(a, b)
    assert compared.less_possible is b and compare(b, a).less_possible is b
    assert compared.laws == {"inertia": (0.2, 0.7), "gravity": (0.1, 0.105)}  # those checked in both
    assert str(compared).splitlines() == [
        "b is less possible: score 0.188 against 0.720",
        "  inertia       20% against  70%",  # a difference of a hundredth is none
    ]
    assert compare(a, a).less_possible is None
    assert str(compare(a, a)) == "the audit sees no difference: both score 0.720"


def test_nothing_checked_is_not_called_possible() -> None:
    report = Report("x", 1.0, 30.0, (8, 8), (), {}, {"inertia": "too short"})
    assert (report.verdict, report.score) == ("cannot tell", 0.5)


def test_the_page_is_whole_and_fetches_nothing(tmp_path: Path) -> None:
    clip = _broken_clip()
    report = audit_clip(clip, name="<script>alert(1)</script>")
    text = write_page(report, tmp_path / "page.html", clip).read_text()
    assert "data:video/mp4;base64," in text
    assert "<script>alert(1)" not in text
    assert "{{" not in text
    assert not re.findall(r"(?:src|href)=[\"'](?!data:)", text)
    assert text.count('class="plot"') == sum(len(f.series) for f in report.findings)


def test_a_page_must_be_html(tmp_path: Path) -> None:
    with pytest.raises(CuspError, match=r"\.html"):
        write_page(audit_clip(_broken_clip()), tmp_path / "page.txt")
