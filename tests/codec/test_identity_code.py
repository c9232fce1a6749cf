"""The identity code: who is in a clip, wherever it is; told by nothing but which steps belong to one clip."""

import numpy as np
import pytest
import torch

from cuspworld.codec.identity_code import IdentityCode
from cuspworld.codec.scene_code import SceneCode

FRAMES, CHANNELS = 2, 6


def clips(count: int, seed: int) -> tuple[list[torch.Tensor], np.ndarray]:
    """Clips in which one of four things walks over a ground with noise; and which."""
    generator = torch.Generator().manual_seed(seed)
    things = torch.randn(4, CHANNELS, generator=torch.Generator().manual_seed(99)) * 2
    found, which = [], torch.randint(4, (count,), generator=generator)
    for thing in which.tolist():
        clip = 0.3 * torch.randn(12, 8, 8, CHANNELS, generator=generator)
        place = torch.randint(6, (2,), generator=generator).float()
        for t in range(12):
            place = (place + torch.randn(2, generator=generator)).clamp(0, 6)
            y, x = place.int().tolist()
            clip[t, y : y + 2, x : x + 2] += things[thing]
        found.append(clip)
    return found, which.numpy()


def purity(codes: np.ndarray, which: np.ndarray, known: np.ndarray, of: np.ndarray) -> float:
    """Share of clips whose nearest known clip shows the same thing."""
    nearest = ((codes[:, None] - known[None]) ** 2).sum(-1).argmin(1)
    return float((of[nearest] == which).mean())


def test_clips_of_one_thing_are_near_wherever_it_walks():
    taught, of = clips(80, 0)
    fresh, which = clips(60, 1)
    code = IdentityCode.learn(taught, FRAMES, 4)
    known, codes = (np.stack([code.of(clip) for clip in some]) for some in (taught, fresh))
    assert purity(codes, which, known, of) > 0.95
    assert np.sqrt((known**2).mean()) == pytest.approx(1, abs=0.05)
    scene = SceneCode.learn(taught, FRAMES, 4)  # the states of steps say where it is, and little of what
    known, codes = (np.stack([scene.of(clip).mean(0) for clip in some]) for some in (taught, fresh))
    assert purity(codes, which, known, of) < 0.8


def test_of_two_things_it_says_which_is_on_the_left():
    generator = torch.Generator().manual_seed(5)
    red, blue = 2 * torch.randn(2, CHANNELS, generator=generator)
    found, which = [], np.arange(60) % 2
    for order in which.tolist():
        clip = 0.3 * torch.randn(8, 8, 8, CHANNELS, generator=generator)
        row = int(torch.randint(7, (), generator=generator))
        clip[:, row, :3] += (red, blue)[order]
        clip[:, row, 5:] += (blue, red)[order]
        found.append(clip)
    code = IdentityCode.learn(found[:40], FRAMES, 4)
    codes = np.stack([code.of(clip) for clip in found])
    assert purity(codes[40:], which[40:], codes[:40], which[:40]) == 1.0


def test_one_step_is_enough_and_the_same_clip_gives_the_same_code():
    taught, of = clips(80, 0)
    code = IdentityCode.learn(taught, FRAMES, 4)
    again = IdentityCode.learn(taught, FRAMES, 4)
    assert np.array_equal(code.of(taught[0]), again.of(taught[0]))
    known = np.stack([code.of(clip) for clip in taught])
    fresh, which = clips(60, 2)
    assert purity(np.stack([code.of(clip[:1]) for clip in fresh]), which, known, of) > 0.7


def test_a_field_says_what_things_look_like_in_their_places():
    """Two things of any look, one on each side, that move up and down: the field paints both where they differ."""
    generator = torch.Generator().manual_seed(7)
    usual, errors, others = torch.randn(64, CHANNELS, generator=generator), [], []
    clips = []
    for _ in range(20):
        looks = torch.nn.functional.normalize(torch.randn(2, CHANNELS, generator=generator), dim=1) * CHANNELS**0.5
        clip = usual.view(8, 8, CHANNELS).expand(6, 8, 8, CHANNELS).clone()
        for t, row in enumerate(torch.randint(8, (6,), generator=generator).tolist()):
            clip[t, row, 1] += looks[0]
            clip[t, row, 6] += looks[1]
        clips.append(clip)
    code = IdentityCode.learn(clips, FRAMES, 2, usual=usual)
    assert code.width == 2 + 3 * CHANNELS
    for clip, other in zip(clips, clips[1:] + clips[:1], strict=True):
        apart = clip - usual.view(8, 8, CHANNELS)
        much = apart.square().mean(-1).sqrt()
        painted, wrong = (code.painted(torch.from_numpy(code.of(one)), much) for one in (clip, other))
        errors.append(float((painted - apart).square().sum() / apart.square().sum()))
        others.append(float((wrong - apart).square().sum() / apart.square().sum()))
    assert max(errors) < 1e-3 and min(others) > 0.5
