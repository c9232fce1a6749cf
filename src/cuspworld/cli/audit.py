"""cusp audit."""

from pathlib import Path
from typing import Annotated

import typer


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
) -> None:
    """Is this video physically possible? Findings with time, place, law, evidence and uncertainty.

    No reference video, no prompt, no GPU and no download. Exit codes: 0 audited, 1 a law of --fail-on has a finding,
    2 bad input.

    Examples:

      cusp audit juice.mp4

      cusp audit juice.mp4 --html juice.html --fail-on permanence

      cusp audit FOLDER --table

      cusp audit true.mp4 generated.mp4
    """
    import sys

    from cuspworld.audit.command import ranking, reports_of, videos_in, write_pages
    from cuspworld.audit.compare import compare
    from cuspworld.audit.streaming import Limits
    from cuspworld.errors import CuspError
    from cuspworld.laws import Law

    wanted = set(fail_on or ())
    unknown = wanted - {*Law, "any"}
    if unknown:
        raise CuspError(f"--fail-on takes a law or any: got {sorted(unknown)}; the laws are {', '.join(Law)}")
    paths = videos_in(files)
    reports, failures = [], []
    options = {
        "fps": fps,
        "metres_per_pixel": metres_per_pixel,
        "limits": Limits(timeout=timeout),
        "taught": not laws_only,
    }
    for path, result in reports_of(paths, tolerant=len(paths) > 1, **options):
        if isinstance(result, CuspError):
            failures.append(result)
            print(f"error: {result}", file=sys.stderr)
            continue
        reports.append((path, result))
        if as_json:
            print(result.to_json(indent=None))
        elif not table:
            print(result)
    if html is not None:
        for written in write_pages(reports, html):
            print(f"wrote {written}", file=sys.stderr)
    if table and not as_json:
        ranking([report for _, report in reports])
    if len(paths) == 2 and len(reports) == 2 and not as_json and not table:
        print(compare(reports[0][1], reports[1][1]))
    hit = any(f.law in wanted or "any" in wanted for _, report in reports for f in report.findings)
    if failures:
        raise typer.Exit(2)
    if hit:
        raise typer.Exit(1)
