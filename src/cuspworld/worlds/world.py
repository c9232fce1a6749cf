"""World: the base class of every first-principles world. A Gymnasium environment that records clips with their truth.

How to write a world (see juice.py, collision.py):

1. Make `worlds/<name>.py` with `class <Name>(World)`; its row is already in `worlds/__init__.py`.
2. Declare, as class attributes: `parameters` (a tuple of `Parameter`), `held_out` (pairs of factors that training never
   sees together), `columns` (state column -> SI unit, fixed whatever the parameters; an absent body's columns are 0),
   `actions` (name -> (unit, low, high)), `conserved_units`, `critical_events`, `branches`, `twins` (name -> `Twin`),
   `instances` (mask id -> name), `view` (left, bottom, right, top in metres), `seconds` (default clip length).
3. Write `_begin(rng)`: build the simulation at t = 0 from `self.values[...]`; every random choice comes from `rng`.
   Draw all that you need from `rng` there, so that the same seed gives the same clip whatever happens later.
4. Write `_advance(seconds, action)`: move the simulation on by exactly that long from `self.time`. Report what happens
   at its true instant with `self._event(name, time, **detail)`: from contact data, `crossing_time` on a function of
   time, or `crossing` between the ends of a step.
5. Write `_row()` (state values in the order of `columns`), `_conserved()`, `_policy(time)` (the action that a recording
   takes: the push, the breath), `branch(state)`, `criticality(state)`, `_caption(style, language, rng)`.
6. Write `_paint(canvas)` for a 2-D world (metres, y up), or `_picture(height, width)` -> (frame uint8, mask uint8) for
   an engine that renders by itself; it must not change the simulation.
7. Twins: `_twin_start(twin, truth)` gives the time at which the law breaks, from the possible clip's truth (its
   events; None where this seed offers no occasion), and `_break(twin)` breaks it: called once in the twin's run just
   before that frame; set a flag that `_advance` or `_paint` obeys. `_twin_instances(twin)` names the mask ids that do
   the impossible.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import gymnasium
import numpy as np
from scipy.optimize import brentq

from cuspworld.clip import Clip
from cuspworld.errors import CuspError
from cuspworld.laws import Law
from cuspworld.truth import Event, Truth
from cuspworld.worlds.drawing.canvas import Canvas, check_size
from cuspworld.worlds.parameters import SPLITS, HeldOut, Parameter, check_options, draw, is_number, is_whole, nearest
from cuspworld.worlds.words import when

__all__ = ["Parameter", "Preset", "Twin", "World", "crossing", "crossing_time"]


@dataclass(frozen=True, init=False)
class Twin:
    """One way to do the impossible: the sentence that says what is seen; the laws, any of which names the breach."""

    sentence: str
    breaks: frozenset[Law]

    def __init__(self, sentence: str, *breaks: Law):
        if not breaks or not all(isinstance(law, Law) for law in breaks):
            raise CuspError(f"a twin names the laws that it breaks, as in Law.GRAVITY: got {breaks!r} for {sentence!r}")
        object.__setattr__(self, "sentence", sentence)
        object.__setattr__(self, "breaks", frozenset(breaks))

    @property
    def laws(self) -> str:
        """The names of the broken laws in the order of `Law`: "gravity, inertia"."""
        return ", ".join(law for law in Law if law in self.breaks)


@dataclass(frozen=True)
class Preset:
    """A named setting: fixed options, and other ranges for some parameters; `seconds` and `fps` where they differ."""

    doc: str
    options: Mapping[str, Any] = field(default_factory=dict)
    ranges: tuple[Parameter, ...] = ()
    seconds: float | None = None
    fps: float | None = None


def crossing_time(function: Callable[[float], float], start: float, end: float) -> float:
    """The root of a continuous function of time in [start, end] where its signs differ (Brent's method, 1e-12 s)."""
    first, last = function(start), function(end)
    if first == 0 or first * last > 0:  # touching at the start, or rounding took the sign change away
        return start if abs(first) <= abs(last) else end
    return float(brentq(function, start, end, xtol=1e-12))


def crossing(before: float, after: float, start: float, step: float) -> float:
    """The instant in [start, start + step] at which a quantity with these end values is 0 (error of order step^2)."""
    return start + step * before / (before - after) if before != after else start + step


class World(gymnasium.Env):
    """A first-principles world. The module's docstring says how to write one; `record` is what users call.

    Arguments: `render_mode` ("rgb_array" or None), `size` in pixels of `render()` (int or (height, width)), `fps` (one
    environment step lasts 1/fps seconds), `split` (train, out, recombination), `preset`, and any physical parameter by
    name, which then stays fixed over all resets. Observations are the state row; rewards are 0: a world has no task.
    """

    name: ClassVar[str] = ""
    parameters: ClassVar[tuple[Parameter, ...]] = ()
    held_out: ClassVar[HeldOut] = ()
    presets: ClassVar[dict[str, Preset]] = {}
    columns: ClassVar[dict[str, str]] = {}
    actions: ClassVar[dict[str, tuple[str, float, float]]] = {}
    conserved_units: ClassVar[dict[str, str]] = {}
    critical_events: ClassVar[tuple[str, ...]] = ()
    branches: ClassVar[tuple[str, ...]] = ()
    twins: ClassVar[dict[str, Twin]] = {}
    instances: ClassVar[dict[int, str]] = {}
    view: ClassVar[tuple[float, float, float, float]] = (0.0, 0.0, 1.0, 1.0)
    seconds: float = 3.0
    metadata: dict[str, Any] = {"render_modes": ["rgb_array"], "render_fps": 10}

    def __init__(
        self,
        render_mode: str | None = None,
        *,
        size: Any = 64,
        fps: float | None = None,
        split: str = "train",
        preset: str | None = None,
        **options: Any,
    ):
        if render_mode not in (None, "rgb_array"):
            raise CuspError(f"render_mode must be 'rgb_array' or None: got {render_mode!r}")
        if preset is not None and preset not in self.presets:
            raise CuspError(f"{self.name} has no preset {preset!r}; {nearest(preset, self.presets)}")
        chosen = self.presets[preset] if preset else Preset("")
        self.render_mode, self.preset, self.split = render_mode, preset, _one_of("split", split, SPLITS)
        self.size = check_size(size)
        self.fps = check_rate(fps if fps is not None else chosen.fps or 10.0)
        self.seconds = chosen.seconds or type(self).seconds
        self.metadata = {**type(self).metadata, "render_fps": self.fps}
        self.ranges = {p.name: p for p in (*self.parameters, *chosen.ranges)}
        self.fixed = check_options(self.ranges, {**chosen.options, **options})
        self._low, self._high = (np.array([limits[k] for limits in self.actions.values()], np.float32) for k in (1, 2))
        self.action_space = gymnasium.spaces.Box(self._low, self._high, dtype=np.float32)
        self.observation_space = gymnasium.spaces.Box(-np.inf, np.inf, (len(self.columns),), np.float64)
        self._dtype = np.dtype([(name, "f8") for name in self.columns])
        self.values: dict[str, Any] = {}
        self.events: list[Event] = []
        self.twin: str | None = None
        self._started = False

    # What a world writes.

    def _begin(self, rng: np.random.Generator) -> None:
        raise NotImplementedError

    def _advance(self, seconds: float, action: np.ndarray) -> None:
        raise NotImplementedError

    def _row(self) -> tuple[float, ...]:
        raise NotImplementedError

    def _conserved(self) -> tuple[float, ...]:
        """The quantities of `conserved_units`, in that order."""
        return ()

    def _policy(self, time: float) -> tuple[float, ...]:
        """The action that a recording takes at this time (seconds): what the parameters say. Default: nothing."""
        return (0.0,) * len(self.actions)

    def _valid(self, values: dict[str, Any]) -> str:
        """Why these parameters cannot exist together; empty if they can."""
        return ""

    def _caption(self, style: str, language: str, rng: np.random.Generator) -> str:
        """What happened and why, from the truth, after the run. `style`: rich or poor; `language`: en or zh. (When it
        happened, `caption` adds.)"""
        raise NotImplementedError

    def _told(self) -> list[Event]:
        """The events whose times a rich caption may tell."""
        return self.events

    def _paint(self, canvas: Canvas) -> None:
        raise NotImplementedError

    def _picture(self, height: int, width: int) -> tuple[np.ndarray, np.ndarray]:
        canvas = Canvas(height, width, self.view)
        self._paint(canvas)
        return canvas.frame(), canvas.mask

    def _camera(self, height: int, width: int) -> dict[str, float]:
        return Canvas(height, width, self.view).camera

    def branch(self, state: Any) -> str:
        """The steady branch that this state belongs to: one of `branches`."""
        raise NotImplementedError

    def criticality(self, state: Any) -> float:
        """A scalar that crosses zero at the critical state: negative before it, positive beyond it."""
        raise NotImplementedError

    def _twin_start(self, twin: str, truth: Truth) -> float | None:
        """When the law breaks (seconds), from the possible clip's truth. None: this seed offers no occasion."""
        return None

    def _twin_end(self, twin: str, truth: Truth) -> float | None:
        """When the breach ends (seconds). None: at the clip's end."""
        return None

    def _break(self, twin: str) -> None:
        raise NotImplementedError

    def _twin_instances(self, twin: str) -> tuple[int, ...]:
        """Mask ids of what does the impossible; empty: whatever differs from the possible clip."""
        return ()

    # What every world shares.

    @property
    def state(self) -> np.void:
        """The state now: one structured row with the named columns of `columns`, in SI units."""
        self._need_reset()
        return np.array([tuple(self._row())], self._dtype)[0]

    def reset(self, *, seed: int | None = None, options: Any = None):
        """Start anew. `options`: a dict of parameters by name, and "split". Same seed and options, same world."""
        super().reset(seed=_check_seed(seed))
        options = check_names(options)
        split = _one_of("split", options.pop("split", self.split), SPLITS)
        fixed = {**self.fixed, **check_options(self.ranges, options)}
        if seed is None:
            seed = int(self.np_random.integers(2**31))
        self.seed = seed
        rng = self._rng(split, "parameters")
        self.values = draw(self.ranges, self.held_out, split, rng, fixed, self._valid)
        self._split_now, self.time, self.events, self.twin, self._started = split, 0.0, [], None, True
        self._frame_index = 0
        self._begin(self._rng(split, "scene"))
        return self._observation(), self._info()

    def step(self, action: Any):
        """Act for 1/fps seconds. Raises CuspError for a NaN or a wrong shape."""
        self._need_reset()
        self._frame_index += 1
        until = self._frame_index / self.fps
        self._advance(until - self.time, self._check_action(action))
        self.time = until
        return self._observation(), 0.0, False, bool(self.time >= self.seconds - 1e-9), self._info()

    def render(self):
        """The picture now, uint8 (height, width, 3); None without render_mode."""
        self._need_reset()
        return self._picture(*self.size)[0] if self.render_mode else None

    def caption(self, style: str = "rich", language: str = "en") -> str:
        """A caption of what has happened since the reset. `style`: rich (what, why, when), poor or none; `language`: en
        or zh."""
        _one_of("caption", style, ("rich", "poor", "none"))
        _one_of("language", language, ("en", "zh"))
        if style == "none":
            return ""
        text = self._caption(style, language, self._rng(self._split_now, "words"))
        return text + when(self._told(), self.critical_events, self.time, language) if style == "rich" else text

    def record(
        self,
        seed: int = 0,
        *,
        seconds: float | None = None,
        size: Any = 64,
        fps: float | None = None,
        caption: str = "rich",
        language: str = "en",
        twin: str | None = None,
        split: str | None = None,
        options: dict[str, Any] | None = None,
        actions: Any = None,
    ) -> Clip:
        """Record a clip with its truth. Same arguments, same bytes.

        `twin`: re-render the same seed with one law broken from a known frame on (`twins` lists them). `actions`: one
        row a frame (frames, action columns) in place of what the parameters say. Raises CuspError for bad values.
        """
        from cuspworld.worlds.recording import record

        return record(self, seed, seconds, size, fps, caption, language, twin, split, options, actions)

    def twin_seed(self, twin: str, start: int = 0, **arguments: Any) -> int:
        """The first seed from `start` on whose clip offers an occasion for this twin (`arguments` as in `record`)."""
        from cuspworld.worlds.recording import twin_seed

        return twin_seed(self, twin, start, **arguments)

    def critical_frames(self, truth: Truth, fps: float) -> np.ndarray:
        """Which frames (bool, (frames,)) lie within one frame of a critical event."""
        times = np.arange(len(truth.state)) / fps
        critical = [event.time for event in truth.events if event.name in self.critical_events]
        return (np.abs(times[:, None] - np.array(critical)[None, :]) <= 1 / fps).any(1)

    # Inside.

    def _event(self, name: str, time: float, **detail: Any) -> None:
        """Report that something happened at this instant (seconds since the reset)."""
        self.events.append(Event(name, float(time), detail))

    def _happened(self, name: str) -> float | None:
        """The time of the first event of this name, None if it has not happened."""
        return next((event.time for event in self.events if event.name == name), None)

    def _rng(self, split: str, purpose: str) -> np.random.Generator:
        words = zlib.crc32(f"{self.name}/{split}/{purpose}".encode())
        return np.random.default_rng([words, self.seed % 2**32, self.seed // 2**32])

    def _observation(self) -> np.ndarray:
        return np.array(tuple(self._row()), np.float64)

    def _info(self) -> dict[str, Any]:
        return {"time": self.time, "branch": self.branch(self.state), "events": len(self.events)}

    def _check_action(self, action: Any) -> np.ndarray:
        names = ", ".join(self.actions) or "nothing"
        try:
            array = np.asarray(action, np.float64)
        except (TypeError, ValueError) as error:
            raise CuspError(f"action must be {len(self.actions)} numbers ({names}): got {action!r}") from error
        if array.shape != (len(self.actions),):
            raise CuspError(f"action must have shape ({len(self.actions)},) ({names}): got {array.shape}")
        if not np.isfinite(array).all():
            raise CuspError(f"action ({names}) must be finite: got {array.tolist()}")
        return np.clip(array, self._low, self._high).astype(np.float64)

    def _need_reset(self) -> None:
        if not self._started:
            raise CuspError(f"the world {self.name} has not begun: call reset(seed=...) first")


def check_names(options: Any) -> dict[str, Any]:
    """A copy of options by name. Raises CuspError for anything that is not a mapping."""
    if not isinstance(options, Mapping | None):
        raise CuspError(f"options must be parameters by name, as in {{'gravity': 9.81}}: got {options!r}")
    return dict(options or {})


def check_rate(fps: Any) -> float:
    """Frames per second, 1 to 1000."""
    if not is_number(fps) or not 1 <= fps <= 1000:
        raise CuspError(f"fps must be between 1 and 1000 frames per second: got {fps!r}")
    return float(fps)


def _one_of(what: str, value: Any, allowed: tuple[str, ...]) -> str:
    if value not in allowed:
        raise CuspError(f"{what} must be one of {', '.join(allowed)}: got {value!r}")
    return value


def _check_seed(seed: Any) -> int | None:
    if seed is None:
        return None
    if not is_whole(seed) or not 0 <= seed < 2**63:
        raise CuspError(f"seed must be a whole number from 0 to 2^63 - 1: got {seed!r}")
    return int(seed)
