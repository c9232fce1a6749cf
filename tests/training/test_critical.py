"""Critical weights: what changes counts more, up to a bound; nothing else does."""

import dataclasses

import numpy as np
import pytest
import torch

from cuspworld.training.critical import MOST, caused, change, critical_weights
from cuspworld.training.loop import Process
from cuspworld.training.presets import PRESETS
from cuspworld.training.transport import Window, WindowBatches


def test_the_change_of_a_place_is_its_squared_step():
    latents = torch.zeros(4, 2, 2, 3)
    latents[2:, 0, 1] = 2.0
    moved = change(latents)
    assert moved.shape == (4, 2, 2) and moved[2, 0, 1] == 4.0 and moved.sum() == 4.0
    assert change(latents[:1]).sum() == 0
    assert change(latents[1:])[0, 0, 1] == 4.0  # the first frame takes the next one's


def test_weights_rise_with_change_up_to_a_bound():
    weights = critical_weights(torch.tensor([0.0, 1.0, 2.0, 1e9]), 3.0)
    assert weights.tolist() == [1.0, 4.0, 7.0, MOST]
    assert critical_weights(torch.tensor([5.0]), 0.0).tolist() == [1.0]


def windows() -> list[Window]:
    """Ten clips that stand still and two in which something moves in one place of one frame."""
    found = []
    for number in range(12):
        latents = torch.zeros(8, 4, 4, 2)
        if number >= 10:
            latents[4:, 0, 0] = 1.0
        found.append(Window(latents.half(), (f"clip {number}",), True, 0, torch.full((2, 3), float(number))))
    return found


PRESET = dataclasses.replace(
    PRESETS["tiny"], window=8, context=4, token_frames=4, text_dropout=0.0, word_dropout=0.0, code_dropout=0.5
)


def test_windows_that_change_are_drawn_more_often_and_where_they_change_weighs_more():
    batches = WindowBatches(windows(), PRESET, seed=0)
    prompts, heavy = [], 0.0
    for step in range(60):
        batch = batches.batch(step, Process())
        prompts += batch.prompts
        moves = torch.tensor([int(prompt.split()[1]) >= 10 for prompt in batch.prompts])
        places = (batch.positions == torch.tensor([1, 0, 0])).all(-1)
        assert (batch.weight[~moves] == 1).all()
        assert (batch.weight[moves][~places[moves]] == 1).all()
        if moves.any():
            heavy = max(heavy, float(batch.weight[moves][places[moves]].max()))
    share = sum(int(prompt.split()[1]) >= 10 for prompt in prompts) / len(prompts)
    expected = 2 * 12 / (2 * 12 + 10)  # their weight is 1 + 3 * 6, bounded by 12
    assert share == pytest.approx(expected, abs=0.08) and heavy == MOST


def test_a_path_comes_with_its_noise_and_now_and_then_not_at_all():
    batches = WindowBatches(windows(), PRESET, seed=0)
    given, spread = [], []
    for step in range(40):
        batch = batches.batch(step, Process())
        given += batch.path.given.tolist()
        wanted = torch.tensor([float(prompt.split()[1]) for prompt in batch.prompts])
        error = (batch.path.codes - wanted[:, None, None]).flatten(1).std(dim=1)
        spread += (error / batch.path.noise.clamp(min=1e-6)).tolist()
        assert (batch.path.noise <= PRESET.code_noise).all()
    assert sum(given) / len(given) == pytest.approx(0.5, abs=0.1)
    assert sum(spread) / len(spread) == pytest.approx(0.95, abs=0.1)  # of six normal numbers


def test_a_small_thing_that_keeps_to_what_is_done_weighs_most():
    rng = np.random.default_rng(0)
    found = []
    for _ in range(20):
        begin = int(rng.integers(4, 9))
        done = np.zeros((24, 1), np.float32)
        done[begin : begin + 6] = 2.5
        seen = np.zeros((24, 4, 4, 3), np.float32)
        seen[begin + 1 : begin + 7, 0, 3] += 0.3  # a cheek, flushed while somebody blows
        smoke = rng.normal(size=(20 - begin, 2, 4, 3))
        seen[begin + 4 :, 2:] += smoke  # that comes of it, stays, and differs a hundred times as much
        found.append(caused(torch.from_numpy(seen), torch.from_numpy(done)))
    places = torch.stack(found).mean(dim=0)
    assert float(places.mean()) == pytest.approx(1.0, abs=1e-3)
    assert int(places.argmax()) == 3
    assert float(places[0, 3]) > 2 * float(places[2:].max())


def test_where_nothing_is_done_nothing_weighs_more():
    seen = torch.from_numpy(np.random.default_rng(1).normal(size=(8, 2, 2, 3)).astype(np.float32))
    assert not caused(seen, torch.zeros(8, 2)).any()
    assert not caused(torch.zeros(8, 2, 2, 3), torch.ones(8, 1)).isnan().any()
