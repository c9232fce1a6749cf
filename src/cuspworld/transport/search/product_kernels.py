"""Fused products and maxima: the largest values of <x, y_j> + h_j over all sites j, without the matrix of products.

A tile of SAMPLES samples times SITES sites lives in vector registers, one sample a lane; its products are compared and
forgotten. The tile is written as LLVM vector code (through numba's `intrinsic`), so one source serves every processor:
LLVM turns a vector into AVX-512, AVX2, NEON or plain instructions. Only the tile's size is chosen by the processor.
The scheme is that of Goto and van de Geijn (2008), "Anatomy of high-performance matrix multiplication", with the
maximum in place of the store.
"""

import llvmlite.binding
import numpy as np
from llvmlite import ir
from numba import njit
from numba.core import types
from numba.extending import intrinsic


def _tile_for_this_processor() -> tuple[int, int, int]:
    """(lanes of a vector, vectors of samples, sites) such that accumulators and operands just fit the registers."""
    try:
        features = llvmlite.binding.get_host_cpu_features()
    except RuntimeError:  # LLVM does not know this processor
        features = {}
    if features.get("avx512f"):
        return 16, 2, 12  # 24 of 32 registers accumulate
    if features.get("avx"):
        return 8, 2, 6  # 12 of 16
    return 4, 2, 8  # NEON and others: 16 of 32


LANES, VECTORS, SITES = _tile_for_this_processor()
SAMPLES = LANES * VECTORS

_FLOAT, _INT32, _INT64 = ir.FloatType(), ir.IntType(32), ir.IntType(64)
_FLOATS, _INTS = ir.VectorType(_FLOAT, LANES), ir.VectorType(_INT32, LANES)


def _splat(builder, scalar, vector_type):
    """A vector whose lanes all hold `scalar`."""
    undefined = ir.Constant(vector_type, ir.Undefined)
    first = builder.insert_element(undefined, scalar, ir.Constant(_INT32, 0))
    return builder.shuffle_vector(first, undefined, ir.Constant(ir.VectorType(_INT32, LANES), [0] * LANES))


def _address(context, builder, array_type, array, offset):
    """Pointer to array[offset] of a contiguous one-dimensional array."""
    return builder.gep(context.make_array(array_type)(context, builder, array).data, [offset])


def _load(builder, pointer, number):
    """Vector `number` behind `pointer`; the arrays are only aligned to their elements, and LLVM must know it."""
    value = builder.load(builder.gep(pointer, [ir.Constant(_INT64, number)]))
    value.align = 4
    return value


def _store(builder, value, pointer, number):
    builder.store(value, builder.gep(pointer, [ir.Constant(_INT64, number)])).align = 4


def _products(builder, samples, sites, heights, dimension):
    """The tile's values <x, y_j> + h_j as SITES x VECTORS registers; leaves the builder after the loop."""
    start = []
    for site in range(SITES):
        height = builder.load(builder.gep(heights, [ir.Constant(_INT64, site)]))
        start.append([_splat(builder, height, _FLOATS)] * VECTORS)
    before, loop, after = builder.block, builder.append_basic_block("dimensions"), builder.append_basic_block("compare")
    builder.branch(loop)
    builder.position_at_end(loop)
    coordinate = builder.phi(_INT64)
    coordinate.add_incoming(ir.Constant(_INT64, 0), before)
    total = [[builder.phi(_FLOATS) for _ in range(VECTORS)] for _ in range(SITES)]
    sample_row = builder.gep(samples, [builder.mul(coordinate, ir.Constant(_INT64, VECTORS))])
    site_row = builder.gep(sites, [builder.mul(coordinate, ir.Constant(_INT64, SITES))])
    x = [_load(builder, sample_row, v) for v in range(VECTORS)]
    values = []
    for site in range(SITES):
        y = _splat(builder, builder.load(builder.gep(site_row, [ir.Constant(_INT64, site)])), _FLOATS)
        row = []
        for v in range(VECTORS):
            product = builder.fmul(y, x[v], flags=("contract",))  # "contract": a fused multiply-add where there is one
            row.append(builder.fadd(product, total[site][v], flags=("contract",)))
            total[site][v].add_incoming(start[site][v], before)
            total[site][v].add_incoming(row[v], loop)
        values.append(row)
    following = builder.add(coordinate, ir.Constant(_INT64, 1))
    coordinate.add_incoming(following, loop)
    builder.cbranch(builder.icmp_signed("<", following, dimension), loop, after)
    builder.position_at_end(after)
    return values


@intrinsic
def _tile_top2(typingctx, samples, sample_at, sites, site_at, heights, first, dimension, best, second, index, state_at):
    """Merge one tile into the running best value, second value and index of best of its samples."""
    long = types.int64
    signature = types.void(samples, long, sites, long, heights, long, long, best, second, index, long)

    def generate(context, builder, signature, arguments):
        kinds = signature.args
        samples, sample_at, sites, site_at, heights, first, dimension, best, second, index, state_at = arguments
        x = builder.bitcast(_address(context, builder, kinds[0], samples, sample_at), _FLOATS.as_pointer())
        y = _address(context, builder, kinds[2], sites, site_at)
        h = _address(context, builder, kinds[4], heights, first)
        state = [
            builder.bitcast(_address(context, builder, kinds[7], best, state_at), _FLOATS.as_pointer()),
            builder.bitcast(_address(context, builder, kinds[8], second, state_at), _FLOATS.as_pointer()),
            builder.bitcast(_address(context, builder, kinds[9], index, state_at), _INTS.as_pointer()),
        ]
        values = _products(builder, x, y, h, dimension)
        first = builder.trunc(first, _INT32)
        running = [[_load(builder, pointer, v) for pointer in state] for v in range(VECTORS)]
        for site in range(SITES):
            number = _splat(builder, builder.add(first, ir.Constant(_INT32, site)), _INTS)
            for v in range(VECTORS):
                value, (top, runner_up, winner) = values[site][v], running[v]
                wins = builder.fcmp_ordered(">", value, top)
                loser = builder.select(wins, top, value)
                second_wins = builder.fcmp_ordered(">", loser, runner_up)
                running[v] = [
                    builder.select(wins, value, top),
                    builder.select(second_wins, loser, runner_up),
                    builder.select(wins, number, winner),
                ]
        for v in range(VECTORS):
            for pointer, value in zip(state, running[v], strict=True):
                _store(builder, value, pointer, v)
        return context.get_dummy_value()

    return signature, generate


@intrinsic
def _tile_above(
    typingctx, samples, sample_at, sites, site_at, heights, first, dimension, floor, floor_at, values, above
):
    """Write one tile's values, and a bit for each that lies above its sample's `floor`; True if any does."""
    long = types.int64
    signature = types.boolean(samples, long, sites, long, heights, long, long, floor, long, values, above)

    def generate(context, builder, signature, arguments):
        kinds = signature.args
        samples, sample_at, sites, site_at, heights, first, dimension, floor, floor_at, out, above = arguments
        x = builder.bitcast(_address(context, builder, kinds[0], samples, sample_at), _FLOATS.as_pointer())
        y = _address(context, builder, kinds[2], sites, site_at)
        h = _address(context, builder, kinds[4], heights, first)
        floor = builder.bitcast(_address(context, builder, kinds[7], floor, floor_at), _FLOATS.as_pointer())
        zero = ir.Constant(_INT64, 0)
        out = builder.bitcast(_address(context, builder, kinds[9], out, zero), _FLOATS.as_pointer())
        above = _address(context, builder, kinds[10], above, zero)
        tile = _products(builder, x, y, h, dimension)
        any_bit = ir.Constant(_INT32, 0)
        for site in range(SITES):
            for v in range(VECTORS):
                slot = site * VECTORS + v
                bits = builder.fcmp_ordered(">", tile[site][v], _load(builder, floor, v))
                bits = builder.zext(builder.bitcast(bits, ir.IntType(LANES)), _INT32)
                _store(builder, tile[site][v], out, slot)
                builder.store(bits, builder.gep(above, [ir.Constant(_INT64, slot)]))
                any_bit = builder.or_(any_bit, bits)
        return builder.icmp_unsigned("!=", any_bit, ir.Constant(_INT32, 0))

    return signature, generate


@njit(nogil=True, cache=True)
def pack(rows, width):
    """(n, d) rows -> panels of `width` rows, (panels, d, width) flattened; the last panel is filled with zeros."""
    count, dimension = rows.shape
    panels = (count + width - 1) // width
    packed = np.zeros(panels * dimension * width, np.float32)
    for row in range(count):
        at = (row // width) * dimension * width + row % width
        for k in range(dimension):
            packed[at + k * width] = rows[row, k]
    return packed


@njit(nogil=True, cache=True)
def top2(samples, sites, heights, dimension, block, best, second, index):
    """Best value, second value and index of best for every sample of the packed `samples`.

    `sites` and `heights` are packed by SITES (the padding's heights are -inf); `best`, `second` and `index` are as long
    as the padded samples and hold -inf, -inf and 0. `block` panels of sites stay in the cache while all samples pass.
    """
    sample_panels, site_panels = best.size // SAMPLES, heights.size // SITES
    start = 0
    while start < site_panels:
        stop = min(start + block, site_panels)
        for s in range(sample_panels):
            for p in range(start, stop):
                _tile_top2(
                    samples,
                    s * dimension * SAMPLES,
                    sites,
                    p * dimension * SITES,
                    heights,
                    p * SITES,
                    dimension,
                    best,
                    second,
                    index,
                    s * SAMPLES,
                )
        start = stop


@njit(nogil=True, cache=True)
def top_k(samples, sites, heights, dimension, block, values, index):
    """The largest values of every sample in falling order; `values` (padded samples, k) holds -inf, `index` holds 0."""
    sample_panels, site_panels, k = values.shape[0] // SAMPLES, heights.size // SITES, values.shape[1]
    floor = np.full(values.shape[0], -np.inf, np.float32)
    tile = np.empty(SITES * SAMPLES, np.float32)
    above = np.empty(SITES * VECTORS, np.int32)
    start = 0
    while start < site_panels:
        stop = min(start + block, site_panels)
        for s in range(sample_panels):
            for p in range(start, stop):
                if not _tile_above(
                    samples,
                    s * dimension * SAMPLES,
                    sites,
                    p * dimension * SITES,
                    heights,
                    p * SITES,
                    dimension,
                    floor,
                    s * SAMPLES,
                    tile,
                    above,
                ):
                    continue
                for slot in range(SITES * VECTORS):
                    bits = above[slot]
                    lane = 0
                    while bits != 0:
                        if bits & 1:
                            sample = s * SAMPLES + (slot % VECTORS) * LANES + lane
                            value = tile[slot * LANES + lane]
                            if value > values[sample, k - 1]:
                                at = k - 1
                                while at > 0 and value > values[sample, at - 1]:
                                    values[sample, at] = values[sample, at - 1]
                                    index[sample, at] = index[sample, at - 1]
                                    at -= 1
                                values[sample, at] = value
                                index[sample, at] = p * SITES + slot // VECTORS
                                floor[sample] = values[sample, k - 1]
                        bits >>= 1
                        lane += 1
        start = stop
