"""One writer at a time, and the next one as soon as the first is gone, however it went."""

import subprocess
import sys

import pytest

from cuspworld.errors import CuspError
from cuspworld.lock import one_writer

pytest.importorskip("fcntl", reason="this system has no such locks")


def test_a_second_writer_is_told_and_gets_it_afterwards(tmp_path):
    with one_writer(tmp_path, "run"):
        with (
            pytest.raises(CuspError, match="is being written by another process"),
            one_writer(tmp_path, "run"),
        ):
            pass
        with pytest.raises(CuspError, match="being written"), one_writer(tmp_path, "run"):
            pass  # being refused has not let go of it
    with pytest.raises(KeyError), one_writer(tmp_path, "run"):
        raise KeyError
    with one_writer(tmp_path, "run"):
        pass


def test_a_writer_that_is_killed_holds_nothing(tmp_path):
    work = "import sys, time; from pathlib import Path; from cuspworld.lock import one_writer\n"
    work += "with one_writer(Path(sys.argv[1]), 'run'): print('held', flush=True); time.sleep(60)"
    with subprocess.Popen([sys.executable, "-c", work, str(tmp_path)], stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout.readline() == "held\n"
        with pytest.raises(CuspError, match="being written"), one_writer(tmp_path, "run"):
            pass
        other.kill()
        other.wait()
        with one_writer(tmp_path, "run"):
            pass


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with (
        pytest.raises(CuspError, match="cannot write to the library"),
        one_writer(tmp_path / "nowhere", "library"),
    ):
        pass
