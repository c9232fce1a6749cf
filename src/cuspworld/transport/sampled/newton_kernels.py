"""What Newton steps on a fixed sample need, compiled: candidates, exact coordinate steps, conjugate gradients."""

import numpy as np
from numba import njit

STEPS, ERROR = (
    250,
    1e-5,
)  # of conjugate gradients: at most so many, or until the preconditioned square has fallen so far
ABSENT = -np.inf  # the product of a candidate that counts for nothing


@njit(nogil=True, cache=True)
def candidate_products(samples, points, index):
    """<x, y_j> of the candidates `index` (samples, k) in float64, ABSENT for those below 0 or named before."""
    count, width = index.shape
    product = np.empty((count, width))
    for sample in range(count):
        for place in range(width):
            site = index[sample, place]
            absent = site < 0
            for former in range(place):
                absent |= index[sample, former] == site
            if absent:
                product[sample, place] = ABSENT
                continue
            total = 0.0
            for k in range(samples.shape[1]):
                total += np.float64(samples[sample, k]) * points[site, k]
            product[sample, place] = total
    return product


@njit(nogil=True, cache=True)
def best_three(product, index, heights):
    """The three best sites of each sample, best first, and their values (-inf for what there is not)."""
    count, width = index.shape
    sites, values = np.zeros((count, 3), np.int32), np.full((count, 3), -np.inf)
    for sample in range(count):
        for place in range(width):
            if product[sample, place] == ABSENT:
                continue
            site = index[sample, place]
            value = product[sample, place] + heights[site]
            rank = 3
            while rank > 0 and value > values[sample, rank - 1]:
                rank -= 1
                if rank < 2:
                    values[sample, rank + 1], sites[sample, rank + 1] = values[sample, rank], sites[sample, rank]
            if rank < 3:
                values[sample, rank], sites[sample, rank] = value, site
    return values, sites


@njit(nogil=True, cache=True)
def places_of_sites(product, index, sites):
    """Where each site is a candidate: places[starts[j] : starts[j + 1]] of the flat `index`."""
    flat, values = index.ravel(), product.ravel()
    starts = np.zeros(sites + 1, np.int64)
    for place in range(len(flat)):
        if values[place] != ABSENT:
            starts[flat[place] + 1] += 1
    starts = np.cumsum(starts)
    at, places = starts[:-1].copy(), np.empty(starts[-1], np.int64)
    for place in range(len(flat)):
        if values[place] != ABSENT:
            places[at[flat[place]]] = place
            at[flat[place]] += 1
    return starts, places


@njit(nogil=True, cache=True)
def coordinate_steps(product, index, starts, places, shares, order, heights):
    """In `order`, move each site's height to where its cell holds its share of the samples; changes `heights`.

    The least of the energy along that coordinate: the quantile of what the site lacks at each sample to be the best.
    """
    width = index.shape[1]
    for site in order:
        own = places[starts[site] : starts[site + 1]]
        if len(own) == 0:
            continue
        lacks = np.empty(len(own))
        for entry in range(len(own)):
            sample = own[entry] // width
            best = -np.inf
            for place in range(width):
                other = index[sample, place]
                if other != site and product[sample, place] != ABSENT:
                    best = max(best, product[sample, place] + heights[other])
            lacks[entry] = best - product[sample, own[entry] % width]
        share = min(max(np.int64(np.round(shares[site])), 1), len(own))
        parted = np.partition(lacks, share - 1)
        last = parted[share - 1]
        following = parted[share:].min() if share < len(own) else last + 1e-6
        if np.isfinite(last) and np.isfinite(following):
            heights[site] = (last + following) / 2


@njit(nogil=True, cache=True)
def conjugate_gradients(starts, columns, weights, diagonal, right):
    """Solve (diagonal - weights) x = right (Hestenes and Stiefel 1952), preconditioned by the diagonal."""
    count = len(right)
    x, residual = np.zeros(count), right.copy()
    direction, product = right / diagonal, np.empty(count)
    square = (residual * direction).sum()
    enough = ERROR * square
    for _ in range(STEPS):
        if square <= enough:
            break
        curvature = 0.0
        for row in range(count):
            total = diagonal[row] * direction[row]
            for entry in range(starts[row], starts[row + 1]):
                total -= weights[entry] * direction[columns[entry]]
            product[row] = total
            curvature += total * direction[row]
        length = square / curvature
        former, square = square, 0.0
        for row in range(count):
            x[row] += length * direction[row]
            residual[row] -= length * product[row]
            square += residual[row] ** 2 / diagonal[row]
        for row in range(count):
            direction[row] = residual[row] / diagonal[row] + square / former * direction[row]
    return x
