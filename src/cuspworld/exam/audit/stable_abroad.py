"""Does the verdict on a clip from elsewhere change when it is encoded again, half as large, or at half the rate?"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from cuspworld.clip import Clip
from cuspworld.exam.audit.abroad import Foreign, share
from cuspworld.exam.audit.observed import Kept, report
from cuspworld.exam.audit.robust import at_rate, encoded, scaled

QUALITIES = (18, 28, 35)  # CRF of H.264


@dataclass(frozen=True)
class Changed:
    """A clip's verdict as it is, and as a variant."""

    variant: str
    before: str
    after: str


def variants(clip: Clip) -> Iterator[tuple[str, Callable[[], Clip]]]:
    """(name, how the changed clip is made)."""
    for quality in QUALITIES:
        yield f"mp4 at CRF {quality}", partial(encoded, clip, quality)
    for suffix in (".webm", ".gif"):
        yield suffix[1:], partial(_written, clip, suffix)
    yield "half the size", partial(scaled, clip, 0.5)
    yield "half the rate", partial(at_rate, clip, float(clip.fps) / 2)


def changes(clip: Foreign, kept: Kept, seconds: float) -> list[Changed]:
    """Every variant of the first `seconds` of a clip."""
    plain = Clip.read(clip.path, seconds=seconds)
    before = report(kept.of(clip.path.name, seconds, lambda: plain))
    found = []
    for name, make in variants(plain):
        after = report(kept.of(f"{clip.path.name}, {name}", seconds, make))
        found.append(Changed(name, before.verdict, after.verdict))
    return found


def rows(changed: Sequence[Changed]) -> list[dict[str, Any]]:
    """A row a variant, and one of all."""
    named = {name: [c for c in changed if c.variant == name] for name in dict.fromkeys(c.variant for c in changed)}
    return [
        {"shown as": name, "clips": len(group), "verdict changes": share(c.before != c.after for c in group),
         "newly accused": sum(c.after == "impossible" != c.before for c in group),
         "no more accused": sum(c.before == "impossible" != c.after for c in group)}
        for name, group in {**named, "all": list(changed)}.items()
    ]  # fmt: skip


def _written(clip: Clip, suffix: str) -> Clip:
    with tempfile.TemporaryDirectory() as folder:
        return Clip.read(clip.write(Path(folder) / f"clip{suffix}"))
