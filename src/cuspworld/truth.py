"""What is truly happening in a clip: state, actions, events, masks, conserved quantities, and any broken law."""

from __future__ import annotations

import io
import json
import threading
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np

from cuspworld import html
from cuspworld.errors import CuspError
from cuspworld.laws import Law

# NumPy reads a header as a Python literal; two threads that do so at once can fail in CPython 3.11 ("AST constructor
# recursion depth mismatch", github.com/python/cpython/issues/106905).
_HEADERS = threading.Lock()


@dataclass(frozen=True)
class Event:
    """Something that happens at an instant. `time` in seconds from the clip's start, not rounded to a frame."""

    name: str
    time: float
    detail: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Violation:
    """What an impossible twin breaks: when (seconds), where (pixel box x0, y0, x1, y1).

    `caption`: what the twin truly shows, up to the breach and from there; the clip's own caption is that of the
    possible clip, which a generator was asked for. Empty in older recordings. `law`: the names of the broken laws,
    "gravity, inertia"; older recordings have words of their own.
    """

    twin: str
    law: str
    start: float
    end: float
    box: tuple[float, float, float, float]
    sentence: str = ""
    caption: str = ""

    @property
    def breaks(self) -> frozenset[Law]:
        """The laws that `law` names; empty for a recording that says it in words of its own."""
        return frozenset(law for law in Law if law in self.law.split(", "))


@dataclass(frozen=True, repr=False)
class Truth:
    """The truth of a clip, one row a frame where it is a table.

    `state`, `action`, `conserved`: structured arrays (frames,) with one named float column each quantity; `units` gives
    every column's unit (SI). `masks`: (frames, height, width) uint8, 0 is the background, `instances` names the others.
    `camera`: numbers that map metres to pixels (metres_per_pixel, origin_x, origin_y, ...).

    Where they were asked for: `depth` (frames, height, width) float32, metres along the camera's axis, infinite for the
    sky; `flow` (frames, height, width, 2) float32, pixels (x, y) to where what a pixel shows is in the next frame, and
    `hidden` (frames, height, width) bool, where it cannot be seen there: behind something, gone, out of the picture.
    Of the last frame all is hidden.
    """

    world: str
    parameters: dict[str, Any]
    state: np.ndarray
    units: dict[str, str]
    action: np.ndarray | None = None
    events: tuple[Event, ...] = ()
    conserved: np.ndarray | None = None
    masks: np.ndarray | None = None
    instances: dict[int, str] = field(default_factory=dict)
    camera: dict[str, float] = field(default_factory=dict)
    branch: str = ""
    violation: Violation | None = None
    depth: np.ndarray | None = None
    flow: np.ndarray | None = None
    hidden: np.ndarray | None = None

    def of_frames(self, start: int, stop: int, step: int, fps: float) -> Truth:
        """The truth of the frames start, start + step, ... below stop of a clip of `fps` frames a second: their rows,
        what happens between the first and the last of them, and times from the first. The branch is that of the clip's
        end: empty where the end is cut off."""
        rows = slice(start, stop, step)
        began, ended = start / fps, (start + (len(range(start, stop, step)) - 1) * step) / fps
        tables = ("state", "action", "conserved", "masks", "depth", "flow", "hidden")
        kept = {name: table[rows] for name in tables if (table := getattr(self, name)) is not None}
        broken = self.violation
        if broken is not None:
            seen = broken.end >= began and broken.start <= ended
            moved = replace(broken, start=max(0.0, broken.start - began), end=min(broken.end, stop / fps) - began)
            broken = moved if seen else None
        if step > 1:  # flow leads to the next frame, which is left out
            kept |= dict.fromkeys(("flow", "hidden"))
        elif "hidden" in kept:
            kept["hidden"] = kept["hidden"].copy()
            kept["hidden"][-1] = True
        return replace(
            self,
            **kept,
            events=tuple(replace(e, time=e.time - began) for e in self.events if began <= e.time <= ended),
            branch=self.branch if stop == len(self.state) else "",
            violation=broken,
        )

    def boxes(self) -> dict[str, np.ndarray]:
        """Each instance's 2-D box in every frame, from the masks: name -> (frames, 4) x0, y0, x1, y1 in pixels, x1, y1
        just beyond it; NaN where it is not seen. Raises CuspError if there are no masks."""
        if self.masks is None:
            raise CuspError("this truth has no masks, from which boxes are drawn")
        found = {}
        for number, name in self.instances.items():
            seen = self.masks == number
            columns, rows = seen.any(1), seen.any(2)
            sides = [columns.argmax(1), rows.argmax(1)]
            sides += [axis.shape[1] - axis[:, ::-1].argmax(1) for axis in (columns, rows)]
            found[name] = np.where(seen.any((1, 2))[:, None], np.stack(sides, axis=1), np.nan)
        return found

    def facts(self) -> dict[str, str]:
        """What a person wants to know of it first."""
        events = [f"{event.name} at {event.time:.2f} s" for event in self.events[:8]]
        more = [f"and {len(self.events) - 8} more"] if len(self.events) > 8 else []
        found = {"world": self.world, "branch": self.branch, "events": ", ".join(events + more) or "none"}
        if self.violation is not None:
            found["impossible"] = f"{self.violation.sentence} ({self.violation.law}, from {self.violation.start:.2f} s)"
        return found

    def __repr__(self) -> str:
        facts = ", ".join(f"{name}: {text}" for name, text in self.facts().items() if name != "world")
        return (
            f"Truth({self.world}, {len(self.state)} rows of {', '.join(self.state.dtype.names or ())[:200]}; {facts})"
        )

    def _repr_html_(self) -> str:
        names = [f"{n} ({self.units.get(n, '')})" for n in self.state.dtype.names or ()]
        parameters = ", ".join(f"{name} {html.shortened(value)}" for name, value in self.parameters.items())
        rows = {**self.facts(), "state": ", ".join(names), "parameters": parameters}
        return html.table(f"the truth of {len(self.state)} frames", rows)

    def plot(self, columns: Sequence[str] | None = None, axes: Any = None) -> Any:
        """Draw `columns` of the state over the frames (by default all that change), with matplotlib."""
        names = self.state.dtype.names or ()
        if unknown := sorted(set(columns or ()) - set(names)):
            raise CuspError(f"no state column {unknown[0]!r}: take some of {', '.join(names)}")
        chosen = columns or [name for name in names if np.ptp(self.state[name]) > 0]
        if axes is None:
            from matplotlib import pyplot

            axes = pyplot.subplots(figsize=(8, 4), layout="constrained")[1]
        for name in chosen:
            axes.plot(self.state[name], label=f"{name} ({self.units.get(name, '')})")
        axes.set(xlabel="frame", title=self.world)
        if chosen:
            axes.legend(fontsize="small", ncols=2)
        return axes

    def to_bytes(self) -> bytes:
        """One self-describing npz without pickles; equal truths give equal bytes."""
        header = {
            "world": self.world,
            "parameters": self.parameters,
            "units": self.units,
            "events": [asdict(event) for event in self.events],
            "instances": {str(key): name for key, name in self.instances.items()},
            "camera": self.camera,
            "branch": self.branch,
            "violation": asdict(self.violation) if self.violation else None,
        }
        arrays = {
            name: value
            for name in ("state", "action", "conserved", "masks", "depth", "flow", "hidden")
            if (value := getattr(self, name)) is not None
        }
        text = json.dumps(header, sort_keys=True, ensure_ascii=False).encode()
        buffer = io.BytesIO()
        np.savez_compressed(buffer, header=np.frombuffer(text, np.uint8), **arrays)
        return buffer.getvalue()

    @classmethod
    def from_bytes(cls, data: bytes) -> Truth:
        """The inverse of `to_bytes`. Raises CuspError if the bytes are not a truth."""
        try:
            with _HEADERS, np.load(io.BytesIO(data), allow_pickle=False) as archive:
                arrays = {name: archive[name] for name in archive.files}
            header = json.loads(arrays.pop("header").tobytes())
        except (ValueError, OSError, EOFError, KeyError, AttributeError, zipfile.BadZipFile, zlib.error) as error:
            raise CuspError(f"not a truth record: {error}") from error
        try:
            violation = header.pop("violation")
            if violation:
                violation = Violation(**{**violation, "box": tuple(violation["box"])})
            return cls(
                **{key: header[key] for key in ("world", "parameters", "units", "camera", "branch")},
                events=tuple(Event(**event) for event in header["events"]),
                instances={int(key): name for key, name in header["instances"].items()},
                violation=violation,
                **arrays,
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise CuspError(f"not a truth record: {error} is missing or of another kind") from error
