"""Training a JEPA: it resumes exactly, and refuses what it cannot learn from."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from cuspworld import worlds
from cuspworld.dynamics.jepa import JEPA, JEPAConfig
from cuspworld.errors import CuspError
from cuspworld.training.dynamics import DynamicsPreset, JEPAObjective, train_dynamics
from cuspworld.training.loop import Process
from cuspworld.training.presets import Phase
from cuspworld.training.recordings import Recordings, WindowBatches
from tests.dynamics.dot import LIMITS, clip

MICRO = DynamicsPreset(
    Phase(6, batch=8, learning_rate=3e-3, warmup=2, ema=0.9, save_every=3),
    Phase(3, batch=8, learning_rate=1e-3),
    Phase(3, batch=8, learning_rate=1e-3),
    history=1,
    embedding=8,
    channels=4,
    hidden=16,
    far=5,
    sigreg=10.0,
    numbers=0.0,
)
CLIPS = [clip(seed) for seed in range(6)]


def test_a_resumed_run_comes_to_the_same_weights(tmp_path, monkeypatch):
    whole = train_dynamics(CLIPS, tmp_path / "whole", MICRO, limits=LIMITS)
    from cuspworld.training.loop import Trainer

    step = Trainer._train_step

    def stopping(self, objective):
        if self.step == 4:
            self.save()
            raise KeyboardInterrupt
        return step(self, objective)

    monkeypatch.setattr(Trainer, "_train_step", stopping)
    with pytest.raises(KeyboardInterrupt):
        train_dynamics(CLIPS, tmp_path / "cut", MICRO, limits=LIMITS)
    monkeypatch.undo()
    again = train_dynamics(CLIPS, tmp_path / "cut", MICRO, limits=LIMITS, resume=True)
    first, second = (JEPA.from_pretrained(result.model).state_dict() for result in (whole, again))
    assert all(torch.equal(first[name], second[name]) for name in first)
    assert whole.rank == again.rank and set(whole.errors) == {1, 4, 8}
    with pytest.raises(CuspError, match="add --resume"):
        train_dynamics(CLIPS, tmp_path / "cut", MICRO, limits=LIMITS)


def test_low_frequencies_teach_in_place_of_the_numbers(tmp_path):
    """Two trainings that differ in the numbers alone come to the same weights, unless the numbers are told."""

    def other(c):
        state = c.truth.state.copy()
        state["x"] = state["x"][::-1]
        return replace(c, truth=replace(c.truth, state=state))

    told = replace(MICRO, numbers=10.0, readout=None)
    weights = {}
    for name, preset in (("frequencies", replace(told, frequencies=3)), ("numbers", told)):
        for which, clips in (("true", CLIPS), ("other", [other(c) for c in CLIPS])):
            result = train_dynamics(clips, tmp_path / f"{name}-{which}", preset, limits=LIMITS)
            weights[name, which] = torch.cat([p.flatten() for p in JEPA.from_pretrained(result.model).parameters()])
    assert torch.equal(weights["frequencies", "true"], weights["frequencies", "other"])
    assert not torch.equal(weights["numbers", "true"], weights["numbers", "other"])


def test_without_sigreg_it_collapses_and_says_so(tmp_path):
    """Prediction alone is best served by one embedding for all."""
    alone = replace(MICRO, sigreg=0.0, inverse=0.0, phase=replace(MICRO.phase, steps=150, learning_rate=1e-2))
    with pytest.raises(CuspError, match=r"collapsed: RankMe .* Raise the weight `sigreg`"):
        train_dynamics(CLIPS, tmp_path / "run", alone, limits=LIMITS)


def test_numbers_that_cannot_be_read_teach_nothing():
    """A linear map that says the numbers right costs nothing; where they are not known, whatever it says is right."""
    recordings = Recordings.of(CLIPS, LIMITS)
    model = JEPA(JEPAConfig(16, 16, recordings.fps, recordings.names, 1, 8, 4, 16))
    objective = JEPAObjective(model, replace(MICRO, numbers=1.0), columns=2)
    batch = WindowBatches(recordings, 5, 8, 0, "cpu")(0, Process())
    _, parts = objective(batch)
    blind, unknown = objective(batch._replace(numbers=torch.full_like(batch.numbers, torch.nan)))
    assert float(parts["numbers"]) > 0.1 and float(unknown["numbers"]) == 0.0 and torch.isfinite(blind)
    blind.backward()
    assert float(objective.linear.weight.grad.abs().max()) == 0.0


@pytest.mark.long
def test_it_learns_where_the_dot_is_and_how_it_was_pushed(tmp_path):
    preset = replace(
        MICRO, embedding=16, channels=8, hidden=64, steps_ahead=4, phase=replace(MICRO.phase, steps=400, batch=32)
    )
    held_out = [clip(seed) for seed in range(1000, 1030)]
    result = train_dynamics([clip(s) for s in range(200)], tmp_path / "run", preset, held_out=held_out, limits=LIMITS)
    assert result.rank > 2 and max(result.errors.values()) < 0.5
    assert (result.model / "error_map" / "config.json").is_file()
    model = JEPA.from_pretrained(result.model)
    z = np.concatenate([model.embed(c.frames).numpy() for c in held_out])
    place = np.concatenate([[list(row) for row in c.truth.state] for c in held_out])
    rows = np.c_[z, np.ones(len(z))]
    left = place - rows @ np.linalg.lstsq(rows, place, rcond=None)[0]
    assert (left.var(0) < 0.02 * place.var(0)).all()  # a linear probe finds the place


def test_what_cannot_be_learned_from_is_refused():
    still = worlds.make("Heat").record(0, seconds=0.4, size=16)
    with pytest.raises(CuspError, match="no action was ever taken"):
        Recordings.of([still])
    with pytest.raises(CuspError, match="has no actions; record with actions"):
        Recordings.of([replace(still, truth=None)])
    with pytest.raises(CuspError, match="no clip"):
        Recordings.of([])
    with pytest.raises(CuspError, match="of one world, size and rate"):
        Recordings.of([CLIPS[0], replace(CLIPS[1], fps=12.0)])
    with pytest.raises(CuspError, match="push_x leaves its range"):
        Recordings.of(CLIPS, {"push_x": (-0.1, 0.1), "push_y": (-1, 1)})
    broken = CLIPS[0].truth.action.copy()
    broken["push_y"][3] = np.nan
    with pytest.raises(CuspError, match="NaN"):
        Recordings.of([replace(CLIPS[0], truth=replace(CLIPS[0].truth, action=broken))])


def test_clips_that_are_too_short_are_refused(tmp_path):
    with pytest.raises(CuspError, match="must have 8 frames or more"):
        train_dynamics([clip(0, 4)], tmp_path / "run", replace(MICRO, steps_ahead=7), limits=LIMITS)
