"""The readout's batches: states of what was seen and of what was foreseen stand beside the numbers of their moment."""

import numpy as np
import pytest
import torch

from cuspworld.dynamics.jepa import JEPA, JEPAConfig
from cuspworld.training.loop import Process
from cuspworld.training.readout import FAR, StateBatches
from cuspworld.training.recordings import Recordings, rows_of
from tests.dynamics.dot import LIMITS, SIZE, clip


@pytest.mark.parametrize("history", [1, 3])
def test_states_stand_beside_the_numbers_of_their_moment(history):
    torch.manual_seed(0)
    clips = [clip(seed) for seed in range(3)]
    recordings = Recordings.of(clips, LIMITS)
    model = JEPA(
        JEPAConfig(SIZE, SIZE, 10.0, recordings.names, history, embedding=6, channels=4, hidden=16, things=4)
    ).eval()
    model.set_actions(recordings.low, recordings.high)
    batch = StateBatches(model, clips, recordings.actions, 5, 0, "cpu")(3, Process())
    assert batch.seen.shape == (5, FAR + 1, history, 6) and batch.foreseen.shape == (5, FAR, history, 6)
    moments = {tuple(row): (c, k) for c, each in enumerate(clips) for k, row in enumerate(rows_of([each]).astype("f4"))}
    for window in range(5):
        c, begin = moments[tuple(batch.rows[window, 0].tolist())]
        frames, actions = clips[c].frames, recordings.actions[c]
        for step in range(FAR + 1):
            told = model.encode(frames[: begin + step + 1])[0]
            assert torch.allclose(batch.seen[window, step], told, atol=1e-5)
            assert np.allclose(batch.rows[window, step], rows_of([clips[c]])[begin + step], atol=1e-5)
        foreseen = model.roll(model.encode(frames[: begin + 1]), torch.from_numpy(actions[begin : begin + FAR])[None])
        assert torch.allclose(batch.foreseen[window, :, -1], foreseen[0], atol=1e-5)
        drawn = model.embed(batch.frames[window][None].numpy())[0]
        assert torch.allclose(batch.embeddings[window], drawn, atol=1e-5)
