"""The processor's peak of float32 multiply-adds on one core: a loop that touches registers alone.

Twelve independent vectors go through fused multiply-adds, enough to hide their latency, so nothing but the number of
vector units and their clock bounds it. A matrix library may lie far below: it need not use the widest vectors of
another maker's processor.
"""

import argparse
import time

import numpy as np
from llvmlite import ir
from numba import njit
from numba.core import types
from numba.extending import intrinsic

from cuspworld.transport.search.product_kernels import LANES
from results import Table, add_argument

CHAINS = 12  # independent vectors: latency 4 x two units, and some to spare; they fit 16 registers


@intrinsic
def _multiply_adds(typingctx, factor, rounds):
    """The sum of all lanes after `rounds` of v <- v * factor + factor on CHAINS vectors."""
    signature = types.float32(types.float32, types.int64)

    def generate(context, builder, signature, arguments):
        factor, rounds = arguments
        single, long = ir.FloatType(), ir.IntType(64)
        vector = ir.VectorType(single, LANES)
        first = builder.insert_element(ir.Constant(vector, ir.Undefined), factor, ir.Constant(ir.IntType(32), 0))
        splat = builder.shuffle_vector(first, first, ir.Constant(ir.VectorType(ir.IntType(32), LANES), [0] * LANES))
        before, loop, after = builder.block, builder.append_basic_block("loop"), builder.append_basic_block("after")
        builder.branch(loop)
        builder.position_at_end(loop)
        left = builder.phi(long)
        left.add_incoming(rounds, before)
        chains = [builder.phi(vector) for _ in range(CHAINS)]
        following = []
        for number, chain in enumerate(chains):
            chain.add_incoming(ir.Constant(vector, [float(number)] * LANES), before)
            value = chain
            for _ in range(8):  # unrolled: the counter costs nothing
                product = builder.fmul(value, splat, flags=("contract",))
                value = builder.fadd(product, splat, flags=("contract",))
            chain.add_incoming(value, loop)
            following.append(value)
        fewer = builder.sub(left, ir.Constant(long, 1))
        left.add_incoming(fewer, loop)
        builder.cbranch(builder.icmp_signed(">", fewer, ir.Constant(long, 0)), loop, after)
        builder.position_at_end(after)
        total = following[0]
        for value in following[1:]:
            total = builder.fadd(total, value)
        result = builder.extract_element(total, ir.Constant(ir.IntType(32), 0))
        for lane in range(1, LANES):
            result = builder.fadd(result, builder.extract_element(total, ir.Constant(ir.IntType(32), lane)))
        return result

    return signature, generate


@njit
def _run(factor, rounds):
    return _multiply_adds(factor, rounds)


def processor_peak(rounds: int = 1_000_000, repeats: int = 5) -> float:
    """Multiply-adds a CPU second, the best of some repeats."""
    factor, best = np.float32(0.5), 0.0
    _run(factor, 10)
    for _ in range(repeats):
        began = time.process_time()
        _run(factor, rounds)
        best = max(best, rounds * 8 * CHAINS * LANES / (time.process_time() - began))
    return best


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="the same: it takes a second")
    add_argument(parser)
    with Table("processor_peak", parser.parse_args().save) as table:
        table.add({"G multiply-adds a CPU second": processor_peak() / 1e9, "lanes of a vector": LANES})


if __name__ == "__main__":
    main()
