"""Recording a world: one run into one Clip with its truth, and the impossible twin of a run.

A twin is the same seed run again; just before frame k the world breaks one law, so frames 0..k-1 are byte for byte
those of the possible clip, and the violation starts at k / fps, with the first frame that shows it. Events are those of
the possible clip up to frame k - 1: what happens on the way to frame k happens in the broken world.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from cuspworld.checks import image_size, is_number, number
from cuspworld.clip import Clip
from cuspworld.errors import CuspError
from cuspworld.truth import Event, Truth, Violation
from cuspworld.worlds.drawing.canvas import SMALLEST
from cuspworld.worlds.drawing.tracing import Trace
from cuspworld.worlds.environment import LONGEST, RATES, Environment, check_names
from cuspworld.worlds.exploring import random_actions
from cuspworld.worlds.parameters import nearest, one_of
from cuspworld.worlds.words import LANGUAGES, STYLES

PASSES = ("depth", "flow")
BREACH = {"en": "Then, at {t:.1f} s, the impossible:", "zh": "接着在第{t:.1f}秒，不可能的事："}
Box = tuple[float, float, float, float]


def record(
    world: Environment,
    seed: int,
    seconds: float | None,
    size: Any,
    fps: float | None,
    caption: str,
    language: str,
    twin: str | None,
    split: str | None,
    options: dict[str, Any] | None,
    actions: Any,
    passes: Sequence[str],
) -> Clip:
    """`World.record`, which documents the arguments."""
    if twin is not None and twin not in world.twins:
        raise CuspError(f"{world.name} has no twin {twin!r}; {nearest(twin, world.twins)}")
    if unknown := sorted(set(passes) - set(PASSES)):
        raise CuspError(f"passes are some of {', '.join(PASSES)}: got {unknown[0]!r}")
    one_of("caption", caption, STYLES)
    one_of("language", language, LANGUAGES)
    height_width = image_size(world.size if size is None else size, SMALLEST)
    rate = number("fps", fps if fps is not None else world.fps, *RATES)
    options = {**check_names(options), **({"split": split} if split is not None else {})}
    pace = world.pace_of(seed, options)
    count = frame_count(world.seconds / pace if seconds is None else seconds, rate)
    if isinstance(actions, str):
        if actions != "random":
            raise CuspError(f"actions must be 'random', or one row a frame: got {actions!r}")
        actions = random_actions(world.actions, count, world.seed)
    clip = _run(world, seed, options, rate, count, height_width, actions, passes)
    words = world.caption(caption, language)
    if twin is None:
        return replace(clip, caption=words)
    assert clip.truth is not None
    if (first := occasion(world, twin, clip)) is None:
        raise CuspError(
            f"seed {world.seed} of {world.name} offers no occasion for the twin {twin!r} ({world.twins[twin].laws}) in "
            f"{count / rate:g} s: take another seed, world.twin_seed({twin!r}) finds one"
        )
    end = world.twin_end(twin, _in_world_time(clip.truth, pace))
    end = count / rate if end is None else min(max(end / pace, (first + 1) / rate), count / rate)
    told: list[str] = []
    broken = _run(
        world, seed, options, rate, count, height_width, actions, passes, twin, first,
        lambda: told.append(world.caption("rich", language)),
    )  # fmt: skip
    assert broken.truth is not None
    violation = Violation(
        twin=twin,
        law=world.twins[twin].laws,
        start=first / rate,
        end=end,
        box=_box(world, twin, clip, broken, first, math.ceil(end * rate)),
        sentence=world.twins[twin].sentence,
        caption=f"{told[0]} {BREACH[language].format(t=first / rate)} {world.twins[twin].sentence}",
    )
    return replace(broken, caption=words, truth=replace(broken.truth, violation=violation))


def frame_count(seconds: Any, rate: float) -> int:
    if not is_number(seconds) or not 0 < seconds <= LONGEST / rate:
        raise CuspError(f"seconds must be positive and at most {LONGEST / rate:g} (at {rate:g} fps): got {seconds!r}")
    return max(1, round(float(seconds) * rate))


def occasion(world: Environment, twin: str, clip: Clip) -> int | None:
    """The first frame that a twin of this possible clip would break; None where the clip offers no occasion."""
    assert clip.truth is not None
    pace = clip.truth.parameters.get("slow_motion", 1.0)
    moment = world.twin_start(twin, _in_world_time(clip.truth, pace))
    first = None if moment is None else max(1, math.ceil(moment * clip.fps / pace - 1e-9))
    return first if first is not None and first < len(clip) else None


def _in_world_time(truth: Truth, pace: float) -> Truth:
    """The truth with the times of its events in seconds of the world; they are seconds of the clip."""
    return replace(truth, events=tuple(replace(event, time=event.time * pace) for event in truth.events))


def _run(
    world: Environment,
    seed: int,
    options: dict[str, Any],
    rate: float,
    count: int,
    size: tuple[int, int],
    actions: Any,
    passes: Sequence[str],
    twin: str | None = None,
    first: int = -1,
    at_breach: Callable[[], None] = lambda: None,
) -> Clip:
    world.restart(seed, options, rate)
    frames = np.empty((count, *size, 3), np.uint8)
    masks = np.empty((count, *size), np.uint8)
    state = np.empty(count, world.state_type)
    taken = np.empty(count, [(name, "f8") for name in world.actions])
    conserved = np.empty(count, [(name, "f8") for name in world.conserved_units])
    traced = _Passes(passes)
    action = np.zeros(len(world.actions))
    for k in range(count):
        if k:
            if k == first:
                at_breach()
                world.twin = twin
                world.break_law(str(twin))
            world.step(action)
        frames[k], masks[k] = world.picture(*size)
        if passes:
            traced.add(world.trace(*size), 1 / world.frame_rate)
        state[k] = tuple(world.row())
        conserved[k] = tuple(world.conserved())
        action = world.check_action(_action(world, actions, k, count))
        taken[k] = tuple(action)
    units = {**world.columns, **{a: unit for a, (unit, *_) in world.actions.items()}, **world.conserved_units}
    truth = Truth(
        world=world.name,
        parameters={
            **world.values,
            "seed": world.seed,
            "split": world.drawn_split,
            "preset": world.preset,
            **({} if world.shot is None else world.shot.values),
        },
        state=state,
        units=units,
        action=taken,
        events=_as_seen(world, (count - 1) / rate),
        conserved=conserved,
        masks=masks,
        instances=world.shown_instances,
        camera=world.camera(*size),
        branch=world.branch(state[-1]),
        **traced.arrays(),
    )
    return Clip(frames, rate, truth=truth)


class _Passes:
    """Depth, and the flow from each picture to the next, gathered as the pictures come."""

    def __init__(self, passes: Sequence[str]):
        self._wanted = passes
        self._last: Trace | None = None
        self._depth: list[np.ndarray] = []
        self._flow: list[tuple[np.ndarray, np.ndarray]] = []

    def add(self, trace: Trace, seconds: float) -> None:
        self._depth.append(trace.depth)
        if self._last is not None and "flow" in self._wanted:
            self._flow.append(self._last.flow_to(trace, seconds))
        self._last = trace

    def arrays(self) -> dict[str, Any]:
        """The truth's fields of these passes."""
        found: dict[str, Any] = {}
        if "depth" in self._wanted:
            found["depth"] = np.stack(self._depth)
        if "flow" in self._wanted:  # of the last picture nothing is known
            size = self._depth[0].shape
            flow = [*self._flow, (np.zeros((*size, 2), np.float32), np.ones(size, np.bool_))]
            found["flow"], found["hidden"] = (np.stack(kind) for kind in zip(*flow, strict=True))
        return found


def _as_seen(world: Environment, until: float) -> tuple[Event, ...]:
    """The events up to that second of the clip, at the clip's seconds."""
    events = [replace(event, time=event.time / world.pace) for event in world.events]
    return tuple(sorted((event for event in events if event.time <= until), key=lambda event: event.time))


def _action(world: Environment, actions: Any, k: int, count: int) -> Any:
    if actions is None:
        return world.policy(k / world.frame_rate)
    rows = len(actions) if hasattr(actions, "__len__") else None
    if rows != count:
        raise CuspError(f"actions must have one row a frame: got {actions!r:.40}, {rows} rows, take {count}")
    return actions[k]


def _box(world: Environment, twin: str, possible: Clip, broken: Clip, first: int, end: int) -> Box:
    """Pixel box (x0, y0, x1, y1) around what does the impossible in the first second of the breach.

    The pixels of the twin's instances in either clip; where it names none, the pixels in which the two clips differ.
    """
    end = max(first + 1, min(end, first + max(1, round(possible.fps)), len(broken)))
    ids = world.twin_instances(twin)
    differ = (possible.frames[first:end] != broken.frames[first:end]).any(-1)
    where = np.zeros_like(differ)
    if ids and possible.truth is not None and broken.truth is not None:
        assert possible.truth.masks is not None and broken.truth.masks is not None
        where = np.isin(broken.truth.masks[first:end], ids)
        if not where.any():
            where = np.isin(possible.truth.masks[first:end], ids)
    if not where.any():
        where = differ
    if not where.any():
        return 0.0, 0.0, float(differ.shape[2]), float(differ.shape[1])
    rows, columns = np.flatnonzero(where.any((0, 2))), np.flatnonzero(where.any((0, 1)))
    return float(columns[0]), float(rows[0]), float(columns[-1] + 1), float(rows[-1] + 1)
