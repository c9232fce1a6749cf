"""cusp audit: one report or many, their pages, the ranking."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cuspworld.cli.say import plain, say, say_json
from cuspworld.errors import CuspError

if TYPE_CHECKING:
    from cuspworld.audit.report import Report


def audit(
    files: Annotated[list[Path], typer.Argument(help="Video files, or folders of them. Exactly two files: a pair.")],
    as_json: Annotated[
        bool, typer.Option("--json", help="Print JSON (report.schema.json), one report a line.")
    ] = False,
    html: Annotated[
        Path | None, typer.Option(help="Write an HTML report: a file, or a folder for many videos.")
    ] = None,
    table: Annotated[bool, typer.Option("--table", help="Rank the videos, least possible first.")] = False,
    fail_on: Annotated[
        list[str] | None, typer.Option(help="Exit with 1 if this law (or `any`) has a finding; may be repeated.")
    ] = None,
    metres_per_pixel: Annotated[
        float | None, typer.Option(help="The true scale: speeds in m/s, absolute checks.")
    ] = None,
    fps: Annotated[float | None, typer.Option(help="The true frame rate, where the file's is wrong.")] = None,
    timeout: Annotated[
        float | None, typer.Option(help="Seconds for each video; what was seen until then is judged.")
    ] = None,
    laws_only: Annotated[
        bool, typer.Option("--laws-only", help="Without the judge that was taught by the worlds' twins.")
    ] = False,
    calibrate: Annotated[
        bool, typer.Option("--calibrate", help="The videos are all true: measure your own bars, into bars.json.")
    ] = False,
    bars: Annotated[
        Path | None, typer.Option(help="Your own bars: the file, or its folder. With --calibrate: where to write them.")
    ] = None,
) -> None:
    """Is this video physically possible? Findings with time, place, law, evidence and uncertainty.

    Outside the worlds that it was fitted on a finding is a hint at most, and only under a static camera: docs/audit.md
    begins with the figures. No reference video, no prompt, no GPU and no download. Exit codes: 0 audited, 1 a law of
    --fail-on has a finding, 2 bad input, 3 some of the videos could not be read, and the others are audited.

    Examples:

      cusp audit juice.mp4

      cusp audit juice.mp4 --html juice.html --fail-on permanence

      cusp audit FOLDER --table

      cusp audit true.mp4 generated.mp4

      cusp audit --calibrate TRUE_CLIPS

      cusp audit clip.mp4 --bars TRUE_CLIPS
    """
    from dataclasses import replace

    from cuspworld.audit.bars import Bars
    from cuspworld.audit.compare import compare
    from cuspworld.audit.streaming import Limits
    from cuspworld.laws import Law

    wanted = set(fail_on or ())
    unknown = wanted - {*Law, "any"}
    if unknown:
        raise CuspError(f"--fail-on takes a law or any: got {sorted(unknown)}; the laws are {', '.join(Law)}")
    paths = _videos(files)
    reports, failures = [], []
    options: dict[str, Any] = {
        "fps": fps,
        "metres_per_pixel": metres_per_pixel,
        "limits": Limits(timeout=timeout),
        "taught": not laws_only,
    }
    if calibrate:
        return _calibrate(files, paths, bars, **options)
    options["bars"] = None if bars is None else Bars.load(bars)
    for path, result in _reports(paths, tolerant=len(paths) > 1, **options):
        if isinstance(result, CuspError):
            failures.append(result)
            say(f"error: {plain(result)}", error=True)
            continue
        reports.append((path, result))
        if as_json:
            say_json(result.to_dict())
        elif not table:
            say(str(replace(result, name=plain(result.name))))
    if html is not None:
        for written in _write_pages(reports, html):
            say(f"wrote {plain(written)}", error=True)
    if table and not as_json:
        _ranking([report for _, report in reports])
    if len(paths) == 2 and len(reports) == 2 and not as_json and not table:
        say(compare(reports[0][1], reports[1][1]))
    hit = any(f.law in wanted or "any" in wanted for _, report in reports for f in report.findings)
    if failures:
        raise typer.Exit(3 if reports else 2)
    if hit:
        raise typer.Exit(1)


def _calibrate(given: list[Path], videos: list[Path], bars: Path | None, **options: Any) -> None:
    """Measure the bars of true videos, write them, and say what they promise."""
    from cuspworld.audit.bars import FEWEST, NAME, STRATA
    from cuspworld.audit.recalibration import recalibrated

    if bars is None and not (len(given) == 1 and given[0].is_dir()):
        raise CuspError("--calibrate takes one folder of true videos, or many videos with --bars FILE to write to")
    target = given[0] / NAME if bars is None else bars / NAME if bars.is_dir() else bars
    measured = recalibrated(videos, f"{len(videos)} true clips in {target.parent.resolve().name}", **options)
    measured.save(target)
    for stratum in STRATA:
        count, bar = len(measured.true.get(stratum, ())), measured.bar(stratum)
        says = f"fewer than {FEWEST}: nothing will be said of such clips" if bar is None else f"bar {bar:.2f} log-odds"
        say(f"{stratum}: {count} true clips, {says}")
    say(f"wrote {plain(target)}; use it with --bars {plain(target)}", error=True)


def _videos(paths: list[Path]) -> list[Path]:
    """Files as they are, folders as the videos in them. Raises CuspError where there is none."""
    from cuspworld.video.folder import videos_of

    return [video for path in paths for video in (videos_of(path) if path.is_dir() else [path])]


def _reports(paths: list[Path], *, tolerant: bool, **options: Any) -> Iterator[tuple[Path, Report | CuspError]]:
    """Each video's report; where `tolerant`, a bad file gives its error instead of ending the rest."""
    from cuspworld.audit.run import audit_clip

    for path in paths:
        try:
            yield path, audit_clip(path, **options)
        except CuspError as error:
            if not tolerant:
                raise
            yield path, error


def _write_pages(reports: list[tuple[Path, Report]], target: Path) -> list[Path]:
    """One page into the file `target`, or one a video into the folder `target` (made if missing)."""
    from cuspworld.audit.pages.page import write_page

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


def _ranking(reports: list[Report]) -> None:
    """Print the reports as a table, least possible first."""
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for column, justify in (("score", "right"), ("checked", "right"), ("verdict", "left"), ("findings", "left"),
                            ("video", "left")):  # fmt: skip
        table.add_column(column, justify=justify)  # type: ignore[arg-type]
    for report in sorted(reports, key=lambda r: r.score):
        what = ", ".join(f"{f.law} {f.start:.2f}s {f.probability:.0%}" for f in report.findings[:4])
        more = f" (+{len(report.findings) - 4})" if len(report.findings) > 4 else ""
        checked = f"{len(report.suspicion)}/{report.laws}"
        table.add_row(f"{report.score:.3f}", checked, report.verdict, what + more, escape(plain(report.name)))
    Console(width=None).print(table)
