"""A prompt's time of an event: recorded paths come later or earlier to keep it, as far as they can."""

import dataclasses

import numpy as np
import pytest
import torch

from cuspworld.language.matching import Matcher
from cuspworld.language.retiming import retimed
from cuspworld.simulator.branches import Branches
from cuspworld.simulator.kinds import Kind
from cuspworld.simulator.masses import Masses, Prompts
from cuspworld.simulator.paths import Paths
from cuspworld.simulator.route import DrawnRoute

FRAMES, STEP, CLIPS, RATE = 24, 4, 8, 10.0
PUSHES = [5 + clip % 4 for clip in range(CLIPS)]  # the frame of each clip


def made(moving: bool) -> Branches:
    """Clips of 24 frames of a thing that jumps when it is pushed; before it stands, or rolls on."""
    latents, captions = [], []
    for push in PUSHES:
        seen = torch.zeros(FRAMES, 8, 8, 1)
        seen[push:] += 20.0
        if moving:
            seen += 3.0 * torch.arange(FRAMES)[:, None, None, None]
        latents.append(seen)
        captions.append((f"A glass is pushed and falls. Push at {push / RATE:.1f} s.",))
    kind = Kind.learn("things", latents, captions, STEP, 1, 0)
    return Branches(dataclasses.replace(kind, branches=0 * kind.clips), 0 * kind.clips)


@pytest.fixture(scope="module")
def standing() -> Branches:
    return made(moving=False)


def times(graph: Branches, late: int, clip: int = 3) -> list[int]:
    """The frames at which the steps of a clip's path begin."""
    _, rows = graph.paths(graph.delays(np.full(CLIPS, late)))
    return graph.kind.times[rows[clip]].tolist()


def test_what_stands_comes_later_or_earlier_by_less_than_a_step(standing):
    assert times(standing, 0) == [0, 4, 8, 12, 16, 20]
    assert times(standing, 2) == [0, 2, 6, 10, 14, 18]
    assert times(standing, -2) == [2, 6, 10, 14, 18, 20]  # after the last whole step nothing is known
    assert times(standing, 9) == times(standing, 3)
    assert times(standing, -9) == times(standing, -3)


def test_what_moves_comes_earlier_only(standing):
    rolling = made(moving=True)
    assert times(rolling, 2) == times(rolling, 0) == [0, 4, 8, 12, 16, 20]
    assert times(rolling, -2) == times(standing, -2)
    assert times(standing, 2, clip=0) == times(standing, 0)  # pushed in the step that would have to last


def test_a_prompt_says_how_late_each_clip_is():
    """The mean of its events, but of those alone that are about as late as the first."""
    clips = ["A glass is pushed. Push at 0.5 s, tipping at 0.7 s.", "It tips. Tipping at 0.4 s.", "Nothing.",
             "A glass is pushed. Push at 0.5 s, tipping at 1.7 s."]  # fmt: skip
    late = Matcher(clips)("A glass is pushed at 0.7 s; tipping at 0.8 s.").late
    np.testing.assert_allclose(late, [0.15, 0.4, 0.0, 0.2])
    assert not Matcher(["A glass is pushed. Push at 0.5 s."])("A glass is pushed.").late.any()


def pushed(graph: Branches, asked: float, rate: float | None) -> tuple[list[float], str]:
    """The code of each step where a push is asked for at `asked`, and the text that the flow reads."""
    prompt = f"A glass is pushed and falls. Push at {asked:.1f} s."
    masses = Prompts([graph.kind]).masses(prompt, 0)
    route = DrawnRoute(Paths(graph, 0), masses, 0, 6, 6, torch.device("cpu"), rate=rate)
    codes = route.next(None).codes[0, :, 0].tolist()
    return codes, route.text("in my own words")


@pytest.mark.parametrize("asked", [0.4, 0.6, 0.9, 1.0])
def test_a_push_comes_when_it_is_asked_for(standing, asked):
    """The step in which it happens has the share of its frames in the code that it ought to have."""
    whole = torch.zeros(FRAMES, 8, 8, 1)
    whole[round(asked * RATE) :] += 20.0
    wanted = standing.kind.code.of(whole)[::STEP, 0]
    codes, text = pushed(standing, asked, RATE)
    np.testing.assert_allclose(codes, wanted, atol=0.5)  # noise of a tenth is added to what is told
    assert f"Push at {asked:.1f} s." in text


def test_without_a_rate_paths_stay_as_recorded(standing):
    codes, _ = pushed(standing, 1.0, None)
    recorded = standing.kind.codes[standing.kind.times % STEP == 0].reshape(CLIPS, -1)
    assert min(np.abs(recorded - codes).max(axis=1)) < 0.5


def test_a_clip_that_cannot_be_in_time_has_less_mass():
    rolling = made(moving=True)
    ones = np.ones(CLIPS)
    late = np.array([8 - push for push in PUSHES])  # for a push in frame 8: all but two clips would have to wait
    found = [Paths(rolling, seed).draw(ones, late=late) for seed in range(20)]
    in_time = sum(PUSHES[drawn.nearest] == 8 for drawn in found)
    assert in_time >= 10 > sum(PUSHES[Paths(rolling, seed).draw(ones).nearest] == 8 for seed in range(20))


def test_a_known_beginning_is_left_as_it_is(standing):
    start = standing.kind.codes[:1].astype(float)
    drawn = Paths(standing, 0).draw(np.ones(CLIPS), start=start, late=np.full(CLIPS, 3))
    assert "later" not in drawn.facts
    assert Paths(standing, 0).draw(np.ones(CLIPS), late=np.full(CLIPS, 3)).facts["later"] == 3


def test_a_time_far_from_all_that_was_recorded_leaves_paths_to_draw_from(standing):
    for asked in (2000, -2000):
        drawn = Paths(standing, 0).draw(np.ones(CLIPS), late=np.full(CLIPS, asked))
        assert np.isfinite(drawn.codes).all() and abs(drawn.facts["later"]) <= STEP - 1


def test_masses_of_before_have_no_times(standing):
    plain = Masses(0, np.ones(CLIPS), Matcher(["a glass"])("a glass"), whole=True)
    route = DrawnRoute(Paths(standing, 0), plain, 0, 6, 6, torch.device("cpu"), rate=RATE)
    assert route.next(None).codes.shape[1] == 6


def test_the_times_of_a_caption_are_moved():
    assert (
        retimed("Breath at 0.6 s, blow-out at 1.0 s; 3 candles", 0.25)
        == "Breath at 0.8 s, blow-out at 1.2 s; 3 candles"
    )
    assert retimed("第0.5秒吹气，5根蜡烛", -0.2) == "第0.3秒吹气，5根蜡烛"
    assert retimed("after 2 seconds; 12 cm, 0.1 s", -0.5) == "after 2 seconds; 12 cm, 0.0 s"
