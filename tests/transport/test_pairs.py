"""The table of distances agrees with the search that it replaces."""

import numpy as np

from cuspworld.transport.search import pairs
from cuspworld.transport.search.neighbours import Neighbours
from cuspworld.transport.search.pairs import Pairs
from cuspworld.transport.search.products import Products


def test_a_table_and_a_search_give_the_same_distances(monkeypatch):
    generator = np.random.default_rng(3)
    sites = generator.normal(size=(80, pairs.FEWEST_DIMENSIONS))
    sites[1] = sites[0] + 1e-4  # near-copies far from the origin
    sites = (sites + 100).astype(np.float32)
    chosen = np.stack([generator.integers(0, 40, 50), generator.integers(40, 80, 50)], axis=1)
    chosen[0] = 0, 1
    neighbours = Neighbours(sites, Products(sites - sites.mean(0)))
    direct = 0.5 * (sites[chosen[:, 0]].astype(float) + sites[chosen[:, 1]])
    direct = np.sort(np.linalg.norm(direct[:, None] - sites.astype(float), axis=2), axis=1)[:, :5]
    table = Pairs(neighbours)
    assert table._table is not None
    np.testing.assert_allclose(table.nearest_to_middles(chosen, 5), direct, atol=2e-6)
    lengths = np.linalg.norm(sites[chosen[:, 0]].astype(float) - sites[chosen[:, 1]], axis=1)
    np.testing.assert_allclose(table.lengths(chosen), lengths, atol=2e-6)
    monkeypatch.setattr(pairs, "LARGEST_TABLE", 0)
    search = Pairs(neighbours)
    assert search._table is None
    np.testing.assert_allclose(search.lengths(chosen), lengths, atol=1e-5)
