"""Away from home: a bar that keeps its promise, checks that are silent, and nothing said where nothing is known."""

import math

import pytest

from cuspworld import worlds
from cuspworld.audit import audit_clip, checks, elsewhere
from cuspworld.audit.bars import FEWEST, STRATA, Bars
from cuspworld.audit.calibration import bars, fitted
from cuspworld.audit.elsewhere import (
    DRAWN,
    LESS,
    LIVING,
    LOUD,
    LOUDEST,
    ODD,
    RECOGNISING,
    STEPS,
    lowering,
    raised,
    silent,
    strongest,
    where,
)
from cuspworld.audit.evidence.scene import observe
from cuspworld.audit.finding import Evidence, Finding
from cuspworld.audit.judges.twins import shipped
from cuspworld.clip import Clip

from . import breaking
from .scenes import FPS, render, straight

KNOWN = Bars({"slow": (1.0,) * FEWEST, "still": (1.0,) * FEWEST, "moving": (1.0,)})


def test_the_bar_is_taken_off_the_log_odds_of_the_packages_checks_alone() -> None:
    ours, yours = (Finding("inertia", 0, 1, 0.9, "odd", check=name) for name in ("leaps", "a check of yours"))
    lowered, kept = raised({"inertia": Evidence((ours, yours))}, "slow", KNOWN)["inertia"].suspects
    assert math.log(9) - 1.0 == pytest.approx(math.log(lowered.probability / (1 - lowered.probability)))
    assert kept.probability == 0.9
    assert lowering("slow", "leaps", KNOWN) == 1
    assert (
        lowering("still", "vanishes", KNOWN) == 1 + LESS["still"] and lowering("still", "rises by itself", KNOWN) == 1
    )
    assert lowering("still", LOUD[0], KNOWN) == 1 + LOUDEST
    assert all(lowering("still", check, KNOWN) == 1 + less for check, less in ODD.items())
    assert lowering("slow", "leaps", Bars({"slow": (-3.0,) * FEWEST})) == 0


def test_at_home_the_bar_is_that_of_true_files_whatever_a_user_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(elsewhere, "bar_at_home", lambda: 0.5)
    law, judge, yours = (Finding("inertia", 0, 1, 0.9, "odd", check=name) for name in ("leaps", "", "a check of yours"))
    assert strongest({"inertia": Evidence((law, judge))}, "home") == pytest.approx(math.log(9))
    found = raised({"inertia": Evidence((law, judge, yours))}, "home", KNOWN)["inertia"].suspects
    lowered = 1 / (1 + math.exp(0.5) / 9)
    assert [suspect.probability for suspect in found] == pytest.approx([lowered, lowered, 0.9])


def test_the_package_has_a_bar_for_every_kind() -> None:
    assert all(bars().bar(stratum) is not None and len(bars().true[stratum]) >= FEWEST for stratum in STRATA)


def test_what_is_silent_where() -> None:
    names = {check.name for check in checks()}
    assert (
        {*RECOGNISING, *STEPS, *LIVING} <= names
        and set(ODD) <= set(LIVING)
        and set(LOUD) <= names
        and set(DRAWN) <= set(RECOGNISING)
    )
    assert {world for drawn in DRAWN.values() for world in drawn} <= set(shipped().worlds)
    assert set(silent("home", 24.0, KNOWN)) == set(LIVING)
    assert set(silent("slow", 10.0, KNOWN)) == {*LIVING, *STEPS}
    assert set(silent("still", 30.0, KNOWN)) == set(RECOGNISING)
    assert set(silent("moving", 30.0, KNOWN)) == set(fitted())


def test_a_thing_is_named_where_it_is_recognised_alone() -> None:
    meaning = {"flames unmoved", "fire begins", "areal velocity", "inverse square", "glides", "standing liquid"}
    for stratum in ("still", "moving"):  # whatever it looks like: nothing recognises a flame or an orbit there
        assert meaning | {"passes through"} <= set(silent(stratum, 30.0, bars()))
    in_collision = set(silent("home", 24.0, bars(), "Collision"))
    assert meaning <= in_collision and "passes through" not in in_collision
    assert not {"fire begins", "flames unmoved"} & set(silent("home", 24.0, bars(), "Candles"))
    assert not {"areal velocity", "inverse square"} & set(silent("home", 24.0, bars(), "Planets"))


def test_a_world_is_known_by_its_look_and_is_slow_at_ten_frames_a_second() -> None:
    world = worlds.make("Heat").record(3, size=64, fps=24.0, seconds=1.0).frames
    drawn = render([straight((20, 20), (1, 0), 24)], [7], [(200, 40, 40)])
    clips = ((world, 24.0), (world[::2], 10.0), (drawn, FPS))
    places = [where(observe(f, fps), f, shipped()) for f, fps in clips]
    assert places == [("home", "Heat"), ("slow", "Heat"), ("still", "")]


def test_a_shot_of_a_stratum_without_a_bar_is_no_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cuspworld.audit.run.where", lambda *_: ("moving", ""))
    report = audit_clip(Clip(breaking.vanishes(), FPS), bars=KNOWN)
    assert not report.home and elsewhere.LITTLE in report.notes
    assert report.verdict == "cannot tell" and "too few true clips" in report.unchecked["permanence"]


def test_what_moves_by_itself_is_found_away_from_home_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    clip = Clip(breaking.moves_by_itself(), FPS)
    assert not [f for f in audit_clip(clip).findings if f.check == "moves by itself"]
    monkeypatch.setattr("cuspworld.audit.run.where", lambda *_: ("still", ""))
    known = Bars({"still": (0.5,) * FEWEST})
    (found,) = [f for f in audit_clip(clip, bars=known).findings if f.check == "moves by itself"]
    assert abs(found.start - 30 / FPS) < 0.3 and found.law == "cause"
