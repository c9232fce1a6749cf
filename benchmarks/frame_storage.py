"""How should a library keep frames? Losslessly, small, and quick to read, since training reads raw frames all the time.

    python benchmarks/frame_storage.py FOLDER_OF_VIDEOS
    python benchmarks/frame_storage.py --quick            # recorded clips alone

Prints bytes a frame and CPU time a frame to store and to load, for recorded clips of a world and for real videos at 64
and 128 pixels. `delta` stores each frame as its difference to the one before (modulo 256); the library keeps frames as
`delta + zstd 1`.
"""

from __future__ import annotations

import argparse
import itertools
import time
import zlib
from collections.abc import Callable
from pathlib import Path

import av
import cv2
import numpy as np
import pyarrow as pa

from cuspworld import Clip, worlds
from cuspworld.errors import CuspError
from results import Table, add_argument

Store = Callable[[np.ndarray], bytes]
Load = Callable[[bytes, tuple[int, ...]], np.ndarray]


def delta(frames: np.ndarray) -> np.ndarray:
    out = frames.copy()
    out[1:] -= frames[:-1]
    return out


def undo_delta(frames: np.ndarray) -> np.ndarray:
    out = frames.copy()
    for before, after in itertools.pairwise(out):  # np.add.accumulate along time is 20 times slower
        after += before
    return out


def arrow(codec: str, level: int | None = None) -> tuple[Store, Load]:
    squeezer = pa.Codec(codec, level) if level else pa.Codec(codec)

    def load(data: bytes, shape: tuple[int, ...]) -> np.ndarray:
        return np.frombuffer(squeezer.decompress(data, int(np.prod(shape))), np.uint8).reshape(shape)

    return lambda frames: squeezer.compress(np.ascontiguousarray(frames), asbytes=True), load


def with_delta(store: Store, load: Load) -> tuple[Store, Load]:
    return lambda frames: store(delta(frames)), lambda data, shape: undo_delta(load(data, shape))


def zlib_store(frames: np.ndarray) -> bytes:
    return zlib.compress(frames.tobytes(), 1)


def zlib_load(data: bytes, shape: tuple[int, ...]) -> np.ndarray:
    return np.frombuffer(zlib.decompress(data), np.uint8).reshape(shape)


def h264_store(frames: np.ndarray) -> bytes:
    """H.264 High 4:4:4 Predictive, lossless on RGB (libx264rgb, qp 0)."""
    import io

    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mp4") as container:
        stream = container.add_stream("libx264rgb", rate=24)
        stream.height, stream.width, stream.pix_fmt = *frames.shape[1:3], "rgb24"
        stream.options = {"qp": "0", "preset": "veryfast"}
        stream.codec_context.thread_count = 1
        for array in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(np.ascontiguousarray(array), format="rgb24")))
        container.mux(stream.encode(None))
    return buffer.getvalue()


def h264_load(data: bytes, shape: tuple[int, ...]) -> np.ndarray:
    import io

    with av.open(io.BytesIO(data)) as container:
        return np.stack([frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)])


def png_store(frames: np.ndarray) -> bytes:
    parts = [cv2.imencode(".png", frame)[1].tobytes() for frame in frames]
    return b"".join(len(part).to_bytes(4, "little") + part for part in parts)


def png_load(data: bytes, shape: tuple[int, ...]) -> np.ndarray:
    frames, position = [], 0
    while position < len(data):
        size = int.from_bytes(data[position : position + 4], "little")
        frames.append(cv2.imdecode(np.frombuffer(data, np.uint8, size, position + 4), cv2.IMREAD_COLOR))
        position += 4 + size
    return np.stack(frames)


METHODS: dict[str, tuple[Store, Load]] = {
    "raw": (lambda frames: frames.tobytes(), lambda data, shape: np.frombuffer(data, np.uint8).reshape(shape)),
    "lz4": arrow("lz4_raw"),
    "delta + lz4": with_delta(*arrow("lz4_raw")),
    "zstd 1": arrow("zstd", 1),
    "delta + zstd 1": with_delta(*arrow("zstd", 1)),
    "delta + zstd 3": with_delta(*arrow("zstd", 3)),
    "delta + zstd 9": with_delta(*arrow("zstd", 9)),
    "zlib 1": (zlib_store, zlib_load),
    "delta + zlib 1": with_delta(zlib_store, zlib_load),
    "H.264 RGB lossless": (h264_store, h264_load),
    "PNG a frame": (png_store, png_load),
}


def clips(folder: Path | None) -> dict[str, list[np.ndarray]]:
    sets: dict[str, list[np.ndarray]] = {}
    for size in (64, 128):
        world = worlds.make("Juice")
        sets[f"{world.name} {size}"] = [world.record(seed=seed, size=size, seconds=3).frames for seed in range(4)]
        if folder is not None:
            real = []
            for path in sorted(folder.iterdir()):
                try:
                    real.append(Clip.read(path, size=size, seconds=3).frames)
                except CuspError:
                    continue
            sets[f"real {size}"] = real
    return sets


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?", help="real videos")
    parser.add_argument("--quick", action="store_true", help="recorded clips alone")
    add_argument(parser)
    arguments = parser.parse_args()
    with Table("frame_storage", arguments.save) as table:
        run(arguments, table)


def run(arguments: argparse.Namespace, table: Table) -> None:
    folder = None if arguments.quick else arguments.folder
    for name, frames in clips(folder).items():
        count = sum(len(clip) for clip in frames)
        raw = sum(clip.nbytes for clip in frames)
        for method, (store, load) in METHODS.items():
            begin = time.process_time()
            kept = [store(clip) for clip in frames]
            stored = time.process_time() - begin
            begin = time.process_time()
            back = [load(data, clip.shape) for data, clip in zip(kept, frames, strict=True)]
            loaded = time.process_time() - begin
            if not all(np.array_equal(a, b) for a, b in zip(back, frames, strict=True)):
                raise SystemExit(f"{method} is not lossless")
            size = sum(map(len, kept))
            costs = {"store, us/frame": stored / count * 1e6, "load, us/frame": loaded / count * 1e6}
            sizes = {"bytes/frame": size / count, "raw over it": raw / size}
            table.add({"clips": name, "frames": count, "method": method, **sizes, **costs})


if __name__ == "__main__":
    main()
