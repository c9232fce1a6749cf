"""Puppies: three or four puppies romp over the grass around a ball, pass behind one another, and stay three or four.

Discs on the ground plane (x to the right, z away from the camera), with restitution, moved by pymunk (Chipmunk). A
puppy steers: its acceleration is (wanted velocity - velocity) * eagerness, towards a point that circles the ball. The
camera is a pinhole at height `CAMERA_HEIGHT` and distance `CAMERA_DISTANCE`: X = x s, Y = H (1 - s), s = D / (D + z).
It looks over the puppies, so that they can be counted: of two equal ones the farther is never hidden whole, and
a smaller one behind a bigger one may be. Critical state: a puppy is wholly hidden behind others (kernels.py).
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
from cuspworld.worlds.puppies.drawing import COATS, Look, Puppy, paint
from cuspworld.worlds.puppies.kernels import PARTS, hidden
from cuspworld.worlds.puppies.words import CAPTIONS, story
from cuspworld.worlds.words import Story
from cuspworld.worlds.world import Parameter, Twin, World, crossing

STEP = 1 / 240  # s, at most
MOST = 5  # puppies that the state has room for (one more than the world, for the impossible one)
CAMERA_HEIGHT, CAMERA_DISTANCE = 0.72, 2.2  # m; high enough that the puppies can be counted
DEPTH, HALF_WIDTH = 1.4, 0.78  # m, of the meadow; half width at the near edge, as seen
PUPPY_RADIUS, PUPPY_MASS = 0.14, 4.0  # m and kg of a puppy of size 1; the mass grows with the cube of the size
PUPPY_SIZE = 0.74  # of the drawing of puppies_kernels.PARTS, for a puppy of size 1
BALL_RADIUS, BALL_MASS, BALL_DRAG = 0.085, 0.15, 0.9  # m, kg, 1/s
OUTLINE = 3  # capsules that make a puppy's outline
FASTEST = 12.0  # m/s: in one step, less than the radii of the fence and of the smallest thing that must not pass it
FENCED = 0.1  # m, from the fence to what is seen
FUR = ("brown", "white", "black", "golden", "grey")


def edge_at(z: float) -> float:
    """Half width of the meadow at depth z, so that it fills the same width of the picture everywhere."""
    return HALF_WIDTH * (CAMERA_DISTANCE + z) / CAMERA_DISTANCE


class Puppies(World):
    """Actions: `kick_x`, `kick_z`, an impulse (N s) given to the ball at once; the puppies run after it."""

    name = "Puppies"
    seconds = 3.0
    view = (-0.9, -0.50, 0.9, 1.30)
    scenery = Scenery(
        "sky", behind=0.0, distance=CAMERA_DISTANCE / 1.8, zoom=(0.85, 1.05), shift=0.03, roll=3.0, turn=0.0
    )
    parameters = (
        Parameter("count", "1", "how many puppies", choices=(3, 4), out_choices=(2,)),
        *(Parameter(f"coat_{k}", "", f"coat of puppy {k}", choices=FUR) for k in range(1, 5)),
        *(Parameter(f"size_{k}", "1", f"size of puppy {k}", (0.78, 1.18), ((0.6, 0.72), (1.25, 1.4)), (0.3, 2.0))
          for k in range(1, 5)),
        Parameter("pace", "rad/s", "how fast they circle the ball", (0.8, 1.5), ((1.9, 2.5),), (0.0, 5.0)),
        Parameter("eagerness", "1/s", "how quickly they take the velocity they want", (3.0, 5.0), ((1.0, 2.0),),
                  (0.0, 30.0)),
        Parameter("kick", "N s", "impulse of the kick that the ball gets", (0.05, 0.13), ((0.2, 0.3),), (0.0, 1.0)),
        Parameter("kick_time", "s", "when the ball is kicked", choices=(0.5, 1.0, 1.5)),
        Parameter("restitution", "1", "of bumps between puppies", (0.2, 0.5), ((0.8, 0.95),), (0.0, 1.0)),
    )  # fmt: skip
    held_out = (
        (("count", 4), ("coat_1", "white")),
        (("count", 3), ("coat_1", "grey")),
        (("coat_1", "black"), ("coat_2", "golden")),
    )
    columns: ClassVar[dict[str, str]] = {
        **{
            f"puppy_{k}_{what}": unit
            for k in range(1, MOST + 1)
            for what, unit in {
                "x": "m", "z": "m", "velocity_x": "m/s", "velocity_z": "m/s", "facing": "1", "visible": "1",
                "present": "1",
            }.items()
        },
        "ball_x": "m",
        "ball_z": "m",
        "ball_velocity_x": "m/s",
        "ball_velocity_z": "m/s",
        "hidden_depth": "m",
    }  # fmt: skip
    limits: ClassVar[dict[str, tuple[float, float]]] = {
        f"{thing}_{axis}": limit
        for thing in (*(f"puppy_{k}" for k in range(1, MOST + 1)), "ball")
        for axis, limit in {
            "x": (-edge_at(DEPTH + FENCED) - FENCED, edge_at(DEPTH + FENCED) + FENCED),
            "z": (-FENCED, DEPTH + FENCED),
        }.items()
    }
    actions: ClassVar[dict[str, tuple[str, float, float]]] = {
        "kick_x": ("N s", -0.5, 0.5),
        "kick_z": ("N s", -0.5, 0.5),
    }
    conserved_units: ClassVar[dict[str, str]] = {"animals": "1"}
    critical_events = ("full occlusion", "reappears")
    captions = CAPTIONS
    branches = ("all seen", "one hidden")
    twins: ClassVar[dict[str, Twin]] = {
        "three_become_four": Twin("A fourth puppy comes out from behind another.", Law.PERMANENCE),
        "four_become_three": Twin("A puppy goes behind another and never comes out.", Law.PERMANENCE),
        "identities_swap": Twin("Two puppies swap coats as one passes behind the other.", Law.IDENTITY),
    }
    instances: ClassVar[dict[int, str]] = {**{k: f"puppy {k}" for k in range(1, MOST + 1)}, MOST + 1: "ball"}

    def why_not(self, values: dict[str, Any]) -> str:
        coats = [values[f"coat_{k}"] for k in range(1, 5)]
        return "" if len(set(coats)) == 4 else f"the coats must differ: got {', '.join(coats)}"

    def begin(self, rng: np.random.Generator) -> None:
        values = self.values
        count = values["count"]
        self._coats = [values[f"coat_{k}"] for k in range(1, count + 1)]
        self._sizes = [values[f"size_{k}"] for k in range(1, count + 1)]
        self._space = space = pymunk.Space()
        space.iterations = 15
        space.collision_slop = 1e-3
        far = DEPTH + FENCED
        near_edge, far_edge = edge_at(0) + FENCED, edge_at(far) + FENCED
        corners = [(-near_edge, -FENCED), (near_edge, -FENCED), (far_edge, far), (-far_edge, far)]
        for k in range(4):
            fence = pymunk.Segment(space.static_body, corners[k], corners[(k + 1) % 4], 0.02)
            fence.elasticity, fence.friction = 0.6, 0.0
            space.add(fence)
        self._ball = self._disc(rng.uniform(-0.3, 0.3), rng.uniform(0.5, 0.8), BALL_RADIUS, BALL_MASS, 0.6)
        # Each puppy circles the ball on an ellipse of its own; most go one way, so that they are seldom all in a heap.
        sense = np.where(rng.random(MOST) < 0.85, 1.0, -1.0) * (1.0 if rng.random() < 0.5 else -1.0)
        self._pace = sense * values["pace"] * rng.uniform(0.8, 1.2, MOST)
        self._reach = rng.uniform([0.52, 0.35], [0.86, 0.62], (MOST, 2))
        self._phase = rng.uniform(0, 2 * math.pi, MOST)
        self._kick_direction = rng.uniform(0, 2 * math.pi)
        self._spare = [coat for coat in FUR if coat not in self._coats]
        # Of a few places to start from, the one from which every puppy is seen best.
        evenly = np.arange(MOST) * 2 * math.pi / count
        starts = rng.uniform(0, 2 * math.pi, (8, 1)) + evenly + rng.uniform(-0.4, 0.4, (8, MOST))
        self._angle = max(starts, key=lambda angles: self._spread(angles, count))
        self._dogs: list[pymunk.Body] = []
        for k in range(count):
            self._add_dog(k, *self._wanted(k, 0.0)[:2])
        self._facing = np.array([math.copysign(1.0, self._wanted(k, 0.0)[2]) for k in range(count)])
        for k, dog in enumerate(self._dogs):
            _, _, *velocity = self._wanted(k, 0.0)
            dog.velocity = (velocity[0], velocity[1])
        self._gone: set[int] = set()
        self._depth, self._visible = self._look()

    def _spread(self, angles: np.ndarray, count: int) -> float:
        """The smallest distance on the screen between two puppies that start at these angles."""
        x, z = self._ball.position
        reach = self._reach[:count]
        near = CAMERA_DISTANCE / (CAMERA_DISTANCE + z + reach[:, 1] * np.sin(angles[:count]))
        places = np.sort((x + reach[:, 0] * np.cos(angles[:count])) * near)
        return float(np.diff(places).min())

    def _disc(self, x: float, z: float, radius: float, mass: float, elasticity: float) -> pymunk.Body:
        body = pymunk.Body(mass, math.inf)
        body.position = (x, z)
        shape = pymunk.Circle(body, radius)
        shape.elasticity, shape.friction = elasticity, 0.0
        self._space.add(body, shape)
        return body

    def _add_dog(self, k: int, x: float, z: float) -> None:
        radius, mass = PUPPY_RADIUS * self._sizes[k], PUPPY_MASS * self._sizes[k] ** 3
        edge = edge_at(z) - radius
        x, z = float(np.clip(x, -edge, edge)), float(np.clip(z, 0.1, DEPTH - 0.05))
        # sqrt: Chipmunk multiplies the elasticities of the two shapes of a contact
        self._dogs.append(self._disc(x, z, radius, mass, math.sqrt(self.values["restitution"])))

    def _wanted(self, k: int, now: float) -> tuple[float, float, float, float]:
        """Where puppy k wants to be, and the velocity of that point if the ball stood still: x, z, and their rates."""
        angle, pace = self._angle[k] + self._pace[k] * now, self._pace[k]
        x, z = self._ball.position
        cos, sin = math.cos(angle), math.sin(angle)
        rx, rz = self._reach[k]
        return x + rx * cos, z + rz * sin, -rx * pace * sin, rz * pace * cos

    def advance(self, seconds: float, action: np.ndarray) -> None:
        if action.any():
            self.report("kick", self.time, impulse_x=float(action[0]), impulse_z=float(action[1]))
            self._ball.apply_impulse_at_local_point((float(action[0]), float(action[1])))
        count = math.ceil(seconds / STEP - 1e-9)
        dt = seconds / count
        for k in range(count):
            self._substep(self.time + k * dt, dt)

    def _substep(self, now: float, dt: float) -> None:
        eagerness = self.values["eagerness"]
        for k in self._here():
            dog = self._dogs[k]
            if eagerness:
                x, z, u, w = self._wanted(k, now)
                (px, pz), (vx, vz) = dog.position, dog.velocity
                force = dog.mass * eagerness
                dog.apply_force_at_local_point((force * (u + 2.5 * (x - px) - vx), force * (w + 2.5 * (z - pz) - vz)))
        self._ball.velocity *= math.exp(-BALL_DRAG * dt)
        for body in (self._ball, *self._dogs):
            if body.velocity.length > FASTEST:
                body.velocity *= FASTEST / body.velocity.length
        self._space.step(dt)
        for k, dog in enumerate(self._dogs):
            vx, vz = dog.velocity
            wanted = math.tanh(3.0 * vx)
            self._facing[k] += (wanted - self._facing[k]) * min(8.0 * dt, 1.0)
            self._phase[k] += dt * (4.0 + 11.0 * math.hypot(vx, vz))
        before = self._depth
        self._depth, self._visible = self._look()
        for k in self._here():
            first, last = before[k], self._depth[k]
            if (first < 0) != (last < 0):
                detail = {"hidden": k + 1, "in_front": self._in_front(k) + 1}
                self.report("full occlusion" if last >= 0 else "reappears", crossing(first, last, now, dt), **detail)

    def _places(self) -> np.ndarray:
        """Screen x, screen y, scale, facing, distance of every puppy: what the camera sees. (puppies, 5)"""
        places = np.empty((len(self._dogs), 5))
        for k, dog in enumerate(self._dogs):
            x, z = dog.position
            scale = CAMERA_DISTANCE / (CAMERA_DISTANCE + z)
            places[k] = x * scale, CAMERA_HEIGHT * (1 - scale), PUPPY_SIZE * self._sizes[k] * scale, self._facing[k], z
        return places

    def _here(self) -> list[int]:
        return [k for k in range(len(self._dogs)) if k not in self._gone]

    def _look(self) -> tuple[np.ndarray, np.ndarray]:
        """How deep each puppy is hidden (m; negative: it is seen), and the share of its outline that is seen."""
        here, depth, visible = self._here(), np.full(len(self._dogs), -1.0), np.zeros(len(self._dogs))
        depth_here, visible_here = np.empty(len(here)), np.empty(len(here))
        hidden(self._places()[here], PARTS, OUTLINE, depth_here, visible_here)
        depth[here], visible[here] = depth_here, visible_here
        return depth, visible

    def _in_front(self, k: int) -> int:
        """The nearer puppy that covers puppy k most: the one closest to it on the screen."""
        places = self._places()
        nearer = [j for j in self._here() if places[j, 4] < places[k, 4]]
        return min(nearer, key=lambda j: abs(places[j, 0] - places[k, 0]), default=k)

    def row(self) -> tuple[float, ...]:
        row: list[float] = []
        for k in range(MOST):
            if k < len(self._dogs) and k not in self._gone:
                dog = self._dogs[k]
                row += [*dog.position, *dog.velocity, self._facing[k], self._visible[k], 1.0]
            else:
                row += [0.0] * 7
        return (*map(float, row), *self._ball.position, *self._ball.velocity, float(self._depth.max()))

    def conserved(self) -> tuple[float, ...]:
        return (float(len(self._here())),)

    def policy(self, time: float) -> tuple[float, ...]:
        if not self.due(self.values["kick_time"], time):
            return (0.0, 0.0)
        angle, impulse = self._kick_direction, self.values["kick"]
        return (impulse * math.cos(angle), impulse * math.sin(angle))

    def branch(self, state: Any) -> str:
        return "one hidden" if state["hidden_depth"] >= 0 else "all seen"

    def criticality(self, state: Any) -> float:
        return float(state["hidden_depth"])

    def story(self) -> Story:
        coats = [self.values[f"coat_{k}"] for k in range(1, self.values["count"] + 1)]
        passing = next((event.detail for event in self.events if event.name == "full occlusion"), None)
        pair = (coats[passing["hidden"] - 1], coats[passing["in_front"] - 1]) if passing else None
        return story(tuple(self.rng("words").random(2)), coats, pair)

    def twin_start(self, twin: str, truth: Truth) -> float | None:
        """At the moment when somebody is hidden most, which must be at least half."""
        count = truth.parameters["count"]
        if {"three_become_four": 3, "four_become_three": 4}.get(twin, count) != count:
            return None
        visible = np.stack([truth.state[f"puppy_{k + 1}_visible"] for k in range(count)], 1)[1:]
        frame = int(visible.min(1).argmin())
        return (frame + 1) / self.frame_rate if visible[frame].min() < 0.5 else None

    def break_law(self, twin: str) -> None:
        """Called just before the frame of the greatest occlusion; acts on the one that is hidden most by then."""
        k = min(self._here(), key=lambda j: self._visible[j])
        front = self._in_front(k)
        self._wrong: tuple[int, ...] = (k + 1,)
        if twin == "identities_swap":
            front = front if front != k else (k + 1) % len(self._dogs)
            self._coats[k], self._coats[front] = self._coats[front], self._coats[k]
            self._wrong = (k + 1, front + 1)
        elif twin == "three_become_four":
            x, z = self._dogs[k].position
            self._coats.append(self._spare[0])
            self._facing = np.append(self._facing, -self._facing[k])
            self._sizes.append(self._sizes[k])
            self._add_dog(len(self._dogs), x, z + 0.1)
            self._angle[len(self._dogs) - 1] = self._angle[k] + math.pi
            self._wrong = (len(self._dogs),)
            self._depth, self._visible = self._look()
        else:
            self._gone.add(k)
            self._space.remove(*self._dogs[k].shapes, self._dogs[k])
            self._depth, self._visible = self._look()

    def twin_instances(self, twin: str) -> tuple[int, ...]:
        return self._wrong

    def paint(self, canvas: Canvas) -> None:
        dogs = []
        for k, (x, y, scale, facing, distance) in enumerate(self._places().tolist()):
            if k not in self._gone:
                phase = float(self._phase[k])
                dogs.append(Puppy(x, y, scale, facing, distance, phase, self._coats[k], k + 1))
        ball_x, ball_z = self._ball.position
        paint(canvas, Look(tuple(dogs), (ball_x, ball_z), CAMERA_HEIGHT, CAMERA_DISTANCE, BALL_RADIUS, MOST + 1))


assert set(FUR) == set(COATS)
