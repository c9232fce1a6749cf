"""The model: shapes, what it refuses, its folder."""

import numpy as np
import pytest
import torch

from cuspworld.dynamics.jepa import JEPA, JEPAConfig
from cuspworld.errors import CuspError


def small(history=2):
    torch.manual_seed(0)
    model = JEPA(JEPAConfig(16, 24, 10.0, ("push",), history, embedding=8, channels=4, hidden=16)).eval()
    model.set_actions(np.array([0.0]), np.array([12.0]))
    return model


def frames(count):
    return np.random.default_rng(0).integers(0, 255, (count, 16, 24, 3), dtype=np.uint8)


def test_a_state_is_the_last_embeddings_and_the_first_is_repeated():
    model, seen = small(), frames(3)
    z = model.embed(seen)
    assert torch.allclose(model.encode(seen)[0], z[1:], atol=1e-6)
    assert torch.allclose(model.encode(seen[:1])[0], z[[0, 0]], atol=1e-6)


def test_a_state_that_is_followed_keeps_its_past_where_few_frames_are_seen():
    model, seen = small(4), frames(6)
    z, state = model.embed(seen), model.encode(seen[:4])
    assert torch.allclose(model.followed(state, seen[:5])[0], z[1:5], atol=1e-6)
    other = frames(8)[6:]  # in place of the last moment of the state, and the next
    assert torch.allclose(model.followed(state, other)[0], torch.cat([state[0, 1:3], model.embed(other)]), atol=1e-6)


def test_it_begins_spread_out_and_knows_how_far_a_step_leads():
    """Whatever the pictures' brightness: mean 0, spread 1, and the RMS of what a step changes."""
    model, seen = small(), 200 + frames(40) // 8
    model.spread_out(seen[:-1], seen[1:])
    z = model.embed(seen)
    assert torch.allclose(z[:-1].mean(0), torch.zeros(8), atol=1e-4)
    assert torch.allclose(z[:-1].std(0, correction=0), torch.ones(8), atol=1e-3)
    assert float(model.stride) == pytest.approx(float((z[1:] - z[:-1]).square().mean().sqrt()), rel=1e-4)


def test_a_prediction_goes_on_from_its_own_last():
    model = small()
    state, actions = model.encode(frames(2)), torch.full((1, 4, 1), 3.0)
    whole = model.predict(state, actions)
    first = model.predict(state, actions[:, :2])
    assert whole.shape == (1, 4, 8)
    assert torch.allclose(whole[:, 2:], model.predict(first, actions[:, 2:]), atol=1e-6)


@pytest.mark.parametrize(
    "actions, said",
    [
        (torch.zeros(1, 2, 3), r"actions must be a tensor \(batch, steps, 1\), the last push"),
        (torch.zeros(1, 0, 1), "of one step or more: got"),
        (torch.full((1, 2, 1), float("nan")), "must be finite"),
        (torch.full((1, 2, 1), -1.0), "push 0 to 12"),
    ],
)
def test_bad_actions_are_named(actions, said):
    with pytest.raises(CuspError, match=said):
        small().predict(torch.zeros(1, 2, 8), actions)


def test_a_state_with_nan_is_named():
    with pytest.raises(CuspError, match=r"state must be \(1, 2, 8\) finite numbers"):
        small().predict(torch.full((1, 2, 8), float("nan")), torch.zeros(1, 2, 1))


def test_frames_of_another_size_are_named():
    with pytest.raises(CuspError, match=r"uint8 \(time, 16, 24, 3\)"):
        small().embed(np.zeros((1, 32, 32, 3), np.uint8))


def test_the_folder_gives_the_same_model(tmp_path):
    model = small()
    model.save_pretrained(tmp_path / "m")
    again = JEPA.from_pretrained(tmp_path / "m")
    assert again.config == model.config and torch.equal(again.embed(frames(2)), model.embed(frames(2)))
    assert again.action_high.tolist() == [12.0]
    assert {f.name for f in (tmp_path / "m").iterdir()} == {"config.json", "model.safetensors"}


def test_no_actions_no_model():
    with pytest.raises(CuspError, match="needs actions"):
        JEPA(JEPAConfig(16, 16, 10.0, ()))
