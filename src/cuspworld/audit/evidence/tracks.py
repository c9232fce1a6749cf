"""Linking blobs into tracks, with the cause of every birth and death: edge, merge, split, start, end, or nothing.

One-to-one assignment by scipy's Hungarian solver on predicted place, area and colour; a blob that takes over a second
track's place is a merge, and what comes out of it again is told apart by colour and area.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from scipy.optimize import linear_sum_assignment

from cuspworld.audit.evidence.blobs import Blob


@dataclass
class Track:
    """One thing over time. Arrays have one row for each frame in which it was seen; lengths in working pixels."""

    name: int
    frames: list[int] = field(default_factory=list)
    blobs: list[Blob] = field(default_factory=list)
    merged: list[bool] = field(default_factory=list)  # shares its blob with another track in that frame
    birth: str = "start"
    death: str = "end"

    @property
    def start(self) -> int:
        return self.frames[0]

    @property
    def end(self) -> int:
        return self.frames[-1]

    def __len__(self) -> int:
        return len(self.frames)

    @property
    def times(self) -> np.ndarray:
        """(points,) frame indices."""
        return np.array(self.frames)

    @property
    def centres(self) -> np.ndarray:
        """(points, 2) x, y."""
        return np.array([blob.centre for blob in self.blobs])

    @property
    def areas(self) -> np.ndarray:
        """(points,)"""
        return np.array([blob.area for blob in self.blobs])

    @property
    def colours(self) -> np.ndarray:
        """(points, 3)"""
        return np.array([blob.colour for blob in self.blobs])

    @property
    def boxes(self) -> np.ndarray:
        """(points, 4)"""
        return np.array([blob.box for blob in self.blobs])

    @property
    def alone(self) -> np.ndarray:
        """(points,) bool: not sharing a blob, not cut by the frame's edge."""
        return np.array([not m and not b.at_edge for m, b in zip(self.merged, self.blobs, strict=True)])

    @property
    def ghostly(self) -> bool:
        """It belongs to the background plate in most of its frames."""
        return float(np.mean([blob.ghost for blob in self.blobs])) > 0.5

    def predict(self, frame: int) -> np.ndarray:
        """Where constant velocity puts it, (x, y)."""
        last = np.array(self.blobs[-1].centre)
        if len(self) < 2:
            return last
        back = min(3, len(self) - 1)
        speed = (last - np.array(self.blobs[-1 - back].centre)) / (self.frames[-1] - self.frames[-1 - back])
        return last + speed * (frame - self.frames[-1])


def link(blobs_of_frames: list[list[Blob]], patience: int = 2) -> list[Track]:
    """Tracks over all frames. `patience`: frames that a thing may go unseen (noise) before it is dead."""
    tracks: list[Track] = []
    active: list[Track] = []
    hidden: dict[int, Track] = {}  # tracks inside somebody else's blob: name -> the track that holds it
    last_frame = len(blobs_of_frames) - 1
    for t, blobs in enumerate(blobs_of_frames):
        seen = [track for track in active if track.name not in hidden]
        pairs = _assign(seen, blobs, t)
        taken = {j for _, j in pairs}
        matched = {seen[i].name: j for i, j in pairs}
        for i, j in pairs:
            _extend(seen[i], t, blobs[j], False)
        for track in seen:  # lost ones: swallowed by a blob that covers their place?
            if track.name in matched:
                continue
            place = track.predict(t)
            holder = _holder(place, track.blobs[-1], blobs, [tr for tr in seen if tr.name in matched], matched)
            if holder is not None:
                hidden[track.name] = holder
                track.death = "merge"
        for j, blob in enumerate(blobs):  # new ones: come out of a blob that held somebody?
            if j in taken:
                continue
            parent = _parent(blob, tracks, t)
            inside = [tr for tr in active if parent is not None and hidden.get(tr.name) is parent]
            if inside:
                best = min(inside, key=lambda tr: _unlike(tr.blobs[-1], blob))
                if parent is not None and len(parent) > 1:
                    _exchange(parent, best, t, blob)
                else:
                    _extend(best, t, blob, False)
                del hidden[best.name]
                best.death = "end"
                continue
            track = Track(len(tracks))
            track.birth = (
                "start" if t == 0 else "edge" if blob.at_edge else "split" if parent is not None else "nothing"
            )
            _extend(track, t, blob, False)
            tracks.append(track)
            active.append(track)
        holders = {holder.name for holder in hidden.values()}
        for track in active:
            if track.name in holders and track.frames[-1] == t:
                track.merged[-1] = True
        still = []
        for track in active:
            if track.name in hidden:
                holder = hidden[track.name]
                if t - holder.end > patience:
                    continue
                still.append(track)
            elif t - track.end <= patience or (t - track.end <= 3 * patience and len(track) > 10):
                still.append(track)
            else:
                track.death = "edge" if track.blobs[-1].at_edge else "nothing"
        active = still
    for track in tracks:
        if track.death == "end" and track.end < last_frame - patience:
            track.death = "edge" if track.blobs[-1].at_edge else "nothing"
    return tracks


def _extend(track: Track, t: int, blob: Blob, merged: bool) -> None:
    track.frames.append(t)
    track.blobs.append(blob)
    track.merged.append(merged)


def _exchange(parent: Track, other: Track, t: int, blob: Blob) -> None:
    """The holder and the held part: whichever of the two blobs looks more like which track goes to it."""
    if parent.frames[-1] != t:
        _extend(other, t, blob, False)
        return
    held = parent.blobs[-1]
    before = next((b for b, m in zip(parent.blobs[-2::-1], parent.merged[-2::-1], strict=True) if not m), held)
    keep = _unlike(before, held) + _unlike(other.blobs[-1], blob)
    swap = _unlike(before, blob) + _unlike(other.blobs[-1], held)
    if swap < keep:
        parent.blobs[-1] = blob
        _extend(other, t, held, False)
    else:
        _extend(other, t, blob, False)


def _unlike(a: Blob, b: Blob) -> float:
    colour = float(np.abs(np.subtract(a.colour, b.colour)).max()) / 40
    return colour + abs(float(np.log(a.area / b.area)))


def _assign(tracks: list[Track], blobs: list[Blob], t: int) -> list[tuple[int, int]]:
    if not tracks or not blobs:
        return []
    predicted = np.array([track.predict(t) for track in tracks])
    centres = np.array([blob.centre for blob in blobs])
    distance = np.linalg.norm(predicted[:, None] - centres[None], axis=-1)
    speed = np.array([np.linalg.norm(track.predict(t) - track.blobs[-1].centre) for track in tracks])
    size = np.sqrt([track.blobs[-1].area for track in tracks])
    gate = 4 + 1.2 * size + 1.5 * speed
    ratio = np.abs(
        np.log(np.array([track.blobs[-1].area for track in tracks])[:, None] / np.array([b.area for b in blobs])[None])
    )
    colour = np.abs(
        np.array([track.blobs[-1].colour for track in tracks])[:, None] - np.array([b.colour for b in blobs])[None]
    ).max(-1)
    cost = distance / gate[:, None] + 0.5 * ratio + colour / 80
    cost[(distance > gate[:, None]) | (ratio > 2.5)] = 1e6
    rows, columns = linear_sum_assignment(cost)
    return [(int(i), int(j)) for i, j in zip(rows, columns, strict=True) if cost[i, j] < 1e5]


def _inside(point: np.ndarray, box: tuple[int, int, int, int], slack: float) -> bool:
    x0, y0, x1, y1 = box
    return bool(x0 - slack <= point[0] <= x1 + slack and y0 - slack <= point[1] <= y1 + slack)


def _holder(
    place: np.ndarray, blob: Blob, blobs: list[Blob], candidates: list[Track], matched: dict[int, int]
) -> Track | None:
    slack = 0.5 * float(np.sqrt(blob.area)) + 2
    near = [track for track in candidates if _inside(place, blobs[matched[track.name]].box, slack)]
    return max(near, key=lambda track: track.blobs[-1].area, default=None)


def _parent(blob: Blob, tracks: list[Track], t: int) -> Track | None:
    """A track whose blob of the last frames touches this blob's place."""
    slack = 0.35 * float(np.sqrt(blob.area)) + 2
    x0, y0, x1, y1 = blob.box
    best, most = None, 0.0
    for track in tracks:
        for frame, old in zip(track.frames[-1:-4:-1], track.blobs[-1:-4:-1], strict=True):
            if not 0 < t - frame <= 3:
                continue
            width = min(x1 + slack, old.box[2]) - max(x0 - slack, old.box[0])
            height = min(y1 + slack, old.box[3]) - max(y0 - slack, old.box[1])
            if width > 0 and height > 0 and width * height > most:
                best, most = track, width * height
    return best
