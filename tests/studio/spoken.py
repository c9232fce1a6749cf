"""A job's run without a worker: what it says is kept, and what it hears is a script."""

import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

from cuspworld.studio.settings import Settings
from cuspworld.studio.worker import Job, Stopped


class Spoken(Job):
    """`said`: (kind, facts, bytes) of all that was said. `tells`: what it hears, one after the other; None: nothing
    for as long as it waits, at most a twentieth of a second; after the last it is stopped."""

    settings = None  # Job asks its worker

    def __init__(self, folder: Path, settings: Settings | None = None, tells: Iterable[dict[str, Any] | None] = ()):
        self.folder, self.settings = folder, settings or Settings()
        self.said: list[tuple[str, dict[str, Any], bytes]] = []
        self._tells, self._things = iter(tells), {}

    def say(self, kind: str, payload: bytes = b"", **facts: Any) -> None:
        self.said.append((kind, facts, payload))

    def picture(self, frame: Any, kind: str = "picture", **facts: Any) -> None:
        self.say(kind, frame.tobytes(), **facts)

    def check(self) -> None:
        pass

    def heard(self, seconds: float | None = 0.0) -> dict[str, Any] | None:
        try:
            told = next(self._tells)
        except StopIteration:
            raise Stopped from None
        if told is None:
            time.sleep(min(seconds or 0.0, 0.05))
        return told

    def kept(self, name: str, make: Callable[[], Any]) -> Any:
        if name not in self._things:
            self._things[name] = make()
        return self._things[name]

    def of(self, kind: str) -> list[dict[str, Any]]:
        """The facts of all messages of a kind."""
        return [facts for said, facts, _ in self.said if said == kind]


def done(work: Callable[..., None], job: Spoken, **arguments: Any) -> Spoken:
    """Do a job until it ends or its script does."""
    with suppress(Stopped):
        work(job, **arguments)
    return job
