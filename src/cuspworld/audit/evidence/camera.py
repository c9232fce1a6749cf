"""Camera motion, tint and noise: what the camera did, separated from what the scene did.

Corners are followed by pyramidal Lucas-Kanade (Bouguet 2000) and a similarity is fitted by RANSAC, with OpenCV. A
camera is said to move only when corners near most of the frame's border move together: one large moving object is not
a camera.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Bool, Float, UInt8

STILL = 0.04  # pixels a frame: below this drift a camera stands still
WIDE = 0.3  # share of the frame that the hull of the corners that move together must cover: one thing is not a camera


@dataclass(frozen=True)
class Camera:
    """Per-frame similarity from the frame to the window's reference: `to_reference` (time, 2, 3).

    `moving`: the camera moves. `steady`: positions can be trusted (False: too much shake, or no common ground).
    `share`: the smallest share of border corners that agree with the fitted motion. `path`: (time, 2) pixels.
    """

    to_reference: np.ndarray
    moving: bool
    steady: bool
    share: float
    path: np.ndarray


def estimate(frames: UInt8[np.ndarray, "time height width 3"]) -> Camera:
    """Fit the camera's motion over a window of working-size frames."""
    time, height, width = frames.shape[:3]
    if time < 2:
        return Camera(np.eye(3)[None, :2].repeat(time, 0), False, True, 1.0, np.zeros((time, 2)))
    greys = [cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY) for frame in frames]
    steps = np.tile(np.eye(3), (time, 1, 1))
    still, shares, drift = np.zeros(time, bool), np.ones(time), np.zeros((time, 2))
    noise = noise_level(frames)
    for t in range(1, time):
        if _blocks_at_rest(greys[t - 1], greys[t], noise) > 0.35:
            still[t] = True
            if t % 5:
                drift[t] = drift[t - 1]  # a slow drift is looked for in every fifth step only
                continue
        before, after = _follow(greys[t - 1], greys[t], noise)
        outer = _outer_cell(before, float(height), float(width))
        near_border = outer >= 0
        wide = _hull(before[near_border]) > WIDE * height * width
        if near_border.sum() < 10 or len(np.unique(outer[near_border])) < 5 or not wide:
            still[t] = True  # too little texture near the border: nothing says that the camera moves
            continue
        shift = (after - before)[near_border]
        at_rest = (np.abs(shift).max(1) < 0.5) | _belied(greys[t - 1], greys[t], before[near_border], shift)
        if still[t] or at_rest.mean() > 0.5:
            still[t] = True
            if at_rest.sum() >= 5:
                drift[t] = np.median(shift[at_rest], 0)
            continue
        fit, inliers = cv2.estimateAffinePartial2D(before, after, method=cv2.RANSAC, ransacReprojThreshold=1.0)
        inlier = np.zeros(len(before), bool) if fit is None else inliers.ravel() > 0
        shares[t] = float(inlier[near_border].mean())
        spread = len(np.unique(outer[inlier & near_border])) >= 5 and _hull(before[inlier]) > WIDE * height * width
        if fit is not None and shares[t] > 0.5 and spread:
            steps[t] = np.vstack([fit, [0, 0, 1]])
            continue
        together = float(np.linalg.norm(shift.mean(0))) / max(float(np.linalg.norm(shift, axis=1).mean()), 1e-9)
        shaken = together > 0.6 and _textured_share(greys[t], noise) > 0.3
        shares[t] = 0.0 if shaken else 1.0  # parallax or shake; or many things that move by themselves
        still[t] = not shaken
    creep = np.array([drift[t : t + 20].mean(0) for t in range(1, max(2, time - 19))])
    creeping = still[1:].mean() > 0.5 and bool((np.abs(creep).max(1) > STILL).mean() > 0.5)
    if creeping:  # a slow pan, below half a pixel a frame
        steps[still, :2, 2] = drift[still]
    moved = float((~still[1:]).mean())
    moving = creeping or moved > 0.02
    if not moving:
        steps[:] = np.eye(3)
    chain = np.empty_like(steps)  # frame 0 -> frame t
    chain[0] = np.eye(3)
    for t in range(1, time):
        chain[t] = steps[t] @ chain[t - 1]
    middle = chain[time // 2]
    to_reference = np.stack([middle @ np.linalg.inv(matrix) for matrix in chain])
    centre = np.array([width / 2, height / 2, 1.0])
    path = np.einsum("tij,j->ti", to_reference, centre)[:, :2] - centre[:2]
    lost = float((shares[1:] < 0.35).mean())
    zoom = np.sqrt(np.abs(np.linalg.det(to_reference[:, :2, :2])))
    steady = lost < 0.05 and np.abs(path).max() < 0.45 * min(height, width) and zoom.min() > 0.7 and zoom.max() < 1.4
    return Camera(to_reference[:, :2], bool(moving), bool(steady), float(shares.min()), path)


def stabilise(
    frames: UInt8[np.ndarray, "time height width 3"], camera: Camera
) -> tuple[UInt8[np.ndarray, "time height width 3"], Bool[np.ndarray, "time height width"] | None]:
    """The frames in the reference's coordinates, and where each has a picture (None: everywhere).

    A camera whose motion is not known well enough is left as it is.
    """
    if not camera.moving or not camera.steady:
        return frames, None
    height, width = frames.shape[1:3]
    white = np.full((height, width), 255, np.uint8)
    warped, valid = [], []
    for frame, matrix in zip(frames, camera.to_reference, strict=True):
        warped.append(
            cv2.warpAffine(frame, matrix, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        )
        valid.append(cv2.erode(cv2.warpAffine(white, matrix, (width, height)), np.ones((3, 3), np.uint8)) > 250)
    return np.stack(warped), np.stack(valid)


def untint(frames: UInt8[np.ndarray, "time height width 3"]) -> tuple[UInt8[np.ndarray, "time height width 3"], float]:
    """Remove slow and sudden tint (a gain for each channel and frame), measured against the window's median frame.

    Returns the frames and the largest gain that was removed (0.1: 10 %). The gain is the median ratio over pixels
    that are neither dark nor saturated, so that objects covering less than half of the picture do not matter.
    """
    small = frames[:, ::3, ::3].reshape(len(frames), -1, 3).astype(np.float32)
    reference = np.median(small[:: max(1, len(small) // 25)], 0)
    usable = (reference > 25) & (reference < 235)
    gains = np.ones((len(frames), 3), np.float32)
    for channel in range(3):
        chosen = usable[:, channel]
        if chosen.mean() >= 0.25:  # a picture that is nearly all black or white tells nothing about a gain
            ratio = small[:, chosen, channel] / reference[chosen, channel]
            gains[:, channel] = np.median(ratio, 1)
    largest = float(np.abs(gains - 1).max())
    if largest < 0.02:
        return frames, largest
    gains = np.clip(gains, 0.5, 2.0)
    table = np.arange(256, dtype=np.float32)
    corrected = np.empty_like(frames)
    for t, gain in enumerate(gains):
        for channel in range(3):
            lookup = np.clip(np.rint(table / gain[channel]), 0, 255).astype(np.uint8)
            corrected[t, ..., channel] = lookup[frames[t, ..., channel]]
    return corrected, largest


def noise_level(frames: UInt8[np.ndarray, "time height width 3"]) -> float:
    """Standard deviation of one pixel's noise in grey levels, from differences of successive frames (robust: MAD)."""
    sample = frames[:: max(1, len(frames) // 20)][:20, ::2, ::2].astype(np.float32)
    pairs = frames[1 :: max(1, len(frames) // 20)][: len(sample), ::2, ::2].astype(np.float32)
    difference = (pairs - sample[: len(pairs)]).mean(-1)
    return float(1.4826 * np.median(np.abs(difference)) * np.sqrt(3 / 2)) if len(pairs) else 0.0


def _follow(
    before: UInt8[np.ndarray, "height width"], after: UInt8[np.ndarray, "height width"], noise: float
) -> tuple[Float[np.ndarray, "points 2"], Float[np.ndarray, "points 2"]]:
    corners = cv2.goodFeaturesToTrack(before, maxCorners=150, qualityLevel=0.02, minDistance=4)
    if corners is None:
        return np.zeros((0, 2), np.float32), np.zeros((0, 2), np.float32)
    moved, found, _ = cv2.calcOpticalFlowPyrLK(before, after, corners, corners.copy(), winSize=(15, 15), maxLevel=3)
    back, found_back, _ = cv2.calcOpticalFlowPyrLK(after, before, moved, moved.copy(), winSize=(15, 15), maxLevel=3)
    returns = np.abs(back - corners).reshape(-1, 2).max(1) < 0.3  # noise does not come back to where it started
    column, row = corners.reshape(-1, 2).astype(int).T
    firm = _gradient(cv2.blur(before, (3, 3)))[row, column] > 3 + 1.5 * noise
    kept = (found.ravel() > 0) & (found_back.ravel() > 0) & returns & firm
    return corners.reshape(-1, 2)[kept], moved.reshape(-1, 2)[kept]


def _blocks_at_rest(
    before: UInt8[np.ndarray, "height width"], after: UInt8[np.ndarray, "height width"], noise: float
) -> float:
    """The share of textured 8x8 blocks near the border whose change allows for less than a third of a pixel of motion.

    A moving camera changes nearly all of them, a moving thing only its own. 1 where there is too little texture.
    """
    height, width = before.shape
    size = (max(1, width // 8), max(1, height // 8))
    gradient = cv2.resize(_gradient(cv2.blur(before, (3, 3))), size, interpolation=cv2.INTER_AREA)
    pixel = cv2.absdiff(cv2.blur(before, (3, 3)), cv2.blur(after, (3, 3))).astype(np.float32)
    change = cv2.resize(pixel, size, interpolation=cv2.INTER_AREA)
    textured = gradient > 0.7 + 0.5 * noise
    textured[size[1] // 3 : -(size[1] // 3) or None, size[0] // 3 : -(size[0] // 3) or None] = False
    if textured.sum() < 8:
        return 1.0
    return float((change[textured] < 0.3 * gradient[textured] + 0.4 * noise + 0.1).mean())


def _hull(points: Float[np.ndarray, "points 2"]) -> float:
    """Area of the convex hull."""
    return float(cv2.contourArea(cv2.convexHull(points.astype(np.float32)))) if len(points) > 2 else 0.0


def _textured_share(picture: UInt8[np.ndarray, "height width"], noise: float) -> float:
    """The share of 8x8 blocks with texture enough to show a motion."""
    height, width = picture.shape
    size = (max(1, width // 8), max(1, height // 8))
    gradient = cv2.resize(_gradient(cv2.blur(picture, (3, 3))), size, interpolation=cv2.INTER_AREA)
    return float((gradient > 1.5 + 0.5 * noise).mean())


def _belied(
    before: UInt8[np.ndarray, "height width"],
    after: UInt8[np.ndarray, "height width"],
    points: Float[np.ndarray, "points 2"],
    shift: Float[np.ndarray, "points 2"],
) -> np.ndarray:
    """Where the picture in place changes far less than the claimed shift would make it (repeated or weak texture)."""
    column, row = points.astype(int).T
    change = cv2.blur(cv2.absdiff(before, after).astype(np.float32), (7, 7))[row, column]
    gradient = cv2.blur(_gradient(before), (7, 7))[row, column]
    return change < 0.3 * gradient * np.minimum(np.linalg.norm(shift, axis=1), 3)


def _gradient(picture: UInt8[np.ndarray, "height width"]) -> Float[np.ndarray, "height width"]:
    """Length of the grey-level gradient, a pixel."""
    return np.hypot(cv2.Sobel(picture, cv2.CV_32F, 1, 0), cv2.Sobel(picture, cv2.CV_32F, 0, 1)) / 8


def _outer_cell(points: Float[np.ndarray, "points 2"], height: float, width: float) -> np.ndarray:
    """The index of each point's cell of a 3x3 grid, and -1 for the middle cell."""
    column = np.clip((points[:, 0] * 3 / width).astype(int), 0, 2)
    row = np.clip((points[:, 1] * 3 / height).astype(int), 0, 2)
    cell = 3 * row + column
    return np.where(cell == 4, -1, cell)
