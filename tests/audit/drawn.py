"""Small drawn videos in which one law holds or breaks, each made of `scenes.py` or drawn here."""

from __future__ import annotations

import cv2
import numpy as np

from .scenes import BLUE, RED, draw, render, straight


def panned(seed: int, gone: range) -> np.ndarray:
    """A red disc that moves a few pixels a frame over grass; it is not there in the frames `gone`."""
    rng = np.random.default_rng(seed)
    path = np.array([30.0, 45.0]) + np.cumsum(rng.uniform(-1, 2.5, (30, 2)) * (1, 0.2), 0)
    path[gone.start : gone.stop] = np.nan
    return render([path], [6], [RED], seed=seed, textured=False)


def walker(until: int, speed_after: float = 0.6) -> np.ndarray:
    """Walks at 0.6 pixels a frame; from a frame on its legs are as they were, and it moves at another pace."""
    frames, x, phase = [], 30.0, 0.0
    for t in range(72):
        frame = np.full((96, 128, 3), (150, 165, 150), np.uint8)
        cv2.ellipse(frame, (round(16 * x), 16 * 48), (16 * 18, 16 * 7), 0, 0, 360, (150, 40, 40), -1, cv2.LINE_AA, 4)
        for leg in range(4):
            hip = x - 12 + 8 * leg
            foot = hip + 4 * np.sin(phase + 1.7 * leg)
            cv2.line(frame, (round(16 * hip), 16 * 50), (round(16 * foot), 16 * 68), (150, 40, 40), 2, cv2.LINE_AA, 4)
        frames.append(frame)
        x += 0.6 if t < until else speed_after
        phase += 0.5 if t < until else 0.0
    return np.stack(frames)


def candle(leans: bool, smoke: bool = True) -> np.ndarray:
    """A flame on a candle in the dark, with puffs of smoke that pass it from frame 15 to 40."""
    rng = np.random.default_rng(0)
    frames = []
    for t in range(60):
        frame = np.full((96, 128, 3), (50, 40, 60), np.uint8)
        cv2.rectangle(frame, (60, 60), (67, 95), (120, 90, 160), -1)
        wind = 6.0 if leans and 17 < t < 42 else 0.0
        tip = (64 + wind + rng.normal(0, 0.1), 42 + abs(wind) / 2)
        body = np.array([(60, 57), (64, 60), (68, 57), (67 + wind / 2, 49), tip, (61 + wind / 2, 49)])
        cv2.fillPoly(frame, [np.rint(16 * body).astype(int)], (255, 190, 60), cv2.LINE_AA, 4)
        core = np.array([(62, 57), (64, 58), (66, 57), (64 + wind / 2, 48)])
        cv2.fillPoly(frame, [np.rint(16 * core).astype(int)], (255, 245, 190), cv2.LINE_AA, 4)
        if smoke and 15 <= t < 40:
            veil = np.zeros(frame.shape[:2], np.float32)
            for k in range(6):
                cv2.circle(veil, (20 + 4 * (t - 15) - 9 * k, 50 + 4 * (k % 3) - 4), 7, 0.4, -1)
            frame = (frame * (1 - veil[..., None]) + 170 * veil[..., None]).astype(np.uint8)
        frames.append(frame)
    return np.stack(frames)


def lump(rows: np.ndarray) -> np.ndarray:
    """A white lump at these heights beside the end of a branch, over a hill: (time, 96, 128, 3)."""
    frames = []
    for y in rows:
        frame = np.full((96, 128, 3), (120, 160, 220), float)
        frame[84:] = (110, 110, 120)
        draw(frame, (46, float(y)), 9, (235, 240, 250))
        cv2.line(frame, (0, 26), (36, 30), (80, 55, 40), 3)
        frames.append(np.clip(np.rint(frame), 0, 255).astype(np.uint8))
    return np.stack(frames)


def lump_rows(kind: str) -> np.ndarray:
    """Rest for 12 frames, then a fall of 0.6 px a frame squared that lands and rocks, stops, or turns."""
    y, v, rows = 20.0, 0.0, []
    for t in range(60):
        rows.append(y)
        if t < 12:
            continue
        if kind == "stops" and t > 17:
            continue
        v += -0.6 if kind == "rises" and t > 17 else 0.6
        y += v
        if kind == "lands" and y > 74:
            y, v = 74.0, -0.4 * v
    return np.array(rows)


def glass(flows: bool, open_top: bool = True) -> np.ndarray:
    """A glass half full is tipped by a quarter turn; its juice runs out, or stays as it was in the glass."""
    frames = []
    for t in range(50):
        turn = np.pi / 2 * np.clip((t - 10) / 10, 0, 1) ** 2
        frame = np.full((128, 128, 3), (225, 232, 240), np.uint8)
        frame[100:] = (180, 140, 90)
        cos, sin = np.cos(turn), np.sin(turn)

        def place(x: float, y: float, cos: float = cos, sin: float = sin) -> tuple[int, int]:
            return round(16 * (62 + cos * x - sin * (y))), round(16 * (98 + sin * x + cos * y))

        inside = [(-24, -4), (-4, -4), (-4, -26), (-24, -26)]
        if not flows or turn < 0.6:
            cv2.fillPoly(frame, [np.array([place(*c) for c in inside])], (150, 60, 190), cv2.LINE_AA, 4)
        else:
            pool = min(t - 15, 8)
            cv2.rectangle(frame, (40, 99 - 2), (40 + 9 * pool, 99), (150, 60, 190), -1)
        walls = [(-26, -50), (-26, -2), (-2, -2), (-2, -50)]
        cv2.polylines(frame, [np.array([place(*c) for c in walls])], False, (120, 150, 190), 3, cv2.LINE_AA, 4)
        frames.append(frame)
    return np.stack(frames)


def belt(places: np.ndarray) -> np.ndarray:
    """A belt of uneven stripes that has run to these places (pixels), in a plain room: (time, 96, 128, 3)."""
    rng = np.random.default_rng(0)
    stripes = cv2.GaussianBlur(rng.uniform(0, 255, (1, 600)).astype(np.float32), (0, 0), 2.0)
    stripes = np.clip((stripes - stripes.mean()) * 6 + 120, 20, 230)
    frames = []
    for place in places:
        frame = np.full((96, 128, 3), (170, 165, 160), np.float32)
        row = np.interp(np.arange(100) + 200 + place, np.arange(600), stripes[0])
        frame[60:76, 14:114] = row[None, :, None]
        frames.append(np.rint(frame).astype(np.uint8))
    return np.stack(frames)


def heap(radii: np.ndarray, xs: np.ndarray | None = None) -> np.ndarray:
    """A shaded yellow heap before a grey wall: (time, 96, 128, 3)."""
    rng = np.random.default_rng(0)
    rows, columns = np.mgrid[:96, :128]
    shade = 1 + 0.15 * np.sin(rows / 4 + columns / 7)
    wall = 110 + cv2.GaussianBlur(rng.normal(0, 30, (96, 128)), (0, 0), 3)
    frames = []
    for t, radius in enumerate(radii):
        x = 64.0 if xs is None else xs[t]
        body = np.hypot(columns - x, rows - 56) < radius
        picture = np.where(body[..., None], shade[..., None] * np.array([205, 190, 90]), wall[..., None])
        frames.append(np.clip(picture + rng.normal(0, 2, picture.shape), 0, 255).astype(np.uint8))
    return np.stack(frames)


def ship(size: np.ndarray, turn: np.ndarray, rise: np.ndarray | None = None) -> np.ndarray:
    """A sail of `size` that turns about its mast (its width goes with |cos turn|) and drifts: (time, 96, 128, 3)."""
    frames = []
    for t, (high, angle) in enumerate(zip(size, turn, strict=True)):
        frame = np.full((96, 128, 3), (150, 165, 175), np.uint8)
        wide = max(2.0, 16 * high / 16 * abs(np.cos(angle)))
        tall = high if rise is None else high + rise[t]
        x, y = 22 + 1.4 * t, 60
        corners = [(round(16 * (x - wide / 2)), round(16 * (y - tall))), (round(16 * (x + wide / 2)), 16 * y)]
        cv2.rectangle(frame, corners[0], corners[1], RED, -1, cv2.LINE_AA, 4)
        frames.append(frame)
    return np.stack(frames)


def stream(through: int | None, passing: bool = False) -> np.ndarray:
    """Smoke that streams to the right round a disc, and through it from a frame on: (70, 96, 128, 3).

    `passing`: no stream, but one band of smoke that passes by once.
    """
    rng = np.random.default_rng(0)
    smoke = (cv2.GaussianBlur(rng.normal(0, 1, (96, 500)), (0, 0), 2.0) > 0.05).astype(np.float32)
    wall = np.clip(120 + 40 * cv2.GaussianBlur(rng.normal(0, 3, (96, 128)), (0, 0), 1.5), 0, 255)[..., None] * np.ones(
        3
    )
    rows, columns = np.mgrid[:96, :128]
    disc = np.hypot(columns - 60, rows - 48) < 9
    frames = []
    for t in range(70):
        picture = np.where(smoke[:, 360 - 3 * t : 488 - 3 * t, None] > 0, 200.0, 60.0) * np.ones(3)
        picture[:28], picture[68:] = wall[:28], wall[68:]
        if passing:
            here = np.abs(columns - (3 * t - 20)) < 15
            picture = np.where(here[..., None], picture, 60.0)
        if through is None or t < through:
            picture = np.where(disc[..., None], np.array([10.0, 10.0, 140.0]), picture)
        else:
            picture = np.where(disc[..., None], 0.15 * picture + 0.85 * np.array([10.0, 10.0, 140.0]), picture)
        frames.append(np.clip(picture, 0, 255).astype(np.uint8))
    return np.stack(frames)


def flames(*flames: np.ndarray, seed: int = 0) -> np.ndarray:
    """Flames at (x, y, size) in each frame (size 0: none) before a dim wall: a white core and an orange rim."""
    rng = np.random.default_rng(seed)
    wall = cv2.GaussianBlur(rng.normal(0, 40, (96, 128)), (0, 0), 3)[..., None] + np.array([70.0, 66.0, 60.0])
    frames = []
    for t in range(len(flames[0])):
        picture = np.clip(wall + rng.normal(0, 1.5, wall.shape), 0, 255).astype(np.uint8)
        for x, y, size in (flame[t] for flame in flames):
            if size > 0:
                for share, colour in ((1.0, (250, 150, 40)), (0.55, (255, 250, 225))):
                    axes = (max(1, round(share * size)), max(1, round(1.8 * share * size)))
                    cv2.ellipse(picture, (round(x), round(y)), axes, 0, 0, 360, colour, -1, cv2.LINE_AA)
        frames.append(picture)
    return np.stack(frames)


def flame(x: float, y: float, begin: int, count: int = 60) -> np.ndarray:
    """Grows within a quarter of a second and flickers."""
    t = np.arange(count)
    size = np.clip((t - begin) / 6, 0, 1) * (4.5 + 0.4 * np.sin(1.3 * t))
    return np.stack([np.full(count, x), np.full(count, y), size], 1)


def meeting(through: bool, offset: float = 0.0) -> np.ndarray:
    a, b = straight((25, 48), (1.0, 0), 80), straight((105, 48 + offset), (-1.0, 0), 80)
    if not through:  # equal masses, elastic: they exchange velocities when their edges touch
        meet = int((80 - 19) / 2)
        a[meet:], b[meet:] = (
            a[meet] - np.arange(80 - meet)[:, None] * [1.0, 0],
            b[meet] + np.arange(80 - meet)[:, None] * [1.0, 0],
        )
    return render([a, b], [10, 9], [RED, BLUE], textured=False)


def legged(legs: list[int], speed: float = 0.5) -> np.ndarray:
    """A body on swinging legs that crosses the picture; how many legs it has in each frame: (time, 96, 128, 3)."""
    frames = []
    for t, count in enumerate(legs):
        frame = np.full((96, 128, 3), (150, 165, 150), np.uint8)
        x = 40 + speed * t
        cv2.ellipse(frame, (round(16 * x), 16 * 48), (16 * 16, 16 * 7), 0, 0, 360, (150, 40, 40), -1, cv2.LINE_AA, 4)
        for leg in range(count):
            hip = x - 12 + 8 * leg
            foot = hip + 3 * np.sin(0.5 * t + 1.7 * leg)
            ends = [(round(16 * hip), 16 * 50), (round(16 * foot), 16 * 66)]
            cv2.line(frame, ends[0], ends[1], (150, 40, 40), 2, cv2.LINE_AA, 4)
        frames.append(frame)
    return np.stack(frames)


def fall_path(time: int, stop: int | None = None, turn: int | None = None) -> np.ndarray:
    """A fall under 0.2 px a frame squared from (60, 12) (at rest for 8 frames), which stops or turns at a frame."""
    height, speed, rows = 12.0, 0.0, []
    for t in range(time):
        rows.append((60.0, height))
        speed = 0.0 if stop is not None and t >= stop else speed + (0 if t < 8 else -0.2 if turn and t > turn else 0.2)
        height += speed
    return np.array(rows)


def vessels(upward: bool) -> np.ndarray:
    """Two vessels, one above the other; a red liquid's levels change by the same amount."""
    frames = np.full((60, 128, 96, 3), 200, np.uint8)
    frames[:, :, :8] = frames[:, :, -8:] = 90
    for t in range(60):
        moved = int(20 * t / 59)
        upper, lower = (35 - moved, 80 + moved) if upward else (15 + moved, 100 - moved)
        frames[t, upper:55, 30:66] = RED
        frames[t, lower:110, 36:60] = RED
    noise = np.random.default_rng(0).normal(0, 2, frames.shape)
    return np.clip(frames + noise, 0, 255).astype(np.uint8)


def two_paths(time: int = 60) -> list[np.ndarray]:
    return [straight((25, 30), (1.2, 0), time), straight((100, 65), (-1.1, 0.1), time)]
