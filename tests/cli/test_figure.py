"""`cusp figure`: exit codes, and nothing half-written."""

import json
from pathlib import Path

import pytest

from cuspworld.cli import main


def run(arguments: list[str]) -> int:
    with pytest.raises(SystemExit) as stopped:
        main(["figure", *arguments])
    return int(stopped.value.code or 0)


def test_seahorse_is_drawn_and_its_figures_are_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    picture = tmp_path / "s.png"
    assert run(["seahorse", "-o", str(picture), "--sites", "600", "--dots", "50", "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed["sites"] == 600 and printed["singular_facets"] > 20
    assert picture.read_bytes()[:4] == b"\x89PNG"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["sea-horse", "-o", "s.png"], "seahorse, digits"),
        (["seahorse", "-o", "s.jpg"], ".png"),
        (["seahorse", "-o", "missing/s.png"], "does not exist"),
        (["seahorse", "-o", "s.png", "--sites", "3"], "500"),
        (["seahorse", "-o", "s.png", "--quick"], "digits"),
        (["digits", "-o", "s.png", "--data", "missing"], "missing"),
        (["digits", "-o", "s.png", "--data", "."], "train-images"),
    ],
)
def test_bad_input_exits_with_2_and_leaves_nothing(
    arguments: list[str], told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    assert run(arguments) == 2
    error = capsys.readouterr().err
    assert told in error and "Traceback" not in error
    assert list(tmp_path.iterdir()) == []
