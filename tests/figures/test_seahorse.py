"""The fold of a disk: cells, tears and what they map to, on regions whose tears are known and on the seahorse."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cuspworld.figures.seahorse import draw_seahorse, fold_into, position_colours
from cuspworld.figures.seahorse_outline import CORONET, DORSAL_FIN, GILL_FIN, even_sites, seahorse_region
from cuspworld.transport.exact.region import PolygonRegion


def ring(radius: float, corners: int = 64, stretch: float = 1.0) -> np.ndarray:
    turn = 2 * np.pi * np.arange(corners) / corners
    return radius * np.column_stack([np.cos(turn), stretch * np.sin(turn)])


@pytest.fixture(scope="module")
def seahorse():
    return fold_into(seahorse_region(), 1500)


@pytest.mark.parametrize("outline", [ring(2.0), ring(1.0, stretch=0.3), np.array([[0, 0], [3, 0], [0, 1.0]])])
def test_a_convex_target_is_reached_without_a_tear(outline):
    """The map to a convex region is continuous (Caffarelli 1992)."""
    assert fold_into(PolygonRegion((outline,)), 1200).tears == 0


def test_two_islands_tear_the_disk_along_a_chord_of_its_length():
    """Two equal islands side by side: by symmetry the tear is the diameter between them, of length 2."""
    shift = np.array([4.0, 0.0])
    fold = fold_into(PolygonRegion((ring(1.0) - shift, ring(1.0) + shift)), 1500)
    length = fold.singular.sizes[fold.drawn].sum()
    middles = np.array([fold.singular.facets[k].mean(0) for k in fold.drawn])
    assert fold.tears == 1
    assert length == pytest.approx(2.0, abs=0.06)  # the random sites wrinkle it a little
    assert np.abs(middles[:, 0]).max() < 0.06
    left = fold.solved.diagram.points[fold.singular.pairs[fold.drawn], 0].min(1)
    assert (left < 0).all() and (left > -4).all()  # it maps to the sides that face each other


def test_a_hole_tears_the_inside_of_the_disk():
    fold = fold_into(PolygonRegion((ring(1.0), ring(0.3))), 1500)
    assert fold.tears == 1
    assert np.abs(np.concatenate([fold.singular.facets[k] for k in fold.drawn])).max() < 0.5
    reached = np.linalg.norm(fold.solved.diagram.points[fold.boundary_sites], axis=1)
    assert reached.max() < 0.45  # around the hole


def test_cells_of_the_seahorse_have_equal_areas_and_tile_the_disk(seahorse):
    areas = seahorse.solved.diagram.volumes
    assert areas.sum() == pytest.approx(np.pi, rel=1e-9)
    np.testing.assert_allclose(areas, np.pi / 1500, rtol=1e-6)


def test_the_potential_has_a_kink_on_every_tear(seahorse):
    """At the middle of a facet both sites attain the maximum of <x, y> + h, and nobody exceeds it."""
    points, heights = seahorse.solved.diagram.points, seahorse.solved.diagram.heights
    for facet in seahorse.drawn:
        values = points @ seahorse.singular.facets[facet].mean(0) + heights
        i, j = seahorse.singular.pairs[facet]
        assert values[i] == pytest.approx(values[j], abs=1e-9)
        assert values.max() == pytest.approx(values[i], abs=1e-9)


def test_the_seahorses_tears_stay_when_it_is_refined(seahorse):
    finer = fold_into(seahorse_region(), 4000)
    coarse, fine = (fold.singular.sizes[fold.drawn].sum() for fold in (seahorse, finer))
    assert fine == pytest.approx(coarse, rel=0.15)
    assert len(finer.drawn) > 1.3 * len(seahorse.drawn)  # the same length in more, shorter facets


def test_the_sites_fill_the_seahorse_evenly():
    region = seahorse_region()
    sites = even_sites(region, 600, 0)
    assert region.contains(sites).all()
    nearest = np.sort(((sites[:, None] - sites[None]) ** 2).sum(-1), axis=1)[:, 1] ** 0.5
    assert nearest.min() > 0.45 * np.median(nearest)  # a random sample has neighbours at any distance


def test_the_seahorse_has_its_coronet_and_its_fins():
    region = seahorse_region()
    for fin in (DORSAL_FIN, GILL_FIN):
        assert region.contains(fin + 0.15 * (fin.mean(0) - fin)).all()
    tip = CORONET[CORONET[:, 1].argmax()]
    assert region.contains(tip[None] - (0, 0.15)).all() and not region.contains(tip[None] + (0, 0.05)).any()


def test_colours_differ_by_place_and_are_colours():
    place = np.vstack([ring(0.9, 12), ring(0.3, 12)])
    colours = position_colours(place)
    assert (colours >= 0).all() and (colours <= 1).all()
    apart = np.abs(colours[:, None] - colours[None]).max(-1) + np.eye(len(place))
    assert apart.min() > 0.02


def test_the_same_seed_draws_the_same_picture(tmp_path: Path):
    first, second = tmp_path / "a.png", tmp_path / "b.png"
    figures = draw_seahorse(first, sites=600, dots=50)
    draw_seahorse(second, sites=600, dots=50)
    assert first.read_bytes() == second.read_bytes()
    drawn = Image.open(first)
    assert drawn.size == (620, 400) and drawn.mode == "RGB"
    assert figures["sites"] == 600 and figures["largest_relative_error"] < 1e-6
