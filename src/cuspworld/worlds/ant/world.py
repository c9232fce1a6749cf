"""Ant: a six-legged walker goes along a plank that may slope, be smooth, have an icy patch, or from which it is kicked.

An articulated body of 24 degrees of freedom under gravity with elliptic Coulomb friction cones, solved by MuJoCo; the
legs walk in an alternating tripod (legged.py). Critical state: the feet slip. Standing on a slope of angle a they do
where tan(a) exceeds the friction coefficient mu, and then the ant slides with g (sin(a) - mu cos(a)).
"""

from __future__ import annotations

import math
from typing import Any, ClassVar

import numpy as np

from cuspworld.laws import Law
from cuspworld.truth import Event, Truth
from cuspworld.worlds.ant.model import COXA, FEMUR, FOOT, FOVY, HIPS, MIDDLES, STANDS, TIBIA, YAWS, ant_scene
from cuspworld.worlds.ant.words import CAPTIONS, story
from cuspworld.worlds.drawing.canvas import COLOURS, darker
from cuspworld.worlds.drawing.scenery import Scenery
from cuspworld.worlds.drawing.tracing import Trace
from cuspworld.worlds.engines.legged import KICK_LASTS, Legged, gait, moving_columns, two_links
from cuspworld.worlds.engines.mujoco_picture import Picture, add_rod, camera_numbers
from cuspworld.worlds.engines.mujoco_scene import HIDDEN, build
from cuspworld.worlds.words import Story
from cuspworld.worlds.world import Parameter, Twin

LIFT = 0.05  # m, of a swinging foot
DUTY = 0.55  # share of a cycle that a foot stays on the ground
TRIPODS = np.array([0.0, 0.5, 0.0, 0.5, 0.0, 0.5])  # phases of legs 1 to 6
SLIPS = 0.25  # s without footing that the caption speaks of
QUICKENS = 0.9  # m/s^2, of the commanded speed
EXTRA = np.array([(-0.05, 0.065), (-0.05, -0.065)])  # hips of the legs that are not its own (m)


class Ant(Legged):
    """Actions: `walk`, the speed (m/s) that its steps are made for, `turn` (rad/s), and `kick`, a push (N s) on the
    trunk along y over the next 0.1 s."""

    name = "Ant"
    seconds = 3.0
    scenery = Scenery("floor", zoom=(0.85, 1.05), shift=0.03, roll=3.0, turn=16.0)
    legs: ClassVar[int] = 6
    trunk: ClassVar[str] = "ant"
    hand_off: ClassVar[float] = 0.09
    parameters = (
        Parameter("story", "", "it walks, walks onto an icy patch, or is kicked", choices=("walk", "patch", "kick")),
        Parameter("colour", "", "colour of the ant", choices=("red", "black", "brown", "orange"),
                  out_choices=("blue", "green")),
        Parameter("mass", "kg", "mass of the ant", (2.0, 4.0), ((1.0, 1.5), (6.0, 9.0)), (0.2, 50.0)),
        Parameter("speed", "m/s", "speed that its steps are made for", (0.25, 0.45), ((0.1, 0.18), (0.5, 0.55)),
                  (0.0, 0.6)),
        Parameter("cadence", "Hz", "step cycles a second", (1.8, 2.4), ((2.8, 3.2),), (1.0, 5.0)),
        Parameter("slope", "degrees", "angle of the plank, up the way", (0.0, 22.0), ((-18.0, -6.0), (26.0, 30.0)),
                  (-35.0, 40.0)),
        Parameter("friction", "1", "Coulomb coefficient of the feet on the plank", (0.35, 0.95), ((0.1, 0.25),),
                  (0.0, 2.0)),
        Parameter("patch_friction", "1", "Coulomb coefficient on the patch", (0.02, 0.2), ((0.25, 0.35),), (0.0, 2.0)),
        Parameter("kick", "N s", "impulse of the kick, positive towards the left of the ant", (-5.0, 5.0),
                  ((-9.0, -6.0), (6.0, 9.0)), (-40.0, 40.0)),
        Parameter("gravity", "m/s^2", "acceleration of free fall", out=((1.6, 3.8), (14.0, 18.0)), bounds=(0.5, 30.0),
                  default=9.81),
    )  # fmt: skip
    held_out = (
        (("colour", "orange"), ("story", "kick")),
        (("colour", "black"), ("story", "patch")),
        (("slope", (14.0, 22.0)), ("friction", (0.75, 0.95))),
    )
    columns: ClassVar[dict[str, str]] = {
        **moving_columns("ant", 6),
        **{f"leg_{k}_{joint}": "rad" for k in range(1, 7) for joint in ("yaw", "lift", "knee")},
        "legs": "1",
    }
    limits: ClassVar[dict[str, tuple[float, float]]] = {
        **{f"foot_{k}_load": (0.0, math.inf) for k in range(1, 7)}, "slip_speed": (0.0, math.inf), "legs": (4.0, 8.0),
        "kick_force": (-40.0 / KICK_LASTS, 40.0 / KICK_LASTS),
    }  # fmt: skip
    actions: ClassVar[dict[str, tuple[str, float, float]]] = {
        "walk": ("m/s", -0.6, 0.6),
        "turn": ("rad/s", -1.0, 1.0),
        "kick": ("N s", -40.0, 40.0),
    }
    conserved_units: ClassVar[dict[str, str]] = {"mass": "kg", "number_of_legs": "1"}
    critical_events = ("loses its footing", "regains its footing", "falls over")
    captions = CAPTIONS
    branches = ("walking", "sliding", "fallen")
    twins: ClassVar[dict[str, Twin]] = {
        "loses_legs": Twin("The ant loses two of its legs on the way and walks on.", Law.PERMANENCE, Law.IDENTITY),
        "gains_legs": Twin("The ant has two more legs from one moment to the next.", Law.PERMANENCE, Law.IDENTITY),
        "glides": Twin("The ant glides on while its legs stand still.", Law.INERTIA, Law.CAUSE, Law.CONSISTENCY),
    }
    instances: ClassVar[dict[int, str]] = {
        1: "ant", 2: "legs lost or gained", 3: "plank", 4: "icy patch", 5: "hand",
    }  # fmt: skip

    def begin(self, rng: np.random.Generator) -> None:
        values = self.values
        self._phase, self._when = float(rng.random()), float(rng.uniform(0.9, 1.3))
        self._lost = int(rng.integers(3))  # which of the pairs of legs a twin loses
        self._number = 6
        self._model, self._data = build(ant_scene(values, type(self).step_length))
        self._walk, self._turn, self._speed, self._turning = 0.0, 0.0, 0.0, 0.0
        self._slope = math.radians(values["slope"])
        self._data.ctrl[:] = self._commands(0.0, 0.0)
        self._data.qpos[7:] = self._data.ctrl
        self._stand(self._slope)

    def _feet_at(self, hips: np.ndarray, middles: np.ndarray, phases: np.ndarray) -> np.ndarray:
        """Feet (legs, 3) in the ant's frame (m) at the current phase, speed and turn."""
        time_down = DUTY / self.values["cadence"]
        stride = np.column_stack([self._speed - self._turning * middles[:, 1], self._turning * middles[:, 0]])
        offset = gait(self._phase + phases, stride * time_down, LIFT * min(1.0, self._pace() / 0.1), DUTY)
        return np.column_stack([middles, np.full(len(hips), FOOT - STANDS)]) + offset

    def _pace(self) -> float:
        return abs(self._speed) + 0.3 * abs(self._turning)

    def _commands(self, now: float, seconds: float) -> np.ndarray:
        change = QUICKENS * seconds
        self._speed += min(max(self._walk - self._speed, -change), change)
        self._turning += min(max(self._turn - self._turning, -2 * change), 2 * change)
        if self._pace() > 1e-3:
            self._phase += self.values["cadence"] * seconds
        arm = self._feet_at(HIPS, MIDDLES, TRIPODS) - HIPS
        lift, knee = two_links(np.hypot(arm[:, 0], arm[:, 1]) - COXA, -arm[:, 2], FEMUR, TIBIA)
        return np.column_stack([np.arctan2(arm[:, 1], arm[:, 0]) - YAWS, lift, knee]).ravel()

    def advance(self, seconds: float, action: np.ndarray) -> None:
        self._walk, self._turn = float(action[0]), float(action[1])
        if action[2] != 0.0:
            self._kick(float(action[2]))
        self._run(seconds)

    def row(self) -> tuple[float, ...]:
        return (*self._moving(), *self._data.qpos[7:], float(self._number))

    def conserved(self) -> tuple[float, ...]:
        return self.values["mass"], float(self._number)

    def policy(self, time: float) -> tuple[float, ...]:
        due = self.values["story"] == "kick" and self.due(self._when, time)
        return self.values["speed"], 0.0, self.values["kick"] if due else 0.0

    def branch(self, state: Any) -> str:
        if state["up"] < 0.5:
            return "fallen"
        return "sliding" if self.criticality(state) >= 0 else "walking"

    def criticality(self, state: Any) -> float:
        """Slip speed of the feet over `slip_limit`, less 1; or how far it has turned over, if that is more."""
        return self._critical(float(state["slip_speed"]), float(state["up"]))

    def story(self) -> Story:
        return story(self.values, self._slipped(), self.time_of("kick"))

    def told(self) -> list[Event]:
        return self.events if self._slipped() else [event for event in self.events if event.name == "kick"]

    def _slipped(self) -> bool:
        """Whether it was without a footing for so long that one sees it."""
        changes = [(e.time, e.name[0] == "l") for e in self.events if e.name in self.critical_events[:2]]
        ends = [time for time, _ in changes[1:]] + [self.time]
        without = sum(end - start for (start, begins), end in zip(changes, ends, strict=False) if begins)
        return without > SLIPS or self.time_of("falls over") is not None

    def _planned_kick(self) -> tuple[float, float]:
        return (self._when if self.values["story"] == "kick" else math.inf), self.values["kick"]

    def twin_start(self, twin: str, truth: Truth) -> float | None:
        walks = self.values["speed"] >= 0.1 and not any(
            e.name == "loses its footing" and e.time < 1.2 for e in truth.events
        )
        return 1.0 if walks else None

    def break_law(self, twin: str) -> None:
        if twin == "glides":
            self._freeze()
            return
        self._number += 2 if twin == "gains_legs" else -2
        if twin == "loses_legs":
            for k in (self._lost, self._lost + 3):
                for part in ("coxa", "femur", "tibia", "foot"):
                    self._model.geom(f"{part} {k}").group = HIDDEN

    def twin_instances(self, twin: str) -> tuple[int, ...]:
        return (2,) if twin == "gains_legs" else (1,)

    def _picture(self) -> Picture:
        if not hasattr(self, "_drawing"):
            names = ["ant"] + [f"{part} {k}" for part in ("coxa", "femur", "tibia", "foot") for k in range(6)]
            parts = {name: 1 for name in names} | {"plank 1": 3, "plank 2": 3, "patch": 4}
            self._drawing = Picture("Ant", parts)
        return self._drawing

    def picture(self, height: int, width: int) -> tuple[np.ndarray, np.ndarray]:
        return self._picture().draw(self._model, self._data, height, width, self._draw_more, self.shot)

    def trace(self, height: int, width: int) -> Trace:
        return self._picture().trace(self._model, self._data, height, width, self._draw_more, self.shot, {})

    def _draw_more(self, scene: Any) -> dict[int, int]:
        drawn: dict[int, int] = {}
        self._draw_hand(scene, drawn, 5)
        if self._number > 6:
            self._draw_extra_legs(scene, drawn)
        return drawn

    def _draw_extra_legs(self, scene: Any, drawn: dict[int, int]) -> None:
        """A pair of legs that is not its own, in step with the others; it carries nothing."""
        tint = COLOURS[self.values["colour"]]
        paints = [tuple(c / 255 for c in paint) for paint in (tint, darker(tint, 0.3))]
        hips = np.column_stack([EXTRA, HIPS[:2, 2]])
        middles = 0.5 * (MIDDLES[[1, 4]] + MIDDLES[[2, 5]])
        feet = self._feet_at(hips, middles, np.array([0.25, 0.75]))
        turn, origin = self._data.xmat[self._body].reshape(3, 3), self._data.xpos[self._body]
        for hip, foot in zip(hips, feet, strict=True):
            knee = hip + 0.5 * (foot - hip) + (0.0, 0.0, 0.13)
            for start, end, radius, paint in ((hip, knee, 0.017, paints[0]), (knee, foot, 0.013, paints[1])):
                drawn[add_rod(scene, origin + turn @ start, origin + turn @ end, radius, paint)] = 2  # type: ignore

    def camera(self, height: int, width: int) -> dict[str, float]:
        return camera_numbers(self._data, FOVY, height, width, self.shot)
