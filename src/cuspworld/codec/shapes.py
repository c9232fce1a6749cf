"""Which lengths and sizes a codec takes: time folds after a first frame that stands alone, space folds in squares."""

from __future__ import annotations

from torch import Tensor

from cuspworld.errors import CuspError


def check_shape(frames: Tensor, temporal_stride: int, spatial_stride: int) -> None:
    """Raise CuspError unless frames (batch, time, height, width, 3) fold evenly; the message says what would."""
    _, time, height, width, _ = frames.shape
    if time < 1 or (time - 1) % temporal_stride:
        below = max(1, (time - 1) // temporal_stride * temporal_stride + 1)
        raise CuspError(f"frames must be {temporal_stride}k+1: got {time}, take {below} or {below + temporal_stride}")
    for name, got in (("height", height), ("width", width)):
        if got < spatial_stride or got % spatial_stride:
            below = max(spatial_stride, got // spatial_stride * spatial_stride)
            raise CuspError(
                f"{name} must be a multiple of {spatial_stride}: got {got}, take {below} or {below + spatial_stride}"
            )
