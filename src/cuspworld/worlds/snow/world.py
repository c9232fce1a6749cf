"""Snow: an animal jumps through the snow, lumps fall and crumble, a slope stays or slides.

Snow: elastoplastic continuum with cohesion, by the material point method (kernels.py). Animal: a rigid body in
pymunk (it keeps its posture, so it does not turn) that exchanges momentum with the snow at the nodes of the grid. The
world is a slice of depth `DEPTH`; SI units. Three scenes: `jump` (through a bank of snow), `lump` (falls from a
branch), `avalanche` (a lump falls on a slab that lies on a weak layer).
Critical state: the share of whole bonds falls below what holds the snow together. For a lump and a bank that is one
half; for a slab of thickness h it is the infinite slope's limit equilibrium, tan(slope) = tan(phi) + s c / (rho g h
cos(slope)).
"""

from __future__ import annotations

import math
from typing import Any, ClassVar

import numpy as np
import pymunk

from cuspworld.laws import Law
from cuspworld.truth import Truth
from cuspworld.worlds.drawing.canvas import Canvas
from cuspworld.worlds.drawing.scenery import Scenery
from cuspworld.worlds.snow import kernels
from cuspworld.worlds.snow.drawing import Look, paint
from cuspworld.worlds.snow.scene import (
    BULK,
    CELL,
    COLUMNS,
    FLOOR,
    FOOT,
    LUMP,
    ORIGIN,
    ROWS,
    SHEAR,
    SPACING,
    above_ground,
    lay_snow,
    limit_equilibrium,
)
from cuspworld.worlds.snow.words import CAPTIONS, story
from cuspworld.worlds.words import Story
from cuspworld.worlds.world import Parameter, Twin, World, crossing

STEP = 1 / 750  # s, at most
DEPTH = 0.5  # m, of the slice
CAP, HARDENING, BREAKING = 4000.0, 20.0, 0.1  # Pa; 1; plastic strain that breaks a bond
HALF, RADIUS = 0.15, 0.16  # m, of the animal's capsule
TOUCH = 1e-3  # m over the ground at which it stands on it
REACH = 0.5  # m before the animal, where the middle of a lump that slid down has reached it
FOOTING = 0.1  # s after which an animal that touched nothing can no longer jump


class Snow(World):
    """Actions: `jump_x`, `jump_y`, an impulse (N s) with which the animal jumps if it has a footing; `release` (above
    0.5), which lets the lump go."""

    name = "Snow"
    seconds = 2.4
    view = (0.0, 0.0, 3.2, 3.2)
    scenery = Scenery("sky", behind=0.0, zoom=(1.0, 1.15), shift=0.03, roll=2.0, turn=4.0)
    parameters = (
        Parameter("scene", "", "what happens", choices=("jump", "lump", "avalanche")),
        Parameter("animal", "", "who is there", choices=("fox", "bear", "penguin", "rabbit"), out_choices=("cat",)),
        Parameter("animal_mass", "kg", "mass of the animal", (18.0, 30.0), ((8.0, 12.0), (45.0, 70.0)), (1.0, 500.0)),
        Parameter("jump_speed", "m/s", "speed with which it jumps", (3.0, 5.5), ((1.5, 2.5), (6.5, 7.5)), (0.0, 10.0)),
        Parameter("jump_angle", "deg", "direction of the jump over the horizontal", (28.0, 45.0), ((55.0, 65.0),),
                  (0.0, 89.0)),
        Parameter("when", "s", "when it happens", choices=(0.3, 0.4, 0.5), out_choices=(0.2, 0.8)),
        Parameter("drop", "m", "how far the lump falls", (0.6, 1.5), ((0.2, 0.4),), (0.05, 1.6)),
        Parameter("cohesion", "Pa", "cohesion of the lump or the bank", (400.0, 5000.0),
                  ((0.0, 200.0), (8000.0, 20000.0)), (0.0, 1e5)),
        Parameter("slope", "deg", "angle of the slope", (22.0, 44.0), ((14.0, 19.0), (46.0, 49.0)), (0.0, 50.0)),
        Parameter("friction_angle", "deg", "angle of repose of the snow", (28.0, 36.0), ((20.0, 24.0), (40.0, 44.0)),
                  (5.0, 60.0)),
        Parameter("slab_cohesion", "Pa", "cohesion of the slab", (1700.0, 2600.0), ((3500.0, 5000.0),), (0.0, 1e5)),
        Parameter("depth", "m", "thickness of the snow", (0.26, 0.38), ((0.16, 0.22), (0.44, 0.5)), (0.1, 0.6)),
        Parameter("density", "kg/m^3", "density of the snow", (200.0, 300.0), ((100.0, 150.0), (400.0, 500.0)),
                  (20.0, 900.0)),
        Parameter("gravity", "m/s^2", "acceleration of free fall", out=((3.6, 3.8), (12.0, 15.0)), bounds=(0.5, 30.0),
                  default=9.81),
    )  # fmt: skip
    held_out = (
        (("animal", "penguin"), ("scene", "avalanche")),
        (("animal", "rabbit"), ("cohesion", (3500.0, 5000.0))),
        (("depth", (0.34, 0.38)), ("density", (270.0, 300.0))),
    )
    columns: ClassVar[dict[str, str]] = {
        "animal_x": "m",
        "animal_y": "m",
        "animal_velocity_x": "m/s",
        "animal_velocity_y": "m/s",
        "lump_x": "m",
        "lump_y": "m",
        "lump_velocity_x": "m/s",
        "lump_velocity_y": "m/s",
        "slab_speed": "m/s",
        "bonds": "1",
        "critical_bonds": "1",
        "snow_momentum_x": "N s",
        "snow_momentum_y": "N s",
        "energy": "J",
    }
    limits: ClassVar[dict[str, tuple[float, float]]] = {
        "bonds": (0.0, 1.0), "critical_bonds": (-2.0, 2.0), "slab_speed": (0.0, math.inf),
    }  # fmt: skip
    actions: ClassVar[dict[str, tuple[str, float, float]]] = {
        "jump_x": ("N s", -300.0, 300.0),
        "jump_y": ("N s", -300.0, 300.0),
        "release": ("1", 0.0, 1.0),
    }
    conserved_units: ClassVar[dict[str, str]] = {"snow_mass": "kg", "balance_x": "N s", "balance_y": "N s"}
    critical_events = ("crumbles", "avalanche")
    captions = CAPTIONS
    branches = ("whole", "crumbled", "resting", "sliding")
    twins: ClassVar[dict[str, Twin]] = {
        "lumps_rise": Twin("The lumps of snow fall upwards.", Law.GRAVITY),
        "lumps_hover": Twin("The lumps of snow stop in the air and stay.", Law.GRAVITY, Law.INERTIA),
    }
    instances: ClassVar[dict[int, str]] = {1: "animal", 2: "snow", 3: "lump", 4: "branch"}

    def why_not(self, values: dict[str, Any]) -> str:
        if values["scene"] == "avalanche" and values["slope"] < 5:
            return f"slope must be at least 5 deg in the scene 'avalanche': got {values['slope']:g}"
        return ""

    def begin(self, rng: np.random.Generator) -> None:
        values = self.values
        scene, shift = values["scene"], rng.uniform(-0.08, 0.08)
        self.slope = math.radians(values["slope"]) if scene == "avalanche" else 0.0
        self._grid = np.zeros((COLUMNS, ROWS, 3))
        self._given = np.zeros(4)
        x, y = (ORIGIN[k] + CELL * np.arange(n) for k, n in enumerate((COLUMNS, ROWS)))
        self._ground = above_ground(x[:, None], y[None, :], self.slope)
        self._volume = SPACING**2 * DEPTH
        self._particle_mass = self._volume * values["density"]
        self._law = np.array([
            BULK * values["density"], SHEAR * values["density"], math.radians(values["friction_angle"]), CAP, HARDENING,
            BREAKING,
        ])  # fmt: skip
        cover = lay_snow(values, self.slope, shift, rng)
        self._snow, self.lump, self.slab, self.perch = cover.snow, cover.lump, cover.slab, cover.perch
        self._weigh()
        self._piece = np.flatnonzero(cover.weak if self.slope else self.lump)
        self._critical = limit_equilibrium(values, self.slope) if self.slope else 0.5
        self._place_animal(rng)
        self._released = scene == "jump"
        self._released_at = -math.inf
        self._impulse = np.zeros(2)  # N s, of gravity, the ground and jumping, since the start
        self._touched, self._settling = -1.0, True
        self._law[5] = 1e9  # bonds do not break while the snow settles
        for _ in range(150):
            self._substep(-1.0, STEP)
            self._snow[:, kernels.VX : kernels.CYY + 1] *= 0.96
            self._animal.velocity *= 0.96
        self._law[5] = BREAKING
        self._settling, self._touched = False, 0.0
        self._impulse[:] = 0.0
        self._start = self._momentum()
        self._bonds, self._gap = self._mean_bonds(), self._clearance()
        self._in_air = False
        if self._bonds <= self._critical:
            self.report("avalanche" if self.slope else "crumbles", 0.0)

    def _weigh(self) -> None:
        """How many particles' weight pulls downwards (a held one is borne by its branch)."""
        self._weighs = float((self._snow[:, kernels.MOVES] * self._snow[:, kernels.LIFT]).sum())

    def _place_animal(self, rng: np.random.Generator) -> None:
        values, scene = self.values, self.values["scene"]
        self._space = space = pymunk.Space()
        space.gravity, space.iterations, space.collision_slop = (0.0, -values["gravity"]), 10, 1e-4
        ground = [(9.0, FLOOR), (FOOT, FLOOR), (FOOT - 9.0, FLOOR + 9.0 * math.tan(self.slope))]
        for a, b in ((ground[0], ground[1]), (ground[1], ground[2])):
            segment = pymunk.Segment(space.static_body, a, b, 0.0)
            segment.friction, segment.elasticity = 0.8, 0.0
            space.add(segment)
        self._animal = animal = pymunk.Body(values["animal_mass"], math.inf)
        shape = pymunk.Segment(animal, (-HALF, 0.0), (HALF, 0.0), RADIUS)
        shape.friction, shape.elasticity = 0.8, 0.0
        where = {"jump": 0.5, "lump": 0.9, "avalanche": 2.65}[scene] + rng.uniform(-0.08, 0.08)
        animal.position = (where, FLOOR + values["depth"] * (0.5 if self.slope else 1.0) + RADIUS)
        self.facing = -1.0 if scene == "avalanche" else 1.0
        space.add(animal, shape)

    def _body(self) -> np.ndarray:
        (x, y), velocity = self._animal.position, self._animal.velocity
        return np.array([x - HALF, y, x + HALF, y, RADIUS, velocity[0], velocity[1], self._animal.mass, 0.3])

    def advance(self, seconds: float, action: np.ndarray) -> None:
        if action[2] > 0.5 and not self._released:
            self._released, self._released_at = True, self.time
            self._snow[self.lump, kernels.MOVES] = 1.0
            self._weigh()
            self.report("lump released", self.time)
        if (action[0] or action[1]) and self.time - self._touched <= FOOTING:
            self._animal.velocity += (action[0] / self._animal.mass, action[1] / self._animal.mass)
            self._impulse += action[:2]
            self.report("jumps", self.time, impulse_x=float(action[0]), impulse_y=float(action[1]))
            self._in_air, self._touched = True, -1.0
            self._leaving = self.time + 0.06
        count = math.ceil(seconds / STEP - 1e-9)
        dt = seconds / count
        for k in range(count):
            now = self.time + k * dt
            bonds, gap = self._bonds, self._gap
            self._substep(now, dt)
            self._bonds = self._mean_bonds()
            self._gap = self._clearance() if gap > 0 else gap
            self._notice(now, dt, bonds, gap)

    def _substep(self, now: float, dt: float) -> None:
        """One step of the animal (pymunk) and of the snow, and the bookkeeping of what gave them momentum."""
        animal, gravity = self._animal, self.values["gravity"]
        before, start = np.array(animal.velocity), animal.position
        self._space.step(dt)
        self._impulse += (np.array(animal.velocity) - before) * animal.mass
        body = self._body()
        kernels.snow_step(
            self._snow, self._grid, self._ground, *ORIGIN, CELL, dt, gravity, self._particle_mass, self._volume,
            self._law, body, self._given,
        )  # fmt: skip
        animal.velocity = (float(body[5]), float(body[6]))
        self._impulse += self._given[:2]
        self._impulse[1] -= gravity * dt * self._particle_mass * self._weighs
        met = self._given[3] < 0.0 or animal.position[1] < FLOOR + RADIUS + TOUCH
        if met and not self._settling and (not self._in_air or now > self._leaving):
            self._touched = now
            if self._in_air:
                self._in_air = False
                self.report("lands", self._landing(start, now, dt), speed=float(np.hypot(*before)))

    def _landing(self, start: tuple[float, float], now: float, dt: float) -> float:
        """When in this step the animal, which was at `start`, met the ground or the first of the grid's snow."""
        ends = np.array([start, self._animal.position])
        nodes = np.argwhere(self._grid[:, :, 0] > 0.0) * CELL + ORIGIN
        across = np.maximum(np.abs(nodes[None, :, 0] - ends[:, None, 0]) - HALF, 0.0)
        gaps = np.hypot(across, nodes[None, :, 1] - ends[:, None, 1]) - RADIUS
        gaps = np.concatenate([gaps, ends[:, 1:] - FLOOR - RADIUS - TOUCH], 1)
        met = gaps[:, gaps[1] < 0.0]
        return min((now if a <= 0 else crossing(a, b, now, dt) for a, b in met.T.tolist()), default=now + dt)

    def _notice(self, now: float, dt: float, bonds: float, gap: float) -> None:
        """Report events at the instant within this step (straight line between its ends: error of order dt^2)."""
        if self._bonds <= self._critical < bonds:
            name = "avalanche" if self.slope else "crumbles"
            self.report(name, crossing(bonds - self._critical, self._bonds - self._critical, now, dt))
        if self._gap <= 0 < gap:
            self.report("impact", crossing(gap, self._gap, now, dt))

    def _mean_bonds(self) -> float:
        return float(self._snow[self._piece, kernels.BOND].mean())

    def _clearance(self) -> float:
        """Gap (m) between the released lump and the snow below it, or between the animal and the bank.

        Bodies that share the grid touch when they are one cell apart."""
        if self.values["scene"] == "jump":
            (x, y) = self._animal.position
            near = self._snow[self.lump, :2]
            d = np.hypot(near[:, 0] - np.clip(near[:, 0], x - HALF, x + HALF), near[:, 1] - y)
            return float(d.min()) - RADIUS - CELL / 2 if not self._settling else 1.0
        if not self._released:
            return 1.0
        lump = self._snow[self.lump, :2]
        if self.slope:
            layer = self._snow[self.slab, :2]
            normal = np.array([math.sin(self.slope), math.cos(self.slope)])
            near = abs(layer[:, 0] - lump[:, 0].mean()) < LUMP
            return float((lump @ normal).min() - (layer[near] @ normal).max(initial=-9.0)) - CELL
        bottom = float(lump[:, 1].min())
        x = float(lump[:, 0].mean())
        return bottom - kernels.surface_below(self._snow, self.lump, x - LUMP / 2, x + LUMP / 2) - CELL

    def _momentum(self) -> np.ndarray:
        snow = self._particle_mass * self._snow[:, [kernels.VX, kernels.VY]].sum(0)
        return snow + self._animal.mass * np.array(self._animal.velocity)

    def row(self) -> tuple[float, ...]:
        snow, animal, gravity = self._snow, self._animal, self.values["gravity"]
        lump = snow[self.lump, :4].mean(0)
        sliding = snow[self.slab, kernels.VX : kernels.VY + 1].mean(0) if self.slope else np.zeros(2)
        speeds = snow[:, kernels.VX] ** 2 + snow[:, kernels.VY] ** 2
        energy = self._particle_mass * float(0.5 * speeds.sum() + gravity * snow[:, kernels.Y].sum())
        energy += kernels.elastic_energy(snow, self._volume, self._law[0], self._law[1])
        energy += animal.mass * (0.5 * animal.velocity.length_squared + gravity * animal.position[1])
        momentum = self._particle_mass * snow[:, [kernels.VX, kernels.VY]].sum(0)
        return (
            *animal.position, *animal.velocity, *lump.tolist(), float(np.hypot(*sliding)), self._bonds, self._critical,
            *momentum.tolist(), energy,
        )  # fmt: skip

    def conserved(self) -> tuple[float, ...]:
        """The mass of the snow; and the momentum of snow and animal less the impulses that they got from outside."""
        balance = self._momentum() - self._start - self._impulse
        return len(self._snow) * self._particle_mass, float(balance[0]), float(balance[1])

    def policy(self, time: float) -> tuple[float, ...]:
        values = self.values
        if not self.due(values["when"], time):
            return 0.0, 0.0, 0.0
        if values["scene"] == "avalanche":
            return 0.0, 0.0, 1.0
        angle, impulse = math.radians(values["jump_angle"]), values["jump_speed"] * values["animal_mass"]
        if values["scene"] == "lump":  # it hops aside
            return -0.1 * impulse, 0.4 * impulse, 1.0
        return math.cos(angle) * impulse, math.sin(angle) * impulse, 0.0

    def branch(self, state: Any) -> str:
        beyond = state["bonds"] <= state["critical_bonds"]
        if self.values.get("scene") == "avalanche":
            return "sliding" if beyond else "resting"
        return "crumbled" if beyond else "whole"

    def criticality(self, state: Any) -> float:
        """The share of bonds needed less the share that is whole."""
        return float(state["critical_bonds"] - state["bonds"])

    def story(self) -> Story:
        state = self.state
        reached = bool(state["lump_x"] > state["animal_x"] - REACH)
        return story(self.values, [event.name for event in self.events], reached)

    def twin_start(self, twin: str, truth: Truth) -> float | None:
        times = {event.name: event.time for event in truth.events}
        if self.values["scene"] == "jump":
            return times["crumbles"] + 0.1 if "crumbles" in times else None
        if "lump released" not in times:
            return None
        half = times["lump released"] + 0.5 * (times.get("impact", 1e9) - times["lump released"])
        return half if half < 1e3 else None

    def break_law(self, twin: str) -> None:
        lump = self.lump.copy()
        if self.values["scene"] == "jump":  # what flies, and not what still stands
            lump &= self._snow[:, kernels.Y] > FLOOR + self.values["depth"] + 0.1
        if twin == "lumps_rise":
            self._snow[lump, kernels.LIFT] = -1.0
        else:
            self._snow[lump, kernels.VX : kernels.CYY + 1] = 0.0
            self._snow[lump, kernels.MOVES] = 0.0
        self._weigh()

    def twin_instances(self, twin: str) -> tuple[int, ...]:
        return (3,)

    def paint(self, canvas: Canvas) -> None:
        animal = self._animal
        perch = None if self.values["scene"] == "jump" else self.perch
        since_release = self.time - self._released_at if self._released else -1.0
        position = (animal.position.x, animal.position.y)
        paint(canvas, Look(self._snow[:, :2], self.lump, self.slope, self.values["animal"], position, self.facing,
                           self._in_air, animal.velocity[1], perch, since_release))  # fmt: skip
