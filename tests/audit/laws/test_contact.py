"""Discs that pass through each other are found, those that bounce or pass apart are not; streams through solids."""

from dataclasses import replace

import pytest

from cuspworld.audit import audit_clip
from cuspworld.audit.evidence.scene import observe
from cuspworld.audit.laws.contact.meetings import Meeting, meet
from cuspworld.audit.laws.contact.solid_crossed import crossings
from cuspworld.clip import Clip

from ..drawn import meeting, stream
from ..scenes import FPS

STREAM_FPS = 24.0


def test_discs_that_pass_through_each_other_are_found_when_they_meet() -> None:
    report = audit_clip(Clip(meeting(through=True), FPS))
    finding = next(f for f in report.findings if f.law == "contact")
    assert finding.start <= 40 / FPS <= finding.end
    assert finding.measured["restitution (0 to 1 at a contact)"].value == pytest.approx(-1, abs=0.15)


def test_discs_that_bounce_are_silent() -> None:
    assert [f.law for f in audit_clip(Clip(meeting(through=False), FPS)).findings] == []


def test_things_that_pass_on_other_lines_are_silent() -> None:
    assert "contact" not in [f.law for f in audit_clip(Clip(meeting(through=True, offset=15), FPS)).findings]


def test_a_stream_that_goes_through_the_solid_it_went_round_is_told() -> None:
    found, solid = crossings(observe(stream(35), STREAM_FPS))
    assert solid and max(c.after / (0.02 + c.before) for c in found) > 5
    best = max(found, key=lambda c: c.after)
    x0, y0, x1, y1 = best.box
    assert x0 < 60 < x1 and y0 < 48 < y1


def test_a_stream_that_goes_round_and_what_only_passes_by_are_not() -> None:
    round_it, solid = crossings(observe(stream(None), STREAM_FPS))
    assert solid and max((c.after for c in round_it), default=0.0) < 0.02
    assert crossings(observe(stream(35, passing=True), STREAM_FPS))[0] == []


def _meeting(offset: float) -> Meeting:
    a, b = observe(meeting(True, offset), FPS).paths
    found = meet(a, b)
    assert found is not None
    return found


def test_the_more_the_centre_lines_differ_the_weaker_is_the_case() -> None:
    """Half the sum of radii beside each other they pass at another depth; on one line they do not."""
    head_on, beside = _meeting(0.0), _meeting(10.0)
    assert head_on.same_line > 0.99 and head_on.strength > 12
    assert beside.offset > 0.25 and beside.same_line < 0.45
    same = replace(head_on, offset=beside.offset)  # as it would be were nothing else different
    assert same.strength == pytest.approx(head_on.strength * beside.same_line / head_on.same_line)
