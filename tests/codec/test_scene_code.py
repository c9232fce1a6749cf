"""The scene code: principal components of a clip's steps, by hand and against NumPy's."""

import numpy as np
import pytest
import torch

from cuspworld.codec.scene_code import SceneCode
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
