"""Which files of a folder are videos, and which others might have been meant: by their names, and where these tell
nothing (no suffix, `clip.mp4.part`, `CLIP.VIDEO`) by their first bytes."""

from __future__ import annotations

from pathlib import Path

from cuspworld.errors import CuspError
from cuspworld.video.read import SUFFIXES

UNREAD = (  # moving pictures that are not read here: of the last six nothing says when a picture is shown
    ".rm", ".rmvb", ".swf", ".wtv", ".dv", ".nut", ".ivf",
    ".264", ".h264", ".265", ".h265", ".hevc", ".mjpeg",
)  # fmt: skip
_SOUND = (".m4a", ".m4b", ".mka", ".wma", ".oga", ".opus")  # clear names of files that begin like videos


def videos_of(folder: Path) -> list[Path]:
    """The videos in a folder and its sub-folders, sorted; hidden ones left out. Raises CuspError if there is none."""
    return look(folder)[0]


def is_video(path: Path) -> bool:
    """By its suffix, or by its first bytes where that is of no known kind."""
    suffix = path.suffix.lower()
    return suffix in SUFFIXES or (suffix not in (*UNREAD, *_SOUND) and _begins_as(path) == "video")


def look(folder: Path) -> tuple[list[Path], list[tuple[str, str]]]:
    """(the videos of a folder as in `videos_of`, (name, why) of other files that might have been meant)."""
    if not folder.is_dir():
        what = "is a file" if folder.exists() else "does not exist"
        raise CuspError(f"the folder {folder} {what}: give a folder that holds videos ({', '.join(SUFFIXES)})")
    found, left = [], []
    top = folder.resolve()
    libraries = {path.parent for path in folder.rglob("_versions")}  # Lance tables: what they keep was taken already
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        suffix = path.suffix.lower()
        if any(part.startswith(".") for part in Path(name).parts) or path.is_dir():
            continue
        if not libraries.isdisjoint(path.parents):
            continue
        if not path.is_file():
            if suffix in SUFFIXES:
                why = "a link that leads nowhere" if path.is_symlink() and not path.exists() else "no file: not opened"
                left.append((name, why))
            continue
        if not path.resolve().is_relative_to(top):
            if suffix in SUFFIXES or not suffix:
                left.append((name, "a link that leads out of the folder is not followed"))
        elif is_video(path):
            found.append(path)
        elif suffix in UNREAD or (suffix not in _SOUND and _begins_as(path) == "moving"):
            left.append((name, f"{suffix} cannot be read here; cuspworld reads {', '.join(SUFFIXES)}"))
    if not found and left:
        (name, why), more = left[0], f", and {len(left) - 1} more" if len(left) > 1 else ""
        raise CuspError(f"no video in the folder {folder} can be taken: {name}: {why}{more}")
    if not found:
        raise CuspError(f"no video in the folder {folder}: cuspworld reads {', '.join(SUFFIXES)}")
    return found, left


def _begins_as(path: Path) -> str:
    """ "video" of a container that is read here, "moving" of a picture that moves and is not read, else ""."""
    try:
        with path.open("rb") as file:
            head = file.read(3 * 192)
    except OSError:
        return ""
    if head[8:15] == b"WEBPVP8" and head[:4] == b"RIFF":
        return "moving" if head[15:16] == b"X" and head[20] & 2 else ""  # the animation flag, RFC 9649
    if head[4:8] == b"ftyp":
        if head[8:12] in (b"avis", b"msf1", b"hevc", b"hevx"):  # sequences of pictures
            return "moving"
        return "" if head[8:12] in (b"M4A ", b"M4B ", b"M4P ", b"heic", b"heix", b"mif1", b"avif", b"crx ") else "video"
    if head[:8] == b"\x89PNG\r\n\x1a\n":
        return "video" if b"acTL" in head else ""
    if head[:4] == b"OggS":
        return "video" if b"theora" in head else ""
    begins = (
        b"\x1aE\xdf\xa3", b"GIF8", b"FLV\x01", b"\x00\x00\x01\xba", b"\x00\x00\x01\xb3", b"0&\xb2u", b"YUV4MPEG2 ",
        b"\x06\x0e+4\x02\x05",
    )  # fmt: skip
    if head.startswith(begins) or (head[:4] == b"RIFF" and head[8:12] == b"AVI "):
        return "video"
    for first, each in ((0, 188), (4, 192)):  # packets of MPEG-TS, ISO/IEC 13818-1
        if head[first::each][:3] == b"GGG":
            return "video"
    return ""
