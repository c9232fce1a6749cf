"""The error map: it knows where a model is wrong, and trusts nothing that is unlike all that it was shown."""

import numpy as np
import pytest
import torch

from cuspworld.dynamics.error_map import ErrorMap, errors_of
from cuspworld.dynamics.jepa import JEPA, JEPAConfig
from cuspworld.errors import CuspError


class Line(JEPA):
    """The embedding is the place that the picture's first pixel says; the model believes that all goes on for ever."""

    def embed(self, frames):
        return torch.tensor(frames[:, 0, 0, :2], dtype=torch.float32)

    def roll(self, state, scaled):
        steps = torch.arange(1, scaled.shape[1] + 1)[:, None]
        return state[:, -1:] + steps * (state[:, -1:] - state[:, -2:-1])


def bounced(seed, frames=40):
    """A ball between walls at 0 and 10, as frames whose first pixel says (place, 0)."""
    random = np.random.default_rng(seed)
    x, v, shown = random.uniform(1, 9), random.uniform(0.5, 1) * random.choice([-1, 1]), []
    for _ in range(frames):
        shown.append(x)
        x += v
        if not 0 < x < 10:
            x, v = (-x if x < 0 else 20 - x), -v
    places = np.stack([shown, np.zeros(frames)], -1).astype(np.float32)
    return np.broadcast_to(np.c_[places, places[:, :1]][:, None, None, :], (frames, 1, 1, 3))


@pytest.fixture(scope="module")
def model():
    return Line(JEPAConfig(16, 16, 10.0, ("push",), 2, embedding=2, channels=1, hidden=1)).eval()


@pytest.fixture(scope="module")
def error_map(model):
    return ErrorMap.learn(model, [bounced(seed) for seed in range(30)], [np.zeros((40, 1))] * 30)


def test_it_finds_the_walls(model, error_map):
    clips = [bounced(seed) for seed in range(100, 120)]
    states, done, errors, _ = (
        torch.cat(column) for column in zip(*[errors_of(model, c, np.zeros((40, 1))) for c in clips], strict=True)
    )
    right, trust = error_map.right(errors), error_map.trust(model, states, done)
    assert 0.6 < right.float().mean() < 0.95  # it bounces every ten steps or so
    order = (trust[right][:, None] > trust[~right]).float().mean()
    assert order > 0.97  # AUC
    assert abs(float(trust.mean() - right.float().mean())) < 0.05  # and a probability


def test_what_is_unlike_everything_is_not_trusted(model, error_map):
    middle = torch.tensor([[[4.4, 0.0], [5.0, 0.0]]])
    assert float(error_map.trust(model, middle, torch.zeros(1, 1))) > 0.8
    assert float(error_map.trust(model, middle + torch.tensor([0.0, 30.0]), torch.zeros(1, 1))) == 0.0


def test_its_folder_gives_the_same_map(model, error_map, tmp_path):
    error_map.save_pretrained(tmp_path / "map")
    again = ErrorMap.from_pretrained(tmp_path / "map")
    state = torch.tensor([[[8.0, 0.0], [9.0, 0.0]]])
    assert torch.equal(*(m.trust(model, state, torch.zeros(1, 1)) for m in (error_map, again)))


def test_it_wants_clips(model):
    with pytest.raises(CuspError, match="two clips or more of at least 4 frames: got 1"):
        ErrorMap.learn(model, [bounced(0), bounced(1, 3)], [np.zeros((40, 1)), np.zeros((3, 1))])
