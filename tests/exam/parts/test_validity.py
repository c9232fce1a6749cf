"""Validity: the promise of a certified region, held against worlds whose error is known."""

import numpy as np
import pytest

from cuspworld.exam.parts import validity
from cuspworld.exam.parts.validity import MISSED, RISK, TOLERANCE, auroc, certify
from cuspworld.exam.references import LastFrame, Oracle
from cuspworld.exam.sitting import Kept, Settings, Sitting


def _world(random, count):
    """Right where the first parameter is below 0.6."""
    unit = random.uniform(size=(count, 2))
    return unit, np.where(unit[:, 0] < 0.6, 0.1, 0.5) + random.normal(0, 0.03, count)


def test_the_region_is_found():
    random = np.random.default_rng(0)
    region = certify(*_world(random, 200))
    unit, errors = _world(random, 1000)
    inside = region.inside(unit)
    assert 0.55 < inside.mean() < 0.75 and (errors[inside] > TOLERANCE).mean() < MISSED


def test_the_promises_hold_over_many_draws():
    """Of errors that nothing predicts, a region is wrongly certified in at most RISK of the draws; coverage holds."""
    random = np.random.default_rng(1)
    broken, covered, draws = 0, [], 200
    for _ in range(draws):
        errors = np.where(random.random(100) < MISSED + 0.02, 1.0, 0.1)  # a little too many are wrong everywhere
        region = certify(random.uniform(size=(100, 2)), errors, TOLERANCE)
        broken += region.threshold is not None
        new, true = random.uniform(size=(50, 2)), np.where(random.random(50) < MISSED + 0.02, 1.0, 0.1)
        covered.append((true <= region.predicted(new) + region.bound).mean())
    assert broken / draws < RISK + 3 * np.sqrt(RISK * (1 - RISK) / draws) and np.mean(covered) > 1 - MISSED - 0.02


def test_auroc_by_hand():
    score, bad = np.array([1.0, 2.0, 2.0, 3.0]), np.array([False, False, True, True])
    assert auroc(score, bad) == pytest.approx((2 + 1.5) / 4) and auroc(score, ~bad) == pytest.approx(0.125)
    assert auroc(score, np.ones(4, bool)) is None


class _SlowOnly:
    """The world itself where the first ball is slow; else nothing moves."""

    def answer(self, question):
        if question.scene.options["speed_1"] < 3:
            return Oracle().answer(question)
        return LastFrame().continue_clip(question.frames, question.fps, question.seconds)


def test_an_ensemble_disagrees_where_one_of_it_is_wrong(monkeypatch):
    monkeypatch.setattr(validity, "EACH", 18)
    settings = Settings(clips=1, size=32)

    def row(*members):
        part = validity.sit(Sitting({"mine": _SlowOnly()}, settings, Kept(None, ""), members=members))
        return part.tables[0].rows[0], part.notes

    told, notes = row(Oracle(), Oracle())
    assert 0 < told["above tolerance"] < 1 and told["AUROC ensemble"] == 1.0 and len(notes) == 1
    assert row(_SlowOnly())[0]["AUROC ensemble"] == 0.5  # the same model twice knows nothing of its errors
    alone, notes = row()
    assert "AUROC ensemble" not in alone and "No deep ensemble" in notes[1]


def test_a_member_that_fails_is_named(monkeypatch):
    monkeypatch.setattr(validity, "EACH", 6)

    class Breaks:
        def continue_clip(self, *_, **__):
            raise RuntimeError("no weights")

    sitting = Sitting({"mine": LastFrame()}, Settings(clips=1, size=32), Kept(None, ""), members=[Breaks()])
    assert validity.sit(sitting).tables[0].rows[0]["AUROC ensemble"] == 0.5
    assert {f.question.partition(" ")[2] for f in sitting.failures} == {"member 0"}
