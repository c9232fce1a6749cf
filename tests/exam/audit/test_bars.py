"""The bars away from home: measured once a clip, written where the audit reads them."""

import json
from pathlib import Path

import pytest

from cuspworld import worlds
from cuspworld.audit import Curve
from cuspworld.audit.calibration import FILE, fitted
from cuspworld.exam.audit import bars
from cuspworld.exam.audit.observed import Kept


def test_what_is_measured_already_is_kept_and_the_bar_is_of_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUSPWORLD_DATA", str(tmp_path))
    kept, target = tmp_path / "kept.jsonl", tmp_path / "calibration.json"
    twice = 2 * Curve.of("bursts").centre  # no check of single steps: those are silent at this rate
    checks = {**{name: "not looked" for name in fitted()}, "bursts": [[twice, 0.0, 1.0, None]]}
    line = {"seconds": 3.0, "fps": 10.0, "frames": 30, "size": [64, 64], "odd": {}}
    lines = [
        {"clip": f"{name} {seed}", **line, "shots": [{"stratum": "slow", "world": "", "checks": checks}]}
        for name in worlds.names()
        for seed in range(2)
    ]
    kept.write_text("".join(json.dumps(line) + "\n" for line in lines))
    found = bars.measured(None, 3.0, 2, Kept(kept))
    assert {stratum: len(values) for stratum, values in found.items()} == {"slow": 24}
    assert found["slow"][0] == pytest.approx(Curve.of("bursts").slope * 0.6931, rel=1e-3)  # odds of 2^slope
    bars.write(found, ("slow", "moving"), "so", target, 3.0)
    content = json.loads(target.read_text())
    strata = content["elsewhere"]["strata"]
    assert len(strata["slow"]["true"]) == 24 and min(strata["slow"]["true"]) > 0
    assert strata["moving"] == {"true": [], "fit": "elsewhere"}
    assert content["fits"]["elsewhere"] == "so"


def test_the_bar_at_home_is_written_beside_the_others(tmp_path: Path) -> None:
    target = tmp_path / "calibration.json"
    bars.write_home([-1.0, 0.301, 2.0], "so", target)
    content, before = json.loads(target.read_text()), json.loads(FILE.read_text())
    assert content["home"] == {"true": [2.0, 0.31, -1.0], "fit": "home"} and content["fits"]["home"] == "so"
    assert content["elsewhere"] == before["elsewhere"] and content["curves"] == before["curves"]
