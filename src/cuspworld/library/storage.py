"""Frames as bytes and back, without loss: each frame as its difference to the one before (modulo 256), then Zstandard.

H.264 with 4:2:0 chroma would cost small frames a third of their colour (33-36 dB); benchmarks/frame_storage.py prints
why this way: real video at 64 pixels takes a sixth of the raw bytes, and 20 us a frame to read back.
"""

from __future__ import annotations

import itertools

import numpy as np
from jaxtyping import UInt8

from cuspworld.errors import CuspError

LEVEL = 1  # of Zstandard: level 9 stores seven times slower for 6 % fewer bytes

Frames = UInt8[np.ndarray, "time height width 3"]


def pack_frames(frames: Frames) -> bytes:
    """The frames without loss; equal frames give equal bytes."""
    import pyarrow as pa

    differences = frames.copy()
    differences[1:] -= frames[:-1]  # uint8 wraps around
    return pa.Codec("zstd", LEVEL).compress(np.ascontiguousarray(differences), asbytes=True)


def unpack_frames(data: bytes, shape: tuple[int, int, int]) -> Frames:
    """The inverse of `pack_frames`; `shape` is (frames, height, width). Raises CuspError if the bytes are damaged."""
    import pyarrow as pa

    try:
        raw = pa.Codec("zstd").decompress(data, int(np.prod(shape)) * 3)
        frames = np.frombuffer(raw, np.uint8).reshape(*shape, 3).copy()
    except (OSError, ValueError) as error:
        raise CuspError(f"stored frames are damaged: {error}") from error
    for before, after in itertools.pairwise(frames):
        after += before
    return frames
