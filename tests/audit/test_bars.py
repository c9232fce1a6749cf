"""Bars keep their promise, are written and read whole, and what is none is refused."""

from pathlib import Path

import numpy as np
import pytest

from cuspworld.audit import Bars, audit_clip, recalibrated
from cuspworld.audit.bars import FEWEST, NAME, SHARE, bar
from cuspworld.audit.recalibration import ABOVE_ALL
from cuspworld.clip import Clip
from cuspworld.errors import CuspError

from . import breaking
from .scenes import FPS


def test_at_most_one_true_clip_in_twenty_passes_the_bar() -> None:
    rng = np.random.default_rng(0)
    passed = [rng.normal() > (bar(rng.normal(size=59).tolist()) or 0.0) for _ in range(4000)]
    assert np.mean(passed) == pytest.approx(SHARE, abs=0.012)
    assert bar([1.0] * (FEWEST - 1)) is None and bar([-3.0] * FEWEST) == -3


def test_what_true_clips_show_too_is_no_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cuspworld.audit.run.where", lambda *_: ("still", ""))
    clip = Clip(breaking.vanishes(), FPS)
    own = recalibrated([clip], "clips in which a thing vanishes")
    assert ({k: len(v) for k, v in own.true.items()}, own.bar("still")) == ({"still": 1}, None)
    silent = audit_clip(clip, bars=own)
    assert silent.verdict == "cannot tell" and own.of in silent.notes[0] and "too few" in silent.unchecked["permanence"]
    (odds,) = audit_clip(clip, bars=ABOVE_ALL).strongest.values()
    assert audit_clip(clip, bars=Bars({"still": [odds - 2] * 40})).findings
    assert not audit_clip(clip, bars=Bars({"still": [odds + 0.1] * 40})).findings


def test_bars_are_read_as_they_were_written_and_never_lower(tmp_path: Path) -> None:
    known = Bars({"still": [-1.0, *[0.123456] * (FEWEST - 1)], "moving": [1.0]}, "phone")
    known.save(tmp_path / NAME)
    read = Bars.load(tmp_path)
    assert (read.bar("still"), read.bar("moving"), read.of) == (0.13, None, "phone")
    assert read.true == {"still": [*[0.13] * (FEWEST - 1), -1.0], "moving": [1.0]}
    assert read == Bars.load(tmp_path / NAME)


def test_of_true_clips_alike_are_spread_evenly_and_an_odder_clip_is_less_alike() -> None:
    rng = np.random.default_rng(1)
    alike = np.array([Bars({"still": rng.normal(size=59).tolist()}).alike("still", rng.normal()) for _ in range(4000)])
    for share in (0.05, 0.2, 0.5, 0.9):  # a p-value: at most that share of true clips lies below it
        assert share - 0.03 < np.mean(alike <= share) < share + 0.01
    known = Bars({"still": rng.normal(size=99).tolist(), "moving": [0.0] * (FEWEST - 1)})
    odds = np.linspace(-4, 12, 50)
    falling = [known.alike("still", x) for x in odds]
    assert falling == sorted(falling, reverse=True) and falling[0] == 1 and falling[-1] < 1e-3
    assert known.alike("moving", 9.0) == 1 == known.alike("slow", 9.0)  # too few are known
    assert Bars({"still": [-20.0] * 90 + [0.0] * 9}).alike("still", -20.0) == 1


def test_a_longer_clip_is_held_against_longer_clips_or_as_several() -> None:
    rng = np.random.default_rng(2)
    short, long = (rng.normal(middle, 1, 59).tolist() for middle in (0, 1))
    known = Bars({"still": short}, "phone", 3.0, Bars({"still": long}, "phone", 6.0))
    assert known.lasting(2.0) is known and known.lasting(6.0).true == {"still": long}
    bars = [known.lasting(seconds).bar("still") or 0.0 for seconds in (3, 3.5, 4, 5, 6, 7, 12, 60, 600)]
    assert bars == sorted(bars) and bars[0] < bars[2] < bars[4] < bars[-1]
    between = known.lasting(3 * 2**0.5).true["still"]
    assert np.median(between) == pytest.approx((np.median(short) + np.median(long)) / 2)
    alike = [known.lasting(seconds).alike("still", 2.0) for seconds in (3, 4, 6, 12, 60)]
    assert alike == sorted(alike) and alike[-1] == 1


def test_of_clips_four_times_as_long_at_most_one_in_twenty_passes() -> None:
    rng = np.random.default_rng(3)
    passed = []
    for _ in range(2000):
        bar = Bars({"still": rng.normal(size=99).tolist()}, "", 3.0).lasting(12.0).bar("still")
        passed.append(rng.normal(size=4).max() > (bar or 0.0))
    assert np.mean(passed) < SHARE + 0.01


@pytest.mark.parametrize(
    "content",
    ["", "[]", "{}",
     '{"format": 1, "of": "", "true": {}}',
     '{"format": 2, "of": "", "true": {"still": [NaN, 1.0]}}',
     '{"format": 2, "of": "", "true": {"here": [1.0]}}',
     '{"format": 2, "of": "", "true": {"still": 1}}',
     '{"format": 3, "of": "", "seconds": -1, "true": {"still": [1.0]}}'],
)  # fmt: skip
def test_what_is_no_bars_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / NAME).write_text(content)
    with pytest.raises(CuspError, match="--calibrate"):
        Bars.load(tmp_path)


def test_where_there_are_none_it_says_how_they_are_made(tmp_path: Path) -> None:
    with pytest.raises(CuspError, match="cusp audit --calibrate FOLDER"):
        Bars.load(tmp_path)
