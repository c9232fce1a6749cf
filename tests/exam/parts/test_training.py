"""What training teaches when: features that know the state are read, and those that do not are not."""

import numpy as np

from cuspworld.exam.parts import training
from cuspworld.exam.parts.training import kind_of
from cuspworld.exam.sitting import Kept, Settings, Sitting


class Grows:
    """Two stages: first noise, then the mean place of what is bright."""

    taught = ("Collision",)

    def features(self, frames):
        return self.features_then(frames)[-1][2]

    def features_then(self, frames):
        bright = frames.mean(-1)
        axis = np.arange(frames.shape[2])
        places = np.stack([(bright.sum(k) * axis).sum(1) / bright.sum((1, 2)) for k in (1, 2)], 1)
        noise = np.random.default_rng(int(frames.sum()) % 2**32).normal(size=(len(frames), 3))
        return [(0, 2.0, {"out": noise}), (100, 0.5, {"out": places})]


def squares(name, first, count, size, sitting):
    """Clips of a bright square that stands, and its place."""
    random = np.random.default_rng(first)
    places = random.integers(2, size - 4, (count, 2))
    frames = np.zeros((count, 8, size, size, 3), np.uint8)
    for clip, (x, y) in zip(frames, places, strict=True):
        clip[:, y : y + 3, x : x + 3] = 255
    return list(frames), {
        "places": places.astype(float),
        "speeds": np.zeros((count, 0)),
        "others": np.zeros((count, 0)),
    }


def test_a_later_stage_that_knows_places_is_read_and_noise_is_not(monkeypatch):
    monkeypatch.setattr(training, "_clips", squares)
    sitting = Sitting({"mine": Grows()}, Settings(clips=2, size=24), Kept(None, "1"))
    part = training.sit(sitting)
    first, last = (part.tables[0].row(step=step) for step in (0, 100))
    assert first["places"] < 0.2 and last["places"] > 0.99 and last["loss"] == 0.5
    assert "places" in part.pictures and not sitting.failures


def test_a_model_without_features_says_so():
    part = training.sit(Sitting({"mine": object()}, Settings(clips=1, size=16), Kept(None, "1")))
    assert "no features" in part.notes[0] and [row["layer"] for row in part.tables[0].rows] == ["pixels"]


def test_columns_by_kind():
    names = ("ball_1_x", "ball_1_velocity_x", "glass_angle", "overhang", "glass_angular_velocity")
    assert [kind_of(name) for name in names] == ["places", "speeds", "places", "others", "speeds"]
