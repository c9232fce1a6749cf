"""Files are written whole or not at all: write aside, then rename."""

import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
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
    aside = parent / f".{path.stem}.aside-{uuid.uuid4().hex[:8]}{path.suffix}"
    try:
        yield aside
        if aside.is_dir() and path.is_dir():  # rename cannot replace a filled folder
            old = parent / f".{path.name}.aside-{uuid.uuid4().hex[:8]}"
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


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
