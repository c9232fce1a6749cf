"""What the detectors are taught from: frames of true clips, through codecs and painted, and frames that no true state
looks like (blends, melted and torn things, glasses without walls, decoded mixtures of latents)."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch

from cuspworld import worlds
from cuspworld.codec.codec import Codec, to_frames, to_tensor
from cuspworld.detectors.detector import detector_class
from cuspworld.detectors.network import ReaderConfig
from cuspworld.detectors.seen import SIDE, Seen, Thing
from cuspworld.files import written_whole
from cuspworld.worlds.collision.world import Collision
from cuspworld.worlds.drawing.canvas import COLOURS, Canvas
from cuspworld.worlds.juice.drawing import Look as JuiceLook
from cuspworld.worlds.juice.drawing import paint as paint_juice
from cuspworld.worlds.juice.world import SPACING, Juice
from cuspworld.worlds.puppies.drawing import Look as PuppiesLook
from cuspworld.worlds.puppies.drawing import Puppy
from cuspworld.worlds.puppies.drawing import paint as paint_puppies
from cuspworld.worlds.puppies.world import (
    BALL_RADIUS,
    CAMERA_DISTANCE,
    CAMERA_HEIGHT,
    DEPTH,
    FUR,
    HALF_WIDTH,
    MOST,
    PUPPY_SIZE,
    Puppies,
)

FPS, SECONDS = 10.0, 3.0
ROOM = 8  # things a frame
CELL = 8  # pixels a side of the cells in which two frames are compared
VISIBLE = 13.0  # grey levels, mean over a cell: a fault that a person sees


@dataclass(frozen=True)
class Frames:
    """Frames uint8 (frames, 64, 64, 3) and what is true of each: `things` (frames, ROOM, 5: kind or -1, x, y, radius,
    score), `numbers` (frames, flags + choices + amounts) as the network orders them, `mixed` (1, 0 or NaN: not known).
    `clip`: which clip each is of."""

    frames: np.ndarray
    things: np.ndarray
    numbers: np.ndarray
    mixed: np.ndarray
    clip: np.ndarray

    def __len__(self) -> int:
        return len(self.frames)


def join(parts: list[Frames]) -> Frames:
    offset, clips = 0, []
    for part in parts:
        clips.append(part.clip + offset)
        offset += int(part.clip.max()) + 1
    names = ("frames", "things", "numbers", "mixed")
    return Frames(*(np.concatenate([getattr(part, name) for part in parts]) for name in names), np.concatenate(clips))


def kept(file: Path, make: Callable[[], Frames]) -> Frames:
    """Frames from a file; made and written where it is not there yet."""
    if not file.exists():
        made = make()
        with written_whole(file) as aside:
            np.savez(aside, **vars(made))
    with np.load(file) as arrays:
        return Frames(**{name: arrays[name] for name in arrays.files})


def packed(seen: Seen, config: ReaderConfig) -> tuple[np.ndarray, np.ndarray]:
    """`things` and `numbers` of frames."""
    things = np.full((len(seen), ROOM, 5), -1.0, np.float32)
    for row, found in zip(things, seen.things, strict=True):
        for k, thing in enumerate(found[:ROOM]):
            row[k] = config.things.index(thing.kind), thing.x, thing.y, thing.radius, thing.score
    columns = [seen.flags[name][:, None] for name in config.flags]
    columns += [seen.choices[question] for question in config.questions]
    columns += [seen.amounts[name][:, None] for name in config.amounts]
    numbers = np.concatenate([np.zeros((len(seen), 0)), *columns], 1).astype(np.float32)
    return things, numbers


def recorded(world: Any, seeds: range, split: str = "train", spoiled: bool = False) -> Frames:
    """True clips of a world. `spoiled`: it paints what no true state looks like."""
    made = detector_class(world.name)
    reader, parts = made.__new__(made), []
    for seed in seeds:
        clip = world.record(seed=seed, seconds=SECONDS, fps=FPS, size=SIDE, split=split, caption="none")
        things, numbers = packed(reader.targets(clip.truth), made.config)
        count = len(clip)
        parts.append(Frames(clip.frames, things, numbers, np.full(count, float(spoiled)), np.zeros(count, int)))
    return join(parts)


class Dissolved(Juice):
    """Glasses that lose walls, or of which two stand at once."""

    def begin(self, rng: np.random.Generator) -> None:
        super().begin(rng)
        self._fault = rng.random(4)

    def paint(self, canvas: Canvas) -> None:
        which, where, _, strength = self._fault
        walls = self._walls()
        if which < 0.55:
            gone = (1, 2) if where < 0.6 else (1,) if where < 0.8 else (2,)
            walls[list(gone), 4] *= 0.25 * strength
        elif which < 0.8:  # the liquid stands where the glass is not
            walls[:, (0, 2)] += 0.015 + 0.05 * where
        look = JuiceLook(COLOURS[self.values["liquid"]], walls, self._x, self._in, self._full, SPACING,
                         self._finger(), self._direction)  # fmt: skip
        paint_juice(canvas, look)
        if which >= 0.8:
            other = Canvas(*canvas.mask.shape, self.view)
            aside = 0.04 + 0.06 * where
            paint_juice(other, JuiceLook(look.colour, walls + np.array([aside, 0, aside, 0, 0]),
                                         self._x + np.array([aside, 0]), self._in, self._full, SPACING,
                                         self._finger(), self._direction))  # fmt: skip
            share = 0.35 + 0.3 * strength
            canvas.image[:] = (1 - share) * canvas.image + share * other.image


def painted_puppies(count: int, seed: int) -> Frames:
    """Meadows with none to six puppies of any coats, two of one coat among them."""
    rng, config = np.random.default_rng(seed), detector_class("Puppies").config
    pictures, found = [], []
    for _ in range(count):
        dogs = []
        for k in range(int(rng.choice(7, p=(0.05, 0.1, 0.15, 0.25, 0.25, 0.12, 0.08)))):
            z = float(rng.uniform(0.1, DEPTH - 0.05))
            scale = CAMERA_DISTANCE / (CAMERA_DISTANCE + z)
            x = float(rng.uniform(-HALF_WIDTH, HALF_WIDTH))
            facing = float(rng.choice((-1.0, 1.0)) if rng.random() < 0.7 else rng.uniform(-1, 1))
            coat = str(rng.choice(FUR))
            dogs.append(Puppy(x, CAMERA_HEIGHT * (1 - scale), PUPPY_SIZE * rng.uniform(0.72, 1.22) * scale, facing, z,
                              float(rng.uniform(0, 20)), coat, k + 10))  # fmt: skip
        ball = (float(rng.uniform(-0.6, 0.6)), float(rng.uniform(0.1, DEPTH)))

        def drawn(some: list[Puppy], ball: tuple[float, float] = ball) -> Canvas:
            canvas = Canvas(SIDE, SIDE, Puppies.view)
            paint_puppies(canvas, PuppiesLook(tuple(some), ball, CAMERA_HEIGHT, CAMERA_DISTANCE, BALL_RADIUS, MOST + 1))
            return canvas

        canvas = drawn(dogs)
        things = []
        for dog in dogs:
            ys, xs = np.nonzero(canvas.mask == dog.instance)
            share = len(xs) / max((drawn([dog]).mask == dog.instance).sum(), 1)
            if share >= 0.06:
                sure = float(share >= 0.25 and len(xs) >= 8)
                things.append(Thing(dog.coat, float(xs.mean()) + 0.5, float(ys.mean()) + 0.5, score=sure))
        ys, xs = np.nonzero(canvas.mask == MOST + 1)
        if len(xs):
            things.append(Thing("ball", float(xs.mean()) + 0.5, float(ys.mean()) + 0.5))
        pictures.append(canvas.frame())
        found.append(tuple(things))
    return _still(pictures, found, config, np.zeros(count))


def painted_balls(count: int, seed: int) -> Frames:
    """Tables with none to three balls of the world's colours, nearly so, or of any other; in a fifth of them two that
    run into each other, as no balls do."""
    rng, config = np.random.default_rng(seed), detector_class("Collision").config
    known = config.things[:-1]
    palette = np.array([COLOURS[name] for name in known], float)
    pictures, found, bad = [], [], []
    for _ in range(count):
        canvas = Canvas(SIDE, SIDE, Collision.view)
        canvas.background((250, 242, 226), (238, 222, 198))
        things, balls, overlap, merged = [], [], rng.random() < 0.3, False
        for _ in range(int(rng.choice(4, p=(0.1, 0.2, 0.5, 0.2)))):
            r, x, y = float(rng.uniform(0.5, 1.6)), *rng.uniform(-0.3, 10.3, 2).tolist()
            if balls and overlap:
                (x0, y0, r0, _), turn = balls[0], float(rng.uniform(0, 2 * np.pi))
                apart = float(rng.uniform(0.25, 0.85)) * (r + r0)
                x, y = x0 + apart * np.cos(turn), y0 + apart * np.sin(turn)
                merged = True
            elif any(np.hypot(x - b[0], y - b[1]) < r + b[2] for b in balls):
                continue
            kind, name = known[int(rng.integers(len(known)))], ""
            colour: Any = tuple(int(v) for v in COLOURS[kind] + rng.integers(-18, 19, 3))
            true = True
            if rng.random() < 0.3:
                colour = tuple(int(v) for v in rng.integers(30, 250, 3))
                apart = float(np.abs(palette - colour).sum(1).min())
                name = config.things[-1] if apart > 90 else ""
                kind = known[int(np.abs(palette - colour).sum(1).argmin())]
                true = bool(name)
            score = float(true)
            balls.append((x, y, r, colour))
            if 0 < x < 10 and 0 < y < 10:
                things.append(Thing(name or kind, x * 6.4, SIDE - y * 6.4, r * 6.4, score))
            elif -0.5 * r < x < 10 + 0.5 * r and -0.5 * r < y < 10 + 0.5 * r:
                things.append(Thing(name or kind, x * 6.4, SIDE - y * 6.4, r * 6.4, 0.0))
        for x, y, r, _ in balls:
            canvas.ellipse(x + 0.18 * r, y - 0.28 * r, 0.98 * r, 0.92 * r, (92, 70, 48), alpha=0.34, soft=0.45 * r)
        for x, y, r, colour in balls:
            canvas.sphere(x, y, r, colour)
        pictures.append(canvas.frame())
        found.append(tuple(things))
        bad.append(float(merged))
    return _still(pictures, found, config, np.array(bad))


def _still(
    pictures: list[np.ndarray], found: list[tuple[Thing, ...]], config: ReaderConfig, mixed: np.ndarray
) -> Frames:
    things, numbers = packed(Seen(tuple(found)), config)
    return Frames(np.stack(pictures), things, numbers, mixed, np.arange(len(found)))


def difference(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """The largest mean difference (grey levels) of two frames over cells, one number a frame."""
    cells = np.abs(a.astype(np.float32) - b).mean(-1)
    cells = cells.reshape(*cells.shape[:-2], SIDE // CELL, CELL, SIDE // CELL, CELL).mean((-3, -1))
    return cells.max((-2, -1))


@functools.cache
def codec() -> Codec:
    return Codec.from_pretrained("worlds")


@torch.inference_mode()
def decoded(frames: Frames, clips: int) -> Frames:
    """The first clips through the codec: what it draws, a person reads."""
    parts = [
        to_frames(codec().decode(codec().encode(to_tensor(frames.frames[frames.clip == k])[None])))[0]
        for k in range(clips)
    ]
    rows = np.concatenate([np.flatnonzero(frames.clip == k) for k in range(clips)])
    return Frames(
        np.concatenate(parts), frames.things[rows], frames.numbers[rows], frames.mixed[rows], frames.clip[rows]
    )


@torch.inference_mode()
def mixtures(frames: Frames, count: int, seed: int) -> Frames:
    """Decoded latents that no frame has: between two clips or moments, averaged over time, patches of both, noisy."""
    rng, parts, clips = np.random.default_rng(seed), [], int(frames.clip.max()) + 1
    pictures = [frames.frames[frames.clip == k] for k in range(clips)] if clips < 2000 else None
    assert pictures is not None
    while sum(map(len, parts)) < count:
        a, b = (pictures[int(k)] for k in rng.integers(clips, size=2))
        if rng.random() < 0.5:
            b = a
        i, j = (int(v) for v in rng.integers(0, 30 - 9, 2))
        if b is a and abs(i - j) < 3:
            continue
        za, zb = (codec().encode(to_tensor(v)[None]) for v in (a[i : i + 9], b[j : j + 9]))
        kind = rng.random()
        if kind < 0.3:
            z = torch.lerp(za, zb, float(rng.uniform(0.3, 0.7)))
        elif kind < 0.5:  # over some frames: what moves dissolves
            reach = int(rng.integers(1, 3))
            near = [za[:, max(k - reach, 0) : k + reach + 1].mean(1) for k in range(za.shape[1])]
            z = torch.stack(near, 1)
        elif kind < 0.75:  # patches of two by two latents are one or the other
            rows, columns = za.shape[2:4]
            swap = torch.from_numpy(rng.random((1, za.shape[1], rows // 2, columns // 2, 1)) < rng.uniform(0.2, 0.5))
            swap = swap.repeat_interleave(2, 2).repeat_interleave(2, 3)
            z = torch.where(swap, zb, za)
        else:
            z = za + float(rng.uniform(0.4, 1.0)) * torch.from_numpy(rng.standard_normal(za.shape)).float()
        clean = [to_frames(codec().decode(v))[0] for v in (za, zb)]
        made = to_frames(codec().decode(z))[0]
        bad = np.minimum(difference(made, clean[0]), difference(made, clean[1])) > VISIBLE
        parts.append(made[bad][::2])
    found = np.concatenate(parts)[:count]
    things, numbers = np.full((count, ROOM, 5), -1.0, np.float32), np.full((count, frames.numbers.shape[1]), np.nan)
    return Frames(found, things, numbers.astype(np.float32), np.ones(count), np.zeros(count, int))


def spoil(a: np.ndarray, b: np.ndarray, rng: np.random.Generator) -> np.ndarray | None:
    """A frame that no true state looks like, from two frames uint8 (64, 64, 3): None where a person sees no fault."""
    kind = rng.random()
    apart = cv2.blur(np.abs(a.astype(np.float32) - b).mean(-1), (5, 5))
    chance = apart.ravel() ** 2 + 1e-3
    y, x = divmod(int(rng.choice(SIDE * SIDE, p=chance / chance.sum())), SIDE)
    ys, xs = np.mgrid[:SIDE, :SIDE].astype(np.float32)
    reach = float(rng.uniform(4, 12))
    place = np.exp(-(((xs - x) ** 2 + (ys - y) ** 2) / (2 * reach**2)))[..., None]
    place = np.clip(1.6 * place, 0, 1)
    if kind < 0.45:
        share = float(rng.uniform(0.3, 0.7)) * (place if rng.random() < 0.6 else 1.0)
        made = a + share * (b.astype(np.float32) - a)
        fault = min(difference(made, a), difference(made, b))
    elif kind < 0.75:  # torn: moved to and fro by pixels
        grid = int(rng.integers(6, 14))
        flow = cv2.resize(rng.standard_normal((grid, grid, 2)).astype(np.float32), (SIDE, SIDE), interpolation=2)
        flow *= place * float(rng.uniform(2.0, 4.5))
        made = cv2.remap(a, xs + flow[..., 0], ys + flow[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        fault = float(difference(made, a))
    else:  # melted
        made = a + place * (cv2.GaussianBlur(a, (0, 0), float(rng.uniform(2.2, 4.0))).astype(np.float32) - a)
        fault = float(difference(made, a))
    return np.clip(made, 0, 255).astype(np.uint8) if fault > VISIBLE else None


def worlds_frames(name: str, folder: Path) -> dict[str, Frames]:
    """clean, decoded and mixed frames of a world, from files where they are there."""
    world = worlds.make(name)
    clips = {"Juice": 110, "Puppies": 80, "Collision": 160, "Candles": 40}[name]
    true = kept(folder / f"{name}_true.npz", lambda: recorded(world, range(clips)))
    more = [kept(folder / f"{name}_out.npz", lambda: recorded(world, range(12 if name != "Collision" else 40), "out"))]
    if name == "Puppies":
        more.append(kept(folder / "Puppies_painted.npz", lambda: painted_puppies(3000, 1)))
    if name == "Collision":
        more.append(kept(folder / "Collision_painted.npz", lambda: painted_balls(6000, 1)))
    bad = [kept(folder / f"{name}_mixtures.npz", lambda: mixtures(true, 320, 3))]
    if name == "Juice":
        bad.append(kept(folder / "Juice_dissolved.npz", lambda: recorded(Dissolved(), range(5000, 5024), spoiled=True)))
    through = kept(folder / f"{name}_decoded.npz", lambda: decoded(true, min(clips, 60)))
    return {"true": true, "clean": join([true, *more]), "decoded": through, "bad": join(bad)}
