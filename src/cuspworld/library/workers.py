"""Run tasks in this process, in a pool of processes, or on a Ray cluster; a worker that dies is replaced.

Each gives (task, result) as they finish. A task must be safe to run twice: what a dead worker left half done is done
again. If this process dies, pool workers find their pipe closed and end.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection, wait
from typing import Any, TypeVar, cast

from cuspworld.checks import whole
from cuspworld.errors import CuspError, MissingExtraError

RETRIES = 5  # times that one task may lose its worker
_ONE_THREAD = {
    name: "1" for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
}

Task = TypeVar("Task")
Result = TypeVar("Result")


def check_workers(workers: Any) -> int | str:
    """`workers` if it is a number of processes or 'ray', else CuspError."""
    if workers == "ray":
        from importlib.util import find_spec

        if find_spec("ray") is None:
            raise MissingExtraError("workers='ray'", "cluster")
        return "ray"
    if isinstance(workers, str):
        workers = int(workers) if workers.isdecimal() else workers
    if isinstance(workers, str):
        raise CuspError(f"workers must be a number of processes or 'ray': got {workers!r}")
    return whole("workers", workers, 1, 1024)


def run_tasks(
    function: Callable[[Task], Result], tasks: Sequence[Task], workers: int | str
) -> Iterator[tuple[Task, Result]]:
    """(task, function(task)) as they finish. `function` must be importable by name. Its exceptions are raised here."""
    if workers == "ray":
        return _on_ray(function, tasks)
    if workers == 1:
        return ((task, function(task)) for task in tasks)
    return _in_pool(function, tasks, int(workers))


def _in_pool(function: Callable[..., Any], tasks: Sequence[Any], workers: int) -> Iterator[tuple[Any, Any]]:
    spawn = multiprocessing.get_context("spawn")  # forking a process with Arrow's threads can hang
    waiting = deque((task, 0) for task in tasks)
    at_work: dict[Connection, tuple[Any, Any, int]] = {}  # pipe -> process, task, times it lost its worker
    idle: list[tuple[Connection, Any]] = []
    try:
        while waiting or at_work:
            while waiting and len(at_work) < workers:
                pipe, process = idle.pop() if idle else _start(spawn, function)
                task, lost = waiting.popleft()
                at_work[pipe] = (process, task, lost)
                _send(pipe, task)
            for pipe in cast(list[Connection], wait(list(at_work))):
                process, task, lost = at_work.pop(pipe)
                try:
                    result = pipe.recv()
                except (EOFError, OSError):
                    process.join()
                    pipe.close()
                    if lost == RETRIES:
                        raise CuspError(f"a worker died {lost + 1} times (exit {process.exitcode}) at {task}") from None
                    waiting.appendleft((task, lost + 1))
                    continue
                idle.append((pipe, process))
                if isinstance(result, BaseException):
                    raise result
                yield task, result
    finally:
        for pipe, process in [*idle, *((pipe, entry[0]) for pipe, entry in at_work.items())]:
            process.terminate()
            pipe.close()
            process.join()


def _send(pipe: Connection, task: Any) -> None:
    with suppress(OSError):  # it died while idle: waiting for its answer finds that out
        pipe.send(task)


def _start(spawn: Any, function: Callable[..., Any]) -> tuple[Connection, Any]:
    ours, theirs = spawn.Pipe()
    process = spawn.Process(target=_work, args=(theirs, function), daemon=True)
    resource_tracker.ensure_running()  # to start it lets Ctrl-C in again
    with _environment(_ONE_THREAD), _ctrl_c_later():
        process.start()
    theirs.close()
    return ours, process


def _work(pipe: Connection, function: Callable[..., Any]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    while True:
        try:
            task = pipe.recv()
        except (EOFError, OSError):
            return
        try:
            result = function(task)
        except Exception as error:
            result = error
        try:
            pipe.send(result)
        except OSError:
            return


def _on_ray(function: Callable[..., Any], tasks: Sequence[Any], in_flight: int = 4) -> Iterator[tuple[Any, Any]]:
    """On the cluster that RAY_ADDRESS names, else the one running here, else one started on this machine's cores."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    import ray
    from ray.exceptions import RayTaskError

    ours = not ray.is_initialized()
    if ours:
        ray.init(log_to_driver=False, include_dashboard=False, logging_level=logging.ERROR)
    # Ray gives a task of one CPU one thread.
    remote = ray.remote(num_cpus=1, max_retries=RETRIES)(function)
    waiting = deque((task, 0) for task in tasks)
    at_work: dict[Any, tuple[Any, int]] = {}
    try:
        room = max(1, int(ray.cluster_resources().get("CPU", 1))) * in_flight
        while waiting or at_work:
            while waiting and len(at_work) < room:
                task, lost = waiting.popleft()
                at_work[remote.remote(task)] = (task, lost)
            for reference in ray.wait(list(at_work))[0]:
                task, lost = at_work.pop(reference)
                try:
                    result = ray.get(reference)
                except RayTaskError as error:  # the function raised: as its own exception
                    raise (error.cause if isinstance(error.cause, CuspError) else error) from None
                except ray.exceptions.RayError as error:  # its worker or node died more often than Ray retries
                    if lost == RETRIES:
                        raise CuspError(f"the cluster lost {task} {lost + 1} times: {error}") from error
                    waiting.append((task, lost + 1))
                    continue
                yield task, result
    finally:
        for reference in at_work:
            ray.cancel(reference, force=True)
        if ours:
            ray.shutdown()


@contextmanager
def _ctrl_c_later() -> Iterator[None]:
    """A process started meanwhile waits with Ctrl-C until it can ignore it, and does not die of it while it imports."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def _environment(values: dict[str, str]) -> Iterator[None]:
    """Environment variables for processes that start meanwhile."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
