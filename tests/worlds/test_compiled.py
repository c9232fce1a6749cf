"""The worlds' kernels give the same bytes whether a process compiles them or finds them compiled."""

import importlib
import os
import subprocess
import sys
from pathlib import Path

import pytest
from numba.core.dispatcher import Dispatcher

import cuspworld.worlds
from cuspworld.worlds.engines.compiled import EXACT

ROOM = Path(cuspworld.worlds.__file__).parent
KERNELS = sorted(".".join(file.relative_to(ROOM).with_suffix("").parts) for file in ROOM.glob("*/*kernels.py"))
SCRIPT = """
import hashlib
from cuspworld.worlds import make
for name in ("Snow", "WindTunnel", "Juice"):
    clip = make(name).record(0, size=32, seconds=0.8)
    print(name, hashlib.sha256(clip.frames.tobytes() + clip.truth.to_bytes()).hexdigest())
"""


@pytest.mark.parametrize("name", KERNELS)
def test_no_kernel_lets_the_compiler_change_a_number(name):
    module = importlib.import_module(f"cuspworld.worlds.{name}")
    kernels = [value for value in vars(module).values() if isinstance(value, Dispatcher)]
    assert kernels
    for kernel in kernels:
        assert set(kernel.targetoptions.get("fastmath") or ()) <= EXACT, kernel.__name__


@pytest.mark.long
def test_the_process_that_compiles_and_the_next_one_record_the_same_bytes(tmp_path):
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)}
    said = [
        subprocess.run(
            [sys.executable, "-c", SCRIPT], env=environment, capture_output=True, text=True, check=True
        ).stdout
        for _ in range(2)
    ]
    assert said[0] == said[1] and said[0].count("\n") == 3
