"""The audit on video that nobody here made, beside baselines of ten lines; and on true worlds of `cusp record`.

    python benchmarks/audit_abroad.py --cache observed.jsonl --save    # split dev, six seconds of each clip
    python benchmarks/audit_abroad.py --quick                          # a few clips
    python benchmarks/audit_abroad.py --calibrate                      # the bars away from home, of split calib

What every check saw in a clip is kept in the file of `--cache`, so that a second run only judges. Rows: the goals; true
clips accused, by kind; visible violations found, by origin (right law by the words of the label); area under the curve
by origin, of the audit and of each baseline (exam/audit/baselines.py says which need a package) and by check; faults
put into true clips; verdicts that change when a clip is encoded again; pairs of one scene; peak memory of the largest
files; true worlds at 64 pixels and 10 frames a second.
`--half`: exam/audit/abroad.py halves the split, one to tune on and one to report. The clips: CUSPWORLD_DATA, else
../shared/data.
"""

import argparse
import shlex
from functools import partial
from pathlib import Path

from cuspworld import worlds
from cuspworld.audit.calibration import FILE
from cuspworld.exam.audit import abroad, abroad_goals, bars, injected_abroad, memory, pairs_abroad, stable_abroad
from cuspworld.exam.audit.observed import Kept, report
from results import Table, add_argument

FIRST = 4_000_000  # seeds that no recipe and no calibration uses
# the bars of two lengths of clips; true worlds are as long as `cusp record` makes them
LENGTHS = (("elsewhere", 3.0, ("slow", "still", "moving")), ("longer", 6.0, ("still", "moving")))
CROWDED = "TrackingBugs"  # sixty insects: of all clips it took the most memory


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="six clips from elsewhere, one world")
    parser.add_argument("--split", choices=("dev", "calib"), default="dev")
    parser.add_argument(
        "--half", choices=("tune", "report", "both"), default="both", help="of the origins of the split"
    )
    parser.add_argument(
        "--seconds", type=float, default=6.0, help="of each clip that are looked at (bars: of two lengths)"
    )
    parser.add_argument("--most", type=int, help="true clips of an origin (default all)")
    parser.add_argument("--clips", type=int, help="true clips in all, and as many with a violation (default all)")
    parser.add_argument("--kept", action="store_true", help="only clips that the cache holds")
    parser.add_argument("--faults", type=int, default=5, help="true clips under a still camera that get faults")
    parser.add_argument("--stable", type=int, default=8, help="clips that are encoded again")
    parser.add_argument("--seeds", type=int, default=4, help="true clips of each world")
    parser.add_argument("--memory", type=int, default=3, help="clips of which the peak memory is measured, whole")
    parser.add_argument("--cache", type=Path, help="file that keeps what the checks saw of each clip")
    parser.add_argument("--calibrate", type=Path, nargs="?", const=FILE, help="measure the bars, write them here")
    add_argument(parser)
    arguments = parser.parse_args()
    kept = Kept(arguments.cache)
    if arguments.calibrate:
        most = () if arguments.most is None else ("--most", str(arguments.most))
        how = shlex.join(["benchmarks/audit_abroad.py", "--calibrate", *most, "--seeds", str(arguments.seeds)])
        for name, seconds, strata in LENGTHS:
            found = bars.measured(arguments.most, seconds, arguments.seeds, kept)
            bars.write(found, strata, how, arguments.calibrate, seconds, name)
        return
    if arguments.quick:
        arguments.clips, arguments.faults, arguments.stable, arguments.seeds, arguments.memory = 3, 0, 0, 1, 0
    clips = [c for c in abroad.listed(arguments.split, arguments.most) if arguments.half in ("both", c.half)]
    if arguments.kept:
        clips = [c for c in clips if (c.path.name, arguments.seconds) in kept.lines]
    clips = [c for c in clips if not c.words][: arguments.clips] + [c for c in clips if c.words][: arguments.clips]
    heard = [abroad.hear(clip, kept, arguments.seconds) for clip in clips]
    still = [c for c in clips if c.kind == "real" and not c.strata & (abroad.MOVING | {"cuts"})]
    both = clips[:: max(1, len(clips) // max(1, arguments.stable))][: arguments.stable]
    names = ["Collision"] if arguments.quick else worlds.names()
    with Table("audit_abroad", arguments.save) as table:
        tried = [t for c in still[: arguments.faults] for t in injected_abroad.trials(c, kept, arguments.seconds)]
        changed = [change for c in both for change in stable_abroad.changes(c, kept, arguments.seconds)]
        worlds_accused = {name: of_world(name, arguments.seeds, kept) for name in names}
        for row in abroad_goals.rows(heard, worlds_accused, changed) if heard else []:
            table.add(row)
        for row in [*abroad.accused(heard), *abroad.found(heard), *abroad.curves(heard)] if heard else []:
            table.add(row)
        for row in [*injected_abroad.rows(tried), *stable_abroad.rows(changed)]:
            table.add(row)
        if not arguments.quick:
            for row in pairs_abroad.rows(kept, arguments.seconds):
                table.add(row)
        largest = sorted(clips, key=lambda clip: (CROWDED not in clip.path.name, -clip.path.stat().st_size))
        for row in memory.rows([clip.path for clip in largest[: arguments.memory]]):
            table.add(row)
        for name, accused in worlds_accused.items():
            laws = ", ".join(sorted({law for found in accused for law in found}))
            table.add({"true clips of": name, "accused": abroad.share(map(bool, accused)), "of which laws": laws})


def of_world(name: str, seeds: int, kept: Kept) -> list[list[str]]:
    """Of each true clip of a world as `cusp record` makes them, the laws of its findings."""
    world, found = worlds.make(name), []
    for seed in range(FIRST, FIRST + seeds):
        line = kept.of(f"{name} {seed}", 0.0, partial(world.record, seed, size=64, fps=10.0))
        found.append([finding.law for finding in report(line).findings])
    return found


if __name__ == "__main__":
    main()
