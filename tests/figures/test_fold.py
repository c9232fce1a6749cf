"""What `cusp fold` finds and draws: points of the plane, of a line, of many dimensions, and degenerate ones."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cuspworld.errors import CuspError
from cuspworld.figures.fold import branch_colours, draw_fold, find_fold, principal_axes
from cuspworld.figures.points import example_points, read_points


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


def test_points_are_read_from_every_common_file(tmp_path):
    points = np.random.default_rng(0).normal(size=(12, 3))
    np.save(tmp_path / "a.npy", points)
    np.savez(tmp_path / "b.npz", codes=points, of=np.arange(12))
    np.savez_compressed(tmp_path / "c.npz", points=points, others=points[:4])
    np.savetxt(tmp_path / "d.csv", points, delimiter=",")
    np.savetxt(tmp_path / "e.csv", points, delimiter=";", header="x;y;z", comments="")
    (tmp_path / "f.csv").write_bytes(b"\xef\xbb\xbf" + "\r\n".join("\t".join(map(str, r)) for r in points).encode())
    for file in tmp_path.iterdir():
        np.testing.assert_allclose(read_points(file), points, err_msg=file.name)
    (tmp_path / "one.csv").write_text("x\n1\n2\n")
    np.testing.assert_array_equal(read_points(tmp_path / "one.csv"), [[1], [2]])


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("x,y\n1,2\n3,four\n", "row 1 holds 'four'"),
        ("1,2\n3\n", "row 1 has 1 of 2 columns"),
        ("x,y\n", r"\(N, d\)"),
        ("\n \n", "empty"),
        ("name,y\nann,2\n", "row 0 holds 'ann'"),
    ],
)
def test_a_table_that_is_none_names_its_row(text, told, tmp_path):
    (tmp_path / "t.csv").write_text(text)
    with pytest.raises(CuspError, match=told):
        read_points(tmp_path / "t.csv")


def test_an_archive_of_several_arrays_wants_a_name(tmp_path):
    np.savez(tmp_path / "a.npz", x=np.eye(3), y=np.eye(4))
    with pytest.raises(CuspError, match=r"x \(3, 3\), y \(4, 4\)"):
        read_points(tmp_path / "a.npz")
    (tmp_path / "a.npz").write_bytes((tmp_path / "a.npz").read_bytes()[:300])
    with pytest.raises(CuspError, match="of plain numbers"):
        read_points(tmp_path / "a.npz")


def test_the_examples_have_the_branches_that_their_names_say():
    for name, branches in (("moons", 2), ("rings", 2), ("clusters", 10)):
        found = find_fold(example_points(name), tolerance=0.3)
        assert len(found.sizes) == branches, name
