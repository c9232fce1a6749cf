"""The seahorse: a spine with widths, a snout, a coronet, fins and an eye: splines joined into one outline."""

import cv2
import numpy as np
from scipy.interpolate import CubicSpline
from scipy.ndimage import gaussian_filter1d

from cuspworld.transport.exact.region import PolygonRegion

# x, y, half-width along the spine, from the crown over the belly to the tip of the curled tail; it looks to the left
SPINE = np.array(
    [
        [-0.15, 8.62, 0.50], [0.05, 8.38, 0.80], [0.55, 7.85, 0.78], [0.98, 7.10, 0.72], [0.98, 6.30, 0.84],
        [0.66, 5.45, 1.10], [0.36, 4.55, 1.24], [0.36, 3.60, 1.08], [0.62, 2.70, 0.80], [0.96, 1.85, 0.62],
        [1.18, 0.95, 0.52], [1.08, 0.02, 0.45], [0.52, -0.72, 0.40], [-0.38, -0.98, 0.35], [-1.18, -0.58, 0.31],
        [-1.46, 0.22, 0.27], [-1.08, 0.92, 0.24], [-0.34, 0.96, 0.21], [0.04, 0.42, 0.18], [-0.26, -0.08, 0.15],
        [-0.64, 0.10, 0.11],
    ]
)  # fmt: skip
SNOUT = np.array(
    [[-0.35, 8.30, 0.52], [-0.85, 8.02, 0.36], [-1.40, 7.80, 0.25], [-1.95, 7.60, 0.24], [-2.25, 7.48, 0.33]]
)
EYE = (-0.08, 8.42, 0.17)
DORSAL_FIN = np.array(
    [[1.30, 5.15], [1.95, 5.42], [2.45, 5.20], [2.42, 4.92], [2.72, 4.55], [2.58, 4.28], [2.72, 3.88], [2.45, 3.68],
     [2.40, 3.30], [2.02, 3.22], [1.62, 2.92], [1.15, 2.95], [1.00, 4.00]]
)  # fmt: skip
CORONET = np.array(
    [[-0.35, 8.85], [-0.42, 9.38], [-0.12, 9.20], [0.06, 9.66], [0.26, 9.22], [0.58, 9.44], [0.56, 8.96], [0.40, 8.50]]
)
GILL_FIN = np.array([[0.75, 7.75], [1.32, 7.98], [1.72, 7.75], [1.66, 7.35], [1.30, 7.12], [0.9, 7.1]])
RIDGES = 25  # bony rings along the body
PIXELS = 220  # a unit, when the parts are joined


def seahorse_region(corners: int = 900) -> PolygonRegion:
    """The seahorse in the plane, about 5 wide and 11 tall: its outline with about `corners` corners, and the eye."""
    low = np.array([-3.2, -2.0])
    size = (np.array([6.6, 12.4]) * PIXELS).astype(int)
    mask = np.zeros((size[1], size[0]), np.uint8)

    def pixels(xy: np.ndarray) -> np.ndarray:
        return np.round((xy - low) * PIXELS).astype(np.int32)

    for strokes, ridge in ((SPINE, 0.045), (SNOUT, 0.0)):
        for x, y, width in _swept(strokes, ridge):
            cv2.circle(mask, tuple(int(v) for v in pixels(np.array([x, y]))), int(width * PIXELS), 255, -1)
    for fin in (DORSAL_FIN, GILL_FIN):
        cv2.fillPoly(mask, [pixels(_closed_curve(fin))], 255)
    cv2.fillPoly(mask, [pixels(CORONET)], 255)
    contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    outline = max(contours, key=len)[:, 0].astype(float)
    smooth = gaussian_filter1d(outline, 0.03 * PIXELS, axis=0, mode="wrap")  # the pixels' stairs and sharpest corners
    steps = np.linspace(0, len(smooth), corners, endpoint=False).astype(int)
    turn = np.linspace(0, 2 * np.pi, 48, endpoint=False)
    eye = np.array(EYE[:2]) + EYE[2] * np.column_stack([np.cos(turn), np.sin(turn)])
    return PolygonRegion((smooth[steps] / PIXELS + low, eye))


def _swept(strokes: np.ndarray, ridge: float) -> np.ndarray:
    """Circles (x, y, radius) close together along the spline through the strokes."""
    length = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(strokes[:, :2], axis=0), axis=1))])
    along = np.linspace(0.0, length[-1], 1500)
    swept = CubicSpline(length, strokes)(along)
    swept[:, 2] *= 1.0 + ridge * np.cos(2.0 * np.pi * RIDGES * along / length[-1])
    return swept


def _closed_curve(corners: np.ndarray) -> np.ndarray:
    around = np.vstack([corners, corners[:1]])
    length = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(around, axis=0), axis=1))])
    return CubicSpline(length, around, bc_type="periodic")(np.linspace(0.0, length[-1], 400))


def even_sites(region: PolygonRegion, count: int, seed: int, rounds: int = 12) -> np.ndarray:
    """`count` sites spread evenly over a region: Lloyd's algorithm on a random sample of it."""
    from scipy.spatial import cKDTree

    generator = np.random.default_rng(seed)
    sample = np.zeros((0, 2))
    while len(sample) < 24 * count:
        trial = generator.uniform(region.low, region.high, (32 * count, 2))
        sample = np.concatenate([sample, trial[region.contains(trial)]])
    sites = sample[:count].copy()
    for _ in range(rounds):
        nearest = cKDTree(sites).query(sample)[1]
        number = np.maximum(np.bincount(nearest, minlength=count), 1)[:, None]
        sums = np.column_stack([np.bincount(nearest, sample[:, axis], minlength=count) for axis in range(2)])
        centres = sums / number
        inside = region.contains(centres) & (sums.any(1))
        sites[inside] = centres[inside]
    return sites
