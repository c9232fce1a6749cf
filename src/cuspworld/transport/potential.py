"""A solved potential u(x) = max_j <x, y_j> + h_j in normalised coordinates, as the other files of the room read it."""

from typing import Any

import numpy as np
from jaxtyping import Float32, Float64
from numpy import ndarray

from cuspworld.transport.sampled.sources import Sampler, Source
from cuspworld.transport.search.products import Products


class Potential:
    """Sites (N, d), centred and of unit RMS, all different and with positive masses, and their heights (N,)."""

    def __init__(
        self,
        source: Source,
        sites: Float32[ndarray, "sites dimension"],
        heights: Float64[ndarray, " sites"],
        products: Products,
        seed: int,
    ):
        self.source, self.sites, self.products, self.seed = source, sites, products, seed
        self.heights = heights
        self.search_heights = (heights - heights.mean()).astype(np.float32)

    @property
    def count(self) -> int:
        return len(self.sites)

    def cells(self, noise: Any) -> ndarray:
        """(B,) index of the site whose cell holds each row of noise (B, d)."""
        return self.products.top2(noise, self.search_heights)[2].astype(np.int64)

    def top_k(self, noise: Any, k: int) -> tuple[ndarray, ndarray]:
        """The k largest values at each row of noise and their sites, (B, k) each."""
        values, index = self.products.top_k(noise, self.search_heights, min(k, self.count))
        return values, index.astype(np.int64)

    def sampler(self, stream: int) -> Sampler:
        """Independent samples of the source, on the device of the search."""
        return Sampler(self.source, self.seed, stream, device=self.products.device)
