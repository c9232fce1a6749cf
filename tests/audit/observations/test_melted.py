"""A blend of two moments is no state of the world; a true clip that a file keeps badly is one."""

from dataclasses import replace

import numpy as np
import pytest

from cuspworld import worlds
from cuspworld.audit.evidence.scene import Scene, observe
from cuspworld.audit.observations.melted import BLURRED, Melted, longest, melted, repeated
from cuspworld.audit.observations.readings import UNKNOWN
from cuspworld.clip import Clip
from cuspworld.detectors import detector
from cuspworld.exam.audit import robust

from .. import recorded


def seen(frames: np.ndarray, fps: float, world: str = "Puppies") -> Scene:
    return replace(observe(frames, fps), world=world)


def test_puppies_that_are_blended_melt_while_they_are() -> None:
    found = melted(seen(recorded.puppies_blend(), recorded.FPS))
    assert isinstance(found, Melted)
    assert found.strength > 1.5 and found.sentence == detector("Puppies").melts
    assert found.start == pytest.approx(0.5, abs=0.11) and found.end == pytest.approx(0.95, abs=0.11)
    assert 0.2 <= found.share <= 0.3  # a quarter of the clip


@pytest.mark.parametrize("crf", [23, 28, 33])
def test_nothing_melts_in_a_true_clip_nor_in_one_that_a_file_keeps_badly(crf: int) -> None:
    clip = worlds.make("Puppies").record(70_000_701, seconds=2.0, size=64, fps=10.0, caption="none")
    kept = robust.encoded(clip, crf)
    for one in (clip, kept):
        found = melted(seen(one.frames, one.fps))
        assert found is None or (isinstance(found, Melted) and found.strength < 1.0)


def test_of_balls_and_elsewhere_nobody_can_tell() -> None:
    clip: Clip = recorded.collision()
    assert melted(seen(clip.frames, clip.fps, "Collision")) == BLURRED
    assert melted(seen(clip.frames, clip.fps, "")) == UNKNOWN


def test_the_longest_stretch_bridges_one_frame() -> None:
    assert longest(np.array([1, 0, 0, 1, 0, 1, 1, 0, 0, 1], bool)) == (3, 6)


def test_a_still_block_is_repeated_and_noise_is_not() -> None:
    noise = np.random.default_rng(0).integers(0, 255, (5, 16, 24, 3), dtype=np.uint8)
    assert repeated(noise) == 0.0
    assert repeated(np.repeat(noise[:1], 5, 0)) == 1.0
    half = noise.copy()
    half[:, :, :8] = half[:1, :, :8]  # two of the six blocks
    assert repeated(half) == pytest.approx(1 / 3)
