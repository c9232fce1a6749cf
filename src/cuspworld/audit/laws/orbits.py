"""Bodies that circle one centre: Kepler's second law and Newton's inverse square, without metre or second.

The lines of acceleration of all paths are intersected (least squares); where they meet within their errors there is a
centre. About it every body's areal velocity r x v is constant (Kepler 2), and a r^2 is one number for all bodies and
all times (Newton). Both are ratios within the clip.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cuspworld.audit.calibration import probability
from cuspworld.audit.flights import noise_of
from cuspworld.audit.paths import Path
from cuspworld.audit.report import Finding, Measurement, Series
from cuspworld.audit.scene import Scene

HALF = 7  # points on each side over which velocity and acceleration are fitted
TURN = 1.0  # radians that a body must go round its centre


@dataclass(frozen=True)
class _Body:
    path: Path
    times: np.ndarray
    places: np.ndarray  # (points, 2)
    velocity: np.ndarray
    acceleration: np.ndarray
    error: float  # of an acceleration


def orbits(scene: Scene) -> tuple[list[Finding], bool]:
    """(suspects, whether anything circles a centre)."""
    bodies = [body for path in scene.paths if (body := _body(path)) is not None]
    bodies = [body for body in bodies if np.median(np.linalg.norm(body.acceleration, axis=1)) > 3 * body.error]
    if not bodies:
        return [], False
    centre = _centre(bodies)
    if centre is None:
        return [], False
    circling = [body for body in bodies if _circles(body, centre)]
    if not circling or not _something_there(scene, centre):
        return [], False
    suspects = [found for body in circling if (found := _areal(scene, body, centre)) is not None]
    if (found := _newton(scene, circling, centre)) is not None:
        suspects.append(found)
    return suspects, True


def _body(path: Path) -> _Body | None:
    keep = path.visible > 0.8
    times, points = path.times[keep], path.points[keep]
    if len(times) < 4 * HALF:
        return None
    t = np.arange(-HALF, HALF + 1.0)
    solve = np.linalg.pinv(np.stack([np.ones_like(t), t, t**2 / 2], 1))  # (3, window)
    at, places, velocity, acceleration = [], [], [], []
    for i in range(HALF, len(times) - HALF):
        if times[i + HALF] - times[i - HALF] != 2 * HALF:
            continue
        fit = solve @ points[i - HALF : i + HALF + 1]
        at.append(times[i])
        places.append(fit[0])
        velocity.append(fit[1])
        acceleration.append(fit[2])
    if len(at) < 2 * HALF:
        return None
    error = noise_of(points) * float(np.linalg.norm(solve[2])) * np.sqrt(2)
    return _Body(path, np.array(at), np.array(places), np.array(velocity), np.array(acceleration), error)


def _centre(bodies: list[_Body]) -> np.ndarray | None:
    """The point that all lines of acceleration pass (weighted least squares), if they point at it."""
    places = np.concatenate([b.places for b in bodies])
    pull = np.concatenate([b.acceleration for b in bodies])
    length = np.linalg.norm(pull, axis=1)
    direction = pull / np.maximum(length, 1e-9)[:, None]
    across = np.eye(2) - direction[:, :, None] * direction[:, None, :]  # (points, 2, 2)
    weight = (length / np.concatenate([np.full(len(b.times), b.error) for b in bodies])).clip(0, 20)[:, None, None]
    for _ in range(3):
        centre = np.linalg.lstsq((weight * across).sum(0), (weight * across @ places[:, :, None]).sum(0), rcond=None)[0]
        aim = centre[:, 0] - places
        aim /= np.maximum(np.linalg.norm(aim, axis=1), 1e-9)[:, None]
        agree = (aim * direction).sum(1)
        weight = weight * np.where(agree > 0.8, 1.0, 0.1)[:, None, None]
    return centre[:, 0] if float(np.median(agree)) > 0.95 else None


def _circles(body: _Body, centre: np.ndarray) -> bool:
    arm = body.places - centre
    angle = np.unwrap(np.arctan2(arm[:, 1], arm[:, 0]))
    steady = abs(angle[-1] - angle[0]) > 0.9 * np.abs(np.diff(angle)).sum()
    return bool(steady and abs(angle[-1] - angle[0]) > TURN and np.linalg.norm(arm, axis=1).min() > 4)


def _something_there(scene: Scene, centre: np.ndarray) -> bool:
    """Is there a compact thing at the centre that could pull? (The middle of a loop is empty.)"""
    height, width = scene.size
    x, y = np.rint(centre).astype(int)
    if not (6 <= x < width - 6 and 6 <= y < height - 6):
        return False
    core = scene.frames[len(scene) // 2, y - 2 : y + 3, x - 2 : x + 3].reshape(-1, 3).astype(float).mean(0)
    far = max(10, round(0.12 * min(height, width)))
    ring = [(x + far, y), (x - far, y), (x, y + far), (x, y - far)]
    seen = [scene.background[b, a].astype(float) for a, b in ring if 0 <= a < width and 0 <= b < height]
    return bool(seen) and float(np.median([np.abs(core - s).max() for s in seen])) > 30


def _areal(scene: Scene, body: _Body, centre: np.ndarray) -> Finding | None:
    arm = body.places - centre
    areal = np.abs(arm[:, 0] * body.velocity[:, 1] - arm[:, 1] * body.velocity[:, 0]) / 2
    typical = float(np.median(areal))
    spread = float(np.quantile(areal, 0.9) - np.quantile(areal, 0.1)) / max(typical, 1e-9)
    noise = 0.04 + 2 * noise_of(body.places, 0.05) / float(np.median(np.linalg.norm(arm, axis=1)))
    odd = int(np.abs(np.log(np.maximum(areal, 1e-9) / typical)).argmax())
    return _finding(
        scene,
        [body],
        (int(body.times[max(0, odd - HALF)]), int(body.times[min(len(body.times) - 1, odd + HALF)])),
        "areal",
        2.0 * spread / (4 * noise),
        {"areal velocity varies by": Measurement(100 * spread, "%")},
        "A body circles a centre, but sweeps unequal areas in equal times.",
        Series(
            "areal velocity over its median", "", tuple(scene.time(int(t)) for t in body.times), tuple(areal / typical)
        ),
    )


def _newton(scene: Scene, bodies: list[_Body], centre: np.ndarray) -> Finding | None:
    """One number a r^2 for all bodies and times: the slope of log a over log r is -2."""
    radius = np.concatenate([np.linalg.norm(b.places - centre, axis=1) for b in bodies])
    pull = np.concatenate([np.linalg.norm(b.acceleration, axis=1) for b in bodies])
    times = np.concatenate([b.times for b in bodies])
    width = np.log(radius).std()
    if width < 0.08:
        return None
    strength = np.log(np.maximum(pull * radius**2, 1e-9))
    error = float(np.median(np.concatenate([b.error / np.linalg.norm(b.acceleration, axis=1) for b in bodies])))
    slope = float(np.polyfit(np.log(radius), np.log(np.maximum(pull, 1e-9)), 1)[0])
    spread = float(np.quantile(strength, 0.9) - np.quantile(strength, 0.1))
    late = times >= np.quantile(times, 0.4)
    exponent = float(np.polyfit(np.log(radius[late]), np.log(np.maximum(pull[late], 1e-9)), 1)[0])
    return _finding(
        scene,
        bodies,
        (int(np.quantile(times, 0.4)), int(times.max())),
        "newton",
        2.0 * spread / (0.1 + 3 * error),
        {
            "pull falls off as distance to the power": Measurement(exponent, "", error / width),
            "over the whole clip": Measurement(slope, "", error / width),
            "pull times distance squared varies by a factor of": Measurement(float(np.exp(spread)), ""),
        },
        "Bodies circle a centre, but its pull does not fall off as the square of the distance.",
        Series("pull times distance squared, log", "", tuple(scene.time(int(t)) for t in times), tuple(strength)),
    )


def _finding(
    scene: Scene,
    bodies: list[_Body],
    when: tuple[int, int],
    test: str,
    statistic: float,
    measured: dict[str, Measurement],
    sentence: str,
    series: Series,
) -> Finding:
    places = np.concatenate([b.places[(b.times >= when[0]) & (b.times <= when[1])] for b in bodies])
    half = np.array(bodies[0].path.half)
    box = (*(places.min(0) - half), *(places.max(0) + half))
    return Finding(
        law="gravity",
        start=scene.time(when[0]),
        end=scene.time(when[1]),
        box=scene.source_box(box),
        probability=probability(test, float(statistic)),
        measured=measured,
        sentence=sentence,
        series=(series,),
    )
