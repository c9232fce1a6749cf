"""Pairs of one scene from elsewhere, filmed and made by a video model: which of the two does the audit find odder?

The bank (exam/audit/abroad.py) and the videos beside it hold only these: das-vs-sora2 (its ground truth beside what two
models made of it) and Physics-IQ (what was filmed beside what a model continued).
"""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import Any

from cuspworld.clip import Clip
from cuspworld.exam.audit.abroad import share
from cuspworld.exam.audit.observed import Kept, report

PAIRS = (
    ("foreign/174_dasvssora2_gt.mp4", "foreign/181_dasvssora2_sora.mp4"),
    ("foreign/175_dasvssora2_gt.mp4", "foreign/178_dasvssora2_das.mp4"),
    ("foreign/175_dasvssora2_gt.mp4", "foreign/180_dasvssora2_sora.mp4"),
    ("videos/physicsiq_match_real.mp4", "videos/physicsiq_match_generated.mp4"),
    ("videos/physicsiq_pour_real.mp4", "videos/physicsiq_pour_generated.mp4"),
)


def rows(kept: Kept, seconds: float) -> list[dict[str, Any]]:
    """A row an instrument that was asked about all: of how many pairs it finds the made clip odder. A tie is a miss."""
    folder = Path(os.environ.get("CUSPWORLD_DATA", "../shared/data"))
    seen = [
        [_odd(folder / name, kept, seconds) for name in pair]
        for pair in PAIRS
        if all((folder / name).is_file() for name in pair)
    ]
    names = [name for name in (seen[0][0] if seen else ()) if all(name in odd for pair in seen for odd in pair)]
    return [
        {"pairs of one scene, by": name, "made clip odder": share(made[name] > filmed[name] for filmed, made in seen)}
        for name in names
    ]


def _odd(path: Path, kept: Kept, seconds: float) -> dict[str, float]:
    line = kept.of(path.name, seconds, partial(Clip.read, path, seconds=seconds))
    return {"audit": 1 - report(line).score, **line["odd"]}
