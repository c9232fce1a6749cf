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
        "import json, resource, time, warnings\n"
        "from cuspworld.simulator.simulator import Simulator\n"
        "from cuspworld.video.files import write_stream\n"
        "s = Simulator.from_pretrained('default')\n"
        "b = time.perf_counter()\n"
        f"write_stream({str(file)!r}, s.stream({PROMPT!r}, seconds={seconds}, seed=1), s.config.fps)\n"
        "took = time.perf_counter() - b\n"
        "print(json.dumps([resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, took]))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    memory, took = json.loads(done.stdout.splitlines()[-1])
    return memory, took


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    arguments = parser.parse_args()
    long = 20.0 if arguments.quick else 60.0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        print(f"{'what':<44} {'seconds':>8} {'x real time':>12} {'peak MB':>8}")
        help_took = min(timed(["--help"])[0] for _ in range(3))
        print(f"{'cusp --help':<44} {help_took:>8.2f}")
        cold, said = timed(["generate", PROMPT, "-o", str(folder / "cold.mp4"), "--seconds", "2", "--json"])
        alone = json.loads(said)["took_seconds"]
        print(f"{'cusp generate, 2 s, cold start to file':<44} {cold:>8.2f}")
        print(f"{'  of that, generation and encoding':<44} {alone:>8.2f} {2 / alone:>12.1f}")
        for seconds in (2.0, 10.0, long):
            memory, took = peak(seconds, folder / "long.mp4")
            print(
                f"{f'generation of {seconds:g} s, streamed to a file':<44} {took:>8.2f} "
                f"{seconds / took:>12.1f} {memory:>8.0f}"
            )
    print(f"children used {resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime:.0f} CPU s")


if __name__ == "__main__":
    main()
