"""How quickly does the shipped model generate, from what start, and in how much memory?

    python benchmarks/generation.py            # also a clip of 60 s
    python benchmarks/generation.py --quick    # 20 s instead

Each row is a fresh process. "x real time" is the clip's length over the wall time: above 1 is faster than it plays.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from results import Table, add_argument

PROMPT = "A glass of orange juice is pushed hard; it tips over and the juice pours out."


def timed(arguments: list[str]) -> tuple[float, str]:
    """Wall seconds of `cusp ARGUMENTS` in a fresh process, and what it printed."""
    begin = time.perf_counter()
    done = subprocess.run([sys.executable, "-m", "cuspworld", *arguments], capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"cusp {arguments[0]} failed: {done.stderr.strip()}")
    return time.perf_counter() - begin, done.stdout


def peak(seconds: float, file: Path) -> tuple[float, float]:
    """Peak memory in MB of a fresh process that streams a clip of this length into `file`, and its seconds of work."""
    code = (
        "import json, time, warnings\n"
        "from cuspworld.memory import own_peak\n"
        "from cuspworld.simulator.simulator import Simulator\n"
        "from cuspworld.video.files import write_stream\n"
        "s = Simulator.from_pretrained('default')\n"
        "b = time.perf_counter()\n"
        f"write_stream({str(file)!r}, s.stream({PROMPT!r}, seconds={seconds}, seed=1), s.config.fps)\n"
        "took = time.perf_counter() - b\n"
        "print(json.dumps([own_peak() / 2**20, took]))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    memory, took = json.loads(done.stdout.splitlines()[-1])
    return memory, took


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    add_argument(parser)
    arguments = parser.parse_args()
    long = 20.0 if arguments.quick else 60.0
    with tempfile.TemporaryDirectory() as name, Table("generation", arguments.save) as table:
        folder = Path(name)

        def add(what: str, took: float, made: float | None = None, memory: float | None = None) -> None:
            speed = made / took if made else None
            table.add({"what": what, "seconds": took, "x real time": speed, "peak MB": memory})

        add("cusp --help", min(timed(["--help"])[0] for _ in range(3)))
        cold, said = timed(["generate", PROMPT, "-o", str(folder / "cold.mp4"), "--seconds", "2", "--json"])
        add("cusp generate, 2 s, cold start to file", cold)
        add("of that, generation and encoding", json.loads(said)["took_seconds"], 2)
        for seconds in (2.0, 10.0, long):
            memory, took = peak(seconds, folder / "long.mp4")
            add(f"generation of {seconds:g} s, streamed to a file", took, seconds, memory)
    print(f"children used {resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime:.0f} CPU s")


if __name__ == "__main__":
    main()
