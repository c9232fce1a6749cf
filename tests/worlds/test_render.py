"""The renderer against geometry: areas, centroids, coverage, masks, any size."""

import math

import numpy as np
import pytest

from cuspworld.checks import image_size
from cuspworld.errors import CuspError
from cuspworld.worlds.drawing.canvas import SMALLEST, Canvas

BLACK, WHITE = (0, 0, 0), (255, 255, 255)
RECTANGLE = [(3, 2), (8, 2), (8, 5), (3, 5)]


def blank(height=100, width=100, view=(0.0, 0.0, 10.0, 10.0)) -> Canvas:
    canvas = Canvas(height, width, view)
    canvas.background(BLACK, BLACK)
    return canvas


@pytest.mark.parametrize(
    ("paint", "area"),
    [
        (lambda c: c.circle(5.03, 4.97, 2.0, WHITE), math.pi * 4),
        (lambda c: c.ellipse(5.0, 5.0, 3.0, 1.5, WHITE, angle=0.6), math.pi * 4.5),
        (lambda c: c.box(5.0, 5.0, 5.0, 3.0, WHITE, angle=0.4), 15.0),
        (lambda c: c.box(5.0, 5.0, 5.0, 3.0, WHITE, corner=1.0), 15.0 - (4 - math.pi)),
        (lambda c: c.polygon(RECTANGLE, WHITE), 15.0),
        (lambda c: c.polygon([(2, 2), (8, 2), (5, 8)], WHITE), 18.0),
        (lambda c: c.capsule(3.0, 5.0, 7.0, 6.0, 1.0, WHITE), 2 * math.hypot(4, 1) + math.pi),
        (lambda c: c.line([(2, 2), (2, 7), (7, 7)], 1.0, WHITE), 9.0 + math.pi / 4 + 0.25 * (1 + math.pi / 4) + 0.5),
        (lambda c: c.heat_map(np.ones((4, 4)), 2.05, 3.0, 6.0, 7.05, [BLACK, WHITE]), 3.95 * 4.05),
    ],
)
@pytest.mark.parametrize("pixels", [64, 257])
def test_the_brightness_of_a_shape_is_its_area(paint, area, pixels):
    canvas = blank(pixels, pixels)
    paint(canvas)
    measured = canvas.image[..., 0].sum() / 255 / canvas.scale**2
    assert measured == pytest.approx(area, rel=0.02 if pixels == 64 else 0.006)


def test_centroid_is_right_to_a_fiftieth_of_a_pixel():
    for x, y in ((3.137, 5.641), (5.0, 5.0), (6.9, 2.22)):
        canvas = blank(64, 64)
        canvas.circle(x, y, 1.1, WHITE)
        weight = canvas.image[..., 0] / 255
        columns, rows = np.arange(64) + 0.5, np.arange(64) + 0.5
        camera = canvas.camera
        px = (weight * columns[None, :]).sum() / weight.sum()
        py = (weight * rows[:, None]).sum() / weight.sum()
        assert abs((px - camera["origin_x"]) * camera["metres_per_pixel"] - x) < 0.02 * camera["metres_per_pixel"]
        assert abs((camera["origin_y"] - py) * camera["metres_per_pixel"] - y) < 0.02 * camera["metres_per_pixel"]


def test_mask_is_where_the_shape_covers_more_than_half():
    canvas = blank()
    canvas.circle(5, 5, 2, WHITE, instance=3)
    assert np.array_equal(canvas.mask == 3, canvas.image[..., 0] >= 127.4)
    canvas.box(5, 5, 1, 1, BLACK, instance=7)
    assert (canvas.mask == 7).sum() == 100
    assert canvas.frame().dtype == np.uint8


def test_a_liquid_covers_its_particles_and_at_most_a_spacing_more():
    spacing = 0.2
    x, y = np.meshgrid(np.arange(2, 6, spacing), np.arange(2, 6, spacing))  # their own cells: 4 m x 4 m
    canvas = blank(200, 200)
    canvas.liquid(np.stack([x.ravel(), y.ravel()], 1), 2.1 * spacing, WHITE, highlight=0.0, instance=1)
    covered = canvas.image[..., 0].sum() / 255 / canvas.scale**2
    assert 4.0**2 < covered < (4.0 + 2 * spacing) ** 2
    assert canvas.mask[100, 80] == 1
    drop = blank(200, 200)
    drop.liquid(np.array([[5.0, 5.0]]), 2.1 * spacing, WHITE, highlight=0.0)  # a single drop can be seen
    assert drop.image.max() == 255


def test_the_view_is_whole_at_any_aspect_ratio():
    for height, width in ((40, 120), (120, 40), (8, 9)):
        canvas = blank(height, width)
        canvas.box(5, 5, 10, 10, WHITE)
        assert canvas.image[..., 0].sum() / 255 == pytest.approx((10 * canvas.scale) ** 2, rel=0.02)


def test_shapes_off_the_picture_leave_it_alone():
    canvas = blank()
    canvas.circle(-50, 5, 3, WHITE)
    canvas.polygon([(100, 100), (101, 100), (100, 101)], WHITE)
    canvas.liquid(np.array([[-9.0, -9.0]]), 0.3, WHITE)
    canvas.liquid(np.empty((0, 2)), 0.3, WHITE)
    assert canvas.image.max() == 0


@pytest.mark.parametrize("size", [0, 7, 10**6, -3, 2.5, True, "big", (64,), (64, 0), (64, 64, 3), None])
def test_bad_sizes_are_refused(size):
    with pytest.raises(CuspError, match="size must be"):
        image_size(size, SMALLEST)


def test_good_sizes():
    assert image_size(64, SMALLEST) == (64, 64) and image_size((48, np.int64(80)), SMALLEST) == (48, 80)
