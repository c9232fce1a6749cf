"""Planets: planets around a star, and a rocket that orbits with them, escapes, arrives and is captured, or flies by.

Newton's law of gravity between all bodies, optionally with the first post-Newtonian term of the star, which turns an
orbit by 6 pi G M / (a c^2 (1 - e^2)) in every revolution; a symmetric composition of order four (kernels.py).
Scale: G = 4 pi^2 m^3/(kg s^2), so that one metre stands for one astronomical unit, one second for one year and one
kilogram for the mass of the sun. The rocket is a test body: it feels all and moves none; bodies are drawn too large.
Critical state: the rocket's energy relative to the star is zero (escape, capture).
"""

from __future__ import annotations

import math
from collections import deque
from functools import partial
from typing import Any, ClassVar

import numpy as np

from cuspworld.laws import Law
from cuspworld.truth import Truth
from cuspworld.worlds.drawing.canvas import Canvas
from cuspworld.worlds.drawing.scenery import Scenery
from cuspworld.worlds.drawing.tracing import TracedCanvas
from cuspworld.worlds.planets.drawing import Look, paint, starry_sky
from cuspworld.worlds.planets.kernels import advance, energy, watch
from cuspworld.worlds.planets.words import CAPTIONS, story
from cuspworld.worlds.tasks import Task
from cuspworld.worlds.words import Story
from cuspworld.worlds.world import Parameter, Twin, World, crossing_time

G = 4 * math.pi**2  # m^3/(kg s^2), of this world
STEP = 1 / 400  # s, at most; close encounters take finer steps
BURN = 0.2  # s that the engine burns after a kick
MOST = 4  # planets
STAR_RADIUS = 0.45  # m
TRAIL_EVERY, TRAIL = 1 / 40, 48  # s between points of a trail, and their number


class Planets(World):
    """Action: `kick`, a change of the rocket's speed (m/s) along its motion, delivered over the next 0.2 s."""

    name = "Planets"
    seconds = 4.0
    view = (-3.4, -3.4, 3.4, 3.4)
    scenery = Scenery("night", behind=0.0, zoom=(0.8, 1.1), shift=0.04, roll=180.0, turn=18.0, lights=())
    parameters = (
        Parameter("star_mass", "kg", "mass of the star", (0.75, 1.25), ((0.35, 0.5), (1.8, 2.4)), (0.05, 10.0)),
        Parameter("star_colour", "", "colour of the star", choices=("yellow", "orange", "white"),
                  out_choices=("red", "blue")),
        Parameter("planets", "", "how many planets", choices=(1, 2, 3), out_choices=(4,)),
        Parameter("planet_mass", "kg", "mass of the heaviest planet", (1e-5, 1e-3), ((4e-3, 1e-2),), (0.0, 0.1)),
        Parameter("eccentricity", "1", "of the planets' orbits", (0.0, 0.35), ((0.42, 0.5),), (0.0, 0.8)),
        Parameter("rocket", "", "the rocket orbits the star, visits it from afar, or there is none",
                  choices=("orbiting", "visiting"), out_choices=("none",)),
        Parameter("burn", "m/s", "change of speed by the engine: orbiting speeds up, visiting brakes", (0.0, 3.0),
                  ((3.5, 5.0), (-2.4, -1.8)), (-20.0, 20.0)),
        Parameter("burn_time", "s", "when the engine fires", choices=(0.8, 1.0, 1.2), out_choices=(0.6, 1.5)),
        Parameter("arrival_speed", "m/s", "of a visiting rocket, far away", (1.0, 3.5), ((4.5, 6.0),), (0.1, 20.0)),
        Parameter("relativity", "", "the star's first post-Newtonian term", choices=("off",), out_choices=("on",),
                  default="off"),
        Parameter("light_speed", "m/s", "of the post-Newtonian term", bounds=(40.0, 1e9), default=80.0),
    )  # fmt: skip
    held_out = (
        (("star_colour", "orange"), ("planets", 3)),
        (("eccentricity", (0.25, 0.35)), ("star_mass", (1.1, 1.25))),
    )
    columns: ClassVar[dict[str, str]] = {
        **{f"star_{what}": unit for what, unit in
           {"x": "m", "y": "m", "velocity_x": "m/s", "velocity_y": "m/s", "mass": "kg"}.items()},
        **{f"planet_{k}_{what}": unit for k in range(1, MOST + 1) for what, unit in
           {"x": "m", "y": "m", "velocity_x": "m/s", "velocity_y": "m/s", "mass": "kg", "present": "1"}.items()},
        "rocket_x": "m", "rocket_y": "m", "rocket_velocity_x": "m/s", "rocket_velocity_y": "m/s",
        "rocket_present": "1", "rocket_energy": "J/kg", "rocket_thrust": "m/s^2",
    }  # fmt: skip
    limits: ClassVar[dict[str, tuple[float, float]]] = {
        "star_mass": (0.0, 10.0), "rocket_thrust": (-10.0 / BURN, 10.0 / BURN),
        **{f"planet_{k}_mass": (0.0, 0.1) for k in range(1, MOST + 1)},
    }  # fmt: skip
    actions: ClassVar[dict[str, tuple[str, float, float]]] = {"kick": ("m/s", -10.0, 10.0)}
    conserved_units: ClassVar[dict[str, str]] = {
        "energy": "J", "momentum_x": "N s", "momentum_y": "N s", "angular_momentum": "N m s",
    }  # fmt: skip
    critical_events = ("escape", "capture", "falls into the star")
    captions = CAPTIONS
    branches = ("bound", "free")
    tasks: ClassVar[dict[str, Task]] = {
        "Escape": Task(
            "Fire the rocket's engine so that it leaves the star for good, on little fuel.",
            progress=lambda state: min(0.0, float(state["rocket_energy"])) / 10,
            reached=lambda world: bool(world.state["rocket_present"]) and world.state["rocket_energy"] >= 0,
            lost=lambda world: not world.state["rocket_present"],
            cost=0.02,
            options={"rocket": "orbiting"},
        ),
    }
    twins: ClassVar[dict[str, Twin]] = {
        "inverse_cube": Twin(
            "The star's pull falls off as the cube of distance: the inner planets spiral in, the outer fly off.",
            Law.GRAVITY,
            Law.INERTIA,
            Law.CONSERVATION,
        ),
        "areal_velocity": Twin(
            "The planets keep their ellipses but hurry when far from the star and dawdle when near it.",
            Law.GRAVITY,
            Law.INERTIA,
            Law.CONSERVATION,
        ),
    }
    changeable = ("star_mass",)
    instances: ClassVar[dict[int, str]] = {
        1: "star", 2: "planet 1", 3: "planet 2", 4: "planet 3", 5: "planet 4", 6: "rocket",
    }  # fmt: skip

    def begin(self, rng: np.random.Generator) -> None:
        values = self.values
        turn, spin = rng.uniform(0, 2 * math.pi), 1.0 if rng.random() < 0.5 else -1.0
        base, ratio = rng.uniform(1.05, 1.20), rng.uniform(1.36, 1.43)
        anomalies, lean, shares = (
            rng.uniform(0, 2 * math.pi, MOST),
            rng.uniform(-0.2, 0.2, MOST),
            rng.uniform(0.3, 1, MOST),
        )
        self._look = rng.permutation(8), rng.random((70, 4)), int(rng.integers(MOST))
        rocket_shares = rng.random(4)
        self._inverse_c2 = values["light_speed"] ** -2 if values["relativity"] == "on" else 0.0
        self._cube = False
        mass, count = values["star_mass"], values["planets"]
        self._ids, x, v, m = [0], [(0.0, 0.0)], [(0.0, 0.0)], [mass]
        for k in range(count):
            position, velocity = _on_ellipse(
                base * ratio**k, values["eccentricity"], turn + float(lean[k]), spin, float(anomalies[k]), G * mass
            )
            x.append(position)
            v.append(velocity)
            m.append(values["planet_mass"] * float(shares[k]))
            self._ids.append(k + 1)
        self._x, self._v, self._m = np.array(x), np.array(v), np.array(m)
        self._v -= (self._m @ self._v) / self._m.sum()  # the common centre of mass rests
        self._x -= (self._m @ self._x) / self._m.sum()
        if values["rocket"] != "none":
            self._launch(rocket_shares, base, ratio, spin)
        self._nose = math.copysign(1.0, self._policy_kick() or 1.0)
        self._thrust, self._burn_until = 0.0, -1.0
        self._burnt_at: float | None = None
        self._fallen: str = ""
        self._ellipses: list[tuple[int, float, float, float, float, float]] = []
        self._first_energy = self._rocket_energy()
        self._trails: dict[int, deque[tuple[float, float]]] = {i: deque(maxlen=TRAIL) for i in self._ids}
        self._prefill()
        self._sky: dict[tuple[type, int, int], tuple[np.ndarray, np.ndarray]] = {}

    def changed(self, name: str) -> None:
        self._m[0] = self.values["star_mass"]

    def _launch(self, shares: np.ndarray, base: float, ratio: float, spin: float) -> None:
        """The rocket on a round orbit between the planets; or arriving, nearest to the star when its engine fires."""
        values, mu = self.values, G * self.values["star_mass"]
        angle = 2 * math.pi * float(shares[0])
        if values["rocket"] == "orbiting":
            orbit = base * ratio ** (0.5 + 1.3 * float(shares[1]))
            position, velocity = _on_ellipse(
                orbit, 0.12 * float(shares[2]), angle, spin, 2 * math.pi * float(shares[3]), mu
            )
        else:
            near, far = 0.80 + 0.5 * float(shares[1]), values["arrival_speed"]
            speed = math.sqrt(far**2 + 2 * mu / near)
            at, go = np.array([near * math.cos(angle), near * math.sin(angle)]), spin * speed
            x, v = np.array([[0.0, 0.0], at]), np.array([[0.0, 0.0], [-go * math.sin(angle), go * math.cos(angle)]])
            back = values["burn_time"] + BURN / 2
            advance(x, v, np.array([values["star_mass"], 0.0]), G, False, 1.0, 0.0, 0.0, -back / 1000, 1000, True)
            position, velocity = tuple(x[1] - x[0]), tuple(v[1] - v[0])
        self._x = np.vstack([self._x, self._x[0] + position])
        self._v = np.vstack([self._v, self._v[0] + velocity])
        self._m, self._ids = np.append(self._m, 0.0), [*self._ids, 6]

    def _prefill(self) -> None:
        """The trails begin with where the bodies came from."""
        x, v, points = self._x.copy(), self._v.copy(), []
        for _ in range(TRAIL - 1):
            self._flow(x, v, -TRAIL_EVERY / 10, 10, 0.0)
            points.append(x.copy())
        for row in [*reversed(points), self._x]:
            for i, point in zip(self._ids, row.tolist(), strict=True):
                self._trails[i].append(tuple(point))
        self._next_point = TRAIL_EVERY

    def _flow(self, x: np.ndarray, v: np.ndarray, h: float, steps: int, thrust: float) -> None:
        length = self._length if self._cube else 1.0
        advance(x, v, self._m, G, self._cube, length, self._inverse_c2, thrust, h, steps, True)

    def advance(self, seconds: float, action: np.ndarray) -> None:
        if action[0] != 0.0 and 6 in self._ids:
            self.report("engine fires", self.time, kick=float(action[0]))
            self._thrust, self._burn_until = float(action[0]) / BURN, self.time + BURN
            self._nose = math.copysign(1.0, float(action[0]))
            self._burnt_at = self.time if self._burnt_at is None else self._burnt_at
        now, end = self.time, self.time + seconds
        while now < end - 1e-12:
            if self._thrust != 0.0 and now >= self._burn_until - 1e-12:
                self._thrust = 0.0
                self.report("engine stops", self._burn_until)
            until = min(end, now + STEP, self._next_point)
            if self._thrust != 0.0:
                until = min(until, self._burn_until)
            self._move(now, until - now)
            self._glide(until - now)
            now = until
            if now >= self._next_point - 1e-12:
                self._next_point += TRAIL_EVERY
                for i, point in zip(self._ids, self._x.tolist(), strict=True):
                    self._trails[i].append(tuple(point))

    def _move(self, now: float, dt: float) -> None:
        """One step; what crosses zero in it (energy, r . v, distance to the star's surface) is found by its root."""
        x, v = self._x.copy(), self._v.copy()
        before = self._watch(x, v)
        self._flow(self._x, self._v, dt, 1, self._thrust)
        after = self._watch(self._x, self._v)
        for body, quantity in np.argwhere((before < 0) != (after < 0)).tolist():
            name = self.instances[self._ids[body + 1] + (self._ids[body + 1] < 6)]
            rising = before[body, quantity] < 0
            when = now + crossing_time(partial(self._after, x, v, body, quantity), 0.0, dt)
            if quantity == 0:
                self.report("escape" if rising else "capture", when, body=name)
            elif quantity == 1 and not self._ellipses:
                self.report("closest to the star" if rising else "farthest from the star", when, body=name)
            elif quantity == 2 and not rising:
                self.report("falls into the star", when, body=name)
                self._fallen = name
        if (after[:, 2] < 0).any():
            self._swallow(np.flatnonzero(after[:, 2] < 0) + 1)

    def _after(self, x: np.ndarray, v: np.ndarray, body: int, quantity: int, seconds: float) -> float:
        """What is watched of a body, that long after the state x, v."""
        y, w = x.copy(), v.copy()
        self._flow(y, w, seconds, 1, self._thrust)
        return float(self._watch(y, w)[body, quantity])

    def _watch(self, x: np.ndarray, v: np.ndarray) -> np.ndarray:
        out = np.empty((len(x) - 1, 3))
        watch(x, v, G * self._m[0], out)
        out[:, 2] -= STAR_RADIUS
        return out

    def _swallow(self, bodies: np.ndarray) -> None:
        """The star takes a fallen body's mass and momentum."""
        for k in sorted(bodies.tolist(), reverse=True):
            total = self._m[0] + self._m[k]
            self._x[0] += (self._x[k] - self._x[0]) * self._m[k] / total
            self._v[0] += (self._v[k] - self._v[0]) * self._m[k] / total
            self._m[0] = total
            self._x, self._v, self._m = (np.delete(array, k, 0) for array in (self._x, self._v, self._m))
            del self._trails[self._ids.pop(k)]
        if 6 not in self._ids:
            self._thrust = 0.0

    def _glide(self, seconds: float) -> None:
        """The impossible: planets keep to their ellipses with d(angle)/dt = k r^2, where Kepler has h / r^2."""
        for n, (k, parameter, eccentricity, direction, angle, rate) in enumerate(self._ellipses):
            if k not in self._ids:
                continue
            for _ in range(8):
                r = parameter / (1 + eccentricity * math.cos(angle - direction))
                angle += rate * r**2 * seconds / 8
            r = parameter / (1 + eccentricity * math.cos(angle - direction))
            slope = r**2 / parameter * eccentricity * math.sin(angle - direction)
            outward, along = np.array([math.cos(angle), math.sin(angle)]), np.array([-math.sin(angle), math.cos(angle)])
            row = self._ids.index(k)
            self._x[row] = self._x[0] + r * outward
            self._v[row] = self._v[0] + rate * r**2 * (slope * outward + r * along)
            self._ellipses[n] = (k, parameter, eccentricity, direction, angle, rate)

    def _rocket_energy(self) -> float:
        return float(self._watch(self._x, self._v)[-1, 0]) if 6 in self._ids else 0.0

    def row(self) -> tuple[float, ...]:
        where = {i: k for k, i in enumerate(self._ids)}
        row = [*self._x[0], *self._v[0], self._m[0]]
        for k in range(1, MOST + 1):
            row += [*self._x[where[k]], *self._v[where[k]], self._m[where[k]], 1.0] if k in where else [0.0] * 6
        if 6 in where:
            row += [*self._x[-1], *self._v[-1], 1.0, self._rocket_energy(), self._thrust]
        else:
            row += [0.0] * 7
        return tuple(map(float, row))

    def conserved(self) -> tuple[float, ...]:
        """Of star and planets; with the post-Newtonian term to its order, up to (v/c)^4."""
        x, v, m = self._x, self._v, self._m
        spins = m * (x[:, 0] * v[:, 1] - x[:, 1] * v[:, 0])
        if self._inverse_c2:
            r, w = x[1:] - x[0], v[1:] - v[0]
            spins[1:] += m[1:] * (r[:, 0] * w[:, 1] - r[:, 1] * w[:, 0]) * self._inverse_c2 * (
                0.5 * (w**2).sum(1) + 3 * G * m[0] / np.hypot(r[:, 0], r[:, 1])
            )  # fmt: skip
        momentum = m @ v
        return float(energy(x, v, m, G, self._inverse_c2)), float(momentum[0]), float(momentum[1]), float(spins.sum())

    def _policy_kick(self) -> float:
        return self.values["burn"] * (1.0 if self.values["rocket"] == "orbiting" else -1.0)

    def policy(self, time: float) -> tuple[float, ...]:
        return (self._policy_kick() if self.due(self.values["burn_time"], time) else 0.0,)

    def branch(self, state: Any) -> str:
        return "free" if self.criticality(state) >= 0 else "bound"

    def criticality(self, state: Any) -> float:
        """The rocket's energy relative to the star (J/kg); without a rocket, the highest of the planets' energies."""
        if state["rocket_present"]:
            return float(state["rocket_energy"])
        energies = [-G * float(state["star_mass"]) / STAR_RADIUS]
        for k in range(1, MOST + 1):
            if state[f"planet_{k}_present"]:
                r = math.hypot(state[f"planet_{k}_x"] - state["star_x"], state[f"planet_{k}_y"] - state["star_y"])
                w = [state[f"planet_{k}_velocity_{c}"] - state[f"star_velocity_{c}"] for c in "xy"]
                energies.append(0.5 * (w[0] ** 2 + w[1] ** 2) - G * float(state["star_mass"]) / r)
        return float(max(energies))

    def story(self) -> Story:
        if self.values["rocket"] == "none":
            outcome = "none"
        elif self._fallen == "rocket":
            outcome = "falls"
        else:
            began, ended = self._first_energy >= 0, self._rocket_energy() >= 0
            outcome = {(0, 0): "orbits", (0, 1): "escape", (1, 0): "capture", (1, 1): "flyby"}[began, ended]
        return story(self.values, outcome, None if self._burnt_at is None else self._burnt_at / self.pace)

    def twin_start(self, twin: str, truth: Truth) -> float | None:
        if twin == "areal_velocity" and self.values["eccentricity"] < 0.12:
            return None  # a round orbit looks the same
        present = [truth.state[f"planet_{k}_present"][-1] for k in range(1, MOST + 1)]
        return 0.35 * len(truth.state) / self.frame_rate if any(present) else None

    def break_law(self, twin: str) -> None:
        planets = [k for k, i in enumerate(self._ids) if 0 < i < 6]
        if twin == "inverse_cube":
            distances = np.linalg.norm(self._x[planets] - self._x[0], axis=1)
            self._length = float(np.exp(np.log(distances).mean()))  # where the two laws pull alike
            self._cube = True
            return
        mu = G * float(self._m[0])
        for k in planets:
            (rx, ry), (wx, wy) = (self._x[k] - self._x[0]).tolist(), (self._v[k] - self._v[0]).tolist()
            r, spin = math.hypot(rx, ry), rx * wy - ry * wx
            ex, ey = (wy * spin) / mu - rx / r, (-wx * spin) / mu - ry / r  # points to the closest approach
            e, parameter = math.hypot(ex, ey), spin**2 / mu
            period = 2 * math.pi * math.sqrt((parameter / (1 - e**2)) ** 3 / mu)
            rate = math.copysign(2 * math.pi * (1 + e**2 / 2) / (parameter**2 * period), spin)  # the same period
            self._ellipses.append((self._ids[k], parameter, e, math.atan2(ey, ex), math.atan2(ry, rx), rate))

    def twin_instances(self, twin: str) -> tuple[int, ...]:
        return (2, 3, 4, 5)

    def paint(self, canvas: Canvas) -> None:
        kind = (type(canvas), *canvas.mask.shape)
        if kind not in self._sky or isinstance(canvas, TracedCanvas):  # every tracing labels anew
            self._sky[kind] = starry_sky(canvas, self._look[1])
        canvas.image[:], canvas.mask[:] = self._sky[kind]
        bodies = {i: (*self._x[k].tolist(), *(self._v[k] - self._v[0]).tolist()) for k, i in enumerate(self._ids)}
        order, _, ringed = self._look
        paint(canvas, Look(bodies, self._trails, tuple(order.tolist()), ringed, self.values["star_colour"], self._nose,
                           self._thrust))  # fmt: skip


def _on_ellipse(
    semi_major: float, eccentricity: float, direction: float, spin: float, anomaly: float, mu: float
) -> tuple[tuple[float, float], tuple[float, float]]:
    """Position and velocity on a Kepler orbit at this true anomaly; `direction`: of the closest approach."""
    parameter = semi_major * (1 - eccentricity**2)
    r, angle = parameter / (1 + eccentricity * math.cos(anomaly)), direction + spin * anomaly
    radial = math.sqrt(mu / parameter) * eccentricity * math.sin(anomaly)
    across = spin * math.sqrt(mu / parameter) * (1 + eccentricity * math.cos(anomaly))
    co, si = math.cos(angle), math.sin(angle)
    return (r * co, r * si), (radial * co - across * si, radial * si + across * co)
