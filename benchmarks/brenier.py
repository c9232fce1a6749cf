"""Semi-discrete transport beside its peers: CPU seconds to an error of the cell masses, in one run.

    pip install POT ott-jax -c constraints.txt
    python benchmarks/brenier.py                            # all rows, one thread
    python benchmarks/brenier.py --threads 1 2              # on one thread, then on two
    python benchmarks/brenier.py --rows 1000,8 50000,32 --no-peers

Source uniform on the cube, targets in ten clusters (seed 3; seeds 1 and 2 were for tuning ours). The error is the RMS
relative error of the cell masses, estimated without bias on one independent sample, the same for all; judging is not
counted. CPU seconds are those of all threads together, which other work on the machine does not stretch. Below 10,000
sites a peer gets 60 times our time and each of its settings a quarter of that, from there on 80 s and an eighth of it;
the setting with the least error then gets all of it, from the start. In brackets: its time over ours. The floor is what
independent samples allow: N / error^2 of them, at the pair rate measured here. From 50,000 sites on, and in
512 dimensions, ours runs alone; at 100,000 x 512 to a looser goal, whose certificate is not waited for.
"""

import argparse
import contextlib
import os
import platform
import subprocess
import sys
import time
from dataclasses import dataclass
from importlib.util import find_spec

POOLS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
for name in POOLS:
    os.environ.setdefault(name, "1")
if os.environ["OMP_NUM_THREADS"] == "1":
    os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false")

import numpy as np  # noqa: E402
import torch  # noqa: E402

from brenier_peers import Judge, Race, fresh, ott, ours, pot, pyomt, targets  # noqa: E402
from cuspworld.transport.search.products import Products  # noqa: E402
from processor_peak import processor_peak  # noqa: E402


@dataclass(frozen=True)
class Row:
    """One problem: the errors to reach, the last one certified if wanted, and whether the peers race."""

    count: int
    dimension: int
    goals: tuple[float, ...] = (0.1, 0.05)
    certify: bool = True
    peers: bool = True


ROWS = [
    *(Row(1000, d) for d in (8, 32, 128)),
    *(Row(4000, d) for d in (8, 32)),
    *(Row(10_000, d, (0.1,)) for d in (8, 32, 128)),
    Row(10_000, 512, (0.1,), True, False),
    Row(50_000, 32, (0.1,), True, False),
    Row(100_000, 64, (0.3, 0.1), True, False),
    Row(100_000, 512, (0.5,), False, False),
]
SEED = 3
PEERS = {  # by name: the module that it needs, and its settings
    "pyOMT's": ("torch", pyomt),
    "POT": ("ot", pot),
    "OTT-JAX": ("ott", ott),
    "AE-OT, fresh": ("torch", fresh),
}


def rate(work, pairs: float, *operands, seconds: float = 0.4) -> float:
    """Pairs (sample, site) a CPU second."""
    work(*operands)
    began, rounds = time.process_time(), 0
    while time.process_time() - began < seconds:
        work(*operands)
        rounds += 1
    return rounds * pairs / (time.process_time() - began)


def gemm_peak() -> float:
    """Multiply-adds a CPU second of torch's or NumPy's matrix product, the faster one at the size that suits it."""
    rates = []
    for n in (1024, 2048, 4096):
        one, other = torch.randn(n, n), torch.randn(n, n)
        rates += [rate(torch.mm, n**3, one, other), rate(np.matmul, n**3, one.numpy(), other.numpy())]
    return max(rates)


def pair_rates(rows: list[Row], threads: int) -> dict[Row, float]:
    product, peak, rates = gemm_peak(), processor_peak(), {}
    print("\npairs (sample x site) a CPU second, in 10^9; G multiply-adds a CPU second: ", end="")
    print(f"{product / 1e9:.1f} the best matrix product, {peak / 1e9:.1f} the processor's peak\n")
    print(f"{'N':>6} {'d':>4} | {'ours':>6} {'addmm+max':>9} | ours over what the product and the peak allow")
    for row in rows:
        count, dimension = row.count, row.dimension
        points = targets(count, dimension, SEED)
        samples = int(np.clip(4e9 / (count * dimension), 512, 16384))
        x, h = torch.rand(samples, dimension) - 0.5, torch.zeros(count)
        products, transposed = Products(points, threads=threads), torch.from_numpy(points).T
        rates[row] = rate(products.top2, samples * count, x, h.numpy())
        few = x[: max(1, min(samples, 10**7 // count))]
        plain = rate(lambda *operands: torch.addmm(*operands).max(1), len(few) * count, h, few, transposed)
        done = rates[row] * dimension
        print(f"{count:>6} {dimension:>4} | {rates[row] / 1e9:>6.2f} {plain / 1e9:>9.2f} |", end="")
        print(f" {done / product:>20.2f} {done / peak:>12.2f}", flush=True)
    return rates


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="N = 1,000, d = 8 and 32")
    parser.add_argument("--rows", nargs="+", metavar="N,d", help="only these rows")
    parser.add_argument("--threads", type=int, nargs="+", default=[1], help="a table for each number")
    parser.add_argument("--factor", type=float, default=60.0, help="the peers' time over ours, below 10,000 sites")
    parser.add_argument("--peer-seconds", type=float, default=80.0, help="CPU seconds of a peer from 10,000 sites on")
    parser.add_argument("--no-peers", action="store_true")
    arguments = parser.parse_args()
    rows = ROWS[:2] if arguments.quick else ROWS
    if arguments.rows:
        wanted = {tuple(int(part) for part in row.split(",")) for row in arguments.rows}
        rows = [row for row in ROWS if (row.count, row.dimension) in wanted]
        if len(rows) < len(wanted):
            parser.error("--rows takes " + " ".join(f"{row.count},{row.dimension}" for row in ROWS))
    if len(arguments.threads) > 1:  # thread pools are set up once a process
        given, own = sys.argv[1:], [str(number) for number in arguments.threads]
        at = given.index("--threads")
        for threads in own:
            rest = given[:at] + given[at + 1 + len(own) :]
            environment = dict(os.environ, **{name: threads for name in POOLS})
            subprocess.run([sys.executable, __file__, *rest, "--threads", threads], check=True, env=environment)
        return
    table(rows, arguments.threads[0], arguments)


def table(rows: list[Row], threads: int, arguments: argparse.Namespace) -> None:
    torch.set_num_threads(threads)
    peers = {} if arguments.no_peers else PEERS
    for name, (module, _) in list(peers.items()):
        if find_spec(module) is None:
            print(f"{name} is not installed: it is left out")
            del peers[name]
    print(f"\n{platform.machine()}, {os.cpu_count()} cores, {threads} thread(s), torch {torch.__version__}")
    rates = pair_rates(rows, threads)
    warm_up(threads)
    print("\nCPU seconds to an error; '-> x': x is the least error when the time was up\n")
    heading = "".join(f" {name + ' 0.1':>18}" for name in peers)
    print(f"{'N':>6} {'d':>4} | {'0.1':>7} {'/ floor':>7} {'0.05':>7} {'/ floor':>7} {'certified':>14} |{heading}")
    for row in rows:
        line(row, threads, rates[row], peers if row.peers else {}, arguments)


def line(row: Row, threads: int, pair_rate: float, peers: dict, arguments: argparse.Namespace) -> None:
    points = targets(row.count, row.dimension, SEED)
    judge = Judge(points, threads, row.goals[-1])
    race = Race(judge, row.goals, 3600.0)
    certified = ours(points, race, SEED, threads, row.certify)
    cells = []
    for goal, column in zip(row.goals, (0.1, 0.05), strict=False):
        floor = row.count / goal**2 * row.count / pair_rate
        found = race.reached(goal) or np.nan
        cells.append(f"{found:>7.2f} {found / floor:>7.2f}" + ("" if goal == column else f" (to {goal})"))
    cells += [f"{'':>15}"] * (2 - len(cells))
    proof = f"{certified:>7.2f} ({row.goals[-1]:<4})" if certified is not None else f"{'':>14}"
    print(f"{row.count:>6} {row.dimension:>4} | {cells[0]} {cells[1]} {proof} |", end="", flush=True)
    first = race.reached(0.1) or np.nan
    limit, share = (arguments.factor * first, 4) if row.count < 10_000 else (arguments.peer_seconds, 8)
    settings = []
    for name, (_, peer) in peers.items():
        trials = []
        for setting, run in peer(points, SEED, threads):
            trials.append((Race(judge, (0.1,), limit / share), setting, run))
            with contextlib.suppress(Race.Over):
                run(trials[-1][0])
        best, setting, run = min(trials, key=lambda trial: (trial[0].reached(0.1) or np.inf, trial[0].best))
        if best.reached(0.1) is None:
            best = Race(judge, (0.1,), limit)
            with contextlib.suppress(Race.Over):
                run(best)
        settings.append(f"{name}: {setting}")
        found = best.reached(0.1)
        shown = f"{found:.2f} ({found / first:.0f}x)" if found else f"-> {best.best:.2f} (> {limit / first:.0f}x)"
        print(f" {shown:>18}", end="", flush=True)
    print(f"   best settings: {'; '.join(settings)}" if peers else "", flush=True)


def warm_up(threads: int) -> None:
    """Compile all kernels, in low and in high dimension."""
    for dimension in (8, 32):
        points = targets(300, dimension, 0)
        ours(points, Race(Judge(points, threads, 0.3), (0.3,), 60.0), 0, threads)


if __name__ == "__main__":
    main()
