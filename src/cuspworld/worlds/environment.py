"""Environment: a first-principles simulation as a Gymnasium environment. What a world declares and what it writes.

A world (see juice/, collision/ and docs/worlds/your_own.md) declares, as class attributes: `parameters`, `held_out`
(pairs of factors that training never sees together), `columns` (state column -> SI unit, fixed whatever the parameters;
an absent body's columns are 0), `actions` (name -> (unit, low, high)), `conserved_units`, `critical_events`,
`branches`, `twins`, `instances` (mask id -> name), `view` (left, bottom, right, top in metres), `seconds` (of a clip).
It writes the methods under "What a world writes".
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import gymnasium
import numpy as np

from cuspworld.checks import image_size, number, whole
from cuspworld.errors import CuspError
from cuspworld.laws import Law
from cuspworld.truth import Event, Truth
from cuspworld.worlds.drawing.canvas import SMALLEST, Canvas
from cuspworld.worlds.drawing.scenery import Scenery, things_of
from cuspworld.worlds.drawing.tracing import PlaneTrace, Trace, TracedCanvas
from cuspworld.worlds.filming import SLOWEST, Shot, film, filming_parameters, plane_camera, told
from cuspworld.worlds.parameters import SPLITS, VARIED, HeldOut, Parameter, check_options, draw, nearest, one_of
from cuspworld.worlds.tasks import Task
from cuspworld.worlds.words import LANGUAGES, STYLES, Captions, Story

RATES = (1, 1000)  # frames a second
LONGEST = 100_000  # frames of one recording or episode
# What is known of a state column by the end of its name: (lowest, highest)
LIMITS = {
    "present": (0.0, 1.0), "visible": (0.0, 1.0), "held": (0.0, 1.0), "inside": (0.0, 1.0), "facing": (-1.0, 1.0),
    "up": (-1.0, 1.0), "qw": (-1.0, 1.0), "qx": (-1.0, 1.0), "qy": (-1.0, 1.0), "qz": (-1.0, 1.0),
    "mass": (0.0, np.inf), "radius": (0.0, np.inf),
}  # fmt: skip
_SLACK = 1e-6  # of rounding, relative
RESUME = "resume"  # in the place of a changed parameter's name, among what was done since the reset


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


class Environment(gymnasium.Env):
    """What every world is before it is recorded. The arguments are documented by `World`.

    Observations are the state row; rewards are 0 without a task. `frame_rate`: frames a second of this run.
    """

    name: ClassVar[str] = ""
    parameters: ClassVar[tuple[Parameter, ...]] = ()
    held_out: ClassVar[HeldOut] = ()
    presets: ClassVar[dict[str, Preset]] = {}
    columns: ClassVar[dict[str, str]] = {}
    limits: ClassVar[dict[str, tuple[float, float]]] = {}  # of columns: (lowest, highest), where nature knows them
    actions: ClassVar[dict[str, tuple[str, float, float]]] = {}
    conserved_units: ClassVar[dict[str, str]] = {}
    critical_events: ClassVar[tuple[str, ...]] = ()
    captions: ClassVar[Captions] = Captions({}, {}, {})
    branches: ClassVar[tuple[str, ...]] = ()
    twins: ClassVar[dict[str, Twin]] = {}
    tasks: ClassVar[dict[str, Task]] = {}
    instances: ClassVar[dict[int, str]] = {}
    view: ClassVar[tuple[float, float, float, float]] = (0.0, 0.0, 1.0, 1.0)
    scenery: ClassVar[Scenery] = Scenery()
    varied: ClassVar[tuple[Parameter, ...]] = ()  # other ranges of some parameters in the split `varied`
    changeable: ClassVar[tuple[str, ...]] = ()  # parameters that `change` can set while the world runs
    replays: ClassVar[bool] = False  # an engine keeps what no copy carries: a copy lives through the run again
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
        task: str | None = None,
        seconds: float | None = None,
        **options: Any,
    ):
        self._made = {
            "render_mode": render_mode, "size": size, "fps": fps, "split": split, "preset": preset, "task": task,
            "seconds": seconds, **options,
        }  # fmt: skip
        if render_mode not in (None, "rgb_array"):
            known = render_mode in ("human", "rgb_array_list")
            hint = (
                f"; gymnasium.make('cuspworld/{self.name}-v0', render_mode={render_mode!r}) wraps it" if known else ""
            )
            raise CuspError(f"render_mode must be 'rgb_array' or None: got {render_mode!r}{hint}")
        if task is not None and task not in self.tasks:
            raise CuspError(f"{self.name} has no task {task!r}; {nearest(task, self.tasks)}")
        if preset is not None and preset not in self.presets:
            raise CuspError(f"{self.name} has no preset {preset!r}; {nearest(preset, self.presets)}")
        chosen = self.presets[preset] if preset else Preset("")
        self.render_mode, self.preset, self.split = render_mode, preset, one_of("split", split, (*SPLITS, VARIED))
        self.size = image_size(size, SMALLEST)
        self.fps = number("fps", fps if fps is not None else chosen.fps or 10.0, *RATES)
        own = chosen.seconds or type(self).seconds
        self.seconds = own if seconds is None else number("seconds", seconds, 1 / self.fps, LONGEST / self.fps)
        self.frame_rate = self.fps
        self.metadata = {**type(self).metadata, "render_fps": self.fps}
        self.ranges = {p.name: p for p in (*self.parameters, *chosen.ranges)}
        self.filming = filming_parameters(self.scenery)
        goal = {} if self.task is None else self.task.options
        self.fixed = check_options(self._known, {**chosen.options, **goal, **options})
        self._low, self._high = (np.array([limits[k] for limits in self.actions.values()], np.float32) for k in (1, 2))
        self.action_space = gymnasium.spaces.Box(self._low, self._high, dtype=np.float32)
        known_limits = [limits_of(name, self.limits.get(name)) for name in self.columns]
        low, high = (np.array([pair[k] for pair in known_limits]) for k in (0, 1))
        self.observation_space = gymnasium.spaces.Box(low, high, dtype=np.float64)
        self.state_type = np.dtype([(name, "f8") for name in self.columns])
        self.values: dict[str, Any] = {}
        self.shot: Shot | None = None  # how it is filmed; None: plainly
        self.events: list[Event] = []
        self.twin: str | None = None
        self._started = False
        self._taken: list[Any] = []  # the actions since the reset, and (name, value) of what was changed between them
        self._breaks: tuple[str, int] | None = None  # the twin that was asked of `reset`, and the frame where it begins
        self._spec: Any = None

    # What a world writes.

    def begin(self, rng: np.random.Generator) -> None:
        """Build the simulation at t = 0 from `self.values[...]`. Every random choice comes from `rng`, and all of them
        here, so that the same seed gives the same clip whatever happens later."""
        raise NotImplementedError

    def advance(self, seconds: float, action: np.ndarray) -> None:
        """Move the simulation on by exactly that long from `self.time`. What happens is reported at its true instant
        with `self.report(name, time, **detail)`: from contact data, or by `crossing` and `crossing_time`."""
        raise NotImplementedError

    def row(self) -> tuple[float, ...]:
        """The state now: values in the order of `columns`."""
        raise NotImplementedError

    def conserved(self) -> tuple[float, ...]:
        """The quantities of `conserved_units`, in that order."""
        return ()

    def resume(self, numbers: np.ndarray) -> None:
        """Go on from these numbers, in the order of `columns` (`check_numbers` checks them); what they do not say stays
        as it is."""
        raise CuspError(f"{self.name} cannot go on from its numbers: they do not say all of its state")

    def check_numbers(self, numbers: Any) -> np.ndarray:
        """`resume`'s numbers as an array. Raises CuspError for another count, NaN, and before `reset`."""
        self._need_reset()
        array = np.asarray(numbers, np.float64)
        if array.shape != (len(self.columns),) or not np.isfinite(array).all():
            raise CuspError(
                f"{self.name} goes on from {len(self.columns)} finite numbers, those of `row()`: got {array.shape}"
                + ("" if array.shape != (len(self.columns),) else ", some NaN or infinite")
            )
        return array

    def changed(self, name: str) -> None:
        """A parameter of `changeable` has another value in `self.values` from now on."""

    def policy(self, time: float) -> tuple[float, ...]:
        """The action that a recording takes at this time (seconds): what the parameters say. Default: nothing.
        `self.due(moment, time)`: whether a moment falls into the step that begins at `time`."""
        return (0.0,) * len(self.actions)

    def why_not(self, values: dict[str, Any]) -> str:
        """Why these parameters cannot exist together; empty if they can."""
        return ""

    def story(self) -> Story:
        """What has happened and why, from the truth: which of `captions`' sentences, and their words."""
        raise NotImplementedError

    def told(self) -> list[Event]:
        """The events whose times a rich caption may tell."""
        return self.events

    def paint(self, canvas: Canvas) -> None:
        """Draw the state in metres, y up. Drawing changes nothing: a picture does not depend on earlier pictures."""
        raise NotImplementedError

    def picture(self, height: int, width: int) -> tuple[np.ndarray, np.ndarray]:
        """The frame (height, width, 3) and its mask (height, width), uint8; for an engine that renders by itself."""
        canvas = Canvas(height, width, self.view) if self.shot is None else self.shot.canvas(self.view, height, width)
        self.paint(canvas)
        return canvas.picture()

    def trace(self, height: int, width: int) -> Trace:
        """What the pixels of the picture show: their depth, and where they go (drawing/tracing.py)."""
        like = Canvas(height, width, self.view) if self.shot is None else self.shot.canvas(self.view, height, width)
        canvas = TracedCanvas(like)
        self.paint(canvas)
        plain = plane_camera(self.scenery, self.view, height, width)
        camera = plain if self.shot is None else self.shot.camera(self.view, height, width)
        wide = self.view[2] - self.view[0]
        return PlaneTrace(canvas, camera, self.scenery.behind * wide if self.scenery.behind else math.inf)

    def camera(self, height: int, width: int) -> dict[str, float]:
        """Numbers that map metres to the pixels of a picture of this size."""
        if self.shot is not None:
            return self.shot.camera(self.view, height, width)
        return Canvas(height, width, self.view).camera

    def branch(self, state: Any) -> str:
        """The steady branch that this state belongs to: one of `branches`."""
        raise NotImplementedError

    def criticality(self, state: Any) -> float:
        """A scalar that crosses zero at the critical state: negative before it, positive beyond it."""
        raise NotImplementedError

    def twin_start(self, twin: str, truth: Truth) -> float | None:
        """When the law breaks (seconds), from the possible clip's truth. None: this seed offers no occasion."""
        return None

    def twin_end(self, twin: str, truth: Truth) -> float | None:
        """When the breach ends (seconds). None: at the clip's end."""
        return None

    def break_law(self, twin: str) -> None:
        """Break the law: called once in the twin's run, just before the first frame that shows it."""
        raise NotImplementedError

    def twin_instances(self, twin: str) -> tuple[int, ...]:
        """Mask ids of what does the impossible; empty: whatever differs from the possible clip."""
        return ()

    # What every world shares.

    @property
    def resumes(self) -> bool:
        """Whether this world can `resume` from its numbers."""
        return type(self).resume is not Environment.resume

    @property
    def state(self) -> np.void:
        """The state now: one structured row with the named columns of `columns`, in SI units."""
        self._need_reset()
        return np.array([tuple(self.row())], self.state_type)[0]

    def reset(self, *, seed: int | None = None, options: Any = None) -> tuple[np.ndarray, dict[str, Any]]:
        """Start anew. `options`: a dict of parameters by name, "split", and "twin": the law that is broken on the way,
        at the frame where a recording of this seed would break it. Same seed and options, same world."""
        options = check_names(options)
        twin = options.pop("twin", None)
        if twin is None:
            return self.restart(seed, options, self.fps)
        if twin not in self.twins:
            raise CuspError(f"{self.name} has no twin {twin!r}; {nearest(str(twin), self.twins)}")
        self.restart(seed, options, self.fps)
        seed = self.seed
        first = self.twin_frame(twin, seed, options)
        started = self.restart(seed, options, self.fps)
        self._breaks = (twin, first)
        return started

    def twin_frame(self, twin: str, seed: int, options: Any) -> int:
        """The frame at which a recording of this seed breaks the law. Raises CuspError where it offers no occasion."""
        raise NotImplementedError

    @property
    def task(self) -> Task | None:
        """What is to be reached. By its name: functions in it do not travel to other processes."""
        return self.tasks.get(self._made["task"])

    @property
    def spec(self) -> Any:
        """Gymnasium's description; it knows how many steps an episode has, unless another number was asked for."""
        return self._spec

    @spec.setter
    def spec(self, spec: Any) -> None:
        if spec is not None and spec.max_episode_steps is None:
            spec = copy(spec)
            slowest = SLOWEST if VARIED in (self.split, self.fixed.get("look")) else self.fixed.get("slow_motion", 1.0)
            spec.max_episode_steps = math.ceil(self.seconds * self.fps / slowest - 1e-9)
        self._spec = spec

    def restart(self, seed: int | None, options: Any, rate: float) -> tuple[np.ndarray, dict[str, Any]]:
        """`reset` for a run of `rate` frames a second."""
        seed = None if seed is None else whole("seed", seed, 0, 2**63 - 1)
        super().reset(seed=seed)
        options = check_names(options)
        begun = dict(options)
        if seed is None:
            seed = int(self.np_random.integers(2**31))
        self.seed = seed
        self._begun, self._taken = (seed, begun, rate), []
        fixed = self._choose(options)
        ranges = {**self.ranges, **{p.name: p for p in self.varied if self.drawn_split == VARIED}}
        split = "train" if self.drawn_split == VARIED else self.drawn_split
        self.values = draw(ranges, self.held_out, split, self.rng("parameters"), fixed, self.why_not)
        self.time, self.events, self.twin, self._started, self._breaks = 0.0, [], None, True, None
        self.frame_rate, self._frame_index = rate / self.pace, 0
        self.begin(self.rng("scene"))
        self._progress = 0.0 if self.task is None else float(self.task.progress(self.state))
        return self._observation(), self._info()

    def _choose(self, options: dict[str, Any]) -> dict[str, Any]:
        """Take over the split and how it is filmed; returns the physical parameters that are fixed."""
        self.drawn_split = one_of("split", options.pop("split", self.split), (*SPLITS, VARIED))
        fixed = {**self.fixed, **check_options(self._known, options)}
        how = {name: fixed.pop(name) for name in self.filming if name in fixed}
        self.shot = film(self.scenery, how, self.drawn_split == VARIED, self.rng("filming"))
        return fixed

    def pace_of(self, seed: int, options: dict[str, Any]) -> float:
        """`pace` of a run of this seed and these options, without running it."""
        self.seed = whole("seed", seed, 0, 2**63 - 1)
        self._choose(dict(options))
        return self.pace

    @property
    def _known(self) -> dict[str, Parameter]:
        return {**self.ranges, **self.filming}

    @property
    def pace(self) -> float:
        """Seconds of the world that a second of the picture shows: below 1 in slow motion."""
        return 1.0 if self.shot is None else float(self.shot.slow_motion)

    @property
    def shown_instances(self) -> dict[int, str]:
        """Mask id -> name, things that do nothing and all."""
        return {**self.instances, **things_of(None if self.shot is None else self.shot.backdrop)}

    def step(self, action: Any) -> tuple[np.ndarray, float, bool, bool, dict[str, Any]]:
        """Act for one frame. Raises CuspError for a NaN or a wrong shape."""
        self._need_reset()
        self._frame_index += 1
        if self._breaks is not None and self._breaks[1] == self._frame_index:
            self.twin = self._breaks[0]
            self.break_law(self.twin)
        until = self._frame_index / self.frame_rate
        checked = self.check_action(action)
        self._taken.append(checked)
        self.advance(until - self.time, checked)
        self.time = until
        reward, ended, info = 0.0, False, self._info()
        if self.task is not None:
            before, self._progress = self._progress, float(self.task.progress(self.state))
            info["success"] = bool(self.task.reached(self))
            ended = info["success"] or bool(self.task.lost(self))
            reward = self._progress - before + info["success"] - self.task.cost * float(np.abs(checked).sum())
        return self._observation(), reward, ended, bool(self.time >= self.seconds - 1e-9), info

    def change(self, name: str, value: Any) -> None:
        """Give a physical parameter another value in the running world, from now on: what would happen if.

        Raises CuspError for a parameter that this world cannot change on the way, or a value that physics forbids."""
        self._need_reset()
        if name not in self.changeable:
            known = ", ".join(self.changeable) or "none"
            raise CuspError(f"{self.name} cannot change {name!r} on the way; what it can: {known}")
        self.values[name] = self.ranges[name].check(value)
        self._taken.append((name, value))
        self.changed(name)

    def __getstate__(self) -> dict[str, Any]:
        if not (self.replays and self._started):
            return self.__dict__.copy()
        kept = ("_made", "_begun", "_taken", "_breaks", "_np_random", "_np_random_seed", "_spec", "render_mode", "size")
        return {"replayed": {name: self.__dict__[name] for name in kept if name in self.__dict__}}

    def __setstate__(self, state: dict[str, Any]) -> None:
        replayed = state.get("replayed")
        if replayed is None:
            self.__dict__.update(state)
            return
        self.__init__(**replayed["_made"])  # type: ignore[misc]
        self.restart(*replayed["_begun"])
        self._breaks = replayed["_breaks"]
        for done in replayed["_taken"]:
            if isinstance(done, tuple) and done[0] == RESUME:
                self.resume(done[1])
            elif isinstance(done, tuple):
                self.change(*done)
            else:
                self.step(done)
        self.__dict__.update({name: value for name, value in replayed.items() if name != "_taken"})

    def render(self) -> np.ndarray | None:
        """The picture now, uint8 (height, width, 3); None without render_mode."""
        self._need_reset()
        return self.picture(*self.size)[0] if self.render_mode else None

    def caption(self, style: str = "rich", language: str = "en") -> str:
        """A caption of what has happened since the reset. `style`: rich (what, why, when), poor or none; `language`: en
        or zh."""
        one_of("caption", style, STYLES)
        one_of("language", language, LANGUAGES)
        if style == "none":
            return ""
        text = self.captions.say(self.story(), style, language, self.rng("words"))
        if style == "rich":
            events = [replace(event, time=event.time / self.pace) for event in self.told()]
            text += self.captions.when(events, self.critical_events, self.time / self.pace, language)
            text += "" if self.shot is None else told(self.shot, language)
        return text

    def critical_frames(self, truth: Truth, fps: float) -> np.ndarray:
        """Which frames (bool, (frames,)) lie within one frame of a critical event."""
        times = np.arange(len(truth.state)) / fps
        critical = [event.time for event in truth.events if event.name in self.critical_events]
        return (np.abs(times[:, None] - np.array(critical)[None, :]) <= 1 / fps).any(1)

    # What a world calls.

    def due(self, moment: float, time: float) -> bool:
        """Whether `moment` (s) falls into the step that begins at `time`."""
        return bool(moment - 1e-9 <= time < moment + 1 / self.frame_rate - 1e-9)

    def report(self, name: str, time: float, **detail: Any) -> None:
        """Report that something happened at this instant (seconds since the reset)."""
        self.events.append(Event(name, float(time), detail))

    def time_of(self, name: str) -> float | None:
        """The time of the first event of this name, None if it has not happened."""
        return next((event.time for event in self.events if event.name == name), None)

    def rng(self, purpose: str) -> np.random.Generator:
        """The generator of this seed and split for one purpose: parameters, scene, words, or a world's own."""
        split = "train" if self.drawn_split == VARIED else self.drawn_split  # the same seed, the same physics
        words = zlib.crc32(f"{self.name}/{split}/{purpose}".encode())
        return np.random.default_rng([words, self.seed % 2**32, self.seed // 2**32])

    # Inside.

    def _observation(self) -> np.ndarray:
        return np.array(tuple(self.row()), np.float64)

    def _info(self) -> dict[str, Any]:
        return {"time": self.time, "branch": self.branch(self.state), "events": len(self.events)}

    def check_action(self, action: Any) -> np.ndarray:
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


def limits_of(column: str, known: tuple[float, float] | None = None) -> tuple[float, float]:
    """What a world knows of a state column, or else its name says, with room for rounding."""
    low, high = known or LIMITS.get(column.rpartition("_")[2], (-np.inf, np.inf))
    slack = _SLACK * max((abs(v) for v in (low, high) if np.isfinite(v)), default=0.0)
    return low - slack, high + slack


def check_names(options: Any) -> dict[str, Any]:
    """A copy of options by name. Raises CuspError for anything that is not a mapping."""
    if not isinstance(options, Mapping | None):
        raise CuspError(f"options must be parameters by name, as in {{'gravity': 9.81}}: got {options!r}")
    return dict(options or {})
