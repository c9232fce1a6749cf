"""Things that stand apart, followed from look to look, with curves of their size and shape.

A thing is followed by its place (where it was, or where its last step leads), its size and its colour: one-to-one, by
scipy's Hungarian solver, over at most PATIENCE looks without it. Whatever jumps in size by more than GROWTH joins
another, comes apart or is covered: the track ends there, so that its curves tell of what it does slowly.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy.ndimage import median_filter
from scipy.optimize import linear_sum_assignment

from cuspworld.audit.observations.standing_apart import Apart, Thing

PATIENCE = 2  # looks
REACH = 1.2  # times its side (the root of its area): how far from where it is awaited it may be
GROWTH = 0.5  # in the logarithm of its area, from look to look
COLOUR = 30.0  # of OpenCV's bytes of L*, a*, b*: another colour
SMOOTH = 5  # looks, of the median over a curve
NEVER = 9.0
LONG = 6  # looks
PLAIN, NOTHING = 0.85, 0.003  # of the picture: ground or things; what moves and leads to the border


@dataclass(frozen=True)
class ObjectTrack:
    """A thing over the looks in which it stands apart."""

    looks: tuple[int, ...]
    things: tuple[Thing, ...]

    @property
    def size(self) -> Float[np.ndarray, " looks"]:
        """The logarithm of its share of the picture, smooth."""
        return smooth(np.log([thing.share for thing in self.things]))

    @property
    def shape(self) -> Float[np.ndarray, " looks"]:
        """The logarithm of its width over its height, smooth."""
        boxes = np.array([thing.box for thing in self.things], float)
        return smooth(np.log((boxes[:, 2] - boxes[:, 0]) / (boxes[:, 3] - boxes[:, 1])))

    @property
    def box(self) -> tuple[int, int, int, int]:
        """All that it ever covers, pixels of the look."""
        left, top, right, bottom = np.array([thing.box for thing in self.things]).T
        return int(left.min()), int(top.min()), int(right.max()), int(bottom.max())


def left_alone(apart: Apart) -> list[ObjectTrack]:
    """The tracks of a shot that last LONG looks on plain ground, while nothing moves at the border."""
    kept = []
    for track in followed(apart):
        first, last = track.looks[0], track.looks[-1]
        if len(track.looks) >= LONG and apart.beyond[first:last].max() < NOTHING:
            kept += [track] if np.median(apart.plain[first:last]) > PLAIN else []
    return kept


def followed(apart: Apart) -> list[ObjectTrack]:
    """The things of the looks as tracks."""
    height, width = apart.at.pictures[0].shape[:2]
    side = float(np.sqrt(height * width))
    tracks: list[list[tuple[int, Thing]]] = []
    for look, things in enumerate(apart.things):
        open_ones = [track for track in tracks if look - track[-1][0] <= PATIENCE]
        taken = set()
        if open_ones and things:
            cost = np.array([[_unlike(track, thing, side) for thing in things] for track in open_ones])
            for row, column in zip(*linear_sum_assignment(cost), strict=True):
                if cost[row, column] < NEVER:
                    open_ones[row].append((look, things[column]))
                    taken.add(column)
        tracks += [[(look, thing)] for column, thing in enumerate(things) if column not in taken]
    return [ObjectTrack(tuple(look for look, _ in track), tuple(thing for _, thing in track)) for track in tracks]


def _unlike(track: list[tuple[int, Thing]], thing: Thing, side: float) -> float:
    """How unlike a thing is what a track leads to; NEVER where it cannot be the same."""
    last = track[-1][1]
    place, here = np.array(last.centre), np.array(thing.centre)
    ahead = 2 * place - np.array(track[-2][1].centre) if len(track) > 1 else place
    away = min(np.linalg.norm(here - place), np.linalg.norm(here - ahead)) / (side * np.sqrt(last.share))
    growth = abs(np.log(thing.share / last.share))
    colour = max(abs(a - b) for a, b in zip(thing.colour, last.colour, strict=True)) / COLOUR
    return float(away + growth + colour) if away < REACH and growth < GROWTH and colour < 1.5 else NEVER


def smooth(curve: np.ndarray) -> Float[np.ndarray, " looks"]:
    """The median over SMOOTH looks."""
    return median_filter(np.asarray(curve, float), SMOOTH, mode="nearest")
