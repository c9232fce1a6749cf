"""scikit-learn's own examination of an estimator, and the verbs that it does not examine."""

import subprocess
import sys

import numpy as np
import pytest

from cuspworld import Brenier
from cuspworld.errors import CuspError, NotFittedError

sklearn = pytest.importorskip("sklearn")  # the geometry extra, which the dev extra includes

from sklearn.exceptions import NotFittedError as TheirNotFittedError  # noqa: E402
from sklearn.model_selection import GridSearchCV, KFold  # noqa: E402
from sklearn.pipeline import make_pipeline  # noqa: E402
from sklearn.preprocessing import StandardScaler  # noqa: E402
from sklearn.utils.estimator_checks import parametrize_with_checks  # noqa: E402

SQUARE = np.array([[-0.5, -0.5], [0.5, -0.5], [0.5, 0.5], [-0.5, 0.5]])

EXPECTED_FAILURES = {
    "check_sample_weight_equivalence_on_dense_data": (
        "a row of weight 2 and two equal rows are one problem, but points are centred and scaled by their plain mean "
        "and spread, so the two are solved from other samples: equal to the tolerance, not to nine digits"
    ),
    "check_sample_weight_equivalence_on_sparse_data": (
        "scikit-learn 1.6 asks it of those too whose tags say that they take no sparse arrays (its issue 30139)"
    ),
    "check_dtype_object": "an object that is no number is a CuspError, a ValueError; the check wants a TypeError",
}


@parametrize_with_checks([Brenier(tolerance=0.2)], expected_failed_checks=lambda estimator: EXPECTED_FAILURES)
def test_scikit_learns_own_checks(estimator, check):
    check(estimator)


@pytest.fixture(scope="module")
def blobs():
    """Three clusters far apart, 60 points each, in turn: points (180, 3) and their cluster."""
    generator = np.random.default_rng(0)
    cluster = np.arange(180) % 3
    return 6 * np.eye(3)[cluster] + 0.4 * generator.normal(size=(180, 3)), cluster


@pytest.fixture(scope="module")
def fitted(blobs):
    return Brenier(tolerance=0.1).fit(blobs[0])


def test_labels_are_not_taken_as_masses(blobs, fitted):
    """Class 0 would have had no mass."""
    points, cluster = blobs
    pipeline = make_pipeline(StandardScaler(), Brenier(tolerance=0.1)).fit(points, cluster)
    np.testing.assert_allclose(pipeline[-1].masses_, 1 / 180)
    for given in ((points,), (points, cluster), (points, None)):
        np.testing.assert_array_equal(Brenier(tolerance=0.1).fit(*given).heights_, fitted.heights_)
    weighted = make_pipeline(StandardScaler(), Brenier(tolerance=0.1)).fit(points, brenier__sample_weight=1 + cluster)
    np.testing.assert_allclose(weighted[-1].masses_, (1 + cluster) / (1 + cluster).sum())
    again = Brenier(tolerance=0.1).fit(StandardScaler().fit_transform(points), masses=1 + cluster)
    np.testing.assert_array_equal(weighted[-1].heights_, again.heights_)


def test_branches_are_labels_and_new_points_have_one(blobs, fitted):
    points, cluster = blobs
    np.testing.assert_array_equal(fitted.labels_, fitted.branches_)
    np.testing.assert_array_equal(Brenier(tolerance=0.1).fit_predict(points), fitted.labels_)
    np.testing.assert_array_equal(fitted.predict(points), fitted.labels_)
    new = 6 * np.eye(3)[cluster] + 0.4 * np.random.default_rng(1).normal(size=(180, 3))
    np.testing.assert_array_equal(fitted.predict(new), fitted.labels_)  # the same clusters, in the same turn
    assert make_pipeline(StandardScaler(), Brenier(tolerance=0.1)).fit(points).predict(new).max() == 2


def test_transform_leads_back_to_the_noise(blobs, fitted):
    """The middle of a convex cell lies in it: to the noise and back is where the point was. And each lies where the
    cells of the source do: of two points left and right, at -+E|x| = sqrt(2 / pi) (half-normal mean)."""
    points = blobs[0]
    noise = fitted.transform(points)
    np.testing.assert_array_equal(fitted.map(noise), points)
    two = Brenier(tolerance=0.02).fit([[-1.0, 0.0], [1.0, 0.0]])
    np.testing.assert_allclose(
        two.transform([[-1.0, 0.0], [3.0, 1.0]]), np.sqrt(2 / np.pi) * np.array([[-1, 0], [1, 0]]), atol=0.02
    )
    exact = Brenier(source=SQUARE).fit([[-1.0, 0.0], [1.0, 0.0]])
    np.testing.assert_allclose(exact.transform([[-1.0, 0.0]]), [[-0.25, 0]], atol=0.01)
    assert fitted.inverse_transform(noise).shape == points.shape
    tiny = Brenier(tolerance=0.2).fit(points, masses=np.r_[1e-9, np.ones(179)])  # a cell that no sample hits
    assert np.isfinite(tiny.transform(points)).all()


def test_a_score_prefers_the_law_that_the_points_have(blobs, fitted):
    points = blobs[0]
    generator = np.random.default_rng(2)
    alike = 6 * np.eye(3)[np.arange(300) % 3] + 0.4 * generator.normal(size=(300, 3))
    scores = [fitted.score(alike), fitted.score(alike + 0.5), fitted.score(1.5 * alike), fitted.score(alike[::3])]
    assert scores[0] > -0.02 and scores[0] == max(scores) and scores[3] < -1
    # the energy distance of two points at distance 1: 2 - 0 - 0
    assert Brenier(source=SQUARE).fit([[0.0, 0.0]]).score([[0.0, 1.0]]) == pytest.approx(-2)
    assert np.isfinite(fitted.score(points[:1]))


def test_a_grid_search_runs_and_finds_the_better(blobs):
    """A loose tolerance draws from some cells twice as often as from others."""
    points = blobs[0]
    folds = KFold(3, shuffle=True, random_state=0)
    search = GridSearchCV(Brenier(), {"tolerance": [0.1, 0.3], "confidence": [0.9, 0.95]}, cv=folds).fit(points)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    assert search.best_estimator_.labels_.max() == 2
    assert search.predict(points).shape == (180,)


def test_random_state_is_scikit_learns_name_for_seed(blobs):
    points = blobs[0]
    wanted = Brenier(tolerance=0.3, seed=7).fit(points)
    for given in (7, np.int64(7)):
        found = Brenier(tolerance=0.3, random_state=given).fit(points)
        np.testing.assert_array_equal(found.heights_, wanted.heights_)
    assert found.get_params()["random_state"] == 7 and found.get_params()["seed"] == 0
    drawn = [Brenier(tolerance=0.3, random_state=np.random.RandomState(3)).fit(points).heights_ for _ in range(2)]
    np.testing.assert_array_equal(*drawn)
    assert not np.array_equal(drawn[0], wanted.heights_)


def test_what_is_not_fitted_says_so_in_both_languages():
    for call in (
        lambda: Brenier().predict(np.eye(2)),
        lambda: Brenier().transform(np.eye(2)),
        lambda: Brenier().labels_,
        lambda: Brenier().cost_,
        lambda: Brenier().save("nowhere"),
    ):
        for kind in (NotFittedError, TheirNotFittedError, CuspError, AttributeError):
            with pytest.raises(kind, match="not fitted: call fit"):
                call()
    assert not hasattr(Brenier(), "labels_")


def test_columns_of_a_frame_are_known_by_name(fitted):
    class Frame(np.ndarray):
        columns = ("a", "b", "c")

    points = np.random.default_rng(0).normal(size=(30, 3)).view(Frame)
    brenier = Brenier(tolerance=0.3).fit(points)
    assert brenier.feature_names_in_.tolist() == ["a", "b", "c"]
    swapped = points.copy()
    swapped.columns = ("b", "a", "c")
    with pytest.raises(CuspError, match="columns a, b, c, as in fit: got b, a, c"):
        brenier.predict(swapped)
    assert not hasattr(brenier.fit(np.asarray(points)), "feature_names_in_")


def test_representations_are_short_and_compute_nothing(blobs):
    many = np.random.default_rng(0).normal(size=(500, 2))
    brenier = Brenier(source=many, checkpoint="x" * 500)
    assert len(repr(brenier)) < 250 and "<array (500, 2)>" in repr(brenier)
    brenier = Brenier(tolerance=0.1)
    assert "not fitted" in brenier._repr_html_()
    brenier.fit(blobs[0])
    before = brenier._repr_html_()
    assert "180 in 3 dimensions" in before and "branches" not in before
    brenier.singular_set_  # noqa: B018 (found)
    assert repr(brenier.singular_set_).endswith("facets singular, 3 branches)")
    after = brenier._repr_html_()
    assert "3: 60, 60, 60" in after and "singular facets" in after and len(after) < 2000
    assert "<script>" not in Brenier(checkpoint="<script>")._repr_html_()


@pytest.mark.parametrize("dimension", [1, 2, 5])
def test_a_plot_shows_every_point_in_its_branches_colour(dimension):
    from matplotlib.colors import to_hex
    from matplotlib.figure import Figure

    generator = np.random.default_rng(1)
    points = 0.3 * generator.normal(size=(100, dimension))
    points[:40, 0] += 9
    brenier = Brenier(tolerance=0.3).fit(points)
    axes = Figure().add_subplot()
    assert brenier.plot(axes) is axes
    (dots,) = [drawn for drawn in axes.collections if len(drawn.get_offsets()) == 100]
    colours = [to_hex(colour) for colour in dots.get_facecolors()]
    assert sorted({colours.count(colour) for colour in set(colours)}) == [40, 60]
    assert "100 points, 2 branches" in axes.get_title()
    axes.figure.canvas.draw()


def test_scikit_learn_is_not_needed():
    """Nor imported: it costs a second."""
    program = (
        "import sys; sys.modules['sklearn'] = None\n"
        "import numpy as np; from cuspworld import Brenier; from cuspworld.errors import NotFittedError\n"
        "points = np.random.default_rng(0).normal(size=(40, 2))\n"
        "b = Brenier(tolerance=0.3); b.fit_predict(points); b.score(points); repr(b)\n"
        "try: Brenier().predict(points)\n"
        "except NotFittedError: print('fine')\n"
    )
    # None in sys.modules makes an import an error; `sys.modules` holds the name, so errors may try to import it
    assert "fine" in subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
