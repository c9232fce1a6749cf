"""Chair: a chair is dug out of sand, lifted on ropes, dropped, or propped with two legs on a block and pushed.

A rigid body under gravity with contact and elliptic Coulomb friction cones, solved by MuJoCo; ropes are inextensible
tendons, and once let go they swing from the hook, which is drawn up (ropes.py). Sand: sand.py.
Critical state: the centre of mass stands over an edge of the chair's feet. With the chair's centre of mass at height c
over its foot plane and a distance d inside the edge, tilting by theta about the edge gives the overhang
c sin(theta) - d cos(theta), which is 0 at tan(theta) = d / c.
"""

from __future__ import annotations

import math
from functools import partial
from typing import Any, ClassVar

import numpy as np

from cuspworld.laws import Law
from cuspworld.truth import Truth
from cuspworld.worlds.chair.drawing import Look, paint
from cuspworld.worlds.chair.model import (
    CENTRE,
    CHAIR_POINTS,
    FOOT,
    FOVY,
    GRIPS,
    chair_scene,
    hanging_lengths,
    hook_height,
    overhang,
    start_pose,
    vertical,
)
from cuspworld.worlds.chair.ropes import LooseRopes
from cuspworld.worlds.chair.sand import resistance
from cuspworld.worlds.chair.words import CAPTIONS, story
from cuspworld.worlds.drawing.scenery import Scenery
from cuspworld.worlds.drawing.tracing import Trace
from cuspworld.worlds.engines.mujoco_picture import Picture, camera_numbers
from cuspworld.worlds.engines.mujoco_scene import build, contact_force, cross, mujoco, total_energy
from cuspworld.worlds.tasks import Task
from cuspworld.worlds.words import Story
from cuspworld.worlds.world import Parameter, Twin, World, crossing

PUSH_LASTS = 0.12  # s
HOOK_ABOVE = 0.85  # m, from the centre of mass of the hanging chair to the hook
PUSHED = np.array([-0.2, 0.0, 0.85]) - CENTRE  # where the hand meets the back
HOOK = 0  # its place among the mocap bodies
STORIES = ("dropped", "propped", "lifted", "dug")


def _stands_still(state: Any) -> bool:
    """Nobody holds it, and it stands at rest."""
    moving = sum(abs(float(state[f"chair_{what}_{c}"])) for what in ("velocity", "spin") for c in "xyz")
    on_feet = not _hangs(state) and state["overhang"] < 0 and state["lowest"] < 0.02
    return bool(not state["held"] and on_feet and moving < 0.15)


def _hangs(state: Any) -> bool:
    return bool(state["held"] and state["rope_tension"] > state["support"])


class Chair(World):
    """Actions: `hook_x`, `hook_z`, the hook's velocity (m/s); `release`, at 0.5 or more the ropes let go; `push`, an
    impulse (N s) along x on the top of the back, delivered over the next 0.12 s."""

    name = "Chair"
    seconds = 2.5
    scenery = Scenery("floor", zoom=(0.85, 1.05), shift=0.03, roll=3.0, turn=16.0)
    step_length: ClassVar[float] = 0.002  # s
    parameters = (
        Parameter("story", "", "what is done with the chair", choices=STORIES),
        Parameter("colour", "", "colour of the chair", choices=("red", "blue", "green", "orange", "purple"),
                  out_choices=("pink", "white")),
        Parameter("mass", "kg", "mass of the chair", (4.0, 8.0), ((1.5, 3.0), (12.0, 20.0)), (0.2, 200.0)),
        Parameter("height", "m", "how high it hangs: the lowest foot over the floor", (0.25, 0.75),
                  ((0.05, 0.15), (0.85, 1.0)), (0.0, 3.0)),
        Parameter("tilt", "rad", "how far it is tilted back while it hangs", (-0.3, 0.65), ((0.7, 0.85),),
                  (-0.34, 0.9)),
        Parameter("block", "m", "height of the block under the two front legs", (0.05, 0.12), ((0.02, 0.04),),
                  (0.01, 0.25)),
        Parameter("push", "N s", "impulse of the push on the back's top, backwards", (1.0, 7.0),
                  ((0.2, 0.8), (8.0, 12.0)), (0.0, 60.0)),
        Parameter("depth", "m", "depth of the sand round the legs", (0.12, 0.26), ((0.04, 0.10),), (0.0, 0.3)),
        Parameter("sand", "N/m^3", "stress of the sand per metre of depth", (5e4, 2e5), ((3e5, 5e5),), (0.0, 1e7)),
        Parameter("friction", "1", "Coulomb coefficient of the chair on the floor", (0.5, 0.9), ((0.1, 0.3),),
                  (0.0, 2.0)),
        Parameter("gravity", "m/s^2", "acceleration of free fall", out=((1.6, 3.8), (14.0, 18.0)), bounds=(0.5, 30.0),
                  default=9.81),
    )  # fmt: skip
    held_out = (
        (("colour", "green"), ("story", "propped")),
        (("colour", "purple"), ("story", "dropped")),
        (("height", (0.55, 0.75)), ("tilt", (0.35, 0.65))),
    )
    columns: ClassVar[dict[str, str]] = {
        "chair_x": "m", "chair_y": "m", "chair_z": "m",
        "chair_qw": "1", "chair_qx": "1", "chair_qy": "1", "chair_qz": "1",
        "chair_velocity_x": "m/s", "chair_velocity_y": "m/s", "chair_velocity_z": "m/s",
        "chair_spin_x": "rad/s", "chair_spin_y": "rad/s", "chair_spin_z": "rad/s",
        "lowest": "m", "overhang": "m", "hook_x": "m", "hook_z": "m", "held": "1", "rope_tension": "N", "support": "N",
        "push_force": "N", "sand_force_z": "N", "energy": "J",
    }  # fmt: skip
    limits: ClassVar[dict[str, tuple[float, float]]] = {
        "rope_tension": (0.0, math.inf), "support": (0.0, math.inf),
        "push_force": (-20.0 / PUSH_LASTS, 20.0 / PUSH_LASTS),
    }  # fmt: skip
    actions: ClassVar[dict[str, tuple[str, float, float]]] = {
        "hook_x": ("m/s", -1.5, 1.5),
        "hook_z": ("m/s", -1.5, 1.5),
        "release": ("1", 0.0, 1.0),
        "push": ("N s", -20.0, 20.0),
    }
    conserved_units: ClassVar[dict[str, str]] = {"mass": "kg", "chairs": "1"}
    critical_events = ("tipping", "recovers")
    captions = CAPTIONS
    branches = ("standing", "hanging", "fallen")
    tasks: ClassVar[dict[str, Task]] = {
        "SetDown": Task(
            "Let the hanging chair down and let go of it, so that it stands.",
            progress=lambda state: -float(state["lowest"]),
            reached=lambda world: _stands_still(world.state),
            lost=lambda world: not world.state["held"] and world.branch(world.state) == "fallen",
            options={"story": "dropped"},
        ),
    }
    twins: ClassVar[dict[str, Twin]] = {
        "hangs_in_air": Twin(
            "The chair stops in its fall and hangs in the air with nothing holding it.", Law.GRAVITY, Law.INERTIA
        ),
        "appears": Twin("A second chair appears out of nothing.", Law.PERMANENCE),
        "through_floor": Twin("The chair sinks through the floor.", Law.CONTACT),
    }
    instances: ClassVar[dict[int, str]] = {
        1: "chair", 2: "second chair", 3: "hook and ropes", 4: "hand", 5: "block", 6: "sandbox",
    }  # fmt: skip

    def why_not(self, values: dict[str, Any]) -> str:
        if values["story"] in ("lifted", "dug") and values["height"] < 0.05:
            return f"height must be at least 0.05 m for a chair that is lifted: got {values['height']:g}"
        return ""

    def begin(self, rng: np.random.Generator) -> None:
        values = self.values
        self._yaw = float(rng.uniform(-0.5, 0.5)) if values["story"] == "dropped" else 0.0
        self._when = float(rng.uniform(0.4, 0.8))  # of the release or the push
        self._lift_speed = float(rng.uniform(0.5, 0.8))
        self._beside = float(rng.choice((-0.95, 0.95)))  # where a second chair would stand
        self._model, self._data = build(chair_scene(values, type(self).step_length, self._beside))
        model, data = self._model, self._data
        self._body = model.body("chair").id
        self._geoms = model.geom_bodyid == self._body
        self._held = values["story"] != "propped"
        self._loose: LooseRopes | None = None
        self._push_force, self._push_until, self._pushed = 0.0, -1.0, -math.inf
        self._frozen: np.ndarray | None = None
        self._second, self._through, self._sand_force = False, False, 0.0
        data.qpos[:3], rotation = start_pose(values, self._yaw)
        mujoco.mju_mat2Quat(data.qpos[3:7], rotation.ravel())
        self._hang(rotation)
        mujoco.mj_forward(model, data)
        self._hook = data.mocap_pos[HOOK].copy()
        self._hand_side = 1.0
        self._place_hand()
        self._foot, self._over = self._lowest(), self._overhang()
        self._landed_gap = self._gap()
        self._lifted = self._foot > 1e-3
        if self._over >= 0 and not self._held:
            self.report("tipping", 0.0)

    def _hang(self, rotation: np.ndarray) -> None:
        """Put the hook above the centre of mass, and give the ropes the lengths that hold its tilt in balance."""
        if not self._held:
            self._data.mocap_pos[HOOK] = (0.0, 0.0, 9.0)
            self._let_go()
            return
        lengths = hanging_lengths(self.values["tilt"], HOOK_ABOVE)
        self._model.tendon_range[:, 1] = lengths
        self._data.mocap_pos[HOOK] = self._data.qpos[:3]
        self._data.mocap_pos[HOOK, 2] += hook_height(lengths, rotation)

    def _let_go(self) -> None:
        self._held = False
        self._model.tendon_limited[:] = 0

    def _grips(self) -> tuple[np.ndarray, np.ndarray]:
        """Places (2, 3) and velocities (2, 3) of the points where the ropes hold the chair (m, m/s)."""
        rotation = self._data.xmat[self._body].reshape(3, 3)
        arms, spin = GRIPS @ rotation.T, rotation @ self._data.qvel[3:6]
        return self._data.xpos[self._body] + arms, self._data.qvel[:3] + cross(spin, arms)

    def advance(self, seconds: float, action: np.ndarray) -> None:
        if action[3] != 0.0:
            self.report("push", self.time, impulse=float(action[3]))
            self._push_force, self._push_until = float(action[3]) / PUSH_LASTS, self.time + PUSH_LASTS
            self._hand_side = -1.0 if self._push_force > 0 else 1.0
        if action[2] >= 0.5 and self._held:
            self.report("release", self.time)
            self._let_go()
            self._loose = LooseRopes(*self._grips(), self._data.mocap_pos[HOOK])
            if self._over >= 0:
                self.report("tipping", self.time)
        count = math.ceil(seconds / type(self).step_length - 1e-9)
        self._model.opt.timestep = dt = seconds / count
        for k in range(count):
            self._substep(self.time + k * dt, dt, action)
        mujoco.mj_forward(self._model, self._data)
        self._place_hand()

    def _place_hand(self) -> None:
        """The tips of the hand's fingers: at the top of the back until it has pushed, and there they then stay."""
        if self._push_force != 0.0 or self._pushed == -math.inf:
            self._hand_at = self._push_point() + np.array([self._hand_side * 0.06, 0.0, 0.0])

    def _substep(self, now: float, dt: float, action: np.ndarray) -> None:
        model, data = self._model, self._data
        self._hook += (action[0] * dt, 0.0, action[1] * dt)
        if self._held:
            data.mocap_pos[HOOK] = self._hook
        else:  # an empty hook is drawn up, away from the scene
            data.mocap_pos[HOOK] += (0.0, 0.0, 0.8 * dt)
            if self._loose is not None:
                self._loose.step(dt, self.values["gravity"], data.mocap_pos[HOOK])
        self._apply_push(now, dt)
        if self.values["story"] == "dug":
            self._apply_sand(dt)
        mujoco.mj_step(model, data)
        if self._frozen is not None:
            data.qpos[:7], data.qvel[:6] = self._frozen, 0.0
        self._notice(now, dt)

    def _apply_push(self, now: float, dt: float) -> None:
        """The push's force (N) along x at the top of the back, for the share of this step during which it lasts."""
        data, force = self._data, self._data.xfrc_applied[self._body]
        force[:] = 0.0
        share = min(max((self._push_until - now) / dt, 0.0), 1.0)
        if share > 1e-9:
            point, push = self._push_point(), np.array([self._push_force * share, 0.0, 0.0])
            force[:3], force[3:] = push, cross(point - data.xpos[self._body], push)
            self._pushed = now
        elif self._push_force != 0.0:
            self._push_force = 0.0
            self.report("push ends", self._push_until)

    def _push_point(self) -> np.ndarray:
        return self._data.xpos[self._body] + self._data.xmat[self._body].reshape(3, 3) @ PUSHED

    def _apply_sand(self, dt: float) -> None:
        """The sand's force on the legs; it adds to the push."""
        data, values = self._data, self.values
        rotation = data.xmat[self._body].reshape(3, 3)
        spin = rotation @ data.qvel[3:6]
        force, moment = resistance(
            data.xpos[self._body], rotation, data.qvel[:3], spin, values["depth"], values["sand"], values["mass"], dt
        )
        wrench = data.xfrc_applied[self._body]
        wrench[:3] += force
        wrench[3:] += moment
        self._sand_force = float(force[2])

    def _lowest(self) -> float:
        data = self._data
        return float(data.qpos[2] + (CHAIR_POINTS @ vertical(data.qpos[3:7])).min())

    def _gap(self) -> float:
        """Height (m) of what will land: all of the chair, or, of a propped chair, all but its feet."""
        points = (
            CHAIR_POINTS[CHAIR_POINTS[:, 2] > 0.1 - CENTRE[2]] if self.values["story"] == "propped" else CHAIR_POINTS
        )
        return float(self._data.qpos[2] + (points @ vertical(self._data.qpos[3:7])).min())

    def _overhang(self) -> float:
        return overhang(CENTRE, vertical(self._data.qpos[3:7]))

    def _notice(self, now: float, dt: float) -> None:
        """Report events at their instant within this step."""
        low, over, gap = self._lowest(), self._overhang(), self._gap()
        if self._over < 0 <= over and not self._held:
            self.report("tipping", crossing(self._over, over, now, dt))
        if over < 0 <= self._over and not self._held:
            self.report("recovers", crossing(self._over, over, now, dt))
        clear = self.values["depth"] if self.values["story"] == "dug" else 1e-3
        if self._held and self._foot <= clear < low and not self._lifted:
            self._lifted = True
            name = "leaves the sand" if self.values["story"] == "dug" else "leaves the floor"
            self.report(name, crossing(self._foot - clear, low - clear, now, dt))
        falling = not self._held and self._frozen is None
        if falling and gap <= 0 < self._landed_gap and self.time_of("lands") is None and not self._through:
            self.report("lands", crossing(self._landed_gap, gap, now, dt))
        self._foot, self._over, self._landed_gap = low, over, gap

    def row(self) -> tuple[float, ...]:
        data = self._data
        rotation = data.xmat[self._body].reshape(3, 3)
        spin = rotation @ data.qvel[3:6]
        tension = float(data.efc_force[data.efc_type == mujoco.mjtConstraint.mjCNSTR_LIMIT_TENDON].sum())
        support, _ = contact_force(data, self._geoms)
        return (
            *data.qpos[:7], *data.qvel[:3], *spin, self._lowest(), self._overhang(),
            self._hook[0], self._hook[2], float(self._held), tension, support, self._push_force, self._sand_force,
            total_energy(data),
        )  # fmt: skip

    def conserved(self) -> tuple[float, ...]:
        chairs = 2.0 if self._second else 1.0
        return chairs * self.values["mass"], chairs

    def policy(self, time: float) -> tuple[float, ...]:
        values, due = self.values, self.due(self._when, time)
        if values["story"] == "dropped":
            return 0.0, 0.0, float(due), 0.0
        if values["story"] == "propped":
            return 0.0, 0.0, 0.0, -values["push"] if due else 0.0
        rise = values["height"] + (values["depth"] if values["story"] == "dug" else 0.0)
        missing = rise - self._foot
        start = min(max((time - 0.2) / 0.3, 0.0), 1.0)
        speed = min(self._lift_speed * start, max(3.0 * missing, 0.0))
        return 0.0, speed, 0.0, 0.0

    def branch(self, state: Any) -> str:
        if _hangs(state):
            return "hanging"
        return "fallen" if state["overhang"] >= 0 else "standing"

    def criticality(self, state: Any) -> float:
        """The overhang (m): how far the centre of mass is beyond the edge of the feet over which it would tip.

        A chair that hangs on its ropes cannot tip: there it is the half width of the feet, negative.
        """
        return -FOOT if _hangs(state) else float(state["overhang"])

    def story(self) -> Story:
        landed = self.time_of("lands") is not None or self.values["story"] == "propped"
        fallen = self._overhang() >= 0 and landed
        return story(self.values, fallen, self.time_of("push") is not None)

    def twin_start(self, twin: str, truth: Truth) -> float | None:
        times = {event.name: event.time for event in reversed(truth.events)}  # the first of each name
        if twin == "appears":
            return 1.0
        lands = times.get("lands")
        if lands is None:
            return None
        if twin == "through_floor":
            return lands
        fall = times.get("release", times.get("tipping", 0.0))
        return fall + 0.7 * (lands - fall)

    def break_law(self, twin: str) -> None:
        model = self._model
        if twin == "hangs_in_air":
            self._frozen = self._data.qpos[:7].copy()
        elif twin == "appears":
            self._second = True
            for k in range(model.ngeom):
                if model.geom_bodyid[k] == model.body("second").id:
                    model.geom_group[k], model.geom_contype[k], model.geom_conaffinity[k] = 0, 1, 1
        else:
            self._through = True
            floor = model.geom("floor").id
            model.geom_contype[floor] = model.geom_conaffinity[floor] = 0

    def twin_instances(self, twin: str) -> tuple[int, ...]:
        return (2,) if twin == "appears" else (1,)

    def _picture(self) -> Picture:
        if not hasattr(self, "_drawing"):
            parts = {"chair": 1, "second": 2, "hook": 3, "block": 5}
            self._drawing = Picture("Chair", parts | {f"plank {k}": 6 for k in range(4)} | {"sand": 6})
        return self._drawing

    def picture(self, height: int, width: int) -> tuple[np.ndarray, np.ndarray]:
        edit = partial(paint, look=self._look())
        return self._picture().draw(self._model, self._data, height, width, edit, self.shot)

    def trace(self, height: int, width: int) -> Trace:
        edit = partial(paint, look=self._look())
        return self._picture().trace(self._model, self._data, height, width, edit, self.shot, {})

    def _look(self) -> Look:
        """The ropes, held or loose; the hand that pushes, at the back's top while it does, otherwise a little off."""
        loose = None if self._loose is None else self._loose.ends
        ends = self._grips()[0] if self._held else loose
        hook = self._hook if self._held else self._data.mocap_pos[HOOK]
        seen = self.values["story"] == "propped" or self._pushed != -math.inf
        away = 0.0 if self._push_force != 0.0 else min(1.2 * max(self.time - self._pushed, 0.0), 0.22)
        return Look(hook, ends, self._hand_at if seen else None, self._hand_side, away)

    def camera(self, height: int, width: int) -> dict[str, float]:
        return camera_numbers(self._data, FOVY[self.values["story"]], height, width, self.shot)
