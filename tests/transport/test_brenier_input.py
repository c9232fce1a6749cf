"""What Brenier takes and hands out: every kind of array, degenerate points and masses, sklearn's protocol, files."""

import json
from itertools import pairwise

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.numpy import save_file

from cuspworld import Brenier
from cuspworld.errors import CuspError

SQUARE = np.array([[-0.5, -0.5], [0.5, -0.5], [0.5, 0.5], [-0.5, 0.5]])
SOURCES = ["gaussian", "ball", "cube", SQUARE]
OCTAHEDRON = np.concatenate([np.eye(3), -np.eye(3)])


@pytest.fixture(scope="module")
def clusters():
    generator = np.random.default_rng(0)
    centres = np.array([[0.0, 0], [6, 0], [0, 6]])
    return np.repeat(centres, 50, axis=0) + 0.4 * generator.normal(size=(150, 2))


@pytest.fixture(scope="module")
def fitted(clusters):
    return Brenier(tolerance=0.1).fit(clusters)


@pytest.mark.parametrize("source", SOURCES, ids=["gaussian", "ball", "cube", "convex"])
def test_every_source_has_the_whole_interface(source, clusters):
    brenier = Brenier(source=source, tolerance=0.1).fit(clusters)
    noise = brenier.sample_noise(200, seed=1)
    assert np.bincount(brenier.branches_).tolist() == [50, 50, 50]
    assert (brenier.map(noise) == clusters[brenier.cells(noise)]).all()
    assert brenier.extend(noise).shape == (200, 2)
    margin, (pair, point) = brenier.margin(noise), brenier.facet(noise)
    np.testing.assert_allclose(np.linalg.norm(noise - point, axis=1), margin, atol=1e-9)
    assert (brenier.branches_[pair[:, 0]] != brenier.branches_[pair[:, 1]]).all()
    heaviest = brenier.critical_pairs(4)
    assert len(heaviest) == 4 and all(a.mass >= b.mass for a, b in pairwise(heaviest))
    branch = brenier.branches_[brenier.cells(brenier.reflect(np.linspace(noise[0], noise[1], 40)))]
    assert (branch == branch[0]).all()


def test_a_polyhedron_has_the_whole_interface(tmp_path):
    """Two clusters of mirrored points: the exact map of the octahedron is mirrored too, and torn along x = 0."""
    half = np.random.default_rng(0).normal(size=(40, 3)) * 0.3 + [2.0, 0, 0]
    points = np.concatenate([half, half * [-1, 1, 1]])
    brenier = Brenier(source=OCTAHEDRON).fit(points)
    assert brenier.certified_ and brenier.error_ < 1e-8 and brenier.error_kind_ == "largest"
    np.testing.assert_allclose(brenier.heights_[:40], brenier.heights_[40:], atol=1e-9)
    noise = brenier.sample_noise(20_000, seed=1)
    assert np.abs(noise).sum(1).max() <= 1 + 1e-6  # inside the octahedron
    share = np.bincount(brenier.cells(noise), minlength=80) * 80 / len(noise)
    assert np.sqrt(np.mean((share - 1) ** 2)) < 1.3 * np.sqrt(80 / len(noise))  # of chance alone
    assert (brenier.map(noise)[:, 0] * noise[:, 0] >= 0).all()
    assert np.bincount(brenier.branches_).tolist() == [40, 40]
    few = noise[:200]
    margin = brenier.margin(few)  # never too small, and of a point of the set close by
    assert (margin >= np.abs(few[:, 0]) - 1e-6).all() and (margin <= 1.02 * np.abs(few[:, 0]) + 1e-6).all()
    assert (brenier.extend(few)[:, 0] * few[:, 0] > 0).all()
    _, point = brenier.facet(few)
    assert np.abs(point[:, 0]).max() < 1e-6
    assert (np.abs([pair.point[0] for pair in brenier.critical_pairs(5)]) < 1e-6).all()
    path = np.linspace([0.3, 0, 0], [-0.3, 0, 0], 30)
    np.testing.assert_allclose(brenier.reflect(path)[:, 0], np.abs(path[:, 0]), atol=1e-6)
    brenier.save(tmp_path / "octahedron.safetensors")
    again = Brenier.load(tmp_path / "octahedron.safetensors")
    np.testing.assert_array_equal(again.cells(noise), brenier.cells(noise))


def test_tensors_in_tensors_out(fitted):
    noise = fitted.sample_noise(30, seed=2)
    tensor = torch.from_numpy(noise)
    for name in ("map", "cells", "potential", "extend", "margin", "reflect"):
        out = getattr(fitted, name)(tensor)
        assert isinstance(out, torch.Tensor)
        np.testing.assert_array_equal(out.numpy(), getattr(fitted, name)(noise))
    for found, plain in zip(fitted.facet(tensor), fitted.facet(noise), strict=True):
        np.testing.assert_array_equal(found.numpy(), plain)
    source, target = fitted.couple(tensor)
    assert source is tensor and torch.equal(target, fitted.map(tensor))


def test_all_number_types_and_layouts_agree():
    points = np.random.default_rng(1).integers(-20, 20, size=(30, 3))
    wanted = Brenier(tolerance=0.1).fit(points.astype(np.float64)).heights_
    wide = np.zeros((60, 6), np.float32)
    wide[::2, ::2] = points
    for given in (points, points.tolist(), wide[::2, ::2], torch.from_numpy(points), np.asfortranarray(points)):
        np.testing.assert_allclose(Brenier(tolerance=0.1).fit(given).heights_, wanted, atol=1e-5)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_bad_rows_are_named(bad, fitted):
    points = np.zeros((9, 2))
    points[7, 1] = bad
    with pytest.raises(CuspError, match="points must be finite: row 7"):
        Brenier().fit(points)
    with pytest.raises(CuspError, match="noise must be finite: row 7"):
        fitted.map(points)
    masses = np.ones(9)
    masses[4] = bad
    with pytest.raises(CuspError, match="masses must be finite and not negative: row 4"):
        Brenier().fit(np.random.default_rng(0).normal(size=(9, 2)), masses=masses)


@pytest.mark.parametrize(("kind", "far"), [(np.float64, 1e308), (np.float64, 1e200), (np.float32, 1e38)])
def test_numbers_whose_squares_are_none_are_named(kind, far):
    points = np.random.default_rng(0).normal(size=(9, 2)).astype(kind)
    points[3, 1] = -far
    with pytest.raises(CuspError, match=r"points must be within .*: row 3"):
        Brenier().fit(points)
    Brenier(tolerance=0.5).fit(points.clip(-1e12, 1e12))


def test_other_mistakes_are_explained(fitted, tmp_path):
    for call, message in [
        (lambda: Brenier().fit(np.zeros((0, 2))), "at least one row"),
        (lambda: Brenier().fit(np.zeros(5)), r"shape \(n, d\)"),
        (lambda: Brenier().fit(np.zeros((2, 2)), masses=[1, 2, 3]), "one for each point"),
        (lambda: Brenier().fit(np.zeros((2, 2)), masses=[0, 0]), "not all be zero"),
        (lambda: Brenier().fit(np.zeros((2, 2)), masses=[1, -1]), "row 1"),
        (lambda: Brenier().fit([["a", "b"]]), "numbers"),
        (lambda: Brenier(source="sphere").fit(np.eye(2)), "gaussian, ball, cube"),
        (lambda: Brenier(source=SQUARE).fit(np.eye(3)), "agree"),
        (lambda: Brenier(tolerance=2.0).fit(np.eye(2)), "between 0 and 1"),
        (lambda: Brenier(confidence=1.5).fit(np.eye(2)), "confidence .*1.5"),
        (lambda: Brenier(seed=-1).fit(np.eye(2)), "seed .*-1"),
        (lambda: Brenier(threads=0).fit(np.eye(2)), "threads .*0"),
        (lambda: Brenier(memory_budget=0).fit(np.eye(2)), "memory_budget .*0"),
        (lambda: Brenier(max_seconds=-1).fit(np.eye(2)), "max_seconds .*-1"),
        (lambda: Brenier(device="tpu").fit(np.eye(2)), "device .*'tpu'"),
        (lambda: Brenier(device="cuda:99").fit(np.eye(2)), "cuda:99.* CUDA devices"),
        (lambda: Brenier(checkpoint=tmp_path / "no" / "x").fit(np.eye(2)), "checkpoint cannot be written"),
        (lambda: Brenier().set_params(checkpoint=5).fit(np.eye(2)), "checkpoint must be the path of a file: got 5"),
        (lambda: Brenier().set_params(checkpoint=b"x").fit(np.eye(2)), "checkpoint must be the path of a file"),
        (lambda: Brenier().set_params(tolerance=1e-308).fit(np.eye(2)), "tolerance must be at least 1e-06: got 1e-308"),
        (lambda: Brenier().set_params(tolerance="0.1").fit(np.eye(2)), "tolerance .*'0.1'"),
        (lambda: Brenier().set_params(tolerance=np.complex128(0.1)).fit(np.eye(2)), "tolerance"),
        (lambda: Brenier().set_params(tolerance=np.array([0.1])).fit(np.eye(2)), "tolerance"),
        (lambda: Brenier().set_params(tolerance=None).fit(np.eye(2)), "tolerance .*None"),
        (lambda: Brenier().set_params(progress="no").fit(np.eye(2)), "progress must be True or False: got 'no'"),
        (lambda: Brenier().set_params(threads="2").fit(np.eye(2)), "threads .*'2'"),
        (lambda: Brenier().set_params(seed="a").fit(np.eye(2)), "seed .*'a'"),
        (lambda: Brenier().set_params(seed=1.5).fit(np.eye(2)), "seed .*1.5"),
        (lambda: Brenier().set_params(random_state="a").fit(np.eye(2)), "random_state .*'a'"),
        (lambda: Brenier().set_params(max_seconds="1").fit(np.eye(2)), "max_seconds .*'1'"),
        (lambda: Brenier().set_params(max_seconds=float("nan")).fit(np.eye(2)), "max_seconds .*nan"),
        (lambda: Brenier().set_params(device=None).fit(np.eye(2)), "device .*None"),
        (lambda: Brenier().set_params(source=None).fit(np.eye(2)), "source"),
        (lambda: Brenier().set_params(source=5).fit(np.eye(2)), "source"),
        (lambda: Brenier().set_params(source=[["a", "b"]] * 3).fit(np.eye(2)), "source"),
        (lambda: Brenier().set_params(source={"gaussian"}).fit(np.eye(2)), "source"),
        (lambda: Brenier().fit(np.eye(2), masses=[1, 1], sample_weight=[1, 1]), "two names of one thing"),
        (lambda: Brenier().fit(np.eye(2) * 1j), "real numbers"),
        (lambda: Brenier().fit(np.eye(2), masses=["a", "b"]), "masses must be numbers"),
        (lambda: fitted.critical_pairs(-1), "k must be a whole number"),
        (lambda: fitted.sample_noise(-1), "count must be a whole number"),
        (lambda: Brenier().map(np.eye(2)), "not fitted"),
        (lambda: Brenier().branches_, "not fitted"),
        (lambda: fitted.map(np.eye(3)), "2 columns"),
        (lambda: fitted.reflect(np.eye(2), allowed=[[0, 150]]), "from 0 to 149: row 0"),
        (lambda: fitted.reflect(np.eye(2), allowed=[[0.5, 1]]), "pairs of integers"),
        (lambda: Brenier().set_params(sauce=1), "no parameter 'sauce'"),
        (lambda: Brenier.load(tmp_path / "none"), "does not exist"),
    ]:
        with pytest.raises(CuspError, match=message):
            call()


@pytest.mark.parametrize("source", ["gaussian", SQUARE], ids=["gaussian", "convex"])
@pytest.mark.parametrize("kind", ["one", "two", "same", "line", "duplicates"])
def test_degenerate_points(source, kind):
    generator = np.random.default_rng(3)
    points = {
        "one": np.array([[3.0, 4.0]]),
        "two": np.array([[3.0, 4.0], [5.0, 5.0]]),
        "same": np.full((5, 2), 2.0),
        "line": np.column_stack([np.arange(40.0), 2 * np.arange(40.0)]),
        "duplicates": np.repeat(generator.normal(size=(30, 2)), 3, axis=0),
    }[kind]
    brenier = Brenier(source=source, tolerance=0.1).fit(points)
    assert brenier.certified_ and np.isfinite(brenier.heights_).all()
    noise = brenier.sample_noise(3000, seed=4)
    distinct, group = np.unique(points, axis=0, return_inverse=True)
    share = np.bincount(group.ravel()[brenier.cells(noise)], minlength=len(distinct)) / 3000
    assert np.abs(share - np.bincount(group.ravel()) / len(points)).max() < 0.05
    assert brenier.branches_.tolist() == [0] * len(points)
    extended = brenier.extend(noise)
    assert np.isfinite(extended).all()
    assert (extended >= points.min(0) - 1e-6).all() and (extended <= points.max(0) + 1e-6).all()
    assert np.isinf(brenier.margin(noise)).all() and brenier.critical_pairs(3) == []
    assert (brenier.facet(noise)[0] == -1).all()
    np.testing.assert_array_equal(brenier.reflect(noise[:9]), noise[:9])


def test_fewer_points_than_dimensions():
    points = np.random.default_rng(4).normal(size=(10, 200))
    brenier = Brenier(tolerance=0.05).fit(points)
    assert brenier.certified_
    share = np.bincount(brenier.cells(brenier.sample_noise(20_000)), minlength=10) / 2000
    assert np.abs(share - 1).max() < 0.15
    assert brenier.extend(brenier.sample_noise(5)).shape == (5, 200)


def test_zero_masses_have_no_cell_but_a_branch(clusters):
    masses = np.ones(150)
    masses[::3] = 0
    brenier = Brenier(tolerance=0.1).fit(clusters, masses=masses)
    assert np.isneginf(brenier.heights_[::3]).all() and np.isfinite(np.delete(brenier.heights_, np.s_[::3])).all()
    assert (masses[brenier.cells(brenier.sample_noise(5000))] > 0).all()
    assert (masses[brenier.singular_set_.facets] > 0).all()
    for cluster in range(3):
        assert len(set(brenier.branches_[50 * cluster : 50 * cluster + 50])) == 1


def test_masses_over_twelve_orders_of_magnitude():
    points = np.random.default_rng(6).normal(size=(60, 2))
    masses = 10.0 ** np.linspace(-12, 0, 60)
    exact = Brenier(source=SQUARE).fit(points, masses=masses)
    assert exact.certified_ and np.isfinite(exact.heights_).all()
    sampled = Brenier(tolerance=0.1).fit(points, masses=masses)
    assert np.isfinite(sampled.heights_).all()
    counts = np.bincount(sampled.cells(sampled.sample_noise(50_000)), minlength=60) / 50_000
    assert sampled.error_kind_ == "over mass"
    large = masses / masses.sum() > 0.01
    np.testing.assert_allclose(counts[large], (masses / masses.sum())[large], rtol=0.25)


def test_sklearn_clones_and_parameters():
    base = pytest.importorskip("sklearn.base")  # the geometry extra, which the dev extra includes
    brenier = Brenier(source=SQUARE, tolerance=0.2, seed=4)
    copy = base.clone(brenier)
    assert copy is not brenier and copy.get_params()["tolerance"] == 0.2 and copy.get_params()["seed"] == 4
    assert np.array_equal(copy.source, SQUARE)
    assert copy.set_params(seed=5).seed == 5
    assert repr(Brenier(seed=3)) == "Brenier(seed=3)"
    assert copy.fit(np.eye(2)) is copy


@pytest.mark.parametrize("source", ["gaussian", SQUARE], ids=["gaussian", "convex"])
@pytest.mark.parametrize("with_set", [False, True])
def test_saved_and_loaded_is_the_same(source, with_set, clusters, tmp_path):
    brenier = Brenier(source=source, tolerance=0.15, confidence=0.9).fit(clusters)
    if with_set:
        assert brenier.singular_set_.branches.max() == 2
    brenier.save(tmp_path / "brenier.safetensors")
    loaded = Brenier.load(tmp_path / "brenier.safetensors")
    assert ("singular_set" in vars(loaded._geometry)) == with_set
    noise = brenier.sample_noise(100, seed=3)
    np.testing.assert_array_equal(noise, loaded.sample_noise(100, seed=3))
    for name in ("cells", "map", "extend", "margin", "potential"):
        np.testing.assert_array_equal(getattr(brenier, name)(noise), getattr(loaded, name)(noise))
    np.testing.assert_array_equal(brenier.branches_, loaded.branches_)
    assert loaded.confidence == 0.9 and loaded.error_ == brenier.error_
    (tmp_path / "other").write_bytes(b"no tensors")
    with pytest.raises(CuspError, match="not a safetensors file"):
        Brenier.load(tmp_path / "other")


@pytest.mark.parametrize(("source", "kind"), [("gaussian", "over mass"), (SQUARE, "largest")])
def test_a_file_of_before_errors_had_kinds_is_read(source, kind, clusters, tmp_path):
    path = tmp_path / "brenier.safetensors"
    fitted = Brenier(source=source, tolerance=0.15).fit(clusters)
    fitted.save(path)

    def forget_the_kind(arrays, header):
        learned = json.loads(header["learned"])
        del learned["error_kind_"]
        header["learned"] = json.dumps(learned)

    rewritten(path, forget_the_kind)
    assert Brenier.load(path).error_kind_ == kind and Brenier.load(path).error_ == fitted.error_


def test_masked_entries_are_refused_not_read(fitted):
    """What lies under a mask is no number that is known; numpy.asarray would read it."""
    points = np.ma.array(np.random.default_rng(0).normal(size=(9, 2)), mask=False)
    wanted = Brenier(tolerance=0.2).fit(points.data).heights_
    np.testing.assert_array_equal(Brenier(tolerance=0.2).fit(points).heights_, wanted)  # nothing is masked
    points[6, 1] = np.ma.masked
    masses = np.ma.array(np.ones(9), mask=np.arange(9) == 3)
    for call, message in [
        (lambda: Brenier().fit(points), "points must not be masked: row 6"),
        (lambda: fitted.map(points), "noise must not be masked: row 6"),
        (lambda: fitted.predict(points), "points must not be masked: row 6"),
        (lambda: Brenier().fit(points.data, masses=masses), "masses must not be masked: row 3"),
        (lambda: Brenier(source=np.ma.array(SQUARE, mask=SQUARE > 0)).fit(points.data), "source must not be masked"),
    ]:
        with pytest.raises(CuspError, match=message):
            call()


def test_the_potential_has_the_map_as_its_gradient(fitted):
    """Brenier: grad u = map. Other answers have no gradient and say so; without autograd nothing is lost."""
    noise = torch.from_numpy(fitted.sample_noise(50, seed=6)).double().requires_grad_()
    values = fitted.potential(noise)
    np.testing.assert_array_equal(values.detach().numpy(), fitted.potential(noise.detach().numpy()))
    (gradient,) = torch.autograd.grad(values.sum(), noise)
    np.testing.assert_array_equal(gradient.numpy(), fitted.map(noise.detach().numpy()))
    assert not fitted.cells(noise).requires_grad  # whole numbers
    for name in ("map", "extend", "margin", "facet", "reflect", "couple"):
        with pytest.raises(CuspError, match="gives no gradient"):
            getattr(fitted, name)(noise)
        with torch.no_grad():
            getattr(fitted, name)(noise)


@pytest.fixture()
def saved(fitted, tmp_path):
    fitted.singular_set_  # noqa: B018 (found, so that it is saved)
    fitted.save(tmp_path / "brenier.safetensors")
    return tmp_path / "brenier.safetensors"


def test_a_saved_brenier_that_was_damaged_is_named(saved):
    """Cut anywhere, emptied, or with any bit turned: a CuspError with the file's name, never other numbers."""
    whole = saved.read_bytes()
    places = [*range(12), *np.random.default_rng(0).integers(12, len(whole), 60).tolist(), len(whole) - 1]
    for cut in (0, 1, 7, 8, 9, 200, len(whole) // 2, len(whole) - 1):
        saved.write_bytes(whole[:cut])
        with pytest.raises(CuspError, match=r"brenier\.safetensors"):
            Brenier.load(saved)
    for place in places:
        saved.write_bytes(whole[:place] + bytes([whole[place] ^ 16]) + whole[place + 1 :])
        with pytest.raises(CuspError, match=r"brenier\.safetensors"):
            Brenier.load(saved)
    saved.write_bytes(np.random.default_rng(1).bytes(5000))
    with pytest.raises(CuspError, match=r"brenier\.safetensors"):
        Brenier.load(saved)


def rewritten(path, change):
    """The file again, without its checksum, after `change(arrays, header)`: as another program may have written it."""
    with safe_open(path, "numpy") as file:
        header, arrays = dict(file.metadata()), {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    header.pop("sha256", None)
    change(arrays, header)
    save_file(arrays, path, metadata=header)


def set_to(name, value):
    def change(arrays, header):
        arrays[name] = arrays[name].copy()
        arrays[name].ravel()[5] = value

    return change


@pytest.mark.parametrize(
    "change",
    [
        *(lambda a, h, n=name: a.pop(n) for name in ("points", "masses", "heights", "singular.branches")),
        *(lambda a, h, n=name: h.pop(n) for name in ("params", "learned", "format")),
        *(set_to("heights", value) for value in (np.nan, np.inf, -np.inf)),
        *(set_to("points", value) for value in (np.nan, np.inf)),
        *(set_to("masses", value) for value in (np.nan, -1.0)),
        set_to("singular.facets", 10**9),
        set_to("singular.branches", -1),
        lambda a, h: a.update(heights=a["heights"][:-1]),
        lambda a, h: a.update(heights=a["heights"].astype(np.float32)),
        lambda a, h: a.update(points=a["points"].ravel()),
        lambda a, h: h.update(params="{"),
        lambda a, h: h.update(params="[]"),
        lambda a, h: h.update(params=h["params"].replace('"tolerance"', '"sauce"')),
        lambda a, h: h.update(params=h["params"].replace('"gaussian"', '"sphere"')),
        lambda a, h: h.update(params=h["params"].replace('"cpu"', "3.5")),
        lambda a, h: h.update(learned=h["learned"].replace("true", '"yes"')),
        lambda a, h: h.update(learned="{}"),
    ],
)
def test_a_saved_brenier_with_wrong_contents_is_named(saved, change):
    rewritten(saved, lambda arrays, header: None)
    assert Brenier.load(saved).certified_  # files of before the checksum are read
    rewritten(saved, change)
    with pytest.raises(CuspError, match=r"brenier\.safetensors"):
        Brenier.load(saved)


def test_a_damaged_checkpoint_is_named(clusters, tmp_path):
    path = tmp_path / "run.safetensors"
    settings = dict(tolerance=0.01, checkpoint=path)
    with pytest.warns(UserWarning, match="max_seconds"):
        Brenier(max_seconds=0.0, **settings).fit(clusters)
    whole = path.read_bytes()
    for cut in (0, 5, 100, len(whole) - 3):
        path.write_bytes(whole[:cut])
        with pytest.raises(CuspError, match=r"run\.safetensors.* remove it"):
            Brenier(**settings).fit(clusters)
    for place in np.random.default_rng(0).integers(0, len(whole), 30):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 64]) + whole[place + 1 :])
        with pytest.raises(CuspError, match=r"run\.safetensors.* remove it"):
            Brenier(**settings).fit(clusters)
    path.write_bytes(whole)
    rewritten(path, lambda arrays, header: arrays.update(numbers=np.full(4, np.nan)))
    with pytest.raises(CuspError, match=r"run\.safetensors is damaged; remove it"):
        Brenier(**settings).fit(clusters)
