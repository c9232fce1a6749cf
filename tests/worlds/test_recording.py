"""Recording: what it leaves alone, and that a run goes on as it was recorded."""

import numpy as np
import pytest

from cuspworld.errors import CuspError
from cuspworld.worlds import make


def test_recording_leaves_the_rate_of_the_world_alone():
    world = make("Collision", fps=10, size=8)
    world.record(1, seconds=1.0, fps=25.0)
    assert world.fps == 10 and world.metadata["render_fps"] == 10
    world.step(np.zeros(2))
    assert abs(world.time - 1.0) < 1e-12  # the 26th frame of the run at 25 a second
    world.reset(seed=1)
    world.step(np.zeros(2))
    assert world.time == 0.1
    assert len(world.record(1, seconds=1.0)) == 10


def test_a_recording_has_the_size_of_the_world_unless_it_is_told():
    world = make("Collision", size=(24, 32))
    assert world.record(1, seconds=0.2).size == (24, 32) and world.record(1, seconds=0.2, size=16).size == (16, 16)
    assert make("Collision").record(1, seconds=0.1).size == (64, 64)


@pytest.mark.parametrize("words", [{"language": "fr"}, {"caption": "long"}])
def test_words_that_cannot_be_are_refused_before_the_run(words, monkeypatch):
    world = make("Collision", size=8)
    monkeypatch.setattr(type(world), "reset", lambda *_, **__: pytest.fail("it ran first"))
    with pytest.raises(CuspError, match="must be one of"):
        world.record(1, seconds=1.0, **words)


def test_what_a_world_has_none_of_is_said():
    with pytest.raises(CuspError, match="has no preset 'steep'; it has none"):
        make("Juice", preset="steep")
    with pytest.raises(CuspError, match="friction must be a number: got"):
        make("Juice", friction="high")
