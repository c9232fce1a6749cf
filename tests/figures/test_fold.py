"""What `cusp fold` finds and draws: points of the plane, of a line, of many dimensions, and degenerate ones."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cuspworld.errors import CuspError
from cuspworld.figures.fold import branch_colours, draw_fold, find_fold, principal_axes, read_points


def clusters(count: int, dimension: int, seed: int = 3) -> tuple[np.ndarray, np.ndarray]:
    """Three clusters around the corners of a large triangle, and which of them each point is of."""
    generator = np.random.default_rng(seed)
    centres = np.zeros((3, dimension))
    centres[1, 0], centres[2, 1] = 9.0, 9.0
    labels = np.arange(count) % 3
    return centres[labels] + 0.5 * generator.normal(size=(count, dimension)), labels


@pytest.mark.parametrize("dimension", [2, 5])
def test_three_clusters_are_three_branches_and_face_one_another(dimension: int, tmp_path: Path):
    points, labels = clusters(300, dimension)
    fold = find_fold(points, tolerance=0.2)
    summary = fold.summary()
    assert summary["branches"] == [100, 100, 100]
    for pair in summary["critical_pairs"]:
        assert labels[pair["i"]] != labels[pair["j"]]
        # both points attain the maximum of <x, y> + h there
        x = np.array(pair["noise"])
        values = points @ x + fold.brenier.heights_
        assert values[pair["i"]] == pytest.approx(values[pair["j"]], abs=1e-3)
    draw_fold(tmp_path / "fold.png", fold, dots=50)
    assert Image.open(tmp_path / "fold.png").size == (620, 360)


@pytest.mark.parametrize(
    "points",
    [
        np.array([[1.0, 2.0]]),
        np.array([[1.0, 2.0], [3.0, 4.0]]),
        np.linspace(0, 1, 30)[:, None] * [[1.0, 2.0]],  # on a line of the plane
        np.linspace(0, 1, 30)[:, None],
        np.repeat(np.random.default_rng(0).normal(size=(20, 2)), 2, axis=0),  # each point twice
        np.arange(60).reshape(20, 3) ** 2,  # whole numbers
    ],
)
def test_degenerate_points_are_drawn_too(points: np.ndarray, tmp_path: Path):
    fold = find_fold(points, tolerance=0.3)
    assert sum(fold.summary()["branches"]) == len(points)
    draw_fold(tmp_path / "fold.png", fold, dots=40)
    assert (tmp_path / "fold.png").stat().st_size > 1000


def test_principal_axes_are_those_of_an_ellipse():
    """Points stretched 5 and 2 along known axes of space have those axes; the third's variance is what is missing."""
    generator = np.random.default_rng(0)
    turn = np.linalg.qr(generator.normal(size=(3, 3)))[0]
    points = (generator.normal(size=(20_000, 3)) * [5.0, 2.0, 1.0]) @ turn.T + 7.0
    flat, share = principal_axes(points)
    np.testing.assert_allclose(flat.std(0), [5.0, 2.0], rtol=0.03)
    assert share == pytest.approx(29 / 30, abs=0.003)
    np.testing.assert_allclose(np.abs(np.corrcoef(flat[:, 0], points @ turn[:, 0])[0, 1]), 1.0, atol=1e-3)


def test_branches_have_their_own_colours_up_to_ten():
    colours = branch_colours(np.arange(12))
    assert len(np.unique(colours[:11], axis=0)) == 11
    np.testing.assert_array_equal(colours[10], colours[11])


def test_points_are_read_as_numpy_saved_them(tmp_path: Path):
    points = np.random.default_rng(0).normal(size=(7, 3)).astype(np.float32)
    np.save(tmp_path / "points.npy", np.asfortranarray(points))
    np.testing.assert_array_equal(read_points(tmp_path / "points.npy"), points)


def test_a_header_that_promises_too_much_is_refused(tmp_path: Path):
    np.save(tmp_path / "points.npy", np.zeros((4, 2)))
    content = (tmp_path / "points.npy").read_bytes().replace(b"(4, 2)", b"(4, 9)")
    (tmp_path / "points.npy").write_bytes(content)
    with pytest.raises(CuspError, match="plain numbers"):
        read_points(tmp_path / "points.npy")
