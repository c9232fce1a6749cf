"""Source samples at about a nanosecond a coordinate: Sobol points by Gray code, and the normal quantile in float32.

Sobol: Bratley and Fox (1988), algorithm 659, with torch's direction numbers (Joe and Kuo 2008) and its scrambling.
Normal quantile: Wichura (1988), algorithm AS 241, routine PPND7, relative accuracy 1e-7.
"""

import numpy as np
from numba import njit

BITS = 30  # torch's Sobol integers lie below 2**30


@njit(nogil=True, cache=True)
def sobol(directions, shift, position, out):
    """Points number position, position + 1, ... of the scrambled sequence, in the open unit cube, into out (n, d)."""
    count, dimension = out.shape
    state = shift.copy()
    gray = position ^ (position >> 1)
    for bit in range(BITS):
        if (gray >> bit) & 1:
            for k in range(dimension):
                state[k] ^= directions[bit, k]
    for row in range(count):
        for k in range(dimension):
            # 23 bits and a half: exact in float32, never 0 and never 1
            out[row, k] = (np.float32(state[k] >> np.uint32(7)) + np.float32(0.5)) * np.float32(2.0**-23)
        number = position + row + 1
        bit = 0
        while (number & 1) == 0 and bit < BITS - 1:
            number >>= 1
            bit += 1
        for k in range(dimension):
            state[k] ^= directions[bit, k]


@njit(nogil=True, cache=True)
def normal_quantile(values):
    """Replace every probability in the flat float32 array by the standard normal quantile.

    The central 85 % are one rational function that LLVM vectorises; the tails are gathered and take a logarithm each.
    """
    f = np.float32
    block = 512
    probability = np.empty(block, np.float32)
    tails = np.empty(block + 1, np.int32)
    for start in range(0, values.size, block):
        size = min(block, values.size - start)
        for n in range(size):
            probability[n] = values[start + n]
        for n in range(size):
            q = probability[n] - f(0.5)
            r = f(0.180625) - q * q
            above = ((f(59.109374720) * r + f(159.29113202)) * r + f(50.434271938)) * r + f(3.3871327179)
            below = ((f(67.187563600) * r + f(78.757757664)) * r + f(17.895169469)) * r + f(1.0)
            values[start + n] = q * above / below
        found = 0
        for n in range(size):
            tails[found] = n
            found += abs(probability[n] - f(0.5)) > f(0.425)
        for t in range(found):
            p = probability[tails[t]]
            r = np.sqrt(-np.log(min(p, f(1.0) - p)))
            if r <= f(5.0):
                r -= f(1.6)
                above = ((f(0.17023821103) * r + f(1.3067284816)) * r + f(2.7568153900)) * r + f(1.4234372777)
                below = (f(0.12021132975) * r + f(0.73700164250)) * r + f(1.0)
            else:
                r -= f(5.0)
                above = ((f(0.017337203997) * r + f(0.42868294337)) * r + f(3.0812263860)) * r + f(6.6579051150)
                below = (f(0.012258202635) * r + f(0.24197894225)) * r + f(1.0)
            values[start + tails[t]] = above / below if p > f(0.5) else -above / below
