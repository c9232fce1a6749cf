"""Exact transport against closed forms, conservation laws, Monte Carlo, finite differences and a linear program."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment

from cuspworld.errors import CuspError
from cuspworld.transport.exact.convex_domain import ConvexDomain
from cuspworld.transport.exact.newton import exact_transport, laplacian, solve_exact
from cuspworld.transport.exact.power_diagram import power_diagram

SQUARE = ConvexDomain.cube(2)
CUBE = ConvexDomain.cube(3)


def normal(seed, *shape):
    return np.random.default_rng(seed).normal(size=shape)


@pytest.mark.parametrize("share", [0.5, 0.1, 1e-6])
def test_two_points_share_a_square_at_the_quantile(share):
    """u = max(a x, b x) + heights on [-1/2, 1/2]: the cells meet at x = -1/2 + share."""
    left, right = np.array([-3.0, 0.0]), np.array([2.0, 0.0])
    heights = solve_exact(np.stack([left, right]), np.array([share, 1 - share]), SQUARE.vertices, 1e-12)
    border = (heights[0] - heights[1]) / (right[0] - left[0])
    assert border == pytest.approx(-0.5 + share, abs=1e-13)


def test_points_on_a_line_are_the_quantile_map():
    """Cells are strips, bounded where the masses' sum says, though the points span only a line."""
    along = np.sort(normal(0, 30))
    masses = np.random.default_rng(1).random(30) + 0.01
    solved = exact_transport(np.column_stack([along, np.zeros(30)]), masses, SQUARE, 1e-11)
    right_end = np.array([solved.diagram.cell(k)[:, 0].max() for k in range(30)])
    np.testing.assert_allclose(right_end, np.cumsum(masses) / masses.sum() - 0.5, atol=1e-12)


@pytest.mark.parametrize("seed", range(4))
def test_where_masses_are_linear_in_the_heights_one_newton_step_is_all(seed):
    """Strips: a full step is the solution, which leaves every cell half of what it has or of what it wants."""
    masses = np.random.default_rng(seed).random(7) + 0.2
    solved = exact_transport(np.column_stack([np.arange(7.0) ** 1.5, np.zeros(7)]), masses, SQUARE, 1e-10)
    assert len(solved.errors) == 2 and solved.errors[0] > 0.1


@pytest.mark.parametrize(("domain", "per_side"), [(SQUARE, 8), (CUBE, 4)])
def test_a_grid_has_the_grid_as_its_cells(domain, per_side):
    ticks = (np.arange(per_side) + 0.5) / per_side - 0.5
    grid = np.stack(np.meshgrid(*[ticks] * domain.dimension, indexing="ij"), -1).reshape(-1, domain.dimension)
    solved = exact_transport(grid, None, domain, 1e-11)
    np.testing.assert_allclose(solved.barycentres, grid, atol=1e-10)
    assert solved.cost == pytest.approx(domain.dimension / (12 * per_side**2), rel=1e-9)


CASES = {
    "square": (SQUARE, normal(3, 400, 2) * 0.1),
    "outside": (SQUARE, normal(4, 300, 2) * 3.0 + [7.0, -2.0]),
    "ten clusters": (SQUARE, normal(5, 10, 2)[np.arange(400) % 10] + 0.01 * normal(6, 400, 2)),
    "disk": (ConvexDomain.disk(256), normal(7, 300, 2) * [2.0, 0.3]),
    "triangle": (ConvexDomain.from_vertices(np.array([[0, 0], [2, 0.5], [0.3, 1]])), normal(8, 200, 2)),
    "cube": (CUBE, normal(9, 150, 3)),
    "cube, clusters": (CUBE, normal(10, 4, 3)[np.arange(120) % 4] + 0.02 * normal(11, 120, 3)),
    "plane in the cube": (CUBE, normal(12, 60, 2) @ normal(13, 2, 3)),
    "line in the cube": (CUBE, normal(14, 20, 1) @ normal(15, 1, 3)),
}


@pytest.mark.parametrize("name", CASES)
def test_machine_precision_conservation_and_convexity(name):
    domain, points = CASES[name]
    masses = np.random.default_rng(0).random(len(points)) + 0.2
    solved = exact_transport(points, masses, domain, 1e-9)
    target = masses / masses.sum()
    assert np.abs(solved.cell_masses[solved.site_of] / target - 1).max() < 1e-9
    assert solved.diagram.volumes.sum() == pytest.approx(domain.volume, rel=1e-12)
    np.testing.assert_allclose(solved.diagram.first.sum(0) / domain.volume, domain.centre, atol=1e-11)
    # the potential is a maximum of planes: at a cell's corner its own plane is the highest
    values = solved.diagram.vertices @ solved.diagram.points.T + solved.diagram.heights
    facet_of_corner = np.repeat(np.arange(len(solved.diagram.facet_labels)), np.diff(solved.diagram.vertex_offsets))
    own = values[np.arange(len(values)), solved.diagram.facet_sites[facet_of_corner]]
    assert (values.max(1) - own).max() < 1e-9 * (1 + np.abs(values).max())


@pytest.mark.parametrize("name", ["square", "outside", "disk", "cube"])
def test_masses_agree_with_monte_carlo(name):
    """An independent count: 100,000 points, each to its highest plane; chi-square within five standard deviations."""
    domain, points = CASES[name]
    solved = exact_transport(points, None, domain, 1e-9)
    count = np.bincount(solved.cells(domain.sample(100_000, seed=2)), minlength=len(points))
    expected = 100_000 / len(points)
    chi_square = ((count - expected) ** 2 / expected).sum()
    assert abs(chi_square - len(points)) < 5 * np.sqrt(2 * len(points))


@pytest.mark.parametrize("name", ["square", "cube"])
def test_laplacian_is_the_derivative_of_the_masses(name):
    domain, points = CASES[name]
    points = points[:40]
    heights = exact_transport(points, None, domain).heights
    matrix = laplacian(power_diagram(points, heights, domain)).toarray()
    step = 1e-6 * np.ptp(heights)
    for j in range(0, 40, 7):
        shift = step * np.eye(40)[j]
        change = (
            power_diagram(points, heights + shift, domain).volumes
            - power_diagram(points, heights - shift, domain).volumes
        )
        np.testing.assert_allclose(
            matrix[:, j], change / domain.volume / (2 * step), rtol=1e-4, atol=1e-6 * matrix[j, j]
        )


def test_cost_lies_between_the_bounds_of_the_assignment_problem():
    """Against scipy's Hungarian solver, on a 32 x 32 grid of the square and 64 points of 16 copies each.

    Moving whole grid cells is one plan, so cost <= discrete + m with m the second moment of a grid cell; and W_2 obeys
    the triangle inequality through the grid, so W_2 >= W_2(discrete) - sqrt(m).
    """
    ticks = (np.arange(32) + 0.5) / 32 - 0.5
    grid = np.stack(np.meshgrid(ticks, ticks, indexing="ij"), -1).reshape(-1, 2)
    points = normal(16, 64, 2) * 0.4
    copies = np.repeat(points, 16, axis=0)
    distance = ((grid[:, None] - copies[None]) ** 2).sum(-1)
    discrete = distance[linear_sum_assignment(distance)].mean()
    moment = 2 / (12 * 32**2)
    cost = exact_transport(points, None, SQUARE).cost
    assert cost <= discrete + moment
    assert cost >= 0.98 * (discrete + moment)
    assert np.sqrt(cost) >= np.sqrt(discrete) - np.sqrt(moment)


@settings(max_examples=12, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    scale=st.floats(1e-3, 1e3),
    shift=st.tuples(st.floats(-50, 50), st.floats(-50, 50)),
    angle=st.floats(0, 6.28),
)
def test_cells_follow_permutation_scaling_translation_and_rotation(seed, scale, shift, angle):
    points = normal(seed, 25, 2)
    masses = np.random.default_rng(seed).random(25) + 0.1
    plain = exact_transport(points, masses, SQUARE)
    order = np.random.default_rng(seed).permutation(25)
    moved = exact_transport(points[order] * scale + np.array(shift), masses[order], SQUARE)
    inner = np.argsort(order)
    barycentres = moved.barycentres[moved.site_of][inner]
    np.testing.assert_allclose(barycentres, plain.barycentres[plain.site_of], atol=1e-6)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    turned = exact_transport(points @ turn.T, masses, ConvexDomain.from_vertices(SQUARE.vertices @ turn.T))
    np.testing.assert_allclose(turned.barycentres[turned.site_of], plain.barycentres[plain.site_of] @ turn.T, atol=1e-6)


def test_duplicates_share_one_cell():
    points = normal(17, 50, 2)
    doubled = np.concatenate([points, points[:10], points[:1]])
    solved = exact_transport(doubled, None, SQUARE)
    assert solved.heights[50] == solved.heights[0] == solved.heights[60]
    assert solved.cell_masses[solved.site_of[0]] == pytest.approx(3 / 61, rel=1e-8)
    assert set(solved.cells(SQUARE.sample(5000, 0))) <= set(range(50))


def test_masses_over_twelve_orders_of_magnitude_and_zero():
    points = normal(18, 60, 2)
    masses = 10.0 ** np.random.default_rng(3).uniform(-12, 0, 60)
    masses[:5] = 0.0
    solved = exact_transport(points, masses, SQUARE, 1e-4)
    relative = solved.cell_masses[solved.site_of[5:]] / (masses[5:] / masses.sum())
    assert np.abs(relative - 1).max() < 1e-4
    assert (solved.cell_masses[solved.site_of[:5]] == 0).all()
    assert not np.isin(solved.cells(SQUARE.sample(20_000, 1)), range(5)).any()


@pytest.mark.parametrize("number", [1, 2, 3])
def test_fewer_points_than_a_simplex(number):
    solved = exact_transport(normal(19, number, 3), None, CUBE)
    np.testing.assert_allclose(solved.cell_masses, 1 / number, rtol=1e-9)


def test_integers_and_strides_are_taken():
    points = np.arange(40).reshape(20, 2) ** 2 % 17
    strided = np.zeros((40, 4), np.float32)
    strided[::2, ::2] = points
    np.testing.assert_allclose(
        exact_transport(points, None, SQUARE).heights, exact_transport(strided[::2, ::2], None, SQUARE).heights
    )


@pytest.mark.parametrize(
    ("points", "masses", "message"),
    [
        (np.array([[0.0, 1.0], [np.nan, 0.0]]), None, "row 1"),
        (np.zeros((3, 4)), None, "shape"),
        (np.zeros((3, 2)), np.ones(2), "masses must be"),
        (np.zeros((3, 2)), np.array([1.0, -1.0, 1.0]), "masses must be finite"),
    ],
)
def test_bad_input_is_named(points, masses, message):
    with pytest.raises(CuspError, match=message):
        exact_transport(points, masses, SQUARE)


def test_flat_source_is_refused():
    with pytest.raises(CuspError, match="source_vertices"):
        ConvexDomain.from_vertices(np.array([[0.0, 0.0], [1.0, 1.0], [2.0, 2.0]]))


def test_a_tolerance_below_rounding_ends_at_rounding():
    """Nobody reaches 1e-16 of a mass of 1/3,000; the solver says what it reached, and that is rounding."""
    solved = exact_transport(normal(20, 3000, 2) * 0.1, None, SQUARE, 1e-16)
    assert 1e-16 < solved.error < 1e-9
