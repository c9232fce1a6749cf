"""How much memory an audit takes: the peak of a process of its own, in megabytes (Linux)."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ASK = """
import sys
from cuspworld.audit.run import audit_clip
from cuspworld.memory import own_peak
before = own_peak()
audit_clip(sys.argv[1])
print(before / 2**20, own_peak() / 2**20)
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
