"""Collision: two balls collide, one ball moves uniformly, or a ball is thrown: the three laws of the phyworld paper.

Kang et al. 2024, "How Far Is Video Generation from World Model: A Physical Law Perspective" (arXiv:2411.02385): discs
of density 1 in a world of 10 m x 10 m, seen for 32 frames of 0.1 s. By default the motion is the exact solution: free
flight between contacts, the instant of contact as the root of |x_2 - x_1 + (v_2 - v_1) t| = r_1 + r_2, and there
v_i' = v_i -+ (1 + e) m_j / (m_1 + m_2) (v_rel . n) n. The preset "phyworld" runs the paper's own engine instead, Box2D
with steps of 0.01 s, whose fault it shows: below a closing speed of 1 m/s, elastic collisions come out perfectly
inelastic. Critical state: the contact.
"""

from __future__ import annotations

import math
from typing import Any, ClassVar

import numpy as np

from cuspworld.errors import MissingExtraError
from cuspworld.laws import Law
from cuspworld.truth import Truth
from cuspworld.worlds.collision.words import CAPTIONS, story
from cuspworld.worlds.drawing.canvas import COLOURS, Canvas
from cuspworld.worlds.drawing.scenery import Scenery
from cuspworld.worlds.tasks import Task
from cuspworld.worlds.words import Story
from cuspworld.worlds.world import Parameter, Preset, Twin, World

SIDE = 10.0  # m, of the world
DENSITY = 1.0  # kg/m^2
WIDEST = 4.5  # m, sum of the radii that leaves room to roll
BOX2D_STEP = 0.01  # s
BEFORE, AFTER = 0.8, 0.8  # s that a published clip leaves before and after the contact
BALLS = ("red", "blue", "green", "yellow", "purple", "orange")
SPEED = ((0.0, 0.8), (4.5, 6.0))
RADIUS = ((0.3, 0.6), (1.5, 2.0))


class Collision(World):
    """Actions: `kick_x`, `kick_y`, an impulse (N s) given to the first ball at once."""

    name = "Collision"
    seconds = 3.2
    view = (0.0, 0.0, SIDE, SIDE)
    scenery = Scenery("floor", behind=0.1, zoom=(0.7, 0.95), shift=0.05, roll=22.0, turn=18.0)
    parameters = (
        Parameter("law", "", "collision, uniform motion of one ball, or a thrown ball", default="collision",
                  choices=("collision", "uniform", "parabola")),
        Parameter("radius_1", "m", "radius of the first ball", (0.7, 1.4), RADIUS, (0.05, 2.4)),
        Parameter("radius_2", "m", "radius of the second ball", (0.7, 1.4), RADIUS, (0.05, 2.4)),
        Parameter("speed_1", "m/s", "speed of the first ball, to the right", (1.0, 4.0), SPEED, (0.0, 20.0)),
        Parameter("speed_2", "m/s", "speed of the second ball, to the left", (1.0, 4.0), SPEED, (0.0, 20.0)),
        Parameter("offset", "1", "how far beside the centre it hits, in sums of the radii",
                  out=((0.15, 0.6), (-0.6, -0.15)), bounds=(-2.0, 2.0), default=0.0),
        Parameter("restitution", "1", "coefficient of restitution", out=((0.2, 0.8),), bounds=(0.0, 1.0), default=1.0),
        Parameter("gravity", "m/s^2", "acceleration of a thrown ball", out=((0.8, 1.5), (4.0, 6.0)), bounds=(0.0, 30.0),
                  default=2.5),
        Parameter("colour_1", "", "colour of the first ball", choices=BALLS, out_choices=("pink",)),
        Parameter("colour_2", "", "colour of the second ball", choices=BALLS, out_choices=("brown",)),
        Parameter("engine", "", "exact solution, or Box2D as published", choices=("exact", "box2d"), default="exact"),
    )  # fmt: skip
    held_out = (
        (("radius_1", (1.2, 1.4)), ("speed_1", (3.2, 4.0))),
        (("colour_1", "red"), ("colour_2", "green")),
        (("colour_1", "yellow"), ("colour_2", "purple")),
    )
    # less head-on, and so slow that the balls are still there at the end; within the training split otherwise
    varied = (
        Parameter("offset", "1", "how far beside the centre it hits, in sums of the radii", (-0.12, 0.12)),
        Parameter("speed_1", "m/s", "speed of the first ball, to the right", (1.0, 2.2)),
        Parameter("speed_2", "m/s", "speed of the second ball, to the left", (1.0, 2.2)),
    )
    presets: ClassVar[dict[str, Preset]] = {
        "phyworld": Preset(
            "The published setting with the published engine, Box2D: slow elastic collisions come out inelastic.",
            {"engine": "box2d", "colour_1": "red", "colour_2": "blue"},
        ),
        "phyworld_uniform": Preset("Published: one ball in uniform motion.", {"law": "uniform", "engine": "box2d"}),
        "phyworld_parabola": Preset("Published: a thrown ball.", {"law": "parabola", "engine": "box2d"}),
        "one_ball": Preset("One ball in uniform motion.", {"law": "uniform"}),
        "thrown": Preset("A thrown ball.", {"law": "parabola"}),
    }
    columns: ClassVar[dict[str, str]] = {
        f"ball_{k}_{what}": unit
        for k in (1, 2)
        for what, unit in {
            "x": "m", "y": "m", "velocity_x": "m/s", "velocity_y": "m/s", "radius": "m", "mass": "kg", "present": "1",
        }.items()
    }  # fmt: skip
    limits: ClassVar[dict[str, tuple[float, float]]] = {
        f"ball_{k}_{what}": (0.0, high)
        for k in (1, 2)
        for what, high in (("radius", 2.4), ("mass", DENSITY * math.pi * 2.4**2))
    }
    actions: ClassVar[dict[str, tuple[str, float, float]]] = {
        "kick_x": ("N s", -20.0, 20.0),
        "kick_y": ("N s", -20.0, 20.0),
    }
    conserved_units: ClassVar[dict[str, str]] = {"momentum_x": "N s", "momentum_y": "N s", "energy": "J"}
    critical_events = ("contact",)
    captions = CAPTIONS
    branches = ("approaching", "separating", "alone")
    tasks: ClassVar[dict[str, Task]] = {
        "Avoid": Task(
            "Kick ball 1 so that the balls pass each other and never touch.",
            progress=lambda state: float(state["ball_1_x"] - state["ball_2_x"]) / 10,
            reached=lambda world: (
                not world.time_of("contact") and bool(world.state["ball_1_x"] > world.state["ball_2_x"])
            ),
            lost=lambda world: world.time_of("contact") is not None,
            cost=0.005,
            options={"law": "collision"},
        ),
    }
    twins: ClassVar[dict[str, Twin]] = {
        "passes_through": Twin("The balls pass through each other.", Law.CONTACT),
        "speeds_up": Twin("The first ball speeds up with nothing pushing it.", Law.INERTIA),
        "stops": Twin("The first ball stops with nothing holding it.", Law.INERTIA),
    }
    changeable = ("gravity", "restitution")
    instances: ClassVar[dict[int, str]] = {1: "ball 1", 2: "ball 2"}

    def why_not(self, values: dict[str, Any]) -> str:
        if values["law"] == "collision" and values["colour_1"] == values["colour_2"]:
            return f"colour_1 and colour_2 must differ: got {values['colour_1']!r} twice"
        if values["radius_1"] + values["radius_2"] >= WIDEST:
            return f"radius_1 + radius_2 must be below {WIDEST:g} m: got {values['radius_1'] + values['radius_2']:g}"
        return ""

    def begin(self, rng: np.random.Generator) -> None:
        values, shares = self.values, rng.random(3)
        self._count = 2 if values["law"] == "collision" else 1
        self._gravity = values["gravity"] if values["law"] == "parabola" else 0.0
        self._radius = np.array([values["radius_1"], values["radius_2"]])[: self._count]
        self._mass = DENSITY * math.pi * self._radius**2
        self._x, self._v = (self._two if self._count == 2 else self._one)(shares)
        self._ghosts = False
        self._before_contact: np.ndarray | None = None
        self._box2d = _Box2D(self._x, self._v, self._radius, self._gravity) if values["engine"] == "box2d" else None

    def _two(self, shares: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Positions and velocities (2, 2): wholly in view, and where they fit, contact after 0.8 to 2.4 s."""
        values, (r1, r2) = self.values, self._radius
        closing, room = values["speed_1"] + values["speed_2"], SIDE - r1 - r2
        nearest, furthest = r1 + r2 + BEFORE * closing, r1 + r2 + (self.seconds - AFTER) * closing
        nearest, furthest = min(nearest, room), min(max(furthest, r1 + r2 + 0.3), room)
        distance = nearest + shares[0] * (furthest - nearest)
        left = r1 + shares[1] * (room - distance)
        margin = max(r1, r2) + 0.05 * SIDE
        height = margin + shares[2] * (SIDE - 2 * margin)
        beside = values["offset"] * (r1 + r2)
        x = np.array([[left, height - beside / 2], [left + distance, height + beside / 2]])
        return x, np.array([[values["speed_1"], 0.0], [-values["speed_2"], 0.0]])

    def _one(self, shares: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        values, r = self.values, float(self._radius[0])
        furthest = max(SIDE - r - BEFORE * values["speed_1"], r + 0.3)
        left = r + shares[1] * (furthest - r)
        low, high = (
            (0.95 * SIDE - r - 1.0, 0.95 * SIDE - r) if values["law"] == "parabola" else (r + 0.5, SIDE - r - 0.5)
        )
        return np.array([[left, low + shares[2] * (high - low)]]), np.array([[values["speed_1"], 0.0]])

    def resume(self, numbers: np.ndarray) -> None:
        rows = self.check_numbers(numbers).reshape(2, -1)[: self._count]  # x, y, their velocities, radius, mass
        self._x, self._v = rows[:, :2].copy(), rows[:, 2:4].copy()
        self._radius = np.clip(rows[:, 4], 0.05, 2.4)
        self._mass = DENSITY * math.pi * self._radius**2
        if self._box2d is not None:
            self._box2d = _Box2D(self._x, self._v, self._radius, self._gravity)

    def changed(self, name: str) -> None:
        if name == "gravity":
            self._gravity = self.values["gravity"] if self.values["law"] == "parabola" else 0.0
            if self._box2d is not None:
                self._box2d.pull(self._gravity)

    def advance(self, seconds: float, action: np.ndarray) -> None:
        if action.any():
            self.report("kick", self.time, impulse_x=float(action[0]), impulse_y=float(action[1]))
            self._v[0] += action / self._mass[0]
        if self._box2d is not None and not self._ghosts:
            self._x, self._v, contacts = self._box2d.advance(self._v, self.time, seconds)
            for time, before in contacts:
                self._report(time, before)
            return
        now, end = self.time, self.time + seconds
        while now < end:
            until = self._contact_time(end - now)
            self._fly(end - now if until is None else until)
            now = end if until is None else now + until
            if until is not None:
                before = self._v.copy()
                self._bounce()
                self._report(now, before)

    def _report(self, time: float, before: np.ndarray) -> None:
        relative = self._x[1] - self._x[0]
        normal = relative / np.linalg.norm(relative)
        if self._before_contact is None:
            self._before_contact = before
        self.report("contact", time, closing_speed=float(-(before[1] - before[0]) @ normal))

    def _contact_time(self, horizon: float) -> float | None:
        """Seconds until the balls touch, if that is within `horizon`: the smaller root of a quadratic."""
        if self._count < 2 or self._ghosts:
            return None
        x, v = self._x[1] - self._x[0], self._v[1] - self._v[0]
        a, b, c = v @ v, x @ v, x @ x - self._radius.sum() ** 2
        if b >= 0 or b * b < a * c:
            return None
        until = max(c / (-b + math.sqrt(b * b - a * c)), 0.0)  # the stable form of (-b - sqrt(b^2 - a c)) / a
        return float(until) if until <= horizon else None

    def _fly(self, seconds: float) -> None:
        fall = np.array([0.0, -self._gravity])
        self._x = self._x + self._v * seconds + 0.5 * fall * seconds**2
        self._v = self._v + fall * seconds

    def _bounce(self) -> None:
        normal = self._x[1] - self._x[0]
        normal = normal / np.linalg.norm(normal)
        reduced = self._mass[0] * self._mass[1] / self._mass.sum()
        impulse = (1 + self.values["restitution"]) * reduced * ((self._v[1] - self._v[0]) @ normal) * normal
        self._v = self._v + np.stack([impulse / self._mass[0], -impulse / self._mass[1]])

    def row(self) -> tuple[float, ...]:
        row: list[float] = []
        for k in range(2):
            if k < self._count:
                row += [*self._x[k], *self._v[k], self._radius[k], self._mass[k], 1.0]
            else:
                row += [0.0] * 7
        return tuple(map(float, row))

    def conserved(self) -> tuple[float, ...]:
        momentum = self._mass @ self._v
        energy = 0.5 * self._mass @ (self._v**2).sum(1) + self._gravity * self._mass @ self._x[:, 1]
        return float(momentum[0]), float(momentum[1]), float(energy)

    def branch(self, state: Any) -> str:
        if not state["ball_2_present"]:
            return "alone"
        return "approaching" if _closing(state) > 0 else "separating"

    def criticality(self, state: Any) -> float:
        """The gap between the surfaces (m): negative while they approach, positive while they separate."""
        if not state["ball_2_present"]:
            return -SIDE
        apart = math.hypot(state["ball_2_x"] - state["ball_1_x"], state["ball_2_y"] - state["ball_1_y"])
        gap = abs(apart - state["ball_1_radius"] - state["ball_2_radius"])
        return -gap if _closing(state) > 0 else gap

    def story(self) -> Story:
        return story(self.values, self._before_contact, self._v)

    def twin_start(self, twin: str, truth: Truth) -> float | None:
        contact = next((event.time for event in truth.events if event.name == "contact"), None)
        if twin == "passes_through":
            return contact
        times = np.arange(len(truth.state)) / self.frame_rate
        x, y = truth.state["ball_1_x"], truth.state["ball_1_y"]
        seen = times[(x > 0) & (x < SIDE) & (y > 0) & (y < SIDE)]
        last = seen[-1] if len(seen) else 0.0
        if contact is not None and contact > 0.5:
            return 0.5 * contact  # on its way to the contact
        return float(0.5 * last) if last > 0.4 else None

    def break_law(self, twin: str) -> None:
        if twin == "passes_through":
            self._ghosts = True
        else:
            self._v[0] = self._v[0] * (2.0 if twin == "speeds_up" else 0.0)

    def twin_instances(self, twin: str) -> tuple[int, ...]:
        return (1, 2) if twin == "passes_through" else (1,)

    def paint(self, canvas: Canvas) -> None:
        canvas.background((250, 242, 226), (238, 222, 198))
        for (x, y), r in zip(self._x.tolist(), self._radius.tolist(), strict=True):
            canvas.ellipse(x + 0.18 * r, y - 0.28 * r, 0.98 * r, 0.92 * r, (92, 70, 48), alpha=0.34, soft=0.45 * r)
        for k, ((x, y), r) in enumerate(zip(self._x.tolist(), self._radius.tolist(), strict=True)):
            canvas.sphere(x, y, r, COLOURS[self.values[f"colour_{k + 1}"]], instance=k + 1)


def _closing(state: Any) -> float:
    """Minus the rate of the squared distance between the centres: positive while the balls approach."""
    x, y = state["ball_2_x"] - state["ball_1_x"], state["ball_2_y"] - state["ball_1_y"]
    u = state["ball_2_velocity_x"] - state["ball_1_velocity_x"]
    w = state["ball_2_velocity_y"] - state["ball_1_velocity_y"]
    return float(-(x * u + y * w))


class _Box2D:
    """The published engine: Box2D 2.3, steps of 0.01 s with 15 velocity and 20 position iterations, restitution 1."""

    def __init__(self, x: np.ndarray, v: np.ndarray, radius: np.ndarray, gravity: float):
        try:
            import Box2D
        except ImportError as error:
            raise MissingExtraError("the engine 'box2d' of Collision", "worlds") from error
        self._world = Box2D.b2World(gravity=(0.0, -gravity), doSleep=False)
        self._bodies = []
        for (px, py), (vx, vy), r in zip(x.tolist(), v.tolist(), radius.tolist(), strict=True):
            body = self._world.CreateDynamicBody(position=(px, py), linearVelocity=(vx, vy))
            body.CreateCircleFixture(radius=r, density=DENSITY, restitution=1.0)
            self._bodies.append(body)
        self._touching = False

    def pull(self, gravity: float) -> None:
        self._world.gravity = (0.0, -gravity)

    def advance(self, v: np.ndarray, now: float, seconds: float) -> tuple[Any, Any, Any]:
        """Positions, velocities, and contacts (time of the step's end, velocities before) after that long."""
        for body, velocity in zip(self._bodies, v.tolist(), strict=True):
            body.linearVelocity = velocity
        contacts = []
        count = max(1, round(seconds / BOX2D_STEP))
        for k in range(count):
            before = np.array([tuple(body.linearVelocity) for body in self._bodies])
            self._world.Step(seconds / count, 15, 20)
            touching = any(contact.touching for contact in self._world.contacts)
            if touching and not self._touching:
                contacts.append((now + (k + 1) * seconds / count, before))
            self._touching = touching
        x = np.array([tuple(body.position) for body in self._bodies])
        return x, np.array([tuple(body.linearVelocity) for body in self._bodies]), contacts
