"""Does the audit find what is impossible, and keep silent on what is true?

    python benchmarks/audit.py                       # the figures: test split, all parts (an hour on two cores)
    python benchmarks/audit.py --quick               # the same tables from a few clips (about a minute)
    python benchmarks/audit.py --split dev           # the split on which thresholds are set
    python benchmarks/audit.py --parts twins real    # some of the parts
    python benchmarks/audit.py --split dev --fit     # the checks' curves, fitted into audit/calibration.json
    python benchmarks/audit.py --split dev --mix     # the weights of the taught judge beside the laws, the same
    python benchmarks/audit.py --laws-only           # without the judge that was taught by the worlds' twins

A fit sees the clips of the parts that are asked for. Parts: twins (worlds, possible against impossible),
real (real and foreign clips), conditions (true clips under camera
motion, noise, crowds, compression and low light), faults (faults put into true clips),
reversed (time-reversed true clips, beside the Physics-IQ measures), robust (re-encoding, scaling, frame rate, noise),
calibration (is 90 % sure right nine times in ten?), speed. `--cache FOLDER` keeps reports by clip and code version.
Splits are written down in src/cuspworld/exam/audit/split.py.
"""

import argparse
import shlex
import sys
from pathlib import Path

from cuspworld.audit.calibration import FILE
from cuspworld.exam.audit import (
    backwards,
    calibrate,
    calibration_file,
    certainty,
    conditions,
    injected,
    real,
    robust,
    speed,
    twins,
    weigh_judge,
)
from cuspworld.exam.audit.scoring import table
from cuspworld.exam.audit.store import Store

FITTED = 3  # places in each clip at which faults are put for the fit
PARTS = ("twins", "real", "conditions", "faults", "reversed", "robust", "calibration", "speed")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="few clips: about a minute")
    parser.add_argument("--split", choices=("dev", "test"), default="test")
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS)
    parser.add_argument("--pairs", type=int, help="pairs of clips a twin (default 25, quick 1)")
    parser.add_argument("--clips", type=int, help="real clips for faults and robustness (default all, quick 1)")
    parser.add_argument("--worlds", nargs="+", help="only these worlds")
    parser.add_argument("--cache", type=Path, help="folder that keeps reports by clip and code version")
    parser.add_argument("--misses", type=Path, help="write what went wrong to this file (development split only)")
    parser.add_argument("--fit", action="store_true", help="fit the probability curves (development split only)")
    parser.add_argument("--laws-only", action="store_true", help="without the judge that was taught by twins")
    parser.add_argument("--calibration", type=Path, default=FILE, help="what --fit and --mix write (the package's own)")
    parser.add_argument("--mix", action="store_true", help="fit the taught judge's weight (development split only)")
    arguments = parser.parse_args()
    if (arguments.misses or arguments.fit or arguments.mix) and arguments.split != "dev":
        parser.error("--misses, --fit and --mix are for the development split: take --split dev")
    store = Store(arguments.cache, taught=not arguments.laws_only)
    if arguments.mix:
        mix(arguments, store)
    else:
        run(arguments, store)


def mix(arguments: argparse.Namespace, store: Store) -> None:
    """The judge's weights, fitted into the calibration file."""
    count = arguments.pairs or (1 if arguments.quick else 10)
    fitted = weigh_judge.fit(weigh_judge.heard(arguments.split, count, store, arguments.worlds))
    print(fitted.weights, fitted, sep="\n")
    weigh_judge.write(fitted, f"judge {store.audit_version}", command(), arguments.calibration)


def command() -> str:
    """How this script was called."""
    return shlex.join(["benchmarks/audit.py", *sys.argv[1:]])


def run(arguments: argparse.Namespace, store: Store) -> None:
    """All parts that were asked for."""
    split, parts, quick = arguments.split, set(arguments.parts), arguments.quick
    count = arguments.pairs or (1 if quick else 25)
    limit = arguments.clips or (1 if quick else None)
    print(f"split {split}, audit code {store.audit_version}\n", flush=True)
    calibrating = "calibration" in parts or arguments.fit
    lines: list[str] = []
    found: list[twins.Pair] = []
    if parts & {"twins", "calibration"}:
        found = list(twins.pairs(split, count, store, arguments.worlds))
        if "twins" in parts and not arguments.fit:
            twins.show(found)
        lines += twins.misses(found)
    results = real.run(split, store) if parts & {"real", "calibration"} else []
    if "real" in parts and not arguments.fit:
        real.show(results)
        lines += real.misses(results)
    if "conditions" in parts and not arguments.fit:
        conditions.show(conditions.run(split, store, limit))
    trials: list[injected.Trial] = []
    if parts & {"faults", "calibration"}:
        sizes = ("large",) if quick else ("small", "middle", "large")
        trials, plain = injected.run(split, store, limit, sizes, FITTED if arguments.fit else 1)
        if "faults" in parts and not arguments.fit:
            injected.show(trials, plain)
    if calibrating:
        if not arguments.fit:
            certainty.show(certainty.judged(found, trials, results))
        else:
            filmed = conditions.run(split, store, limit) if "conditions" in parts else []
            worse = [(name, None, report) for _, name, _, report in filmed]
            cases = calibrate.cases(found, trials, [*results, *worse])
            fitted = calibrate.fit(cases, calibration_file.read(arguments.calibration)["curves"])
            rows = [(c, f"{f.centre:.2f}", f"{f.slope:.2f}", f.right, f.wrong) for c, f in sorted(fitted.items())]
            table(("check", "centre", "slope", "right", "wrong"), rows)
            calibrate.write(fitted, f"curves {store.audit_version}", command(), arguments.calibration)
            return
    if "reversed" in parts:
        backwards.show(backwards.run(split, store, 1 if quick else min(count, 10)))
    if "robust" in parts:
        clips = [(name, True, clip) for name, clip in injected.true_clips(split, limit)]
        clips += twins.some_clips(split, min(count, 2), store, ["Collision"] if quick else arguments.worlds)
        robust.show(robust.run(clips, store))
    if "speed" in parts:
        speed.show(speed.run(split, 5.0 if quick else 30.0))
    if arguments.misses:
        arguments.misses.write_text("\n".join([f"audit code {store.audit_version}", *lines, ""]))


if __name__ == "__main__":
    main()
