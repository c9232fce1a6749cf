"""The sampling loop: chunk follows chunk, and no frame is shown twice or left out where they join."""

from types import SimpleNamespace

import numpy as np
import pytest

from cuspworld.codec.codec import to_frames, to_tensor
from cuspworld.simulator.chunks import Chunks, run
from cuspworld.simulator.parts import SimulatorConfig
from cuspworld.video.frames import first


class Clock:
    """In the place of a codec: a frame shows its own number, and latents are the frames themselves."""

    def __init__(self, temporal_stride: int):
        self.temporal_stride = temporal_stride

    def encode(self, frames):
        assert (frames.shape[1] - 1) % self.temporal_stride == 0
        return frames

    def decode(self, latents):
        return latents


class Counting(Chunks):
    """In the place of a model: what comes after known frames counts on."""

    def __init__(self, config: SimulatorConfig, temporal_stride: int):
        self.parts = SimpleNamespace(config=config, codec=Clock(temporal_stride), device="cpu")
        self.route = self.last = self.known = None
        self.again = 0

    def chunk(self, known, path, again=0, rests=None):
        begin = 0 if known is None else int(to_frames(known)[0, 0, 0, 0, 0])
        return to_tensor(frames(begin, begin + self.parts.config.window))[None]


def frames(begin: int, end: int) -> np.ndarray:
    return np.arange(begin, end, dtype=np.uint8)[:, None, None, None].repeat(3, axis=-1)


@pytest.mark.parametrize("stride", [1, 4])
@pytest.mark.parametrize("context", [1, 2, 3])
@pytest.mark.parametrize("given", [0, 1, 3, 5, 14])
def test_frames_follow_one_another_across_every_joint(stride, context, given):
    """100 frames in windows of 13, alone or after some that were given: 0, 1, 2, ... without a gap or a repeat."""
    config = SimulatorConfig(fps=10.0, height=8, width=8, window=13, context=context, patch=1)
    chunks = Counting(config, stride)
    made = np.concatenate(list(first(run(chunks, frames(0, given) if given else None), 100)))
    assert made[:, 0, 0, 0].tolist() == list(range(100))


@pytest.mark.parametrize("total", [None, 100, 24, 25, 40])
@pytest.mark.parametrize("given", [0, 1, 8, 30])
def test_a_token_that_waits_for_the_next_chunk_is_shown_once(given, total):
    config = SimulatorConfig(fps=10.0, height=8, width=8, window=24, context=8, patch=1, token_frames=4)
    chunks = Counting(config, 1)
    made = np.concatenate(list(first(run(chunks, frames(0, given) if given else None, total), total or 100)))
    assert made[:, 0, 0, 0].tolist() == list(range(total or 100))


def test_the_last_chunk_does_not_wait():
    """24 frames are one window: no second one is drawn for its last token."""
    config = SimulatorConfig(fps=10.0, height=8, width=8, window=24, context=8, patch=1, token_frames=4)
    chunks = run(Counting(config, 1), None, 24)
    assert len(next(chunks)) == 24
    assert len(next(run(Counting(config, 1), None, 25))) == 20
