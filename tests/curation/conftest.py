"""A language model's server for the tests of what asks one."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY

Serve = Callable[..., tuple[str, Path]]


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    started = []

    def start(*behaviours: str) -> tuple[str, Path]:
        port, log = tmp_path / "port", tmp_path / "log"
        command = [sys.executable, "-m", "tests.curation.caption_server", str(port), str(log), *behaviours]
        started.append(subprocess.Popen(command, cwd=REPOSITORY))
        deadline = time.monotonic() + 30
        while not (port.exists() and port.read_text()) and time.monotonic() < deadline:
            time.sleep(0.02)
        return f"http://127.0.0.1:{port.read_text()}/v1", log

    yield start
    for process in started:
        process.terminate()
        process.wait()
