"""How the worlds' kernels are compiled: to the same bytes in every process.

Numba's `fastmath=True` lets the compiler reorder sums and fuse products. It does so in one way in the process that
compiles a kernel and in another in those that load it from the cache, so the first clip that a fresh installation
recorded differed from the same clip recorded later. EXACT keeps those flags that change no finite number.
"""

EXACT = {"nnan", "ninf"}
