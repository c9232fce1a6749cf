"""Recording at scale: how fast, and is every clip there exactly once when workers and driver are killed at random?

    python benchmarks/record.py                  # 10,000 clips, 20 kills of the pool's and 20 of Ray's processes
    python benchmarks/record.py --quick          # 300 clips, 4 kills of the pool's

First a library is recorded undisturbed, in one process. Then `cusp record` does the same with two workers while SIGKILL
takes a worker or the driver at random moments (seeded); a killed driver is started again with the same command. At the
end every row is compared with the undisturbed library's: frames, caption and truth, byte for byte. Linux only.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

from cuspworld import Library

PORT = 6397  # of the Ray cluster that this script starts and stops
COLUMNS = ("key", "caption", "fps", "frames", "truth", "split")


def digests(library: Library) -> list[str]:
    """A hash of every row, in the library's order."""
    found = []
    for start in range(0, len(library), 256):
        part = library[start : start + 256]
        rows = zip(*(part.column(name) for name in COLUMNS), strict=True)
        found += [hashlib.sha256(repr(row).encode()).hexdigest() for row in rows]
    return found


def command_line(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""


def children(parent: int) -> list[int]:
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                after_name = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(after_name[1]) == parent:
                found.append(int(entry.name))
    return found


def pool_workers(driver: int) -> list[int]:
    return [pid for pid in children(driver) if "spawn_main" in command_line(pid)]


class RayCluster:
    """A Ray head with two workers in a folder of its own; `workers` lists the processes that record."""

    def __init__(self) -> None:
        self.ray = str(Path(sys.executable).with_name("ray"))
        self.folder = tempfile.mkdtemp(prefix="cusp-ray-", dir="/tmp")
        self.environment = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_ADDRESS": f"127.0.0.1:{PORT}"}

    def __enter__(self) -> RayCluster:
        options = ("--head", "--num-cpus=2", f"--port={PORT}", f"--temp-dir={self.folder}")
        environment = {**os.environ, "RAY_USAGE_STATS_ENABLED": "0"}
        before = set(children(1))
        command = [self.ray, "start", *options, "--include-dashboard=false", "--object-store-memory=200000000"]
        started = subprocess.run(command, env=environment, capture_output=True, text=True)
        self.processes = [pid for pid in set(children(1)) - before if self.folder in command_line(pid)]
        self.processes += [pid for pid in set(children(1)) - before if str(PORT) in command_line(pid)]
        if started.returncode != 0:
            self.__exit__()
            raise SystemExit(f"Ray did not start: {(started.stdout + started.stderr)[-2000:]}")
        return self

    def __exit__(self, *_: object) -> None:
        for kind in (signal.SIGTERM, signal.SIGKILL):
            for pid in set(self.processes):  # by id: `ray stop` would end the clusters of others
                with suppress(ProcessLookupError):
                    os.kill(pid, kind)
            time.sleep(5)
        shutil.rmtree(self.folder, ignore_errors=True)

    def workers(self, driver: int) -> list[int]:
        raylets = [pid for pid in self.processes if "/raylet " in command_line(pid)]
        return [pid for raylet in raylets for pid in children(raylet) if "record_seeds" in command_line(pid)]


def disturbed(
    path: Path,
    arguments: list[str],
    environment: dict[str, str],
    workers: Callable[[int], list[int]],
    kills: int,
    seed: int,
    longest_wait: float,
) -> dict[str, int]:
    """Run `cusp record` to its end with `kills` random kills on the way; returns how many of each there were."""
    rng = random.Random(seed)
    done = {"worker": 0, "driver": 0, "starts": 0}
    while True:
        done["starts"] += 1
        driver = subprocess.Popen(
            [sys.executable, "-m", "cuspworld", "record", *arguments, "-o", str(path)],
            env={**os.environ, **environment}, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        )  # fmt: skip
        while driver.poll() is None and done["worker"] + done["driver"] < kills:
            starting = rng.random() < 0.25  # one kill in four may fall before any worker is there
            while not starting and driver.poll() is None and not workers(driver.pid):
                time.sleep(0.05)
            try:
                driver.wait(rng.uniform(0, longest_wait))
            except subprocess.TimeoutExpired:
                victims = workers(driver.pid) if rng.random() < 0.5 else []
                victim = rng.choice(victims) if victims else driver.pid
                os.kill(victim, signal.SIGKILL)
                done["driver" if victim == driver.pid else "worker"] += 1
        _, complaint = driver.communicate()
        if driver.returncode == 0:
            return done
        if driver.returncode != -signal.SIGKILL:
            raise SystemExit(f"the driver ended with {driver.returncode}: {complaint.decode()[-2000:]}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--world", default="Collision")
    parser.add_argument("-n", type=int, default=10_000)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--wait", type=float, default=3.0, help="longest time from work to kill, in seconds")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", choices=("pool", "ray"))
    parser.add_argument("--quick", action="store_true", help="300 clips, 4 kills, the pool alone")
    arguments = parser.parse_args()
    n, kills, only = (300, 4, "pool") if arguments.quick else (arguments.n, arguments.kills, arguments.only)
    os.environ.setdefault("OMP_NUM_THREADS", "1")

    with tempfile.TemporaryDirectory() as folder:
        whole = Library.create(Path(folder) / "whole.lance")
        Library.create(Path(folder) / "first.lance").record(arguments.world, 1)  # numba's compilation is not counted
        start, cpu = time.perf_counter(), time.process_time()
        whole.record(arguments.world, n)
        wall, cpu = time.perf_counter() - start, time.process_time() - cpu
        truth = digests(whole)
        frames = sum(whole.column("time"))
        size = sum(file.stat().st_size for file in whole.path.rglob("*") if file.is_file())
        print(f"{arguments.world}, {n} clips, {frames} frames: {frames / cpu:.0f} frames per CPU second recorded and")
        print(f"stored, {wall:.0f} s of wall time, {size / frames:.0f} bytes a frame with truth\n", flush=True)
        print(f"{'workers':<8} {'wall s':>7} {'worker kills':>13} {'driver kills':>13} {'starts':>7} {'clips':>6} "
              f"{'twice':>6} {'missing':>8} {'same bytes':>11}")  # fmt: skip
        same = True
        for kind in ("pool", "ray"):
            if only not in (None, kind):
                continue
            if kind == "ray" and find_spec("ray") is None:
                print("ray      is not installed: pip install 'cuspworld[cluster]'")
                continue
            path = Path(folder) / f"{kind}.lance"
            asked = [arguments.world, "-n", str(n), "--workers", "2" if kind == "pool" else "ray"]
            common = {"kills": kills, "seed": arguments.seed, "longest_wait": arguments.wait}
            start = time.perf_counter()
            if kind == "pool":
                done = disturbed(path, asked, {}, pool_workers, **common)
            else:
                with RayCluster() as cluster:
                    done = disturbed(path, asked, cluster.environment, cluster.workers, **common)
            wall = time.perf_counter() - start
            library = Library.open(path)
            found, keys = digests(library), library.column("key")
            twice, missing = len(keys) - len(set(keys)), len(set(truth) - set(found))
            same &= found == truth
            verdict = "yes" if found == truth else "NO"
            print(f"{kind:<8} {wall:>7.0f} {done['worker']:>13} {done['driver']:>13} {done['starts']:>7} "
                  f"{len(found):>6} {twice:>6} {missing:>8} {verdict:>11}", flush=True)  # fmt: skip
        if not same:
            raise SystemExit("some clips differ from those of the undisturbed run")


if __name__ == "__main__":
    main()
