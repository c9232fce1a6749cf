"""Pairs of a possible clip and its twin: equal until the law breaks, of the split's seeds."""

from pathlib import Path

import numpy as np
import pytest

from cuspworld.exam.audit import twins
from cuspworld.exam.audit.split import FIRST_SEED, FPS, SIZE
from cuspworld.exam.audit.store import Store


@pytest.mark.parametrize("split", ["dev", "test"])
def test_a_pair_is_equal_until_its_law_breaks(split: str, tmp_path: Path) -> None:
    found = list(twins.clips_of(split, 1, Store(tmp_path), ["Collision"]))
    assert {violation.twin for _, violation, _, _ in found} == {"passes_through", "speeds_up", "stops"}
    for laws, violation, possible, impossible in found:
        assert laws == violation.breaks
        assert possible.fps == impossible.fps == FPS and possible.size == impossible.size == (SIZE, SIZE)
        assert impossible.truth is not None
        assert FIRST_SEED[split] <= impossible.truth.parameters["seed"] < FIRST_SEED[split] + 1000
        differ = np.abs(possible.frames.astype(int) - impossible.frames).max((1, 2, 3))
        assert differ[: int(violation.start * FPS)].max() == 0  # frames before the violation
        assert differ.max() >= 24 and impossible.seconds - violation.start >= twins.SHORTEST


def _pair(findings: list[dict[str, object]]) -> twins.Pair:
    possible = {"score": 0.9, "findings": []}
    impossible = {"score": 0.2, "findings": findings, "checked": {}, "unchecked": {"contact": "no single things"}}
    return twins.Pair("W", "t", 3, frozenset({"contact"}), 1.0, 1.5, (0.0, 0.0, 9.0, 9.0), possible, impossible)


def test_right_is_the_strongest_finding_of_the_law_at_its_time() -> None:
    box = (0.0, 0.0, 9.0, 9.0)
    said = [
        {"law": "gravity", "start": 1.1, "end": 1.2, "probability": 0.99, "box": box},
        {"law": "contact", "start": 3.0, "end": 3.2, "probability": 0.98, "box": box},
        {"law": "contact", "start": 1.0, "end": 1.2, "probability": 0.7, "box": box},
        {"law": "contact", "start": 1.3, "end": 1.4, "probability": 0.8, "box": None},
    ]
    assert _pair(said).right == said[3]
    assert _pair(said[:2]).right is None


def test_tables_count_found_and_named_apart(capsys: pytest.CaptureFixture[str]) -> None:
    wrong = {"law": "gravity", "start": 1.1, "end": 1.2, "probability": 0.9, "box": (0.0, 0.0, 9.0, 9.0)}
    twins.show([_pair([wrong]), _pair([{**wrong, "law": "contact"}]), _pair([])])
    row = next(line for line in capsys.readouterr().out.splitlines() if line.startswith("all twins"))
    # pairs, pairwise, AUC, found, named, time, place, box IoU, false
    assert row.split() == ["all", "twins", "3", "100%", "1.000", "67%", "33%", "100%", "100%", "1.00", "0%"]


def test_what_was_missed_is_said_with_why() -> None:
    (line,) = twins.misses([_pair([])])
    assert line.startswith("MISSED") and "no single things" in line
