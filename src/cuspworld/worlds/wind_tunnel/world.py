"""WindTunnel: a fan blows smoke lines past an obstacle; behind it the wake stays closed, or sheds vortices.

Incompressible Navier-Stokes flow by the lattice Boltzmann method (kernels.py), a slice of a tunnel with
slip walls; the obstacle blocks about a seventh of it. Smoke follows the air. SI units, forces per metre of depth.
Critical state: the Reynolds number at which the steady wake loses its stability (a Hopf bifurcation, after which the
vortices of a Karman street are shed). It is 47 for a cylinder in an unbounded flow (Provansal, Mathis, Boyer 1987);
`CRITICAL` has the values for this tunnel, where the squared amplitude of the settled lift, linear in the Reynolds
number (Landau), reaches zero.
"""

from __future__ import annotations

import math
from typing import Any, ClassVar

import numpy as np

from cuspworld.laws import Law
from cuspworld.truth import Truth
from cuspworld.worlds.drawing.canvas import Canvas
from cuspworld.worlds.drawing.scenery import Scenery
from cuspworld.worlds.wind_tunnel import kernels
from cuspworld.worlds.wind_tunnel.drawing import Look, outline_of, paint
from cuspworld.worlds.wind_tunnel.words import CAPTIONS, story
from cuspworld.worlds.words import Story
from cuspworld.worlds.world import Parameter, Twin, World

CELL, STEP = 1.25e-3, 1.2e-3  # m and s (at most) of the lattice
ROWS, COLUMNS = 80, 96
LENGTH, HEIGHT = COLUMNS * CELL, ROWS * CELL
PLACE = 0.040  # m from the inlet to the middle of the obstacle
DENSITY = 1.2  # kg/m^3, of the gas
TOP_SPEED = 0.2  # m/s, of the fan: 0.19 cells a step
RESOLVED = 300  # the highest Reynolds number
BURSTS = 0.0185  # m^1.5/s, wind times the root of the diameter, with gusts of 0.3: a little above it the lattice bursts
LAG = 0.15  # s, time constant with which the wind follows the fan
GUST_AFTER = 0.35  # s after the fan is switched
GUST_LASTS = 4 * ROWS * math.sqrt(3) * STEP  # s: two periods of sound across the tunnel, which it does not excite then
PROBE = 2.5  # diameters behind the obstacle where the wake's velocity across is measured
SWINGS = 0.12  # of the wind: velocity across in the wake that counts as a vortex
CRITICAL = {"cylinder": 45.0, "square": 39.0, "plate": 31.0, "triangle": 50.0}
LINES, NOZZLE = 12, 0.006  # of smoke; m
PUFF = 0.58  # cells between the puffs of a line
CARRY = 6  # steps between moves of the smoke
MOST = 8192  # puffs


class WindTunnel(World):
    """Action: `fan`, a change (m/s) of the speed at which the fan is set; it turns at 0 to 0.2 m/s, around large
    obstacles less."""

    name = "WindTunnel"
    seconds = 6.0
    view = (-0.0255, -0.0235, 0.1235, 0.1255)
    scenery = Scenery("wall", behind=0.5, zoom=(0.75, 1.0), shift=0.03, roll=4.0, turn=12.0)
    parameters = (
        Parameter("obstacle", "", "what stands in the wind", choices=("cylinder", "square", "triangle"),
                  out_choices=("plate",)),
        Parameter("diameter", "m", "height of the obstacle across the wind", (0.012, 0.016),
                  ((0.0085, 0.0105), (0.018, 0.021)), (0.006, 0.025)),
        Parameter("wind", "m/s", "speed of the wind", (0.03, 0.14), ((0.015, 0.025), (0.15, 0.18)), (0.0, TOP_SPEED)),
        Parameter("fan_time", "s", "when the fan is switched on", choices=(0.2, 0.3, 0.4), out_choices=(0.1, 0.8)),
        Parameter("gust", "1", "unevenness of the first gust, share of the wind", (0.15, 0.30), ((0.02, 0.06),),
                  (0.0, 0.5)),
        Parameter("offset", "m", "height of the obstacle over the middle", (-0.006, 0.006), ((0.010, 0.014),),
                  (-0.02, 0.02)),
        Parameter("viscosity", "m^2/s", "kinematic viscosity of the gas (air: 1.5e-5)",
                  out=((1.0e-5, 1.2e-5), (3e-5, 6e-5)), bounds=(7e-6, 5e-4), default=1.5e-5),
    )  # fmt: skip
    held_out = (
        (("obstacle", "square"), ("wind", (0.11, 0.14))),
        (("obstacle", "triangle"), ("diameter", (0.0145, 0.016))),
    )
    columns: ClassVar[dict[str, str]] = {
        "wind": "m/s",
        "reynolds": "1",
        "critical_reynolds": "1",
        "drag": "N/m",
        "lift": "N/m",
        "drag_coefficient": "1",
        "lift_coefficient": "1",
        "wake_velocity": "m/s",
        "wake_swing": "1",
        "vortices": "1",
    }
    limits: ClassVar[dict[str, tuple[float, float]]] = {
        "wind": (-TOP_SPEED, TOP_SPEED), "vortices": (0.0, math.inf),
        "critical_reynolds": (min(CRITICAL.values()), max(CRITICAL.values())),
    }  # fmt: skip
    actions: ClassVar[dict[str, tuple[str, float, float]]] = {"fan": ("m/s", -TOP_SPEED, TOP_SPEED)}
    conserved_units: ClassVar[dict[str, str]] = {"mass_minus_inflow": "kg/m"}
    critical_events = ("critical speed", "shedding begins", "shedding stops")
    captions = CAPTIONS
    branches = ("steady wake", "vortex street")
    twins: ClassVar[dict[str, Twin]] = {
        "obstacle_ignored": Twin(
            "The wind blows straight through the obstacle, as if it were not there.", Law.CONTACT, Law.CAUSE
        ),
    }
    instances: ClassVar[dict[int, str]] = {1: "obstacle", 2: "smoke", 3: "fan"}

    def why_not(self, values: dict[str, Any]) -> str:
        reynolds = values["wind"] * values["diameter"] / values["viscosity"]
        if reynolds > RESOLVED:
            most = f"at most {RESOLVED}, which this lattice resolves"
            return f"wind * diameter / viscosity must be {most}: got {reynolds:.0f}"
        if values["wind"] > (fastest := self._fastest(values)):
            return f"wind must be at most {fastest:.3f} m/s around this obstacle: got {values['wind']:.3f}"
        return ""

    def _fastest(self, values: dict[str, Any]) -> float:
        """The wind (m/s) that the lattice bears around an obstacle that narrows the tunnel."""
        slow = RESOLVED * values["viscosity"] / values["diameter"]
        gusts = 1.3 / max(1 + values["gust"], 1.3)
        return float(min(TOP_SPEED, slow, gusts * BURSTS / math.sqrt(values["diameter"])))

    def begin(self, rng: np.random.Generator) -> None:
        values = self.values
        self._dt = 1 / self.frame_rate / math.ceil(1 / self.frame_rate / STEP - 1e-9)
        self._gust_sign = 1.0 if rng.random() < 0.5 else -1.0
        self._flow, self._scratch = np.empty((2, 9, ROWS + 2, COLUMNS))
        kernels.at_rest(self._flow)
        kernels.at_rest(self._scratch)
        self._u, self._v = np.zeros((2, ROWS + 2, COLUMNS))
        self._density = np.ones((ROWS + 2, COLUMNS))
        self._cells = values["diameter"] / CELL
        self._x, self._y = PLACE / CELL, (ROWS + 1) / 2 + values["offset"] / CELL
        self._solid = solid_share(values["obstacle"], self._cells, self._x, self._y, (ROWS + 2, COLUMNS))
        self._omega = 1 / (3 * values["viscosity"] * self._dt / CELL**2 + 0.5)
        self._probe = (round(self._y), round(self._x + PROBE * self._cells))
        self._fan = self._wind = self._fan_turned = 0.0
        self._gust_from = math.inf
        self._force, self._swing, self._across = np.zeros(2), 0.0, 0.0
        self._peak, self._big, self._vortices, self._sheds = 0.0, 0, 0, False
        self._inflow = 0.0
        self._start_smoke(rng)

    def _start_smoke(self, rng: np.random.Generator) -> None:
        """Straight lines of smoke that hang in the still air."""
        lines = 1 + ROWS * (np.arange(LINES) + 0.5) / LINES - 0.5
        nearest = self._y - lines[np.abs(lines - self._y).argmin()]  # one line meets the obstacle
        self._nozzles = lines + nearest + rng.uniform(-1.2, 1.2)
        along = np.arange(NOZZLE / CELL, COLUMNS - 2, PUFF)
        puffs = np.stack(np.meshgrid(along, self._nozzles), -1).reshape(-1, 2)
        rows, columns = puffs[:, 1].round().astype(int), puffs[:, 0].round().astype(int)
        puffs = puffs[self._solid[rows, columns] < 0.05]
        self._smoke = np.zeros((MOST, 4))
        self._puffs = self._named = len(puffs)
        self._smoke[: self._puffs, :2], self._smoke[: self._puffs, 3] = puffs, np.arange(self._puffs)
        self._travelled = 0.0

    def advance(self, seconds: float, action: np.ndarray) -> None:
        if action[0] != 0.0:
            self._turn_fan(float(action[0]))
        count = max(round(seconds / self._dt), 1)
        done = 0
        while done < count:
            steps = min(CARRY, count - done)
            self._blow(self.time + done * self._dt, steps)
            done += steps

    def _turn_fan(self, change: float) -> None:
        before, self._fan = self._fan, min(max(self._fan + change, 0.0), self._fastest(self.values))
        self.report("fan", self.time, wind=self._fan)
        if before == 0.0 < self._fan:
            self._gust_from = self.time + GUST_AFTER
        critical = CRITICAL[self.values["obstacle"]] * self.values["viscosity"] / self.values["diameter"]
        if (self._wind - critical) * (self._fan - critical) < 0:
            passed = LAG * math.log((self._wind - self._fan) / (critical - self._fan))
            self.report("critical speed", self.time + passed, wind=critical)

    def _blow(self, now: float, steps: int) -> None:
        """A few steps of the lattice, and the smoke along with them."""
        after = self._dt * (np.arange(steps) + 1.0)
        wind = self._fan + (self._wind - self._fan) * np.exp(-after / LAG)
        phase = np.clip((now + after - self._gust_from) / GUST_LASTS, 0.0, 1.0)
        shear = self._gust_sign * self.values["gust"] * np.sin(math.pi * phase) ** 2
        to_lattice = self._dt / CELL
        record = np.empty((steps, 5))
        kernels.flow_steps(
            self._flow, self._scratch, self._omega, self._solid, wind * to_lattice, shear, self._u, self._v,
            self._density, self._probe, record,
        )  # fmt: skip
        self._inflow += float((record[:, 2] - record[:, 3]).sum())
        self._wind = float(wind[-1])
        self._fan_turned += self._wind * steps * self._dt
        self._force = record[:, :2].mean(0)
        self._notice(now, record[:, 4] / to_lattice)
        self._puffs = kernels.carry(self._smoke, self._puffs, self._u, self._v, self._solid, float(steps))
        self._travelled += self._wind * to_lattice * steps
        while self._travelled >= PUFF and self._puffs + LINES <= MOST:
            self._travelled -= PUFF
            new = slice(self._puffs, self._puffs + LINES)
            self._smoke[new, 0], self._smoke[new, 1], self._smoke[new, 2] = NOZZLE / CELL, self._nozzles, 0.0
            self._smoke[new, 0] += self._travelled
            self._smoke[new, 3] = self._named + np.arange(LINES)
            self._puffs, self._named = self._puffs + LINES, self._named + LINES

    def _notice(self, now: float, across: np.ndarray) -> None:
        """A vortex passes where the wake's velocity across changes sign (straight line within a step of 1.2 ms)."""
        last = self._across
        for k, value in enumerate(across.tolist()):
            if last * value < 0:
                self._half_swing(now + self._dt * (k + last / (last - value)), value > 0)
                self._peak = 0.0
            self._peak = max(self._peak, abs(value))
            last = value
        self._across = last

    def _half_swing(self, time: float, upwards: bool) -> None:
        self._swing = self._peak / max(self._wind, 1e-6)
        critical = self._reynolds() > CRITICAL[self.values["obstacle"]]
        self._big = self._big + 1 if self._swing > SWINGS and critical else 0
        if self._big >= 3:  # the gust itself swings the wake once
            self._vortices += 1
            if not self._sheds:
                self._sheds = True
                self.report("shedding begins", time)
            self.report("vortex", time, side="below" if upwards else "above")
        elif self._sheds and not critical:
            self._sheds = False
            self.report("shedding stops", time)

    def _reynolds(self) -> float:
        return self._wind * self.values["diameter"] / self.values["viscosity"]

    def row(self) -> tuple[float, ...]:
        drag, lift = (self._force * DENSITY * CELL**3 / self._dt**2).tolist()
        pressure = 0.5 * DENSITY * max(self._wind, 1e-6) ** 2 * self.values["diameter"]
        still = self._wind < 1e-3
        return (
            self._wind, self._reynolds(), CRITICAL[self.values["obstacle"]], drag, lift,
            0.0 if still else drag / pressure, 0.0 if still else lift / pressure, self._across,
            self._swing, float(self._vortices),
        )  # fmt: skip

    def conserved(self) -> tuple[float, ...]:
        mass = float(self._flow[:, 1:-1, 1:-1].sum()) - self._inflow
        return (mass * DENSITY * CELL**2,)

    def policy(self, time: float) -> tuple[float, ...]:
        return (self.values["wind"] if self.due(self.values["fan_time"], time) else 0.0,)

    def branch(self, state: Any) -> str:
        return "vortex street" if state["reynolds"] > state["critical_reynolds"] else "steady wake"

    def criticality(self, state: Any) -> float:
        """The Reynolds number over the critical one, less 1."""
        return float(state["reynolds"] / state["critical_reynolds"] - 1.0)

    def story(self) -> Story:
        outcome = "sheds" if self.time_of("shedding begins") is not None else "steady"
        if outcome == "steady" and self._reynolds() > CRITICAL[self.values["obstacle"]]:
            outcome = "not yet"
        if self.time_of("fan") is None:
            outcome = "still"
        return story(self.values["obstacle"], self._wind, outcome)

    def twin_start(self, twin: str, truth: Truth) -> float | None:
        fan = next((event.time for event in truth.events if event.name == "fan"), None)
        return None if fan is None else fan + 1.5

    def break_law(self, twin: str) -> None:
        self._solid = np.zeros_like(self._solid)

    def twin_instances(self, twin: str) -> tuple[int, ...]:
        return (1,)

    def paint(self, canvas: Canvas) -> None:
        values = self.values
        place = (PLACE + CELL / 2, HEIGHT / 2 + values["offset"])
        paint(canvas, Look((LENGTH, HEIGHT), CELL, NOZZLE, self._fan_turned, self._smoke[: self._puffs], PUFF,
                           values["obstacle"], place, values["diameter"], not self._solid.any()))  # fmt: skip


def solid_share(kind: str, size: float, x: float, y: float, shape: tuple[int, int], fine: int = 8) -> np.ndarray:
    """Share of every cell that the obstacle of that size at (x, y) fills (cells; `fine`^2 points in each)."""
    offsets = (np.arange(fine) + 0.5) / fine - 0.5
    rows, columns = np.mgrid[0 : shape[0], 0 : shape[1]]
    share = np.zeros(shape)
    corners = None if kind == "cylinder" else outline_of(kind, size)
    for a in offsets:
        for b in offsets:
            dx, dy = columns + a - x, rows + b - y
            if corners is None:
                share += dx**2 + dy**2 < size**2 / 4
                continue
            inside = np.ones(shape, np.bool_)
            for (px, py), (qx, qy) in zip(corners, np.roll(corners, -1, 0), strict=True):
                inside &= (qx - px) * (dy - py) - (qy - py) * (dx - px) > 0
            share += inside
    return share / fine**2
