"""One writer at a time: a lock on a folder that the system releases however the writer ends."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cuspworld.errors import CuspError


@contextmanager
def one_writer(folder: Path, what: str) -> Iterator[None]:
    """Hold `folder` for writing; `what` it is, for people. Raises CuspError if another process holds it, or the folder
    is not writable."""
    try:
        import fcntl
    except ImportError:  # no such locks on this system: the user keeps to one writer
        yield
        return
    try:
        file = (folder / ".writer").open("a")
    except OSError as error:
        raise CuspError(f"cannot write to the {what} {folder}: {error.strerror}") from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise CuspError(
                f"the {what} {folder} is being written by another process: wait until it is done"
            ) from error
        yield
