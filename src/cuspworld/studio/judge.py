"""The job of Judge: the audit of one video that somebody dropped."""

from __future__ import annotations

from pathlib import Path

from cuspworld.audit.pages.page import write_page
from cuspworld.audit.report import Report
from cuspworld.audit.run import audit_clip
from cuspworld.studio.worker import Job, uploaded


def judge(job: Job, video: Path, name: str = "video") -> None:
    """Audits a file within the studio's limits; `name`: what the report calls it. Says "so_far" with the report of what
    has been looked at, window after window, then "report"; the run's files are the audit's page and the video as that
    shows it."""

    def so_far(report: Report) -> None:
        job.check()
        job.say("so_far", report=report.to_dict())

    path = uploaded("video", video)
    report = audit_clip(path, name=name[:200] or "video", limits=job.settings.limits, so_far=so_far)
    job.check()
    job.say("so_far", report=report.to_dict())
    write_page(report, job.folder / "audit.html", path, shown=job.folder / "shown.mp4")
    job.say("report", report=report.to_dict(), files={"audit": "audit.html", "clip": "shown.mp4"})
