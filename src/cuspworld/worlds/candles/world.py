"""Candles: candles burn on a cake, and a breath of air from one side blows them out, or not.

Air and heat: buoyant incompressible flow with the breath as a jet (kernels.py). Flames: stirred reactors with
an S-shaped curve of steady states. With the Zeldovich number Ze the curve folds at theta (1 - theta) = 1 / Ze: a flame
whose strain exceeds A (1 - theta) exp(-Ze (1 - theta)) / theta there has no burning state left (the Damkoehler number
is too small) and goes out. Strain = strain of the still flame + speed of the air across it / FLAME.
Critical state: the unstable steady state of the still flame. Below it a flame goes out whatever the air does, since
its strain is never less. SI units, a slice of depth DEPTH.
"""

from __future__ import annotations

import math
from typing import Any, ClassVar

import numpy as np
from scipy.fft import dct, idct
from scipy.optimize import brentq

from cuspworld.laws import Law
from cuspworld.truth import Truth
from cuspworld.worlds.candles import kernels
from cuspworld.worlds.candles.drawing import Look, paint
from cuspworld.worlds.candles.words import CAPTIONS, story
from cuspworld.worlds.drawing.canvas import COLOURS, Canvas
from cuspworld.worlds.drawing.scenery import Scenery
from cuspworld.worlds.words import Story
from cuspworld.worlds.world import Parameter, Twin, World

CELL, STEP = 0.005, 0.0025  # m and s (at most)
ROWS, COLUMNS = 60, 72
WIDTH, TOP = COLUMNS * CELL, ROWS * CELL
DEPTH = 0.05  # m, of the slice
AIR, AMBIENT = 1.2 * 1005.0, 293.0  # J/(m^3 K), K
DIFFUSIVITY = 2.0e-4  # m^2/s, of heat, with the small eddies that the grid does not show
POWER = 60.0  # W, of a candle
CAKE = (0.125, 0.295, 0.070)  # m: left, right, height
CANDLE, FLAME = 0.045, 0.008  # m: length of a candle, width of a flame
MOUTH_X, MOUTH = 0.045, 0.015  # m: where the lips are, and how wide they open
PUFF = 0.2  # s, in which a cheek fills and flushes, and goes back
STILL = 0.25  # strain of a flame in still air, in extinction strains
MOST = 7
SETTLING = 0.25  # s, of the air when it goes on from numbers


def extinction_factor(zeldovich: float) -> tuple[float, float]:
    """theta at the fold, and the extinction strain in units of A."""
    theta = 0.5 * (1 + math.sqrt(1 - 4 / zeldovich))
    return theta, (1 - theta) * math.exp(-zeldovich * (1 - theta)) / theta


class Candles(World):
    """Action: `breath`, the speed (m/s) at which air leaves the mouth during the step."""

    name = "Candles"
    seconds = 3.0
    view = (0.0, -0.045, 0.36, 0.315)
    scenery = Scenery("room", zoom=(0.95, 1.15), shift=0.03, roll=3.0, turn=8.0, lights=("evening", "lamplight"))
    parameters = (
        Parameter("candles", "", "how many candles burn", choices=(2, 3, 4, 5), out_choices=(6, 7)),
        Parameter("colour", "", "colour of the candles", choices=("blue", "green", "yellow", "purple"),
                  out_choices=("white",)),
        Parameter("side", "", "from which side it is blown", choices=("left", "right")),
        Parameter("breath", "m/s", "speed of the breath at the lips", (0.5, 3.6), ((0.1, 0.3), (4.5, 6.0)),
                  (0.0, 12.0)),
        Parameter("breath_time", "s", "when the breath begins", choices=(0.5, 0.6, 0.7, 0.8), out_choices=(0.3, 1.2)),
        Parameter("breath_lasts", "s", "how long it lasts", (0.3, 0.8), ((0.1, 0.2),), (0.01, 3.0)),
        Parameter("aim", "m", "height of the mouth over the wicks", (0.0, 0.018), ((0.035, 0.05), (-0.02, -0.01)),
                  (-0.03, 0.08)),
        Parameter("extinction_strain", "1/s", "strain at which a flame goes out", (110.0, 190.0),
                  ((50.0, 80.0), (260.0, 350.0)), (10.0, 2000.0)),
        Parameter("zeldovich", "1", "Zeldovich number of the flame", out=((6.0, 7.0), (10.0, 12.0)), bounds=(5.0, 20.0),
                  default=8.0),
        Parameter("gravity", "m/s^2", "acceleration of free fall", out=((3.6, 3.8), (14.0, 18.0)), bounds=(0.0, 30.0),
                  default=9.81),
    )  # fmt: skip
    held_out = (
        (("colour", "green"), ("breath", (2.8, 3.6))),
        (("candles", 5), ("side", "right")),
    )
    columns: ClassVar[dict[str, str]] = {
        **{f"flame_{n}": "1" for n in range(1, MOST + 1)},
        **{f"strain_{n}": "1/s" for n in range(1, MOST + 1)},
        "candles": "1", "lit": "1", "weakest": "1", "critical_flame": "1", "breath_speed": "m/s",
        "hottest_air": "K", "energy": "J",
    }  # fmt: skip
    limits: ClassVar[dict[str, tuple[float, float]]] = {
        **{f"flame_{n}": (0.0, 1.0) for n in range(1, MOST + 1)}, "weakest": (0.0, 1.0), "critical_flame": (0.0, 1.0),
        "candles": (0.0, MOST), "lit": (0.0, MOST), "breath_speed": (0.0, 12.0),
    }  # fmt: skip
    actions: ClassVar[dict[str, tuple[str, float, float]]] = {"breath": ("m/s", 0.0, 12.0)}
    conserved_units: ClassVar[dict[str, str]] = {"heat_minus_released": "J"}
    critical_events = ("blow-out",)
    captions = CAPTIONS
    branches = ("all burning", "some out", "all out")
    twins: ClassVar[dict[str, Twin]] = {
        "unmoved": Twin("The breath blows, and the flames burn on and do not notice.", Law.CAUSE),
        "out_without_breath": Twin("Nobody blows, and a flame goes out.", Law.CAUSE),
        "relights": Twin("A candle that was blown out burns again by itself.", Law.CAUSE, Law.ARROW),
    }
    instances: ClassVar[dict[int, str]] = {
        1: "cake", **{n + 1: f"candle {n}" for n in range(1, MOST + 1)},
        **{n + 10: f"flame {n}" for n in range(1, MOST + 1)}, 20: "face", 21: "breath", 22: "smoke",
    }  # fmt: skip

    def begin(self, rng: np.random.Generator) -> None:
        values = self.values
        count = values["candles"]
        left, right, height = CAKE
        gap = min(0.034, (right - left - 0.04) / max(count - 1, 1))
        middle = (left + right) / 2 + rng.uniform(-0.006, 0.006)
        self.x = middle + gap * (np.arange(count) - (count - 1) / 2)  # as if blown from the left
        self.wick = height + CANDLE + rng.uniform(-0.004, 0.004, count)
        self._theta_fold, factor = extinction_factor(values["zeldovich"])
        self._rate = values["extinction_strain"] / factor
        self._still = STILL * values["extinction_strain"]
        self.theta = np.full(count, self._steady(True))
        self.lost = self._steady(False)
        self._strain = np.full(count, self._still)
        self._times = np.empty(count)
        self._u, self._v = np.zeros((ROWS, COLUMNS + 1)), np.zeros((ROWS + 1, COLUMNS))
        self._new = np.zeros_like(self._u), np.zeros_like(self._v)
        self._heat, self._divergence = np.zeros((2, ROWS, COLUMNS))
        self._flux = np.zeros_like(self._u), np.zeros_like(self._v)
        self._solid = np.zeros((ROWS, COLUMNS), np.bool_)
        self._solid[: round(height / CELL), round(left / CELL) : round(right / CELL)] = True
        line, column = np.arange(ROWS), np.arange(COLUMNS)
        # cosines across, and up it is closed below and open above (odd quarter waves)
        self._symbol = 2 * np.cos(math.pi * (2 * line + 1) / (2 * ROWS))[:, None] - 4
        self._symbol = self._symbol + 2 * np.cos(math.pi * column / COLUMNS)[None, :]
        mouth = height + CANDLE + 0.010 + values["aim"]
        row = round((mouth - MOUTH / 2) / CELL)
        self.mouth = (MOUTH_X, mouth)
        self._mouth = (row, row + round(MOUTH / CELL), round(MOUTH_X / CELL) - 1, round(MOUTH_X / CELL) + 1)
        self._breath = self._released = 0.0
        self._unmoved = False
        self.lean = np.zeros(count)
        self._out_since = np.full(count, math.inf)
        self.puffed = 0.0  # of the cheek: 0 at rest, 1 full and flushed; only seen
        self.puffs = np.zeros((0, 4))  # x, y, age (s), kind (0 smoke, 1 breath)
        self._jitter = rng.uniform(-1, 1, (997,))
        self._choice = int(rng.integers(count))
        for k in range(120):  # the plumes rise before the clip begins
            self._substep(k * STEP - 1.0, STEP)
        self._released = self._heat_content()

    def resume(self, numbers: np.ndarray) -> None:
        """What the numbers do not say: the air is as that breath makes it in a quarter of a second, flames lean as
        strain says, and what went out did so a while ago."""
        said, count = dict(zip(self.columns, self.check_numbers(numbers).tolist(), strict=True)), len(self.x)
        theta = np.clip([said[f"flame_{n + 1}"] for n in range(count)], 0.0, 1.0)
        self._strain = np.maximum([said[f"strain_{n + 1}"] for n in range(count)], self._still)
        self.lean = (self._strain - self._still) * FLAME
        self._breath = max(said["breath_speed"], 0.0)
        happened = list(self.events)
        until = SETTLING
        while until > 0:
            self.theta = theta.copy()
            step = min(until, self._longest_step())
            self._substep(self.time, step)
            until -= step
        self.events, self.theta = happened, theta
        self._out_since = np.where(theta > self.lost, math.inf, np.minimum(self._out_since, self.time - STEP))
        self._released = self._heat_content()

    def why_not(self, values: dict[str, Any]) -> str:
        fold, factor = extinction_factor(values["zeldovich"])
        out = 1 - fold  # theta at the other fold: with less strain than there a flame that is out lights by itself
        ignition = (1 - out) * math.exp(-values["zeldovich"] * (1 - out)) / out
        if ignition < STILL * factor:
            return ""
        return (
            f"zeldovich must be so high that a flame that is out stays out in still air: got {values['zeldovich']:g}, "
            "take 7 or more"
        )

    def _steady(self, burning: bool) -> float:
        """The burning (or the unstable) steady state of a flame in still air."""
        ze = self.values["zeldovich"]

        def balance(theta: float) -> float:
            return self._rate * (1 - theta) * math.exp(-ze * (1 - theta)) - self._still * theta

        low, high = (self._theta_fold, 1.0) if burning else (1 - self._theta_fold, self._theta_fold)
        return float(brentq(balance, low, high, xtol=1e-14))

    def advance(self, seconds: float, action: np.ndarray) -> None:
        before, self._breath = self._breath, float(action[0])
        self.puffed += (float(self._breath > 0.0) - self.puffed) * (1 - math.exp(-seconds / PUFF))
        if before == 0.0 < self._breath:
            self.report("breath", self.time, speed=self._breath)
        elif before > 0.0 == self._breath:
            self.report("breath ends", self.time)
        count = math.ceil(seconds / self._longest_step() - 1e-9)
        for k in range(count):
            self._substep(self.time + k * seconds / count, seconds / count)
        self._move_puffs(seconds)

    def _longest_step(self) -> float:
        fastest = max(self._breath * 1.3, float(np.abs(self._u).max()), float(np.abs(self._v).max()), 0.5)
        return min(STEP, 0.8 * CELL / fastest)

    def _substep(self, now: float, dt: float) -> None:
        u, v = self._u, self._v
        kernels.advect(u, v, *self._new, dt / CELL)
        (self._u, self._v), self._new = self._new, (u, v)
        u, v = self._u, self._v
        lift = self.values["gravity"] * dt / AMBIENT
        share = 1 - math.exp(-dt / 0.001)
        kernels.push(u, v, np.minimum(self._heat, 600.0), self._solid, lift, self._mouth, self._breath, share)
        kernels.divergence(u, v, self._divergence)
        modes = dct(dct(self._divergence, 2, axis=1, norm="ortho"), 4, axis=0, norm="ortho") / self._symbol
        kernels.subtract_gradient(u, v, idct(idct(modes, 4, axis=0, norm="ortho"), 2, axis=1, norm="ortho"))
        left = kernels.carry_heat(self._heat, *self._flux, u, v, dt / CELL, DIFFUSIVITY * dt / CELL**2)
        self._released -= left * CELL**2 * DEPTH * AIR
        self._burn(now, dt)

    def _burn(self, now: float, dt: float) -> None:
        """Flames under the strain of the air across them, and the heat that they give to the air."""
        for n, (x, wick) in enumerate(zip(self.x.tolist(), self.wick.tolist(), strict=True)):
            row, column = int((wick + 0.010) / CELL), int(x / CELL)
            across = 0.5 * float(self._u[row, column] + self._u[row, column + 1])
            if not self._unmoved:
                self._strain[n] = self._still + abs(across) / FLAME
                self.lean[n] += (across - self.lean[n]) * (1 - math.exp(-dt / 0.02))
            power = POWER * min(float(self.theta[n]) / 0.9, 1.1) if self.theta[n] > self.lost else 0.0
            self._heat[row - 1 : row + 2, column : column + 2] += power * dt / (6 * CELL**2 * DEPTH * AIR)
            self._released += power * dt
        kernels.burn(
            self.theta, self._strain, self._rate, self.values["zeldovich"], dt, math.ceil(dt * self._rate / 0.25),
            self.lost, self._times,
        )  # fmt: skip
        for n in np.flatnonzero(self._times >= 0).tolist():
            self._out_since[n] = now + self._times[n]
            self.report("blow-out", now + self._times[n], candle=n + 1)

    def _heat_content(self) -> float:
        return float(self._heat.sum()) * CELL**2 * DEPTH * AIR

    def _move_puffs(self, seconds: float) -> None:
        """Smoke from wicks that went out less than 1.5 s ago, and breath from the mouth: only seen, not felt."""
        until = self.time + seconds
        new = []
        for n in np.flatnonzero((until - self._out_since < 1.5) & (until > self._out_since)).tolist():
            new += [(self.x[n], self.wick[n] + 0.004 + 0.012 * seconds * k, 0.0, 0.0) for k in range(5)]
        if self._breath > 0.0:
            x, y = self.mouth
            sides = 0.4 * MOUTH * self._jitter[(len(self.puffs) * 7 + 31 * np.arange(8)) % 997]
            new += [(x + 0.012 * k, y + side, 0.0, 1.0) for k, side in enumerate(sides.tolist())]
        self.puffs = np.concatenate([self.puffs, np.array(new).reshape(-1, 4)])
        kernels.move_puffs(self.puffs, self._u, self._v, CELL, seconds, max(1, math.ceil(seconds / 0.01)))
        life = np.where(self.puffs[:, 3] == 0.0, 1.3, 0.35)
        inside = (self.puffs[:, 0] > 0) & (self.puffs[:, 0] < WIDTH) & (self.puffs[:, 1] < TOP)
        self.puffs = self.puffs[inside & (self.puffs[:, 2] < life)]

    def row(self) -> tuple[float, ...]:
        absent = (0.0,) * (MOST - len(self.x))
        return (
            *self.theta.tolist(), *absent, *self._strain.tolist(), *absent, float(len(self.x)),
            float((self.theta > self.lost).sum()), float(self.theta.min()), self.lost, self._breath,
            float(self._heat.max()), self._heat_content(),
        )  # fmt: skip

    def conserved(self) -> tuple[float, ...]:
        return (self._heat_content() - self._released,)

    def policy(self, time: float) -> tuple[float, ...]:
        start = self.values["breath_time"]
        return (self.values["breath"] if start - 1e-9 <= time < start + self.values["breath_lasts"] - 1e-9 else 0.0,)

    def branch(self, state: Any) -> str:
        return "all burning" if state["lit"] >= state["candles"] else "some out" if state["lit"] > 0 else "all out"

    def criticality(self, state: Any) -> float:
        """How far the weakest flame is below its unstable steady state: beyond zero, it cannot recover."""
        return float(state["critical_flame"] - state["weakest"])

    def story(self) -> Story:
        blown = any(event.name == "breath" for event in self.events)
        out = len({event.detail["candle"] for event in self.events if event.name == "blow-out"})
        values = self.values
        return story(values["colour"], len(self.x), out, values["breath"] if blown else 0.0, values["side"])

    def twin_start(self, twin: str, truth: Truth) -> float | None:
        times = {event.name: event.time for event in truth.events}  # the last of each name
        if twin == "out_without_breath":
            return times["breath"] - 0.3 if "breath" in times else None
        if "blow-out" not in times:
            return None
        if twin == "unmoved":
            return times["breath"] + 1e-6
        if "breath ends" not in times:
            return None
        out = min(event.time for event in truth.events if event.name == "blow-out")  # it may go out after the breath
        return max(times["breath ends"], out) + 0.4

    def break_law(self, twin: str) -> None:
        if twin == "unmoved":
            self._unmoved = True
            self._strain[:] = self._still
            self.lean[:] = 0.0
        elif twin == "out_without_breath":
            self.theta[self._choice] = 0.0
            self._out_since[self._choice] = self.time
        else:
            dead = int(np.flatnonzero(self.theta < self.lost)[0])
            self._choice = dead
            self.theta[dead] = self._steady(True)
            self._out_since[dead] = math.inf

    def twin_instances(self, twin: str) -> tuple[int, ...]:
        return tuple(range(11, 11 + MOST)) if twin == "unmoved" else (11 + self._choice,)

    def paint(self, canvas: Canvas) -> None:
        mirrored = self.values["side"] == "right"
        paint(canvas, Look(COLOURS[self.values["colour"]], mirrored, WIDTH, self.x, self.wick, self.theta, self.lean,
                           self.puffs, self.mouth, self.puffed))  # fmt: skip
