"""What benchmarks measured, kept: one JSON file a benchmark, with the commit, the machine, the date and the command.

A script adds its rows to a `Table`, which prints them as they come and, where `--save` was given, writes the file when
all is done. `python -m benchmarks.results` draws docs/benchmarks.md from the files. Only runs write here.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import platform
import subprocess
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parent
REPOSITORY = FOLDER.parent.parent


def add_argument(parser: argparse.ArgumentParser) -> None:
    """`--save`, for a benchmark's command line."""
    parser.add_argument("--save", action="store_true", help="keep the rows in benchmarks/results/")


class Table:
    """Rows printed as they come, and kept at the end if `keep`: `with Table("video", arguments.save) as table`."""

    def __init__(self, name: str, keep: bool):
        self.name, self.keep = name, keep
        self.rows: list[dict[str, Any]] = []

    def __enter__(self) -> Table:
        return self

    def __exit__(self, error: type[BaseException] | None, *_: object) -> None:
        if self.keep and error is None:
            print(f"kept in {save(self.name, self.rows).relative_to(REPOSITORY)}")

    def add(self, row: Mapping[str, Any]) -> None:
        """Print a row, below its columns' names where these differ from the row before."""
        row = plain(row)
        if not self.rows or list(row) != list(self.rows[-1]):
            print("\n| " + " | ".join(row) + " |\n|" + "---|" * len(row), flush=True)
        print("| " + " | ".join(cell(value) for value in row.values()) + " |", flush=True)
        self.rows.append(row)


def wilson(successes: int, count: int) -> tuple[float, float]:
    """The 95 % interval of a share of `count` trials (Wilson 1927)."""
    if not count:
        return 0.0, 1.0
    z, share = 1.96, successes / count
    middle = (share + z * z / (2 * count)) / (1 + z * z / count)
    half = z * math.sqrt(share * (1 - share) / count + z * z / (4 * count * count)) / (1 + z * z / count)
    return max(middle - half, 0.0), min(middle + half, 1.0)


def cell(value: Any) -> str:
    """A number as people write it; yes and no; a dash for nothing."""
    if value is None or value == "":
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.4g}" if 1e-4 <= abs(value) < 1e6 or value == 0 else f"{value:.2e}"
    if isinstance(value, int):
        return f"{value:,}".replace(",", " ")
    return str(value).replace("|", "\\|").replace("\n", " ")


def save(name: str, rows: Sequence[Mapping[str, Any]], *, details: Sequence[Mapping[str, Any]] = ()) -> Path:
    """Write benchmarks/results/NAME.json. `rows` are the table of the docs page; `details` are kept, undrawn."""
    kept = {
        "benchmark": name,
        "command": command(),
        "commit": commit(),
        "date": datetime.now(UTC).date().isoformat(),
        "machine": machine(),
        "rows": [plain(row) for row in rows],
    }
    if details:
        kept["details"] = [plain(row) for row in details]
    path = FOLDER / f"{name}.json"
    aside = path.with_suffix(".aside")
    aside.write_text(json.dumps(kept, indent=1, ensure_ascii=False, allow_nan=False) + "\n")
    aside.replace(path)
    return path


def command() -> str:
    """What was typed, without the places of this machine: of a path from the root its last name."""
    words = [Path(word).name if Path(word).is_absolute() else word for word in sys.argv[1:]]
    return " ".join(["python", Path(sys.argv[0]).resolve().relative_to(REPOSITORY).as_posix(), *words])


def read(name: str) -> dict[str, Any]:
    """What benchmarks/results/NAME.json holds; a result without rows where there is none yet."""
    path = FOLDER / f"{name}.json"
    return json.loads(path.read_text()) if path.is_file() else {"benchmark": name, "rows": [], "details": []}


def commit() -> str:
    """The commit that was measured, with a plus where files of the package differed from it."""
    git = ["git", "-C", str(REPOSITORY)]
    try:
        head = subprocess.run(
            [*git, "rev-parse", "--short=8", "HEAD"], capture_output=True, text=True, check=True
        ).stdout
    except (OSError, subprocess.CalledProcessError):
        return "unknown"  # not in a checkout
    changed = subprocess.run([*git, "status", "--porcelain", "--", "src"], capture_output=True, text=True).stdout
    return head.strip() + ("+" if changed.strip() else "")


def machine() -> dict[str, Any]:
    """The processor, its cores, the system and the versions that matter. Not the host's name."""
    from importlib.metadata import PackageNotFoundError, version

    versions = {}
    for package in ("numpy", "numba", "torch"):
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            continue
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "system": platform.system(),
        "python": platform.python_version(),
        **versions,
    }


def _processor() -> str:
    listed = Path("/proc/cpuinfo")
    if listed.is_file():
        for line in listed.read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def plain(row: Mapping[str, Any]) -> dict[str, Any]:
    """The row with numpy's numbers made Python's, and floats to four significant digits."""
    found = {}
    for key, value in row.items():
        value = value.item() if hasattr(value, "item") else value
        found[key] = float(f"{value:.4g}") if isinstance(value, float) else value
    return found
