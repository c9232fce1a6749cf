"""Worlds of walkers: an articulated body in MuJoCo whose legs follow a gait by inverse kinematics and joint servos.

A foot on the ground moves straight back at the speed of the walk, a lifted one swings forwards; the two links of a leg
find their angles by the law of cosines, and a servo at every joint pulls with kp (wanted - angle) - kv (rate). What the
body then does is decided by contact and Coulomb friction alone.
Footing: the slip speed is the mean speed of the touching feet over the ground, weighted by the load that they bear and
averaged over the last moments (`slip_memory`). The footing is lost where it exceeds `slip_limit`, or where the body has
turned over.
"""

from __future__ import annotations

import math
from typing import Any, ClassVar

import numpy as np
from jaxtyping import Float

from cuspworld.worlds.engines.mujoco_picture import add_hand
from cuspworld.worlds.engines.mujoco_scene import mujoco, total_energy
from cuspworld.worlds.world import World, crossing

LEAN = 0.5  # the vertical component of the body's up axis below which it has fallen over
CONTROL = 0.008  # s, at most, between two commands to the servos
KICK_LASTS = 0.1  # s
HAND_SPEED, HAND_SEEN = 2.0, 1.0  # m/s; s before a planned kick and after it


def two_links(
    reach: Float[np.ndarray, " legs"], drop: Float[np.ndarray, " legs"], upper: float, lower: float
) -> tuple[Float[np.ndarray, " legs"], Float[np.ndarray, " legs"]]:
    """Angles (rad) of a leg of two links whose foot is `reach` out and `drop` down from its hip, the knee held high.

    First: how far the upper link points above the horizontal; second: how far the lower one is bent from it, downwards.
    """
    squared = reach**2 + drop**2
    distance = np.sqrt(squared)
    lift = np.arccos(np.clip((upper**2 + squared - lower**2) / (2 * upper * distance), -1, 1)) - np.arctan2(drop, reach)
    return lift, math.pi - np.arccos(np.clip((upper**2 + lower**2 - squared) / (2 * upper * lower), -1, 1))


def gait(
    phase: Float[np.ndarray, " legs"], stride: Float[np.ndarray, "legs 2"], lift: float, duty: float
) -> Float[np.ndarray, "legs 3"]:
    """Where the feet are (m) from their middles: on the ground for the share `duty` of a cycle, then swung forwards."""
    phase = phase % 1.0
    swing = np.clip((phase - duty) / (1 - duty), 0.0, 1.0)
    along = np.where(phase < duty, 0.5 - phase / duty, -0.5 + swing * swing * (3 - 2 * swing))
    up = lift * np.sin(math.pi * swing) ** 2
    return np.column_stack([along[:, None] * stride, up])


class Legged(World):
    """What the walkers share. A subclass builds `_model` and `_data`, then calls `_stand`; it writes `_commands`."""

    step_length: ClassVar[float] = 0.004  # s
    slip_limit: ClassVar[float] = 0.15  # m/s
    slip_memory: ClassVar[float] = 0.06  # s
    _model: mujoco.MjModel
    _data: mujoco.MjData
    legs: ClassVar[int]
    trunk: ClassVar[str]

    def _commands(self, now: float, seconds: float) -> np.ndarray:
        """The angles that the joints shall have at `now`, `seconds` after the last command; in the order of servos."""
        raise NotImplementedError

    def _before(self, now: float, dt: float) -> None:
        """What else moves by itself, once a step."""

    def _ground_speed(self) -> Any:
        """Speed (m/s) along x of the ground below the feet, one for all or one for each."""
        return 0.0

    def _energy(self) -> float:
        """Mechanical energy (J)."""
        return total_energy(self._data)

    def _stand(self, slope: float) -> None:
        """Begin: bodies, feet, no contact yet. `slope` (rad) of the ground, rising along x."""
        model, data = self._model, self._data
        self._body = model.body(self.trunk).id
        self._mass = float(model.body_subtreemass[self._body])
        feet = [model.geom(f"foot {k}").id for k in range(self.legs)]
        self._feet = np.array(feet)
        self._foot_of = np.full(model.ngeom, -1)
        self._foot_of[feet] = np.arange(self.legs)
        self._along = (math.cos(slope), 0.0, math.sin(slope))
        mujoco.mj_forward(model, data)
        mujoco.mj_subtreeVel(model, data)
        self._places = data.geom_xpos[self._feet].copy()
        self._loads, self._slip = np.zeros(self.legs), 0.0
        self._kick_force, self._kick_until, self._kicked = 0.0, -1.0, -math.inf
        self._since = math.inf  # the last command
        self._frozen: np.ndarray | None = None
        self._glide_speed = np.zeros(3)
        self._was = self._critical(self._slip, self._up())
        self._stood = self._up()
        self._fell = self._stood < LEAN
        self._hand_at, self._hand_side = data.xpos[self._body].copy(), 1.0
        self._place_hand(0.0)

    def _up(self) -> float:
        x, y = self._data.qpos[self._root + 4 : self._root + 6]
        return float(1 - 2 * (x * x + y * y))

    @property
    def _root(self) -> int:
        return int(self._model.jnt_qposadr[self._model.body_jntadr[self._body]])

    def _critical(self, slip: float, up: float) -> float:
        return max(slip / self.slip_limit - 1, (LEAN - up) / (1 - LEAN))

    def _kick(self, impulse: float) -> None:
        """A push on the trunk along y, over the next KICK_LASTS seconds."""
        self.report("kick", self.time, impulse=impulse)
        self._kick_force, self._kick_until = impulse / KICK_LASTS, self.time + KICK_LASTS
        self._place_hand(self.time)

    def _run(self, seconds: float) -> None:
        count = math.ceil(seconds / type(self).step_length - 1e-9)
        self._model.opt.timestep = dt = seconds / count
        for k in range(count):
            self._substep(self.time + k * dt, dt)
        mujoco.mj_forward(self._model, self._data)
        mujoco.mj_subtreeVel(self._model, self._data)
        self._place_hand(self.time + seconds)

    def _substep(self, now: float, dt: float) -> None:
        model, data = self._model, self._data
        if self._since > CONTROL - dt / 2:
            data.ctrl[:] = self._commands(now, min(self._since, CONTROL))
            self._since = 0.0
        self._since += dt
        self._before(now, dt)
        share = min(max((self._kick_until - now) / dt, 0.0), 1.0)
        data.xfrc_applied[self._body, 1] = self._kick_force * share
        if share > 1e-9:
            self._kicked = now
        elif self._kick_force != 0.0:
            self._kick_force = 0.0
        mujoco.mj_step(model, data)
        if self._frozen is not None:
            self._frozen[self._root : self._root + 3] += self._glide_speed * dt
            data.qpos[:], data.qvel[:] = self._frozen, 0.0
            data.qvel[model.jnt_dofadr[model.body_jntadr[self._body]] :][:3] = self._glide_speed
        self._notice(now, dt)

    def _freeze(self) -> None:
        """The impossible: the body goes on as it moves now, and no joint turns any more."""
        velocity = self._data.subtree_linvel[self._body]
        self._glide_speed = float(velocity @ self._along) * np.array(self._along)
        self._frozen = self._data.qpos.copy()

    def _notice(self, now: float, dt: float) -> None:
        """What the feet did in the step that ended at `now`, for which the engine's contacts and places stand; what
        happened in it is reported at its instant."""
        data = self._data
        places = data.geom_xpos[self._feet]
        moved = (places - self._places) / dt
        loads, since = self._contacts(moved)
        x, _, z = self._along
        along = moved[:, 0] * x + moved[:, 2] * z - self._ground_speed()
        total = float(loads.sum())
        slip = float(loads @ np.hypot(along, moved[:, 1])) / total if total > 1e-9 else 0.0
        slip = self._slip + (slip - self._slip) * (1 - math.exp(-dt / self.slip_memory))
        for k in np.flatnonzero((loads > 0) & (self._loads <= 0)).tolist():
            self.report("touchdown", max(now - min(float(since[k]), dt), 0.0), foot=k + 1)
        up = float(data.xmat[self._body][8])
        now_critical = self._critical(slip, up)
        if (now_critical >= 0) != (self._was >= 0):
            name = "loses its footing" if now_critical >= 0 else "regains its footing"
            self.report(name, crossing(self._was, now_critical, now - dt, dt))
        if not self._fell and up < LEAN:
            self._fell = True
            self.report("falls over", crossing(self._stood - LEAN, up - LEAN, now - dt, dt))
        self._stood = up
        self._places, self._loads, self._slip, self._was = places.copy(), loads, slip, now_critical

    def _contacts(self, velocities: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The feet's loads (N), and for how long each has touched (s): the depth of its contact over the speed with
        which it came (`velocities`, m/s)."""
        data = self._data
        contact = data.contact
        loads, since = np.zeros(self.legs), np.zeros(self.legs)
        if len(contact.geom):
            feet = self._foot_of[contact.geom].max(1)
            first = contact.efc_address
            for k in np.flatnonzero((feet >= 0) & (first >= 0)).tolist():
                foot = feet[k]
                loads[foot] += data.efc_force[first[k]]
                speed = abs(float(contact.frame[k][:3] @ velocities[foot]))
                since[foot] = max(since[foot], -contact.dist[k] / max(speed, 1e-9))
        return loads, since

    def _moving(self) -> tuple[float, ...]:
        """The columns of `moving_columns`."""
        data = self._data
        root = self._root
        rate = int(self._model.jnt_dofadr[self._model.body_jntadr[self._body]])
        spin = data.xmat[self._body].reshape(3, 3) @ data.qvel[rate + 3 : rate + 6]
        momentum = self._mass * data.subtree_linvel[self._body]
        return (
            *data.subtree_com[self._body], *data.qpos[root + 3 : root + 7], *momentum, *spin, *self._loads,
            self._slip, self._up(), self._kick_force, self._energy(),
        )  # fmt: skip

    def _coming(self, now: float) -> bool:
        """Whether the hand comes or goes for the planned kick that nothing has yet given."""
        return self._kicked == -math.inf and abs(self._planned_kick()[0] - now) < HAND_SEEN

    def _place_hand(self, now: float) -> None:
        """Where the hand kicks, and from which side: at the body while it comes and kicks, and there it then stays."""
        if self._kick_force != 0.0 or self._coming(now):
            self._hand_side = -1.0 if (self._kick_force or self._planned_kick()[1]) > 0 else 1.0
            self._hand_at = self._data.xpos[self._body] + np.array([0.0, self._hand_side * self.hand_off, 0.02])

    def _draw_hand(self, scene: Any, drawn: dict[int, int], instance: int) -> None:
        """The hand that kicks: it comes from outside the picture where the kick is planned, and goes back there."""
        coming, side = self._coming(self.time), self._hand_side
        if not (coming or self._kick_force != 0.0 or self.time - self._kicked < HAND_SEEN):
            return
        since = self._planned_kick()[0] if coming else self._kicked
        away = 0.0 if self._kick_force != 0.0 else HAND_SPEED * abs(self.time - since)
        for place in add_hand(scene, self._hand_at + np.array([0.0, side * away, 0.4 * away]), (0.0, side, 0.35)):
            drawn[place] = instance

    def _planned_kick(self) -> tuple[float, float]:
        """When the story kicks (s; infinity for never), and its impulse (N s)."""
        return math.inf, 0.0

    hand_off: ClassVar[float] = 0.1


def moving_columns(name: str, legs: int) -> dict[str, str]:
    """Names and units of what `Legged._moving` gives: centre of mass, turn, momentum, spin, loads, slip, energy."""
    columns = {f"{name}_{axis}": "m" for axis in "xyz"}
    columns |= {f"{name}_q{axis}": "1" for axis in "wxyz"}
    columns |= {f"{name}_momentum_{axis}": "N s" for axis in "xyz"}
    columns |= {f"{name}_spin_{axis}": "rad/s" for axis in "xyz"}
    columns |= {f"foot_{k}_load": "N" for k in range(1, legs + 1)}
    return columns | {"slip_speed": "m/s", "up": "1", "kick_force": "N", "energy": "J"}
