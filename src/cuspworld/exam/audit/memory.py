"""How much memory an audit takes: the peak of a process of its own, in megabytes."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ASK = """
import resource, sys
from cuspworld.audit import audit_clip
from cuspworld.clip import Clip
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
audit_clip(sys.argv[1])
print(before / 1024, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""


def peak(path: Path) -> tuple[float, float]:
    """Megabytes of a process that has read the package, and at most while it audits the whole video too."""
    done = subprocess.run([sys.executable, "-c", ASK, str(path)], capture_output=True, text=True, check=True)
    before, after = map(float, done.stdout.split())
    return before, after


def rows(paths: Sequence[Path]) -> list[dict[str, Any]]:
    """A row a video."""
    found = []
    for path in paths:
        before, after = peak(path)
        found.append({"memory of": path.name, "peak MB": round(after), "before it looks": round(before)})
    return found
