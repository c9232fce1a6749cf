"""`cusp fold`: what it prints, and bad input: exit code 2, no traceback, nothing written."""

import json
from pathlib import Path

import numpy as np
import pytest

from cuspworld.cli import main


def run(arguments: list[str]) -> int:
    with pytest.raises(SystemExit) as stopped:
        main(["fold", *arguments])
    return int(stopped.value.code or 0)


@pytest.fixture()
def two_heaps(tmp_path: Path) -> Path:
    points = np.random.default_rng(0).normal(size=(120, 4))
    points[:50, 0] += 12.0
    np.save(tmp_path / "points.npy", points)
    return tmp_path / "points.npy"


def test_json_holds_the_findings(two_heaps: Path, capsys: pytest.CaptureFixture[str]):
    picture = two_heaps.with_name("fold.png")
    arguments = [str(two_heaps), "-o", str(picture), "--tolerance", "0.2", "--source", "ball", "--dots", "40", "--json"]
    assert run(arguments) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed["branches"] == [70, 50]
    assert printed["points"] == 120 and printed["dimension"] == 4 and printed["error"] < 0.2
    assert all((pair["i"] < 50) != (pair["j"] < 50) for pair in printed["critical_pairs"])
    assert picture.read_bytes()[:4] == b"\x89PNG" and printed["output"] == str(picture)


def test_the_summary_is_for_people(two_heaps: Path, capsys: pytest.CaptureFixture[str]):
    assert run([str(two_heaps), "--tolerance", "0.2"]) == 0
    printed = capsys.readouterr().out
    assert "120 in 4 dimensions" in printed and "2: 70, 50" in printed and "critical pair" in printed
    assert [p.name for p in two_heaps.parent.iterdir()] == ["points.npy"]  # no picture was asked for


def save(folder: Path, what: str) -> Path:
    path = folder / "points.npy"
    if what == "text":
        path.write_text("dear diary\nno numbers, today\n")
    elif what == "empty":
        path.write_bytes(b"")
    elif what == "cut":
        np.save(path, np.zeros((50, 2)))
        path.write_bytes(path.read_bytes()[:200])
    elif what == "objects":
        np.save(path, np.array([[{}, 1]], dtype=object), allow_pickle=True)
    elif what == "zip":
        with path.open("wb") as file:
            np.savez(file, one=np.zeros((3, 2)), two=np.zeros((3, 2)))
    elif what != "missing":
        shapes = {
            "flat": np.zeros(5),
            "cube": np.zeros((3, 3, 3)),
            "none": np.zeros((0, 3)),
            "words": np.array([["a"]]),
        }
        shapes["complex"] = np.zeros((4, 2), complex)
        shapes["nan"] = np.ones((9, 2))
        shapes["nan"][6, 1] = np.nan
        np.save(path, shapes[what])
    return path


@pytest.mark.parametrize(
    ("what", "told"),
    [
        ("missing", "no file"),
        ("text", "not a .npy"),
        ("empty", "not a .npy"),
        ("cut", "not a .npy"),
        ("objects", "object"),
        ("zip", "name it points"),
        ("flat", "(N, d)"),
        ("cube", "(N, d)"),
        ("none", "(N, d)"),
        ("words", "(N, d)"),
        ("complex", "(N, d)"),
        ("nan", "row 6"),
    ],
)
def test_bad_files_exit_with_2_and_leave_nothing(
    what: str, told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    path = save(tmp_path, what)
    before = sorted(tmp_path.iterdir())
    assert run([str(path), "-o", str(tmp_path / "fold.png")]) == 2
    error = capsys.readouterr().err
    assert told in error and "Traceback" not in error
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--source", "torus"], "gaussian, ball, cube"),
        (["--tolerance", "2"], "tolerance"),
        (["-o", "fold.pdf"], ".png"),
        (["-o", "nowhere/fold.png"], "does not exist"),
        (["-o", "fold.png", "--dots", "1"], "dots"),
    ],
)
def test_bad_options_exit_with_2(options: list[str], told: str, two_heaps: Path, capsys, monkeypatch):
    monkeypatch.chdir(two_heaps.parent)
    assert run([str(two_heaps), *options]) == 2
    assert told in capsys.readouterr().err
    assert [p.name for p in two_heaps.parent.iterdir()] == ["points.npy"]


def test_an_example_needs_no_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    picture = tmp_path / "fold.png"
    assert run(["--example", "moons", "--tolerance", "0.3", "-o", str(picture), "--dots", "40"]) == 0
    assert "1,500 in 2 dimensions" in capsys.readouterr().out and picture.is_file()
    for arguments in ([], ["--example", "sun"], [str(tmp_path / "p.npy"), "--example", "moons"]):
        assert run(arguments) == 2
    assert "moons, rings, clusters: got 'sun'" in capsys.readouterr().err


def test_a_table_of_numbers_is_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    points = np.random.default_rng(0).normal(size=(120, 4))
    points[:50, 0] += 12.0
    np.savetxt(tmp_path / "points.csv", points, delimiter=",", header="a,b,c,d", comments="")
    assert run([str(tmp_path / "points.csv"), "--tolerance", "0.2"]) == 0
    assert "2: 70, 50" in capsys.readouterr().out
