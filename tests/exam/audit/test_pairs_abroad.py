"""Of a pair the made clip has to be the odder one; a tie is a miss."""

from pathlib import Path

import pytest

from cuspworld.audit.calibration import fitted
from cuspworld.exam.audit import pairs_abroad
from cuspworld.exam.audit.observed import Kept


def test_each_instrument_is_asked_which_of_a_pair_is_odder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUSPWORLD_DATA", str(tmp_path))
    assert pairs_abroad.rows(Kept(None), 3.0) == []
    kept = Kept(None)
    for filmed, made in pairs_abroad.PAIRS[:2]:
        for name, odd in ((filmed, 1.0), (made, 1.0 if made == pairs_abroad.PAIRS[0][1] else 2.0)):
            (tmp_path / name).parent.mkdir(exist_ok=True)
            (tmp_path / name).touch()
            checks = dict.fromkeys(fitted(), "not looked")
            kept.lines[Path(name).name, 3.0] = {
                "clip": Path(name).name, "seconds": 3.0, "fps": 24.0, "frames": 72, "size": [64, 64],
                "odd": {"a baseline": odd}, "shots": [{"stratum": "still", "world": "", "checks": checks}],
            }  # fmt: skip
    rows = pairs_abroad.rows(kept, 3.0)[:2]
    assert [row["pairs of one scene, by"] for row in rows] == ["audit", "a baseline"]
    assert [row["made clip odder"].split(" (")[0] for row in rows] == ["0 of 2", "1 of 2"]
