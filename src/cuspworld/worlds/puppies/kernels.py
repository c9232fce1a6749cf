"""Occlusion between animals: how deep each one is hidden behind the nearer ones, continuous in their places.

An animal is a union of capsules (Quilez' distance). Outline points of the one behind are tested against the union of
all nearer animals: `depth` = -max over points of the distance to that union: it crosses zero when the last point
disappears.
"""

import math

import numpy as np
from numba import njit

DIRECTIONS = 16

# Capsules of an animal that faces right, in metres: ax, ay, bx, by, radius. The first three make its outline.
PARTS = np.array(
    [
        [-0.17, 0.24, 0.15, 0.26, 0.120],  # body
        [0.26, 0.42, 0.26, 0.42, 0.140],  # head
        [0.38, 0.37, 0.41, 0.37, 0.070],  # muzzle
        [-0.17, 0.12, 0.15, 0.12, 0.090],  # legs
        [-0.26, 0.29, -0.36, 0.42, 0.038],  # tail
    ]
)


@njit(cache=True)
def hidden(places, parts, outline, depth, visible):
    """places (n, 5): screen x, screen y, scale, facing (-1 to 1), distance from the camera.

    Sets, for each animal, `depth` (screen metres; positive: wholly hidden) and `visible` (share of its outline points
    that can be seen).
    """
    n = places.shape[0]
    for i in range(n):
        x, y, s, f = places[i, 0], places[i, 1], places[i, 2], places[i, 3]
        worst = -1e9
        seen = total = 0
        for p in range(outline):
            for end in range(2):
                for k in range(DIRECTIONS):
                    angle = 2.0 * math.pi * k / DIRECTIONS
                    px = x + s * (f * parts[p, 2 * end] + parts[p, 4] * math.cos(angle))
                    py = y + s * (parts[p, 2 * end + 1] + parts[p, 4] * math.sin(angle))
                    nearest = 1e9
                    for j in range(n):
                        if places[j, 4] < places[i, 4]:
                            for q in range(parts.shape[0]):
                                t = places[j, 2]
                                ax, ay = places[j, 0] + t * places[j, 3] * parts[q, 0], places[j, 1] + t * parts[q, 1]
                                bx, by = places[j, 0] + t * places[j, 3] * parts[q, 2], places[j, 1] + t * parts[q, 3]
                                ex, ey = bx - ax, by - ay
                                share = ((px - ax) * ex + (py - ay) * ey) / (ex * ex + ey * ey + 1e-12)
                                share = min(max(share, 0.0), 1.0)
                                dx, dy = px - ax - share * ex, py - ay - share * ey
                                nearest = min(nearest, math.sqrt(dx * dx + dy * dy) - t * parts[q, 4])
                    worst = max(worst, nearest)
                    total += 1
                    if nearest > 0.0:
                        seen += 1
        depth[i] = -worst if worst < 1e8 else -1.0
        visible[i] = seen / total
