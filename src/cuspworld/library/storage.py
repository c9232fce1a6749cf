"""Frames as bytes and back, without loss: each frame as its difference to the one before (modulo 256), then Zstandard.

H.264 with 4:2:0 chroma would cost small frames a third of their colour (33-36 dB); benchmarks/frame_storage.py prints
why this way: real video at 64 pixels takes a sixth of the raw bytes, and 20 us a frame to read back.
"""

from __future__ import annotations

import itertools
import struct
import zlib

import numpy as np
from jaxtyping import UInt8

from cuspworld.errors import CuspError

LEVEL = 1  # of Zstandard: level 9 stores seven times slower for 6 % fewer bytes

_SKIPPED = struct.pack("<II", 0x184D2A50, 4)  # the head of a skippable frame of 4 bytes (RFC 8878, 3.1.2)

Frames = UInt8[np.ndarray, "time height width 3"]


def pack_frames(frames: Frames) -> bytes:
    """The frames without loss; equal frames give equal bytes. A checksum follows in a frame that Zstandard skips."""
    import pyarrow as pa

    differences = frames.copy()
    differences[1:] -= frames[:-1]  # uint8 wraps around
    packed: bytes = pa.Codec("zstd", LEVEL).compress(np.ascontiguousarray(differences), asbytes=True)
    return packed + _SKIPPED + struct.pack("<I", zlib.crc32(differences.tobytes()))


def unpack_frames(data: bytes, shape: tuple[int, int, int]) -> Frames:
    """The inverse of `pack_frames`; `shape` is (frames, height, width). Raises CuspError if the bytes are damaged."""
    import pyarrow as pa

    try:
        checksum = data[-4:] if data[-12:-4] == _SKIPPED else None  # libraries of before 2026-11-28 have none
        raw = pa.Codec("zstd").decompress(data, int(np.prod(shape)) * 3)
        frames = np.frombuffer(raw, np.uint8).reshape(*shape, 3).copy()
    except (OSError, ValueError, TypeError, MemoryError, OverflowError) as error:
        raise CuspError(f"stored frames are damaged: {error}") from error
    if checksum is not None and struct.pack("<I", zlib.crc32(raw)) != checksum:
        raise CuspError("stored frames are damaged: their checksum is another")
    for before, after in itertools.pairwise(frames):
        after += before
    return frames
