"""Experiments: a simulator as a function from parameters to what comes of them, one run a point.

A point lies in the unit cube, a side for each parameter. What comes of it is the state at `TIMES` moments,
flattened, and a branch, where the world names one: only acquisitions that say so look at branches.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from importlib import import_module
from typing import Any

import gymnasium
import numpy as np
from jaxtyping import Float

from cuspworld import worlds
from cuspworld.errors import CuspError
from cuspworld.exam.audit.store import version
from cuspworld.exam.made_of import made_of
from cuspworld.worlds.world import World

TIMES = 12
STEPS = 100  # of an environment that does not say how long it runs
Ranges = Mapping[str, tuple[float, float]]


@dataclass(frozen=True, eq=False)
class Outcome:
    """`states` (TIMES * columns,); `branch`: the world's name of how it ended, or ""; `events`: name -> seconds at
    which it first happened, where the world names any."""

    states: Float[np.ndarray, " numbers"]
    branch: str
    events: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Experiments:
    """`ranges`: parameter -> (low, high). `fixed`: other options of each run. `make`: the environment, whose `reset`
    takes the parameters as options and whose observation is its state. `steps`: of a run. `seed`: of every run, so that
    nothing but the parameters differs."""

    name: str
    ranges: Ranges
    make: Callable[[], gymnasium.Env]
    steps: int
    fixed: Mapping[str, Any] = field(default_factory=dict)
    seed: int = 7
    branch: Callable[[Any, dict[str, Any]], str] | None = None  # of the environment and the last info

    def __post_init__(self) -> None:
        if not self.ranges:
            raise CuspError("ranges must name at least one parameter, as in {'push': (0.1, 0.5)}")
        for name, (low, high) in self.ranges.items():
            if not (np.isfinite([low, high]).all() and low < high):
                raise CuspError(f"the range of {name} must be (low, high) with low < high: got {(low, high)}")

    def options(self, point: Float[np.ndarray, " d"]) -> dict[str, Any]:
        """The parameters at a point of the unit cube, by name."""
        pairs = zip(self.ranges.items(), point.tolist(), strict=True)
        return {name: low + share * (high - low) for (name, (low, high)), share in pairs}

    def code(self) -> str:
        """A hash of the simulator's source: what another one gave is simulated again. Raises CuspError where it cannot
        be made."""
        try:
            environment = self.make()
        except CuspError:
            raise
        except Exception as error:
            raise CuspError(f"{self.name} cannot be made: {type(error).__name__}: {error}") from error
        try:
            inner = environment.unwrapped
            return made_of(inner) + (version("worlds") if isinstance(inner, World) else "")
        finally:
            environment.close()

    def run(self, point: Float[np.ndarray, " d"]) -> Outcome:
        """One simulation. Raises CuspError for an environment whose observations are no numbers."""
        environment = self.make()
        try:
            return self._run(environment, {**self.fixed, **self.options(point)})
        finally:
            environment.close()

    def _run(self, environment: gymnasium.Env, options: dict[str, Any]) -> Outcome:
        played = list(self.played(environment, options))
        rows, info, inner = [row for row, _ in played], played[-1][1], environment.unwrapped
        moments = np.round(np.linspace(0, len(rows) - 1, TIMES)).astype(int)
        states = np.stack([rows[k] for k in moments]).ravel()
        if not np.isfinite(states).all():
            raise CuspError(f"{self.name} observed NaN or infinity with {options}")
        named = self.branch(inner, info) if self.branch is not None else str(info.get("branch", ""))
        events: dict[str, float] = {}
        for event in inner.events if isinstance(inner, World) else ():
            events.setdefault(event.name, float(event.time))
        return Outcome(states, named, events)

    def played(
        self, environment: gymnasium.Env, options: dict[str, Any]
    ) -> Iterator[tuple[Float[np.ndarray, " columns"], dict[str, Any]]]:
        """What an environment of `make` observes from its reset with `options` to its end, and the info with it."""
        observed, info = environment.reset(seed=self.seed, options=options)
        yield self._numbers(observed), info
        inner = environment.unwrapped
        for k in range(self.steps):
            if isinstance(inner, World):  # acts as a recording does
                action: Any = inner.check_action(inner.policy(k / inner.frame_rate)).astype(np.float32)
            else:
                action = _nothing(environment.action_space)
            observed, _, ended, cut, info = environment.step(action)
            yield self._numbers(observed), info
            if ended or cut:
                break

    def _numbers(self, observed: Any) -> Float[np.ndarray, " columns"]:
        try:
            return np.array(observed, float).ravel()
        except (TypeError, ValueError) as error:
            raise CuspError(f"{self.name} must observe numbers, its state: got {type(observed).__name__}") from error


def _nothing(space: Any) -> Any:
    """An action that does nothing: zeros, or the first of a list."""
    if isinstance(space, gymnasium.spaces.Box):
        return np.clip(np.zeros(space.shape, space.dtype), space.low, space.high)
    return space.start if isinstance(space, gymnasium.spaces.Discrete) else space.sample()


def _contact(world: Any, info: Any) -> str:
    return "hits" if world.time_of("contact") is not None else "misses"


# world -> (ranges, fixed options, its branch where it is not how the run ends)
SPACES: dict[str, tuple[Ranges, dict[str, Any], Any]] = {
    "Juice": ({"push": (0.12, 0.5), "fill": (0.2, 0.8), "glass_mass": (0.2, 0.6)}, {"push_height": 0.8}, None),
    "Chair": ({"push": (0.5, 9.0), "mass": (3.0, 10.0), "block": (0.03, 0.13)}, {"story": "propped"}, None),
    "Planets": (
        {"burn": (0.0, 4.0), "arrival_speed": (0.5, 4.0), "star_mass": (0.75, 1.25)},
        {"rocket": "visiting", "planets": 1},
        None,
    ),
    "Collision": (
        {"offset": (-1.6, 1.6), "speed_1": (1.0, 4.0), "speed_2": (1.0, 4.0)},
        {"law": "collision", "radius_1": 1.0, "radius_2": 1.0},
        _contact,
    ),
    "Candles": (
        {"breath": (0.5, 4.0), "aim": (-0.01, 0.03), "extinction_strain": (110.0, 190.0)},
        {"candles": 3},
        None,
    ),
    "Heat": ({f"heater_{j}": (-60.0, 60.0) for j in range(1, 5)}, {}, None),
    "Snow": ({"drop": (0.3, 1.5), "cohesion": (400.0, 5000.0), "density": (200.0, 300.0)}, {"scene": "lump"}, None),
}


def experiments(world: str, ranges: Ranges | None = None, fps: float = 10.0, steps: int | None = None) -> Experiments:
    """Of a world by its name: `ranges` of some of its parameters, or those of SPACES. Or of any Gymnasium environment
    whose `reset` takes options, by its id or MODULE:CLASS, with `ranges` of these; `steps` of a run, by default what
    its id is registered with, or 100. Raises CuspError where nothing says what varies."""
    foreign = _foreign(world)
    if foreign is not None:
        make, longest = foreign
        if not ranges:
            raise CuspError(f"say which of the options of {world}'s reset vary, as --range NAME=LOW:HIGH")
        return Experiments(world, dict(ranges), make, steps or longest)
    if steps is not None:
        raise CuspError(f"steps are of environments that are no world; {world} runs as long as its clips")
    known, fixed, branch = SPACES.get(world, ({}, {}, None))
    chosen = dict(known if ranges is None else ranges)
    made = worlds.make(world, size=8, fps=fps)
    if not chosen:
        numbers = ", ".join(p.name for p in made.ranges.values() if p.train is not None)
        raise CuspError(f"say which parameters of {world} vary, as --range NAME=LOW:HIGH; it has {numbers}")
    if unknown := sorted(set(chosen) - set(made.ranges)):
        raise CuspError(f"{world} has no parameter {unknown[0]!r}; it has {', '.join(made.ranges)}")
    for name, ends in chosen.items():
        for value in ends:
            made.ranges[name].check(value)
    length = max(1, round(made.seconds * fps) - 1)
    own = {name: value for name, value in fixed.items() if name not in chosen}
    return Experiments(world, chosen, lambda: worlds.make(world, size=8, fps=fps), length, own, branch=branch)


def _foreign(name: str) -> tuple[Callable[[], gymnasium.Env], int] | None:
    """How an environment that is no world of ours is made, and its steps; None for worlds, and for what is unknown."""
    module, colon, attribute = name.partition(":")
    if colon and attribute.isidentifier():
        try:
            found = getattr(import_module(module), attribute)
        except (ImportError, AttributeError) as error:
            raise CuspError(f"no environment at {name}: {error}") from error
        if not inspect.isclass(found) or not issubclass(found, gymnasium.Env) or issubclass(found, World):
            return None
        takes = "render_mode" in inspect.signature(found).parameters
        own: dict[str, Any] = {"render_mode": "rgb_array"} if takes else {}
        return partial(found, **own), STEPS
    if name in gymnasium.registry and not name.startswith("cuspworld/"):
        longest = gymnasium.spec(name).max_episode_steps
        return (lambda: gymnasium.make(name, render_mode="rgb_array", disable_env_checker=True)), longest or STEPS
    return None
