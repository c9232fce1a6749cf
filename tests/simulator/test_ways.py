"""A long clip chosen chunk by chunk: the way that is kept goes on, no other does; what is kept is what lasts."""

import warnings
from unittest import mock

import numpy as np
import pytest
import torch

from cuspworld import worlds
from cuspworld.detectors import detector
from cuspworld.errors import CuspError, CuspWarning
from cuspworld.simulator.chunks import run
from cuspworld.simulator.simulator import Simulator
from cuspworld.simulator.ways import REMEMBERED, Choice, Ways
from cuspworld.video.frames import first

CANDLES = "Three blue candles burn on a cake; someone blows, and the breath blows every flame out."


@pytest.fixture(scope="module")
def simulator() -> Simulator:
    torch.set_num_threads(1)
    return Simulator.from_pretrained("default")


class Walk:
    """In the place of `Chunks`: four frames a chunk, the last of which comes again; a frame shows all draws so far."""

    faded = 1

    def __init__(self, seed: int, past: tuple[int, ...] = ()):
        self.sampling = mock.Mock(seed=seed)
        self.draw, self.past = seed, past

    def begin(self, given: np.ndarray) -> None:
        self.past = (99,)

    def next(self) -> np.ndarray:
        self.past = (*self.past, self.draw % 251)
        return np.full((4, 1, 1, 3), hash(self.past) % 256, np.uint8)

    def other(self, seed: int) -> "Walk":
        return Walk(seed, self.past)

    def facts(self) -> dict:
        return {"past": self.past}


def last_of(ways: list[np.ndarray], waits: int) -> int:
    """In the place of a `Choice`."""
    assert waits == 1
    return len(ways) - 1


def test_every_way_goes_on_from_the_one_that_was_kept():
    ways = Ways([Walk(5), Walk(6), Walk(7)], last_of)
    seen = [ways.next() for _ in range(4)]
    past = ways.facts()["past"]
    assert ways.kept == [2, 2, 2, 2] and ways.facts()["candidates"] == 3
    assert past[0] == 7 and len(past) == 4 and len(set(past)) == 4
    assert [int(chunk[0, 0, 0, 0]) for chunk in seen] == [hash(past[:k]) % 256 for k in range(1, 5)]
    again = Ways([Walk(5), Walk(6), Walk(7)], last_of)
    assert all(np.array_equal(chunk, again.next()) for chunk in seen)


def test_joined_chunks_have_the_asked_length_after_given_frames():
    given = np.zeros((3, 1, 1, 3), np.uint8)
    choice = mock.Mock(return_value=0)
    made = np.concatenate(list(first(run(Ways([Walk(1), Walk(2)], choice), given, 20), 20)))
    assert len(made) == 20 and not made[:3].any()
    choice.begin.assert_called_once_with(given)


@pytest.mark.parametrize("name", ["Collision", "Juice", "Puppies", "Candles"])
def test_the_way_that_stays_what_it_was_is_kept(name):
    """Of the clip's own next frames, another clip's, and the blend of both, whatever their order."""
    seeds = {"Collision": 4_000_001, "Juice": 4_000_003, "Puppies": 4_000_001, "Candles": 4_000_001}
    world = worlds.make(name)
    clip, other = (world.record(seeds[name] + k, seconds=3.2, fps=10.0, size=64) for k in (0, 1))
    own, foreign = clip.frames[16:], other.frames[16:]
    blend = ((own.astype(int) + foreign) // 2).astype(np.uint8)
    for order in ([0, 1, 2], [1, 2, 0], [2, 0, 1]):
        choice = Choice(name, clip.caption, 10.0)
        assert choice([clip.frames[:16]], 0) == 0
        ways = [(own, foreign, blend)[k] for k in order]
        assert order[choice(ways, 0)] == 0


@pytest.mark.parametrize("name", ["Collision", "Juice", "Candles"])
def test_what_lasts_in_a_true_clip_has_not_changed_and_another_clip_has_other_things(name):
    reader, world = detector(name), worlds.make(name)
    clips = [world.record(4_000_010 + k, seconds=2.4, fps=10.0, size=64) for k in range(6)]
    parts = [(reader(clip.frames[:12], 10.0), reader(clip.frames[12:], 10.0)) for clip in clips]
    assert [reader.changed(before, after) for before, after in parts] == [0] * 6
    others = [reader.changed(before, after) for before, _ in parts for _, after in parts]
    assert np.mean([change > 0 for change in others]) > 0.5


def test_what_a_choice_remembers_does_not_grow():
    choice = Choice("Candles", "", 10.0)
    for _ in range(6):
        choice([np.zeros((16, 64, 64, 3), np.uint8)], 4)
        assert choice.before is not None and len(choice.before) <= REMEMBERED


def test_without_a_better_way_the_clip_is_the_first_one(simulator):
    plain = simulator(CANDLES, seconds=4.5, seed=3)
    with mock.patch.object(Choice, "__call__", lambda self, ways, waits: 0), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        chosen = simulator(CANDLES, seconds=4.5, seed=3, candidates=2)
    np.testing.assert_array_equal(chosen.frames, plain.frames)
    assert chosen.made == {**plain.made, "candidates": 2, "kept": [0, 0, 0]}


def test_the_same_seed_chooses_the_same_bytes_called_or_streamed(simulator):
    with pytest.warns(CuspWarning, match="kept chunk by chunk, of 2 ways"):
        clip = simulator(CANDLES, seconds=3, seed=5, candidates=2)
    facts: dict = {}
    frames = np.concatenate(list(simulator.stream(CANDLES, seconds=3, seed=5, candidates=2, facts=facts)))
    np.testing.assert_array_equal(frames, clip.frames)
    assert facts["kept"] == clip.made["kept"] and len(clip) == 30 and clip.made["seed"] == 5
    before = clip[:10]
    after = np.concatenate(list(simulator.stream(CANDLES, seconds=3, seed=5, candidates=2, video=before)))
    np.testing.assert_array_equal(after[:10], before.frames)
    assert len(after) == 40


def test_where_no_detector_reads_whole_clips_are_compared(simulator):
    prompt = "A chair falls over."
    with pytest.warns(CuspWarning, match="No detector reads Chair: whole clips were compared"):
        clip = simulator(prompt, seconds=2.6, seed=1, candidates=2, num_inference_steps=1)
    whole = [simulator(prompt, seconds=2.6, seed=seed, num_inference_steps=1) for seed in (1, 2)]
    np.testing.assert_array_equal(clip.frames, whole[clip.made["seed"] - 1].frames)
    with pytest.raises(CuspError, match="candidates"):
        simulator.stream(prompt, candidates=0)
