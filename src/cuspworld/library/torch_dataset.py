"""A selection of clips as a torch Dataset whose items torch's own collate takes."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np
import torch
from torch.utils.data import Dataset

from cuspworld.checks import image_size, whole
from cuspworld.clip import Clip
from cuspworld.errors import CuspError
from cuspworld.video.frames import resize_frames


class ClipDataset(Dataset[dict[str, Any]]):
    """Item k is {"frames": uint8 tensor (frames, height, width, 3), "caption": text, "fps": number, "index": k}.

    `frames`: every item has so many, the first of its clip; a shorter clip is an error that names it. Without it each
    has its own number, and a batch takes clips of one length only. `size`: (height, width), or one number for both:
    frames are scaled to cover it and cropped; without it clips must have one size, of those in `sizes`.
    """

    def __init__(
        self,
        clips: Sequence[Clip],
        frames: int | None = None,
        size: int | tuple[int, int] | None = None,
        sizes: Collection[tuple[int, int]] = (),
    ):
        self.clips = clips
        self.frames = None if frames is None else whole("frames", frames, 1, 10**9)
        self.size = None if size is None else image_size(size, 1)
        if self.frames is not None and self.size is None and len(sizes) > 1:
            some = ", ".join(f"{height}x{width}" for height, width in sorted(sizes)[:3])
            raise CuspError(f"clips of {len(sizes)} sizes ({some}) make no batch: take size=64, or those of one size")

    def __len__(self) -> int:
        return len(self.clips)

    def __getitem__(self, index: int) -> dict[str, Any]:
        clip = self.clips[index]
        if self.frames is not None and len(clip) < self.frames:
            raise CuspError(f"clip {index} has {len(clip)} frames, fewer than {self.frames}: take frames={len(clip)}")
        shown = clip.frames[: self.frames]
        shown = np.ascontiguousarray(shown if self.size is None else resize_frames(shown, self.size))
        return {"frames": torch.from_numpy(shown), "caption": clip.caption, "fps": clip.fps, "index": index}
