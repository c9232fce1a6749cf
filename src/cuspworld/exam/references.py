"""The rows that stand in every table beside the model: what is reached without a law, with it, and with a wrong one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from jaxtyping import UInt8

from cuspworld import worlds
from cuspworld.exam.answers import Refusal
from cuspworld.exam.question import Question, Scene

Frames = UInt8[np.ndarray, "t h w 3"]
New = UInt8[np.ndarray, "n h w 3"]
PULLS = ("gravity", "star_mass")  # a world's g: the constant that the wrong oracle takes for 1.2 times what it is
WRONG = 1.2


class LastFrame:
    """Nothing ever changes."""

    def continue_clip(self, frames: Frames, fps: float, seconds: float, action: Any = None, seed: int = 0) -> New:
        return np.repeat(frames[-1:], max(1, round(seconds * fps)), axis=0)


class ConstantVelocity:
    """Each thing that moves goes on as it moved between the last two frames, over what does not move.

    A thing: a connected region in which the two frames differ, with what stands out there from the picture's edge.
    Its motion: the shift under which the last frame's region is most like the frame before (least squares, to a
    fraction of a pixel)."""

    finer = 4  # small pictures are shifted in enlarged ones
    reach = 10  # pixels that a thing may move in a frame

    def continue_clip(self, frames: Frames, fps: float, seconds: float, action: Any = None, seed: int = 0) -> New:
        count = max(1, round(seconds * fps))
        if len(frames) < 2:
            return LastFrame().continue_clip(frames, fps, seconds)
        last, before = (self._large(frame) for frame in (frames[-1], frames[-2]))
        changed = (np.abs(last.astype(np.int16) - before).max(-1) > 16).astype(np.uint8)
        around = cv2.dilate(changed, np.ones((2 * self.finer + 1,) * 2))
        moving = np.maximum(around, self._foreground(last, changed)).astype(np.uint8)
        pieces, labels = cv2.connectedComponents(moving)
        regions = [self._hull(labels == piece) for piece in range(1, pieces)]
        still = cv2.inpaint(last, np.max([0 * changed, *regions], axis=0), 3, cv2.INPAINT_TELEA)
        things = [(region, self._ways(frames, region, count)) for region in regions]
        standing_out = np.abs(last.astype(np.int16) - still).max(-1) > 8
        side = (last.shape[1], last.shape[0])
        made = np.empty((count, *frames.shape[1:]), np.uint8)
        for k in range(count):
            picture = still.astype(np.float32)
            for region, ways in things:
                shift = np.concatenate([np.eye(2), ways[k][:, None]], 1)
                moved = cv2.warpAffine(last, shift, side)
                cover = cv2.warpAffine((region * standing_out).astype(np.float32), shift, side)[..., None]
                picture = cover * moved + (1 - cover) * picture
            small = cv2.resize(picture, frames.shape[2:0:-1], interpolation=cv2.INTER_AREA)
            made[k] = np.clip(small + 0.5, 0, 255)
        return made

    def _large(self, frame: np.ndarray) -> np.ndarray:
        return cv2.resize(frame, None, fx=self.finer, fy=self.finer, interpolation=cv2.INTER_CUBIC)

    def _foreground(self, picture: np.ndarray, changed: np.ndarray) -> np.ndarray:
        """What a flood from the picture's edge over small steps of colour does not reach, where any of it changed;
        large pieces are left out: there the background itself has edges."""
        flooded = cv2.copyMakeBorder(picture, 1, 1, 1, 1, cv2.BORDER_REPLICATE)
        mask = np.zeros((flooded.shape[0] + 2, flooded.shape[1] + 2), np.uint8)
        cv2.floodFill(flooded, mask, (0, 0), 0, (5,) * 3, (5,) * 3, 4 | cv2.FLOODFILL_MASK_ONLY | (1 << 8))
        _, labels = cv2.connectedComponents(1 - mask[2:-2, 2:-2])
        sizes, touched = np.bincount(labels.ravel()), np.unique(labels[changed > 0])
        chosen = [piece for piece in touched if piece and sizes[piece] < changed.size / 4]
        return np.isin(labels, chosen).astype(np.uint8)

    def _hull(self, region: np.ndarray) -> np.ndarray:
        """A region, filled."""
        points = np.argwhere(region)[:, ::-1].astype(np.int32)
        return cv2.fillConvexPoly(np.zeros(region.shape, np.uint8), cv2.convexHull(points), 1)

    def _ways(self, frames: np.ndarray, region: np.ndarray, count: int) -> np.ndarray:
        """(count, 2): pixels (x, y) of the enlarged picture that a region will have moved after each new frame."""
        motion = self._motion(self._large(frames[-1]), self._large(frames[-2]), region, self.reach)
        return np.arange(1, count + 1)[:, None] * np.array(motion)

    def _motion(self, last: np.ndarray, before: np.ndarray, region: np.ndarray, reach: int) -> tuple[float, float]:
        """Pixels (x, y) from an earlier frame to the last, at most `reach` pixels of the small picture."""
        y, x = np.nonzero(region)
        y0, y1, x0, x1 = y.min(), y.max() + 1, x.min(), x.max() + 1
        far = reach * self.finer
        around = cv2.copyMakeBorder(before, far, far, far, far, cv2.BORDER_REPLICATE)
        score = cv2.matchTemplate(around[y0 : y1 + 2 * far, x0 : x1 + 2 * far], last[y0:y1, x0:x1], cv2.TM_SQDIFF)
        row, column = divmod(int(score.argmin()), score.shape[1])
        return far - column - _vertex(score[row], column), far - row - _vertex(score[:, column], row)


class Parabola(ConstantVelocity):
    """A curve fit: each thing goes on along the parabola of time, in x and in y, that lies nearest (least squares) to
    where it stood in the last frames, six at most, and ends where it is. With two frames it is constant velocity."""

    most = 5  # frames before the last one

    def _ways(self, frames: np.ndarray, region: np.ndarray, count: int) -> np.ndarray:
        if len(frames) < 3:
            return super()._ways(frames, region, count)
        last = self._large(frames[-1])
        back = np.arange(1, min(self.most, len(frames) - 1) + 1)
        places = [self._motion(last, self._large(frames[-1 - b]), region, self.reach * int(b)) for b in back]
        fit, *_ = np.linalg.lstsq(np.stack([-back, back**2 / 2], 1).astype(float), -np.array(places), rcond=None)
        ahead = np.arange(1, count + 1)
        return np.asarray(np.stack([ahead, ahead**2 / 2], 1) @ fit)


def _vertex(values: np.ndarray, at: int) -> float:
    """Where the parabola through the least value and its neighbours is least, from `at`."""
    if not 0 < at < len(values) - 1:
        return 0.0
    left, here, right = values[at - 1 : at + 2].astype(float)
    bend = left - 2 * here + right
    return float(0.5 * (left - right) / bend) if bend > 0 else 0.0


@dataclass(frozen=True, eq=False)
class NearestClip:
    """The rest of the recorded clip whose frames are most like those that were given: what memory alone reaches.

    `clips`: of one size and rate; the given frames are held against each clip's every stretch of as many frames."""

    clips: Sequence[Frames]

    def continue_clip(self, frames: Frames, fps: float, seconds: float, action: Any = None, seed: int = 0) -> New:
        count, given = max(1, round(seconds * fps)), len(frames)
        best, where = np.inf, (0, 0)
        for number, clip in enumerate(self.clips):
            if clip.shape[1:] != frames.shape[1:]:
                continue
            for start in range(max(1, len(clip) - given - count + 1)):
                stretch = clip[start : start + given]
                if len(stretch) == given:
                    apart = float(np.abs(stretch.astype(np.int16) - frames).mean())
                    if apart < best:
                        best, where = apart, (number, start)
        if not np.isfinite(best):
            raise Refusal("no recorded clip is of this size and as long as the given frames")
        rest = self.clips[where[0]][where[1] + given :][:count]
        rest = rest if len(rest) else self.clips[where[0]][-1:]
        return np.concatenate([rest, np.repeat(rest[-1:], count - len(rest), axis=0)])


class Oracle:
    """The first-principles world itself, from the same seed. `wrong`: after the given frames its g is another, so many
    times what it is; in a world without one that is the oracle again."""

    def __init__(self, wrong: float = 1.0):
        self.wrong = wrong

    def answer(self, question: Question) -> New:
        scene = _scene(question)
        given = len(question.frames)
        if self.wrong != 1.0:
            scene = scene.but(changes=(*scene.changes, *self._wrong(scene, given)))
        return scene.play(given + question.count).frames[given:]

    def _wrong(self, scene: Scene, given: int) -> tuple[tuple[int, str, float], ...]:
        world = worlds.make(scene.world, size=scene.size, fps=scene.fps)
        name = next((name for name in PULLS if name in world.changeable), None)
        if name is None:
            return ()
        world.restart(scene.seed, dict(scene.options), scene.fps)
        now = dict((name, value) for at, name, value in scene.changes if at < given).get(name, world.values[name])
        return ((given - 1, name, self.wrong * float(now)),)


def _scene(question: Question) -> Scene:
    if question.scene is None:
        raise Refusal("knows worlds, and these frames are of none that it was told")
    return question.scene


def rows(clips: Sequence[Frames]) -> dict[str, Any]:
    """The reference rows by name; `clips`: those that count as the training clips."""
    return {
        "last frame": LastFrame(),
        "constant velocity": ConstantVelocity(),
        "nearest training clip": NearestClip(clips),
        "oracle": Oracle(),
        f"oracle, g x {WRONG:g}": Oracle(WRONG),
    }
