"""`cuspworld.audit` is called like a function and has the room's names, to Python and to type checkers alike."""

import subprocess
import sys
from pathlib import Path

import pytest

import cuspworld
import cuspworld.audit.compare  # the file: its name must not hide the function's
from cuspworld import audit

USER = """
import cuspworld
from cuspworld import Clip, audit
from cuspworld.audit import Report

report: Report = audit(Clip.read("clip.mp4"), fps=24.0)
print(report.score, cuspworld.audit("clip.mp4").verdict, audit.compare(report, report).less_possible)
"""
WRONG = """
audit(3)
audit.no_such_name
"""


def test_every_public_name_is_there_and_no_file_hides_one() -> None:
    assert callable(audit) and cuspworld.audit is audit
    for name in audit.__all__:
        assert getattr(audit, name).__name__ == name
    with pytest.raises(AttributeError, match="no_such_name"):
        audit.no_such_name  # noqa: B018


@pytest.mark.long
def test_a_user_s_file_passes_mypy_strict(tmp_path: Path) -> None:
    file = tmp_path / "user.py"
    file.write_text(USER + "\n".join(f"print(audit.{name})" for name in audit.__all__) + WRONG)
    environment = {"MYPYPATH": str(Path(cuspworld.__file__).parents[1]), "PATH": ""}
    options = ["--strict", "--ignore-missing-imports", "--follow-imports=silent", "--no-error-summary"]
    command = [sys.executable, "-m", "mypy", *options, str(file)]
    said = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env=environment, check=False).stdout
    first, second = said.strip().splitlines()
    assert 'incompatible type "int"' in first and 'no attribute "no_such_name"' in second
