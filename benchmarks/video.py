"""Video decode and encode against PyAV used directly: the ratio of CPU times, in one run, in turns.

    python benchmarks/video.py             # 20 turns
    python benchmarks/video.py --quick     # 4 turns

Both sides make the same thing with one thread: the same RGB arrays out of the same file, and H.264 with the same
options from the same arrays. What `Clip` adds is timestamps, rotation, damage checks, and a file written
whole. The ratio is of the fastest turns of each side, which other programs disturb least. The goal is 1.5.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from cuspworld import Clip
from results import Table, add_argument


def scene(frames: int, side: int) -> np.ndarray:
    """A textured ground that moves under a bright disc: something for the encoder to do."""
    rng = np.random.default_rng(0)
    ground = rng.integers(60, 180, (side // 8, side // 8, 3)).repeat(8, 0).repeat(8, 1)
    y, x = np.mgrid[:side, :side]
    video = np.empty((frames, side, side, 3), np.uint8)
    for k in range(frames):
        video[k] = np.roll(ground, k, axis=1)
        video[k][(x - (3 * k) % side) ** 2 + (y - side / 2) ** 2 < (side / 6) ** 2] = (240, 200, 60)
    return video


def decode_directly(path: Path) -> np.ndarray:
    with av.open(str(path)) as container:
        container.streams.video[0].thread_type = "NONE"
        return np.stack([frame.to_ndarray(format="rgb24", threads=1) for frame in container.decode(video=0)])


def encode_directly(path: Path, frames: np.ndarray, fps: int) -> None:
    with av.open(str(path), "w", options={"movflags": "+faststart"}) as container:
        stream = container.add_stream("libx264", rate=Fraction(fps))
        stream.height, stream.width, stream.pix_fmt = *frames.shape[1:3], "yuv420p"
        stream.options = {"preset": "veryfast", "crf": "16", "profile": "high"}
        stream.codec_context.thread_count = 1
        for array in frames:
            frame = av.VideoFrame.from_ndarray(array, format="rgb24")
            container.mux(stream.encode(frame.reformat(format="yuv420p", dst_colorspace="ITU709", threads=1)))
        container.mux(stream.encode(None))


def seconds(action: Callable[[], object]) -> float:
    start = time.process_time()
    action()
    return time.process_time() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="4 turns")
    add_argument(parser)
    arguments = parser.parse_args()
    turns = 4 if arguments.quick else 20
    print(f"frames per CPU second, the fastest of {turns} turns")
    with tempfile.TemporaryDirectory() as folder, Table("video", arguments.save) as table:
        for side, count in ((64, 200), (128, 150), (256, 100), (512, 40)):
            clip = Clip(scene(count, side), 24.0)
            path, other = Path(folder) / "a.mp4", Path(folder) / "b.mp4"
            clip.write(path)
            # A frame's colours may differ by rounding: nothing else may.
            assert np.abs(Clip.read(path).frames.astype(int) - decode_directly(path)).max() <= 1
            sides: dict[str, tuple[Callable[[], object], Callable[[], object]]] = {
                "encode": (lambda c=clip, p=path: c.write(p), lambda c=clip, p=other: encode_directly(p, c.frames, 24)),
                "decode": (lambda p=path: Clip.read(p), lambda p=path: decode_directly(p)),
            }
            for name, (ours, theirs) in sides.items():
                times = np.array([(seconds(ours), seconds(theirs)) for _ in range(turns)]).min(0)
                speeds = {"Clip, frames/s": count / times[0], "PyAV, frames/s": count / times[1]}
                table.add({"what": name, "pixels": side, **speeds, "ratio of times": times[0] / times[1]})


if __name__ == "__main__":
    main()
