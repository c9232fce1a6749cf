"""Does the audit accuse TRUE clips of our own worlds that came as files, at whatever rate, size and compression?

    python benchmarks/audit_true_files.py --save                       # report seeds: once
    python benchmarks/audit_true_files.py --development --kept FOLDER  # seeds to look at; files are kept there
    python benchmarks/audit_true_files.py --calibrate                  # the bar at home, of the seeds to look at
    python benchmarks/audit_true_files.py --quick

Clips as `world.record` makes them, each condition with seeds of its own (70,000,000 on to look at, 71,000,000 on to
report), written as others write them (exam/audit/robust.py) or as a gif, and audited from the file. Rows: of each
condition, each world and all the share accused, at most 5 % being the aim, and by which checks; how often no verdict
is given; how often the world is known again. `--laws-only`: without the taught judge and the detectors.
"""

import argparse
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cuspworld import worlds
from cuspworld.audit import audit_clip
from cuspworld.audit.calibration import FILE
from cuspworld.audit.report import Report
from cuspworld.exam.audit.abroad import share
from cuspworld.exam.audit.bars import write_home
from cuspworld.exam.audit.robust import encode
from results import Table, add_argument

LOOKED_AT, REPORTED = 70_000_000, 71_000_000  # first seeds
APART = 1000  # seeds from one condition to the next


@dataclass(frozen=True)
class Condition:
    """`fps` frames a second, `size` pixels a side, `crf` of the codec that `suffix` means; a gif has none."""

    fps: float
    size: int
    crf: int | None
    suffix: str = ".mp4"

    def __str__(self) -> str:
        compressed = "" if self.crf is None else f" CRF {self.crf}"
        return f"{self.fps:g} fps, {self.size} px, {self.suffix[1:]}{compressed}"


CONDITIONS = (
    Condition(8, 64, 33),
    Condition(10, 64, 23),
    Condition(15, 96, 28),
    Condition(24, 160, 35),
    Condition(30, 128, 23),
    Condition(60, 256, 28),
    Condition(24, 640, 23),
    Condition(24, 128, 40, ".webm"),
    Condition(10, 128, None, ".gif"),
)


@dataclass(frozen=True)
class Heard:
    """What the audit says of one true clip."""

    condition: str
    world: str
    seed: int
    report: Report


def written(name: str, condition: Condition, seed: int, folder: Path) -> Path:
    """The file of a true clip, recorded unless it is there."""
    path = folder / f"{name}_{seed}_{condition.fps:g}_{condition.size}_{condition.crf}{condition.suffix}"
    if not path.is_file():
        clip = worlds.make(name).record(seed, size=condition.size, fps=condition.fps, caption="none")
        if condition.crf is None:
            clip.write(path)
        else:
            encode(clip, path, condition.crf)
    return path


def row(label: str, clips: Sequence[Heard]) -> dict[str, Any]:
    """Of these clips."""
    accused = [clip for clip in clips if clip.report.findings]
    by = Counter(check for clip in accused for check in sorted({f.check or JUDGE for f in clip.report.findings}))
    return {
        "true clips": label,
        "accused": share(bool(clip.report.findings) for clip in clips),
        "by": ", ".join(f"{check} {times}" for check, times in by.most_common()),
        "possible": sum(clip.report.verdict == "possible" for clip in clips),
        "cannot tell": sum(clip.report.verdict == "cannot tell" for clip in clips),
        "world unknown": sum(not clip.report.strongest.keys() <= {"home", "slow"} for clip in clips),
    }


JUDGE = "the taught judge"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="one clip of two worlds in two conditions")
    parser.add_argument("--development", action="store_true", help="seeds to look at, none that is reported")
    parser.add_argument("--clips", type=int, default=4, help="of each world in each condition")
    parser.add_argument("--worlds", nargs="*", default=worlds.names())
    parser.add_argument("--only", type=int, nargs="*", help="conditions, by number from 0")
    parser.add_argument("--laws-only", action="store_true")
    parser.add_argument("--calibrate", type=Path, nargs="?", const=FILE, help="measure the bar at home, write it here")
    parser.add_argument("--kept", type=Path, help="folder that keeps the files for the next run")
    add_argument(parser)
    arguments = parser.parse_args()
    looked_at = arguments.development or arguments.quick or arguments.calibrate
    first = LOOKED_AT if looked_at else REPORTED
    numbers = range(len(CONDITIONS)) if arguments.only is None else arguments.only
    if arguments.quick:
        arguments.clips, arguments.worlds, numbers = 1, ["Collision", "Juice"], (1, 3)
    found: list[Heard] = []
    with tempfile.TemporaryDirectory() as aside, Table("audit_true_files", arguments.save) as table:
        folder = Path(aside) if arguments.kept is None else arguments.kept
        folder.mkdir(parents=True, exist_ok=True)
        for number in numbers:
            here: list[Heard] = []
            for name in arguments.worlds:
                for k in range(arguments.clips):
                    seed = first + APART * number + k
                    file = written(name, CONDITIONS[number], seed, folder)
                    report = audit_clip(file, taught=not arguments.laws_only)
                    here.append(Heard(str(CONDITIONS[number]), name, seed, report))
            table.add(row(here[0].condition, here))
            found += here
        for name in arguments.worlds:
            table.add(row(name, [clip for clip in found if clip.world == name]))
        table.add(row("all", found))
    if arguments.calibrate:
        home = [clip.report.strongest["home"] for clip in found if "home" in clip.report.strongest]
        how = f"benchmarks/audit_true_files.py --calibrate: {len(home)} true clips of the worlds as files"
        write_home(home, how, arguments.calibrate)
    for clip in found:
        for finding in clip.report.findings:
            print(
                f"{clip.condition}, {clip.world} {clip.seed}: {finding.check or JUDGE} {finding.probability:.0%} "
                f"{finding.start:.2f}-{finding.end:.2f} s: {finding.sentence}"
            )


if __name__ == "__main__":
    main()
