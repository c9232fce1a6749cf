"""One drawn clip for each check, in which what the check looks for happens."""

from __future__ import annotations

import cv2
import numpy as np

from .drawn import (
    belt,
    candle,
    fall_path,
    flame,
    flames,
    glass,
    heap,
    legged,
    lump,
    lump_rows,
    meeting,
    panned,
    ship,
    stream,
    two_paths,
    vessels,
    walker,
)
from .scenes import BLUE, DARK, GREEN, RED, draw, render, straight

LIGHT = (250, 150, 130)  # where light falls on a red ball


def _two(paths: list[np.ndarray]) -> np.ndarray:
    return render(paths, [7, 9], [RED, BLUE])


def _ball(path: np.ndarray, size: tuple[int, int] = (96, 128), noise: float = 1.0) -> np.ndarray:
    return render([path], [7], [RED], textured=False, size=size, noise=noise)


def _motion(*parts: tuple[int, float, float]) -> np.ndarray:
    """The displacement of a thing that moves by these many frames at this velocity (x, y): (time, 2)."""
    return np.concatenate([[(0.0, 0.0)], np.cumsum(np.concatenate([[(x, y)] * n for n, x, y in parts]), 0)])


def gone_from_plain_ground() -> np.ndarray:
    return panned(0, range(18, 30))


def appears() -> np.ndarray:
    path = straight((25, 30), (0.4, 0), 60)
    path[:30] = np.nan
    return render([path, straight((100, 65), (-0.4, 0), 60)], [9, 9], [RED, BLUE], textured=False, noise=1.0)


def vanishes() -> np.ndarray:
    paths = two_paths()
    paths[1][33:] = np.nan
    return _two(paths)


def swaps_its_coat() -> np.ndarray:
    paths = [straight((25, 30), (0.8, 0), 60), straight((100, 65), (-0.8, 0), 60)]
    before, after = (render(paths, [8, 9], colours) for colours in ([RED, GREEN], [BLUE, GREEN]))
    return np.concatenate([before[:30], after[30:]])


def loses_a_leg() -> np.ndarray:
    return legged([4] * 24 + [3] * 24)


def turns_into_a_square() -> np.ndarray:
    """A disc that is a square from one frame to the next, while another thing moves on."""
    frames = render([straight((64, 50), (0, 0), 60), straight((15, 15), (0.5, 0), 60)], [9, 5], [RED, BLUE], noise=1.0)
    frames[30:, 41:60, 55:74] = RED
    return frames


def changes_colour_on_its_way() -> np.ndarray:
    path = straight((20, 48), (1.4, 0), 60)
    before, after = (render([path], [9], [colour], noise=1.0) for colour in (RED, GREEN))
    return np.concatenate([before[:30], after[30:]])


def _circling(angle: np.ndarray, wide: float, high: float) -> np.ndarray:
    """A bright star in the dark and a planet at these angles of an ellipse about it."""
    frames = []
    for a in angle:
        frame = np.full((128, 128, 3), (12, 12, 20), float)
        draw(frame, (64, 64), 6, (255, 250, 225))
        draw(frame, (64 + wide * np.cos(a), 64 + high * np.sin(a)), 4, (60, 110, 220))
        frames.append(np.rint(frame).astype(np.uint8))
    return np.stack(frames)


def circles_unevenly() -> np.ndarray:
    turn = np.linspace(0, 2.2 * np.pi, 110)
    return _circling(turn + 0.5 * np.sin(turn), 40, 40)


def circles_a_spring() -> np.ndarray:
    return _circling(np.linspace(0, 2.2 * np.pi, 110), 50, 22)


def stops_in_mid_air() -> np.ndarray:
    return render([fall_path(50, stop=28)], [6], [DARK], size=(200, 128), textured=False, noise=1.0)


def rises_from_its_fall() -> np.ndarray:
    path = fall_path(50, turn=22)
    path[path[:, 1] < -20] = np.nan
    return render([path], [6], [DARK], size=(200, 128), textured=False, noise=1.0)


def falls_upward() -> np.ndarray:
    t = np.arange(50.0)
    path = np.stack([np.full(50, 60.0), 30 + 4.8 * t - 0.1 * t**2], 1)
    return render([path], [6], [DARK], size=(200, 128), textured=False, noise=1.0)


def falls() -> np.ndarray:
    path = fall_path(50)
    return render([path], [6], [DARK], size=(200, 128), textured=False, noise=1.0)


def lump_stops() -> np.ndarray:
    return lump(lump_rows("stops"))


def lump_rises() -> np.ndarray:
    return lump(lump_rows("rises"))


def juice_stands() -> np.ndarray:
    return glass(flows=False)


def leaps() -> np.ndarray:
    path = straight((20, 48), (0.4, 0), 60)
    path[30:, 0] += 55
    return _ball(path)


def is_faster_at_once() -> np.ndarray:
    return _ball(np.array([20, 48]) + _motion((35, 0.9, 0), (34, 2.0, 0)))


def streams_through() -> np.ndarray:
    return stream(35)


def passes_through() -> np.ndarray:
    return meeting(through=True)


def heap_grows() -> np.ndarray:
    return heap(18 * np.linspace(1, 1.4, 36))


def ship_grows() -> np.ndarray:
    return ship(np.r_[np.full(20, 16.0), np.linspace(16, 34, 15), np.full(25, 34.0)], np.zeros(60))


def flows_upward() -> np.ndarray:
    return vessels(upward=True)


def amount_grows() -> np.ndarray:
    return heap(np.linspace(9, 30, 48))


def fire_begins() -> np.ndarray:
    return flames(flame(70, 50, 20))


def _light(sizes: np.ndarray) -> np.ndarray:
    count = len(sizes)
    return flames(np.stack([np.full(count, 64.0), np.full(count, 48.0), sizes], 1))


def light_begins() -> np.ndarray:
    return _light(np.r_[np.zeros(30), np.full(30, 6.0)])


def light_goes_out() -> np.ndarray:
    return _light(np.r_[np.full(30, 6.0), np.zeros(30)])


def light_flares() -> np.ndarray:
    return _light(np.r_[np.full(30, 5.0), np.full(30, 8.0)])


def flames_unmoved() -> np.ndarray:
    return candle(False)


def glides() -> np.ndarray:
    return walker(30)


def starts_by_itself() -> np.ndarray:
    return _ball(np.array([30, 48]) + _motion((30, 0, 0), (30, 1.8, 0)), noise=0.5)


def moves_by_itself() -> np.ndarray:
    """A ball that lies still for a second rises, ever faster."""
    path = np.full((60, 2), (64.0, 64.0))
    path[30:, 1] -= 0.06 * np.arange(30) ** 2
    return render([path], [26], [RED], noise=1.0)


def floats_up() -> np.ndarray:
    """A ball, lighter in its middle, rises for a second from the first frame on, and hovers there, to and fro."""
    time = np.arange(60)
    path = np.stack([64 + 24 * np.sin(time / 5), 66 - 1.1 * np.minimum(time, 30)], 1)
    return render([path, path], [20, 10], [RED, LIGHT], textured=False, noise=1.0)


def melts() -> np.ndarray:
    """A red disc slowly becomes a blue and yellow bar in its place."""
    disc, bar = (np.full((96, 128, 3), 170.0) for _ in range(2))
    draw(disc, (64, 48), 20, RED)
    draw(disc, (64, 48), 10, LIGHT)
    bar[20:76, 58:70], bar[40:56, 58:70] = BLUE, (230, 210, 40)
    noise = np.random.default_rng(0).normal(0, 1, (60, 96, 128, 3))
    shares = np.clip((np.arange(60) - 15) / 30, 0, 1)[:, None, None, None]
    return np.clip(np.rint(disc * (1 - shares) + bar * shares + noise), 0, 255).astype(np.uint8)


def skips_the_passage() -> np.ndarray:
    """A glass of juice stands while a fly passes; from one frame to the next it lies and the juice is out."""
    frames = []
    for t in range(60):
        frame = np.full((96, 128, 3), (215, 220, 225), np.uint8)
        frame[80:] = (150, 110, 70)
        if t < 30:
            cv2.rectangle(frame, (40, 46), (60, 79), (150, 60, 190), -1)
            cv2.rectangle(frame, (38, 36), (62, 80), (90, 120, 160), 2)
        else:
            cv2.rectangle(frame, (40, 58), (84, 80), (90, 120, 160), 2)
            cv2.rectangle(frame, (60, 80), (116, 92), (150, 60, 190), -1)
        cv2.circle(frame, (10 + t, 15), 3, (30, 30, 30), -1)
        frames.append(frame)
    return np.stack(frames)


def bursts() -> np.ndarray:
    """Discs that lie still fly apart at once and come to rest: an impact, backwards."""
    rng = np.random.default_rng(1)
    way = np.r_[np.zeros(20), 22 * (1 - np.exp(-np.arange(40) / 4.0))]
    angles = np.arange(6) * np.pi / 3 + rng.uniform(0, 0.3, 6)
    paths = [np.array([64, 48]) + (8 + way)[:, None] * (np.cos(a), np.sin(a)) for a in angles]
    return render(paths, [4] * 6, [RED, BLUE, GREEN] * 2, textured=False, noise=0.5)


def gathers() -> np.ndarray:
    """Thirty drops from all over run into one pool, one after the other."""
    frames = []
    angles = np.arange(30) * 2 * np.pi / 30
    for t in range(80):
        frame = np.full((192, 192, 3), (200, 205, 210), float)
        draw(frame, (96, 96), 24, BLUE)
        for k, angle in enumerate(angles):
            far = max(0.0, 88.0 - max(0, t - 5 - 1.5 * k) * 3)
            draw(frame, (96 + far * np.cos(angle), 96 + far * np.sin(angle)), 4, BLUE)
        frames.append(np.rint(frame).astype(np.uint8))
    return np.stack(frames)


def bounces_higher() -> np.ndarray:
    y, v, rows = 20.0, 0.0, []
    for _ in range(48):
        rows.append(y)
        v += 0.25
        y += v
        if y > 90:
            y, v = 90.0, -1.5 * v
    return render([np.stack([np.full(48, 60.0), np.array(rows)], 1)], [6], [DARK], size=(128, 128), textured=False)


def belt_turns() -> np.ndarray:
    return belt(np.r_[np.arange(0, 40) * 1.7, 39 * 1.7 - np.arange(1, 33) * 1.7])


def chroma_drifts() -> np.ndarray:
    """A red disc that turns blue so slowly that no moment shows it."""
    share = np.clip((np.arange(200) - 25) / 150, 0, 1)[:, None]
    colours = (1 - share) * np.array((240.0, 10.0, 10.0)) + share * np.array((10.0, 10.0, 240.0))
    rng, frames = np.random.default_rng(0), []
    for t, colour in enumerate(colours):
        frame = np.full((96, 128, 3), (150, 165, 150), float)
        draw(frame, (20 + 0.45 * t, 48), 9, tuple(colour))
        frames.append(np.clip(frame + rng.normal(0, 1, frame.shape), 0, 255).astype(np.uint8))
    return np.stack(frames)


def falls_disagree() -> np.ndarray:
    """Two discs fall side by side, one under ten times the gravity of the other."""
    t = np.arange(50.0)
    slow, quick = (np.stack([np.full(50, x), 12 + g / 2 * t**2], 1) for x, g in ((40.0, 0.06), (90.0, 0.9)))
    quick[quick[:, 1] > 180] = np.nan
    return render([slow, quick], [6, 6], [DARK, RED], size=(200, 128), textured=False, noise=1.0)


def freezes() -> np.ndarray:
    frames = _two(two_paths())
    return np.concatenate([frames[:30], np.repeat(frames[30:31], 12, 0), frames[30:]])


def thaws() -> np.ndarray:
    frames = render([straight((15, 30), (1.6, 0), 60), straight((100, 65), (-1.1, 0.1), 60)], [7, 9], [RED, BLUE])
    frozen = frames.copy()
    frozen[20:35, 12:48, 30:90] = frames[20, 12:48, 30:90]
    return frozen


def _behind(after: tuple[int, int, int], number: int) -> np.ndarray:
    """A small ball goes behind a large one; `number` of the colour `after` come out."""
    noise, frames = np.random.default_rng(0), []
    for t in range(120):
        frame = np.full((96, 128, 3), 170.0)
        there = t > 61  # behind the middle of the large one
        for k in range(number if there else 1):
            y = 50 + (24 * (k - (number - 1) / 2) if there else 0)
            lit_ball(frame, (15 + 0.8 * t, y), 7, after if there else RED)
        lit_ball(frame, (64, 50), 20, BLUE)
        frames.append(frame + noise.normal(0, 1, frame.shape))
    return np.clip(np.stack(frames), 0, 255).astype(np.uint8)


def lit_ball(frame: np.ndarray, centre: tuple[float, float], radius: float, colour: tuple[int, int, int]) -> None:
    draw(frame, centre, radius, colour)
    draw(frame, centre, radius / 2, tuple(min(255, c + 60) for c in colour))


def comes_out_as_another() -> np.ndarray:
    return _behind(GREEN, 1)


def two_come_out() -> np.ndarray:
    return _behind(RED, 2)


def comes_out_again() -> np.ndarray:
    return _behind(RED, 1)
