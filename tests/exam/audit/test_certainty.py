"""Of findings of known truth: which are right, and how sure they were."""

from typing import Any

import pytest

from cuspworld.exam.audit import certainty
from cuspworld.exam.audit.faults import Fault
from cuspworld.exam.audit.injected import Trial
from cuspworld.exam.audit.twins import Pair

BOX = (0.0, 0.0, 9.0, 9.0)


def _said(law: str, start: float, probability: float) -> dict[str, Any]:
    return {"law": law, "start": start, "end": start + 0.1, "probability": probability, "box": BOX}


def _judged() -> list[certainty.Judged]:
    possible = {"findings": [_said("contact", 1.1, 0.6)]}
    twin = {"findings": [_said("contact", 1.1, 0.96), _said("gravity", 1.2, 0.9), _said("contact", 5.0, 0.99)]}
    pair = Pair("W", "t", 0, frozenset({"contact"}), 1.0, 1.5, BOX, possible, twin)
    fault = Fault("freeze", 10, 20, BOX, frozenset({"stillness"}))
    trial = Trial("c", "large", fault, 10.0, {"findings": [_said("stillness", 1.5, 0.75), _said("arrow", 8.0, 0.56)]})
    real = [("true", None, {"findings": [_said("cause", 1.0, 0.8)]}),
            ("labelled", {"cause"}, {"findings": [_said("cause", 1.0, 0.97), _said("arrow", 1.0, 0.97)]}),
            ("unlabelled", "?", {"findings": [_said("cause", 1.0, 0.99)]})]  # fmt: skip
    return certainty.judged([pair], [trial], real)


def test_right_is_the_law_at_its_time_and_nothing_is_right_in_a_true_clip() -> None:
    assert [(f["law"], right, time) for f, right, time in _judged()] == [
        ("contact", False, False),  # in the possible clip
        ("contact", True, True), ("gravity", False, True), ("contact", False, False),
        ("stillness", True, True), ("arrow", False, False),
        ("cause", False, False), ("cause", True, True), ("arrow", False, True),
    ]  # fmt: skip


def test_the_table_holds_each_finding_in_its_bin(capsys: pytest.CaptureFixture[str]) -> None:
    certainty.show(_judged())
    rows = [line.split()[-4:] for line in capsys.readouterr().out.splitlines()[2:6]]
    assert rows == [
        ["2", "58%", "0%", "0%"], ["2", "78%", "50%", "50%"], ["1", "90%", "0%", "100%"], ["4", "97%", "50%", "75%"],
    ]  # fmt: skip
