"""A library that changes: files that change or go, removals, pinned versions, copies, shots, tables of before."""

import shutil
from dataclasses import replace

import lance
import numpy as np
import pytest

from cuspworld import Clip, Library
from cuspworld.library.duplicates import marked, near_pictures, near_vectors
from cuspworld.library.kept import FOLDER
from cuspworld.library.schema import SCHEMA, VERSION_NAME
from tests.helpers import moving_box


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "videos").mkdir()
    for seed in range(3):
        moving_box(seed, 5, (32, 40)).write(tmp_path / "videos" / f"{seed}.mp4")
    return tmp_path / "videos"


@pytest.fixture
def library(folder, tmp_path):
    library = Library.create(tmp_path / "real.lance")
    library.ingest(folder)
    return library


def test_files_are_kept_as_they_came_and_seen_at_any_size(library, folder):
    clip = Clip.read(folder / "1.mp4")
    assert np.array_equal(library[1].frames, clip.frames) and library[1].fps == clip.fps
    assert sum(len(row) for row in library.column("frames")) == 0
    seen = library.split(library.column("split")[1]).seen_at(16, 5.0)
    small = next(c for c, source in zip(seen, seen.column("source"), strict=True) if source == "1.mp4")
    direct = Clip.read(folder / "1.mp4", size=16, fps=5)
    assert np.array_equal(small.frames, direct.frames[: len(small)]) and small.size == (16, 16) and small.fps == 5
    assert [len(c) for c in seen] == seen.column("time") and set(seen.column("height")) == {16}


def test_a_changed_file_replaces_its_clips_and_the_version_before_keeps_them(library, folder):
    before = library[0].frames.copy()
    moving_box(9, 7, (32, 40)).write(folder / "0.mp4")
    addition = library.ingest(folder)
    assert (addition.added, addition.present, addition.replaced, len(library)) == (1, 2, 1, 3)
    assert len(library[0]) == 7
    (name,) = library.versions()
    earlier = Library.open(library.path, name)
    assert any(np.array_equal(clip.frames, before) for clip in earlier)
    assert len(list((library.path / FOLDER).iterdir())) == 4
    library.forget()
    assert library.versions() == [] and len(list((library.path / FOLDER).iterdir())) == 3
    assert [len(clip) for clip in library] == [7, 5, 5]


def test_clips_of_files_that_are_gone_stay_until_they_are_removed(library, folder):
    (folder / "2.mp4").unlink()
    addition = library.ingest(folder)
    assert addition.gone == ("2.mp4",) and len(library) == 3
    assert library.remove("source = '2.mp4'") == 1 and len(library) == 2
    assert library.remove("source = 'nobody'") == 0 and library.ingest(folder).gone == ()


def test_a_pinned_version_never_changes(library, folder):
    pinned = library.pin("run-1")
    clips = [clip.frames.copy() for clip in pinned]
    library.remove("source = '0.mp4'")
    moving_box(7, 3, (32, 40)).write(folder / "7.mp4")
    library.ingest(folder)
    for opened in (pinned, Library.open(library.path, "run-1"), library.pin("run-1")):
        assert all(np.array_equal(clip.frames, kept) for clip, kept in zip(opened, clips, strict=True))
    assert len(library) == 4 and len(library.pin("run-1", anew=True)) == 4


def test_copies_are_marked(library, folder):
    shutil.copy(folder / "1.mp4", folder / "copy.mp4")
    Clip.read(folder / "2.mp4", size=(64, 80)).write(folder / "larger.mp4", quality=70)
    library.ingest(folder)
    keys = dict(zip(library.column("source"), library.column("key"), strict=True))
    found = zip(library.column("source"), library.column("duplicate_of"), library.column("duplicate_by"), strict=True)
    assert {source: (of, why) for source, of, why in found if of} == {
        "copy.mp4": (keys["1.mp4"], "content"),
        "larger.mp4": (keys["2.mp4"], "picture"),
    }
    assert len(library.where("duplicate_of is null")) == 3
    library.set_vectors(np.array([[0.0], [5.0], [0.1], [9.0], [20.0]]))
    assert library.mark_duplicates("latents", within=0.5) == 3


def test_pairs_become_groups_of_the_earliest():
    of, why = marked(5, {"content": [(1, 3)], "picture": [(3, 4), (0, 1)]})
    assert of == [None, 0, None, 0, 0] and why[1] == "picture" and why[3] == "content"
    assert near_vectors(np.array([[0.0, 0], [3, 4], [0, 1]]), 1.0) == [(0, 2)]


def test_near_pictures_are_those_that_comparing_all_with_all_finds():
    rng = np.random.default_rng(0)
    bits = rng.integers(0, 2, (60, 192)).astype(np.uint8)
    for index in range(30, 60):  # copies with 0 to 20 bits changed
        bits[index] = bits[index - 30]
        bits[index, rng.choice(192, index % 21, replace=False)] ^= 1
    lengths = rng.choice([1.0, 1.05, 2.0], 60)
    brute = [
        (a, b)
        for a in range(60)
        for b in range(a + 1, 60)
        if (bits[a] != bits[b]).sum() <= 11 and max(lengths[a], lengths[b]) / min(lengths[a], lengths[b]) < 1.1
    ]
    assert near_pictures([np.packbits(row).tobytes() for row in bits], lengths.tolist()) == brute


def test_a_clip_a_shot(tmp_path):
    (tmp_path / "videos").mkdir()
    rng = np.random.default_rng(0)
    scenes = [
        np.kron(rng.integers(0, 256, (1, 4, 4, 3), np.uint8), np.ones((20, 16, 16, 1), np.uint8)) for _ in range(3)
    ]
    Clip(np.concatenate(scenes), 20.0).write(tmp_path / "videos" / "film.mp4")
    library = Library.create(tmp_path / "shots.lance")
    assert library.ingest(tmp_path / "videos").added == 3
    assert library.column("time") == [20, 20, 20] and library.column("start") == [0.0, 1.0, 2.0]
    for clip, scene in zip(library, scenes, strict=True):
        assert np.abs(clip.frames.astype(int) - scene).mean() < 8
    assert library.ingest(tmp_path / "videos").present == 1


def test_a_library_of_before_is_read_and_gains_the_new_columns_when_it_is_added_to(folder, tmp_path):
    library = Library.create(tmp_path / "old.lance")
    library.ingest(folder, size=16, fps=10, shots=False)
    old = SCHEMA.names[SCHEMA.names.index("file") :]
    dataset = lance.dataset(str(library.path))
    dataset.drop_columns([*old, "duplicate_of", "duplicate_by"])
    dataset.replace_schema_metadata({VERSION_NAME.decode(): "1"})
    opened = Library.open(library.path)
    assert [len(clip) for clip in opened] == [5, 5, 5] and opened.column("file") == [None] * 3
    moving_box(5, 4, (32, 40)).write(folder / "5.mp4")
    addition = opened.ingest(folder)
    assert addition.added == 4 and len(opened) == 7 and sum(name is not None for name in opened.column("file")) == 4
    assert sorted(len(clip) for clip in opened) == [4, 5, 5, 5, 5, 5, 5]


@pytest.mark.parametrize("size", [None, 16])
def test_how_a_clip_was_made_is_kept(tmp_path, size):
    made = {"prompt": "a box", "seed": 3, "expansion": "one box, 走"}
    (tmp_path / "videos").mkdir()
    for k, facts in enumerate((made, {})):
        replace(moving_box(k, 5, (32, 40)), made=facts).write(tmp_path / "videos" / f"{k}.mp4")
    library = Library.create(tmp_path / "l.lance")
    dataset = lance.dataset(str(library.path))
    dataset.drop_columns(["made"])  # as before there was one
    dataset.replace_schema_metadata({VERSION_NAME.decode(): "2"})
    library.ingest(tmp_path / "videos", size=size)
    library.add(replace(moving_box(2, 5), made=made), "mine")
    assert [dict(clip.made) for clip in library] == [made, {}, made]
    library[:1].export(tmp_path / "out")
    assert [dict(Clip.read(path).made) for path in (tmp_path / "out").rglob("*.mp4")] == [made]
