"""Juice: a glass of liquid on a table is pushed; it rocks back, or tips over and pours.

Glass: Newton-Euler equations with contact and Coulomb friction, solved by pymunk (Chipmunk). Liquid: position-based
fluid (liquid_kernels.py) that exchanges momentum with the glass. The world is a slice of depth `DEPTH`; SI units.
Critical state: the common centre of mass of the glass and the liquid in it stands over the edge of its support.
"""

from __future__ import annotations

import math
from typing import Any, ClassVar

import numpy as np
import pymunk

from cuspworld.laws import Law
from cuspworld.truth import Truth
from cuspworld.worlds.drawing.canvas import COLOURS, Canvas
from cuspworld.worlds.drawing.scenery import Scenery
from cuspworld.worlds.engines.liquid_kernels import inside, liquid_step, rest_density
from cuspworld.worlds.environment import RESUME
from cuspworld.worlds.juice.drawing import Look, paint
from cuspworld.worlds.juice.resting import in_glass, on_table
from cuspworld.worlds.juice.words import CAPTIONS, story
from cuspworld.worlds.tasks import Task
from cuspworld.worlds.words import Story
from cuspworld.worlds.world import Parameter, Twin, World, crossing

STEP = 1 / 600  # s, at most
DEPTH = 0.06  # m, of the slice
SPACING = 0.0042  # m, between particles
REACH = 2.2 * SPACING  # m, of the density kernel
DENSITY = 1000.0  # kg/m^3
PUSH_LASTS = 0.1  # s
VISCOSITY = 12.0  # 1/s, rate at which neighbouring particles take each other's velocity
HEIGHT, HALF_BASE, HALF_RIM = 0.140, 0.031, 0.040  # m, of the glass, between the middles of its walls
WALL, BASE = 0.003, 0.006  # m, half thicknesses
FINGER_GAP = 0.03  # m, from the glass's wall to the hand when it rests
BRIM = HEIGHT + WALL + SPACING  # m, over the base: liquid above it is out of the glass
# Capsules of the glass in its own frame (origin: middle of the base): ax, ay, bx, by, radius.
CAPSULES = np.array(
    [
        [-HALF_BASE, 0.0, HALF_BASE, 0.0, BASE],
        [-HALF_BASE - 0.002, 0.004, -HALF_RIM, HEIGHT, WALL],
        [HALF_BASE + 0.002, 0.004, HALF_RIM, HEIGHT, WALL],
    ]
)


class Juice(World):
    """Action: `push`, an impulse (N s) along the table, delivered to the glass over the next 0.1 s."""

    name = "Juice"
    seconds = 3.0
    view = (-0.165, -0.080, 0.165, 0.250)
    scenery = Scenery("wall", zoom=(0.75, 1.0), shift=0.06, roll=3.0, turn=12.0)
    parameters = (
        Parameter("liquid", "", "colour of the juice", choices=("orange", "red", "green", "blue", "purple"),
                  out_choices=("yellow", "pink")),
        Parameter("push", "N s", "impulse of the push", (0.12, 0.38), ((0.02, 0.08), (0.50, 0.8)), (0.0, 2.0)),
        Parameter("push_height", "1", "where it is pushed, in heights of the glass", (0.70, 0.85), ((0.45, 0.6),),
                  (0.1, 1.0)),
        Parameter("push_time", "s", "when it is pushed", choices=(0.4, 0.5, 0.6, 0.7, 0.8), out_choices=(0.2, 1.2)),
        Parameter("side", "", "the side from which it is pushed", choices=("left",), out_choices=("right",)),
        Parameter("fill", "1", "height of the liquid, in heights of the glass", (0.45, 0.70),
                  ((0.15, 0.30), (0.80, 0.90)), (0.10, 0.95)),
        Parameter("glass_mass", "kg", "mass of the empty glass", (0.28, 0.40), ((0.8, 1.2),), (0.05, 10.0)),
        Parameter("friction", "1", "Coulomb coefficient of glass on table", out=((0.10, 0.25),), bounds=(0.0, 2.0),
                  default=0.8),
        Parameter("gravity", "m/s^2", "acceleration of free fall", out=((3.6, 3.8), (14.0, 18.0)), bounds=(0.5, 30.0),
                  default=9.81),
    )  # fmt: skip
    held_out = (
        (("liquid", "green"), ("push", (0.31, 0.38))),
        (("liquid", "purple"), ("fill", (0.45, 0.52))),
    )
    columns: ClassVar[dict[str, str]] = {
        "glass_x": "m",
        "glass_y": "m",
        "glass_angle": "rad",
        "glass_velocity_x": "m/s",
        "glass_velocity_y": "m/s",
        "glass_angular_velocity": "rad/s",
        "liquid_x": "m",
        "liquid_y": "m",
        "liquid_inside": "1",
        "overhang": "m",
        "push_force": "N",
        "energy": "J",
    }
    limits: ClassVar[dict[str, tuple[float, float]]] = {"push_force": (-1.0 / PUSH_LASTS, 1.0 / PUSH_LASTS)}
    actions: ClassVar[dict[str, tuple[str, float, float]]] = {"push": ("N s", -1.0, 1.0)}
    conserved_units: ClassVar[dict[str, str]] = {"liquid_mass": "kg"}
    critical_events = ("tipping", "recovers", "spill begins")
    captions = CAPTIONS
    branches = ("standing", "fallen")
    tasks: ClassVar[dict[str, Task]] = {
        "Pour": Task(
            "Push the glass so that more than half of the juice leaves it.",
            progress=lambda state: 1 - float(state["liquid_inside"]),
            reached=lambda world: world.state["liquid_inside"] < 0.5,
            cost=0.1,
        ),
    }
    replays = True  # pymunk's contacts are lost in a copy, and with them the last digits
    twins: ClassVar[dict[str, Twin]] = {
        "pouring_skipped": Twin("The glass stands; at once it lies there and the juice is out.", Law.PASSAGE),
        "liquid_vanishes": Twin("The juice vanishes.", Law.PERMANENCE, Law.CONSERVATION),
        "stays_in_glass": Twin("The glass lies on its side and the juice stays in it.", Law.GRAVITY, Law.CAUSE),
    }
    changeable = ("gravity", "glass_mass", "friction")
    instances: ClassVar[dict[int, str]] = {1: "glass", 2: "liquid", 3: "hand"}

    def begin(self, rng: np.random.Generator) -> None:
        values = self.values
        self._direction = 1.0 if values["side"] == "left" else -1.0
        start = -self._direction * rng.uniform(0.074, 0.096)
        self._space = space = pymunk.Space()
        space.gravity = (0.0, -values["gravity"])
        space.iterations = 20
        space.collision_slop = 1e-4
        table = pymunk.Segment(space.static_body, (-9.0, -0.05), (9.0, -0.05), 0.05)
        table.friction, table.elasticity = 1.0, 0.5
        self._glass = glass = pymunk.Body()
        shares = np.hypot(CAPSULES[:, 2] - CAPSULES[:, 0], CAPSULES[:, 3] - CAPSULES[:, 1]) * CAPSULES[:, 4]
        shapes = []
        for (ax, ay, bx, by, radius), share in zip(CAPSULES.tolist(), shares / shares.sum(), strict=True):
            shape = pymunk.Segment(glass, (ax, ay), (bx, by), radius)
            shape.mass = float(values["glass_mass"] * share)
            shape.friction, shape.elasticity = values["friction"], 0.3
            shapes.append(shape)
        glass.position = (start, BASE)
        self._start = start
        space.add(table, glass, *shapes)
        self._rest = rest_density(SPACING, REACH)
        self._particle_mass = DENSITY * DEPTH * SPACING**2 * math.sqrt(3) / 2
        self._exchange = np.zeros(5)
        self._frozen: tuple[np.ndarray, np.ndarray] | None = None
        self._pour(start, rng)
        self._push_force = 0.0
        self._push_until = -1.0
        self._overhang = self._measure()
        self._contact = self._push_point()
        self._released: tuple[float, float, float] | None = None

    def resume(self, numbers: np.ndarray) -> None:
        """What the numbers do not say: nobody pushes; liquid lies at rest in the glass, or in a film on the table."""
        said = dict(zip(self.columns, self.check_numbers(numbers).tolist(), strict=True))
        self._taken.append((RESUME, np.array(numbers, np.float64)))
        glass, full = self._glass, int(self._full)
        glass.angle = said["glass_angle"]
        x, y = glass.local_to_world(glass.center_of_gravity)
        glass.position += (said["glass_x"] - x, said["glass_y"] - y)
        walls = self._walls()
        sunk = -float((walls[:, (1, 3)].min(1) - walls[:, 4]).min())
        glass.position += (0.0, max(sunk, 0.0))  # out of the table
        glass.velocity = (said["glass_velocity_x"], said["glass_velocity_y"])
        glass.angular_velocity = said["glass_angular_velocity"]
        self._space.reindex_shapes_for_body(glass)
        self._push_force, self._push_until, self._released, self._frozen = 0.0, -1.0, None, None
        low, margin = 2 * BASE + 0.6 * SPACING, WALL + 0.5 * SPACING
        slope = (HALF_RIM - HALF_BASE) / HEIGHT
        kept = in_glass(
            round(full * min(max(said["liquid_inside"], 0.0), 1.0)), glass.angle, SPACING, low, HEIGHT,
            HALF_BASE + slope * (low - BASE) - margin, HALF_RIM - margin,
        )  # fmt: skip
        turn = np.array(
            [[math.cos(glass.angle), math.sin(glass.angle)], [-math.sin(glass.angle), math.cos(glass.angle)]]
        )
        kept = kept @ turn + np.array(glass.position)
        out, walls = full - len(kept), self._walls()
        near = walls[(walls[:, (1, 3)].min(1) - walls[:, 4]) < 3 * SPACING]  # what stands or lies on the table
        sides = near[:, (0, 2)] if len(near) else np.array([[glass.position[0]] * 2])
        taken = float(sides.min()) - 2 * BASE, float(sides.max()) + 2 * BASE
        middle = (said["liquid_x"] * full - float(kept[:, 0].sum())) / max(out, 1)
        self._x = np.concatenate([kept, on_table(out, float(np.clip(middle, -0.5, 0.5)), SPACING, taken)])
        self._v = np.zeros_like(self._x)
        for _ in range(20):
            self._move_liquid(STEP)
            self._v *= 0.8
        away = self._x - np.array(glass.local_to_world(glass.center_of_gravity))
        carried = np.array(glass.velocity) + glass.angular_velocity * np.stack([-away[:, 1], away[:, 0]], 1)
        self._v = np.where((np.arange(full) < len(kept))[:, None], carried, 0.0)
        self._overhang = self._measure()
        self._contact = self._push_point()

    def changed(self, name: str) -> None:
        values = self.values
        self._space.gravity = (0.0, -values["gravity"])
        scale = values["glass_mass"] / self._glass.mass
        for shape in self._glass.shapes:
            shape.friction, shape.mass = values["friction"], shape.mass * scale

    def _pour(self, start: float, rng: np.random.Generator) -> None:
        """Fill the standing glass with a lattice of particles and let it come to rest before the clip begins."""
        level = BASE + self.values["fill"] * HEIGHT
        row = np.arange(BASE * 2 + SPACING * 0.6, level, SPACING * 0.8660254)
        points = []
        for k, y in enumerate(row):
            half = HALF_BASE + (HALF_RIM - HALF_BASE) * (y - BASE) / HEIGHT - WALL - 0.5 * SPACING
            x = np.arange(-half + 0.5 * SPACING * (k % 2), half, SPACING)
            points.append(np.stack([x, np.full_like(x, y)], 1))
        self._x = np.add(np.concatenate(points), [start, 0.0])
        self._x += rng.uniform(-1e-5, 1e-5, self._x.shape)
        self._v = np.zeros_like(self._x)
        self._in = np.ones(len(self._x), np.bool_)
        self._full: int = len(self._x)
        for _ in range(120):
            self._move_liquid(STEP)
            self._v *= 0.97

    def _walls(self) -> np.ndarray:
        """The capsules of the glass where it is now."""
        (px, py), angle = self._glass.position, self._glass.angle
        co, si = math.cos(angle), math.sin(angle)
        walls = np.empty_like(CAPSULES)
        for k in (0, 2):
            walls[:, k] = px + co * CAPSULES[:, k] - si * CAPSULES[:, k + 1]
            walls[:, k + 1] = py + si * CAPSULES[:, k] + co * CAPSULES[:, k + 1]
        walls[:, 4] = CAPSULES[:, 4]
        return walls

    def _move_liquid(self, dt: float) -> None:
        glass = self._glass
        centre = glass.local_to_world(glass.center_of_gravity)
        motion = np.array([centre[0], centre[1], *glass.velocity, glass.angular_velocity])
        liquid_step(
            self._x, self._v, dt, self.values["gravity"], SPACING, REACH, self._rest, self._walls(), motion,
            0.05, VISCOSITY * dt, 0.35, self._exchange,
        )  # fmt: skip
        self._reaction = (-self._particle_mass / dt) * self._exchange[:3]  # impulse (N s) and its moment, on the glass

    def advance(self, seconds: float, action: np.ndarray) -> None:
        if action[0] != 0.0:
            self.report("push", self.time, impulse=float(action[0]))
            self._push_force, self._push_until = float(action[0]) / PUSH_LASTS, self.time + PUSH_LASTS
        count = math.ceil(seconds / STEP - 1e-9)
        dt = seconds / count
        for k in range(count):
            self._substep(self.time + k * dt, dt)

    def _substep(self, now: float, dt: float) -> None:
        glass = self._glass
        share = min(max((self._push_until - now) / dt, 0.0), 1.0)  # of this step during which the push lasts
        if share > 1e-9:
            self._contact = self._push_point()
            glass.apply_impulse_at_world_point((self._push_force * share * dt, 0.0), self._contact)
        elif self._push_force != 0.0:
            self._released = (now, *self._contact)
            self._push_force = 0.0
            self.report("push ends", self._push_until)
        before, rim_before = self._overhang, self._rim()
        full = len(self._x) > 0 and bool(self._in.all())
        inside_before = self._depth_inside() if full else None
        self._press(dt)
        self._space.step(dt)
        if self._frozen is not None:
            self._carry()
        elif len(self._x):
            self._move_liquid(dt)
        self._overhang = self._measure()
        self._notice(now, dt, before, rim_before, inside_before)

    def _press(self, dt: float) -> None:
        """The liquid presses on the glass: the impulse that it took in the last step acts as a force in this one."""
        glass = self._glass
        fx, fy, moment = (self._reaction / dt).tolist()
        centre = glass.local_to_world(glass.center_of_gravity)
        glass.apply_force_at_world_point((fx, fy), centre)
        glass.torque += moment

    def _notice(
        self, now: float, dt: float, before: float, rim_before: float, inside_before: np.ndarray | None
    ) -> None:
        """Report events at the instant within this step (straight line between its ends: error of order dt^2)."""
        if before < 0 <= self._overhang:
            self.report("tipping", crossing(before, self._overhang, now, dt))
        if self._overhang < 0 <= before:
            self.report("recovers", crossing(before, self._overhang, now, dt))
        rim = self._rim()
        if rim <= 0 < rim_before and self.time_of("impact") is None:
            self.report("impact", crossing(rim_before, rim, now, dt))
        if inside_before is not None and not self._in.all():  # the first particle that is out
            inside_now = self._depth_inside()
            out = np.flatnonzero(~self._in).tolist()
            self.report("spill begins", min(crossing(inside_before[k], inside_now[k], now, dt) for k in out))

    def _measure(self) -> float:
        """Overhang (m): how far the centre of mass of glass and contents is beyond the edge that it leans on."""
        glass = self._glass
        (px, py), angle = glass.position, glass.angle
        count, sx, _ = inside(self._x, px, py, angle, HALF_BASE, HALF_RIM, 0.0, BRIM, self._in)
        centre = glass.local_to_world(glass.center_of_gravity)
        contents = count * self._particle_mass
        x = (glass.mass * centre[0] + self._particle_mass * sx) / (glass.mass + contents)
        reach = HALF_BASE * math.cos(angle)
        return max(x - (px + reach), (px - reach) - x)

    def _depth_inside(self) -> np.ndarray:
        """How deep (m) each particle is inside the glass: at most its distance from what bounds `inside`."""
        (px, py), angle = self._glass.position, self._glass.angle
        x, y = self._x[:, 0] - px, self._x[:, 1] - py
        across, up = math.cos(angle) * x + math.sin(angle) * y, math.cos(angle) * y - math.sin(angle) * x
        half = HALF_BASE + (HALF_RIM - HALF_BASE) * up / BRIM
        return np.minimum(np.minimum(up, BRIM - up), half - np.abs(across))

    def _rim(self) -> float:
        """Height (m) of the lower rim's surface over the table."""
        (_, py), angle = self._glass.position, self._glass.angle
        return py + math.cos(angle) * HEIGHT - abs(math.sin(angle)) * HALF_RIM - WALL

    def _push_point(self) -> tuple[float, float]:
        height = self.values["push_height"] * HEIGHT
        half = HALF_BASE + 0.002 + (HALF_RIM - HALF_BASE - 0.002) * height / HEIGHT + WALL
        point = self._glass.local_to_world((-self._direction * half, height))
        return point[0], point[1]

    def row(self) -> tuple[float, ...]:
        glass = self._glass
        centre = glass.local_to_world(glass.center_of_gravity)
        x, v, m, g = self._x, self._v, self._particle_mass, self.values["gravity"]
        liquid = x.mean(0) if len(x) else (0.0, 0.0)
        energy = m * (0.5 * float((v**2).sum()) + g * float(x[:, 1].sum()))
        energy += glass.mass * (0.5 * glass.velocity.length_squared + g * centre[1])
        energy += 0.5 * glass.moment * glass.angular_velocity**2
        share = float(self._in.sum()) / self._full if len(x) else 0.0
        return (
            centre[0], centre[1], glass.angle, glass.velocity[0], glass.velocity[1], glass.angular_velocity,
            float(liquid[0]), float(liquid[1]), share, self._overhang, self._push_force, energy,
        )  # fmt: skip

    def conserved(self) -> tuple[float, ...]:
        return (len(self._x) * self._particle_mass,)

    def policy(self, time: float) -> tuple[float, ...]:
        pushing = self.due(self.values["push_time"], time)
        return (self._direction * self.values["push"] if pushing else 0.0,)

    def branch(self, state: Any) -> str:
        return "fallen" if state["overhang"] >= 0 else "standing"

    def criticality(self, state: Any) -> float:
        return float(state["overhang"])

    def story(self) -> Story:
        pushed = [event.detail["impulse"] for event in self.events if event.name == "push"]
        slid = abs(self._glass.position[0] - self._start) > 0.035
        outcome = "tips" if self._overhang >= 0 else "slides" if slid else "rocks"
        spilled = 1.0 - float(self._in.sum()) / self._full
        impulse = max(map(abs, pushed), default=0.0)
        return story(self.values["liquid"], impulse, outcome, spilled)

    def twin_start(self, twin: str, truth: Truth) -> float | None:
        times = {event.name: event.time for event in truth.events}  # the last of each name
        if twin == "liquid_vanishes" and truth.branch == "standing":
            return times["push"] + 0.3 if "push" in times else None
        if truth.branch == "standing":
            return None
        return times.get("spill begins" if twin == "liquid_vanishes" else "tipping")

    def break_law(self, twin: str) -> None:
        if twin == "liquid_vanishes":
            self._x, self._v, self._in = self._x[:0].copy(), self._v[:0].copy(), self._in[:0].copy()
            self._reaction = np.zeros(3)
        elif twin == "stays_in_glass":
            (px, py), angle = self._glass.position, self._glass.angle
            turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
            self._frozen = (self._x - [px, py]) @ turn
            self._reaction = np.zeros(3)
        else:  # a second and a half passes between two frames; what happens in it is not reported
            happened = list(self.events)
            for k in range(round(1.5 / STEP)):
                self._substep(self.time + k * STEP, STEP)
            self.events = happened

    def _carry(self) -> None:
        """The impossible: the liquid moves with the glass as if it were solid."""
        (px, py), angle = self._glass.position, self._glass.angle
        turn = np.array([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]])
        self._x = self._frozen @ turn + [px, py]
        self._v[:] = 0.0

    def twin_instances(self, twin: str) -> tuple[int, ...]:
        return (2,) if twin == "liquid_vanishes" else (1, 2)

    def paint(self, canvas: Canvas) -> None:
        paint(canvas, Look(COLOURS[self.values["liquid"]], self._walls(), self._x, self._in, self._full, SPACING,
                           self._finger(), self._direction))  # fmt: skip

    def _finger(self) -> tuple[float, float]:
        """Where the hand's finger is (m): at the glass while it pushes, otherwise a little way off."""
        x, y = self._contact
        if self._push_force != 0.0:
            return x, y
        if self._released is None:
            return x - self._direction * FINGER_GAP, y
        released, x, y = self._released
        return x - self._direction * min(0.5 * (self.time - released), FINGER_GAP), y
