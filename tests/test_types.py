"""A misspelt name does not pass: ruff and mypy each refuse it, jaxtyping's shapes notwithstanding."""

import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parent.parent
MISSPELT = '''"""A file with a misspelt name."""

import numpy as np
from jaxtyping import Float


def area(width: float, height: float, weights: Float[np.ndarray, " sites"]) -> float:
    return width * hieght
'''


def refusal(tool: list[str], file: Path) -> str:
    """What a tool, with the project's own settings, says of a file that it refuses."""
    command = [sys.executable, "-m", *tool, str(file)]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=280)
    assert done.returncode == 1, done.stdout + done.stderr
    return done.stdout


def test_a_misspelt_name_is_refused_by_both(tmp_path):
    for tool in ("ruff", "mypy"):
        pytest.importorskip(tool)  # the dev extra has both; tests/versions.py installs neither
    file = tmp_path / "misspelt.py"
    file.write_text(MISSPELT)
    ruff = refusal(["ruff", "check", "--no-cache", "--output-format", "concise", "--config", "pyproject.toml"], file)
    assert "F821 Undefined name `hieght`" in ruff and "Found 1 error" in ruff  # and the shape of one axis is none
    mypy = refusal(["mypy", "--cache-dir", str(tmp_path / "cache"), "--config-file", "pyproject.toml"], file)
    assert 'Name "hieght" is not defined' in mypy and "Found 1 error" in mypy
