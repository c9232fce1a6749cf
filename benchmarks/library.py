"""How fast is a library: ingest against decoding alone, the loader's start and its decode, memory as the clips grow,
encoding against the codec alone?

    python benchmarks/library.py                # 60 videos of 256 x 256, 100,000 clips
    python benchmarks/library.py --quick        # 10 videos, 2,000 clips
    python benchmarks/library.py --videos FOLDER  # these instead, as they are
    python benchmarks/library.py --save

Ingest: CPU time of `Library.ingest` (files kept as they came, shots found, copies marked) against decoding the same
files once to frames of their own size, and against FFmpeg's decoder alone, whose pictures nobody sees. Loader: the
videos above, read by two threads; the share of the threads' time inside decoding, and of all CPU time of the process.
A library of many small clips (16 x 16 pixels, exact frames): the time from opening to the first batch of 16, in a fresh
process, and the largest resident size of that process. Encode: CPU time of `encode` on recorded clips against the codec
on the same frames in memory, both in one process and with one thread.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import cycle
from pathlib import Path
from unittest import mock

import av
import numpy as np

from cuspworld import Clip, Library
from cuspworld.library import kept
from cuspworld.library.schema import row_of
from cuspworld.library.work import commit, write_rows
from cuspworld.memory import own_peak
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


def load(path: Path) -> dict[str, float]:
    """In this process: seconds to the first batch, and megabytes resident after 40."""
    began = time.perf_counter()
    loader = Library.open(path)[:].batches(16, threads=2, seed=0)
    next(loader)
    first = time.perf_counter() - began
    for _, _ in zip(range(40), loader, strict=False):
        pass
    return {"first": first, "megabytes": own_peak() / 2**20}


def fresh(path: Path) -> dict[str, float]:
    command = [sys.executable, __file__, "--load", str(path)]
    return json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()[-1])


@contextmanager
def watched() -> Iterator[dict[str, float]]:
    """Wall and CPU seconds that all threads together spend inside the decoding of kept files."""
    spent, lock, read = {"wall": 0.0, "cpu": 0.0}, threading.Lock(), Clip.read

    def timed(*arguments: object, **options: object) -> Clip:
        wall, cpu = time.perf_counter(), time.thread_time()
        clip = read(*arguments, **options)
        with lock:
            spent["wall"] += time.perf_counter() - wall
            spent["cpu"] += time.thread_time() - cpu
        return clip

    with mock.patch.object(kept.Clip, "read", timed):
        yield spent


def busy(library: Library, clips: int) -> dict[str, float]:
    """Two threads that read `clips` clips of kept files: shares of their time, and of the process's, in decoding."""
    places = [k for k, _ in zip(cycle(range(len(library))), range(clips), strict=False)]

    class Again(list):
        def __getitem__(self, place: int) -> Clip:
            return library[places[place]]

    from cuspworld.library.loader import batches

    with watched() as spent:
        wall, cpu = time.perf_counter(), time.process_time()
        for _ in batches(Again(places), 4, threads=2):
            pass
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return {"threads": spent["wall"] / wall / 2, "process": spent["cpu"] / cpu}


def cpu_of(work: object) -> float:
    begin = time.process_time()
    work()
    return time.process_time() - begin


def decoded(files: list[Path]) -> int:
    count = 0
    for path in files:
        with VideoFile(path) as video:
            count += sum(1 for _ in video.frames(partial=True))
    return count


def bare(files: list[Path]) -> None:
    for path in files:
        with av.open(str(path)) as container:
            for _ in container.decode(video=0):
                pass


def encoding(folder: Path, clips: int) -> float:
    """CPU time of `encode` over the codec's own on the same clips."""
    import torch  # here: the process that measures the loader's memory has none

    from cuspworld.codec.codec import Codec
    from cuspworld.curation.encoding import encode, latents_of

    torch.set_num_threads(1)
    codec = Codec.from_pretrained("worlds")
    library = Library.create(folder / "worlds.lance")
    library.record("Juice", clips, seconds=2.0, fps=10, size=64)
    frames = list(library[:].without_truth())
    latents_of(codec, frames[0])
    alone = cpu_of(lambda: [latents_of(codec, clip) for clip in frames])
    return cpu_of(lambda: encode(library, codec)) / alone


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--videos", type=Path, help="a folder of videos instead of drawn ones")
    parser.add_argument("--load", type=Path, help=argparse.SUPPRESS)
    add_argument(parser)
    arguments = parser.parse_args()
    if arguments.load:
        print(json.dumps(load(arguments.load)))
        return
    files, clips, coded = (10, 2_000, 16) if arguments.quick else (60, 100_000, 256)
    with tempfile.TemporaryDirectory() as name, Table("library", arguments.save) as table:

        def tell(what: str, figure: float, unit: str) -> None:
            table.add({"what": what, "figure": figure, "unit": unit})

        folder, place = arguments.videos or Path(name) / "videos", Path(name) / "ingested.lance"
        if not arguments.videos:
            folder.mkdir()
            videos(folder, files)
        found = sorted(path for path in folder.iterdir() if path.suffix in (".mp4", ".avi", ".gif", ".mov"))
        Library.create(Path(name) / "warm.lance").ingest(found[0])
        library = Library.create(place)
        alone = cpu_of(lambda: bare(found))
        frames = cpu_of(lambda: decoded(found))
        ingest = cpu_of(lambda: library.ingest(folder))
        again = cpu_of(lambda: decoded(found))
        tell("ingest over decoding to frames", round(2 * ingest / (frames + again), 2), "CPU times")
        tell("ingest over FFmpeg's decoder alone", round(ingest / alone, 2), "CPU times")
        tell("decoding to frames", round(frames / alone, 2), "times FFmpeg's decoder alone")
        shares = busy(library, 3 * len(library))
        tell("loader, kept files: inside decoding", round(100 * shares["threads"], 0), "% of two threads' time")
        tell("loader, kept files: CPU time of decoding", round(100 * shares["process"], 0), "% of the process's")
        for count in (clips // 10, clips):
            path = Path(name) / f"{count}.lance"
            many(path, count)
            seen = fresh(path)
            tell(f"loader's first batch, {count:,} clips", round(seen["first"], 2), "seconds from opening")
            tell(f"loader's memory, {count:,} clips", round(seen["megabytes"], 0), "MB resident at most")
        tell(f"encode over the codec alone, {coded} clips", round(encoding(Path(name), coded), 3), "CPU times")


if __name__ == "__main__":
    main()
