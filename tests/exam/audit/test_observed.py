"""What is kept of a clip gives the report that the laws give, and a clip is looked at once."""

from pathlib import Path

import pytest

from cuspworld.audit import Bars, audit_clip
from cuspworld.audit.bars import FEWEST
from cuspworld.clip import Clip
from cuspworld.exam.audit.observed import Kept, report

from ...audit import breaking
from ...audit.scenes import FPS


def test_what_is_kept_gives_the_same_report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("cuspworld.audit.run", "cuspworld.exam.audit.observed"):
        monkeypatch.setattr(f"{module}.where", lambda *_: ("still", ""))
    clip, bars = Clip(breaking.vanishes(), FPS), Bars({"still": (-5.0,) * FEWEST})
    Kept(tmp_path / "kept.jsonl").of("a", 3.0, lambda: clip)
    again = Kept(tmp_path / "kept.jsonl").of("a", 3.0, lambda: pytest.fail("it is looked at twice"))
    ours, theirs = report(again, bars), audit_clip(clip, taught=False, bars=bars)
    assert ours.findings and ours.suspicion == pytest.approx(theirs.suspicion)
    assert ours.strongest == pytest.approx(theirs.strongest) and ours.unchecked == theirs.unchecked
    assert [(f.law, f.start, f.box) for f in ours.findings] == [(f.law, f.start, f.box) for f in theirs.findings]
