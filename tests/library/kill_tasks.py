"""Tasks for test_workers.py, importable by name in the worker processes."""

import os
import signal
import time
from pathlib import Path


def square_or_die(task: tuple[int, str]) -> int:
    """number -> its square; dies once where a file of that number lies, always where one named always-N does."""
    number, folder = task
    if (Path(folder) / f"always-{number}").exists():
        os.kill(os.getpid(), signal.SIGKILL)
    try:
        (Path(folder) / str(number)).unlink()
    except FileNotFoundError:
        return number * number
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("unreachable")


def complain(task: int) -> int:
    from cuspworld.errors import CuspError

    if task == 2:
        raise CuspError("two is not liked")
    return task


def sleep(task: tuple[int, str]) -> int:
    number, folder = task
    (Path(folder) / f"pid-{os.getpid()}").touch()
    time.sleep(60 if number else 0)
    return number


def threads(task: int) -> tuple[int, str]:
    return os.getpid(), os.environ.get("OMP_NUM_THREADS", "")
