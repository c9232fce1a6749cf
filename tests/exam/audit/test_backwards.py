"""Clips run backwards: which seeds of a split, and that what is judged is the clip itself, last frame first."""

import numpy as np
import pytest

from cuspworld import worlds
from cuspworld.exam.audit import backwards
from cuspworld.exam.audit.split import FIRST_SEED
from cuspworld.exam.audit.store import Store


@pytest.mark.parametrize("split", ["dev", "test"])
def test_the_splits_first_seeds_are_shown_forwards_and_backwards(split: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backwards, "WORLDS", ("Collision", "a world that is not here"))
    monkeypatch.setattr(backwards, "files", lambda split: [])
    monkeypatch.setattr(Store, "report", lambda self, clip: {"frames": clip.frames, "fps": clip.fps})
    results = backwards.run(split, Store(None), 2)
    seeds = [FIRST_SEED[split], FIRST_SEED[split] + 1]
    assert [name for name, *_ in results] == [f"Collision seed {seed}" for seed in seeds]
    for seed, (_, measures, forwards, back) in zip(seeds, results, strict=True):
        clip = worlds.make("Collision", size=128, fps=24.0).record(seed, size=128, fps=24.0)
        assert np.array_equal(forwards["frames"], clip.frames) and forwards["fps"] == back["fps"] == 24.0
        assert np.array_equal(back["frames"], clip.frames[::-1])
        assert measures.mse > 0
