"""What a library is exported as: one format a file, found by its name."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

from cuspworld.clip import Clip
from cuspworld.errors import CuspError
from cuspworld.files import written_whole
from cuspworld.library.formats.folder import Mp4Folder
from cuspworld.library.formats.lerobot import LeRobot
from cuspworld.library.formats.webdataset import WebDataset


class Format(Protocol):
    """Writes clips into an empty folder."""

    def write(self, clips: Iterator[tuple[str, Clip]], folder: Path) -> None:
        """`clips`: (key, clip), read as they are asked for. Raises CuspError for clips that the format cannot hold."""


FORMATS: dict[str, Format] = {"mp4": Mp4Folder(), "webdataset": WebDataset(), "lerobot": LeRobot()}


def export(
    clips: Iterator[tuple[str, Clip]], folder: str | Path, name: str, moved: Callable[[int], None] = lambda done: None
) -> int:
    """Write `clips` to the new folder `folder` as the format `name`, whole or not at all; returns how many there were.

    `moved` is told how many are done. Raises CuspError for an unknown format, or if something is at `folder`.
    """
    folder = Path(folder)
    if name not in FORMATS:
        raise CuspError(f"no format {name!r}: take one of {', '.join(FORMATS)}")
    if folder.exists():
        raise CuspError(f"cannot export to {folder}: something is there; choose another place")
    done = 0

    def told() -> Iterator[tuple[str, Clip]]:
        nonlocal done
        for pair in clips:
            yield pair
            done += 1
            moved(done)

    with written_whole(folder) as aside:
        aside.mkdir()
        FORMATS[name].write(told(), aside)
        if not done:
            raise CuspError("there are no clips to export")
    return done
