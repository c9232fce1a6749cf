"""What `cusp audit` needs beyond one report: finding videos in folders, many reports, pages, the ranking."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cuspworld.audit.pages.page import write_page
from cuspworld.audit.report import Report
from cuspworld.errors import CuspError


def videos_in(paths: list[Path]) -> list[Path]:
    """Files as they are, folders as the videos in them (sorted). Raises CuspError where there is none."""
    from cuspworld.video.files import SUFFIXES

    found = []
    for path in paths:
        if path.is_dir():
            inside = sorted(p for p in path.rglob("*") if p.suffix.lower() in SUFFIXES and p.is_file())
            if not inside:
                raise CuspError(f"no video in the folder {path}: cuspworld reads {', '.join(SUFFIXES)}")
            found.extend(inside)
        else:
            found.append(path)
    return found


def reports_of(paths: list[Path], *, tolerant: bool, **options: Any) -> Iterator[tuple[Path, Report | CuspError]]:
    """Each video's report; where `tolerant`, a bad file gives its error instead of ending the rest."""
    from cuspworld.audit.run import audit_clip

    for path in paths:
        try:
            yield path, audit_clip(path, **options)
        except CuspError as error:
            if not tolerant:
                raise
            yield path, error


def write_pages(reports: list[tuple[Path, Report]], target: Path) -> list[Path]:
    """One page into the file `target`, or one a video into the folder `target` (made if missing)."""
    if len(reports) == 1 and target.suffix.lower() in (".html", ".htm"):
        path, report = reports[0]
        return [write_page(report, target, path)]
    if target.suffix.lower() in (".html", ".htm"):
        raise CuspError(f"--html {target} is one page and there are {len(reports)} videos: name a folder instead")
    target.mkdir(parents=True, exist_ok=True)
    names: dict[str, int] = {}
    written = []
    for path, report in reports:
        names[path.stem] = names.get(path.stem, 0) + 1
        stem = path.stem if names[path.stem] == 1 else f"{path.stem}-{names[path.stem]}"
        written.append(write_page(report, target / f"{stem}.html", path))
    return written


def ranking(reports: list[Report]) -> None:
    """Print the reports as a table, least possible first."""
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for column, justify in (("score", "right"), ("verdict", "left"), ("findings", "left"), ("video", "left")):
        table.add_column(column, justify=justify)  # type: ignore[arg-type]
    for report in sorted(reports, key=lambda r: r.score):
        what = ", ".join(f"{f.law} {f.start:.2f}s {f.probability:.0%}" for f in report.findings[:4])
        more = f" (+{len(report.findings) - 4})" if len(report.findings) > 4 else ""
        table.add_row(f"{report.score:.3f}", report.verdict, what + more, report.name)
    Console(width=None).print(table)
