"""Numba kernels of the one renderer: signed-distance shapes blended into a float image with an instance-id mask.

Coordinates are pixels (x right, y down), pixel centres at +0.5. A shape is a signed distance d (negative inside);
its coverage is clamp(0.5 - d / softness) (softness of one pixel: anti-aliasing; more: a soft shadow).
Distances: Inigo Quilez, "2D distance functions". Colours are 0-255. `top` and `bottom` are the colours at the upper and
lower end of the shape (a vertical gradient), `alpha` the opacity. A mask pixel takes `instance` where coverage >= 1/2.
"""

import math

from numba import njit

from cuspworld.worlds.engines.compiled import EXACT

BEHIND = 201  # mask ids from here on lie behind everything: what has no id hides them too


@njit(cache=True, fastmath=EXACT)
def background(image, mask, top, bottom):
    height, width, _ = image.shape
    for i in range(height):
        t = (i + 0.5) / height
        for j in range(width):
            mask[i, j] = 0
            for c in range(3):
                image[i, j, c] = top[c] + (bottom[c] - top[c]) * t


@njit(cache=True, fastmath=EXACT, inline="always")
def _blend(image, mask, i, j, coverage, top, bottom, t, alpha, instance):
    a = coverage * alpha
    for c in range(3):
        colour = top[c] + (bottom[c] - top[c]) * t
        image[i, j, c] += (colour - image[i, j, c]) * a
    if coverage >= 0.5:
        if instance > 0:
            mask[i, j] = instance
        elif mask[i, j] >= BEHIND and alpha >= 0.5:
            mask[i, j] = 0


@njit(cache=True, fastmath=EXACT)
def capsule(image, mask, ax, ay, bx, by, ra, rb, softness, top, bottom, alpha, instance):
    """A line from a to b with a radius that goes linearly from ra to rb; a circle where a = b."""
    height, width, _ = image.shape
    r = max(ra, rb) + softness
    i0, i1 = max(0, math.floor(min(ay, by) - r)), min(height, math.ceil(max(ay, by) + r) + 1)
    j0, j1 = max(0, math.floor(min(ax, bx) - r)), min(width, math.ceil(max(ax, bx) + r) + 1)
    ex, ey = bx - ax, by - ay
    ee = ex * ex + ey * ey
    y0 = min(ay - ra, by - rb)
    y1 = max(ay + ra, by + rb)
    for i in range(i0, i1):
        y = i + 0.5
        t = min(max((y - y0) / (y1 - y0 + 1e-9), 0.0), 1.0)
        for j in range(j0, j1):
            x = j + 0.5
            s = 0.0
            if ee > 1e-12:
                s = min(max(((x - ax) * ex + (y - ay) * ey) / ee, 0.0), 1.0)
            dx, dy = x - ax - s * ex, y - ay - s * ey
            coverage = 0.5 - (math.sqrt(dx * dx + dy * dy) - (ra + s * (rb - ra))) / softness
            if coverage > 0.0:
                _blend(image, mask, i, j, min(coverage, 1.0), top, bottom, t, alpha, instance)


@njit(cache=True, fastmath=EXACT)
def ellipse(image, mask, cx, cy, rx, ry, angle, softness, top, bottom, alpha, instance):
    """An ellipse with half-axes rx, ry turned by `angle` (first-order distance: f / |grad f|)."""
    height, width, _ = image.shape
    co, si = math.cos(angle), math.sin(angle)
    hx = math.sqrt((rx * co) ** 2 + (ry * si) ** 2) + softness
    hy = math.sqrt((rx * si) ** 2 + (ry * co) ** 2) + softness
    i0, i1 = max(0, math.floor(cy - hy)), min(height, math.ceil(cy + hy) + 1)
    j0, j1 = max(0, math.floor(cx - hx)), min(width, math.ceil(cx + hx) + 1)
    for i in range(i0, i1):
        y = i + 0.5 - cy
        t = min(max(0.5 + 0.5 * y / (hy - softness + 1e-9), 0.0), 1.0)
        for j in range(j0, j1):
            x = j + 0.5 - cx
            u, v = (co * x + si * y) / rx, (co * y - si * x) / ry
            k = math.sqrt(u * u + v * v)
            gradient = math.sqrt((u / rx) ** 2 + (v / ry) ** 2)
            d = k * (k - 1.0) / gradient if gradient > 1e-9 else -min(rx, ry)
            coverage = 0.5 - d / softness
            if coverage > 0.0:
                _blend(image, mask, i, j, min(coverage, 1.0), top, bottom, t, alpha, instance)


@njit(cache=True, fastmath=EXACT)
def sphere(image, mask, cx, cy, r, softness, colour, alpha, instance):
    """A ball lit from above left: Lambert term, a rim that darkens, and a soft highlight."""
    height, width, _ = image.shape
    i0, i1 = max(0, math.floor(cy - r - softness)), min(height, math.ceil(cy + r + softness) + 1)
    j0, j1 = max(0, math.floor(cx - r - softness)), min(width, math.ceil(cx + r + softness) + 1)
    lx, ly, lz = -0.43, -0.60, 0.67
    for i in range(i0, i1):
        for j in range(j0, j1):
            x, y = (j + 0.5 - cx) / r, (i + 0.5 - cy) / r
            k = math.sqrt(x * x + y * y)
            coverage = 0.5 - (k - 1.0) * r / softness
            if coverage > 0.0:
                if k > 0.999:
                    x, y, k = x / k * 0.999, y / k * 0.999, 0.999
                z = math.sqrt(1.0 - k * k)
                light = 0.62 + 0.48 * max(x * lx + y * ly + z * lz, 0.0)
                half = max(x * -0.235 + y * -0.328 + z * 0.915, 0.0)
                shine = 0.55 * half**40
                a = min(coverage, 1.0) * alpha
                for c in range(3):
                    value = min(colour[c] * light, 255.0)
                    value += (255.0 - value) * shine
                    image[i, j, c] += (value - image[i, j, c]) * a
                if instance > 0 and coverage >= 0.5:
                    mask[i, j] = instance


@njit(cache=True, fastmath=EXACT)
def box(image, mask, cx, cy, half_width, half_height, angle, corner, softness, top, bottom, alpha, instance):
    """A rectangle with rounded corners (radius `corner`) turned by `angle` (clockwise on screen)."""
    height, width, _ = image.shape
    co, si = math.cos(angle), math.sin(angle)
    hx = abs(half_width * co) + abs(half_height * si)
    hy = abs(half_width * si) + abs(half_height * co)
    i0, i1 = max(0, math.floor(cy - hy - softness)), min(height, math.ceil(cy + hy + softness) + 1)
    j0, j1 = max(0, math.floor(cx - hx - softness)), min(width, math.ceil(cx + hx + softness) + 1)
    for i in range(i0, i1):
        y = i + 0.5 - cy
        t = min(max(0.5 + 0.5 * y / (hy + 1e-9), 0.0), 1.0)
        for j in range(j0, j1):
            x = j + 0.5 - cx
            qx = abs(co * x + si * y) - half_width + corner
            qy = abs(co * y - si * x) - half_height + corner
            ox, oy = max(qx, 0.0), max(qy, 0.0)
            d = math.sqrt(ox * ox + oy * oy) + min(max(qx, qy), 0.0) - corner
            coverage = 0.5 - d / softness
            if coverage > 0.0:
                _blend(image, mask, i, j, min(coverage, 1.0), top, bottom, t, alpha, instance)


@njit(cache=True, fastmath=EXACT)
def polygon(image, mask, points, grow, softness, top, bottom, alpha, instance):
    """A simple polygon, convex or not: points (n, 2), rounded outwards by `grow`."""
    height, width, _ = image.shape
    n = points.shape[0]
    x0 = x1 = points[0, 0]
    y0 = y1 = points[0, 1]
    for k in range(1, n):
        x0, x1 = min(x0, points[k, 0]), max(x1, points[k, 0])
        y0, y1 = min(y0, points[k, 1]), max(y1, points[k, 1])
    r = grow + softness
    i0, i1 = max(0, math.floor(y0 - r)), min(height, math.ceil(y1 + r) + 1)
    j0, j1 = max(0, math.floor(x0 - r)), min(width, math.ceil(x1 + r) + 1)
    for i in range(i0, i1):
        y = i + 0.5
        t = min(max((y - y0) / (y1 - y0 + 1e-9), 0.0), 1.0)
        for j in range(j0, j1):
            x = j + 0.5
            squared = 1e18
            sign = 1.0
            b = n - 1
            for a in range(n):
                ax, ay, bx, by = points[a, 0], points[a, 1], points[b, 0], points[b, 1]
                ex, ey, wx, wy = bx - ax, by - ay, x - ax, y - ay
                s = min(max((wx * ex + wy * ey) / (ex * ex + ey * ey + 1e-12), 0.0), 1.0)
                dx, dy = wx - ex * s, wy - ey * s
                squared = min(squared, dx * dx + dy * dy)
                if (ay > y) != (by > y) and x < (bx - ax) * (y - ay) / (by - ay) + ax:
                    sign = -sign
                b = a
            coverage = 0.5 - (sign * math.sqrt(squared) - grow) / softness
            if coverage > 0.0:
                _blend(image, mask, i, j, min(coverage, 1.0), top, bottom, t, alpha, instance)


@njit(cache=True, fastmath=EXACT)
def polyline(image, mask, points, radius, softness, colour, alpha, instance):
    """A thick line through points (n, 2) with round ends; its translucent joints are not painted twice."""
    height, width, _ = image.shape
    n = points.shape[0]
    x0 = x1 = points[0, 0]
    y0 = y1 = points[0, 1]
    for k in range(1, n):
        x0, x1 = min(x0, points[k, 0]), max(x1, points[k, 0])
        y0, y1 = min(y0, points[k, 1]), max(y1, points[k, 1])
    r = radius + softness
    i0, i1 = max(0, math.floor(y0 - r)), min(height, math.ceil(y1 + r) + 1)
    j0, j1 = max(0, math.floor(x0 - r)), min(width, math.ceil(x1 + r) + 1)
    for i in range(i0, i1):
        y = i + 0.5
        for j in range(j0, j1):
            x = j + 0.5
            squared = 1e18
            for a in range(max(n - 1, 1)):
                b = min(a + 1, n - 1)
                ax, ay = points[a, 0], points[a, 1]
                ex, ey, wx, wy = points[b, 0] - ax, points[b, 1] - ay, x - ax, y - ay
                s = min(max((wx * ex + wy * ey) / (ex * ex + ey * ey + 1e-12), 0.0), 1.0)
                dx, dy = wx - ex * s, wy - ey * s
                squared = min(squared, dx * dx + dy * dy)
            coverage = 0.5 - (math.sqrt(squared) - radius) / softness
            if coverage > 0.0:
                _blend(image, mask, i, j, min(coverage, 1.0), colour, colour, 0.0, alpha, instance)


@njit(cache=True, fastmath=EXACT)
def liquid(image, mask, field, points, radius, threshold, deep, surface, alpha, instance):
    """A density-field liquid (metaballs; Blinn 1982): points (n, 2), each a bump (1 - r^2/radius^2)^2 of that radius.

    field (height, width) is scratch. Covered where the sum exceeds `threshold`; `surface` colours the skin and `deep`
    the bulk.
    """
    height, width = field.shape
    for i in range(height):
        for j in range(width):
            field[i, j] = 0.0
    inverse = 1.0 / (radius * radius)
    for k in range(points.shape[0]):
        px, py = points[k, 0], points[k, 1]
        i0, i1 = max(0, math.floor(py - radius)), min(height, math.ceil(py + radius) + 1)
        j0, j1 = max(0, math.floor(px - radius)), min(width, math.ceil(px + radius) + 1)
        for i in range(i0, i1):
            dy = i + 0.5 - py
            for j in range(j0, j1):
                dx = j + 0.5 - px
                q = 1.0 - (dx * dx + dy * dy) * inverse
                if q > 0.0:
                    field[i, j] += q * q
    for i in range(height):
        for j in range(width):
            f = field[i, j]
            if f > 0.02:
                up, down = field[max(i - 1, 0), j], field[min(i + 1, height - 1), j]
                left, right = field[i, max(j - 1, 0)], field[i, min(j + 1, width - 1)]
                gx, gy = 0.5 * (right - left), 0.5 * (down - up)
                slope = math.sqrt(gx * gx + gy * gy) + 0.15 * threshold
                coverage = min(max(0.5 + (f - threshold) / slope, 0.0), 1.0)
                if coverage > 0.0:
                    t = min(max((f - threshold) / (1.2 * threshold), 0.0), 1.0)
                    _blend(image, mask, i, j, coverage, surface, deep, t, alpha, instance)


@njit(cache=True, fastmath=EXACT)
def heat_map(image, mask, values, x0, y0, x1, y1, palette, instance):
    """A field `values` (rows from the top, columns) in [0, 1] stretched over a pixel box through a palette (n, 3)."""
    height, width, _ = image.shape
    rows, columns = values.shape
    last = palette.shape[0] - 1
    i0, i1 = max(0, math.floor(y0)), min(height, math.ceil(y1))
    j0, j1 = max(0, math.floor(x0)), min(width, math.ceil(x1))
    for i in range(i0, i1):
        cover_y = min(i + 1.0, y1) - max(float(i), y0)
        v = min(max((i + 0.5 - y0) / (y1 - y0) * rows - 0.5, 0.0), rows - 1.0)
        r = min(int(v), max(rows - 2, 0))
        fy = v - r
        r2 = min(r + 1, rows - 1)
        for j in range(j0, j1):
            cover = cover_y * (min(j + 1.0, x1) - max(float(j), x0))
            u = min(max((j + 0.5 - x0) / (x1 - x0) * columns - 0.5, 0.0), columns - 1.0)
            q = min(int(u), max(columns - 2, 0))
            fx = u - q
            q2 = min(q + 1, columns - 1)
            value = (values[r, q] * (1 - fx) + values[r, q2] * fx) * (1 - fy)
            value += (values[r2, q] * (1 - fx) + values[r2, q2] * fx) * fy
            s = min(max(value, 0.0), 1.0) * last
            k = min(int(s), last - 1)
            for c in range(3):
                colour = palette[k, c] + (palette[k + 1, c] - palette[k, c]) * (s - k)
                image[i, j, c] += (colour - image[i, j, c]) * cover
            if instance > 0 and cover >= 0.5:
                mask[i, j] = instance


@njit(cache=True, fastmath=EXACT)
def to_bytes(image, out):
    height, width, _ = image.shape
    for i in range(height):
        for j in range(width):
            for c in range(3):
                out[i, j, c] = int(min(max(image[i, j, c], 0.0), 255.0) + 0.5) if image[i, j, c] < 254.5 else 255
