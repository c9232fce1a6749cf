"""What benchmarks measured: the page and the files agree, and say by which command, of which commit, and where."""

import importlib
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from benchmarks import results
from benchmarks.mutation.operators import mutants
from benchmarks.results.__main__ import PAGE, drawn

from cuspworld.worlds import registry

REPOSITORY = Path(__file__).parent.parent
RESULTS = sorted(results.FOLDER.glob("*.json"))


@pytest.mark.parametrize("path", RESULTS, ids=lambda path: path.stem)
def test_a_kept_command_names_no_place_of_a_machine(path):
    told = json.loads(path.read_text())["command"]
    assert not re.search(r"(?<![\w.])/\w", told), told


def test_a_path_from_the_root_is_kept_by_its_last_name(monkeypatch):
    monkeypatch.setattr(
        sys, "argv", [str(results.REPOSITORY / "benchmarks" / "video.py"), "/some/where/runs", "--save"]
    )
    assert results.command() == "python benchmarks/video.py runs --save"


def test_the_page_is_drawn_from_the_results():
    assert PAGE.read_text() == drawn(), "run `python -m benchmarks.results`"


@pytest.mark.parametrize("path", RESULTS, ids=lambda p: p.stem)
def test_a_result_says_how_it_was_measured(path):
    kept = json.loads(path.read_text())
    assert kept["benchmark"] == path.stem and kept["rows"]
    script = kept["command"].split()[1]
    assert (REPOSITORY / script).is_file() and path.stem.startswith(Path(script).stem)
    assert re.fullmatch(r"[0-9a-f]{7,}\+?", kept["commit"]) and re.fullmatch(r"\d{4}-\d\d-\d\d", kept["date"])
    assert set(kept["machine"]) >= {"processor", "cores", "system", "python"} and "host" not in str(kept["machine"])


def test_what_others_data_has_stands_on_the_page_of_the_worlds(monkeypatch):
    monkeypatch.syspath_prepend(str(REPOSITORY / "benchmarks"))
    variety = importlib.import_module("variety")
    assert variety.beside() in (REPOSITORY / "docs/worlds/index.md").read_text()
    pytest.importorskip("mujoco", reason="three worlds need it")
    ours = [name for name in registry.names() if registry._entries[name].ours]
    assert sum(len(registry.make(name).twins) for name in ours) == int(
        variety.PEERS["CuspWorld, varied"]["impossible twins"]
    )


def test_the_interval_of_a_share():
    """Newcombe 1998's worked example: 81 of 263 is 0.2553 to 0.3662; none of 20 and all of 20 mirror each other."""
    assert results.wilson(81, 263) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert results.wilson(0, 20) == pytest.approx((0.0, 0.1611), abs=5e-5)
    assert results.wilson(20, 20) == pytest.approx((0.8389, 1.0), abs=5e-5)


def test_rows_come_back_as_numbers_of_four_digits(tmp_path, monkeypatch, capsys):
    import numpy as np

    monkeypatch.setattr(results, "FOLDER", tmp_path)
    monkeypatch.setattr(results, "REPOSITORY", tmp_path.parent)
    monkeypatch.setattr(sys, "argv", [str(tmp_path / "video.py"), "--save"])
    with results.Table("video", keep=True) as table:
        table.add({"what": "a|b", "count": np.int64(12345), "ratio": np.float32(1.23456789), "none": None})
    assert results.read("video")["rows"] == [{"what": "a|b", "count": 12345, "ratio": 1.235, "none": None}]
    assert "| a\\|b | 12 345 | 1.235 | - |" in capsys.readouterr().out
    with pytest.raises(KeyError), results.Table("other", keep=True):
        raise KeyError
    assert not (tmp_path / "other.json").exists()  # a run that failed measured nothing


def test_every_script_says_how_it_is_asked_and_keeps_its_rows_when_asked():
    """Scripts that have a command line take --quick, and those that add rows to a table take --save."""
    for script in sorted((REPOSITORY / "benchmarks").glob("*.py")):
        text = script.read_text()
        if "ArgumentParser(" in text:
            assert '"--quick"' in text, script
            assert ("Table(" in text) <= ("add_argument(parser)" in text), script


def test_mutants_are_programs_that_differ_in_one_place(tmp_path):
    source = (
        "from math import hypot\n\n"
        "LIMIT = 3\n\n\n"
        "def far(x: float, y: float) -> bool:\n"
        '    """Whether a point lies far away."""\n'
        "    if x < 0 and y + 1 == 2:\n"
        '        raise ValueError(f"x must not be {x + 1}")\n'
        "    return hypot(x, y) > LIMIT\n"
    )
    file = tmp_path / "far.py"
    file.write_text(source)
    found = mutants(file, tmp_path)
    changed = [m.applied(source.encode()).decode() for m in found]
    assert len(set(changed)) == len(changed)
    for text in changed:
        compile(text, "far.py", "exec")
        lines = zip(text.splitlines(), source.splitlines(), strict=True)
        assert sum(a != b for a, b in lines) == 1
    assert {m.kind for m in found} == {"constant", "comparison", "branch", "arithmetic", "statement", "return"}
    assert not any("must not be" in m.before and m.kind != "statement" for m in found)  # messages are left alone
    assert all(m.function == "far" for m in found if m.line > 5)


@pytest.mark.long
def test_a_mutant_is_killed_and_another_survives():
    """The whole machine on one room: clean tests, mutants, and at least one of them noticed."""
    command = [sys.executable, str(REPOSITORY / "benchmarks" / "mutants.py"), "--rooms", "clip", "--count", "3"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=1200)
    assert done.returncode == 0, done.stderr[-2000:]
    assert "killed by" in done.stdout and "failing when clean: []" in done.stdout
