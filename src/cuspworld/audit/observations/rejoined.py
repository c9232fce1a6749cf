"""What goes behind another thing, or touches it, and comes out again: what went in, and what came out.

Two things that stand apart are one connected piece of the picture as long as they touch, or one covers the other. A
*group* is a track (`object_tracks.py`) into which others run where they end, and out of which others come where they
begin. Its place is closed, so that it remembers: what it lets out went in before, up to MEMORY looks ago, however much
of it was seen meanwhile. Whether what comes out is what went in, the checks ask.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cuspworld.audit.observations.object_tracks import NOTHING, PATIENCE, ObjectTrack, followed
from cuspworld.audit.observations.standing_apart import Apart, Thing

MEMORY = 24  # looks, of eight a second: three seconds
STEADY = 3  # looks that a thing is followed at least, before it goes in and after it came out
NEAR = 0.6  # times its side: how far outside a piece's box the centre of what runs into it may be, a look before
NONE = "no thing goes behind another on plain ground and comes out again"
LARGER, SMALLER = 1.4, 0.7  # a group's area over the sum of what went in, at most; over the largest of them, at least


@dataclass(frozen=True)
class Rejoined:
    """A group that let something out. `went_in`: tracks before, the group's own where it was there before; `came_out`:
    those that begin where it lets them out, and `stays`: whether the group is there still, as one more.
    `start`, `end`: looks, of the first that went in and the last that came out. `box`: pixels of the look."""

    went_in: tuple[ObjectTrack, ...]
    came_out: tuple[ObjectTrack, ...]
    stays: bool
    start: int
    end: int
    box: tuple[int, int, int, int]


def rejoined(apart: Apart) -> list[Rejoined]:
    """The groups of a shot, in order."""
    tracks = [track for track in followed(apart) if len(track.looks) >= STEADY]
    found = [_rejoined(group, [track for track in tracks if track is not group]) for group in tracks]
    return [one for one in found if one is not None and apart.beyond[one.start : one.end].max() < NOTHING]


def _rejoined(group: ObjectTrack, others: list[ObjectTrack]) -> Rejoined | None:
    ran_in = [track for track in others if _runs_into(track, group)]
    if not ran_in:
        return None
    first = min(track.looks[-1] for track in ran_in)
    out = [track for track in others if track.looks[0] > first + 1 and _comes_from(track, group)]
    before = int(np.searchsorted(group.looks, first, "right"))  # looks of the group itself before anything ran in
    own = [ObjectTrack(group.looks[:before], group.things[:before])] if before >= STEADY else []
    went_in = (*ran_in, *own)
    if not out or len(went_in) < 2 or before == len(group.looks):
        return None
    last = max(track.looks[0] for track in out)
    parts = [track.things[-1].share for track in went_in]
    whole = group.things[before].share
    if last - first > MEMORY or not SMALLER * max(parts) <= whole <= LARGER * sum(parts):
        return None
    return Rejoined(went_in, tuple(out), group.looks[-1] >= last, first, last, group.box)


def _pairs(track: ObjectTrack) -> list[tuple[int, Thing]]:
    return list(zip(track.looks, track.things, strict=True))


def _runs_into(track: ObjectTrack, group: ObjectTrack) -> bool:
    """Does a track end where a look later the group is?"""
    end, thing = track.looks[-1], track.things[-1]
    return any(end < look <= end + PATIENCE and _beside(thing, piece) for look, piece in _pairs(group))


def _comes_from(track: ObjectTrack, group: ObjectTrack) -> bool:
    """Does a track begin where a look before the group was?"""
    begin, thing = track.looks[0], track.things[0]
    return any(begin - PATIENCE <= look < begin and _beside(thing, piece) for look, piece in _pairs(group))


def _beside(thing: Thing, piece: Thing) -> bool:
    x0, y0, x1, y1 = piece.box
    slack = NEAR * max(thing.box[2] - thing.box[0], thing.box[3] - thing.box[1])
    x, y = thing.centre
    return x0 - slack <= x <= x1 + slack and y0 - slack <= y <= y1 + slack
