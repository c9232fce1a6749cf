"""Tests run in children of one process that has loaded the heavy packages already; which test enters which function."""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import select
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

PRELOADED = (
    "numpy", "scipy.optimize", "scipy.ndimage", "scipy.spatial", "torch", "numba", "cv2", "av", "matplotlib.pyplot",
    "gymnasium", "safetensors.torch", "typer", "rich", "hypothesis", "beartype", "jaxtyping", "PIL.Image", "pymunk",
    "jsonschema", "pytest",
)  # fmt: skip
QUICK = "not long and not gpu and not browser"


def preload() -> None:
    """Load what every test loads, once. Nothing of the package itself, and nothing that starts threads."""
    os.environ.setdefault("MPLBACKEND", "agg")
    for name in PRELOADED:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)


@dataclass
class Watch:
    """A pytest plugin: seconds and outcome of each test, and the functions of the package that it enters."""

    source: str
    traced: bool
    seconds: dict[str, float] = field(default_factory=dict)
    failed: list[str] = field(default_factory=list)
    entered: dict[str, list[str]] = field(default_factory=dict)  # test -> ["file:function"]

    def pytest_runtest_protocol(self, item: Any, nextitem: Any) -> None:
        if not self.traced:
            return
        now: set[tuple[str, str]] = set()

        def enter(frame: FrameType, event: str, argument: Any) -> None:
            code = frame.f_code
            if code.co_filename.startswith(self.source):
                now.add((code.co_filename, code.co_name))

        self._now = now
        sys.settrace(enter)

    def pytest_runtest_logreport(self, report: Any) -> None:
        self.seconds[report.nodeid] = self.seconds.get(report.nodeid, 0.0) + report.duration
        if report.failed:
            self.failed.append(report.nodeid)
        if report.when == "teardown" and self.traced:
            sys.settrace(None)
            self.entered[report.nodeid] = sorted(f"{file[len(self.source) + 1 :]}:{name}" for file, name in self._now)


@dataclass
class Outcome:
    seconds: dict[str, float]
    failed: list[str]
    entered: dict[str, list[str]]
    status: int | None  # pytest's exit status; None: stopped at the time limit
    wall: float


def run_tests(
    root: Path, tests: list[str], *, limit: float, traced: bool = False, environment: dict[str, str]
) -> Outcome:
    """pytest on a copy of the repository, in a child of this process. Untraced, it stops at the first failure."""
    out = root / "outcome.json"
    out.unlink(missing_ok=True)
    begun = time.perf_counter()
    child = os.fork()
    if child == 0:
        _in_child(lambda: _pytest(root, tests, out, traced, environment), root)
    status: int | None = None
    while status is None and time.perf_counter() - begun < limit:
        done, code = os.waitpid(child, os.WNOHANG)
        if done:
            status = os.waitstatus_to_exitcode(code)
        else:
            select.select([], [], [], 0.05)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)  # what the tests started too
    if status is None:
        os.waitpid(child, 0)
    wall = time.perf_counter() - begun
    said = json.loads(out.read_text()) if out.is_file() else {"seconds": {}, "failed": [], "entered": {}}
    return Outcome(**said, status=status, wall=wall)


def _in_child(work: Callable[[], int], root: Path) -> None:
    status = 97
    try:
        os.setsid()
        said = os.open(root / "output.txt", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(said, 1)
        os.dup2(said, 2)
        status = work()
    finally:
        os._exit(status)


def _pytest(root: Path, tests: list[str], out: Path, traced: bool, environment: dict[str, str]) -> int:
    import pytest

    os.chdir(root)
    os.environ.update(environment, PYTHONPATH=str(root / "src"))
    sys.path[:0] = [str(root / "src")]
    sys.dont_write_bytecode = False
    watch = Watch(str(root / "src"), traced)
    options = ["-q", "-p", "no:cacheprovider", "-m", QUICK, "--timeout", "0"] + ([] if traced else ["-x"])
    status = int(pytest.main([*options, *tests], plugins=[watch]))
    said = {"seconds": watch.seconds, "failed": watch.failed, "entered": watch.entered}
    out.write_text(json.dumps(said))
    return status
