"""Jobs for the tests of the studio: each does one thing that jobs do, well or badly."""

import os
import signal
import subprocess
import sys
import time
import warnings
from pathlib import Path

import numpy as np

from cuspworld.errors import CuspError, CuspWarning
from cuspworld.studio.worker import Job, uploaded

HERE = "tests.studio.jobs"
NAMES = (
    "echo",
    "count",
    "stubborn",
    "hear",
    "crash",
    "fault",
    "wrong",
    "warned",
    "files",
    "frames",
    "size",
    "child",
    "load",
)


def echo(job: Job, **arguments: object) -> None:
    job.say(
        "echo", arguments=arguments, process=os.getpid(), odd=[np.float64("nan"), float("inf"), np.int64(3), {1: ()}]
    )


def count(job: Job, to: int = 10**9, every: float = 0.01) -> None:
    job.say("process", process=os.getpid())
    for number in range(to):
        job.check()
        job.say("number", number=number)
        time.sleep(every)


def stubborn(job: Job) -> None:
    job.say("process", process=os.getpid())
    time.sleep(600)


def hear(job: Job) -> None:
    job.say("ready")
    while (told := job.heard(None)) != {"over": True}:
        job.say("heard", told=told)


def crash(job: Job) -> None:
    job.say("process", process=os.getpid())
    os.kill(os.getpid(), signal.SIGKILL)


def fault(job: Job) -> None:
    raise KeyError("<b>no</b>")


def wrong(job: Job) -> None:
    raise CuspError("size must be 2 to 4096: got 1")


def warned(job: Job) -> None:
    warnings.warn("nobody taught it that", CuspWarning, stacklevel=1)


def files(job: Job) -> None:
    (job.folder / "made.html").write_text("<script>document.title = 'mine'</script>")
    (job.folder / "made.png").write_bytes(b"picture")
    (job.folder / "kept.safetensors").write_bytes(b"none of the page's business")
    os.symlink("/etc/hostname", job.folder / "link.png")
    job.say("folder", folder=str(job.folder))


def frames(job: Job, number: int = 3, side: int = 64) -> None:
    for index in range(number):
        job.picture(np.full((side, side, 3), 40 * index, np.uint8), index=index)


def size(job: Job, video: Path) -> None:
    job.say("size", bytes=uploaded("video", video).stat().st_size, text=f"{video} was read")


def load(job: Job) -> None:
    job.say("process", process=os.getpid())
    job.kept("model", lambda: time.sleep(1.5))


def child(job: Job) -> None:
    started = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    job.say("child", process=started.pid)
    while True:
        job.check()
        time.sleep(0.05)
