"""Newton or Kepler: has a model of Planets the force, or the ellipse? (The question of arXiv:2602.06923.)

From outside: the model goes on from three frames, its planet is tracked, and r'' = -k r^-p is fitted to what it
drew, by shooting: p = 2 is Newton's law, and what fits no such law says so by its residual. A curve through the seen
places (a row here: each coordinate a sinusoid) draws ellipses about the wrong centre or at the wrong times, so its p
is not 2. From inside: ridge probes read the force, and the ellipse, from its features of the last given frames, by
how many frames it was given; R squared on held-out scenes. Beside it the same of pixels, and of the true position
and velocity."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import cv2
import numpy as np
from scipy.optimize import least_squares

from cuspworld.exam.answers import Refusal, features_of
from cuspworld.exam.probe import held_out_r2
from cuspworld.exam.question import Played, Question, Scene, asked
from cuspworld.exam.sitting import Numbers, Sitting, interval, mean
from cuspworld.exam.transcript import Failure, Part, Table
from cuspworld.worlds.planets.world import G, Planets

NAME, TITLE = "newton", "Newton or Kepler: the force, or the ellipse?"
WORLDS = ("Planets",)
OPTIONS = {"rocket": "none", "planets": 1, "planet_mass": 1e-5, "star_colour": "yellow"}
GIVEN, AFTER, FPS = 8, 24, 10.0
CONTEXTS = (2, 4, 8, 16)
SUBSTEPS = 20  # of a frame, of the fitted orbit
FIT = 0.05  # m: a path is called lawful where the law fits it within so much
WIDE = Planets.view[2] - Planets.view[0]  # m, of the picture


def scene(seed: int, size: int) -> Scene:
    return Scene("Planets", seed, FPS, size, OPTIONS)


def track(frames: np.ndarray, background: np.ndarray, start: np.ndarray) -> np.ndarray:
    """(t, 2) metres from the star: the planet, which stands out from `background` (h, w, 3), near where it was; `start`
    (2,) metres: where it was in the frame before."""
    size = frames.shape[1]
    y, x = ((np.arange(size) + 0.5) * WIDE / size - WIDE / 2 for _ in range(2))
    apart = np.abs(frames - background).sum(-1)
    found = np.empty((len(frames), 2))
    at = start
    for k, picture in enumerate(apart):
        near = np.hypot(x[None, :] - at[0], -y[:, None] - at[1]) < 1.3  # m that it moves in a frame, at most
        weight = np.where(near, picture, 0.0)
        weight = np.clip(weight - 0.55 * weight.max(), 0, None)  # without its trail
        if weight.sum() > 0:
            at = np.array([(weight.sum(0) * x).sum(), -(weight.sum(1) * y).sum()]) / weight.sum()
        found[k] = at
    return found


def sky(known: Played) -> np.ndarray:
    """The picture without the planet: the median over the true frames, which it crosses once."""
    return np.median(known.frames[:: max(1, len(known.frames) // 24)], axis=0)


def law_of(path: np.ndarray, fps: float = FPS) -> Numbers:
    """The exponent p and strength k of r'' = -k r^-p that best fits a path (t, 2) about the origin, and the residual
    (m, root mean square). A path that stands still has no force: p is None."""
    speed = np.linalg.norm(np.diff(path, axis=0), axis=1).max() * fps
    if speed < 0.2:
        return {"p": None, "k": 0.0, "residual": 0.0}

    begin = None
    for frames in sorted({min(n, len(path)) for n in (6, 9, 13, 18, len(path))}):  # later ones from what the first say
        part = path[:frames]
        tried = _begins(part, fps) if begin is None else [begin]
        fits = [
            least_squares(lambda v, part=part: np.clip(_shot(v, len(part), fps) - part, -9, 9).ravel(), start,
                          max_nfev=30, x_scale=(0.1, 0.1, 1.0, 1.0, 1.0, 0.5))
            for start in tried
        ]  # fmt: skip
        fitted = min(fits, key=lambda fit: fit.cost)
        begin = fitted.x
    return {"p": float(fitted.x[5]), "k": float(np.exp(min(fitted.x[4], 50.0))),
            "residual": float(np.sqrt((fitted.fun**2).mean() * 2))}  # fmt: skip


def _begins(path: np.ndarray, fps: float) -> list[np.ndarray]:
    """Where the fit may begin: place and velocity by a cubic through the first frames, force 1 / r^2 or growing as "
    "r."""
    t = np.arange(len(path)) / fps
    velocity = np.polynomial.polynomial.polyfit(t, path, 3)[1]
    r = float(np.linalg.norm(path, axis=1).mean())
    pull = max(float(velocity @ velocity) / r, 1e-3)
    return [np.array([*path[0], *velocity, np.log(pull) + p * np.log(r), p]) for p in (2.0, -1.0)]


def _shot(v: np.ndarray, count: int, fps: float) -> np.ndarray:
    """(count, 2) the orbit of x, y, velocity, log k and p, by velocity Verlet."""
    x, y, u, w = (float(a) for a in v[:4])
    k, power, dt = math.exp(min(float(v[4]), 50.0)), -0.5 * (min(max(float(v[5]), -6.0), 8.0) + 1), 1 / (fps * SUBSTEPS)
    found = np.empty((count, 2))
    pull = -k * max(x * x + y * y, 2.5e-3) ** power
    for n in range(count):
        found[n] = x, y
        for _ in range(SUBSTEPS if n < count - 1 else 0):
            u, w = u + 0.5 * dt * pull * x, w + 0.5 * dt * pull * y
            x, y = x + dt * u, y + dt * w
            pull = -k * max(min(x * x + y * y, 1e6), 2.5e-3) ** power
            u, w = u + 0.5 * dt * pull * x, w + 0.5 * dt * pull * y
    return np.nan_to_num(found, nan=9.0, posinf=9.0, neginf=-9.0)


class Sinusoids:
    """Fits curves only: each coordinate of the seen places is a sinusoid about its mean, all of one period, and goes on
    so. It is told the places; a model of pixels would have to see them."""

    def __init__(self, places: Callable[[Question], np.ndarray]):
        self.places = places

    def path(self, question: Question) -> np.ndarray:
        seen = self.places(question)
        t = np.arange(len(seen)) / question.fps
        best, found = np.inf, np.zeros(1)
        for period in np.linspace(0.7, 3.0, 93):
            basis = self._basis(t, period)
            weights, *_ = np.linalg.lstsq(basis, seen, rcond=None)
            error = float(((basis @ weights - seen) ** 2).sum())
            if error < best:
                later = t[-1] + (1 + np.arange(question.count)) / question.fps
                best, found = error, self._basis(later, period) @ weights
        return found

    @staticmethod
    def _basis(t: np.ndarray, period: float) -> np.ndarray:
        return np.stack([np.ones_like(t), np.cos(2 * np.pi * t / period), np.sin(2 * np.pi * t / period)], 1)


def sit(sitting: Sitting) -> Part:
    settings = sitting.settings
    count = max(3, settings.clips // 2)
    known = []
    for k in range(count):
        what = scene(settings.fresh + k, settings.size)
        known.append((what, what.play(GIVEN + AFTER)))
    sitting.plan(count * len(sitting.models))
    rows = [_row("floor: the tracker on true frames", [_law(p.frames[GIVEN:], p) for _, p in known])]
    rows.append(_row("a curve: sinusoids through the seen places", [law_of(_curve(s, p)) for s, p in known]))
    for model in sitting.models:
        found = [
            sitting.ask(NAME, model, str(s.seed), asked(s, p, GIVEN), partial(_law, known=p)) for s, p in known
        ]  # fmt: skip
        rows.append(_row(model, found))
    rows.append({"row": "the truth", "p": 2.0, "k": G, "paths": count})
    force = Table(
        "The law that the drawn path obeys",
        f"r'' = -k r^-p, fitted to {AFTER} drawn frames after {GIVEN} given ones, of a planet about a star of 0.75 "
        f"to 1.25 kg; p with its 95 % bootstrap interval; lawful: the share of paths that the law fits within "
        f"{FIT:g} m; moving: the share that moves at all. Newton's p is 2.",
        ("row", "p", "from", "to", "k", "lawful", "moving", "paths", "failed"), tuple(rows),
    )  # fmt: skip
    return Part(NAME, TITLE, (force, _probes(sitting)))


def _curve(what: Scene, known: Played) -> np.ndarray:
    def places(question: Question) -> np.ndarray:
        rows = known.state[:GIVEN]
        return np.stack([rows["planet_1_x"] - rows["star_x"], rows["planet_1_y"] - rows["star_y"]], 1)

    return Sinusoids(places).path(asked(what, known, GIVEN))


def _law(frames: np.ndarray, known: Played) -> Numbers:
    row = known.state[GIVEN - 1]
    start = np.array([row["planet_1_x"] - row["star_x"], row["planet_1_y"] - row["star_y"]])
    return law_of(track(frames, sky(known), start))


def _row(name: str, found: list[Numbers | None]) -> dict[str, Any]:
    told = [f for f in found if f is not None]
    moving = [f for f in told if f["p"] is not None]
    lawful = [f for f in moving if f["residual"] < FIT]
    low, high = interval([f["p"] for f in lawful]) or (None, None)
    return {
        "row": name, "p": mean([f["p"] for f in lawful]), "from": low, "to": high, "k": mean([f["k"] for f in lawful]),
        "lawful": mean([float(f in lawful) for f in told]), "moving": mean([float(f in moving) for f in told]),
        "paths": len(told), "failed": found.count(None),
    }  # fmt: skip


def _probes(sitting: Sitting) -> Table:
    settings = sitting.settings
    count = 40 + 10 * settings.clips
    longest = max(CONTEXTS)
    known = [scene(settings.fresh + 1000 + k, min(settings.size, 48)).play(longest) for k in range(count)]
    targets = [_targets(p.state[-1], p.values) for p in known]
    force, ellipse = (np.stack([t[k] for t in targets]) for k in (0, 1))
    spaces: dict[str, Callable[[np.ndarray, Played], np.ndarray]] = {
        "true place and velocity": lambda frames, p: _truth(p),
        "pixels": lambda frames, p: _small(frames),
    }
    if hasattr(sitting.examinee, "features"):
        name = next(iter(sitting.models))
        for layer in sitting.features(NAME, known[0].frames[-max(CONTEXTS) :]):
            spaces[f"{name}: {layer}"] = partial(_layer, sitting, layer)
    rows: list[dict[str, Any]] = []
    for space, embed in spaces.items():
        for context in CONTEXTS:
            try:
                x = np.stack([embed(p.frames[-context:], p) for p in known])
            except Refusal as error:
                sitting.failures.append(Failure(NAME, space, f"features of {context} frames", str(error)))
                continue
            rows.append(
                {"row": space, "frames": context, "force": held_out_r2(x, force), "ellipse": held_out_r2(x, ellipse)}
            )
    return Table(
        "What a linear probe reads",
        f"R squared on held-out scenes ({count} scenes, five folds) of the star's pull on the planet (two "
        f"components) and of the ellipse (semi-major axis, and eccentricity times the direction of the perihelion), "
        f"from the features of the last frames. Who has the force, and not only the curve, has it at few frames.",
        ("row", "frames", "force", "ellipse"), tuple(rows),
    )  # fmt: skip


def _layer(sitting: Sitting, layer: str, frames: np.ndarray, known: Played) -> np.ndarray:
    found = features_of(sitting.examinee, frames, sitting.settings.timeout)
    if layer not in found:
        raise Refusal(f"its features have no layer {layer!r} this time")
    return found[layer][-2:].ravel()


def _truth(known: Played) -> np.ndarray:
    s = known.state[-1]
    return np.array([s[f"planet_1_{c}"] - s[f"star_{c}"] for c in ("x", "y", "velocity_x", "velocity_y")])


def _small(frames: np.ndarray) -> np.ndarray:
    small = [cv2.resize(frame, (16, 16), interpolation=cv2.INTER_AREA).mean(-1) for frame in frames]
    return np.concatenate([picture.ravel() for picture in small])


def _targets(row: Any, values: Any) -> tuple[np.ndarray, np.ndarray]:
    """The acceleration of the planet (m/s^2), and its osculating ellipse: a (m), e cos and e sin of the perihelion."""
    x, y, u, w = (float(row[f"planet_1_{c}"] - row[f"star_{c}"]) for c in ("x", "y", "velocity_x", "velocity_y"))
    mu, r = G * float(values["star_mass"]), float(np.hypot(x, y))
    spin = x * w - y * u
    ecc = np.array([w * spin / mu - x / r, -u * spin / mu - y / r])
    semi = 1 / (2 / r - (u * u + w * w) / mu)
    return -mu / r**3 * np.array([x, y]), np.array([semi, *ecc])
