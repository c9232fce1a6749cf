"""Files are written whole or not at all: write aside, then rename.

An aside's name says who writes it, so that what a killed process left is cleared by the next one that writes there.
"""

import os
import re
import shutil
import tempfile
import time
import uuid
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from cuspworld.errors import CuspError


@contextmanager
def written_whole(path: str | Path) -> Iterator[Path]:
    """Yield a path beside `path` to write to (a file or a folder); on success it takes the place of `path`.

    On any error or Ctrl-C the aside copy is removed and `path` is as it was. The aside name keeps the suffix, since
    encoders choose the format by it. Raises CuspError if the parent folder is missing or not writable.
    """
    path = Path(path)
    parent = path.parent
    if not parent.is_dir():
        raise CuspError(f"cannot write {path}: the folder {parent} does not exist; create it or choose another place")
    if not os.access(parent, os.W_OK):
        raise CuspError(f"cannot write {path}: no permission to write in {parent}; choose another place")
    clear_abandoned(parent)
    aside = parent / f".{path.stem[:40]}.aside-{_writer()}-{uuid.uuid4().hex[:8]}{path.suffix}"
    try:
        yield aside
        if aside.is_dir() and path.is_dir():  # rename cannot replace a filled folder
            old = parent / f".{path.name[:40]}.aside-{_writer()}-{uuid.uuid4().hex[:8]}"
            os.rename(path, old)
            os.rename(aside, path)
            shutil.rmtree(old)
        else:
            os.replace(aside, path)
    except OSError as error:
        _remove(aside)
        raise CuspError(f"cannot write {path}: {error.strerror or error}") from error
    except BaseException:
        _remove(aside)
        raise


@contextmanager
def scratch_folder(name: str) -> Iterator[Path]:
    """A folder of this user's alone in the system's place for such, gone at the end; what a killed process left there
    is cleared by the next one."""
    parent = Path(tempfile.gettempdir())
    clear_abandoned(parent)
    folder = parent / f".{name}.aside-{_writer()}-{uuid.uuid4().hex[:8]}"
    folder.mkdir(mode=0o700)
    try:
        yield folder
    finally:
        _remove(folder)


_ASIDE = re.compile(r"\..*\.aside-(?P<host>[0-9a-f]{8})-(?P<process>\d+)-[0-9a-f]{8}(\..*)?")
_FORGOTTEN = 24 * 3600.0  # seconds without a change after which another machine's aside is nobody's


def _host() -> str:
    return f"{zlib.crc32(os.uname().nodename.encode() if hasattr(os, 'uname') else b''):08x}"


def _writer() -> str:
    return f"{_host()}-{os.getpid()}"


@cache  # once a process: an aside that is abandoned meanwhile waits for the next one
def clear_abandoned(folder: Path) -> None:
    """Remove the asides in `folder` whose process has ended without removing them: SIGKILL, a crash, a power cut."""
    for path in folder.glob(".*.aside-*"):
        if (name := _ASIDE.fullmatch(path.name)) and _abandoned(path, name["host"], int(name["process"])):
            _remove(path)


def _abandoned(path: Path, host: str, process: int) -> bool:
    try:
        if host != _host():
            return time.time() - path.stat().st_mtime > _FORGOTTEN
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    except (OSError, OverflowError):  # it is another user's, or gone already
        return False
    return False


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
