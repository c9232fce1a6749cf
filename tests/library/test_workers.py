"""Tasks in this process, in a pool, on Ray: the same results; workers that die are replaced."""

import multiprocessing
import os
import signal
import time

import pytest

from cuspworld.errors import CuspError
from cuspworld.library.workers import RETRIES, _start, check_workers, run_tasks
from tests.library.kill_tasks import complain, sleep, square_or_die, threads


@pytest.mark.parametrize("workers", [1, 2])
def test_every_task_is_done_once(workers, tmp_path):
    tasks = [(number, str(tmp_path)) for number in range(7)]
    found = list(run_tasks(square_or_die, tasks, workers))
    assert sorted(found) == [(task, task[0] ** 2) for task in tasks]


def test_a_worker_that_dies_is_replaced_and_its_task_done_again(tmp_path):
    for number in (0, 3, 4):
        (tmp_path / str(number)).touch()
    tasks = [(number, str(tmp_path)) for number in range(6)]
    assert sorted(run_tasks(square_or_die, tasks, 2)) == [(task, task[0] ** 2) for task in tasks]


def test_a_task_that_always_kills_its_worker_is_named(tmp_path):
    (tmp_path / "always-1").touch()
    with pytest.raises(CuspError, match=rf"died {RETRIES + 1} times \(exit -9\) at \(1, "):
        list(run_tasks(square_or_die, [(1, str(tmp_path))], 2))


def test_an_exception_of_a_task_is_raised_here():
    for workers in (1, 2):
        with pytest.raises(CuspError, match="two is not liked"):
            list(run_tasks(complain, [1, 2, 3], workers))


def test_stopping_ends_the_workers(tmp_path):
    running = run_tasks(sleep, [(0, str(tmp_path)), (1, str(tmp_path)), (2, str(tmp_path))], 2)
    assert next(running)[1] == 0
    running.close()
    deadline = time.monotonic() + 20
    pids = [int(path.name.removeprefix("pid-")) for path in tmp_path.glob("pid-*")]
    while any(alive(pid) for pid in pids) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert pids and not any(alive(pid) for pid in pids)


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_workers_take_one_thread_each_and_leave_our_environment():
    before = dict(os.environ)
    found = [result for _, result in run_tasks(threads, [1, 2, 3], 2)]
    assert {thread for _, thread in found} == {"1"} and os.getpid() not in {pid for pid, _ in found}
    assert dict(os.environ) == before


def test_numbers_of_workers():
    assert [check_workers(value) for value in (1, "2", 16)] == [1, 2, 16]
    for bad in (0, -1, "many", "0", 1.5, True, "1e9"):
        with pytest.raises(CuspError, match="workers must be"):
            check_workers(bad)


def test_a_worker_that_still_starts_does_not_die_of_ctrl_c():
    """Ctrl-C goes to all processes of a terminal; one that had not yet begun to ignore it died, with a traceback."""
    pipe, process = _start(multiprocessing.get_context("spawn"), abs)
    os.kill(process.pid, signal.SIGINT)
    pipe.send(-42)
    assert pipe.recv() == 42
    os.kill(process.pid, signal.SIGINT)
    pipe.send(-8)
    assert pipe.recv() == 8
    process.terminate()
    process.join()
    assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, [])
