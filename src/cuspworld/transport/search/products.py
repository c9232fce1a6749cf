"""Search of the sites with the largest <x, y_j> + h_j, exactly, within a memory budget.

On the CPU the fused kernel of `product_kernels.py` never stores a product, and neither does that of `triton_kernels.py`
on a GPU; where Triton is missing, and for more than two values, blocks of torch products as large as the budget allows
are reduced at once. No samples x sites matrix beyond the budget ever exists.
"""

import importlib.util
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import torch
from jaxtyping import Float32, Int32
from numpy import ndarray

from cuspworld.transport.search import product_kernels as kernels

_CACHE_BYTES = 256 * 1024  # sites that stay in a core's second-level cache while the samples pass
_SHORTEST_PIECE = 1 << 26  # multiply-adds: about a millisecond, below which a second thread costs more than it brings
_LONGEST_CALL = 1 << 38  # multiply-adds: a few seconds a core, after which Ctrl-C is heard


class Products:
    """The sites y_j in the layout that the search reads. The heights change between calls, the sites do not.

    **Arguments**: `points` (sites, dimension); `device` "cpu" or a torch CUDA device; `memory_budget` in bytes, for the
    sites and the temporary arrays together; `threads`, None for torch's number.
    """

    def __init__(
        self,
        points: Float32[ndarray, "sites dimension"],
        device: str = "cpu",
        memory_budget: int = 1 << 30,
        threads: int | None = None,
    ):
        self.sites, self.dimension = points.shape
        self.device = device
        self.threads = threads or torch.get_num_threads()
        left = max(memory_budget - points.nbytes, memory_budget // 8)
        if device == "cpu":
            self._packed = kernels.pack(np.ascontiguousarray(points), kernels.SITES)
            # a sample costs its row four times while it is drawn and packed, and three results
            by_budget = left // (16 * self.dimension + 64)
            by_time = self.threads * _LONGEST_CALL // (self.sites * self.dimension)
            self.samples_at_once = max(kernels.SAMPLES, min(by_budget, by_time))
        else:
            self._points = torch.from_numpy(np.ascontiguousarray(points)).to(device)
            row = 16 * self.dimension + 64 + (0 if self._fused else 8 * self.sites)
            self.samples_at_once = max(1, left // row)
            self._block_of_samples = max(1, left // (8 * self.sites + 8 * self.dimension))

    def top2(
        self, samples: Any, heights: Float32[ndarray, " sites"]
    ) -> tuple[Float32[ndarray, " samples"], Float32[ndarray, " samples"], Int32[ndarray, " samples"]]:
        """Best value, second value (-inf if there is one site) and index of the best site for each of the samples."""
        if self.device != "cpu":
            values, index = self._on_device(samples, heights, 2)
            return values[:, 0].copy(), values[:, 1].copy(), index[:, 0].copy()

        def work(rows: ndarray) -> tuple[ndarray, ndarray, ndarray]:
            packed = kernels.pack(rows, kernels.SAMPLES)
            size = packed.size // self.dimension
            best = np.full(size, -np.inf, np.float32)
            second, index = best.copy(), np.zeros(size, np.int32)
            kernels.top2(packed, self._packed, padded, self.dimension, self._block(), best, second, index)
            return best[: len(rows)], second[: len(rows)], index[: len(rows)]

        padded = self._padded(heights)
        best, second, index = self._threaded(work, samples)
        return best, second, index

    def top_k(
        self, samples: Any, heights: Float32[ndarray, " sites"], k: int
    ) -> tuple[Float32[ndarray, "samples k"], Int32[ndarray, "samples k"]]:
        """The k largest values of each sample in falling order, and their sites; k is at most the number of sites."""
        if self.device != "cpu":
            return self._on_device(samples, heights, k)

        def work(rows: ndarray) -> tuple[ndarray, ndarray]:
            packed = kernels.pack(rows, kernels.SAMPLES)
            values = np.full((packed.size // self.dimension, k), -np.inf, np.float32)
            index = np.zeros(values.shape, np.int32)
            kernels.top_k(packed, self._packed, padded, self.dimension, self._block(), values, index)
            return values[: len(rows)], index[: len(rows)]

        padded = self._padded(heights)
        values, index = self._threaded(work, samples)
        return values, index

    @property
    def _fused(self) -> bool:
        """Is there a Triton to run on this GPU?"""
        return torch.device(self.device).type == "cuda" and importlib.util.find_spec("triton") is not None

    def _block(self) -> int:
        return max(1, _CACHE_BYTES // (4 * self.dimension * kernels.SITES))

    def _padded(self, heights: ndarray) -> ndarray:
        padded = np.full(self._packed.size // self.dimension, -np.inf, np.float32)
        padded[: self.sites] = heights
        return padded

    def _threaded(self, work: Any, samples: Any) -> list[ndarray]:
        rows = np.ascontiguousarray(samples, dtype=np.float32)  # (samples, dimension); a CPU tensor is read in place
        threads = min(self.threads, max(1, rows.size * self.sites // _SHORTEST_PIECE))
        share = -(-len(rows) // (threads * kernels.SAMPLES)) * kernels.SAMPLES
        pieces = [rows[at : at + share] for at in range(0, len(rows), max(share, 1))] or [rows]
        if len(pieces) == 1:
            return list(work(pieces[0]))
        with ThreadPoolExecutor(threads) as pool:
            return [np.concatenate(parts) for parts in zip(*pool.map(work, pieces), strict=True)]

    def _on_device(self, samples: Any, heights: ndarray, k: int) -> tuple[ndarray, ndarray]:
        height = torch.from_numpy(heights).to(self.device)
        tensor = torch.as_tensor(samples, dtype=torch.float32, device=self.device)
        values = torch.full((len(tensor), k), -torch.inf, device=self.device)
        index = torch.zeros((len(tensor), k), dtype=torch.int32, device=self.device)
        if k == 2 and self._fused:
            from cuspworld.transport.search import triton_kernels

            values[:, 0], values[:, 1], index[:, 0] = triton_kernels.top2(tensor, self._points, height)
            return values.cpu().numpy(), index.cpu().numpy()
        for at in range(0, len(tensor), self._block_of_samples):
            part = slice(at, at + self._block_of_samples)
            product = torch.addmm(height, tensor[part], self._points.T)  # (part, sites)
            if k > 2:
                top = product.topk(min(k, self.sites), dim=1)
                values[part, : self.sites], index[part, : self.sites] = top.values, top.indices.int()
                continue
            best = product.max(dim=1)
            values[part, 0], index[part, 0] = best.values, best.indices.int()
            if k == 2 and self.sites > 1:
                product.scatter_(1, best.indices[:, None], -torch.inf)
                runner_up = product.max(dim=1)
                values[part, 1], index[part, 1] = runner_up.values, runner_up.indices.int()
        return values.cpu().numpy(), index.cpu().numpy()
