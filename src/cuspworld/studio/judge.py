"""The job of Judge: the audit of one video that somebody dropped."""

from __future__ import annotations

from pathlib import Path

from cuspworld.audit.pages.page import write_page
from cuspworld.audit.run import audit_clip
from cuspworld.studio.worker import Job, uploaded


def judge(job: Job, video: Path, name: str = "video") -> None:
    """Audits a file within the studio's limits. Says "report"; the run's files are the audit's page and the video as
    it shows it."""
    report = audit_clip(uploaded("video", video), name=name[:200], limits=job.settings.limits)
    job.check()
    write_page(report, job.folder / "audit.html", video)
    job.say("report", report=report.to_dict(), files={"audit": "audit.html"})
