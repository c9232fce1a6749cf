"""A check of one's own joins every audit, and is refused where it lacks what a check needs."""

from collections.abc import Iterator

import numpy as np
import pytest

from cuspworld.audit import Check, Curve, Suspect, audit_clip, checks, register, unregister
from cuspworld.audit.laws.needs import length
from cuspworld.audit.observations.seen import Observations
from cuspworld.clip import Clip
from cuspworld.errors import CuspError
from cuspworld.laws import Law


def flickers(seen: Observations) -> list[Suspect]:
    """Steps in which much of the picture changes, over a third of it."""
    changes = seen.scene.activity
    steps = np.flatnonzero(changes > 0.33)
    return [Suspect(changes[t] / 0.33, int(t), int(t) + 1, "Much of the picture flickers.") for t in steps]


FLICKERS = Check("flickers", Law.CAUSE, "much of the picture changes at once", flickers, curve=Curve(1.2, 6.0))


@pytest.fixture
def registered() -> Iterator[Check]:
    yield register(FLICKERS)
    unregister("flickers")


def _flickering() -> Clip:
    frames = np.full((24, 48, 64, 3), 60, np.uint8)
    frames[8:16, :, :28] = 95
    return Clip(frames, 12.0)


@pytest.mark.usefixtures("registered")
def test_a_users_check_speaks_in_the_report_at_its_time() -> None:
    report = audit_clip(_flickering(), taught=False)
    found = [f for f in report.findings if f.check == "flickers"]
    assert [f.sentence for f in found] == ["Much of the picture flickers."] * 2
    assert found[0].law == "cause" and found[0].start == pytest.approx(7 / 12)
    assert found[0].probability == pytest.approx(1 / (1 + (1.2 / found[0].strength) ** 6))


def test_it_is_gone_when_it_is_taken_out() -> None:
    register(FLICKERS)
    unregister("flickers")
    assert not [f for f in audit_clip(_flickering(), taught=False).findings if f.check == "flickers"]
    with pytest.raises(CuspError, match="no check 'flickers'"):
        unregister("flickers")


def test_a_check_without_a_curve_or_with_a_name_that_is_taken_is_refused() -> None:
    with pytest.raises(CuspError, match="has no curve: give it one"):
        register(Check("flickers", Law.CAUSE, "much of the picture changes at once", flickers))
    with pytest.raises(CuspError, match="there is a check 'fall ends' already"):
        register(Check("fall ends", Law.GRAVITY, "falls", flickers, curve=Curve(1.0, 1.0)))
    assert "flickers" not in {check.name for check in checks()}


def test_a_check_without_a_name_a_sentence_or_a_law_is_refused() -> None:
    with pytest.raises(CuspError, match="a name and a sentence"):
        Check("flickers", Law.CAUSE, " ", flickers)
    with pytest.raises(CuspError, match="names no law"):
        Check("flickers", "honesty", "lies", flickers)  # type: ignore[arg-type]


def test_what_a_check_needs_says_why_it_could_not_look() -> None:
    check = Check("flickers", Law.CAUSE, "flickers", flickers, needs=(length(100),), curve=Curve(1.5, 6.0))
    report = audit_clip(_flickering(), taught=False, checks=[check])
    assert report.unchecked == {"cause": "the shot is too short: 24 frames, at least 100 are needed"}
    assert report.suspicion == {}
