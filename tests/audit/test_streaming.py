"""A video of any length is audited in memory that does not grow."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

CODE = """
import json, sys
import numpy as np
from cuspworld.audit import Bars, audit_clip
from cuspworld.memory import own_peak
from cuspworld.video.files import write_stream

seconds, path = float(sys.argv[1]), sys.argv[2]
rng = np.random.default_rng(0)
rows, columns = np.mgrid[:96, :128]

def frames():
    for t in range(round(seconds * 12)):
        picture = np.full((96, 128, 3), 150.0)
        for ball, (colour, radius) in enumerate((((200, 40, 40), 9), ((40, 60, 200), 11))):
            x, y = 64 + 40 * np.sin(0.04 * t + 3 * ball), 48 + 30 * np.cos(0.025 * t + ball)
            if ball or t <= seconds * 12 - 48:
                picture[np.hypot(columns - x, rows - y) < radius] = colour
        yield np.clip(picture + rng.normal(0, 1, picture.shape), 0, 255).astype(np.uint8)[None]

write_stream(path, frames(), 12.0)
before = own_peak()
report = audit_clip(path, bars=Bars({kind: [0.0] * 40 for kind in ("slow", "still", "moving")}))
after = own_peak()
print(json.dumps({"seconds": report.seconds, "grown": (after - before) / 2**20, "peak": after / 2**20,
                  "findings": [[f.law, f.start] for f in report.findings]}))
"""


def _audited(seconds: float, path: Path) -> dict:
    done = subprocess.run([sys.executable, "-c", CODE, str(seconds), str(path)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_ten_minutes_stream_in_the_memory_of_two_minutes(tmp_path: Path) -> None:
    short = _audited(120.0, tmp_path / "short.mp4")
    long = _audited(600.0, tmp_path / "long.mp4")
    assert long["seconds"] == pytest.approx(600.0, abs=0.2)
    assert long["peak"] < 1.15 * short["peak"] + 20
    # what vanishes four seconds before the end is found there
    assert any(law == "permanence" and abs(start - 596.0) < 0.5 for law, start in long["findings"])
