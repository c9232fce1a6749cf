"""Which files of a folder are videos, and which others might have been meant."""

from __future__ import annotations

from pathlib import Path

from cuspworld.errors import CuspError
from cuspworld.video.read import SUFFIXES, holds_video

UNREAD = (".webp", ".apng", ".rm", ".rmvb", ".swf", ".y4m", ".heic", ".avif")  # moving pictures that are not read here


def videos_of(folder: Path) -> list[Path]:
    """The videos in a folder and its sub-folders, sorted; hidden ones left out. Raises CuspError if there is none."""
    return look(folder)[0]


def look(folder: Path) -> tuple[list[Path], list[tuple[str, str]]]:
    """(the videos of a folder as in `videos_of`, (name, why) of other files that might have been meant)."""
    if not folder.is_dir():
        what = "is a file" if folder.exists() else "does not exist"
        raise CuspError(f"the folder {folder} {what}: give a folder that holds videos ({', '.join(SUFFIXES)})")
    found, left = [], []
    top = folder.resolve()
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        suffix = path.suffix.lower()
        if any(part.startswith(".") for part in Path(name).parts) or path.is_dir():
            continue
        if not path.is_file():
            if suffix in SUFFIXES:
                why = "a link that leads nowhere" if path.is_symlink() and not path.exists() else "no file: not opened"
                left.append((name, why))
            continue
        if suffix in SUFFIXES or (not suffix and holds_video(path)):
            if path.resolve().is_relative_to(top):
                found.append(path)
            else:
                left.append((name, "a link that leads out of the folder is not followed"))
        elif suffix in UNREAD:
            left.append((name, f"{suffix} cannot be read here; cuspworld reads {', '.join(SUFFIXES)}"))
    if not found:
        raise CuspError(f"no video in the folder {folder}: cuspworld reads {', '.join(SUFFIXES)}")
    return found, left
