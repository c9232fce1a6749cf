"""Conjugate gradients on the Laplacian of a graph of sites (Hestenes and Stiefel 1952), compiled."""

import numpy as np
from numba import njit

STEPS, ERROR = 250, 1e-5  # at most so many, or until the preconditioned square has fallen so far


@njit(nogil=True, cache=True)
def conjugate_gradients(starts, columns, weights, diagonal, right):
    """Solve (diagonal - weights) x = right, preconditioned by the diagonal."""
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
