"""The detectors: what they read is what happened, in true clips that no recipe teaches; a mixture is called one."""

import numpy as np
import pytest

from cuspworld import worlds
from cuspworld.clip import Clip
from cuspworld.errors import CuspError
from cuspworld.exam.detectors import detector, names
from cuspworld.exam.detectors.juice import BIN, BINS, COLOURS, JuiceDetector
from cuspworld.exam.detectors.seen import Seen, Thing, one_hot

SEED = 2_000_500  # not among those of benchmarks/detectors.py


@pytest.fixture(scope="module")
def clips() -> dict[str, Clip]:
    return {name: worlds.make(name).record(SEED, seconds=1.6, fps=10.0, size=64) for name in names()}


@pytest.mark.parametrize("name", names())
def test_the_truth_of_a_clip_is_read_from_its_frames(name, clips):
    reader, clip = detector(name), clips[name]
    read, true = reader(clip.frames, clip.fps), reader.truth(clip)
    assert read.mixed.mean() <= 0.1 and not true.mixed.any()
    if name == "Juice":
        assert (read.fell, read.colour) == (true.fell, clip.truth.parameters["liquid"])
        assert not true.uncaused
    if name == "Puppies":
        assert read.coats == true.coats and len(true.coats) == clip.truth.parameters["count"]
    if name == "Collision":
        assert [ball.colour for ball in read.before] == [ball.colour for ball in true.before]
    if name == "Candles":
        assert (read.candles, read.colour) == (true.candles, clip.truth.parameters["colour"])
        assert true.candles == clip.truth.parameters["candles"] and not read.uncaused


@pytest.mark.parametrize("name", names())
def test_half_of_one_picture_and_half_of_another_is_no_true_state(name, clips):
    frames = clips[name].frames
    falls = {"push": 0.38, "fill": 0.5} if name == "Juice" else {}  # two glasses that stand alike are one
    other = worlds.make(name, **falls).record(SEED + 1, seconds=1.4, fps=10.0, size=64).frames[-1:]
    blend = ((frames[:1].astype(int) + other) // 2).astype(np.uint8)
    assert detector(name)(blend, 10.0).mixed.all()


def test_a_clip_of_another_size_is_scaled(clips):
    clip = worlds.make("Collision").record(SEED, seconds=0.5, fps=10.0, size=128)
    small = detector("Collision")(clips["Collision"].frames[:5], 10.0)
    large = detector("Collision")(clip.frames, 10.0)
    assert [[b.colour for b in f] for f in small.frames] == [[b.colour for b in f] for f in large.frames]
    for a, b in zip(small.before, large.before, strict=True):
        assert a.radius == pytest.approx(b.radius, abs=0.1)


def test_a_world_without_a_detector_is_an_error():
    with pytest.raises(CuspError, match="no detector reads 'Heat': take one of Collision"):
        detector("Heat")
    with pytest.raises(CuspError, match="recording of Juice: got no truth"):
        detector("Juice").truth(Clip(np.zeros((1, 64, 64, 3), np.uint8), 10.0))


def tilted(degrees: list[float], touch: int | None, mixed: tuple[int, ...] = ()) -> Seen:
    """A glass at these tilts, touched in one frame."""
    count = len(degrees)
    place = np.array(degrees) / BIN - 0.5
    low, share = np.clip(place, 0, BINS - 2).astype(int), np.clip(place, 0, BINS - 2)[:, None] % 1
    return Seen(
        tuple((Thing("glass", 20, 30),) for _ in degrees),
        {"mixed": np.isin(np.arange(count), mixed) * 1.0, "touch": (np.arange(count) == touch) * 1.0},
        {
            "colour": one_hot(np.zeros(count, int), len(COLOURS)),
            "tilt": (1 - share) * one_hot(low, BINS) + share * one_hot(low + 1, BINS),
        },
        {"place": np.zeros(count), "fill": np.full(count, 0.5)},
    )


def test_what_the_frames_of_a_glass_come_to():
    read = JuiceDetector.reading
    reader = detector("Juice")
    fall = read(reader, tilted([3, 3, 12, 30, 60, 88, 88], touch=2), 10.0)
    assert fall.states == ("standing", "standing", "tipping", "tipping", "tipping", "lying", "lying")
    assert fall.fell_at == pytest.approx(0.35) and fall.readable and not fall.uncaused and not fall.rises
    assert not read(reader, tilted([3, 3, 12, 30, 60, 88, 88], touch=2, mixed=(3, 4)), 10.0).readable
    assert read(reader, tilted([3, 12, 30, 60, 88], touch=3), 10.0).uncaused
    assert read(reader, tilted([3, 30, 88, 88, 40, 3, 3], touch=1), 10.0).rises
    rock = read(reader, tilted([3, 3, 14, 20, 8, 3], touch=2), 10.0)
    assert rock.states[2:5] == ("rocking",) * 3 and rock.fell_at is None and rock.readable
