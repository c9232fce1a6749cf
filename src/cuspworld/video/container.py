"""Is a video file whole? The outer structure of mp4/mov, webm/mkv and gif files, read without decoding anything; and
the comment of a gif, which FFmpeg does not write.

A decoder that runs out of bytes usually just stops, as if the video ended there; what the file declares about its own
length says the truth. Sources: ISO/IEC 14496-12 (boxes), RFC 8794 (EBML), the GIF89a specification.
"""

from __future__ import annotations

import mmap
from pathlib import Path
from typing import BinaryIO

_MP4_FIRST = {b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"pnot"}
_EBML_HEADER, _EBML_SEGMENT = 0x1A45DFA3, 0x18538067


def is_cut_short(path: Path) -> bool:
    """True if the file at `path` declares more bytes than it has. False for formats that do not say."""
    size = path.stat().st_size
    with path.open("rb") as file:
        first = file.read(8)
        if first[4:8] in _MP4_FIRST:
            return _boxes_cut_short(file, size)
        if first[:4] == _EBML_HEADER.to_bytes(4, "big"):
            return _ebml_cut_short(file, size)
        if first[:6] in (b"GIF87a", b"GIF89a"):
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
                return _gif_cut_short(data)
    return False


def _boxes_cut_short(file: BinaryIO, file_size: int) -> bool:
    position = 0
    names = set()
    while position + 8 <= file_size:
        file.seek(position)
        header = file.read(16)
        names.add(header[4:8])
        size = int.from_bytes(header[:4], "big")
        if size == 1:  # the size is 64 bits wide and follows the name
            size = int.from_bytes(header[8:16], "big")
        if size == 0:  # up to the end of the file, whatever that is
            return False
        if size < 8:  # not a box: what follows is not ours to judge
            return False
        position += size
    if position > file_size:
        return True
    # Cut exactly between two boxes: an index without pictures, or pictures without an index.
    return not (b"moov" in names and names & {b"mdat", b"moof"})


def _ebml_number(data: bytes, *, keep_marker: bool) -> tuple[int | None, int]:
    """(value, length in bytes) of an EBML variable-length number; the value is None for 'unknown' or nonsense."""
    if not data or data[0] == 0:
        return None, 1
    length = 9 - data[0].bit_length()
    value = int.from_bytes(data[:length], "big")
    if keep_marker:
        return value, length
    value &= (1 << (7 * length)) - 1
    return (None if value == (1 << (7 * length)) - 1 else value), length


def _ebml_cut_short(file: BinaryIO, file_size: int) -> bool:
    position = 0
    while position < file_size:
        file.seek(position)
        header = file.read(16)
        name, name_length = _ebml_number(header, keep_marker=True)
        size, size_length = _ebml_number(header[name_length:], keep_marker=False)
        if name is None or size is None:  # a live stream does not know its length
            return False
        position += name_length + size_length + size
        if name == _EBML_SEGMENT:
            return position > file_size
    return position > file_size


def _gif_cut_short(data: mmap.mmap) -> bool:
    """Walk the blocks up to the trailer 0x3B."""
    end = len(data)

    def colour_table(flags: int) -> int:
        return 3 << ((flags & 7) + 1) if flags & 0x80 else 0

    def after_sub_blocks(position: int) -> int:
        while position < end and data[position]:
            position += 1 + data[position]
        return position + 1

    if end < 13:
        return True
    position = 13 + colour_table(data[10])
    while position < end:
        kind = data[position]
        if kind == 0x3B:
            return False
        if kind == 0x21:  # extension: label, then sub-blocks
            position = after_sub_blocks(position + 2)
        elif kind == 0x2C and position + 10 <= end:  # image: descriptor, colour table, code size, sub-blocks
            position = after_sub_blocks(position + 10 + colour_table(data[position + 9]) + 1)
        else:
            return kind == 0x2C
    return True


def add_comment(gif: Path, text: str) -> None:
    """Put a comment before the first picture of a gif."""
    data = gif.read_bytes()
    start = 13 + (3 << ((data[10] & 7) + 1) if data[10] & 0x80 else 0)  # behind the colour table
    words = text.encode()
    blocks = b"".join(bytes([len(part)]) + part for k in range(0, len(words), 255) if (part := words[k : k + 255]))
    gif.write_bytes(data[:start] + b"\x21\xfe" + blocks + b"\x00" + data[start:])
