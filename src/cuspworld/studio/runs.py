"""The queue: each run waits for a worker, is done by one, and tells its tab what it says.

There are as many runs at the same time as there are workers; who comes later is told the place in the queue. A run
ends with its job, when its tab stops it or goes away, or when its worker dies; a worker that does not heed a stop is
killed, and the next run gets a new one.
"""

from __future__ import annotations

import asyncio
import re
import shutil
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from cuspworld.errors import CuspError
from cuspworld.studio.jobs import JOBS, LIGHT
from cuspworld.studio.process import WorkerProcess
from cuspworld.studio.settings import Settings

GRACE = 3.0  # seconds that a stopped job has before its worker is killed
MOST = 100  # runs of one tab that wait or go on
KEPT = 60  # ended runs of one tab whose files are kept
_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_ENDS = ("done", "stopped", "failed")


@runtime_checkable
class Listener(Protocol):
    """A tab: who is told what a run says."""

    id: str
    gone: bool

    async def send(self, facts: dict[str, Any], data: bytes = b"") -> None: ...


@dataclass(eq=False)
class Run:
    """`id`: chosen by the tab, which may reuse none; `key`: its own in the whole studio."""

    id: str
    tab: Listener
    job: str
    arguments: dict[str, Any] = field(repr=False)
    folder: Path
    key: str
    worker: WorkerProcess | None = None
    told: tuple[int, bool] | None = None  # its place in the queue, and whether a model is being loaded for it
    stopping: bool = False

    @property
    def room(self) -> str:
        return JOBS[self.job].partition(":")[0]


class Runs:
    """All runs of a studio. Lives in one event loop; `scratch`: the folder of the runs' own folders."""

    def __init__(self, settings: Settings, scratch: Path):
        self.settings, self.scratch = settings, scratch
        self.waiting: list[Run] = []
        self.workers: list[WorkerProcess] = []
        self.runs: dict[str, Run] = {}  # by key: waiting and going on
        self.kept: dict[str, list[Run]] = {}  # by tab: ended, whose files are there still
        self._closed = False
        self._count = 0
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, tab: Listener, id: str, job: str, arguments: dict[str, Any]) -> Run:
        """Queue a run. Raises CuspError for a job that is none, a name that is none or taken, or too many."""
        if job not in JOBS:
            raise CuspError(f"no job {job[:80]!r}: take one of {', '.join(JOBS)}")
        own = [run for run in self.runs.values() if run.tab is tab]
        if not _NAME.fullmatch(id) or any(run.id == id for run in (*own, *self.kept.get(tab.id, ()))):
            raise CuspError(f"a run's name must be new, of letters, digits, - and _: got {id[:80]!r}")
        if len(own) >= MOST:
            raise CuspError(f"{MOST} runs of this tab wait already: wait for them, or stop some")
        self._count += 1
        key = f"{tab.id}-{self._count}"
        run = Run(id, tab, job, arguments, self.scratch / key, key)
        run.folder.mkdir(mode=0o700)
        self.runs[key] = run
        self.waiting.append(run)
        return run

    def warm(self) -> None:
        """Start a worker and let it load the model, so that it is there when a person asks."""
        worker = self._hire()
        worker.rooms.add(JOBS["warm"].partition(":")[0])
        worker.loading = True
        worker.order(do="start", run="", function=JOBS["warm"], arguments={}, folder=str(self.scratch))

    async def turn(self) -> None:
        """Give the runs that wait to workers that are free, and tell the others their place: each tab has its turn."""
        going: Counter[str] = Counter(run.tab.id for run in self.runs.values() if run.worker is not None)
        rank = {run.key: going.update([run.tab.id]) or going[run.tab.id] for run in self.waiting}
        self.waiting.sort(key=lambda run: rank[run.key])  # of the same rank: who came first
        for run in list(self.waiting):
            if (worker := self._free(run)) is not None:
                self.waiting.remove(run)
                run.worker, worker.run, worker.light = worker, run.key, run.job in LIGHT
                worker.rooms.add(run.room)
                order = {"function": JOBS[run.job], "arguments": run.arguments, "folder": str(run.folder)}
                worker.order(do="start", run=run.key, **order)
                self._tell(run, {"kind": "started"})
        for place, run in enumerate(self.waiting, 1):
            loading = any(worker.loading and run.room in worker.rooms for worker in self.workers)
            if run.told != (place, loading):
                run.told = (place, loading)
                self._tell(run, {"kind": "queued", "place": place, "loading": loading})

    def _tell(self, run: Run, facts: dict[str, Any]) -> None:
        """To its tab, which may read it when it likes: nobody else waits for that."""
        task = asyncio.get_running_loop().create_task(run.tab.send({**facts, "run": run.id}))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def find(self, tab: Listener, id: str) -> Run | None:
        return next((run for run in self.runs.values() if run.tab is tab and run.id == id), None)

    def tell(self, run: Run, data: dict[str, Any]) -> None:
        """Something of the page's for a run that goes on."""
        if run.worker is not None:
            run.worker.order(do="tell", run=run.key, data=data)

    async def stop(self, run: Run) -> None:
        """End it: at once where it waits; else its job is asked to, and after `GRACE` its worker is killed."""
        if run.worker is None:
            if run in self.waiting:
                self.waiting.remove(run)
            await self._end(run, {"kind": "stopped", "text": ""})
            return
        run.stopping = True
        run.worker.order(do="stop", run=run.key)
        asyncio.get_running_loop().call_later(GRACE, self._kill, run)

    async def leave(self, tab: Listener) -> None:
        """The tab is gone: what it had begun ends, and its files go."""
        for run in [run for run in self.runs.values() if run.tab is tab]:
            await self.stop(run)
        for run in self.kept.pop(tab.id, []):
            shutil.rmtree(run.folder, ignore_errors=True)
        await self.turn()

    def forget(self, tab: Listener, id: str) -> None:
        """The files of an ended run go."""
        kept = self.kept.get(tab.id, [])
        for run in [run for run in kept if run.id == id]:
            kept.remove(run)
            shutil.rmtree(run.folder, ignore_errors=True)

    def file(self, tab: str, id: str, name: str) -> Path | None:
        """A file that a run of a tab has made, by its bare name; None where there is none."""
        if not re.fullmatch(r"[a-z0-9_-]{1,64}\.(mp4|webm|gif|png|jpg|html|json)", name):
            return None
        for run in (*self.runs.values(), *self.kept.get(tab, ())):
            if run.tab.id == tab and run.id == id:
                path = run.folder / name
                return path if path.is_file() and not path.is_symlink() else None
        return None

    def close(self) -> None:
        """End all workers."""
        self._closed = True
        for worker in self.workers:
            worker.close()
        self.workers.clear()

    def _free(self, run: Run) -> WorkerProcess | None:
        """An idle worker, best one that did such jobs before; a new one where there may be more; else None. While one
        loads the models of the room, or is free in a moment, the room's runs wait: a second would load them again."""
        idle = [worker for worker in self.workers if worker.run is None and not worker.loading and not worker.ended]
        if near := [worker for worker in idle if run.room in worker.rooms]:
            return near[0]
        if any(run.room in worker.rooms and (worker.loading or worker.light) for worker in self.workers):
            return None
        if len(self.workers) < self.settings.workers:
            return self._hire()
        return idle[0] if idle else None

    def _hire(self) -> WorkerProcess:
        worker = WorkerProcess(self.settings, asyncio.get_running_loop(), self._hear)
        self.workers.append(worker)
        return worker

    def _kill(self, run: Run) -> None:
        if run.worker is not None and run.worker.run == run.key and run.key in self.runs:
            run.worker.kill()

    async def _hear(self, worker: WorkerProcess, facts: dict[str, Any] | None, data: bytes) -> None:
        """A message of a worker's, or its end."""
        if facts is None:
            await self._died(worker)
            return
        run, kind = self.runs.get(facts["run"]), facts["kind"]
        if kind == "loading" or kind in ("loaded", *_ENDS):
            worker.loading = kind == "loading"
        if run is None:  # of warming up
            if kind in _ENDS:
                await self.turn()
        elif kind in _ENDS:
            worker.run, worker.light = None, False
            await self._end(run, facts)
            await self.turn()
        else:
            payload = data.partition(b"\n")[2]
            await run.tab.send({**facts, "run": run.id}, payload)

    async def _died(self, worker: WorkerProcess) -> None:
        if self._closed:
            return
        worker.ended = True
        self.workers.remove(worker)
        worker.close()
        run = self.runs.get(worker.run or "")
        if run is not None and run.stopping:
            await self._end(run, {"kind": "stopped", "text": ""})
        elif run is not None:
            how = worker.process.returncode
            text = (
                f"the worker process of this run has died ({'signal' if how < 0 else 'exit'} {abs(how)}): what it had "
                "made so far is lost. The studio goes on; try again, with less if it was memory that ran out"
            )
            await self._end(run, {"kind": "failed", "text": text})
        if run is not None and not self.workers:
            self.warm()
        await self.turn()

    async def _end(self, run: Run, facts: dict[str, Any]) -> None:
        self.runs.pop(run.key, None)
        if run.tab.gone:
            shutil.rmtree(run.folder, ignore_errors=True)
            return
        self._tell(run, facts)
        kept = self.kept.setdefault(run.tab.id, [])
        kept.append(run)
        while len(kept) > KEPT:
            shutil.rmtree(kept.pop(0).folder, ignore_errors=True)
