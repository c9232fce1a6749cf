"""Bars keep their promise, are written and read whole, and what is none is refused."""

from pathlib import Path

import numpy as np
import pytest

from cuspworld.audit import Bars, audit_clip, recalibrated
from cuspworld.audit.bars import FEWEST, NAME, SHARE, bar
from cuspworld.clip import Clip
from cuspworld.errors import CuspError

from . import breaking
from .scenes import FPS


def test_at_most_one_true_clip_in_twenty_passes_the_bar() -> None:
    rng = np.random.default_rng(0)
    passed = [rng.normal() > (bar(rng.normal(size=59).tolist()) or 0.0) for _ in range(4000)]
    assert np.mean(passed) == pytest.approx(SHARE, abs=0.012)
    assert bar([1.0] * (FEWEST - 1)) is None and bar([-3.0] * FEWEST) == -3


def test_a_true_clip_is_as_odd_as_five_percent_in_five_percent() -> None:
    rng = np.random.default_rng(1)
    shares = [Bars({"still": rng.normal(size=39)}).as_odd("still", rng.normal()) for _ in range(4000)]
    assert np.mean(np.array(shares) <= SHARE) == pytest.approx(SHARE, abs=0.012)
    assert Bars({}).as_odd("still", 9.0) == 1


def test_what_true_clips_show_too_is_no_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cuspworld.audit.run.where", lambda *_: "still")
    clip = Clip(breaking.vanishes(), FPS)
    own = recalibrated([clip], "clips in which a thing vanishes")
    (odds,) = own.largest["still"]
    report = audit_clip(clip, bars=Bars({"still": (odds,) * FEWEST}, own.of))
    assert all(f.probability == pytest.approx(0.5) for f in report.findings) and own.of in report.notes[0]
    calm = audit_clip(clip, bars=Bars({"still": (odds - 2,) * FEWEST}))
    assert calm.findings and calm.strongest == {"still": odds}
    assert audit_clip(clip, bars=Bars({"still": (odds + 0.1,) * FEWEST})).verdict == "cannot tell"


def test_bars_are_read_as_they_were_written(tmp_path: Path) -> None:
    known = Bars({"still": (0.25, -3.0), "moving": ()}, "phone")
    known.save(tmp_path / NAME)
    read = Bars.load(tmp_path)
    assert (sorted(read.largest["still"]), read.of) == ([-3.0, 0.25], "phone") and read == Bars.load(tmp_path / NAME)


@pytest.mark.parametrize(
    "content",
    ["", "[]", "{}", '{"format": 2, "of": "", "largest": {}}', '{"format": 1, "of": "", "largest": {"still": [NaN]}}',
     '{"format": 1, "of": "", "largest": {"here": [1]}}', '{"format": 1, "of": "", "largest": {"still": "x"}}'],
)  # fmt: skip
def test_what_is_no_bars_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / NAME).write_text(content)
    with pytest.raises(CuspError, match="--calibrate"):
        Bars.load(tmp_path)


def test_where_there_are_none_it_says_how_they_are_made(tmp_path: Path) -> None:
    with pytest.raises(CuspError, match="cusp audit --calibrate FOLDER"):
        Bars.load(tmp_path)
