from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cuspworld.exam.audit import abroad
from cuspworld.exam.audit.abroad import Foreign, Heard

TRUE = Foreign(Path("a.mp4"), "one/place", "real", frozenset({"static"}), "", 0, 0, (0, 0, 1, 1))
FLOATS = Foreign(Path("b.mp4"), "two/page", "generated", frozenset(), "a ball floats", 1.0, 2.0, (0.5, 0.5, 1, 1))


def heard(clip: Foreign, odd: float, **finding: Any) -> Heard:
    findings = [{"law": "gravity", "start": 1.2, "end": 1.4, "box": [60, 60, 80, 80], **finding}] if finding else []
    report = {"findings": findings, "checked": {"gravity": 0.9}, "verdict": "impossible", "height": 100, "width": 100}
    return Heard(clip, report, {"audit": odd})


def test_a_finding_is_right_in_time_place_and_law() -> None:
    assert FLOATS.laws == {"gravity"}
    assert heard(FLOATS, 1, law="gravity").right(True, True)
    assert not heard(FLOATS, 1, law="passage").right(True, True)
    assert heard(FLOATS, 1, law="passage").right(True, False)
    assert not heard(FLOATS, 1, box=[0, 0, 20, 20]).right(True, False)
    assert not heard(FLOATS, 1, start=3.0, end=3.5).right(False, False)
    assert not heard(FLOATS, 1).right(False, False)


def test_curves_stand_by_origin() -> None:
    clips = [heard(TRUE, 0.1), heard(TRUE, 0.3), *(heard(FLOATS, odd) for odd in (0.2, 0.2, 0.4, 0.4, 0.4))]
    clips += [heard(replace(FLOATS, origin="three/page", words="a ball hangs"), 0.0)]
    row = abroad.curves(clips)[0]
    assert row["filmed / page"] == pytest.approx((2 * 0.5 + 3) / 5, abs=0.01)
    assert row["filmed / others"] == 0


def test_the_list_takes_turns_between_origins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    header = ("file", "origin", "kind", "strata", "violation", "violation_seconds", "box_x0y0x1y1", "split")
    rows = [
        ("a.mp4", "x/y:1", "real", "static", "none", "", "", "dev"),
        ("b.mp4", "x/y:2", "real", "static", "none", "", "", "dev"),
        ("c.mp4", "z/z:1", "generated", "", "a cup melts", "0.5-1.0", ".1,0,1,1", "dev"),
        ("d.mp4", "z/z:2", "generated", "", "none", "", "", "dev"),
        ("e.mp4", "w/w:2", "generated", "", "none", "", "", "dev"),
        ("f.mp4", "z/z:3", "real", "", "none", "", "", "calib"),
    ]
    (tmp_path / "foreign").mkdir()
    (tmp_path / "foreign" / "MANIFEST.tsv").write_text("\n".join("\t".join(row) for row in [header, *rows]))
    monkeypatch.setenv("CUSPWORLD_DATA", str(tmp_path))
    assert [clip.path.name for clip in abroad.listed("dev")] == ["a.mp4", "c.mp4", "d.mp4", "b.mp4"]
    assert [clip.path.name for clip in abroad.listed("dev", 1)] == ["a.mp4", "c.mp4", "d.mp4"]
    assert abroad.listed("dev")[1].box == (0.1, 0, 1, 1) and abroad.listed("dev")[1].start == 0.5
