"""The scene code: principal components of a clip's steps, by hand and against NumPy's."""

import numpy as np
import pytest
import torch

from cuspworld.codec.looks import channels_of
from cuspworld.codec.scene_code import GRID, SceneCode
from cuspworld.errors import CuspError


def clips(count: int, seed: int = 0) -> list[torch.Tensor]:
    """Noise, and in every second clip a state far away along one direction."""
    g = torch.Generator().manual_seed(seed)
    far = torch.randn(8, 8, 3, generator=g)
    return [torch.randn(12, 8, 8, 3, generator=g) + 2 * (i % 2) * far for i in range(count)]


def test_the_code_is_the_projection_on_the_first_principal_components():
    latents = clips(20)
    code = SceneCode.learn(latents, frames=4, width=2)
    steps = np.stack([clip[t : t + 4].flatten().numpy() for clip in latents for t in range(9)]).astype(np.float64)
    _, _, vectors = np.linalg.svd(steps - steps.mean(0), full_matrices=False)
    found = np.concatenate([code.of(clip) for clip in latents])
    wanted = (steps - steps.mean(0)) @ vectors[:1].T
    assert abs(np.corrcoef(found[:, 0], wanted[:, 0])[0, 1]) == pytest.approx(1.0, abs=1e-4)
    assert np.sqrt((found**2).mean()) == pytest.approx(1.0, abs=0.02)  # one scale for all
    assert found[:, 0].std() > 3 * found[:, 1].std()  # not whitened


def test_states_stay_apart():
    latents = clips(20)
    code = SceneCode.learn(latents, frames=4)
    first = np.array([code.of(clip)[:, 0].mean() for clip in latents])
    assert min(abs(a - b) for a in first[::2] for b in first[1::2]) > 5 * max(first[::2].std(), first[1::2].std())


def test_any_length_and_size():
    code = SceneCode.learn(clips(6), frames=4)
    assert code.of(torch.randn(30, 8, 8, 3)).shape == (27, 8)
    assert code.of(torch.randn(4, 16, 24, 3)).shape == (1, 8)
    image = torch.randn(1, 8, 8, 3)
    still = image.expand(4, -1, -1, -1)
    np.testing.assert_allclose(code.of(image), code.of(still), atol=1e-5)
    with pytest.raises(CuspError, match="no clip"):
        SceneCode.learn([], frames=4)


def test_where_something_differs_is_told_whatever_it_is():
    """A thing of any look at one of six places: its place is told alike for things that never were there."""
    generator = torch.Generator().manual_seed(3)
    clips, places = [], torch.randint(6, (80,), generator=generator)
    for place in places.tolist():
        clip = 0.1 * torch.randn(2, 8, 8, 4, generator=generator)
        clip[:, 2, place + 1] += 3 * torch.nn.functional.normalize(torch.randn(4, generator=generator), dim=0)
        clips.append(clip)
    plain = SceneCode.learn(clips[:60], 2, 5)
    code = SceneCode.learn(clips[:60], 2, 2, where_width=5)
    assert code.width == 7 and code.of(clips[0]).shape == (1, 7)

    def told(codes: np.ndarray) -> float:
        known, fresh = codes[:60], codes[60:]
        nearest = ((fresh[:, None] - known[None]) ** 2).sum(-1).argmin(1)
        return float((places[:60][nearest] == places[60:]).float().mean())

    assert told(np.concatenate([code.of(clip) for clip in clips])[:, 2:]) == 1.0
    assert told(np.concatenate([plain.of(clip) for clip in clips])) < 0.9


def test_a_sketch_is_what_the_codes_tell_place_by_place():
    generator = torch.Generator().manual_seed(4)
    clips = [torch.randn(4, 8, 8, 3, generator=generator) for _ in range(6)]
    code = SceneCode.learn(clips, 2, 17, where_width=17)  # 18 windows: as many components as there can be
    codes = torch.from_numpy(code.of(clips[0])[::2])
    shown = code.sketch(codes, 8, 8)
    assert shown.shape == (4, 8, 8, 4)
    assert torch.allclose(shown[..., :3], clips[0], atol=1e-3)
    assert torch.allclose(shown[..., 3], code.differences(clips[0].flatten(1)).view(4, 8, 8), atol=1e-3)
    assert torch.equal(code.sketch(codes, 16, 16)[:, ::2, 1::2], shown)
    plain = SceneCode.learn(clips, 2, 3)
    assert plain.sketch(torch.from_numpy(plain.of(clips[0])[::2]), 8, 12).shape == (4, 8, 12, 3)


def test_looks_tell_what_lies_where_and_not_only_that_something_does():
    """Two things of two colours that change places: how far places differ is the same, what lies there is not."""
    generator = torch.Generator().manual_seed(0)
    clips = []
    for _ in range(40):
        colours = torch.randn(2, 6, generator=generator)
        colours = colours * torch.tensor([3.0, 3.0, 3.0, 0.1, 0.1, 0.1])
        clip = 0.05 * torch.randn(8, GRID, GRID, 6, generator=generator)
        for t in range(8):
            first, second = (1, 6) if t < 4 else (6, 1)
            clip[t, 3, first] += colours[0]
            clip[t, 3, second] += colours[1]
        clips.append(clip)
    channels = channels_of([clip.flatten(1, 2) for clip in clips])
    assert channels.shape == (6, 4) and channels[:3, :3].abs().max() > 0
    code = SceneCode.learn(clips, 2, 3, where_width=4, looks_width=8)
    codes = torch.from_numpy(code.of(clips[0]))
    assert code.width == 3 + 4 + 8 == codes.shape[1]
    shown = code.sketch(codes[[0, 6]], GRID, GRID)  # before and after
    assert shown.shape == (2 * 2, GRID, GRID, 6 + 4 + 1)
    maps = shown[..., 6:10]
    wanted = (clips[0] - code.usual.view(GRID, GRID, 6)) @ code.looks.channels
    for frame, step in ((0, 0), (2, 6)):
        told, true = maps[frame, 3, [1, 6]], wanted[step : step + 2, 3][:, [1, 6]].mean(0)
        assert (told - true).norm() < 0.5 * true.norm()
    assert torch.nn.functional.cosine_similarity(maps[0, 3, 1], maps[2, 3, 6], dim=0) > 0.8
