"""Video files whose content is known: grey frames that tell their number, variable rates, rotation, damage."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np

STEP = 9  # grey levels from one frame to the next: more than any codec's error on a flat picture


def numbered(count: int, height: int = 32, width: int = 48) -> np.ndarray:
    """Flat grey frames; frame k is 16 + 9 k."""
    levels = (16 + STEP * np.arange(count)).astype(np.uint8)
    return np.broadcast_to(levels[:, None, None, None], (count, height, width, 3)).copy()


def numbers(frames: np.ndarray) -> list[int]:
    """Which frames of `numbered` these are, by their mean grey; the decoded level is within a third of a step."""
    exact = (frames.reshape(len(frames), -1).mean(1) - 16) / STEP
    assert np.abs(exact - exact.round()).max() < 1 / 3, exact
    return exact.round().astype(int).tolist()


def write_at_times(path: Path, frames: np.ndarray, times: list[float]) -> None:
    """A video with a variable frame rate: frame k appears at times[k] seconds."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream({".webm": "libvpx-vp9", ".gif": "gif"}.get(path.suffix, "libx264"), rate=100)
        stream.height, stream.width = frames.shape[1:3]
        stream.pix_fmt = "rgb8" if path.suffix == ".gif" else "yuv420p"
        stream.time_base = stream.codec_context.time_base = Fraction(1, 100)
        for array, time in zip(frames, times, strict=True):
            frame = av.VideoFrame.from_ndarray(array, format="rgb24")
            frame.pts, frame.time_base = round(time * 100), Fraction(1, 100)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def set_display_matrix(path: Path, a: int, b: int, c: int, d: int) -> None:
    """Overwrite the matrix in the mp4's track header: (x, y) is shown at (a x + c y, b x + d y) (ISO/IEC 14496-12)."""
    data = bytearray(path.read_bytes())
    header = data.index(b"tkhd") + 4
    place = header + (52 if data[header] == 1 else 40)  # version 1 has 64-bit times
    matrix = [a << 16, b << 16, 0, c << 16, d << 16, 0, 0, 0, 1 << 30]
    data[place : place + 36] = b"".join((value & 0xFFFFFFFF).to_bytes(4, "big") for value in matrix)
    path.write_bytes(data)


def corners(height: int = 32, width: int = 48) -> np.ndarray:
    """One frame whose corners are red, green, blue and white: any turn or flip shows."""
    frame = np.full((1, height, width, 3), 128, np.uint8)
    half = (height // 2, width // 2)
    frame[0, : half[0], : half[1]] = (200, 30, 30)
    frame[0, : half[0], half[1] :] = (30, 200, 30)
    frame[0, half[0] :, : half[1]] = (30, 30, 200)
    frame[0, half[0] :, half[1] :] = (230, 230, 230)
    return frame
