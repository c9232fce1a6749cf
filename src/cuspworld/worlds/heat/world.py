"""Heat: the temperature of a copper plate whose edge is held hot and cold by heaters: the steady world.

Laplace's equation, and where the edge changes, the heat equation (equation.py). The edge's temperature is
T_ambient + sum_j c_j exp(kappa (cos(2 pi (s - s_j) / 4) - 1)), s the distance along the edge in sides: a family with as
many dimensions as heaters. The steady temperature is linear in it, so the data manifold of the default world, whose
four heaters are drawn independently, has exactly four dimensions; the presets have one, two, three, six and eight.
There is no critical event. `criticality` is how far the inside exceeds the extremes of the edge (K): the maximum
principle keeps it below zero for ever.
"""

from __future__ import annotations

import math
from typing import Any, ClassVar

import numpy as np

from cuspworld.laws import Law
from cuspworld.truth import Truth
from cuspworld.worlds.drawing.canvas import Canvas
from cuspworld.worlds.drawing.scenery import Scenery
from cuspworld.worlds.heat.drawing import Look, paint
from cuspworld.worlds.heat.equation import Plate
from cuspworld.worlds.heat.words import CAPTIONS, story
from cuspworld.worlds.words import Story
from cuspworld.worlds.world import Parameter, Preset, Twin, World, crossing_time

SIDE, THICKNESS = 0.10, 0.001  # m
INNER = 63  # interior grid points a side
HEAT_CAPACITY = 3.45e6  # J/(m^3 K), of copper
HEATERS = 8
PLACES = (0.5, 1.5, 2.5, 3.5, 0.0, 1.0, 2.0, 3.0)  # of the heaters along the edge, in sides from the lower left corner
KAPPA = 6.0  # sharpness of a heater's profile
PROBES = 7  # a side
SETTLED = 0.5  # K from the steady state that count as settled
MARGIN = 0.018  # m around the plate
NARROW = (-60.0, 60.0)  # K, training range
WIDE = ((-90.0, -65.0), (65.0, 90.0))
HOTTEST, WARMEST = 1000.0, 1200.0  # K: a heater above ambient, ambient itself, at most
COLDEST = 1.0  # K, that no action cools the edge below
TOGETHER = 1.36  # of one heater's temperature, where all of them are at it and the most overlap, at most
SPOT = 40.0  # K that the impossible spot is beyond everything else


class Heat(World):
    """Actions: `heater_1` to `heater_4` (bottom, right, top, left), a change of that heater's temperature (K)."""

    name = "Heat"
    seconds = 2.0
    view = (-MARGIN, -MARGIN, SIDE + MARGIN, SIDE + MARGIN)
    scenery = Scenery("wall", behind=0.02, zoom=(0.7, 0.95), shift=0.04, roll=6.0, turn=18.0)
    parameters = (
        *(Parameter(f"heater_{j}", "K", f"temperature of heater {j} above ambient", NARROW, WIDE, (-299.0, HOTTEST))
          for j in range(1, 5)),
        *(Parameter(f"heater_{j}", "K", f"temperature of heater {j} above ambient, at a corner", out=WIDE,
                    bounds=(-299.0, HOTTEST), default=0.0) for j in range(5, HEATERS + 1)),
        Parameter("start", "", "the plate begins steady, or at ambient temperature all over", choices=("steady",),
                  out_choices=("uniform",), default="steady"),
        Parameter("ambient", "K", "temperature of the edge where no heater is near", bounds=(50.0, WARMEST),
                  default=300.0),
        Parameter("diffusivity", "m^2/s", "thermal diffusivity of the plate", bounds=(1e-8, 1e-2), default=1.17e-4),
    )  # fmt: skip
    held_out = (
        (("heater_1", (35.0, 60.0)), ("heater_2", (35.0, 60.0))),
        (("heater_3", (-60.0, -35.0)), ("heater_4", (35.0, 60.0))),
    )
    presets: ClassVar[dict[str, Preset]] = {
        **{f"{word}_heater{'s' * (count > 1)}": Preset(
            f"A boundary of {count} dimensions.",
            {f"heater_{j}": 0.0 for j in range(count + 1, 5)},
            tuple(Parameter(f"heater_{j}", "K", f"temperature of heater {j}", NARROW, WIDE, (-299.0, HOTTEST))
                  for j in range(5, count + 1)),
        ) for word, count in (("one", 1), ("two", 2), ("three", 3), ("six", 6), ("eight", 8))},
        "heat_equation": Preset("The plate begins at ambient temperature; heat flows.", {"start": "uniform"},
                                seconds=4.0),
    }  # fmt: skip
    columns: ClassVar[dict[str, str]] = {
        **{f"heater_{j}": "K" for j in range(1, HEATERS + 1)},
        **{f"temperature_{row}_{column}": "K" for row in range(1, PROBES + 1) for column in range(1, PROBES + 1)},
        "hottest": "K", "coldest": "K", "hottest_allowed": "K", "coldest_allowed": "K", "from_steady": "K",
    }  # fmt: skip
    limits: ClassVar[dict[str, tuple[float, float]]] = {
        column: (-WARMEST - TOGETHER * HOTTEST, HOTTEST)
        if column.startswith("heater")
        else (0.0, WARMEST + TOGETHER * HOTTEST + SPOT)
        for column in columns
    }
    actions: ClassVar[dict[str, tuple[str, float, float]]] = {f"heater_{j}": ("K", -60.0, 60.0) for j in range(1, 5)}
    conserved_units: ClassVar[dict[str, str]] = {"heat_minus_inflow": "J"}
    critical_events = ()
    captions = CAPTIONS
    branches = ("steady", "relaxing")
    twins: ClassVar[dict[str, Twin]] = {
        "maximum_principle": Twin(
            "A spot inside the plate is more extreme than anything on its edge, and it stays.",
            Law.PERMANENCE,
            Law.CONSERVATION,
            Law.CAUSE,
        ),
    }
    instances: ClassVar[dict[int, str]] = {1: "plate", **{j + 1: f"heater {j}" for j in range(1, HEATERS + 1)}}

    def why_not(self, values: dict[str, Any]) -> str:
        coldest = float((values["ambient"] + _profiles() @ _heaters(values)).min())
        return "" if coldest > 0 else f"the heaters would cool the edge to {coldest:.0f} K: it must stay above 0 K"

    def begin(self, rng: np.random.Generator) -> None:
        values = self.values
        self._plate = Plate(INNER, SIDE, values["diffusivity"])
        self._heater = _heaters(values)
        self._set_edge()
        steady = self._plate.steady(self._edge)
        self._temperature = steady if values["start"] == "steady" else np.full((INNER, INNER), values["ambient"])
        self._hottest, self._coldest = float(self._temperature.max()), float(self._temperature.min())
        self._widen()
        self._from_steady = float(np.abs(self._temperature - steady).max())
        self._inflow = 0.0
        self._spot_place, self._spot_hot = rng.uniform(0.3, 0.7, 2), bool(rng.random() < 0.5)
        self._spot: np.ndarray | None = None

    def _set_edge(self) -> None:
        edge = self.values["ambient"] + _profiles() @ self._heater
        self._edge = np.zeros((INNER + 2, INNER + 2))
        self._edge[0, :], self._edge[:, -1] = edge[: INNER + 2], edge[INNER + 1 : 2 * INNER + 3]
        self._edge[-1, ::-1], self._edge[::-1, 0] = edge[2 * INNER + 2 : 3 * INNER + 4], edge[3 * INNER + 3 :]

    def advance(self, seconds: float, action: np.ndarray) -> None:
        if action.any():
            action = self._possible(action)
            self.report("heaters change", self.time, **{f"heater_{j + 1}": float(action[j]) for j in range(4)})
            self._heater = np.concatenate([self._heater[:4] + action, self._heater[4:]])
            self._set_edge()
        if action.any() or self._from_steady > 1e-9:
            steady, start = self._plate.steady(self._edge), self._temperature
            before = float(np.abs(start - steady).max())
            self._temperature, mean = self._plate.evolve(start, self._edge, seconds)
            self._inflow += self._plate.inflow(mean, self._edge) * seconds
            self._from_steady = float(np.abs(self._temperature - steady).max())
            if self._from_steady < SETTLED <= before:
                plate, edge = self._plate, self._edge
                after = crossing_time(
                    lambda t: float(np.abs(plate.evolve(start, edge, t)[0] - steady).max()) - SETTLED, 1e-9, seconds
                )
                self.report("settles", self.time + after)
        self._widen()

    def _possible(self, action: np.ndarray) -> np.ndarray:
        """The changes, or of too large ones what the heaters can do: no hotter than HOTTEST, no edge below COLDEST."""
        action = np.where(self._heater[:4] + action > HOTTEST, HOTTEST - self._heater[:4], action)
        edge = self.values["ambient"] + _profiles() @ self._heater - COLDEST
        change = _profiles()[:, :4] @ action
        too_cold = edge + change < 0
        if not too_cold.any():
            return action
        return action * max(float((edge[too_cold] / -change[too_cold]).min()), 0.0)

    def _widen(self) -> None:
        """The extremes of the beginning and of the edge so far: what the maximum principle allows."""
        ring = np.concatenate([self._edge[0], self._edge[-1], self._edge[:, 0], self._edge[:, -1]])
        self._hottest = max(self._hottest, float(ring.max()))
        self._coldest = min(self._coldest, float(ring.min()))

    def _field(self) -> np.ndarray:
        return self._temperature if self._spot is None else self._temperature + self._spot

    def row(self) -> tuple[float, ...]:
        field = self._field()
        step = (INNER + 1) // (PROBES + 1)
        probes = field[step - 1 :: step, step - 1 :: step][:PROBES, :PROBES]
        return (
            *self._heater.tolist(), *probes.ravel().tolist(), float(field.max()), float(field.min()), self._hottest,
            self._coldest, self._from_steady,
        )  # fmt: skip

    def conserved(self) -> tuple[float, ...]:
        heat = (self._field() - self.values["ambient"]).sum() * self._plate.spacing**2 - self._inflow
        return (float(heat * THICKNESS * HEAT_CAPACITY),)

    def branch(self, state: Any) -> str:
        return "steady" if state["from_steady"] < SETTLED else "relaxing"

    def criticality(self, state: Any) -> float:
        """How far (K) the inside is beyond what edge and beginning allow: never above zero in a possible world."""
        return float(max(state["hottest"] - state["hottest_allowed"], state["coldest_allowed"] - state["coldest"]))

    def story(self) -> Story:
        heaters = {j + 1: value for j, value in enumerate(self._heater.tolist()) if j < 4 or value != 0.0}
        return story(heaters, self.values["start"] == "steady")

    def twin_start(self, twin: str, truth: Truth) -> float | None:
        return 0.4 * len(truth.state) / self.frame_rate

    def break_law(self, twin: str) -> None:
        line = np.linspace(0, 1, INNER + 2)[1:-1]
        y, x = self._spot_place
        shape = np.clip(1 - ((line[None, :] - x) ** 2 + (line[:, None] - y) ** 2) / 0.24**2, 0, None) ** 2
        row, column = np.unravel_index(shape.argmax(), shape.shape)
        here = self._temperature[row, column]
        height = self._hottest + SPOT - here if self._spot_hot else max(self._coldest - SPOT, 1.0) - here
        self._spot = shape / shape[row, column] * height

    def paint(self, canvas: Canvas) -> None:
        whole = self._edge.copy()
        whole[1:-1, 1:-1] = self._field()
        shown = [j for j in range(HEATERS) if j < 4 or self._heater[j] != 0.0]
        heaters = tuple((j, PLACES[j], float(self._heater[j])) for j in shown)
        paint(canvas, Look(SIDE, whole - self.values["ambient"], heaters))


def _heaters(values: dict[str, Any]) -> np.ndarray:
    return np.array([values[f"heater_{j}"] for j in range(1, HEATERS + 1)], float)


def _profiles() -> np.ndarray:
    """The heaters' profiles (edge points, heaters) at the grid's edge points, once round."""
    along = np.arange(4 * (INNER + 1) + 1) / (INNER + 1)
    return np.exp(KAPPA * (np.cos(2 * math.pi * (along[:, None] - np.array(PLACES)) / 4) - 1))
