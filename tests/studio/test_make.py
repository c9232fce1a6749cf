"""Make: several candidates of a long clip are several chunks, each time, where the simulator chooses so."""

import warnings

import numpy as np
import pytest
import torch

from cuspworld.clip import Clip
from cuspworld.simulator.simulator import Simulator
from cuspworld.studio.make import make
from cuspworld.studio.settings import Settings
from cuspworld.studio.worker import Stopped
from tests.studio.spoken import Spoken, done

CANDLES = "Three blue candles burn on a cake; someone blows, and the breath blows every flame out."
CHAIR = "A red chair is dropped and lands on its legs."


@pytest.fixture(scope="module")
def simulator() -> Simulator:
    torch.set_num_threads(1)
    return Simulator.from_pretrained("default")


@pytest.fixture
def job(simulator, tmp_path):
    spoken = Spoken(tmp_path, Settings())
    spoken.kept("simulator", lambda: simulator)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield spoken


def shown(job: Spoken) -> np.ndarray:
    """The pictures that were sent, (time, height, width, 3)."""
    sent = [payload for kind, _, payload in job.said if kind == "picture"]
    return np.stack([np.frombuffer(picture, np.uint8).reshape(64, 64, 3) for picture in sent])


def test_a_long_clip_is_chosen_chunk_by_chunk_as_the_simulator_does(job, simulator):
    done(make, job, prompt=CANDLES, seconds=3, seed=4, steps=1, candidates=2)
    (candidate,), (clip,) = job.of("candidate"), job.of("clip")
    assert (candidate["ways"], candidate["frames"]) == (2, 30)
    facts: dict = {}
    options = {"seconds": 3, "seed": 4, "num_inference_steps": 1}
    chunks = list(simulator.stream(CANDLES, candidates=2, facts=facts, **options))
    assert np.array_equal(shown(job), np.concatenate(chunks))
    assert clip["made"]["kept"] == facts["kept"] and len(facts["kept"]) == len(chunks) == 2
    assert clip["made"]["candidates"] == 2 and job.of("order") == [{"candidates": [0]}]
    assert len(Clip.read(job.folder / clip["files"]["clip"])) == 30
    kinds = [kind for kind, _, _ in job.said]
    last = len(kinds) - 1 - kinds[::-1].index("step")
    assert kinds[:last].count("picture") == len(chunks[0])  # the first chunk is shown before the second is made


@pytest.mark.parametrize(
    ("prompt", "seconds"),
    [
        (CANDLES, 1),
        (CHAIR, 3),
        ("A glass of red juice stands, then it is pushed and tips over.", 3),
    ],
)
def test_what_is_short_or_told_in_turn_or_has_no_detector_is_compared_whole(job, prompt, seconds):
    done(make, job, prompt=prompt, seconds=seconds, steps=1, candidates=2)
    assert [(one["index"], one["ways"]) for one in job.of("candidate")] == [(0, 1), (1, 1)]
    assert not any("kept" in clip["made"] for clip in job.of("clip"))
    assert sorted(job.of("order")[0]["candidates"]) == [0, 1]


def test_a_long_clip_that_goes_on_from_a_video_is_chosen_after_it(job, simulator, tmp_path):
    given = simulator(CANDLES, seconds=1, seed=2, num_inference_steps=1)
    done(make, job, video=given.write(tmp_path / "given.mp4"), seconds=3, steps=1, candidates=2)
    (candidate,), (clip,) = job.of("candidate"), job.of("clip")
    assert (candidate["ways"], candidate["frames"]) == (2, 40)
    assert clip["made"]["kind"] == "Candles" and len(clip["made"]["kept"]) == 2


def test_what_is_chosen_can_be_stopped_within_a_chunk(job, simulator, monkeypatch):
    simulator.expand("a", 0)  # the captions are read once

    def check():
        if job.of("step"):
            raise Stopped

    monkeypatch.setattr(job, "check", check)
    done(make, job, prompt=CANDLES, seconds=60, candidates=8)
    assert len(job.of("step")) == 1 and not job.of("picture")
