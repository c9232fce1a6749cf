"""Taking videos into a library: the worker that reads some of them, cuts them into shots and measures these."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from cuspworld.errors import CuspError
from cuspworld.library.captions import caption_beside
from cuspworld.library.cuts import LAG, Cuts
from cuspworld.library.kept import at_frames, keep
from cuspworld.library.measuring import SHARP_EVERY, Measure, picture_of, sharpness_of, small
from cuspworld.library.places.place import Part, Video
from cuspworld.library.schema import made_text, split_of, truth_columns
from cuspworld.library.storage import pack_frames
from cuspworld.library.work import Done, write_rows
from cuspworld.truth import Truth
from cuspworld.video.read import MAX_BYTES, VideoFile, check_size


@dataclass(frozen=True)
class Reading:
    """How files are read: `size` and `fps` as in `Clip.read` (None keeps the file's own); cut to clips of `seconds`,
    and where the picture cuts to another shot."""

    size: int | tuple[int, int] | None
    fps: float | None
    seconds: float | None
    shots: bool = False

    def __str__(self) -> str:
        """What the keys of clips are made from: as it was before there were shots, and whole before files were kept."""
        shots = ", shots=True" if self.shots else ""
        return f"Reading(size={self.size!r}, fps={self.fps!r}, seconds={self.seconds!r}{shots})"

    @property
    def pieces(self) -> bool:
        """Whether a file may become several clips, which are numbered."""
        return self.shots or self.seconds is not None


@dataclass(frozen=True)
class File:
    """A video of a place: its name there, where its bytes lie now, and the key of its clips in the library."""

    video: Video
    key: str
    content: str  # hash of its bytes


@dataclass(frozen=True)
class IngestTask:
    """Read these files and write their clips beside the library at `path`, uncommitted."""

    path: str
    place: str
    reading: Reading
    items: tuple[File, ...]


def describe(video: Video, reading: Reading) -> File:
    """A video's identity: another file under the same name, or another way to read it, is another clip."""
    with Path(video.path).open("rb") as file:
        content = hashlib.file_digest(file, "sha256").hexdigest()
    identity = hashlib.sha256(f"{content} {reading}".encode()).hexdigest()[:12]
    return File(video, f"{video.name}/{identity}", content)


def ingest_files(task: IngestTask) -> Done:
    """A worker's share. A file that cannot be read as a whole is reported and left out."""
    rows: list[dict[str, Any]] = []
    problems: list[tuple[str, str]] = []
    for file in task.items:
        try:
            rows += list(_rows(file, task, problems))
        except (CuspError, MemoryError, OSError) as error:
            problems.append((file.video.name, str(error) or type(error).__name__))
    return write_rows(task.path, rows, problems)


def _rows(file: File, task: IngestTask, problems: list[tuple[str, str]]) -> Iterator[dict[str, Any]]:
    """The clips of one file as rows; its bytes are kept where the frames stay at their own size. What is in doubt goes
    to the `problems`."""
    reading, video = task.reading, file.video
    kept = reading.size is None
    found: list[dict[str, Any]] = []
    caption = video.caption
    if caption is None and video.root is not None:
        caption, note = caption_beside(Path(video.path), Path(video.root))
        problems += [(video.name, note)] if note else []
    for number, (part, piece) in enumerate(_pieces(video, reading)):
        text = part.caption if part.caption is not None else caption
        truth = _truth(part, piece)
        found.append(
            {
                "key": f"{file.key}/{number:06d}" if reading.pieces or video.parts else file.key,
                "source": video.name,
                "split": split_of(file.content if not video.parts else f"{file.content}/{number}"),
                "caption": piece.caption if text is None else text,
                "fps": piece.fps,
                "time": piece.measure.count,
                "height": piece.size[0],
                "width": piece.size[1],
                "frames": b"" if kept else pack_frames(np.stack(piece.frames)),
                "start": piece.start,
                "place": task.place,
                "content": file.content,
                "made": made_text(piece.made),
                **piece.measure.columns(),
                **truth_columns(truth),
            }
        )
    if kept:
        name = keep(Path(video.path), file.content, Path(task.path))
        found = [{**row, "file": name} for row in found]
    yield from found


@dataclass(frozen=True)
class _Seen:
    """What is needed of a frame: its size as it is shown, small pixels, sharpness now and then; itself if stored."""

    size: tuple[int, int]
    small: np.ndarray
    sharpness: float | None
    frame: np.ndarray | None


def _looking(video: VideoFile, target: tuple[int, int] | None) -> Callable[[Any], _Seen]:
    """What `VideoFile.looked_at` is told: a kept file's frames are scaled down as they are decoded, most of them never
    made in full."""
    count = 0

    def look(decoded: Any) -> _Seen:
        nonlocal count
        count += 1
        sharp = count % SHARP_EVERY == 1
        if target is None:
            size = video.size_of(decoded)
            sharpness = sharpness_of(video.picture(decoded, None)) if sharp else None
            return _Seen(size, video.picture(decoded, small(*size)), sharpness, None)
        frame = video.picture(decoded, target)
        tiny = cv2.resize(frame, small(*target)[::-1], interpolation=cv2.INTER_AREA)
        return _Seen(target, tiny, sharpness_of(frame) if sharp else None, frame)

    return look


@dataclass
class _Piece:
    """A clip in the making."""

    start: float  # seconds into the file
    fps: float
    caption: str
    made: dict[str, Any]
    size: tuple[int, int] = (0, 0)
    measure: Measure = field(default_factory=Measure)
    frames: list[np.ndarray] = field(default_factory=list)
    bytes: int = 0

    def add(self, seen: _Seen) -> None:
        if self.measure.count and seen.size != self.size:
            raise CuspError("it changes its size on the way: ingest it with a size of your own")
        self.size = seen.size
        self.measure.add(picture_of(seen.small), seen.sharpness)
        if seen.frame is not None:
            self.bytes += seen.frame.nbytes
            if self.bytes > MAX_BYTES:
                raise CuspError(
                    f"a clip of it has over {MAX_BYTES >> 30} GiB of frames: ingest with seconds=, or own size"
                )
            self.frames.append(seen.frame)


def _pieces(video: Video, reading: Reading) -> Iterator[tuple[Part, _Piece]]:
    for part in video.parts or (Part(),):
        shots = reading.shots and not video.parts
        seconds = None if video.parts else reading.seconds
        for piece in _cut(Path(video.path), part, reading, shots, seconds):
            yield part, piece


def _cut(path: Path, part: Part, reading: Reading, shots: bool, seconds: float | None) -> Iterator[_Piece]:
    """The frames of a part of a file, once: new pieces begin at cuts and after `seconds`."""
    with VideoFile(path) as video:
        fps = reading.fps or video.fps
        longest = None if seconds is None else max(1, round(seconds * fps))
        cuts = Cuts(fps) if shots else None
        waiting: deque[tuple[int, _Seen]] = deque()  # frames of which it is not yet known whether they begin a shot
        piece: _Piece | None = None
        begins: set[int] = set()

        def new(index: int) -> _Piece:
            return _Piece(part.start + index / fps, fps, video.caption, video.made)

        def ready(lag: int) -> Iterator[_Piece]:
            """Move frames on into the piece that they belong to; yields pieces that are done."""
            nonlocal piece
            while len(waiting) > lag:
                index, seen = waiting.popleft()
                if piece is not None and (index in begins or piece.measure.count == longest):
                    yield piece
                    piece = None
                piece = piece or new(index)
                piece.add(seen)

        look = _looking(video, check_size(reading.size))
        for index, seen in enumerate(video.looked_at(look, start=part.start, seconds=part.seconds, fps=reading.fps)):
            if cuts is not None:
                begins.update(cuts.add(seen.small))
            waiting.append((index, seen))
            yield from ready(LAG if shots else 0)
        yield from ready(0)
        if piece is not None:
            yield piece


def _truth(part: Part, piece: _Piece) -> Truth | None:
    """What was recorded beside the video, a row a frame of the clip."""
    if part.signals is None:
        return None
    return at_frames(part.signals.truth(), part.signals.fps, piece.measure.count, piece.fps)
