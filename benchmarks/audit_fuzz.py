"""10,000 damaged video files: each gives a report or an error, never a crash, a hang or memory beyond 2 GiB.

    python benchmarks/audit_fuzz.py                    # 10,000 files (some ten minutes of a core)
    python benchmarks/audit_fuzz.py --quick            # 100 files
    python benchmarks/audit_fuzz.py --only 4711        # one file again, in this process, with its traceback

File k is always the same: one of a few small clips (mp4, mov, webm, mkv, avi, gif), changed in its container or in its
coded frames by the seed k. A worker process audits them under RLIMIT_AS (a malloc beyond it fails) and is killed after
60 s of CPU time, or half an hour asleep, on one file. Exit code 1 if anything but a report or a CuspError came out.
"""

import argparse
import collections
import json
import os
import resource
import select
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

TIMEOUT = 60.0  # seconds of CPU time a file: a busy machine makes no hang
ASLEEP = 1800.0  # seconds of wall-clock time a file, whatever it does
BOUND = 2 << 30  # bytes of memory
ADDRESS_SPACE = 8 << 30  # bytes: libraries reserve much that they never touch
EVIL = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)


def originals(folder: Path) -> list[bytes]:
    """Small valid files of every container that the audit opens."""
    import av

    files = []
    for kind, codec, pixels in (
        ("mp4", "libx264", "yuv420p"), ("mov", "libx264", "yuv420p"), ("mov", "mpeg4", "yuv420p"),
        ("webm", "libvpx-vp9", "yuv420p"), ("mkv", "libx264", "yuv420p"), ("mkv", "ffv1", "yuv420p"),
        ("avi", "mpeg4", "yuv420p"), ("avi", "mjpeg", "yuvj420p"), ("gif", "gif", "rgb8"),
    ):  # fmt: skip
        path = folder / f"original-{len(files)}.{kind}"
        with av.open(str(path), "w", options={"fflags": "+bitexact"}) as container:
            stream = container.add_stream(codec, rate=12)
            stream.width, stream.height, stream.pix_fmt = 64, 48, pixels
            if codec == "libx264":
                stream.options = {"preset": "ultrafast", "g": "6"}
            for t in range(16):
                picture = np.full((48, 64, 3), (90, 120, 140), np.uint8)
                picture[16:28, 3 * t : 3 * t + 10] = (220, 60, 40)
                frame = av.VideoFrame.from_ndarray(picture, format="rgb24").reformat(format=pixels)
                frame.pts = t
                container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
        files.append(path.read_bytes())
    return files


def mutant(files: list[bytes], seed: int) -> tuple[bytes, str]:
    """File `seed`, and in a word what was done to it."""
    rng = np.random.default_rng([0xF022, seed])
    data = bytearray(files[int(rng.integers(len(files)))])
    done = []
    for _ in range(int(rng.choice([1, 1, 1, 2, 3, 8]))):
        kind = str(rng.choice(["bits", "bytes", "number", "cut", "drop", "repeat", "move", "splice", "frames", "zero"]))
        size = len(data)
        if size < 16:
            break
        at = int(rng.integers(size))
        length = int(min(size - at, 2 ** rng.uniform(0, 10)))
        if kind == "bits":
            for place in rng.integers(0, size, int(rng.integers(1, 20))):
                data[place] ^= 1 << int(rng.integers(8))
        elif kind == "bytes":
            for place in rng.integers(0, size, int(rng.integers(1, 40))):
                data[place] = int(rng.integers(256))
        elif kind == "number":  # an extreme value of 1, 2, 4 or 8 bytes; often in the header
            width = int(rng.choice([1, 2, 4, 8]))
            at = int(rng.integers(min(size, 1200))) if rng.random() < 0.7 else at
            value = int(rng.choice(EVIL)) & ((1 << 8 * width) - 1)
            data[at : at + width] = value.to_bytes(width, "little" if rng.random() < 0.3 else "big")
        elif kind == "cut":
            del data[max(16, at) :]
        elif kind == "drop":
            del data[at : at + length]
        elif kind == "repeat":
            data[at:at] = data[at : at + length] * int(rng.integers(1, 9))
        elif kind == "move":
            piece = data[at : at + length]
            del data[at : at + length]
            there = int(rng.integers(len(data) + 1))
            data[there:there] = piece
        elif kind == "splice":  # part of another file
            other = files[int(rng.integers(len(files)))]
            start = int(rng.integers(len(other)))
            data[at : at + length] = other[start : start + length]
        elif kind == "frames":  # the coded pictures alone: the second half of most files
            for place in rng.integers(size // 3, size, int(rng.integers(1, 200))):
                data[place] = int(rng.integers(256))
        else:
            data[at : at + length] = bytes(length)
        done.append(kind)
    return bytes(data), "+".join(dict.fromkeys(done))


def work() -> None:
    """The worker: reads 'seed path' lines, answers each with one JSON line."""
    import warnings

    import cv2

    from cuspworld.memory import own_peak

    warnings.simplefilter("ignore")
    cv2.setNumThreads(1)
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    print(json.dumps({"ready": True}), flush=True)
    for line in sys.stdin:
        outcome = audited(Path(line.strip()))
        outcome["peak"] = own_peak()
        print(json.dumps(outcome), flush=True)


def audited(path: Path) -> dict:
    """What the audit of one file came to."""
    from cuspworld.audit import audit_clip
    from cuspworld.audit.streaming import Limits
    from cuspworld.errors import CuspError

    begin = time.process_time()
    try:
        report = audit_clip(path, limits=Limits(timeout=ASLEEP / 2))
        report.to_json()
        kind, what = ("report", report.verdict)
    except CuspError as error:
        kind, what = "error", str(error)[:200]
    except Exception as error:
        kind, what = "EXCEPTION", f"{type(error).__name__}: {error}"[:300]
    return {"kind": kind, "what": what, "cpu": time.process_time() - begin}


class Worker:
    """A process that audits; it is started again when it dies."""

    def __init__(self) -> None:
        self.process: subprocess.Popen | None = None

    def start(self) -> None:
        command = [sys.executable, __file__, "--worker"]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL, text=True, bufsize=1)  # fmt: skip
        self._answer()

    def ask(self, path: Path) -> dict:
        """The worker's answer, or a hang or crash."""
        if self.process is None:
            self.start()
        assert self.process is not None and self.process.stdin is not None
        self.process.stdin.write(f"{path}\n")
        return self._answer()

    def _answer(self) -> dict:
        assert self.process is not None and self.process.stdout is not None
        used, begin = self._cpu(), time.monotonic()
        ready: list = []
        while not ready and self._cpu() - used < TIMEOUT and time.monotonic() - begin < ASLEEP:
            ready, _, _ = select.select([self.process.stdout], [], [], 1.0)
        line = self.process.stdout.readline() if ready else ""
        if line:
            return json.loads(line)
        if not ready:
            seconds = self._cpu() - used
            self.stop()
            return {"kind": "HANG", "what": f"no answer after {seconds:.0f} CPU s", "cpu": seconds, "peak": 0}
        code = self.process.wait()
        self.process = None
        return {"kind": "CRASH", "what": f"the process ended with {code}", "cpu": 0.0, "peak": 0}

    def _cpu(self) -> float:
        """CPU seconds of the worker so far (proc(5): user and system time are fields 14 and 15)."""
        assert self.process is not None
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def stop(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None


def run(count: int, first: int = 0, progress: bool = True) -> tuple[collections.Counter, list[str], float, float]:
    """(outcomes, what went wrong, the largest memory in bytes, the longest CPU seconds of a file)."""
    outcomes: collections.Counter = collections.Counter()
    wrong, peak, longest = [], 0.0, 0.0
    worker = Worker()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        files = originals(folder)
        try:
            for seed in range(first, first + count):
                data, done = mutant(files, seed)
                path = folder / f"mutant.{('mp4', 'webm', 'gif')[seed % 3]}"  # the name says nothing about the format
                path.write_bytes(data)
                answer = worker.ask(path)
                outcomes[answer["kind"]] += 1
                peak, longest = max(peak, answer["peak"]), max(longest, answer["cpu"])
                if answer["kind"] not in ("report", "error") or answer["peak"] > BOUND:
                    wrong.append(f"file {seed} ({done}): {answer['kind']}: {answer['what']}; "
                                 f"peak {answer['peak'] / 2**20:.0f} MB")  # fmt: skip
                    print(wrong[-1], flush=True)
                    if answer["peak"] > BOUND:
                        worker.stop()
                if progress and (seed - first + 1) % 500 == 0:
                    print(f"{seed - first + 1} files: {dict(outcomes)}, peak {peak / 2**20:.0f} MB, "
                          f"longest {longest:.1f} CPU s", flush=True)  # fmt: skip
        finally:
            worker.stop()
    return outcomes, wrong, peak, longest


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="100 files")
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--only", type=int, help="one file again, with its traceback")
    parser.add_argument("--worker", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.worker:
        work()
        return
    if arguments.only is not None:
        from cuspworld.audit import audit_clip

        with tempfile.TemporaryDirectory() as name:
            data, done = mutant(originals(Path(name)), arguments.only)
            path = Path(name) / "mutant.mp4"
            path.write_bytes(data)
            print(done, len(data), "bytes")
            print(audit_clip(path))
        return
    count = 100 if arguments.quick else arguments.count
    outcomes, wrong, peak, longest = run(count, arguments.first)
    print(f"{count} mutated files: {outcomes['report']} reports, {outcomes['error']} errors, {len(wrong)} failures; "
          f"peak memory {peak / 2**20:.0f} MB (bound {BOUND >> 20}); longest file {longest:.1f} CPU s")  # fmt: skip
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
