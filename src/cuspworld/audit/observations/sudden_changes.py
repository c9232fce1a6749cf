"""Steps at which the picture changes at once, and what kind of change each is.

The strength of a jump is how alone its change is in its time (`isolated.py`): motion, splashes and flames change a
place in many steps, a broken law in one. The one step of the shot whose colours nothing near explains (`sudden.py`) is
described too: there a thing may be too thin or too near to other motion to be alone in its window. What kind a jump
is follows from the colours that nothing near explains.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import cv2
import numpy as np

from cuspworld.audit.evidence.blobs import edges
from cuspworld.audit.evidence.change import change_threshold, strongest, unexplained
from cuspworld.audit.evidence.isolation import isolation
from cuspworld.audit.evidence.scene import LIT, Scene
from cuspworld.audit.observations.most_sudden_step import sudden

Kind = Literal[
    "appears", "vanishes", "moves", "recolours", "reshapes", "lights", "goes out", "flares", "passes", "everything"
]
ENOUGH = 12.0  # frames per second: in longer steps much happens unseen, and a jump says less
MOST = 8  # jumps of a shot that are described
KNOWN = 3.0  # a jump so alone is described by its own place


@dataclass(frozen=True)
class Jump:
    """At step `frame` -> `frame` + 1. Boxes in working pixels; `old_box` is where a thing was before it moved.

    `ratio`: how alone its change is in time and place. `sudden`: its unexplained area over that of every other step of
    the shot, 0 where another step has more.
    """

    frame: int
    kind: Kind
    ratio: float
    area: float
    box: tuple[int, int, int, int]
    old_box: tuple[int, int, int, int] | None
    at_edge: bool
    same_shape: bool = False  # it recolours, and its outline stays
    sudden: float = 0.0


def find_jumps(scene: Scene, least_ratio: float = 0.8) -> list[Jump]:
    """Every step with a change that is alone in its time, strongest first."""
    if len(scene) < 6:
        return []
    alone = isolation(scene.frames, scene.noise, scene.change.reach)
    if scene.valid is not None:
        size = alone.shape[:0:-1]
        seen = np.stack([cv2.resize(v.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST) for v in scene.valid])
        alone *= np.minimum(seen[:-1], seen[1:])
    alone *= min(1.0, float(scene.fps) / ENOUGH)
    found = []
    peaks = alone.reshape(len(alone), -1).max(1)
    for t in np.argsort(-peaks)[:MOST]:
        if peaks[t] < least_ratio:
            break
        jump = _describe(scene, int(t), alone[t], float(peaks[t]))
        if jump is not None:
            found.append(jump)
    return _with_sudden(scene, found, peaks)


def _with_sudden(scene: Scene, found: list[Jump], peaks: np.ndarray) -> list[Jump]:
    """The shot's most sudden step among the jumps, described by what is unexplained in it unless it is well known."""
    steady = scene.camera.steady and scene.tint < LIT
    most = sudden(scene.frames, scene.noise, scene.valid) if steady else None
    if most is None or most.ratio < 1:
        return found
    ratio = most.ratio * min(1.0, float(scene.fps) / ENOUGH)
    known = next((jump for jump in found if jump.frame == most.frame), None)
    if known is None or known.ratio < KNOWN:
        described = _describe(scene, most.frame, most.mask.astype(np.float32), 1.0)
        if described is not None:
            known = replace(described, ratio=float(peaks[most.frame]))
    if known is None:
        return found
    return [replace(known, sudden=ratio), *(jump for jump in found if jump.frame != most.frame)]


def _describe(scene: Scene, t: int, alone: np.ndarray, ratio: float) -> Jump | None:
    level, reach = change_threshold(scene.noise), scene.change.reach
    before, after = scene.frames[t], scene.frames[t + 1]
    height, width = scene.size
    difference = strongest(cv2.absdiff(before, after))
    core = cv2.resize((alone > 0.4 * ratio).astype(np.uint8), (width, height), interpolation=cv2.INTER_NEAREST)
    region = cv2.dilate(core, np.ones((2 * reach + 1,) * 2, np.uint8)) > 0
    if scene.valid is not None:
        region &= scene.valid[t] & scene.valid[t + 1]
    if not region.any():
        return None
    changed = (difference > max(level, 0.5 * float(cv2.blur(difference, (3, 3))[region].max()))) & region
    came, went = unexplained(before, after, reach, level), unexplained(after, before, reach, level)
    fresh, lost = came & region, went & region
    area = float(max(fresh.sum(), lost.sum()))
    if changed.mean() > 0.25 and (fresh | lost).mean() > 0.1:
        return Jump(t, "everything", ratio, area, (0, 0, width, height), None, False)
    main, size = _largest(changed, reach)
    if main is None or size < 6:
        return None
    kind, box, old = _kind(before, after, changed, fresh, lost, main, reach)
    if (light := _light(before, after, region & (difference > level))) is not None:
        (kind, box), old = light, None
    if kind in ("appears", "vanishes"):
        opposite = went if kind == "appears" else came
        opposite[max(0, box[1] - reach) : box[3] + reach, max(0, box[0] - reach) : box[2] + reach] = False
        if opposite.sum() > 0.25 * area and _alone(scene, t, kind):
            kind = "passes"  # the glass lies there and the juice is out
    at_edge = _enters(box, width, height, reach)
    if scene.valid is not None:
        at_edge = at_edge or not bool(scene.valid[t][box[1] : box[3], box[0] : box[2]].all())
    same = kind == "recolours" and _alike(before, after, box)
    return Jump(t, kind, ratio, max(area, size), box, old, bool(at_edge), same)


def _kind(
    before: np.ndarray,
    after: np.ndarray,
    changed: np.ndarray,
    fresh: np.ndarray,
    lost: np.ndarray,
    main: tuple[int, int, int, int],
    reach: int,
) -> tuple[Kind, tuple[int, int, int, int], tuple[int, int, int, int] | None]:
    """What happened to the changed region `main`: (kind, box, where it was before if it moved)."""
    inside = np.zeros_like(changed)
    inside[main[1] : main[3], main[0] : main[2]] = True
    fresh_box, fresh_area = _largest(fresh, reach)
    lost_box, lost_area = _largest(lost, reach)
    if fresh_box and lost_box and min(fresh_area, lost_area) > 6 and _overlap(fresh_box, lost_box) < 0.3:
        if _moved(before, after, lost, fresh):
            return "moves", fresh_box, lost_box
        if min(fresh_area, lost_area) > 0.3 * max(fresh_area, lost_area):
            both = (
                min(fresh_box[0], lost_box[0]), min(fresh_box[1], lost_box[1]),
                max(fresh_box[2], lost_box[2]), max(fresh_box[3], lost_box[3]),
            )  # fmt: skip
            return "passes", both, None
    was, now = (_blends(frame, changed & inside, reach) for frame in (before, after))
    if now > was + 0.35:  # its place looks like its surroundings now
        return "vanishes", main, None
    if was > now + 0.35:
        return "appears", main, None
    outline_before, outline_after = _outline(before, after, changed & inside, main)
    if outline_after < 0.6 * outline_before:
        return "vanishes", main, None
    if outline_before < 0.6 * outline_after:
        return "appears", main, None
    if max(fresh_area, lost_area) < 6:
        return "reshapes", main, None
    return "recolours", main, lost_box


def _alone(scene: Scene, t: int, kind: Kind) -> bool:
    """Is the change of the opposite kind as sudden?"""
    other = scene.change.vanished if kind == "appears" else scene.change.appeared
    around = np.r_[other[max(0, t - 3) : t], other[t + 1 : t + 4]].max(initial=0.0)
    return bool(other[t] > 2 * around + 10)


def _blends(frame: np.ndarray, mask: np.ndarray, reach: int) -> float:
    """The share of the masked pixels whose colour is also found in the ring around them."""
    ring = cv2.dilate(mask.astype(np.uint8), np.ones((2 * reach + 5,) * 2, np.uint8)) > 0
    ring &= cv2.dilate(mask.astype(np.uint8), np.ones((5, 5), np.uint8)) == 0
    here, there = frame[mask].astype(np.float32), frame[ring].astype(np.float32)
    if len(here) < 4 or len(there) < 4:
        return 0.0
    here, there = here[:: max(1, len(here) // 200)], there[:: max(1, len(there) // 200)]
    return float((np.abs(here[:, None] - there[None]).max(-1).min(1) < 18).mean())


def _enters(box: tuple[int, int, int, int], width: int, height: int, reach: int) -> bool:
    """May it have come in or gone out at the frame's border: does it touch it, hardly deeper than motion reaches?"""
    edge, deep = reach + 1, reach + 8
    sides = ((box[0], box[2]), (box[1], box[3]), (width - box[2], width - box[0]), (height - box[3], height - box[1]))
    return any(near < edge and far < deep for near, far in sides)


def _light(before: np.ndarray, after: np.ndarray, changed: np.ndarray) -> tuple[Kind, tuple[int, int, int, int]] | None:
    """Does something that shines begin, end or change its shape there? (kind, box) of the first that does.

    What shines is bright and warm where the rest of the picture is darker.
    """
    rest = float(np.median(before.max(-1)))
    hot = [_warm(frame, rest) for frame in (before, after)]
    count, _, stats, _ = cv2.connectedComponentsWithStats((changed & (hot[0] | hot[1])).astype(np.uint8))
    for index in sorted(range(1, count), key=lambda k: -stats[k, cv2.CC_STAT_AREA]):
        x, y, w, h, area = (int(v) for v in stats[index])
        if area < 5:
            break
        near = (slice(max(0, y - 2), y + h + 2), slice(max(0, x - 2), x + w + 2))
        was, now = float(hot[0][near].sum()), float(hot[1][near].sum())
        kind: Kind = "lights" if was < 0.3 * now else "goes out" if now < 0.3 * was else "flares"
        return kind, (x, y, x + w, y + h)
    return None


def _warm(frame: np.ndarray, rest: float) -> np.ndarray:
    red, green, blue = (frame[..., k].astype(np.int16) for k in range(3))
    return (red > 215) & (red >= green) & (green >= blue) & (red - blue > 50) & (red > rest + 70)


def _largest(mask: np.ndarray, join: int) -> tuple[tuple[int, int, int, int] | None, float]:
    """Box and area of the largest group of pixels, those nearer than `join` to each other taken together."""
    if not mask.any():
        return None, 0.0
    joined = cv2.dilate(mask.astype(np.uint8), np.ones((2 * join + 1,) * 2, np.uint8))
    count, labels = cv2.connectedComponents(joined)
    sizes = np.bincount(labels[mask], minlength=count)
    sizes[0] = 0
    chosen = mask & (labels == sizes.argmax())
    rows, columns = np.flatnonzero(chosen.any(1)), np.flatnonzero(chosen.any(0))
    return (int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1), float(chosen.sum())


def _overlap(a: tuple[int, int, int, int], b: tuple[int, int, int, int]) -> float:
    """Shared area over the smaller box's area."""
    width, height = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    if width <= 0 or height <= 0:
        return 0.0
    smaller = min((a[2] - a[0]) * (a[3] - a[1]), (b[2] - b[0]) * (b[3] - b[1]))
    return width * height / smaller


def _outline(
    before: np.ndarray, after: np.ndarray, mask: np.ndarray, box: tuple[int, int, int, int]
) -> tuple[float, float]:
    """Mean gradient along the outline of the changed region, before and after."""
    x0, y0, x1, y1 = box
    region = (slice(max(0, y0 - 6), y1 + 6), slice(max(0, x0 - 6), x1 + 6))
    body = cv2.morphologyEx(mask[region].astype(np.uint8), cv2.MORPH_CLOSE, np.ones((7, 7), np.uint8))
    rim = cv2.dilate(body, np.ones((7, 7), np.uint8)) - cv2.erode(body, np.ones((3, 3), np.uint8)) > 0
    if not rim.any():
        return 0.0, 0.0
    return float(edges(before[region])[rim].mean()), float(edges(after[region])[rim].mean())


def _alike(before: np.ndarray, after: np.ndarray, box: tuple[int, int, int, int]) -> bool:
    """Are the edges in and around the box the same ones, whatever the colours?"""
    x0, y0, x1, y1 = box
    region = (slice(max(0, y0 - 4), y1 + 4), slice(max(0, x0 - 4), x1 + 4))
    a, b = (cv2.blur(edges(frame[region]), (3, 3)).ravel() for frame in (before, after))
    a, b = np.minimum(a, np.quantile(a, 0.9)), np.minimum(b, np.quantile(b, 0.9))
    if a.std() < 1 or b.std() < 1:
        return False
    return bool(np.corrcoef(a, b)[0, 1] > 0.6)


def _moved(before: np.ndarray, after: np.ndarray, lost: np.ndarray, fresh: np.ndarray) -> bool:
    """Are the lost colours the fresh ones, of about the same amount?"""
    if not lost.any() or not fresh.any():
        return False
    amount = float(lost.sum()) / float(fresh.sum())
    colour = np.abs(before[lost].mean(0) - after[fresh].mean(0)).max()
    return bool(0.4 < amount < 2.5 and colour < 30)
