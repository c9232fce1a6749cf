"""`cusp studio` as a person starts it: a process of its own, with the shipped model."""

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.studio.conftest import Studio


def _heed() -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # a shell's background job ignores it


@contextmanager
def started(*arguments: str, script: Path | None = None) -> Iterator[tuple[Studio, subprocess.Popen]]:
    """(the studio that was let in, its process), which is ended by Ctrl-C if it has not ended before."""
    command = [sys.executable, "-m", "cuspworld"] if script is None else [str(script)]
    how: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    how |= {"start_new_session": True, "preexec_fn": _heed}
    process = subprocess.Popen([*command, "studio", "--no-open", *arguments], **how)
    try:
        assert process.stdout is not None
        printed = re.search(r"http://127\.0\.0\.1:(\d+)/\?token=(\S+)", process.stdout.readline())
        assert printed is not None, process.stderr and process.stderr.read()
        port, token = printed.groups()
        studio = Studio(int(port), token, None, Path())
        studio.enter()
        yield studio, process
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(20)


def children(process: int) -> list[int]:
    """Processes that this one has started and that run."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if int((entry / "stat").read_text().rpartition(")")[2].split()[1]) == process:
                    found.append(int(entry.name))
            except OSError:
                continue
    return found
