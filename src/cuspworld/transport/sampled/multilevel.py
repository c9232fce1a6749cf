"""Coarse levels of a transport problem: a start from coarse to fine, and steps that move whole groups of sites.

A quarter of the sites stands for all of them, again and again. Two uses:

- start: the fine sites get the heights at which their cells just appear in the coarse potential, its conjugate
  h_j = -sup_x (<x, y_j> - u(x)) (as Merigot 2011 does in two dimensions);
- steps: a stochastic gradient step moves mass only between neighbouring cells, and in two or three dimensions an excess
  must creep through thousands of them. Adding the same step for the groups of every level moves it at once; this is
  the multilevel preconditioner of Bramble, Pasciak and Xu (1990).
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64, Int64
from numpy import ndarray

from cuspworld.transport.sampled.sources import Sampler, Source
from cuspworld.transport.search.neighbours import Neighbours
from cuspworld.transport.search.products import Products

COARSEST = 16
RATIO = 4
LARGEST_DIMENSION = 16  # beyond it cells have so many neighbours that mass does not have far to go
_STREAM = (1 << 20) + 2


@dataclass(frozen=True)
class Level:
    """Groups of sites: `owner` (N,) is the group of each site, `gap` the height change that matters on this level."""

    owner: Int64[ndarray, " sites"]
    masses: Float64[ndarray, " groups"]
    gap: float


def coarse_sites(count: int, dimension: int, seed: int) -> Int64[ndarray, " chosen"] | None:
    """Index of a random quarter of the sites, or None where a coarser level is not worth it."""
    if count < COARSEST * RATIO or dimension > LARGEST_DIMENSION:
        return None
    return np.sort(np.random.default_rng([seed, count]).permutation(count)[: count // RATIO])


def owners(sites: ndarray, coarse: ndarray, products: Products) -> Int64[ndarray, " sites"]:
    """Index of the nearest coarse site of every site; a coarse site owns itself, so no group is empty."""
    return Neighbours(coarse, products).nearest(sites, 1)[1][:, 0]


def conjugate_heights(
    source: Source, sites: ndarray, coarse: Products, heights: ndarray, seed: int, threads: int | None
) -> Float64[ndarray, " sites"]:
    """Heights at which the cells of `sites` just appear in the potential of the coarse sites."""
    noise = Sampler(source, seed, _STREAM).draw(min(max(8 * coarse.sites, 4096), 65536)).numpy()
    values = coarse.top2(noise, heights.astype(np.float32))[0]
    search = Products(noise, threads=threads)
    return -search.top2(sites, -values)[0].astype(np.float64)
