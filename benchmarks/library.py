"""How fast is a library: ingest against decoding alone, the loader's start and its decode, memory as the clips grow?

    python benchmarks/library.py                # 200 videos of 256 x 256, 100,000 clips
    python benchmarks/library.py --quick        # 20 videos, 2,000 clips
    python benchmarks/library.py --save

Ingest: CPU time of `Library.ingest` (files kept as they came, shots found, copies marked) against decoding the same
files
once to frames of their own size, and against that with the bytes read and hashed. Loader: a library of many small clips
(16 x 16 pixels, exact frames) and the videos above; the time from opening to the first batch of 16, in a fresh
process, and the share of two threads' time that goes to decoding. Memory: the largest resident size of that process.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from cuspworld import Clip, Library
from cuspworld.library.schema import row_of
from cuspworld.library.work import commit, write_rows
from cuspworld.video.read import VideoFile
from results import Table, add_argument


def videos(folder: Path, count: int) -> None:
    """Videos of 256 x 256, 48 frames: noise that drifts, so that decoding has work to do."""
    rng = np.random.default_rng(0)
    for number in range(count):
        ground = np.kron(rng.integers(0, 256, (1, 48, 48, 3), np.uint8), np.ones((1, 8, 8, 1), np.uint8))[0]
        frames = np.stack([np.roll(ground, 2 * k, 1)[:256, :256] for k in range(48)])
        Clip(frames, 24.0).write(folder / f"{number:05d}.mp4")


def many(path: Path, count: int) -> None:
    """A library of `count` small clips, written as workers write them."""
    rng = np.random.default_rng(0)
    library = Library.create(path)
    row = row_of(Clip(rng.integers(0, 256, (8, 16, 16, 3), np.uint8), 10.0, "a clip"), "", "many", "")
    for start in range(0, count, 10_000):
        rows = [{**row, "key": f"many/{k:09d}"} for k in range(start, min(count, start + 10_000))]
        commit(str(library.path), write_rows(str(library.path), rows))


def load(path: Path, batches: int) -> dict[str, float]:
    """In this process: seconds to the first batch, share of two threads' time in decoding, megabytes resident."""
    began = time.perf_counter()
    library = Library.open(path)
    loader = library[:].batches(16, threads=2, seed=0)
    next(loader)
    first = time.perf_counter() - began
    wall, cpu, count = time.perf_counter(), time.process_time(), 0
    for batch in loader:
        count += len(batch)
        if count >= 16 * batches:
            break
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"first": first, "busy": cpu / wall / 2, "clips": count / wall, "megabytes": memory}


def fresh(path: Path, batches: int) -> dict[str, float]:
    command = [sys.executable, __file__, "--load", str(path), "--batches", str(batches)]
    return json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()[-1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--load", type=Path)
    parser.add_argument("--batches", type=int, default=40)
    add_argument(parser)
    arguments = parser.parse_args()
    if arguments.load:
        print(json.dumps(load(arguments.load, arguments.batches)))
        return
    files, clips = (20, 2_000) if arguments.quick else (200, 100_000)
    with tempfile.TemporaryDirectory() as name, Table("library", arguments.save) as table:

        def tell(what: str, figure: float, unit: str) -> None:
            table.add({"what": what, "figure": figure, "unit": unit})

        folder, place = Path(name) / "videos", Path(name) / "ingested.lance"
        folder.mkdir()
        videos(folder, files)
        warm = Library.create(Path(name) / "warm.lance")
        warm.ingest(f"{folder}/00000.mp4")
        library = Library.create(place)
        begin = time.process_time()
        frames = 0
        for path in sorted(folder.glob("*.mp4")):
            with VideoFile(path) as video:
                frames += sum(1 for _ in video.frames())
        decoding = time.process_time() - begin
        begin = time.process_time()
        library.ingest(folder)
        ingest = time.process_time() - begin
        tell("decoding alone", round(frames / decoding, 0), "frames a CPU second, 256 x 256")
        tell("ingest", round(ingest / decoding, 2), "times the CPU time of decoding alone")
        few = fresh(place, min(arguments.batches, files // 16 - 1))
        tell("loader, kept files", round(100 * few["busy"], 0), "% of two threads' time is decoding")
        for count in (clips // 10, clips):
            path = Path(name) / f"{count}.lance"
            many(path, count)
            found = fresh(path, 40)
            tell(f"loader's first batch, {count:,} clips", round(found["first"], 2), "seconds from opening")
            tell(f"loader's memory, {count:,} clips", round(found["megabytes"], 0), "MB resident at most")


if __name__ == "__main__":
    main()
