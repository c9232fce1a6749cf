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
        self.sizes: dict[str, dict[str, int]] = {}  # tab -> name -> bytes so far
        self.whole: set[str] = set()
        folder.mkdir(mode=0o700)

    def open(self, tab: str) -> None:
        self.sizes[tab] = {}

    async def take(self, tab: str, announced: int, body: AsyncIterator[bytes]) -> str:
        """Write the body to a new file and return its name. Raises TooLarge beyond the bounds, whatever was announced,
        and CuspError for a tab that is not open; what was written of it is gone then."""
        name = secrets.token_hex(16)
        path = self.folder / name
        try:
            self._grows(tab, name, announced)
            count = 0
            with path.open("xb") as file:
                async for part in body:
                    count += len(part)
                    self._grows(tab, name, count)
                    await run_in_threadpool(file.write, part)
            if not count:
                raise CuspError("the file is empty: 0 bytes came")
            self._grows(tab, name, count)  # the tab may have gone meanwhile
            self.whole.add(name)
        except OSError as error:
            self.forget(tab, name)
            raise CuspError(f"the file cannot be kept here: {error.strerror}") from error
        except BaseException:
            self.forget(tab, name)
            raise
        return name

    def given(self, tab: str, arguments: Any) -> Any:
        """Arguments of a job with {"file": path} in the place of {"upload": name}: a worker makes a Path of it, and
        a page can name no other. Raises CuspError for an upload that is not there."""
        if isinstance(arguments, dict) and "file" in arguments:
            raise CuspError("a page names no file: it uploads one")
        if isinstance(arguments, dict) and set(arguments) == {"upload"}:
            name = str(arguments["upload"])
            if name not in self.sizes.get(tab, {}) or name not in self.whole:
                raise CuspError("the uploaded file is no longer here: give it again")
            return {"file": str(self.folder / name)}
        if isinstance(arguments, dict):
            return {name: self.given(tab, value) for name, value in arguments.items()}
        if isinstance(arguments, list):
            return [self.given(tab, value) for value in arguments]
        return arguments

    def forget(self, tab: str, name: str) -> None:
        if self.sizes.get(tab, {}).pop(name, None) is not None:
            self._remove(name)

    def close(self, tab: str) -> None:
        for name in self.sizes.pop(tab, {}):
            self._remove(name)

    def _remove(self, name: str) -> None:
        self.whole.discard(name)
        (self.folder / name).unlink(missing_ok=True)

    def _grows(self, tab: str, name: str, count: int) -> None:
        """Note how large a file is. Raises where that is too much, alone or with the tab's others."""
        own = self.sizes.get(tab)
        if own is None:
            self._remove(name)
            raise CuspError("this tab is not open any more: reload the page")
        own[name] = count
        most = self.settings.limits.file_bytes
        if count > most:
            raise TooLarge(f"the file has more than the {most:,} bytes that are taken: cut it into parts")
        if len(own) > _COUNT or sum(own.values()) > self.settings.uploads:
            raise TooLarge("this tab has uploaded as much as it may: close what is done, or reload the page")
