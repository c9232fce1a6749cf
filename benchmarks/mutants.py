"""Do the tests notice? Small faults in every room of src/cuspworld, each tried against the nearest quick tests.

    python benchmarks/mutants.py                      # every room (hours on two cores)
    python benchmarks/mutants.py --rooms codec video --count 6
    python benchmarks/mutants.py --survivors          # once more those that survived, after tests were written
    python benchmarks/mutants.py --quick              # two a room, of the quickest rooms

In a copy of the repository. A room's tests (tests/ROOM and tests/test_ROOM*.py) run once on clean code, and it is noted
which test enters which function. A mutant is tried against the tests that enter its function, quickest first; at module
level, against those that enter its file. It is killed if a test that passed on clean code fails, or if the tests take
three times as long and 40 seconds more. A function that no test enters (numba's kernels are not seen entering) is tried
against the whole room.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import subprocess
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import Any

from mutation.operators import Mutant, mutants
from mutation.running import Outcome, preload, run_tests
from results import add_argument, commit, read, save

REPOSITORY = Path(__file__).resolve().parent.parent
SOURCE = REPOSITORY / "src" / "cuspworld"
EQUIVALENT = (
    Path(__file__).parent / "mutation" / "equivalent.json"
)  # mutants that are the same program, each with its reason
SEED = 20261128
FOUNDATIONS = ("errors", "checks", "files", "lock", "models", "laws")
ROOT_TESTS = ("test_clip.py", "test_truth*.py", "test_laws.py", "test_checks.py", "test_models.py", "test_lock.py")
KERNEL_SHARE = 0.1  # of a room's mutants: each compiles the kernels anew
MOST_SECONDS = 90.0  # of clean test time for one mutant; the quickest tests come first


def rooms() -> dict[str, list[Path]]:
    """The files of each room; the root's files are two rooms of their own, and the front doors none."""
    found = {p.parent.name: sorted(p.parent.rglob("*.py")) for p in sorted(SOURCE.glob("*/__init__.py"))}
    root = [p for p in sorted(SOURCE.glob("*.py")) if not p.stem.startswith("__")]
    found["foundations"] = [p for p in root if p.stem in FOUNDATIONS]
    found["clip"] = [p for p in root if p.stem not in FOUNDATIONS]
    return found


def tests_of(room: str) -> list[str]:
    """The room's folder of tests and the files at the tests' root that bear its name."""
    tests = REPOSITORY / "tests"
    named = ROOT_TESTS if room in ("foundations", "clip") else (f"test_{room}*.py",)
    found = [p for pattern in named for p in sorted(tests.glob(pattern))]
    if (tests / room).is_dir():
        found.append(tests / room)
    return [str(p.relative_to(REPOSITORY)) for p in found]


def chosen(room: str, files: list[Path], count: int, seed: int) -> list[Mutant]:
    """`count` mutants: first a kind, then a file, then a place, so that no long file fills the sample."""
    draw = random.Random(f"{seed} {room}")
    by: dict[bool, Any] = {kernel: defaultdict(lambda: defaultdict(list)) for kernel in (False, True)}
    for file in files:
        for mutant in mutants(file, REPOSITORY):
            by[file.stem.endswith("kernels")][mutant.kind][mutant.file].append(mutant)
    found: list[Mutant] = []
    kernels = round(count * KERNEL_SHARE) if by[True] else 0
    for kernel, wanted in ((False, count - kernels), (True, kernels)):
        while wanted and by[kernel]:
            kind = by[kernel][draw.choice(sorted(by[kernel]))]
            mutant = draw.choice(kind[draw.choice(sorted(kind))])
            if mutant not in found:
                found.append(mutant)
                wanted -= 1
    return found


def nearest(mutant: Mutant, clean: Outcome) -> list[str]:
    """The tests that enter the mutant's function (at module level, its file), quickest first, up to MOST_SECONDS."""
    place = mutant.file.removeprefix("src/")
    said = f"{place}:{mutant.function}" if mutant.function else f"{place}:"
    passed = [t for t in clean.entered if t not in clean.failed]
    entering = [
        t for t in passed if any(e == said or (not mutant.function and e.startswith(said)) for e in clean.entered[t])
    ]
    found, total = [], 0.0
    for test in sorted(entering or passed, key=lambda t: clean.seconds[t]):
        total += clean.seconds[test]
        if total > MOST_SECONDS and found:
            break
        found.append(test)
    return found


def tried(mutant: Mutant, clean: Outcome, root: Path, environment: dict[str, str]) -> dict[str, object]:
    """One row of the table: the mutant, whether it was killed, and by which test."""
    tests = nearest(mutant, clean)
    file = root / mutant.file
    whole = file.read_bytes()
    own = dict(environment)
    if file.stem.endswith("kernels"):  # numba's cache does not know that a callee changed
        own["NUMBA_CACHE_DIR"] = str(root / "kernels_cache")
        shutil.rmtree(root / "kernels_cache", ignore_errors=True)
    allowed = 3 * sum(clean.seconds[t] for t in tests) + (300 if file.stem.endswith("kernels") else 40)
    try:
        file.write_bytes(mutant.applied(whole))
        outcome = run_tests(root, tests, limit=allowed, environment=own)
    finally:
        file.write_bytes(whole)
    late = outcome.status is None
    by = "time" if late else outcome.failed[0] if outcome.failed else "import" if outcome.status not in (0, 5) else ""
    shown = {"file": mutant.file, "function": mutant.function, "line": mutant.line, "kind": mutant.kind}
    return {
        **shown,
        "before": mutant.before,
        "after": mutant.after,
        "killed": bool(by),
        "by": by,
        "tests": len(tests),
        "seconds": round(outcome.wall, 1),
    }


def copy_of_the_repository(folder: Path) -> Path:
    """The tracked files, and those not ignored, as they stand."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"], cwd=REPOSITORY, capture_output=True, text=True, check=True
    )
    for name in listed.stdout.splitlines():
        if (REPOSITORY / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(REPOSITORY / name, folder / name)
    return folder


def survivors(rows: list[dict[str, object]], files: list[Path]) -> list[Mutant]:
    """The places that survived before, where the source still has them."""
    alive = {(r["file"], r["function"], r["kind"], r["before"], r["after"]): r["line"] for r in rows if not r["killed"]}
    found: dict[tuple[object, ...], Mutant] = {}
    for mutant in (m for file in files for m in mutants(file, REPOSITORY)):
        key = (mutant.file, mutant.function, mutant.kind, mutant.before, mutant.after)
        if key in alive and abs(mutant.line - alive[key]) < abs(
            found[key].line - alive[key] if key in found else 10**6
        ):
            found[key] = mutant
    return list(found.values())


def one_room(
    room: str, wanted: list[Mutant], tests: list[str], root: Path, environment: dict[str, str]
) -> list[dict[str, object]]:
    """A room's rows, printed as they come. `root` is a copy of the repository."""
    clean = run_tests(root, tests, limit=3600, traced=True, environment=environment)
    spent = sum(clean.seconds.values())
    print(f"{room}: {len(clean.seconds)} tests, {spent:.0f} s, failing when clean: {sorted(clean.failed)}", flush=True)
    rows = []
    for mutant in wanted:
        row = {"room": room, "commit": commit(), **tried(mutant, clean, root, environment)}
        rows.append(row)
        word = f"killed by {row['by']}" if row["killed"] else "SURVIVED"
        change = f"{mutant.before} -> {mutant.after}".replace("\n", " ")[:100]
        print(f"  {mutant.file}:{mutant.line} {mutant.kind}: {change}  {word} ({row['seconds']} s)", flush=True)
    return rows


def table(rows: list[dict[str, object]]) -> list[dict[str, object]]:
    """Killed of tried, by room and in all. Equivalent mutants (mutation/equivalent.json says why) are not counted."""
    known = {(e["file"], e["function"], e["before"], e["after"]) for e in json.loads(EQUIVALENT.read_text())}
    counted = defaultdict(lambda: [0, 0, 0])
    for row in rows:
        equivalent = not row["killed"] and (row["file"], row["function"], row["before"], row["after"]) in known
        for name in (str(row["room"]), "all"):
            counts = counted[name]
            counts[0] += not equivalent
            counts[1] += bool(row["killed"])
            counts[2] += equivalent
    order = sorted(counted, key=lambda name: (name == "all", name))
    return [
        {"room": name, "mutants": n, "killed": killed, "share": killed / max(n, 1), "equivalent": equivalent}
        for name, (n, killed, equivalent) in ((name, counted[name]) for name in order)
    ]


def main() -> None:
    every = rooms()
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rooms", nargs="*", choices=sorted(every), default=sorted(every))
    parser.add_argument("--count", type=int, help="mutants a room (default: one for three files, at least 8)")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--survivors", action="store_true", help="only those that the saved table says survived")
    parser.add_argument(
        "--quick", action="store_true", help="two mutants each of codec, language and clip; nothing is saved"
    )
    parser.add_argument("--tests", nargs="*", help="these tests instead of the room's own (with --survivors: new ones)")
    parser.add_argument("--list", action="store_true", help="print the survivors of the saved table, and run nothing")
    add_argument(parser)
    arguments = parser.parse_args()
    if arguments.list:
        for row in (row for row in read("mutants")["details"] if not row["killed"]):
            print(f"{row['file']}:{row['line']} {row['kind']}: {row['before']} -> {row['after']}".replace("\n", " "))
        return
    if arguments.quick:
        arguments.rooms, arguments.count = ["clip", "codec", "language"], 2
    preload()
    data = os.environ.get("CUSPWORLD_DATA", str(REPOSITORY.parent / "shared" / "data"))
    environment = {"CUSPWORLD_DATA": data} if Path(data).is_dir() else {}
    before = read("mutants")["details"]
    folder = tempfile.TemporaryDirectory(prefix="mutants-")
    for room in arguments.rooms:
        count = arguments.count or max(8, len(every[room]) // 3)
        wanted = chosen(room, every[room], count, arguments.seed)
        if arguments.survivors:
            wanted = survivors([r for r in before if r["room"] == room], every[room])
        root = copy_of_the_repository(Path(folder.name))
        rows = one_room(room, wanted, arguments.tests or tests_of(room), root, environment) if wanted else []
        if arguments.survivors:  # the others stay as they were found
            rows += [r for r in before if r["room"] == room and r["killed"]]
        before = [r for r in before if r["room"] != room] + rows
        if arguments.save:
            save("mutants", table(before), details=before)
    print()
    for row in table(before):
        print(" ".join(f"{value!s:>12}" for value in row.values()))


if __name__ == "__main__":
    main()
