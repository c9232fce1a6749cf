"""Where a scene rests, what is drawn wavers less and goes on from what was shown; what moves is left alone."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from cuspworld import Simulator
from cuspworld.simulator.branches import Branches
from cuspworld.simulator.chunks import Chunks
from cuspworld.simulator.formats import Format
from cuspworld.simulator.rest import STILL, at_rest
from cuspworld.simulator.sampling import sampling


def wavering(frames: int, seed: int = 0) -> torch.Tensor:
    """Still latents of a scene with noise a tenth of `STILL`."""
    generator = torch.Generator().manual_seed(seed)
    scene = torch.randn(1, 1, 8, 8, 4, generator=torch.Generator().manual_seed(9))
    return scene + 0.1 * STILL * torch.randn(1, frames, 8, 8, 4, generator=generator)


def test_a_scene_that_rests_wavers_less_and_its_mean_stays():
    latents, rests = wavering(24), torch.ones(24, dtype=torch.bool)
    made = at_rest(latents, rests)
    assert made.diff(dim=1).abs().mean() < 0.25 * latents.diff(dim=1).abs().mean()
    assert (made[:, 8:].mean(1) - latents.mean(1)).abs().max() < 0.1 * STILL


def test_frames_that_do_not_rest_are_as_they_were():
    latents, rests = wavering(24), torch.arange(24) >= 16
    made = at_rest(latents, rests)
    assert torch.equal(made[:, :16], latents[:, :16]) and not torch.equal(made[:, 16:], latents[:, 16:])
    assert torch.equal(at_rest(latents, torch.zeros(24, dtype=torch.bool)), latents)


def test_what_moves_all_the_same_is_shown_as_it_moves():
    latents = wavering(24)
    latents[:, 10:, 2, 2] += 3 * STILL
    made = at_rest(latents, torch.ones(24, dtype=torch.bool))
    assert torch.allclose(made[:, 10, 2, 2], latents[:, 10, 2, 2])
    assert (made[:, 10:, 6, 6].diff(dim=1).abs().mean()) < 0.25 * latents[:, 10:, 6, 6].diff(dim=1).abs().mean()


def test_the_next_chunk_goes_on_from_what_was_shown():
    one, two = wavering(24, 1), wavering(24, 2) + 0.5 * STILL  # drawn anew a little elsewhere
    rests = torch.ones(24, dtype=torch.bool)
    first = at_rest(one, rests)
    two[:, :4] = first[:, 16:20]
    made = at_rest(two, rests, 4, first[:, 20:])
    assert torch.equal(made[:, :4], two[:, :4])
    assert (made[:, 4:] - first[:, 19:20]).mean().abs() < 0.1 * STILL
    apart = at_rest(two, rests, 4)  # nothing told of the chunk before: it is drawn towards the new place
    assert (apart[:, -1] - first[:, 19]).mean() > 0.3 * STILL


def test_once_the_scene_moves_nothing_of_before_is_carried_on():
    one, two = wavering(24, 1), wavering(24, 2) + 0.5 * STILL
    rests = torch.arange(24) < 12
    made = at_rest(two, rests, 4, one[:, 20:])
    assert torch.equal(made[:, 12:], two[:, 12:])


def test_a_glass_that_stands_rests_and_balls_that_roll_do_not():
    kinds = {kind.name: Branches(kind, kind.branches) for kind in Simulator.from_pretrained("default").kinds}
    share = {}
    for name, graph in kinds.items():
        inside = graph.following >= 0
        share[name] = float(graph.rest(graph._ways)[inside].mean())
    assert share["Juice"] > 0.4 and share["Collision"] < 0.05 and share["Puppies"] == 0.0


@pytest.mark.parametrize("seconds", [5.0])
def test_a_glass_that_nobody_pushes_stands_still(seconds: float):
    simulator = Simulator.from_pretrained("default")
    clip = simulator("A glass of blue juice stands on a table and is NOT pushed; it stands still.", seconds=seconds)
    change = np.abs(np.diff(clip.frames.astype(int), axis=0)).mean(axis=(1, 2, 3))
    assert change[5:].mean() < 0.2  # grey levels; 0.27 and more where it is drawn anew each frame


@pytest.mark.parametrize("fps", [10.0, 20.0])
def test_a_token_on_the_way_from_rest_does_not_rest(fps: float):
    """At twice the rate the second token of a step lies between it and the next."""
    simulator = Simulator.from_pretrained("default")
    drawing = simulator.drawing(Format(64, 64, fps)) if fps > 10 else simulator
    rests = [True, True, False, False, True, True][: 6 if fps == 10 else 4]
    route = SimpleNamespace(rests=lambda: rests)
    chunks = Chunks(drawing, "", sampling(drawing.config, {}, True), route, 2)  # type: ignore[arg-type]
    frames = chunks._rests()
    assert frames is not None and len(frames) == drawing.config.window
    told = [bool(step) for step in frames.view(-1, 4).all(1)]
    assert told == ([True, True, False, False, True, True] if fps == 10 else [True, True, True, False, False, False])
