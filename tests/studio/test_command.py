"""`cusp studio` from the command line: what it prints, and that nothing of it is left, however it ends."""

import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from cuspworld.errors import CuspError
from cuspworld.studio.settings import Settings
from tests.studio.command import children, started
from tests.studio.conftest import ends

pytest.importorskip("uvicorn")


ENDS = [(signal.SIGINT, False), (signal.SIGINT, True), (signal.SIGTERM, False), (signal.SIGKILL, False)]


@pytest.mark.parametrize(("number", "again"), ENDS)
def test_nothing_is_left_however_it_ends_with_a_run_going(number, again):
    with started() as (studio, process):
        tab = studio.tab()
        run = tab.start("make", prompt="a glass of juice", seconds=60)
        tab.hear("started", run=run)
        workers = children(process.pid)
        assert workers
        process.send_signal(number)
        if again:
            time.sleep(0.05)
            process.send_signal(number)
        code = process.wait(60)
    assert all(ends(worker) for worker in workers)
    left = list(Path(tempfile.gettempdir()).glob(f".studio.aside-*-{process.pid}-*"))
    if number is signal.SIGKILL:  # what it could not clear, the next one does
        with started():
            pass
        left = [path for path in left if path.exists()]
    else:
        assert code == (130 if number is signal.SIGINT else 143) and process.stderr.read().count("\n") <= 1
    assert not left


def said_by(*arguments: str) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "cuspworld", "studio", "--no-open", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=300)


def test_what_it_cannot_serve_is_said_in_one_line(tmp_path):
    with started() as (studio, _):
        for arguments in ([str(tmp_path / "nowhere")], ["--port", str(studio.port)]):
            done = said_by(*arguments)
            assert done.returncode == 2 and done.stderr.startswith("error: ") and done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("given", "said"), [({"library": "no.lance"}, "no library"), ({"workers": 0}, "workers must be")]
)
def test_settings_that_cannot_be_are_said(given, said):
    with pytest.raises(CuspError, match=said):
        Settings(**given)


@pytest.mark.long
def test_nothing_is_imported_from_the_folder_that_it_was_started_in(tmp_path, monkeypatch):
    """A worker that took its modules from there would run a stranger's code."""
    (tmp_path / "cv2.py").write_text("open('ran', 'w').close()\n")
    (tmp_path / "wave.py").write_text("open('ran', 'w').close()\n")
    script = Path(sys.executable).parent / "cusp"
    if not script.exists():
        pytest.skip("the command is not installed")
    monkeypatch.chdir(tmp_path)
    with started(script=script) as (studio, _):
        tab = studio.tab()
        tab.ends(tab.start("make", prompt="a glass of juice", seconds=0.1), seconds=120)
    assert not (tmp_path / "ran").exists()
