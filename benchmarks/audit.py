"""Does the audit find what is impossible, and keep silent on what is true?

    python benchmarks/audit.py                       # the figures: test split, all parts (an hour on two cores)
    python benchmarks/audit.py --quick               # the same tables from a few clips (about a minute)
    python benchmarks/audit.py --split dev           # the split on which thresholds are set
    python benchmarks/audit.py --parts twins real    # some of the parts

Parts: twins (worlds, possible against impossible), real (real and foreign clips), faults (faults put into real clips),
reversed (time-reversed true clips, beside the Physics-IQ measures), robust (re-encoding, scaling, frame rate, noise),
calibration (is 90 % sure right nine times in ten?), speed. `--cache FOLDER` keeps reports by clip and code version.
Splits are written down in benchmarks/audit_parts/split.py.
"""

import argparse
from pathlib import Path

from audit_parts import real, twins
from audit_parts.store import Store

PARTS = ("twins", "real")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="few clips: about a minute")
    parser.add_argument("--split", choices=("dev", "test"), default="test")
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS)
    parser.add_argument("--pairs", type=int, help="pairs of clips a twin (default 25, quick 1)")
    parser.add_argument("--worlds", nargs="+", help="only these worlds")
    parser.add_argument("--cache", type=Path, help="folder that keeps reports by clip and code version")
    parser.add_argument("--misses", type=Path, help="write what went wrong to this file (development split only)")
    arguments = parser.parse_args()
    if arguments.misses and arguments.split != "dev":
        parser.error("--misses lists clips to work on: take --split dev")
    store = Store(arguments.cache)
    count = arguments.pairs or (1 if arguments.quick else 25)
    print(f"split {arguments.split}, audit code {store.audit_version}\n")
    lines: list[str] = []
    found: list[twins.Pair] = []
    if "twins" in arguments.parts:
        found = list(twins.pairs(arguments.split, count, store, arguments.worlds))
        twins.show(found)
        lines += twins.misses(found)
    if "real" in arguments.parts:
        results = real.run(arguments.split, store)
        real.show(results)
        lines += real.misses(results)
    if arguments.misses:
        arguments.misses.write_text("\n".join([f"audit code {store.audit_version}", *lines, ""]))


if __name__ == "__main__":
    main()
