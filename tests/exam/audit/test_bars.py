"""The bars away from home: measured once a clip, written where the audit reads them."""

import json
from pathlib import Path

import numpy as np
import pytest

from cuspworld import worlds
from cuspworld.clip import Clip
from cuspworld.exam.audit import bars

from ...audit.breaking import vanishes


def test_a_clips_largest_evidence_is_its_strongest_checks() -> None:
    frames = vanishes()
    stratum, odds, check = bars.largest(Clip(frames, 30.0))
    assert stratum == "still" and odds > 0 and check
    calm = bars.largest(Clip(np.repeat(frames[:1], 20, 0), 30.0))
    assert calm[1] < 0


def test_what_is_measured_already_is_kept_and_the_bar_is_of_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUSPWORLD_DATA", str(tmp_path))
    kept, target = tmp_path / "kept.tsv", tmp_path / "calibration.json"
    lines = [f"{name} {seed}\tslow\t{seed + 0.5}\tleaps" for name in worlds.names() for seed in range(2)]
    kept.write_text("\n".join(lines) + "\n")
    found = bars.measured(None, 3.0, 2, kept)
    assert {stratum: len(values) for stratum, values in found.items()} == {"slow": 24}
    bars.write(found, ("slow", "moving"), "so", target)
    content = json.loads(target.read_text())
    assert content["elsewhere"]["slow"] == {"bar": 1.5, "clips": 24, "fit": "elsewhere"}
    assert content["elsewhere"]["moving"] == {"bar": None, "clips": 0, "fit": "elsewhere"}
    assert content["fits"]["elsewhere"] == "so"
