"""What the audit said, kept by the clip's bytes and the audit's code, so that a second run asks only what is new."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

import cuspworld
from cuspworld.audit.finding import Evidence
from cuspworld.audit.run import audit_clip
from cuspworld.clip import Clip
from cuspworld.exam.audit.listening import listening
from cuspworld.files import written_whole
from cuspworld.truth import Truth

PACKAGE = Path(cuspworld.__file__).parent


def version(*rooms: str) -> str:
    """A hash of the source of these rooms."""
    state = hashlib.sha256()
    for room in rooms:
        for path in sorted(p for p in (PACKAGE / room).rglob("*") if p.suffix in (".py", ".json", ".safetensors")):
            state.update(path.read_bytes())
    return state.hexdigest()[:16]


class Store:
    """Reports and worlds' clips in a folder; without a folder everything is made anew."""

    def __init__(self, folder: Path | None, *, taught: bool = True):
        self.folder = folder
        self.taught = taught  # with the taught judge, or by the laws alone
        self.audit_version = version("audit", "assets/twin_judge")
        self.worlds_version = version("worlds")
        if folder is not None:
            (folder / "reports").mkdir(parents=True, exist_ok=True)
            (folder / "clips").mkdir(parents=True, exist_ok=True)

    def report(self, clip: Clip | Path, **options: Any) -> dict[str, Any]:
        """The report as `Report.to_dict` gives it, without curves; `cpu`: the audit's CPU seconds; `suspects`: what the
        checks suspect, however unlikely, before the taught judge weighs it (check, strength, law, start, end, box)."""
        state = hashlib.sha256(repr((self.audit_version, self.taught, sorted(options.items()))).encode())
        if isinstance(clip, Clip):
            state.update(f"{clip.fps}{clip.frames.shape}".encode())
            state.update(np.ascontiguousarray(clip.frames).data)
        else:
            state.update(clip.read_bytes())
        file = None if self.folder is None else self.folder / "reports" / f"{state.hexdigest()[:32]}.json"
        if file is not None and file.is_file():
            kept: dict[str, Any] = json.loads(file.read_text())
            return kept
        suspects: list[dict[str, Any]] = []
        judge = listening(lambda _, __, evidence: suspects.extend(_suspects(evidence)), weighs=self.taught)
        begin = time.process_time()
        result = audit_clip(clip, taught=judge, **options).to_dict()
        result |= {"cpu": time.process_time() - begin, "suspects": suspects}
        for finding in result["findings"]:
            finding.pop("series")
        if file is not None:
            with written_whole(file) as aside:
                aside.write_text(json.dumps(result))
        return result

    def pair(self, key: tuple[Any, ...], make: Callable[[], tuple[Clip, Clip] | None]) -> tuple[Clip, Clip] | None:
        """The two clips (or None) that `make` returns, kept by `key` and the worlds' code."""
        if self.folder is None:
            return make()
        name = hashlib.sha256(repr((self.worlds_version, *key)).encode()).hexdigest()[:32]
        file = self.folder / "clips" / f"{name}.npz"
        if not file.is_file():
            value = make()
            with written_whole(file) as aside, aside.open("wb") as stream:
                np.savez_compressed(stream, **_arrays(value))
        with np.load(file) as arrays:
            return (_clip(arrays, "first"), _clip(arrays, "second")) if arrays.files else None


def _suspects(evidence: dict[str, Evidence]) -> Iterator[dict[str, Any]]:
    for found in evidence.values():
        for suspect in (*found.suspects, *found.repeats):
            kept = {key: value for key, value in suspect.to_dict().items() if key in ("law", "start", "end", "box")}
            yield kept | {"check": suspect.check, "strength": float(suspect.strength)}


def _arrays(pair: tuple[Clip, Clip] | None) -> dict[str, Any]:
    """What an npz keeps of two clips: frames, frame rate, truth; nothing of None."""
    kept: dict[str, np.ndarray] = {}
    for name, clip in zip(("first", "second"), pair or (), strict=pair is not None):
        assert clip.truth is not None
        truth = np.frombuffer(clip.truth.to_bytes(), np.uint8)
        kept |= {f"{name}.frames": clip.frames, f"{name}.fps": np.array(float(clip.fps)), f"{name}.truth": truth}
    return kept


def _clip(arrays: Mapping[str, np.ndarray], name: str) -> Clip:
    truth = Truth.from_bytes(arrays[f"{name}.truth"].tobytes())
    return Clip(arrays[f"{name}.frames"], float(arrays[f"{name}.fps"]), truth=truth)
