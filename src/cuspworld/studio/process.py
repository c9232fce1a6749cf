"""The studio's hold on one worker process."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import CancelledError
from contextlib import suppress
from dataclasses import asdict
from multiprocessing.connection import Connection
from typing import Any

from cuspworld.studio.settings import Settings, cores

_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")


class WorkerProcess:
    """Started at once. `heard`: called in `loop` with each message (its facts, its bytes as they came), one after the
    other, and with None once the process has ended."""

    def __init__(
        self,
        settings: Settings,
        loop: asyncio.AbstractEventLoop,
        heard: Callable[[WorkerProcess, dict[str, Any] | None, bytes], Coroutine[Any, Any, None]],
    ):
        ours, theirs = socket.socketpair()
        each = str(max(1, cores() // settings.workers))
        environment = {**dict.fromkeys(_THREADS, each), "MUJOCO_GL": "egl", **os.environ}
        # -P: nothing is imported from the folder that the studio was started in
        command = [sys.executable, "-P", "-m", "cuspworld.studio.worker"]
        command += [str(theirs.fileno()), json.dumps(asdict(settings))]
        self.process = subprocess.Popen(
            command, pass_fds=[theirs.fileno()], start_new_session=True, stdin=subprocess.DEVNULL, env=environment
        )
        theirs.close()
        self.connection = Connection(ours.detach())
        self.run: str | None = None  # that it is at
        self.rooms: set[str] = set()  # whose jobs it did: it has their models
        self.loading = False  # a model, for which the runs of its rooms wait
        self.light = False  # whether what it is at is done in a moment
        self.ended = False
        self._loop, self._heard = loop, heard
        threading.Thread(target=self._listen, daemon=True).start()

    def order(self, **order: Any) -> None:
        with suppress(OSError):  # it has died: that is heard from the socket
            self.connection.send_bytes(json.dumps(order).encode())

    def _listen(self) -> None:
        """Each message is delivered before the next is read, so that a page that reads slowly slows its own run."""
        while True:
            try:
                data = self.connection.recv_bytes()
            except (EOFError, OSError):
                break
            if not self._deliver(json.loads(data.partition(b"\n")[0]), data):
                break
        self.process.wait()
        self._deliver(None, b"")

    def _deliver(self, facts: dict[str, Any] | None, data: bytes) -> bool:
        call = self._heard(self, facts, data)
        try:
            asyncio.run_coroutine_threadsafe(call, self._loop).result()
        except (RuntimeError, CancelledError):  # the loop has ended
            call.close()
            return False
        return True

    def kill(self) -> None:
        """The process and what it started."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)

    def close(self) -> None:
        self.kill()
        self.process.wait()
        self.connection.close()
