"""CoffeeCup: two toy ships fight in a cup of coffee: they ram each other, ride the waves, and may capsize.

Coffee: linear shallow-water waves in a round cup, pressed down by the hulls (kernels.py). Ships: rigid
bodies in pymunk that collide with one another and with the cup; thrust, rudder, quadratic drag (little ahead, much
abeam), the slope of the waves. Roll: I roll'' = -m g GZ(roll - slope abeam) - damping roll' + blow * LEVER, with the
righting arm GZ = GM sin(a) (cos(a) - cos(limit)) / (1 - cos(limit)): upright and upside down are stable, and between
them stands the angle of vanishing stability. Critical state: roll = that angle; beyond it the ship capsizes.
SI units; x to the right, y away from the viewer.
"""

from __future__ import annotations

import itertools
import math
from typing import Any, ClassVar

import numpy as np
import pymunk

from cuspworld.laws import Law
from cuspworld.truth import Truth
from cuspworld.worlds.coffee_cup import kernels
from cuspworld.worlds.coffee_cup.drawing import TILT, Look, Ship, paint
from cuspworld.worlds.coffee_cup.words import CAPTIONS, story
from cuspworld.worlds.drawing.canvas import COLOURS, Canvas
from cuspworld.worlds.drawing.scenery import Scenery
from cuspworld.worlds.words import Story
from cuspworld.worlds.world import Parameter, Twin, World, crossing

CELLS, STEP = 72, 0.0016  # of the grid across; s, at most
COFFEE = 1000.0  # kg/m^3
BEAM = 0.40  # beam over length of a ship
GYRATION = 0.40  # radius of gyration in roll, in beams
LEVER = 0.0032  # m, height over the roll axis at which a ram strikes
ROLL_DAMPING = 2.5  # 1/s
AHEAD, ABEAM, TURNING = 0.8, 3.0, 1.2  # drag coefficients
FRICTION = 0.6  # 1/s, of the waves


class CoffeeCup(World):
    """Actions: `thrust_1`, `thrust_2` (N) and `rudder_1`, `rudder_2` (N m) of the ships; `shake`, the velocity (m/s)
    that a jolt of the cup gives the coffee."""

    name = "CoffeeCup"
    seconds = 4.0
    view = (-0.062, -0.062, 0.062, 0.062)
    scenery = Scenery("floor", behind=0.1, zoom=(0.75, 1.0), shift=0.04, roll=20.0, turn=10.0)
    parameters = (
        Parameter("colour_1", "", "sail of the first ship", choices=("red", "yellow", "green"), out_choices=("black",)),
        Parameter("colour_2", "", "sail of the second ship", choices=("blue", "white", "purple"),
                  out_choices=("pink",)),
        Parameter("thrust_1", "N", "thrust of the first ship", (3e-5, 1.6e-4), ((0.0, 1e-5), (2.5e-4, 4e-4)),
                  (0.0, 2e-3)),
        Parameter("thrust_2", "N", "thrust of the second ship", (0.0, 8e-5), ((1.5e-4, 2.5e-4),), (0.0, 2e-3)),
        Parameter("mass_1", "kg", "mass of the first ship", (4e-4, 8e-4), ((1.0e-3, 1.4e-3),), (5e-5, 5e-3)),
        Parameter("mass_2", "kg", "mass of the second ship", (4e-4, 8e-4), ((1.0e-3, 1.4e-3),), (5e-5, 5e-3)),
        Parameter("ship_length", "m", "length of a ship", (0.022, 0.027), ((0.016, 0.019),), (0.008, 0.08)),
        Parameter("metacentre", "m", "metacentric height of the ships", (3e-4, 1.4e-3), ((2.2e-3, 3.5e-3),),
                  (5e-5, 1e-2)),
        Parameter("roll_limit", "rad", "angle of vanishing stability", out=((0.5, 0.7), (1.2, 1.4)), bounds=(0.1, 3.0),
                  default=0.95),
        Parameter("shake", "m/s", "jolt of the cup", (0.02, 0.10), ((0.0, 0.01), (0.14, 0.18)), (0.0, 0.4)),
        Parameter("shake_time", "s", "when the cup is jolted", choices=(2.2, 2.4, 2.6, 2.8), out_choices=(0.4, 1.2)),
        Parameter("depth", "m", "depth of the coffee", (0.008, 0.014), ((0.016, 0.022),), (0.003, 0.06)),
        Parameter("radius", "m", "inner radius of the cup", bounds=(0.02, 0.046), default=0.044),
        Parameter("light", "rad", "direction that the light comes from", (0.4, 2.7), ((3.4, 5.5),), (0.0, 6.2832)),
        Parameter("gravity", "m/s^2", "acceleration of free fall", out=((3.6, 3.8), (14.0, 18.0)), bounds=(0.5, 30.0),
                  default=9.81),
    )  # fmt: skip
    held_out = (
        (("colour_1", "green"), ("thrust_1", (1.1e-4, 1.6e-4))),
        (("colour_2", "purple"), ("metacentre", (3e-4, 6e-4))),
    )
    columns: ClassVar[dict[str, str]] = {
        **{f"{name}_{n}": unit for n in (1, 2) for name, unit in (
            ("x", "m"), ("y", "m"), ("heading", "rad"), ("velocity_x", "m/s"), ("velocity_y", "m/s"),
            ("turn_rate", "rad/s"), ("roll", "rad"), ("roll_rate", "rad/s"), ("length", "m"), ("draught", "m"))},
        "gap": "m", "roll_limit": "rad", "wave_height": "m", "water_energy": "J",
    }  # fmt: skip
    limits: ClassVar[dict[str, tuple[float, float]]] = {
        **{f"{what}_{n}": (0.0, high) for n in (1, 2) for what, high in (("length", 0.16), ("draught", math.inf))},
        "roll_limit": (0.1, 3.0),
    }  # fmt: skip
    actions: ClassVar[dict[str, tuple[str, float, float]]] = {
        "thrust_1": ("N", -2e-3, 2e-3), "rudder_1": ("N m", -2e-5, 2e-5), "thrust_2": ("N", -2e-3, 2e-3),
        "rudder_2": ("N m", -2e-5, 2e-5), "shake": ("m/s", -0.4, 0.4),
    }  # fmt: skip
    conserved_units: ClassVar[dict[str, str]] = {"coffee_volume": "m^3"}
    critical_events = ("ramming", "capsizing")
    captions = CAPTIONS
    branches = ("both afloat", "capsized")
    replays = True  # pymunk's contacts are lost in a copy, and with them the last digits
    twins: ClassVar[dict[str, Twin]] = {
        "without_water": Twin(
            "The coffee is gone, and the ships sail on.", Law.PERMANENCE, Law.GRAVITY, Law.CONSERVATION
        ),
        "ignores_wave": Twin("The wave runs through the ships, and they do not stir.", Law.INERTIA, Law.CAUSE),
        "grows": Twin("One of the ships grows.", Law.IDENTITY, Law.CONSERVATION),
    }  # fmt: skip
    instances: ClassVar[dict[int, str]] = {1: "coffee", 2: "ship 1", 3: "ship 2", 4: "cup"}

    def why_not(self, values: dict[str, Any]) -> str:
        if values["ship_length"] > 0.75 * values["radius"]:
            length, radius = values["ship_length"], values["radius"]
            return (
                f"the cup is too small for its ships: take ship_length <= 0.75 radius, got {length:g} m in {radius:g} m"
            )
        for n in (1, 2):
            draught = self._draught(values[f"mass_{n}"], values["ship_length"])
            if draught > 0.9 * values["depth"]:
                return f"mass_{n} sits on the ground: its draught is {draught:.2g} m, the depth {values['depth']:g} m"
        return ""

    @staticmethod
    def _draught(mass: float, length: float) -> float:
        """Archimedes: mass / (density * waterplane), the hull's bell holding 2 pi of its half axes (m)."""
        return mass / (COFFEE * 2 * math.pi * 0.34 * length * 0.34 * BEAM * length)

    def begin(self, rng: np.random.Generator) -> None:
        values = self.values
        self.radius, self.length = values["radius"], values["ship_length"]
        self._cell = 2 * self.radius / (CELLS - 4)
        self._x0 = -CELLS / 2 * self._cell
        line = self._x0 + (np.arange(CELLS) + 0.5) * self._cell
        self.wet = np.hypot(line[None, :], line[:, None]) < self.radius
        self.eta, self._head = np.zeros((2, CELLS, CELLS))
        self._u, self._v = np.zeros((CELLS, CELLS + 1)), np.zeros((CELLS + 1, CELLS))
        self._space = space = pymunk.Space()
        space.iterations, space.collision_slop = 15, 1e-5
        corners = [self.radius * np.array([math.cos(a), math.sin(a)]) for a in np.linspace(0, 2 * math.pi, 65)]
        for a, b in itertools.pairwise(corners):
            wall = pymunk.Segment(space.static_body, tuple(a.tolist()), tuple(b.tolist()), 1e-4)
            wall.friction, wall.elasticity = 0.1, 0.3
            space.add(wall)
        turn = rng.uniform(0, 2 * math.pi)
        half, beam = 0.5 * self.length, BEAM * self.length
        self._half = half - beam / 2
        self.ships: list[pymunk.Body] = []
        for n, mass in enumerate((values["mass_1"], values["mass_2"])):
            ship = pymunk.Body(mass, mass * (self.length**2 + beam**2) / 12)
            angle = turn + math.pi * n
            ship.position = (0.55 * self.radius * math.cos(angle), 0.55 * self.radius * math.sin(angle))
            ship.angle = angle + (math.pi if n == 0 else math.pi / 2) + rng.uniform(-0.35, 0.35)
            shape = pymunk.Segment(ship, (-self._half, 0.0), (self._half, 0.0), beam / 2)
            shape.friction, shape.elasticity = 0.3, 0.4
            space.add(ship, shape)
            self.ships.append(ship)
        self.roll, self.roll_rate = np.zeros(2), np.zeros(2)
        self.capsized = [False, False]
        self.scale = np.ones(2)
        self.dry = self._ignores = self._grows = False
        self._touching = False
        self._press()
        self.eta[self.wet] = -self._head[self.wet] + self._head[self.wet].mean()  # at rest in equilibrium
        self._gap = self._distance()

    def _hulls(self) -> np.ndarray:
        rows = [
            (*ship.position, math.cos(ship.angle), math.sin(ship.angle), 0.34 * self.length, 0.34 * BEAM * self.length,
             ship.mass / COFFEE)
            for ship in self.ships
        ]  # fmt: skip
        return np.array(rows)

    def _press(self) -> None:
        self._hull = self._hulls()
        kernels.hull_pressure(self._head, self._hull, self._x0, self._cell)

    def _distance(self) -> float:
        ends = [ship.local_to_world((side * self._half, 0.0)) for ship in self.ships for side in (-1, 1)]
        return float(kernels.gap(*(c for end in ends for c in end))) - BEAM * self.length

    def advance(self, seconds: float, action: np.ndarray) -> None:
        if action[4] != 0.0:
            self.report("wave", self.time, jolt=float(action[4]))
            self._u[:, 1:-1][self.wet[:, 1:] & self.wet[:, :-1]] += action[4]
        speed = math.sqrt(self.values["gravity"] * self.values["depth"])
        count = math.ceil(seconds / min(STEP, 0.6 * self._cell / speed) - 1e-9)
        for k in range(count):
            self._substep(self.time + k * seconds / count, seconds / count, action)
        if self._grows:
            self.scale[0] = min(self.scale[0] + 0.9 * seconds, 1.9)

    def _substep(self, now: float, dt: float, action: np.ndarray) -> None:
        values, before, rolls = self.values, self._gap, self.roll.copy()
        self._press()
        self._surface = self.eta + self._head  # both now: a dent ahead of its hull would pull the ship along
        kernels.wave_step(
            self.eta,
            self._u,
            self._v,
            self._head,
            self.wet,
            values["gravity"],
            values["depth"],
            FRICTION,
            self._cell,
            dt,
        )
        velocities = [np.array(ship.velocity) for ship in self.ships]
        for n, ship in enumerate(self.ships):
            thrust, rudder = (0.0, 0.0) if self.capsized[n] else action[2 * n : 2 * n + 2].tolist()
            self._drive(n, ship, thrust, rudder, dt)
        driven = [np.array(ship.velocity) for ship in self.ships]
        self._space.step(dt)
        for n, ship in enumerate(self.ships):
            if not self._ignores and not self.capsized[n]:  # the blow of a contact strikes above the axis of roll
                blow = ship.mass * (np.array(ship.velocity) - driven[n])
                abeam = -math.sin(ship.angle) * blow[0] + math.cos(ship.angle) * blow[1]
                self.roll_rate[n] -= abeam * LEVER * math.cos(self.roll[n]) / self._inertia(ship)
        self._gap = self._distance()
        self._notice(now, dt, before, rolls, velocities)

    def _inertia(self, ship: pymunk.Body) -> float:
        return ship.mass * (GYRATION * BEAM * self.length) ** 2

    def _drive(self, n: int, ship: pymunk.Body, thrust: float, rudder: float, dt: float) -> None:
        """Thrust, drag through the moving water, the waves' slope, and roll; applied to the ship's velocity."""
        values, below = self.values, np.zeros(4)
        kernels.under_hull(self._surface, self._u, self._v, self.wet, self._hull[n], self._x0, self._cell, below)
        if self._ignores:
            below[:] = 0.0
        co, si = math.cos(ship.angle), math.sin(ship.angle)
        vx, vy = ship.velocity[0] - below[2], ship.velocity[1] - below[3]
        ahead, abeam = co * vx + si * vy, co * vy - si * vx
        draught = self._draught(ship.mass, self.length)
        front, side = BEAM * self.length * draught, self.length * draught
        along = thrust - 0.5 * COFFEE * AHEAD * front * abs(ahead) * ahead
        across = -0.5 * COFFEE * ABEAM * side * abs(abeam) * abeam
        fx = co * along - si * across - ship.mass * values["gravity"] * below[0]
        fy = si * along + co * across - ship.mass * values["gravity"] * below[1]
        spin = ship.angular_velocity
        moment = rudder - 0.5 * COFFEE * TURNING * side * (self.length / 2) ** 3 * abs(spin) * spin / 2
        moment -= 4e-6 * self.length * spin
        ship.velocity += (fx * dt / ship.mass, fy * dt / ship.mass)
        ship.angular_velocity += moment * dt / ship.moment
        if self._ignores:
            return
        lean = self.roll[n] - math.atan(co * below[1] - si * below[0])
        limit = math.cos(values["roll_limit"])
        arm = values["metacentre"] * math.sin(lean) * (math.cos(lean) - limit) / (1 - limit)
        torque = -ship.mass * values["gravity"] * arm
        self.roll_rate[n] += dt * (
            torque / self._inertia(ship) - (4 if self.capsized[n] else 1) * ROLL_DAMPING * self.roll_rate[n]
        )
        self.roll[n] += dt * self.roll_rate[n]

    def _notice(self, now: float, dt: float, before: float, rolls: np.ndarray, velocities: list[np.ndarray]) -> None:
        """Report events at the instant within this step (straight line between its ends: error of order dt^2)."""
        if self._gap <= 0.0 < before and not self._touching:
            speed = float(np.hypot(*(velocities[0] - velocities[1])))
            self.report("ramming", crossing(before, self._gap, now, dt), speed=speed)
            self._touching = True
        elif self._gap > 0.0015:
            self._touching = False
        for n in range(2):
            old, new, limit = abs(rolls[n]), abs(self.roll[n]), self.values["roll_limit"]
            if old < limit <= new and not self.capsized[n]:
                self.capsized[n] = True
                self.report("capsizing", crossing(old - limit, new - limit, now, dt), ship=n + 1)

    def row(self) -> tuple[float, ...]:
        rows: list[float] = []
        for n, ship in enumerate(self.ships):
            draught = self._draught(ship.mass, self.length)
            rows += [*ship.position, ship.angle, *ship.velocity, ship.angular_velocity, float(self.roll[n]),
                     float(self.roll_rate[n]), self.length * float(self.scale[n]), draught]  # fmt: skip
        free = np.where(self.wet, self.eta + self._head - self._head[self.wet].mean(), 0.0)
        area, values = self._cell**2, self.values
        kinetic = 0.5 * COFFEE * values["depth"] * area * (float((self._u**2).sum()) + float((self._v**2).sum()))
        potential = 0.5 * COFFEE * values["gravity"] * area * float((free**2).sum())
        return (*rows, self._gap, values["roll_limit"], float(free.max()), kinetic + potential)

    def conserved(self) -> tuple[float, ...]:
        area = self._cell**2
        return (float(self.eta[self.wet].sum()) * area + self.values["depth"] * area * float(self.wet.sum()),)

    def policy(self, time: float) -> tuple[float, ...]:
        values, actions = self.values, []
        for n, ship in enumerate(self.ships):
            other = self.ships[1 - n]
            bearing = math.atan2(other.position[1] - ship.position[1], other.position[0] - ship.position[0])
            error = (bearing - ship.angle + math.pi) % (2 * math.pi) - math.pi
            helm = ship.moment * (30.0 * error - 8.0 * ship.angular_velocity) * (1.0 if n == 0 else 0.15)
            actions += [values[f"thrust_{n + 1}"], helm]
        return (*actions, values["shake"] if self.due(values["shake_time"], time) else 0.0)

    def branch(self, state: Any) -> str:
        return "both afloat" if self.criticality(state) < 0 else "capsized"

    def criticality(self, state: Any) -> float:
        """The larger roll over the angle of vanishing stability, less 1."""
        return float(max(abs(state["roll_1"]), abs(state["roll_2"])) / state["roll_limit"] - 1.0)

    def story(self) -> Story:
        names = [event.name for event in self.events]
        lost = [event.detail["ship"] for event in self.events if event.name == "capsizing"]
        colours = (self.values["colour_1"], self.values["colour_2"])
        return story(colours, "ramming" in names, "wave" in names, lost)

    def twin_start(self, twin: str, truth: Truth) -> float | None:
        if twin != "ignores_wave":
            return 0.3 * len(truth.state) / self.frame_rate
        wave = next((event.time for event in truth.events if event.name == "wave"), None)
        if wave is None:
            return None
        after = truth.state[math.ceil(wave * self.frame_rate) :]
        rolls = max(np.ptp(after["roll_1"]), np.ptp(after["roll_2"])) if len(after) else 0.0
        upright = max(abs(truth.state["roll_1"]).max(), abs(truth.state["roll_2"]).max()) < self.values["roll_limit"]
        return wave + 1e-6 if rolls > 0.2 and upright else None

    def break_law(self, twin: str) -> None:
        if twin == "without_water":
            self.dry = True
        elif twin == "grows":
            self._grows = True
        else:
            self._ignores = True
            self.roll[:] = 0.0
            self.roll_rate[:] = 0.0

    def twin_instances(self, twin: str) -> tuple[int, ...]:
        return {"without_water": (1,), "grows": (2,), "ignores_wave": (2, 3)}[twin]

    def camera(self, height: int, width: int) -> dict[str, float]:
        """As in every world, but y is foreshortened: pixel y = origin_y - foreshortening * y / metres_per_pixel."""
        return {**super().camera(height, width), "foreshortening": TILT}

    def paint(self, canvas: Canvas) -> None:
        first, second = (
            Ship(ship.position, ship.angle, float(self.roll[n]), self.length * float(self.scale[n]),
                 COLOURS[self.values[f"colour_{n + 1}"]])
            for n, ship in enumerate(self.ships)
        )  # fmt: skip
        surface = None if self.dry else np.where(self.wet, self.eta + self._head, 0.0)  # without the dents of the hulls
        paint(canvas, Look(self.radius, surface, self.wet, self._x0, self._cell, self.values["light"], (first, second)))
