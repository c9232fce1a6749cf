"""A worker: a process that does one job after the other and keeps its models.

It is started as `python -m cuspworld.studio.worker SOCKET SETTINGS`, in a session of its own, so that Ctrl-C in the
terminal does not reach it; it ends when the studio does, however that ends: its socket is closed then.

Messages either way are bytes: a line of JSON, then whatever bytes it announces.
"""

from __future__ import annotations

import importlib
import inspect
import json
import math
import os
import queue
import signal
import sys
import threading
import traceback
import warnings
from collections.abc import Callable, Mapping
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from jaxtyping import UInt8

from cuspworld.audit.streaming import Limits
from cuspworld.errors import CuspError, CuspWarning
from cuspworld.studio.settings import Settings

Kept = TypeVar("Kept")
_LOSSLESS = 256 * 256  # pixels up to which a picture is sent as PNG


def _with_files(arguments: Any) -> Any:
    """Arguments with a Path in the place of {"file": path}."""
    if isinstance(arguments, dict) and set(arguments) == {"file"}:
        return Path(arguments["file"])
    if isinstance(arguments, dict):
        return {name: _with_files(value) for name, value in arguments.items()}
    return [_with_files(value) for value in arguments] if isinstance(arguments, list) else arguments


def uploaded(name: str, value: Any) -> Path:
    """An argument that must be an uploaded file. Raises CuspError: a text from a page names no file."""
    if not isinstance(value, Path):
        raise CuspError(f"{name} must be a file that the page uploaded: got {type(value).__name__}")
    return value


def _plain(value: Any) -> Any:
    """A value as JSON that a browser reads: of numbers the finite ones, null for the others."""
    if isinstance(value, Mapping):
        return {str(name): _plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple | np.ndarray):
        return [_plain(one) for one in value]
    value = value.item() if isinstance(value, np.generic) else value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if value is None or isinstance(value, str | int) else str(value)


class Stopped(Exception):
    """The page, or its end, stopped the job."""


class Job:
    """What a job knows of its run, and how it speaks to the page."""

    def __init__(self, worker: Worker, run: str, folder: Path):
        self.run, self.folder = run, folder
        self._worker, self._stopped = worker, threading.Event()
        self._told: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()

    @property
    def settings(self) -> Settings:
        return self._worker.settings

    def say(self, kind: str, payload: bytes = b"", **facts: Any) -> None:
        """A message to the page: `kind` and facts as JSON, and bytes where there are any."""
        self._worker.say({"run": self.run, "kind": kind, **facts}, payload)

    def picture(self, frame: UInt8[np.ndarray, "h w 3"], kind: str = "picture", **facts: Any) -> None:
        """A frame to the page, as PNG, or as JPEG where it is large."""
        import cv2

        small = frame.shape[0] * frame.shape[1] <= _LOSSLESS
        way = (".png", [cv2.IMWRITE_PNG_COMPRESSION, 1]) if small else (".jpg", [cv2.IMWRITE_JPEG_QUALITY, 90])
        self.say(kind, cv2.imencode(way[0], frame[..., ::-1], way[1])[1].tobytes(), **facts)

    def check(self) -> None:
        """Raises Stopped once the run is stopped: to be asked often, at least twice a second."""
        if self._stopped.is_set():
            raise Stopped

    def heard(self, seconds: float | None = 0.0) -> dict[str, Any] | None:
        """The next thing that the page told this run, waiting so many seconds at most (None: as long as it takes);
        None where there was nothing. Raises Stopped once the run is stopped."""
        self.check()
        try:
            told = self._told.get(block=seconds != 0, timeout=seconds)
        except queue.Empty:
            told = None
        self.check()
        return told

    def kept(self, name: str, make: Callable[[], Kept]) -> Kept:
        """What `make` gives, kept for the next jobs of this worker under `name`."""
        things = self._worker.things
        if name not in things:
            self.say("loading", what=name)
            things[name] = make()
            if self.run:  # warming up is not done when the model is there
                self.say("loaded", what=name)
        return things[name]

    def stop(self) -> None:
        self._stopped.set()
        self._told.put({})  # wakes who waits for the page

    def tell(self, data: dict[str, Any]) -> None:
        self._told.put(data)


class Worker:
    """The loop of the process: orders come in on the socket, jobs are done one at a time."""

    def __init__(self, connection: Connection, settings: Settings):
        self.connection, self.settings = connection, settings
        self.things: dict[str, Any] = {}
        self._lock = threading.Lock()
        self._orders: queue.SimpleQueue[tuple[Job, str, dict[str, Any]]] = queue.SimpleQueue()
        self._jobs: dict[str, Job] = {}
        self._uploads: list[str] = []  # paths of what was uploaded for the job that is done

    def say(self, facts: dict[str, Any], payload: bytes = b"") -> None:
        text = json.dumps(_plain(facts), ensure_ascii=False)
        for path in self._uploads:  # where it lies here tells a person nothing
            text = text.replace(path, "the file")
        data = text.encode("utf-8", "replace") + b"\n" + payload
        with self._lock:
            self.connection.send_bytes(data)

    def work(self) -> None:
        threading.Thread(target=self._listen, daemon=True).start()
        while True:
            job, function, arguments = self._orders.get()
            self._do(job, function, arguments)
            del self._jobs[job.run], job

    def _listen(self) -> None:
        while True:
            try:
                order = json.loads(self.connection.recv_bytes())
            except (EOFError, OSError):  # the studio has ended
                os._exit(0)
            if order["do"] == "start":
                job = Job(self, order["run"], Path(order["folder"]))
                self._jobs[job.run] = job
                self._orders.put((job, order["function"], order["arguments"]))
            elif (known := self._jobs.get(order["run"])) is not None:
                if order["do"] == "stop":
                    known.stop()
                else:
                    known.tell(order["data"])

    def _do(self, job: Job, function: str, arguments: dict[str, Any]) -> None:
        """Do it, and say how it ended."""
        module, _, name = function.partition(":")
        with warnings.catch_warnings():
            warnings.simplefilter("always", CuspWarning)
            warnings.showwarning = lambda message, kind, *rest: (
                job.say("warning", text=str(message)) if issubclass(kind, CuspWarning) else None
            )
            try:
                job.check()
                work = getattr(importlib.import_module(module), name)
                given = _with_files(arguments)
                self._uploads = [str(value) for value in given.values() if isinstance(value, Path)]
                work(job, **_fitting(work, job, given))
                ended, text = "done", ""
            except Stopped:
                ended, text = "stopped", ""
            except CuspError as error:
                ended, text = "failed", str(error)
            except MemoryError:
                ended, text = "failed", "there is not enough memory for this: ask for less, or a smaller size"
            except Exception as error:
                traceback.print_exc()
                ended, text = "failed", f"a fault of the studio's: {type(error).__name__}: {error}"
        job.say(ended, text=text)


def _fitting(work: Callable[..., None], job: Job, arguments: dict[str, Any]) -> dict[str, Any]:
    try:
        inspect.signature(work).bind(job, **arguments)
    except TypeError as error:
        raise CuspError(f"no such arguments for this job: {error}") from error
    return arguments


def main() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    given = json.loads(sys.argv[2])
    settings = Settings(**{**given, "limits": Limits(**given["limits"])})
    Worker(Connection(int(sys.argv[1])), settings).work()


if __name__ == "__main__":
    main()
