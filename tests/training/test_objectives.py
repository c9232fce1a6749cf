"""What the losses of training are, by hand; how windows and their known frames are drawn."""

import numpy as np
import pytest
import torch
from torch import nn

from cuspworld import Clip
from cuspworld.codec.autoencoder import AutoencoderConfig
from cuspworld.codec.autoencoder_codec import AutoencoderCodec
from cuspworld.training.codec import CodecObjective
from cuspworld.training.data import ClipWindows
from cuspworld.training.known import known_frames
from cuspworld.training.loop import Process


class Shifted(nn.Module):
    """Latents of log-variance -60 (no noise of their own), frames that come back lighter by `by`, edges by `tilt`."""

    def __init__(self, by: float, tilt: float):
        super().__init__()
        self.by, self.tilt, self.given = by, tilt, torch.zeros(0)

    def encode(self, frames):
        self.given = frames
        mean = torch.ones(1, 1, 1, 1, 2)
        return mean, torch.full_like(mean, -60.0)

    def decode(self, latents):
        ramp = self.tilt * torch.arange(self.given.shape[3])[:, None]
        return self.given + self.by + ramp


def objective(by: float, tilt: float, kl_weight: float) -> CodecObjective:
    codec = AutoencoderCodec(AutoencoderConfig(latent_channels=2, fine_channels=8, coarse_channels=8))
    codec.autoencoder = Shifted(by, tilt)
    return CodecObjective(codec, kl_weight=kl_weight, latent_noise=0.0)


@pytest.mark.parametrize("time", [1, 5])
def test_the_codec_loss_by_hand(time):
    """Still grey frames weigh alike. Lighter by e: |e| + 2 e^2. A slope t along x: half of |t|, its edges'.
    Latents of mean 1 and no variance: KL = (1 + 0 - 1 + 60) / 2."""
    frames = torch.zeros(1, time, 12, 12, 3)
    loss, parts = objective(0.25, 0.0, kl_weight=0.0)((frames, 3))
    assert parts["pixels"].item() == pytest.approx(0.25 + 2 * 0.0625)
    assert loss.item() == pytest.approx(parts["pixels"].item()) and parts["kl"].item() == pytest.approx(30.0)
    loss, parts = objective(0.0, 0.1, kl_weight=0.01)((frames, 3))
    ramp = 0.1 * np.arange(12)
    assert parts["pixels"].item() == pytest.approx(np.mean(ramp + 2 * ramp**2), rel=1e-5)
    assert loss.item() == pytest.approx(parts["pixels"].item() + 0.5 * 0.1 + 0.01 * 30.0, rel=1e-5)


def test_windows_begin_at_every_moment_of_a_clip():
    """A clip of 9 + 3 frames that each have a colour of their own: four beginnings, all drawn, all whole."""
    frames = np.arange(12, dtype=np.uint8)[:, None, None, None] * np.ones((1, 32, 32, 3), np.uint8)
    windows = ClipWindows([Clip(frames, 10.0)], 9, stride=4, space=16, seed=1)
    begins = set()
    for step in range(12):
        batch = windows.batch(step, 4, Process())
        assert batch.shape[1] == 9
        assert (np.diff(batch[:, :, 0, 0, 0].astype(int), axis=1) == 1).all()
        begins |= set(batch[:, 0, 0, 0, 0].tolist())
    assert begins == {0, 1, 2, 3}


def test_every_place_can_be_known_and_one_frame_never_is():
    """From text alone, an image, before, after, both ends, anything: all are drawn, at the shares that are said."""
    generator = torch.Generator().manual_seed(0)
    for first in (True, False):
        drawn = [known_frames(24, first, 8, generator) for _ in range(2000)]
        counts = {tuple(np.flatnonzero(known.numpy())) for known in drawn}
        before, after = tuple(range(8)), tuple(range(16, 24))
        assert {(), (0,), before, after, (23,), before + after, (0, 23)} <= counts
        assert all(not known.all() for known in drawn)
        none = np.mean([not known.any() for known in drawn])
        assert none == pytest.approx(0.62 if first else 0.06, abs=0.04)
    for count in (1, 2, 3):
        assert all(not known_frames(count, False, 8, generator).all() for _ in range(100))


def test_any_number_of_whole_steps_is_known_as_often_as_asked():
    generator = torch.Generator().manual_seed(0)
    drawn = [known_frames(24, True, 8, generator, 4, 0.5) for _ in range(2000)]
    whole = [int(known.sum()) for known in drawn if known.any() and known[: int(known.sum())].all()]
    assert set(range(4, 24, 4)) <= set(whole)
    assert np.mean([not known.any() for known in drawn]) == pytest.approx(0.31, abs=0.04)
    kept = [known_frames(24, True, 8, torch.Generator().manual_seed(k)) for k in range(50)]  # without: as it was
    same = [known_frames(24, True, 8, torch.Generator().manual_seed(k), 4, 0.0) for k in range(50)]
    assert all(torch.equal(one, other) for one, other in zip(kept, same, strict=True))
