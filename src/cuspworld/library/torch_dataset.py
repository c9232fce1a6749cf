"""A selection of clips as a torch Dataset whose items torch's own collate takes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch.utils.data import Dataset

from cuspworld.checks import whole
from cuspworld.clip import Clip
from cuspworld.errors import CuspError


class ClipDataset(Dataset[dict[str, Any]]):
    """Item k is {"frames": uint8 tensor (frames, height, width, 3), "caption": text, "fps": number, "index": k}.

    `frames`: every item has so many, the first of its clip; a shorter clip is an error that names it. Without it each
    has its own number, and a batch takes clips of one length only.
    """

    def __init__(self, clips: Sequence[Clip], frames: int | None = None):
        self.clips = clips
        self.frames = None if frames is None else whole("frames", frames, 1, 10**9)

    def __len__(self) -> int:
        return len(self.clips)

    def __getitem__(self, index: int) -> dict[str, Any]:
        clip = self.clips[index]
        if self.frames is not None and len(clip) < self.frames:
            raise CuspError(f"clip {index} has {len(clip)} frames, fewer than {self.frames}: take frames={len(clip)}")
        shown = np.ascontiguousarray(clip.frames[: self.frames])
        return {"frames": torch.from_numpy(shown), "caption": clip.caption, "fps": clip.fps, "index": index}
