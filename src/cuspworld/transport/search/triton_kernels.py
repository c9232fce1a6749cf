"""The fused product and maximum on a GPU: a Triton kernel that keeps the best and second-best value of each sample.

The same scheme as `product_kernels.py`: a tile of samples passes over all sites, a tile of products is compared where
it was made, and no samples x sites matrix exists. Imported only where a CUDA device is asked for and Triton is
installed; `products.py` falls back to blocks of torch products.
"""

import torch
import triton
import triton.language as tl
from jaxtyping import Float32, Int32
from torch import Tensor

TILE_SAMPLES, TILE_SITES = 64, 128


@triton.jit
def _top2(
    samples,
    sites,
    heights,
    best_out,
    second_out,
    index_out,
    number_of_samples,
    number_of_sites,
    dimension,
    SAMPLES: tl.constexpr,
    SITES: tl.constexpr,
    COORDINATES: tl.constexpr,
    PRECISION: tl.constexpr,
):
    row = tl.program_id(0) * SAMPLES + tl.arange(0, SAMPLES)
    row_inside = row < number_of_samples
    lane = tl.arange(0, SITES)
    best = tl.full((SAMPLES,), float("-inf"), tl.float32)
    second = tl.full((SAMPLES,), float("-inf"), tl.float32)
    index = tl.zeros((SAMPLES,), tl.int32)
    for start in range(0, number_of_sites, SITES):
        column = start + lane
        column_inside = column < number_of_sites
        value = tl.zeros((SAMPLES, SITES), tl.float32)
        for first in range(0, dimension, COORDINATES):
            coordinate = first + tl.arange(0, COORDINATES)
            inside = coordinate < dimension
            x = tl.load(
                samples + row.to(tl.int64)[:, None] * dimension + coordinate[None, :],
                mask=row_inside[:, None] & inside[None, :],
                other=0.0,
            )
            y = tl.load(
                sites + column.to(tl.int64)[None, :] * dimension + coordinate[:, None],
                mask=column_inside[None, :] & inside[:, None],
                other=0.0,
            )
            value = tl.dot(x, y, value, input_precision=PRECISION)
        value += tl.load(heights + column, mask=column_inside, other=float("-inf"))[None, :]
        top = tl.max(value, axis=1)
        winner = tl.argmax(value, axis=1)
        runner_up = tl.max(tl.where(lane[None, :] == winner[:, None], float("-inf"), value), axis=1)
        second = tl.maximum(tl.minimum(best, top), tl.maximum(second, runner_up))
        index = tl.where(top > best, start + winner, index)
        best = tl.maximum(best, top)
    tl.store(best_out + row, best, mask=row_inside)
    tl.store(second_out + row, second, mask=row_inside)
    tl.store(index_out + row, index, mask=row_inside)


def top2(
    samples: Float32[Tensor, "samples dimension"],
    sites: Float32[Tensor, "sites dimension"],
    heights: Float32[Tensor, " sites"],
) -> tuple[Float32[Tensor, " samples"], Float32[Tensor, " samples"], Int32[Tensor, " samples"]]:
    """Best value, second value (-inf if there is one site) and index of the best site of each sample, on the GPU."""
    samples, count = samples.contiguous(), len(samples)
    best, second = samples.new_empty(count), samples.new_empty(count)
    index = torch.empty(count, dtype=torch.int32, device=samples.device)
    if count == 0:
        return best, second, index
    dimension = samples.shape[1]
    # one TF32 product would mistake the best site where the gap to the second is small; three keep 21 bits of 24
    tensor_cores = (
        samples.is_cuda and torch.version.hip is None and torch.cuda.get_device_capability(samples.device)[0] >= 8
    )
    _top2[(triton.cdiv(count, TILE_SAMPLES),)](
        samples,
        sites,
        heights,
        best,
        second,
        index,
        count,
        len(sites),
        dimension,
        SAMPLES=TILE_SAMPLES,
        SITES=TILE_SITES,
        COORDINATES=16 if dimension <= 16 else 32,
        PRECISION="tf32x3" if tensor_cores else "ieee",
    )
    return best, second, index
