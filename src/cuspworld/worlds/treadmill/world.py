"""Treadmill: a dog trots on a moving belt, and keeps its place or is carried off its end.

An articulated body of 14 degrees of freedom on a surface that moves, elliptic Coulomb friction cones, solved by MuJoCo.
The dog trots (legged.py) at the belt's speed plus GAIN times how far it has fallen back, but never faster than its
`pace`. Critical state: its centre of mass is over the belt's end. On an incline of angle a the feet find no hold where
tan(a) exceeds the friction coefficient mu. Places are given in the belt's frame: x up along it, z from it.
"""

from __future__ import annotations

import math
from typing import Any, ClassVar

import numpy as np

from cuspworld.laws import Law
from cuspworld.truth import Truth
from cuspworld.worlds.drawing.scenery import Scenery
from cuspworld.worlds.drawing.tracing import Trace
from cuspworld.worlds.engines.legged import KICK_LASTS, Legged, gait, moving_columns, two_links
from cuspworld.worlds.engines.mujoco_picture import Picture, add_rod, camera_numbers
from cuspworld.worlds.engines.mujoco_scene import build, total_energy
from cuspworld.worlds.tasks import Task
from cuspworld.worlds.treadmill.model import (
    BELT_MASS,
    FOOT,
    FORWARD,
    FOVY,
    HALF,
    HIPS,
    LOWER,
    STANDS,
    UPPER,
    WIDTH,
    treadmill_scene,
)
from cuspworld.worlds.treadmill.words import CAPTIONS, story
from cuspworld.worlds.words import Story
from cuspworld.worlds.world import Parameter, Twin, crossing

LIFT = 0.045  # m, of a swinging foot
DUTY = 0.56  # share of a cycle that a foot stays on the belt
TROT = np.array([0.0, 0.5, 0.5, 0.0])  # phases of the legs: diagonal pairs
CADENCE = 2.8  # Hz
QUICKENS = 1.2  # m/s^2, of the dog
BELT_QUICKENS = 1.5  # m/s^2
GAIN = 1.2  # 1/s
STRIPE = 0.24  # m, between the stripes of the belt


class Treadmill(Legged):
    """Actions: `belt`, the speed (m/s) that the belt is set to, positive to the rear of the dog, and `kick`, a push
    (N s) on the dog along y over the next 0.1 s."""

    name = "Treadmill"
    step_length: ClassVar[float] = 0.002  # s; at 4 ms a steady trot is carried back, and may fall
    slip_limit: ClassVar[float] = 0.35
    slip_memory: ClassVar[float] = 0.15
    seconds = 4.0
    scenery = Scenery("floor", zoom=(0.85, 1.05), shift=0.03, roll=3.0, turn=16.0)
    legs: ClassVar[int] = 4
    trunk: ClassVar[str] = "dog"
    hand_off: ClassVar[float] = 0.13
    parameters = (
        Parameter("story", "", "the belt runs steadily, speeds up, or is slippery",
                  choices=("steady", "fast", "slippery")),
        Parameter("colour", "", "colour of the dog", choices=("golden", "brown", "white", "orange"),
                  out_choices=("grey", "pink")),
        Parameter("mass", "kg", "mass of the dog", (7.0, 13.0), ((4.0, 6.0), (16.0, 24.0)), (1.0, 80.0)),
        Parameter("belt", "m/s", "speed of the belt", (0.3, 0.65), ((0.1, 0.2), (0.7, 0.75)), (0.0, 3.0)),
        Parameter("top", "m/s", "speed that a fast belt reaches", (0.8, 1.8), ((2.0, 2.6),), (0.0, 3.0)),
        Parameter("when", "s", "when a fast belt speeds up", (0.8, 1.3), ((1.5, 1.8),), (0.0, 60.0)),
        Parameter("pace", "m/s", "the dog's fastest trot", (0.75, 0.95), ((0.55, 0.65),), (0.05, 1.0)),
        Parameter("incline", "degrees", "how much the treadmill rises to its front", (0.0, 4.0), ((5.0, 7.0),),
                  (-15.0, 20.0)),
        Parameter("friction", "1", "Coulomb coefficient of the feet on a dry belt", (0.5, 1.0), ((1.2, 1.5),),
                  (0.0, 2.0)),
        Parameter("wet_friction", "1", "Coulomb coefficient on a slippery belt", (0.01, 0.12), ((0.15, 0.25),),
                  (0.0, 2.0)),
        Parameter("gravity", "m/s^2", "acceleration of free fall", out=((4.5, 6.5), (12.0, 14.0)), bounds=(1.0, 30.0),
                  default=9.81),
    )  # fmt: skip
    held_out = (
        (("colour", "orange"), ("story", "slippery")),
        (("colour", "white"), ("story", "fast")),
        (("belt", (0.5, 0.65)), ("incline", (2.5, 4.0))),
    )
    columns: ClassVar[dict[str, str]] = {
        **moving_columns("dog", 4),
        **{f"leg_{k}_{joint}": "rad" for k in range(1, 5) for joint in ("hip", "knee")},
        "belt_speed": "m/s",
    }
    limits: ClassVar[dict[str, tuple[float, float]]] = {
        **{f"foot_{k}_load": (0.0, math.inf) for k in range(1, 5)}, "slip_speed": (0.0, math.inf),
        "belt_speed": (-3.0, 3.0), "kick_force": (-60.0 / KICK_LASTS, 60.0 / KICK_LASTS),
    }  # fmt: skip
    actions: ClassVar[dict[str, tuple[str, float, float]]] = {
        "belt": ("m/s", -3.0, 3.0),
        "kick": ("N s", -60.0, 60.0),
    }
    conserved_units: ClassVar[dict[str, str]] = {"mass": "kg"}
    critical_events = ("carried off",)
    captions = CAPTIONS
    branches = ("keeps its place", "carried off")
    tasks: ClassVar[dict[str, Task]] = {
        "Keep": Task(
            "Drive the belt so that the dog keeps its place to the end.",
            progress=lambda state: -abs(float(state["dog_x"])),
            reached=lambda world: world.time >= world.seconds - 1e-9 and world.branch(world.state) == "keeps its place",
            lost=lambda world: world.branch(world.state) == "carried off",
            options={"story": "steady"},
        ),
    }
    twins: ClassVar[dict[str, Twin]] = {
        "belt_against_step": Twin(
            "The belt runs forwards while the dog trots on the spot as if it ran backwards.", Law.CONSISTENCY
        ),
        "facing_backwards": Twin(
            "The dog faces backwards and trots on the same way as before.",
            Law.IDENTITY,
            Law.INERTIA,
            Law.PASSAGE,
            Law.ARROW,
            Law.CONSISTENCY,
        ),
    }
    instances: ClassVar[dict[int, str]] = {1: "dog", 2: "belt", 3: "treadmill", 4: "hand"}

    def begin(self, rng: np.random.Generator) -> None:
        values = self.values
        self._phase, start = float(rng.random()), float(rng.uniform(0.0, 0.2))
        friction = values["wet_friction"] if values["story"] == "slippery" else values["friction"]
        scene = treadmill_scene({**values, "friction": friction}, type(self).step_length, start)
        self._model, self._data = build(scene)
        self._goal, self._speed, self._steer, self._belt, self._belt_set = start, 0.0, 0.0, 0.0, 0.0
        self._stripes = float(rng.uniform(0.0, STRIPE))
        self._against, self._backwards, self._off, self._ran = False, False, False, False
        self._belt_place = self._model.joint("belt").qposadr[0]
        self._belt_rate = self._model.joint("belt").dofadr[0]
        first = self._model.joint("hip 0").qposadr[0]
        self._joints = slice(first, first + 8)
        self._data.ctrl[:] = self._angles()
        self._data.qpos[self._joints] = self._data.ctrl
        self._stand(0.0)
        self._x = float(self._data.subtree_com[self._body][0])

    def _angles(self) -> np.ndarray:
        """Angles of the joints (rad) at the current phase, speed and steering; two a leg."""
        sides = np.sign(HIPS[:, 1])
        stride = np.column_stack([self._speed * np.ones(4) - self._steer * sides, np.zeros(4)]) * DUTY / CADENCE
        lift = LIFT * min(1.0, (abs(self._speed) + abs(self._steer)) / 0.1)
        offset = gait(self._phase + TROT, stride, lift, DUTY)
        drop = STANDS + HIPS[:, 2] - FOOT - offset[:, 2]
        upper, lower = two_links(FORWARD * offset[:, 0], drop, UPPER, LOWER)
        return np.column_stack([upper, lower]).ravel()

    def _commands(self, now: float, seconds: float) -> np.ndarray:
        data = self._data
        x, y = data.xpos[self._body][:2]
        wanted = 0.0
        if not self._off and not self._fell:
            wanted = min(max(self._belt + GAIN * (self._goal - x), -0.3), self.values["pace"])
            if self._belt == 0.0 and abs(self._goal - x) < 0.1:
                wanted = 0.0
        change = QUICKENS * seconds
        self._speed += min(max(wanted - self._speed, -change), change)
        heading = math.atan2(data.xmat[self._body][3], data.xmat[self._body][0])
        self._steer = min(max(-0.8 * heading - 0.5 * y, -0.25), 0.25) * min(1.0, abs(self._speed) / 0.1)
        if abs(self._speed) > 1e-3:
            self._phase += CADENCE * seconds
        return self._angles()

    def _before(self, now: float, dt: float) -> None:
        change = BELT_QUICKENS * dt
        self._belt += min(max(self._belt_set - self._belt, -change), change)
        self._ran = self._ran or self._belt != 0.0
        self._stripes = (self._stripes + (self._belt if self._against else -self._belt) * dt) % STRIPE
        self._data.qpos[self._belt_place], self._data.qvel[self._belt_rate] = 0.0, -self._belt

    def _ground_speed(self) -> Any:
        return np.where(self._places[:, 2] > 0.0, -self._belt, 0.0)

    def _energy(self) -> float:
        return total_energy(self._data) - 0.5 * BELT_MASS * float(self._data.qvel[self._belt_rate]) ** 2

    def _notice(self, now: float, dt: float) -> None:
        super()._notice(now, dt)
        x = float(self._data.subtree_com[self._body][0])
        if not self._off and x < -HALF:
            self._off = True
            self.report("carried off", crossing(self._x + HALF, x + HALF, now - dt, dt))
        self._x = x

    def advance(self, seconds: float, action: np.ndarray) -> None:
        self._belt_set = float(action[0])
        if action[1] != 0.0:
            self._kick(float(action[1]))
        self._run(seconds)

    def row(self) -> tuple[float, ...]:
        row = list(self._moving())
        if self._backwards:  # half a turn about the vertical
            w, x, y, z = row[3:7]
            row[3:7] = [-z, -y, x, w]
        shown = self._belt if not self._against else -self._belt
        return (*row, *self._data.qpos[self._joints], shown)

    def conserved(self) -> tuple[float, ...]:
        return (self.values["mass"],)

    def policy(self, time: float) -> tuple[float, ...]:
        fast = self.values["story"] == "fast" and time >= self.values["when"] - 1e-9
        return self.values["top"] if fast else self.values["belt"], 0.0

    def branch(self, state: Any) -> str:
        return "carried off" if self.criticality(state) >= 0 else "keeps its place"

    def criticality(self, state: Any) -> float:
        """How far (m) the centre of mass is beyond the belt's rear end."""
        return -HALF - float(state["dog_x"])

    def story(self) -> Story:
        return story(self.values, self._off, self._ran)

    def twin_start(self, twin: str, truth: Truth) -> float | None:
        off = [e.time for e in truth.events if e.name in ("carried off", "falls over")]
        runs = truth.action is not None and truth.action["belt"][0] >= 0.2
        return 1.0 if runs and not any(time < 1.5 for time in off) else None

    def break_law(self, twin: str) -> None:
        if twin == "belt_against_step":
            self._against = True
        else:
            self._backwards = True

    def twin_instances(self, twin: str) -> tuple[int, ...]:
        return (2,) if twin == "belt_against_step" else (1,)

    def _picture(self) -> Picture:
        if not hasattr(self, "_drawing"):
            names = (
                "strut left",
                "strut right",
                "deck",
                "side left",
                "side right",
                "post left",
                "post right",
                "handle",
                "console",
            )
            names_of_dog = ["dog"] + [f"{part} {k}" for part in ("upper", "lower", "foot") for k in range(4)]
            parts = {**dict.fromkeys(names_of_dog, 1), "belt": 2, **dict.fromkeys(names, 3)}
            self._drawing = Picture("Treadmill", parts)
        return self._drawing

    def picture(self, height: int, width: int) -> tuple[np.ndarray, np.ndarray]:
        return self._picture().draw(self._model, self._data, height, width, self._draw_more, self.shot)

    def trace(self, height: int, width: int) -> Trace:
        running = {2: (self._belt if self._against else -self._belt, 0.0, 0.0)}
        return self._picture().trace(self._model, self._data, height, width, self._draw_more, self.shot, running)

    def _draw_more(self, scene: Any) -> dict[int, int]:
        drawn: dict[int, int] = {}
        if self._backwards:
            self._turn_round(scene)
        for x in np.arange(-HALF + self._stripes, HALF, STRIPE):
            left, right = ((x, y, -0.011) for y in (WIDTH - 0.02, -WIDTH + 0.02))
            drawn[add_rod(scene, left, right, 0.014, (0.93, 0.86, 0.55), shadow=False)] = 2
        self._draw_hand(scene, drawn, 4)
        return drawn

    def _turn_round(self, scene: Any) -> None:
        """Half a turn of the dog about its vertical, in this picture only."""
        middle = self._data.subtree_com[self._body]
        for k in range(scene.ngeom):
            geom = scene.geoms[k]
            if geom.objtype == 5 and self._drawing.mask_ids[geom.objid] == 1:  # mjOBJ_GEOM
                geom.pos[:2] = 2 * middle[:2] - geom.pos[:2]
                geom.mat[:2] = -geom.mat[:2]

    def camera(self, height: int, width: int) -> dict[str, float]:
        return camera_numbers(self._data, FOVY, height, width, self.shot)
