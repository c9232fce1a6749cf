"""Lance is written in Rust: where a damaged table makes it stop at once, its exception passes by `except Exception`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def panics_are_errors() -> Iterator[None]:
    """A panic of a Rust library inside becomes an OSError."""
    try:
        yield
    except BaseException as error:
        if type(error).__name__ != "PanicException":  # which no module offers by name
            raise
        raise OSError(str(error)) from error
