"""Semi-discrete transport on a GPU: wall seconds to an error of the cell masses, ours beside OTT-JAX on the same GPU.

    pip install 'cuspworld[benchmarks]' 'jax[cuda12]'      # beside a CUDA build of torch, which brings Triton
    python benchmarks/brenier_gpu.py                        # N = 100,000 in 64 dimensions to 0.1
    python benchmarks/brenier_gpu.py --device cpu:0 --rows 1000,8    # the GPU's path in torch, to try the script

The problem, the judge and OTT-JAX's settings are those of `brenier.py`; wall seconds instead of CPU seconds. The floor
is N / error^2 independent samples at the pair rate measured here; the pair rate stands over that of torch's matrix
product in full precision.
"""

import argparse
import contextlib
import time
from importlib.util import find_spec

import numpy as np
import torch

from brenier_peers import Judge, Race, ott, ours, targets
from cuspworld.transport.search.products import Products

SEED = 3


def pair_rate(points: np.ndarray, device: str) -> tuple[float, float]:
    """Pairs (sample, site) a second of the fused search, and multiply-adds a second of torch's float32 product."""
    products, heights = Products(points, device), np.zeros(len(points), np.float32)
    x = torch.rand(min(1 << 16, max(1024, (1 << 33) // points.size)), points.shape[1], device=device) - 0.5
    square = torch.randn(4096, 4096, device=device)
    results = []
    for work, amount in (
        (lambda: products.top2(x, heights), len(x) * len(points)),
        (lambda: float((square @ square)[0, 0]), 4096**3),
    ):
        work()
        began = time.perf_counter()
        for _ in range(3):
            work()  # both hand a number to the CPU: the GPU is done
        results.append(3 * amount / (time.perf_counter() - began))
    return results[0], results[1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--rows", nargs="+", default=["100000,64"], metavar="N,d")
    parser.add_argument("--goal", type=float, default=0.1)
    parser.add_argument("--peer-factor", type=float, default=20.0, help="OTT-JAX's time over ours")
    parser.add_argument("--quick", action="store_true", help="N = 1,000, d = 8")
    options = parser.parse_args()
    rows = ["1000,8"] if options.quick else options.rows
    if torch.device(options.device).type == "cuda" and not torch.cuda.is_available():
        print("torch finds no CUDA device here: nothing was measured")
        return
    name = torch.cuda.get_device_name(options.device) if "cuda" in options.device else "CPU"
    threads, race_ott = torch.get_num_threads(), find_spec("ott") is not None
    print(f"{name}, torch {torch.__version__}" + ("" if race_ott else "; OTT-JAX is not installed: it is left out"))
    if race_ott:
        import jax

        print(f"OTT-JAX runs on {jax.devices()[0]}")
    for row in rows:
        count, dimension = (int(part) for part in row.split(","))
        points = targets(count, dimension, SEED)
        rate, product = pair_rate(points, options.device)
        floor = count / options.goal**2 * count / rate
        judge = Judge(points, threads, options.goal, options.device)
        race = Race(judge, (options.goal,), 3600.0, time.perf_counter)
        certified = ours(points, race, SEED, threads, device=options.device)
        found = race.reached(options.goal) or np.nan
        print(
            f"{count} x {dimension}: {rate / 1e9:.1f} G pairs/s ({rate * dimension / product:.2f} of torch's product), "
            f"ours to {options.goal}: {found:.2f} s ({found / floor:.2f} of the floor), certified at {certified:.2f} s"
        )
        for setting, run in ott(points, SEED, threads) if race_ott else ():
            peer = Race(judge, (options.goal,), options.peer_factor * found, time.perf_counter)
            with contextlib.suppress(Race.Over):
                run(peer)
            reached = peer.reached(options.goal)
            result = f"{reached:.2f} s ({reached / found:.0f}x)" if reached else f"-> {peer.best:.2f}"
            print(f"    OTT-JAX, {setting}: {result}", flush=True)


if __name__ == "__main__":
    main()
