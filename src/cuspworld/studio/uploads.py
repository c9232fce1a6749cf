"""What a person drops on the page: on disk under names that nobody chose, bounded, and gone with its tab.

The name that a file had on her disk does not come here: the page keeps it, and shows it as text.
"""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from starlette.concurrency import run_in_threadpool

from cuspworld.errors import CuspError
from cuspworld.studio.settings import Settings

_COUNT = 1000  # of one tab


class TooLarge(CuspError):
    """More bytes than are taken."""


class Uploads:
    """All uploads of a studio, by tab and random name."""

    def __init__(self, settings: Settings, folder: Path):
        self.settings, self.folder = settings, folder
        self.files: dict[str, dict[str, Path]] = {}  # tab -> name -> file
        folder.mkdir(mode=0o700)

    def open(self, tab: str) -> None:
        self.files[tab] = {}

    async def take(self, tab: str, announced: int, body: AsyncIterator[bytes]) -> str:
        """Write the body to a new file and return its name. Raises TooLarge beyond the bounds, whatever was announced,
        and CuspError for a tab that is not open; what was written of it is gone then."""
        self._check(tab, announced)
        name = secrets.token_hex(16)
        path, count = self.folder / name, 0
        try:
            with path.open("xb") as file:
                async for part in body:
                    count += len(part)
                    self._check(tab, count)
                    await run_in_threadpool(file.write, part)
            if not count:
                raise CuspError("the file is empty: 0 bytes came")
            self.files[tab][name] = path  # KeyError: the tab has gone meanwhile
        except OSError as error:
            path.unlink(missing_ok=True)
            raise CuspError(f"the file cannot be kept here: {error.strerror}") from error
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        return name

    def given(self, tab: str, arguments: Any) -> Any:
        """Arguments of a job with {"file": path} in the place of {"upload": name}: a worker makes a Path of it, and
        a page can name no other. Raises CuspError for an upload that is not there."""
        if isinstance(arguments, dict) and "file" in arguments:
            raise CuspError("a page names no file: it uploads one")
        if isinstance(arguments, dict) and set(arguments) == {"upload"}:
            path = self.files.get(tab, {}).get(str(arguments["upload"]))
            if path is None:
                raise CuspError("the uploaded file is no longer here: give it again")
            return {"file": str(path)}
        if isinstance(arguments, dict):
            return {name: self.given(tab, value) for name, value in arguments.items()}
        if isinstance(arguments, list):
            return [self.given(tab, value) for value in arguments]
        return arguments

    def forget(self, tab: str, name: str) -> None:
        if (path := self.files.get(tab, {}).pop(name, None)) is not None:
            path.unlink(missing_ok=True)

    def close(self, tab: str) -> None:
        for path in self.files.pop(tab, {}).values():
            path.unlink(missing_ok=True)

    def _check(self, tab: str, count: int) -> None:
        """Raise unless a file of so many bytes may be there beside the tab's others."""
        own = self.files.get(tab)
        if own is None:
            raise CuspError("this tab is not open any more: reload the page")
        most = self.settings.limits.file_bytes
        if count > most:
            raise TooLarge(f"the file has more than the {most:,} bytes that are taken: cut it into parts")
        if len(own) >= _COUNT or count + sum(path.stat().st_size for path in own.values()) > self.settings.uploads:
            raise TooLarge("this tab has uploaded as much as it may: close what is done, or reload the page")
