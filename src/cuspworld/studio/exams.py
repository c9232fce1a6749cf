"""The jobs of Exam: the transcripts at hand, and several of them side by side."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cuspworld.errors import CuspError
from cuspworld.exam.beside import beside as set_beside
from cuspworld.exam.transcript import Transcript
from cuspworld.studio.worker import Job, uploaded

SHIPPED = Path(__file__).parents[1] / "exam" / "transcripts"
MOST = 8  # side by side


def shipped() -> dict[str, Path]:
    """The transcripts in the package, by the name of the model that was examined."""
    return {path.stem: path for path in sorted(SHIPPED.glob("*.json"))}


def exams(job: Job) -> None:
    """Says "exams": the transcripts in the package."""
    known = {name: Transcript.read(path) for name, path in shipped().items()}
    job.say(
        "exams",
        exams=[{"name": name, "model": t.model, "settings": dict(t.settings)} for name, t in known.items()],
    )


def beside(job: Job, names: list[str] | None = None, files: list[Any] | None = None) -> None:
    """Says "beside": the transcripts of these names and uploaded files as one (`exam.beside`)."""
    known = shipped()
    if unknown := [name for name in names or [] if name not in known]:
        raise CuspError(f"no transcript {unknown[0]!r:.80} in the package: take one of {', '.join(known)}")
    paths = [*(known[name] for name in names or []), *(uploaded("file", file) for file in files or [])]
    if len(paths) > MOST:
        raise CuspError(f"at most {MOST} transcripts fit side by side: got {len(paths)}")
    job.say("beside", transcript=set_beside([Transcript.read(path) for path in paths]).to_dict())
