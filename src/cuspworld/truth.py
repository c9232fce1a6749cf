"""What is truly happening in a clip: state, actions, events, masks, conserved quantities, and any broken law."""

from __future__ import annotations

import io
import json
import zipfile
import zlib
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from cuspworld.errors import CuspError
from cuspworld.laws import Law


@dataclass(frozen=True)
class Event:
    """Something that happens at an instant. `time` in seconds from the clip's start, not rounded to a frame."""

    name: str
    time: float
    detail: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Violation:
    """What an impossible twin breaks: when (seconds), where (pixel box x0, y0, x1, y1).

    `law`: the names of the broken laws, "gravity, inertia"; older recordings have words of their own.
    """

    twin: str
    law: str
    start: float
    end: float
    box: tuple[float, float, float, float]
    sentence: str = ""

    @property
    def breaks(self) -> frozenset[Law]:
        """The laws that `law` names; empty for a recording that says it in words of its own."""
        return frozenset(law for law in Law if law in self.law.split(", "))


@dataclass(frozen=True)
class Truth:
    """The truth of a clip, one row a frame where it is a table.

    `state`, `action`, `conserved`: structured arrays (frames,) with one named float column each quantity; `units` gives
    every column's unit (SI). `masks`: (frames, height, width) uint8, 0 is the background, `instances` names the others.
    `camera`: numbers that map metres to pixels (metres_per_pixel, origin_x, origin_y, ...).
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
            for name in ("state", "action", "conserved", "masks")
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
            with np.load(io.BytesIO(data), allow_pickle=False) as archive:
                arrays = {name: archive[name] for name in archive.files}
            header = json.loads(arrays.pop("header").tobytes())
        except (ValueError, OSError, EOFError, KeyError, AttributeError, zipfile.BadZipFile, zlib.error) as error:
            raise CuspError(f"not a truth record: {error}") from error
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
