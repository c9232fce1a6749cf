"""The last look of a window: what is known stays, one token is left alone, and frames agree across tokens."""

from types import SimpleNamespace

import pytest
import torch

from cuspworld.simulator.window import Told, Window


class ByPlace(torch.nn.Module):
    """In the place of a network: it takes for the data a number of its own for each token, as tokens drawn apart do."""

    config = SimpleNamespace(sketch=0)

    def forward(self, x, positions, marks, times, text, mask, path=None, scale=None):
        apart = torch.where(positions[..., :1] % 2 == 0, 1.0, -1.0)  # tokens in time: 1, -1, 1, ...
        return (apart - x) / (1 - times[:, None, None])


def window(frames: int, known: int = 0) -> tuple[Window, torch.Tensor]:
    told = Told(SimpleNamespace(transformer=ByPlace()), torch.zeros(1, 1, 4), torch.ones(1, 1), 1.0, None, 1, 4)
    clean, marks = torch.zeros(1, frames, 2, 2, 3), torch.zeros(frames, dtype=torch.bool)
    marks[:known] = True
    clean[:, :known] = 7
    return Window(told, clean, marks, None), clean


def drawn(made: Window, frames: int) -> torch.Tensor:
    noise = torch.randn(1, frames, 2, 2, 3, generator=torch.Generator().manual_seed(0))
    return made.drawn(noise, "euler", [0.0, 0.5, 1.0], lambda step, time, x: x)


def test_frames_are_taken_mostly_from_the_token_in_whose_middle_they_lie():
    made, _ = window(16)
    latents = drawn(made, 16)
    assert latents[0, :, 0, 0, 0].tolist() == pytest.approx([1.0] * 4 + [-1.0] * 4 + [1.0] * 4 + [-1.0] * 4, abs=1e-5)
    again = made.looked_at_again(latents, torch.Generator().manual_seed(0))[0, :, 0, 0, 0]
    # own tokens 1 1 1 1 -1 -1 -1 -1 ..., those half a token later (from frame 2 on) 1 1 1 1 -1 ...
    inside = again[2:14]
    assert again[:2].tolist() == pytest.approx([1.0, 1.0], abs=1e-5)
    assert inside[:8].tolist() == pytest.approx([1.0, 1.0, 0.5, -0.5, -1.0, -1.0, -0.5, 0.5], abs=1e-5)
    assert (again.diff().abs().max() <= 1.0 + 1e-4) and latents[0, :, 0, 0, 0].diff().abs().max() > 1.9


def test_what_is_known_stays():
    made, clean = window(16, known=6)
    again = made.looked_at_again(drawn(made, 16), torch.Generator().manual_seed(0))
    assert torch.equal(again[:, :6], clean[:, :6]) and not (again[:, 6:] == 7).any()


def test_one_token_is_left_as_it_is():
    made, _ = window(4)
    latents = drawn(made, 4)
    assert torch.equal(made.looked_at_again(latents, torch.Generator()), latents)
