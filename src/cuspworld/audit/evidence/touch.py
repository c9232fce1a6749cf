"""What a thing may touch: another thing, a surface of the background, the frame's border. Shadows touch nothing."""

from __future__ import annotations

import cv2
import numpy as np

from cuspworld.audit.evidence.blobs import Blob
from cuspworld.audit.evidence.scene import Scene
from cuspworld.audit.evidence.tracks import Track

NEAR = 4  # working pixels: anything closer than this may be touched
OUTLINE = np.ones((5, 5), np.uint8)  # a thing's own outline, should the plate hold it, is no surface
STRUCTURE = 8.0  # grey levels a pixel: a gradient of the plate that may be a surface


def touches(scene: Scene, track: Track, i: int, near: int = NEAR) -> str:
    """What the thing may touch at its point i: `edge`, `thing`, `surface`, or empty."""
    blob, frame = track.blobs[i], track.frames[i]
    height, width = scene.size
    speed = float(np.linalg.norm(np.subtract(track.predict(frame + 1), blob.centre))) if i == len(track) - 1 else 0.0
    if 0 < i < len(track):
        speed = max(speed, float(np.linalg.norm(np.subtract(blob.centre, track.blobs[i - 1].centre))))
    if i + 1 < len(track):
        speed = max(speed, float(np.linalg.norm(np.subtract(track.blobs[i + 1].centre, blob.centre))))
    slack = near + int(np.ceil(speed))
    x0, y0, x1, y1 = blob.box
    if x0 - slack < 0 or y0 - slack < 0 or x1 + slack > width or y1 + slack > height:
        return "edge"
    region = (slice(y0 - slack, y1 + slack), slice(x0 - slack, x1 + slack))
    labels = scene.labels[frame][region]
    others = (labels > 0) & (labels != blob.label)
    for other in scene.blobs[frame]:
        if others.any() and is_shadow(scene, frame, other):
            others &= labels != other.label
    if others.any():
        return "thing"
    body = (labels == blob.label).astype(np.uint8)
    ring = (cv2.dilate(body, np.ones((2 * slack + 1,) * 2, np.uint8)) > 0) & (cv2.dilate(body, OUTLINE) == 0)
    ring &= ~scene.reached(track)[region]  # what it stood before is no surface
    if ring.any() and float(np.quantile(scene.background_edges[region][ring], 0.98)) > STRUCTURE:
        return "surface"
    return ""


def is_shadow(scene: Scene, frame: int, blob: Blob) -> bool:
    """A region that is the background, darkened alike in all channels and everywhere."""
    x0, y0, x1, y1 = blob.box
    here = scene.labels[frame, y0:y1, x0:x1] == blob.label
    now = scene.frames[frame, y0:y1, x0:x1][here].astype(np.float32)
    plate = scene.background[y0:y1, x0:x1][here].astype(np.float32)
    ratio = now.mean(0) / np.maximum(plate.mean(0), 1)
    return bool(ratio.max() < 0.96 and ratio.min() > 0.3 and np.ptp(ratio) < 0.1)
