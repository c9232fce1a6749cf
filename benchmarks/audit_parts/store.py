"""What the audit said, kept by the clip's bytes and the audit's code, so that a second run asks only what is new."""

from __future__ import annotations

import hashlib
import json
import pickle
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import cuspworld
from cuspworld.audit import audit_clip
from cuspworld.clip import Clip

PACKAGE = Path(cuspworld.__file__).parent


def version(*rooms: str) -> str:
    """A hash of the source of these rooms."""
    state = hashlib.sha256()
    for room in rooms:
        for path in sorted(p for p in (PACKAGE / room).rglob("*") if p.suffix in (".py", ".safetensors")):
            state.update(path.read_bytes())
    return state.hexdigest()[:16]


class Store:
    """Reports (and worlds' clips) in a folder; without a folder everything is made anew, without `reports` those."""

    def __init__(self, folder: Path | None, *, taught: bool = True, reports: bool = True):
        self.folder, self.reports = folder, reports
        self.taught = taught  # with the taught judge, or by the laws alone
        self.audit_version = version("audit", "assets/twin_judge")
        self.worlds_version = version("worlds")
        if folder is not None:
            (folder / "reports").mkdir(parents=True, exist_ok=True)
            (folder / "clips").mkdir(parents=True, exist_ok=True)

    def report(self, clip: Clip | Path, **options: Any) -> dict[str, Any]:
        """The report as `Report.to_dict` gives it, without curves, and `cpu`: the audit's CPU seconds."""
        options = {"taught": self.taught, **options}
        state = hashlib.sha256(repr((self.audit_version, sorted(options.items()))).encode())
        if isinstance(clip, Clip):
            state.update(f"{clip.fps}{clip.frames.shape}".encode())
            state.update(np.ascontiguousarray(clip.frames).data)
        else:
            state.update(clip.read_bytes())
        file = (
            None
            if self.folder is None or not self.reports
            else self.folder / "reports" / f"{state.hexdigest()[:32]}.json"
        )
        if file is not None and file.is_file():
            return json.loads(file.read_text())
        begin = time.process_time()
        result = audit_clip(clip, **options).to_dict()
        result["cpu"] = time.process_time() - begin
        for finding in result["findings"]:
            finding.pop("series")
        if file is not None:
            file.write_text(json.dumps(result))
        return result

    def clip(self, key: tuple[Any, ...], make: Callable[[], Any]) -> Any:
        """What `make` returns, kept by `key` and the worlds' code. (A cache of one's own: pickle is safe here.)"""
        if self.folder is None:
            return make()
        name = hashlib.sha256(repr((self.worlds_version, *key)).encode()).hexdigest()[:32]
        file = self.folder / "clips" / f"{name}.pickle"
        if file.is_file():
            return pickle.loads(file.read_bytes())
        value = make()
        aside = file.with_suffix(".aside")
        aside.write_bytes(pickle.dumps(value))
        aside.replace(file)
        return value
