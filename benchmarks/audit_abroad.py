"""The audit on video that nobody here made, beside baselines of ten lines; and on true worlds of `cusp record`.

    python benchmarks/audit_abroad.py                      # split dev, five seconds of each clip
    python benchmarks/audit_abroad.py --clips 40 --save    # of 40 true and 40 broken clips, origins by turns
    python benchmarks/audit_abroad.py --quick              # a few clips
    python benchmarks/audit_abroad.py --calibrate          # the bars away from home, of split calib

Rows: true clips accused, by kind; visible violations found, by origin (right law by the words of the label); area under
the curve by origin, of the audit and of each baseline (exam/audit/baselines.py says which need a package); true worlds
at 64 pixels and 10 frames a second that are accused. The clips: CUSPWORLD_DATA, else ../shared/data.
"""

import argparse
import shlex
import sys
from pathlib import Path

from cuspworld import worlds
from cuspworld.audit.calibration import FILE
from cuspworld.exam.audit import abroad, bars
from cuspworld.exam.audit.store import Store
from results import Table, add_argument

FIRST = 4_000_000  # seeds that no recipe and no calibration uses


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="six clips from elsewhere, one world")
    parser.add_argument("--split", choices=("dev", "calib"), default="dev")
    parser.add_argument("--seconds", type=float, default=5.0, help="of each clip that are looked at")
    parser.add_argument("--most", type=int, help="true clips of an origin (default all)")
    parser.add_argument("--clips", type=int, help="true clips in all, and as many with a violation (default all)")
    parser.add_argument("--seeds", type=int, default=4, help="true clips of each world")
    parser.add_argument("--cache", type=Path, help="folder that keeps reports by clip and code version")
    parser.add_argument("--calibrate", type=Path, nargs="?", const=FILE, help="measure the bars, write them here")
    add_argument(parser)
    arguments = parser.parse_args()
    if arguments.calibrate:
        how = shlex.join(["benchmarks/audit_abroad.py", *sys.argv[1:]])
        found = bars.measured(arguments.most, arguments.seconds, arguments.seeds, arguments.cache)
        return bars.write(found, ("slow", "still", "moving"), how, arguments.calibrate)
    store = Store(arguments.cache)
    clips = abroad.listed(arguments.split, arguments.most)
    count = 3 if arguments.quick else arguments.clips
    clips = [c for c in clips if not c.words][:count] + [c for c in clips if c.words][:count]
    heard = [abroad.hear(clip, store, arguments.seconds) for clip in clips]
    with Table("audit_abroad", arguments.save) as table:
        for row in [*abroad.accused(heard), *abroad.found(heard), *abroad.curves(heard)] if heard else []:
            table.add(row)
        for name in ["Collision"] if arguments.quick else worlds.names():
            table.add(of_world(name, 1 if arguments.quick else arguments.seeds, store))


def of_world(name: str, seeds: int, store: Store) -> dict[str, object]:
    """True clips of a world as `cusp record` makes them, and how many are accused."""
    world = worlds.make(name)
    reports = [store.report(world.record(FIRST + seed, size=64, fps=10.0)) for seed in range(seeds)]
    laws = sorted({str(finding["law"]) for report in reports for finding in report["findings"]})
    accused = abroad.share(bool(report["findings"]) for report in reports)
    return {"true clips of": name, "accused": accused, "of which laws": ", ".join(laws)}


if __name__ == "__main__":
    main()
