"""Workers and drivers killed at random moments, for real: every clip once, with the bytes of an undisturbed run.

The script that prints the table for the docs does it, at a smaller size; it ends with an error where a clip differs.
"""

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "record.py"


@pytest.mark.long
@pytest.mark.timeout(3000)
@pytest.mark.parametrize("kind", ["pool", "ray"])
def test_random_kills_lose_nothing(kind):
    if kind == "ray" and find_spec("ray") is None:
        pytest.skip("Ray is not installed: pip install 'cuspworld[cluster]'")
    command = [sys.executable, str(SCRIPT), "--only", kind, "-n", "400", "--kills", "6", "--wait", "2"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=3000)
    assert done.returncode == 0, done.stdout + done.stderr
    row = done.stdout.splitlines()[-1].split()
    assert row[0] == kind and row[5:] == ["400", "0", "0", "yes"] and int(row[2]) + int(row[3]) >= 1
