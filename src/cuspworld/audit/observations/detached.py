"""What moves by itself for a second or longer: a detached piece of the motion, from which nothing leads to the border.

Of what moves strongly (more than a shadow) in any look of a second, or since the shot begins, a connected piece that
reaches the picture's border nowhere and has mostly plain ground around it when its time begins and when it ends: who or
what drives it would have to stand wholly inside the picture too. Of each it is measured how much of the picture moves
at once, in the median look; and of those since the shot begins how far it goes up and stays up: the mean optical flow
(DIS) of what moves, added up from look to look, of the last third all but one look in five; and no further than the
centre of what moves is then above where it was at first, since flow loses what is fast. A camera that moves, or light
that changes, moves all there is to the border, and leaves nothing detached: neither is asked for.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from cuspworld.audit.evidence.scene import Scene
from cuspworld.audit.observations.looks import SMALLEST, Looks, looks, motion

STRONG = 14.0  # grey levels: what differs by less may be a shadow, that falls far
SECOND, EVERY = 8, 4  # looks of a window; looks from one window's end to the next
LEAST = 0.004  # of the picture that a piece sweeps
RIM = 2  # pixels: what moves so near to the border may come from beyond
WHOLE = 0.02  # of the picture: where less moves at once it rises by less
TOLD = 8  # pixels whose flow is a mean
LONG, STAYS = 12, 20  # looks in which what goes up for a moment is down again; percentile
EDGE, PLAIN = 40.0, 0.6  # gradient (Sobel) of what is no plain ground; share of the ring around a piece that is plain
RING = np.ones((9, 9), np.uint8)
JOINED = np.ones((5, 5), np.uint8)


@dataclass(frozen=True)
class Detached:
    """`start`, `end`: frames of the shot. `at_once`: of the picture that moves in the median look. `rise`: how far it
    goes up and stays up, a share of the picture's longest side (0: it does not). `box`: working pixels."""

    start: int
    end: int
    at_once: float
    rise: float
    box: tuple[float, float, float, float]


@dataclass(frozen=True)
class Pieces:
    """Every detached piece of every window of a shot; `why_not`: why none could be seen in any window, else empty."""

    found: tuple[Detached, ...]
    why_not: str


def detached(scene: Scene) -> Pieces:
    """What moves by itself in a shot; a window tells where the border rests or a piece is detached from it."""
    at = looks(scene, given=True)
    moving = motion(at.pictures, STRONG)
    flow = _Flow(at)
    found, told = [], False
    for end in range(SECOND, len(moving) + 1, EVERY):
        for start in {0, end - SECOND}:
            swept = np.maximum.reduce(moving[start:end])
            told = told or _leads_out(swept) < LEAST
            for piece in _pieces(swept):
                if _plain(at.pictures[start], at.pictures[end - 1], piece) < PLAIN:
                    continue
                shares = [float((look & piece).mean()) for look in moving[start:end]]
                at_once = float(np.median(shares))
                rise = 0.0
                if start == 0 and end >= LONG:
                    parts = [look & piece for look in moving[:end]]
                    up = np.cumsum([flow.up(look, part) for look, part in enumerate(parts)])
                    stays = min(np.percentile(curve[-(end // 3) :], STAYS) for curve in (up, _heights(parts)))
                    rise = max(0.0, float(stays)) * min(1.0, at_once / WHOLE)
                found.append(Detached(at.frames[start], at.frames[end], at_once, rise, at.box(piece)))
    return Pieces(tuple(found), "" if told or found else "all that moves leads to the picture's border at all times")


def _leads_out(swept: np.ndarray) -> float:
    """The share of the picture in those pieces of a window's motion that reach the border."""
    _, labels = cv2.connectedComponents(cv2.dilate(swept, JOINED))
    rim = np.concatenate([s.ravel() for s in (labels[:RIM], labels[-RIM:], labels[:, :RIM], labels[:, -RIM:])])
    return float((np.isin(labels, np.unique(rim[rim > 0])) & (swept > 0)).mean())


def _pieces(swept: np.ndarray) -> list[np.ndarray]:
    """The connected pieces of a window's motion that are not small and reach the border nowhere."""
    count, labels = cv2.connectedComponents(cv2.dilate(swept, JOINED))
    inside = np.zeros_like(swept)
    inside[RIM:-RIM, RIM:-RIM] = 1
    pieces = [((labels == index) & (swept > 0)).astype(np.uint8) for index in range(1, count)]
    return [piece for piece in pieces if piece.mean() >= LEAST and not (piece & (1 - inside)).any()]


def _heights(parts: list[np.ndarray]) -> np.ndarray:
    """How far the centre of what moves is above that of the first look in which it does, a share of the longest side;
    where too little moves, where it was before."""
    rows = np.full(len(parts), np.nan)
    for look, part in enumerate(parts):
        if part.sum() >= TOLD:
            rows[look] = np.nonzero(part)[0].mean()
        elif look:
            rows[look] = rows[look - 1]
    told = rows[~np.isnan(rows)]
    return (told[0] - np.nan_to_num(rows, nan=told[0])) / max(parts[0].shape) if len(told) else np.zeros(len(parts))


def _plain(before: np.ndarray, after: np.ndarray, piece: np.ndarray) -> float:
    """Of the ring around a piece the share without an edge in one of two pictures, at least."""
    grown = cv2.dilate(piece, JOINED)
    ring = (cv2.dilate(grown, RING) > 0) & (grown == 0)
    edges = []
    for picture in (before, after):
        grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(np.float32)
        edges.append(np.hypot(cv2.Sobel(grey, -1, 1, 0), cv2.Sobel(grey, -1, 0, 1))[ring])
    return float((np.minimum(*edges) < EDGE).mean()) if ring.any() else 0.0


class _Flow:
    """How far what moves goes up from a look to the next; the flow of a look is made once, where it is asked for."""

    def __init__(self, at: Looks) -> None:
        self.grey = [cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY) for picture in at.pictures]
        self.solver = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST)
        self.made: dict[int, np.ndarray] = {}

    def up(self, look: int, moves: np.ndarray) -> float:
        """Mean over the pixels that move, a share of the longest side."""
        a, b = self.grey[look : look + 2]
        if moves.sum() < TOLD or min(a.shape) < SMALLEST:
            return 0.0
        if look not in self.made:
            self.made[look] = self.solver.calc(a, b, np.zeros((*a.shape, 2), np.float32))
        return -float(self.made[look][moves > 0][:, 1].mean()) / max(a.shape)
