"""Recording worlds into a library: the bytes of World.record, exactly once, however it is done and interrupted."""

import numpy as np
import pytest

from cuspworld import Library, worlds
from cuspworld.errors import CuspError
from cuspworld.library import library as library_module
from cuspworld.library.recording import Recipe

OPTIONS = {"seconds": 0.8, "size": 16}


def contents(library: Library) -> list[tuple]:
    """Everything but where it lies: what must be the same after any interruption."""
    return [
        (key, clip.caption, clip.fps, clip.frames.tobytes(), clip.truth.to_bytes())
        for key, clip in zip(library.column("key"), library, strict=True)
    ]


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    library = Library.create(tmp_path_factory.mktemp("recording") / "whole.lance")
    library.record("Collision", 12, seed=3, **OPTIONS)
    return library


def test_a_clip_is_what_the_world_records(undisturbed):
    world = worlds.make("Collision")
    assert undisturbed.column("seed") == list(range(3, 15))
    for seed, clip in zip(range(3, 15), undisturbed, strict=True):
        direct = world.record(seed, **OPTIONS)
        assert np.array_equal(clip.frames, direct.frames)
        assert (clip.caption, clip.fps, clip.truth.to_bytes()) == (direct.caption, direct.fps, direct.truth.to_bytes())


def test_two_workers_record_the_same_bytes(undisturbed, tmp_path):
    library = Library.create(tmp_path / "pool.lance")
    seen = []
    addition = library.record("Collision", 12, seed=3, workers=2, progress=lambda *done: seen.append(done), **OPTIONS)
    assert (addition.added, addition.present, addition.problems) == (12, 0, ())
    assert contents(library) == contents(undisturbed)
    assert seen[0] == (0, 12) and seen[-1] == (12, 12) and [done for done, _ in seen] == sorted(d for d, _ in seen)


def test_what_is_there_is_not_recorded_again(undisturbed, tmp_path):
    library = Library.create(tmp_path / "resumed.lance")
    library.record("Collision", 3, seed=7, **OPTIONS)
    addition = library.record("Collision", 12, seed=3, **OPTIONS)
    assert (addition.added, addition.present) == (9, 3)
    assert contents(library) == contents(undisturbed)
    other = library.record("Collision", 2, seed=3, seconds=0.8, size=24)  # another recipe is another clip
    assert (other.added, len(library)) == (2, 14)


@pytest.mark.parametrize("commits", [0, 1, 2])
def test_an_interrupted_recording_is_readable_and_goes_on(undisturbed, tmp_path, monkeypatch, commits):
    library = Library.create(tmp_path / "stopped.lance")
    original, left = library_module.commit, [commits]

    def commit(path, done):
        if not left[0]:
            raise KeyboardInterrupt
        left[0] -= 1
        original(path, done)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(library_module, "commit", commit)
        library.record("Collision", 12, seed=3, **OPTIONS)
    opened = Library.open(library.path)
    assert len(opened) == 3 * commits and all(clip.frames.any() for clip in opened)
    assert opened.record("Collision", 12, seed=3, **OPTIONS).present == 3 * commits
    assert contents(opened) == contents(undisturbed)
    assert len(list((library.path / "data").iterdir())) == len(opened._dataset.get_fragments())  # no litter


def test_twins_and_their_possible_clips_share_a_split_and_seeds_without_occasion_are_reported(tmp_path):
    library = Library.create(tmp_path / "twins.lance")
    library.record("Collision", 8, size=16)
    addition = library.record("Collision", 8, size=16, twin="passes_through")
    twins = library.where("twin = 'passes_through'")
    assert addition.added == len(twins) and addition.added + len(addition.problems) == 8
    assert len(twins) and all("occasion" in why for _, why in addition.problems)
    for seed, split, clip in zip(twins.column("seed"), twins.column("split"), twins, strict=True):
        assert library.where(f"seed = {seed} and twin is null").column("split") == [split]
        assert clip.truth.violation.twin == "passes_through"


def test_the_key_is_part_of_the_format():
    """These stay from version to version, else resuming would record everything twice."""
    assert Recipe("Juice").key(7) == "Juice/24b9baeee39e/0000000000000000007"
    recipe = Recipe("Juice", 2.0, (48, 64), 12.0, "poor", "zh", "liquid_vanishes", "out", None, {"fill": 0.8})
    assert recipe.key(2**62) == f"Juice/7a59ad8433c7/{2**62:019d}"


def test_topics_and_summary(undisturbed):
    assert undisturbed.topics() == [worlds.describe("Collision")]
    facts = undisturbed.summary()
    assert (facts["clips"], facts["worlds"], facts["sizes"]) == (12, {"Collision": 12}, {"16x16": 12})
    assert facts["seconds"] == pytest.approx(12 * 0.8)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"world": "Juize"}, "Juice"),
        ({"n": 0}, "n must be"),
        ({"seed": -1}, "seed must be"),
        ({"size": 0}, "size must be"),
        ({"size": 10**6}, "size must be"),
        ({"seconds": 0}, "seconds must be"),
        ({"seconds": float("nan")}, "seconds must be"),
        ({"seconds": 1e9}, "seconds must be"),
        ({"fps": 0}, "fps must be"),
        ({"twin": "melts"}, "no twin 'melts'"),
        ({"split": "validation"}, "split must be"),
        ({"caption": "long"}, "caption must be"),
        ({"language": "fr"}, "language must be"),
        ({"options": {"mass": 1}}, "no parameter 'mass'"),
        ({"options": {"gravity": float("inf")}}, "gravity must be"),
        ({"colour": "red"}, "record takes world, seconds"),
        ({"workers": 0}, "workers must be"),
    ],
)
def test_bad_arguments_are_refused_before_anything_is_recorded(undisturbed, changes, message):
    arguments = {"world": "Juice", "n": 1, **changes}
    with pytest.raises(CuspError, match=message):
        undisturbed.record(**arguments)
    assert len(undisturbed) == 12
