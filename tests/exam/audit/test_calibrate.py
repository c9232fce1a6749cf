"""The curves' fit: it recovers a curve that cases were drawn from, and counts each case once."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cuspworld.audit.calibration import FILE
from cuspworld.exam.audit import calibrate, calibration_file
from cuspworld.exam.audit.calibrate import Case
from cuspworld.exam.audit.faults import Fault
from cuspworld.exam.audit.injected import Trial
from cuspworld.exam.audit.twins import Pair

REPOSITORY = Path(__file__).resolve().parents[3]
IN_USE = {"check": {"centre": 6.0, "slope": 3.0, "fit": "first"}}
BOX = (0.0, 0.0, 9.0, 9.0)


def _drawn(centre: float, slope: float, count: int, seed: int, elsewhere: bool = False) -> list[Case]:
    rng = np.random.default_rng(seed)
    strengths = np.exp(rng.uniform(np.log(1.0), np.log(40.0), count))
    right = rng.random(count) < 1 / (1 + (centre / strengths) ** slope)
    return [Case("check", float(s), bool(r), elsewhere) for s, r in zip(strengths, right, strict=True)]


@pytest.mark.parametrize("centre, slope", [(4.0, 3.5), (12.0, 2.0)])
def test_the_curve_that_cases_were_drawn_from_is_found(centre: float, slope: float) -> None:
    found = calibrate.fit(_drawn(centre, slope, 4000, 0), IN_USE)["check"]
    assert found.centre == pytest.approx(centre, rel=0.1) and found.slope == pytest.approx(slope, rel=0.15)
    assert found.right + found.wrong == 4000


def test_few_cases_keep_the_curve_and_nothing_is_never_sure() -> None:
    assert calibrate.fit(_drawn(4.0, 3.0, calibrate.FEWEST - 1, 0), IN_USE) == {}
    flat = calibrate.fit([Case("check", 1.0 + k, k % 2 == 0, False) for k in range(40)], IN_USE)["check"]
    assert flat.centre <= 1.5 or 1 / (1 + flat.centre**flat.slope) <= calibrate.NOTHING + 1e-6


def test_video_from_elsewhere_counts_as_much_as_the_worlds() -> None:
    worlds, foreign = _drawn(3.0, 4.0, 3000, 1), _drawn(15.0, 4.0, 60, 2, elsewhere=True)
    alone = calibrate.fit(worlds, IN_USE)["check"].centre
    both = calibrate.fit([*worlds, *foreign], IN_USE)["check"].centre
    assert alone == pytest.approx(3.0, rel=0.1) and both > 1.4 * alone
    weights = calibrate._balanced(np.array([True, False, False, False]))
    assert weights[0] == pytest.approx(weights[1:].sum()) and weights.sum() == pytest.approx(4)


def _suspect(strength: float, start: float = 1.1, law: str = "contact", check: str = "check") -> dict[str, Any]:
    return {"check": check, "strength": strength, "law": law, "start": start, "end": start + 0.1, "box": BOX}


def _pair(seed: int, possible: list[dict[str, Any]], impossible: list[dict[str, Any]]) -> Pair:
    said = [{"suspects": suspects, "findings": []} for suspects in (possible, impossible)]
    return Pair("W", "t", seed, frozenset({"contact"}), 1.0, 1.5, BOX, *said)


def test_a_twins_suspect_is_right_at_its_time_by_its_law_and_above_what_possible_clips_show() -> None:
    pairs = [
        _pair(0, [_suspect(3.0)], [_suspect(9.0), _suspect(5.0, start=9.0)]),  # right: the strongest
        _pair(1, [], [_suspect(3.2)]),  # chance: seed 0's possible clip shows as much
        _pair(2, [], [_suspect(9.0, start=4.0)]),  # another time
        _pair(3, [], [_suspect(9.0, law="gravity")]),  # another law
        _pair(0, [_suspect(3.0)], [_suspect(9.0)]),  # the same possible clip beside another twin: counted once
    ]
    found = calibrate.cases(pairs, [], [])
    assert [(c.strength, c.right) for c in found] == [
        (3.0, False), (9.0, True), (3.2, False), (9.0, False), (9.0, False), (9.0, True),
    ]  # fmt: skip
    assert not any(case.elsewhere for case in found)


def test_faults_and_real_clips_are_from_elsewhere_and_repeats_count_once() -> None:
    fault = Fault("freeze", 10, 20, BOX, frozenset({"contact"}))
    said = {"suspects": [_suspect(4.0), _suspect(2.0, check="other", start=5.0)]}
    trials = [Trial("clip", "large", fault, 10.0, said), Trial("clip", "small", fault, 10.0, said)]
    real = [("true", None, {"suspects": [_suspect(7.0)]}), ("labelled", {"contact"}, {"suspects": [_suspect(8.0)]}),
            ("unlabelled", "?", {"suspects": [_suspect(9.0)]})]  # fmt: skip
    found = calibrate.cases([], trials, real)
    assert all(case.elsewhere for case in found)
    assert [(c.check, c.strength, c.right) for c in found] == [
        ("check", 4.0, True), ("other", 2.0, False), ("check", 7.0, False), ("check", 8.0, True),
    ]  # fmt: skip


def test_the_package_s_file_is_written_as_it_is_read(tmp_path: Path) -> None:
    calibration_file.write(calibration_file.read(), tmp_path / "calibration.json")
    assert (tmp_path / "calibration.json").read_text() == FILE.read_text()


def test_a_fit_changes_its_checks_and_says_how(tmp_path: Path) -> None:
    before, path = calibration_file.read(), tmp_path / "calibration.json"
    name = next(iter(before["curves"]))
    calibrate.write({name: calibrate.Fitted(2.345, 6.789, 5, 4)}, "new", "how it was made", path)
    after = calibration_file.read(path)
    assert after["curves"][name] == {"centre": 2.35, "slope": 6.79, "fit": "new"}
    assert after["fits"]["new"] == "how it was made" and after["judge"] == before["judge"]
    assert {k: v for k, v in after["curves"].items() if k != name} == {
        k: v for k, v in before["curves"].items() if k != name
    }
    everything = dict.fromkeys(before["curves"], calibrate.Fitted(1.0, 1.0, 1, 1))
    calibrate.write(everything, "newer", "all at once", path)
    kept = {"elsewhere", "longer", "home", before["judge"]["fit"]}
    assert set(calibration_file.read(path)["fits"]) == {"newer", *kept}


@pytest.mark.long
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("what", ["--fit", "--mix"])
def test_the_command_fits_end_to_end(what: str, tmp_path: Path) -> None:
    target = tmp_path / "calibration.json"
    command = [sys.executable, str(REPOSITORY / "benchmarks" / "audit.py"), "--split", "dev", "--quick", what,
               "--worlds", "Collision", "--parts", "twins", "--calibration", str(target)]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, cwd=REPOSITORY, check=False)
    assert done.returncode == 0, done.stderr
    before, after = calibration_file.read(), json.loads(target.read_text())
    assert set(after["curves"]) == set(before["curves"])
    if what == "--mix":
        assert "--mix" in after["fits"][after["judge"]["fit"]]
