"""What a studio is started with."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

from cuspworld.audit.streaming import Limits
from cuspworld.checks import whole
from cuspworld.errors import CuspError

DEFAULT = "default"


def cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@dataclass(frozen=True)
class Settings:
    """`model`: a folder, or "default". `library`: a Lance table, or None. `learned`: a folder of `cusp train
    --dynamics` to play in, or None. `workers`: runs at the same time, each in a
    process of its own. `limits`: of what is uploaded, and of its audit. `uploads`: bytes that one tab may keep here."""

    model: str = DEFAULT
    library: str | None = None
    learned: str | None = None
    workers: int = field(default_factory=lambda: max(2, min(4, cores() // 2)))
    limits: Limits = field(default_factory=lambda: Limits(1 << 30, 40_000, 1200.0, 300.0))
    uploads: int = 4 << 30

    def __post_init__(self) -> None:
        whole("workers", self.workers, 1, 64)
        whole("uploads", self.uploads, 1, 1 << 50)
        if self.model != DEFAULT and not (Path(self.model) / "config.json").is_file():
            raise CuspError(f"no model at {self.model}: give the folder that cusp train wrote, or leave it out")
        if self.library is not None and not Path(self.library).is_dir():
            raise CuspError(f"no library at {self.library}: cusp record and cusp ingest write one")
        if self.learned is not None and not (Path(self.learned) / "readout").is_dir():
            raise CuspError(f"no learned world at {self.learned}: give the model/ of a run of cusp train --dynamics")
