"""Known ends: what is given comes out where it belongs, of every length, and nothing is shown twice."""

import numpy as np
import pytest
import torch

from cuspworld.clip import Clip
from cuspworld.codec.autoencoder import AutoencoderConfig
from cuspworld.codec.autoencoder_codec import AutoencoderCodec
from cuspworld.errors import CuspError
from cuspworld.simulator.ends import Ends
from cuspworld.simulator.simulator import Simulator
from tests.helpers import moving_box
from tests.simulator.test_folds_pages import simulator  # noqa: F401


class Counting:
    """In the place of `Chunks`: a window counts on from what it is told, or back from it."""

    def encoded(self, frames):
        return torch.from_numpy(frames[None].astype(np.float32))

    def shown(self, frames):
        return frames

    def chunk(self, known, path, after=None):
        assert path is None
        begin = int(known[0, 0, 0, 0, 0]) if known is not None else int(after[0, -1, 0, 0, 0]) - 23
        return frames(begin, begin + 24)


def frames(begin: int, end: int) -> np.ndarray:
    return np.arange(begin, end, dtype=np.uint8)[:, None, None, None].repeat(3, axis=-1)


@pytest.fixture
def ends(simulator: Simulator) -> Ends:  # noqa: F811
    made = Ends(simulator, Counting(), None)
    made.window, made.context = 24, 8
    return made


@pytest.mark.parametrize("new", [1, 5, 10, 16, 17, 40, 63])
@pytest.mark.parametrize("length", [1, 8, 20])
def test_what_goes_before_counts_down_to_it(ends, new, length):
    assert ends.fill(None, frames(100, 100 + length), new)[:, 0, 0, 0].tolist() == list(range(100 - new, 100))


@pytest.mark.parametrize("new", [2, 8, 9, 14, 30, 50])
def test_what_lies_between_follows_the_first_clip(ends, new):
    made = ends.fill(frames(80, 100), frames(100 + new, 120 + new), new)
    assert made[:, 0, 0, 0].tolist() == list(range(100, 100 + new))


def test_clips_too_short_to_join_are_named(ends):
    with pytest.raises(CuspError, match="too few to join"):
        ends.fill(frames(0, 3), frames(10, 12), 4)


def test_extended_backwards_connected_and_looped(simulator):  # noqa: F811
    box = moving_box(3, 12, (32, 32))
    clip = simulator("it falls", seconds=1.0, after=box)
    assert len(clip) == 22 and np.array_equal(clip.frames[10:], box.frames)
    joined = simulator("it falls", seconds=0.6, video=box, after=box)
    assert len(joined) == 30
    assert np.array_equal(joined.frames[:12], box.frames) and np.array_equal(joined.frames[18:], box.frames)
    turn = simulator.loop("it falls", seconds=2.0)
    assert len(turn) == 20
    assert isinstance(turn, Clip)


def test_a_codec_that_folds_time_has_no_known_end():
    parts = type("Parts", (), {"codec": AutoencoderCodec(AutoencoderConfig(4, 8, 8))})
    with pytest.raises(CuspError, match="folds no time"):
        Ends(parts, None, None)
