"""Bodies that circle one centre: Kepler's second law and Newton's inverse square, without metre or second.

The centre is the one compact bright thing that stays; bodies are patches of one colour that go round it. About it
every body's areal velocity r x v is constant (Kepler 2), and a r^2 is one number for all bodies and all times (Newton).
Both are ratios within the clip.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from cuspworld.audit.evidence import change as change_module
from cuspworld.audit.evidence.palette import palette, weighted_lab
from cuspworld.audit.evidence.scene import Scene
from cuspworld.audit.finding import Measurement, Series
from cuspworld.audit.laws.check import Check, Suspect
from cuspworld.audit.laws.gravity.units import NOTHING_FALLS
from cuspworld.audit.laws.needs import still_camera
from cuspworld.audit.observations.seen import Observations
from cuspworld.laws import Law


@dataclass(frozen=True)
class Thresholds:
    """`turn_radians`: that a body must go round the centre. `body_pixels`: of the smallest. `areal_log_ratio`: of an
    areal velocity to its median, that is odd. `radius_log_spread`: of the distances, that a power law needs.
    `unsure_share`: of an acceleration, that its standard error may be for a pull to be read from it."""

    turn_radians: float = 2.0
    body_pixels: int = 7
    areal_log_ratio: float = 0.15
    radius_log_spread: float = 0.08
    unsure_share: float = 0.25


LIMITS = Thresholds()
UNSURE = "what circles the centre is too small or too blurred to read its acceleration"
QUANTILES = 2.073  # standard deviations between a normal law's 15 % and 85 %
SURE = 1.96  # standard errors


@dataclass(frozen=True)
class _Body:
    """A small thing of one colour: `arm` is its place from the centre, all by frame (points, 2). `unsure`: standard
    error of an acceleration, as a share of the usual one; `window`: frames that each is taken from."""

    times: np.ndarray
    arm: np.ndarray
    velocity: np.ndarray
    acceleration: np.ndarray
    unsure: float
    window: int


@dataclass(frozen=True)
class _System:
    """The centre (x, y) and what circles it; no bodies where nothing does."""

    centre: np.ndarray
    bodies: list[_Body]


def _system(scene: Scene) -> _System:
    centre = _star(scene)
    if centre is None:
        return _System(np.zeros(2), [])
    found = [_body(times, places - centre) for times, places in _coloured(scene, centre)]
    return _System(centre, [body for body in found if body is not None])


def _areal_velocity(seen: Observations) -> list[Suspect] | str:
    system = seen.once(_system)
    return [_areal(seen.scene, body, system.centre) for body in system.bodies] or NOTHING_FALLS


def _inverse_square(seen: Observations) -> list[Suspect] | str:
    system = seen.once(_system)
    if not system.bodies:
        return NOTHING_FALLS
    sure = [body for body in system.bodies if body.unsure <= LIMITS.unsure_share]
    if not sure:
        return UNSURE
    found = _newton(seen.scene, sure, system.centre)
    return [] if found is None else [found]


def _star(scene: Scene) -> np.ndarray | None:
    """The centre (x, y) of the one compact bright thing that never changes; None if there is none."""
    looks = np.unique(np.linspace(0, len(scene) - 1, 21).astype(int))
    grey = cv2.cvtColor(np.median(scene.frames[looks], 0).astype(np.uint8), cv2.COLOR_RGB2GRAY).astype(np.float32)
    smooth = cv2.GaussianBlur(grey, (0, 0), max(1.0, 0.015 * min(scene.size)))
    base, top = float(np.median(smooth)), float(smooth.max())
    if top - base < 60:
        return None
    _, labels, stats, centres = cv2.connectedComponentsWithStats((smooth > (base + top) / 2).astype(np.uint8))
    y, x = np.unravel_index(int(smooth.argmax()), smooth.shape)
    label = int(labels[y, x])
    if label == 0 or stats[label, cv2.CC_STAT_AREA] > 0.04 * smooth.size:
        return None
    column, row = (round(float(v)) for v in centres[label])
    core = scene.frames[:, max(0, row - 1) : row + 2, max(0, column - 1) : column + 2].astype(np.int16)
    return centres[label] if float(np.abs(core - np.median(core, 0)).max(-1).mean()) < 12 else None


def _coloured(scene: Scene, centre: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """(times, places) of the largest patch of every saturated colour that moves."""
    step = max(1, len(scene) // 200)
    frames = scene.frames[::step]
    moving = change_module.strongest(frames.max(0) - frames.min(0)) > 40
    around = np.hypot(*np.subtract(np.argwhere(moving)[:, ::-1], centre).T) if moving.any() else np.zeros(0)
    if step > 1 or len(around) < 40 or moving.mean() > 0.6:
        return []
    labs = [weighted_lab(frame) for frame in frames]
    masks = np.stack([(np.linalg.norm(lab[..., 1:], axis=-1) > 18) & moving for lab in labs])
    colours = palette(frames, masks, colours=8, looks=len(frames))
    if colours is None:
        return []
    tracks = []
    for k in range(len(colours.centres)):
        times, places = [], []
        for t, index in enumerate(colours.maps):
            patch = cv2.morphologyEx((index == k).astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
            count, _, stats, centres = cv2.connectedComponentsWithStats(patch)
            if count < 2:
                continue
            best = 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax())
            if stats[best, cv2.CC_STAT_AREA] >= LIMITS.body_pixels:
                times.append(t)
                places.append(centres[best])
        if len(times) > 0.4 * len(frames):
            tracks.append((np.array(times), np.array(places)))
    return tracks


def _body(times: np.ndarray, arm: np.ndarray) -> _Body | None:
    """Velocity and acceleration by local parabolas, no wider than a seventh of a turn; None if it does not circle."""
    angle = np.arctan2(arm[:, 1], arm[:, 0])
    turn = (np.diff(angle) + np.pi) % (2 * np.pi) - np.pi
    close = (np.diff(times) == 1) & (
        np.linalg.norm(np.diff(arm, axis=0), axis=1) < 0.5 * np.linalg.norm(arm[1:], axis=1)
    )
    if close.sum() < 12 or np.linalg.norm(arm, axis=1).min() < 5:
        return None
    sense = np.sign(np.median(turn[close]))
    if (np.sign(turn[close]) == sense).mean() < 0.9 or np.abs(turn[close]).sum() < LIMITS.turn_radians:
        return None
    half = int(np.clip(0.45 / max(float(np.median(np.abs(turn[close]))), 1e-3), 2, 7))
    t = np.arange(-half, half + 1.0)
    powers = np.stack([np.ones_like(t), t, t**2 / 2], 1)  # (window, 3)
    solve = np.linalg.pinv(powers)
    rows, left = [], []
    for i in range(half, len(times) - half):
        if times[i + half] - times[i - half] == 2 * half and close[i - half : i + half].all():
            fit = solve @ arm[i - half : i + half + 1]
            if np.abs(np.linalg.norm(fit[0] - arm[i])) < 1.0:
                rows.append((times[i], *fit.ravel()))
                left.append(float(((arm[i - half : i + half + 1] - powers @ fit) ** 2).sum()))
    if len(rows) < 12:
        return None
    table = np.array(rows)
    place = np.sqrt(np.mean(left) / (2 * (len(t) - 3)))  # pixels: a place's standard error, of what no parabola takes
    usual = float(np.median(np.linalg.norm(table[:, 5:7], axis=1)))
    unsure = float(place * np.linalg.norm(solve[2])) / max(usual, 1e-9)
    return _Body(table[:, 0], table[:, 1:3], table[:, 3:5], table[:, 5:7], unsure, len(t))


def _areal(scene: Scene, body: _Body, centre: np.ndarray) -> Suspect:
    areal = np.abs(body.arm[:, 0] * body.velocity[:, 1] - body.arm[:, 1] * body.velocity[:, 0]) / 2
    radius = np.linalg.norm(body.arm, axis=1)
    typical = float(np.median(areal))
    spread = float(np.quantile(areal, 0.9) - np.quantile(areal, 0.1)) / max(typical, 1e-9)
    jitter = float(np.median(np.abs(np.diff(areal)))) / max(typical, 1e-9)
    odd = np.flatnonzero(np.abs(np.log(np.maximum(areal, 1e-9) / typical)) > LIMITS.areal_log_ratio)
    first, last = (odd[0], odd[-1]) if len(odd) else (0, -1)
    when = (int(body.times[first]), int(body.times[last]))
    return Suspect(
        strength=6.0 * spread / (0.2 + 2 * jitter),
        start=when[0],
        end=when[1],
        box=_place([body], centre, when),
        measured={
            "areal velocity varies by": Measurement(100 * spread, "%"),
            "distance from the centre": Measurement(float(np.median(radius)) * scene.factor[0], "px"),
        },
        sentence="A body circles a centre, but sweeps unequal areas in equal times.",
        series=(
            Series(
                "areal velocity over its median",
                "",
                scene.times(int(t) for t in body.times),
                tuple(float(v) for v in areal / typical),
            ),
        ),
    )


def _newton(scene: Scene, bodies: list[_Body], centre: np.ndarray) -> Suspect | None:
    """One number a r^2 for all bodies and times: the slope of log a over log r is -2.

    What the errors of the places make of both is taken off: small and compressed pictures have large ones.
    """
    radius = np.log(np.concatenate([np.linalg.norm(b.arm, axis=1) for b in bodies]))
    inward = [-(b.acceleration * b.arm).sum(1) / np.linalg.norm(b.arm, axis=1) for b in bodies]
    pull = np.log(np.maximum(np.concatenate(inward), 1e-3))
    times = np.concatenate([b.times for b in bodies])
    late = times >= np.quantile(times, 0.4)
    if min(radius.std(), radius[late].std()) < LIMITS.radius_log_spread:
        return None
    strength = pull + 2 * radius
    spread = float(np.quantile(strength, 0.85) - np.quantile(strength, 0.15))
    exponent = float(np.polyfit(radius[late], pull[late], 1)[0])
    jitter = float(np.median([np.median(np.abs(np.diff(np.log(np.maximum(p, 1e-3))))) for p in inward]))
    unsure = float(np.sqrt(np.average([b.unsure**2 for b in bodies], weights=[len(b.times) for b in bodies])))
    alone = late.sum() / np.mean([b.window for b in bodies])  # fits that share no frame
    slope_error = unsure / float(radius[late].std()) / np.sqrt(alone)
    varies, differs = _beyond(spread, QUANTILES * unsure), _beyond(exponent + 2, SURE * slope_error)
    when = (int(np.quantile(times, 0.4)), int(times.max()))
    return Suspect(
        strength=6.0 * max(varies / (0.35 + 2 * jitter), differs / (0.5 + 2 * jitter / float(radius[late].std()))),
        start=when[0],
        end=when[1],
        box=_place(bodies, centre, when),
        measured={
            "pull falls off as distance to the power": Measurement(exponent, ""),
            "pull times distance squared varies by a factor of": Measurement(float(np.exp(spread)), ""),
        },
        sentence="Bodies circle a centre, but its pull does not fall off as the square of the distance.",
        series=(
            Series(
                "pull times distance squared, log",
                "",
                scene.times(int(t) for t in times),
                tuple(float(v) for v in strength),
            ),
        ),
    )


def _beyond(found: float, error: float) -> float:
    """What is left of a deviation when an independent error of this size is taken off its square."""
    return float(np.sqrt(max(0.0, found**2 - error**2)))


def _place(bodies: list[_Body], centre: np.ndarray, when: tuple[int, int]) -> np.ndarray:
    """The box of where the bodies are in that time."""
    places = np.concatenate([b.arm[(b.times >= when[0]) & (b.times <= when[1])] for b in bodies])
    return np.concatenate([places.min(0) + centre - 4, places.max(0) + centre + 4])


AREAL_VELOCITY = Check(
    "areal velocity",
    Law.GRAVITY,
    "a body that circles a star sweeps unequal areas in equal times (Kepler's second law)",
    _areal_velocity,
    needs=(still_camera,),
    thresholds=LIMITS,
)
INVERSE_SQUARE = Check(
    "inverse square",
    Law.GRAVITY,
    "the pull on what circles a star is not one number over the square of the distance (Newton)",
    _inverse_square,
    needs=(still_camera,),
    thresholds=LIMITS,
)
