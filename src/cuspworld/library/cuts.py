"""Where a video cuts from one shot to the next: PySceneDetect's adaptive detector, fed a frame at a time."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from jaxtyping import UInt8

SHORTEST = 0.5  # seconds: a flash is no shot
LAG = 8  # frames that may pass until a cut is known


class Cuts:
    """`add` each frame; it returns the numbers of the frames that are now known to begin a shot."""

    def __init__(self, fps: float):
        from scenedetect import FrameTimecode
        from scenedetect.detectors import AdaptiveDetector

        self.fps, self.count = float(fps), 0  # its time code takes no whole number
        self.time: Any = FrameTimecode
        self.detector = AdaptiveDetector(min_scene_len=max(2, round(SHORTEST * fps)))

    def add(self, seen: UInt8[np.ndarray, "h w 3"]) -> list[int]:
        found = self.detector.process_frame(self.time(self.count, self.fps), cv2.cvtColor(seen, cv2.COLOR_RGB2BGR))
        self.count += 1
        return [cut.frame_num for cut in found]
