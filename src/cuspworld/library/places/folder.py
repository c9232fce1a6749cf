"""A folder of videos with its sub-folders, some files of it, or a glob; Gymnasium recordings bring their signals."""

from __future__ import annotations

import glob
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cuspworld.errors import CuspError
from cuspworld.library.captions import read_captions
from cuspworld.library.places.gymnasium import signals_beside
from cuspworld.library.places.place import Batch, Part, Video
from cuspworld.video.folder import look


@dataclass(frozen=True)
class Folder:
    """`only`: the files of it that are asked for, all where None."""

    root: Path
    only: frozenset[Path] | None = None

    @property
    def name(self) -> str:
        return str(self.root.resolve())

    def batches(self) -> Iterator[Batch]:
        yield videos_in(self.root, self.only)


def matching(pattern: str) -> Folder:
    """The files that a glob names, as a part of the folder that it begins in. Raises CuspError if there are none."""
    found = frozenset(Path(name).resolve() for name in glob.iglob(pattern, recursive=True) if Path(name).is_file())
    if not found:
        raise CuspError(f"no file matches {pattern}: quote it, and give **/*.mp4 for sub-folders too")
    parts = Path(pattern).parts
    fixed = next((k for k, part in enumerate(parts) if glob.has_magic(part)), len(parts) - 1)
    return Folder(Path(*parts[:fixed]) if fixed else Path("."), found)


def videos_in(root: Path, only: frozenset[Path] | None = None) -> Batch:
    """The videos of a folder with their captions. Raises CuspError if it holds none."""
    found, problems = look(root)
    if only is not None:
        found = [path for path in found if path.resolve() in only]
        problems = [(name, why) for name, why in problems if (root / name).resolve() in only]
    captions = read_captions(root, found)
    problems += [("captions", complaint) for complaint in captions.problems]
    videos = []
    for path in found:
        name = path.relative_to(root).as_posix()
        parts: tuple[Part, ...] = ()
        try:
            signals = signals_beside(path, root)
            parts = () if signals is None else (Part(signals=signals),)
        except CuspError as error:
            problems.append((name, str(error)))
        videos.append(Video(name, str(path.resolve()), captions.of.get(name), str(root.resolve()), parts))
    return Batch(tuple(videos), tuple(problems))
