"""A video of any length is audited in memory that does not grow."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

CODE = """
import json, resource, sys
import numpy as np
from cuspworld.audit import audit_clip
from cuspworld.video.files import write_stream

seconds, path = float(sys.argv[1]), sys.argv[2]
rng = np.random.default_rng(0)
backdrop = rng.integers(90, 160, (48, 64, 1)) + np.zeros((48, 64, 3))
rows, columns = np.mgrid[:48, :64]

def frames():
    for t in range(round(seconds * 10)):
        picture = backdrop.copy()
        x, y = 32 + 16 * np.sin(0.05 * t), 24 + 14 * np.cos(0.031 * t)
        if not (t > seconds * 10 - 40):
            picture[np.hypot(columns - x, rows - y) < 6] = (200, 40, 40)
        yield np.clip(picture, 0, 255).astype(np.uint8)[None]

write_stream(path, frames(), 10.0)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
report = audit_clip(path)
after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(json.dumps({"seconds": report.seconds, "grown": (after - before) / 1024, "peak": after / 1024,
                  "findings": [[f.law, f.start] for f in report.findings]}))
"""


def _audited(seconds: float, path: Path) -> dict:
    done = subprocess.run([sys.executable, "-c", CODE, str(seconds), str(path)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_an_hour_streams_in_the_memory_of_two_minutes(tmp_path: Path) -> None:
    short = _audited(120.0, tmp_path / "short.mp4")
    hour = _audited(3600.0, tmp_path / "hour.mp4")
    assert hour["seconds"] == pytest.approx(3600.0, abs=0.2)
    assert hour["peak"] < 1.15 * short["peak"] + 20
    # what vanishes four seconds before the end of the hour is found there
    assert any(law == "permanence" and abs(start - 3596.0) < 0.5 for law, start in hour["findings"])
