"""The table: create, open, read lazily, split, select, search, versions."""

import os
import shutil

import lance
import numpy as np
import pyarrow as pa
import pytest

from cuspworld import Clip, Library
from cuspworld.errors import CuspError
from cuspworld.library.schema import VERSION_NAME, row_of, split_of
from cuspworld.library.work import commit, write_rows
from cuspworld.truth import Event, Truth
from tests.helpers import moving_box

CLIPS = [moving_box(seed, 5 + seed % 3, (16, 16 + 2 * (seed % 2))) for seed in range(24)]


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    library = Library.create(tmp_path_factory.mktemp("library") / "boxes.lance")
    library.add(CLIPS, "boxes")
    return Library.open(library.path)


def same(a: Clip, b: Clip) -> bool:
    return np.array_equal(a.frames, b.frames) and (a.fps, a.caption) == (b.fps, b.caption)


def test_every_clip_comes_back_exactly_once(library):
    assert len(library) == len(CLIPS)
    stored = list(library)
    for clip in CLIPS:
        assert sum(same(clip, other) for other in stored) == 1


def test_indexing_iteration_slices_and_columns_agree(library):
    stored = list(library)
    for index in (0, 7, len(library) - 1, -1, -len(library)):
        assert same(library[index], stored[index])
    assert all(same(a, b) for a, b in zip(library[3:9:2], stored[3:9:2], strict=True))
    assert library.column("caption") == [clip.caption for clip in stored]
    assert library.column("time") == [len(clip) for clip in stored]
    assert library.column("key") == sorted(library.column("key"))
    for index in (len(library), -len(library) - 1):
        with pytest.raises(IndexError):
            library[index]


def test_adding_the_same_again_does_nothing(library, tmp_path):
    copy = shutil.copytree(library.path, tmp_path / "copy.lance")
    again = Library.open(copy)
    addition = again.add([*CLIPS[:5], moving_box(99)], "boxes")
    assert (addition.added, addition.present) == (1, 5)
    assert len(again) == len(CLIPS) + 1
    assert len(library) == len(CLIPS)  # another table, another moment


def test_splits_are_a_partition_and_never_change(library):
    splits = {name: library.split(name).column("key") for name in ("train", "dev", "test")}
    assert sorted(key for keys in splits.values() for key in keys) == library.column("key")
    # The hash is part of the format: these stay, in every version and on every machine.
    special = {seed: split_of(f"Juice/train/{seed}") for seed in range(30)}
    assert {seed: split for seed, split in special.items() if split != "train"} == {10: "test", 21: "dev"}
    counts = np.unique([split_of(str(i)) for i in range(10_000)], return_counts=True)[1]  # dev, test, train
    assert np.abs(counts - [1000, 1000, 8000]).max() < 4 * np.sqrt(10_000 * 0.8 * 0.2)
    with pytest.raises(CuspError, match="train, dev, test"):
        library.split("validation")


def test_where_selects_by_sql_and_says_what_is_wrong(library):
    left = library.where("caption like '%left%' and time = 6")
    wanted = [clip for clip in library if "left" in clip.caption and len(clip) == 6]
    assert len(left) == len(wanted) > 0 and all(same(a, b) for a, b in zip(left, wanted, strict=True))
    assert len(library.where("fps > 1000")) == 0 and list(library.where("fps > 1000")) == []
    for condition in ("nothing = 1", "caption ===", "'; drop", "split = 'train' and more", "1=1; drop table x"):
        with pytest.raises(CuspError, match="columns are key, source"):
            library.where(condition)


def test_a_selection_keeps_its_moment(library, tmp_path):
    growing = Library.open(shutil.copytree(library.path, tmp_path / "growing.lance"))
    before = growing.split("train")
    first = before[0]
    growing.add([moving_box(seed, 4) for seed in range(100, 110)], "more")
    assert same(before[0], first) and all(len(clip) > 4 for clip in before)


def test_truth_comes_back_and_can_be_left_out(tmp_path):
    state = np.array([(0.0,), (1.5,)], [("x", "f8")])
    truth = Truth("Box", {"seed": 7, "split": "train"}, state, {"x": "m"}, events=(Event("bump", 0.05, {"at": 1}),),
                  masks=np.eye(16, dtype=np.uint8)[None].repeat(2, 0), branch="moving")  # fmt: skip
    clip = Clip(CLIPS[0].frames[:2], 10.0, "bump", truth)
    library = Library.create(tmp_path / "truth.lance")
    library.add([clip, CLIPS[1]], "made")
    stored = library.where("world = 'Box'")
    assert stored[0].truth.to_bytes() == truth.to_bytes()
    assert stored.without_truth()[0].truth is None
    assert stored.column("events") == [[{"name": "bump", "time": 0.05}]]
    assert (stored.column("seed"), stored.column("branch")) == ([7], ["moving"])
    assert library.where("world is null")[0].truth is None


def test_search_finds_what_brute_force_finds(library, tmp_path):
    searched = Library.open(shutil.copytree(library.path, tmp_path / "searched.lance"))
    vectors = np.random.default_rng(0).normal(size=(len(searched), 6))
    with pytest.raises(CuspError, match="no vectors 'latents'"):
        searched.search(np.zeros(6))
    searched.set_vectors(np.zeros((len(searched), 3)))
    searched.set_vectors(vectors)  # replaces them
    query = np.random.default_rng(1).normal(size=6)
    distances = np.linalg.norm(vectors - query, axis=1)
    found = Library.open(searched.path).search(query, 5)
    assert [match.index for match in found] == np.argsort(distances)[:5].tolist()
    np.testing.assert_allclose([match.distance for match in found], np.sort(distances)[:5], rtol=1e-5)
    assert found[0].caption == searched[found[0].index].caption
    left = [i for i in np.argsort(distances) if "left" in searched[int(i)].caption][:3]
    assert [match.index for match in searched.search(query, 3, where="caption like '%left%'")] == left
    # What is added later has no vector yet: it is never found, and it does not shift the others' places.
    searched.add([moving_box(seed, 4) for seed in range(200, 205)], "a first source")
    again = searched.search(query, 100)
    assert len(again) == len(CLIPS) and [match.key for match in again[:5]] == [match.key for match in found]
    assert all(searched.column("key")[match.index] == match.key for match in again)


def test_clips_like_one_are_the_nearest_but_not_itself(library, tmp_path):
    copy = Library.open(shutil.copytree(library.path, tmp_path / "copy.lance"))
    with pytest.raises(CuspError, match="cusp encode copy"):
        copy.like(copy.column("key")[0])
    places = np.arange(len(copy), dtype=np.float32)
    copy.set_vectors(np.stack([places, 0 * places], axis=1), "scene_code")
    keys = copy.column("key")
    assert [match.index for match in copy.like(keys[0], 3)] == [1, 2, 3]
    assert {match.key for match in copy.like(keys[9], 2)} == {keys[8], keys[10]}
    assert len(copy.like(keys[0], 999)) == len(copy) - 1
    copy.add([moving_box(99)], "boxes")
    late = next(key for key in copy.column("key") if key not in keys)
    with pytest.raises(CuspError, match="added later"):
        copy.like(late)
    with pytest.raises(CuspError, match="no clip 'nobody'"):
        copy.like("nobody")


def test_captions_are_corrected_and_clips_marked_for_training(library, tmp_path):
    copy = Library.open(shutil.copytree(library.path, tmp_path / "copy.lance"))
    keys, before = copy.column("key"), copy.column("caption")
    copy.correct(keys[4], " a box that was told wrong ")
    copy.mark([keys[2], keys[5]])
    copy.mark([keys[5]], marked=False)
    copy.mark([])
    copy.mark([keys[7]])
    again = Library.open(copy.path)
    assert again.where("marked").column("key") == [keys[2], keys[7]]
    assert again.column("caption") == [*before[:4], "a box that was told wrong", *before[5:]]
    assert all(same(a, b) for k, (a, b) in enumerate(zip(library, again, strict=True)) if k != 4)
    assert again.statistics()["marked"] == 2 and library.statistics()["marked"] == 0
    for wrong in (lambda: copy.mark(["nobody"]), lambda: copy.correct("nobody", "x")):
        with pytest.raises(CuspError, match="no clip 'nobody'"):
            wrong()
    with pytest.raises(CuspError, match="must be a text"):
        copy.correct(keys[0], None)


def test_vectors_that_do_not_fit(library):
    count = len(library)
    for vectors, column in (
        (np.zeros((count - 1, 2)), "latents"),
        (np.full((count, 2), np.nan), "latents"),
        (np.zeros((count, 2)), "caption"),
        (np.zeros((count, 2)), "a b"),
    ):
        with pytest.raises(CuspError):
            library.set_vectors(vectors, column)


def test_another_schema_version_is_a_clear_error(library, tmp_path):
    other = shutil.copytree(library.path, tmp_path / "other.lance")
    lance.dataset(str(other)).replace_schema_metadata({VERSION_NAME.decode(): "7"})
    with pytest.raises(CuspError, match=r"schema version 7.*reads version 3.*record and ingest anew"):
        Library.open(other)


def test_what_is_not_a_library(tmp_path):
    with pytest.raises(CuspError, match=r"Library\.open\('a\.lance'\) opens a library"):
        Library("a.lance")
    lance.write_dataset(pa.table({"x": [1]}), str(tmp_path / "foreign.lance"))
    (tmp_path / "file.lance").write_text("no")
    (tmp_path / "empty.lance").mkdir()
    for name, why in (
        ("foreign.lance", "not a library of clips"),
        ("file.lance", "is a file"),
        ("empty.lance", "not a library"),
        ("missing.lance", "does not exist"),
    ):
        with pytest.raises(CuspError, match=why):
            Library.open(tmp_path / name)
    for name in ("foreign.lance", "file.lance", "empty.lance"):
        with pytest.raises(CuspError, match="something is there"):
            Library.create(tmp_path / name)
    with pytest.raises(CuspError, match="does not exist"):
        Library.create(tmp_path / "no" / "folder.lance")


def test_an_empty_library(tmp_path):
    library = Library.create(tmp_path / "empty.lance")
    assert len(library) == 0 and list(library) == [] and library.topics() == []
    assert library.summary()["clips"] == 0 and len(library.split("train")) == 0


def test_a_damaged_clip_names_itself_and_the_others_are_read(tmp_path, monkeypatch):
    from cuspworld.library import schema

    library = Library.create(tmp_path / "damaged.lance")
    original = schema.pack_frames
    monkeypatch.setattr(schema, "pack_frames", lambda frames: original(frames)[: 40 if len(frames) == 7 else None])
    library.add([CLIPS[0], CLIPS[2]], "boxes")  # 5 and 7 frames
    bad = library.column("time").index(7)
    with pytest.raises(CuspError, match=r"clip 'boxes/\w+' of the library cannot be read.*damaged"):
        library[bad]
    assert same(library[1 - bad], CLIPS[0])


def test_one_writer_at_a_time(library):
    from cuspworld.lock import one_writer

    with one_writer(library.path, "library"), pytest.raises(CuspError, match="being written by another process"):
        library.add(CLIPS, "boxes")
    assert library.add(CLIPS[:1], "boxes").present == 1  # released


def test_a_full_disk_leaves_the_library_as_it_was(tmp_path, monkeypatch):
    """The error that Lance raises on a full disk, at each of its two writes; test_full_disk.py mounts a real one."""
    library = Library.create(tmp_path / "full.lance")
    library.add(CLIPS[:2], "boxes")

    def full(*arguments, **options):
        raise OSError("LanceError(IO): No space left on device (os error 28)")

    for owner, name in ((lance.fragment, "write_fragments"), (lance.LanceDataset, "commit")):
        with monkeypatch.context() as patch:
            patch.setattr(owner, name, full)
            with pytest.raises(CuspError, match=r"cannot write to the library .*No space left"):
                library.add(CLIPS[2:4], "boxes")
        assert len(Library.open(library.path)) == 2
    assert library.add(CLIPS[2:4], "boxes").added == 2


def test_an_unwritable_library_can_still_be_read(library, tmp_path):
    if os.geteuid() == 0:
        blocked = tmp_path / "blocked.lance"  # root may write anywhere: a folder in the place of the lock's file
        shutil.copytree(library.path, blocked)
        (blocked / ".writer").unlink()
        (blocked / ".writer").mkdir()
    else:
        blocked = shutil.copytree(library.path, tmp_path / "blocked.lance")
        blocked.chmod(0o555)
        (blocked / ".writer").chmod(0o444)
    opened = Library.open(blocked)
    assert len(opened) == len(CLIPS)
    with pytest.raises(CuspError, match="cannot write to the library"):
        opened.add(CLIPS[:1], "boxes")


def test_an_index_finds_what_looking_at_every_vector_finds(tmp_path):
    library = Library.create(tmp_path / "many.lance")
    frames = np.zeros((1, 8, 8, 3), np.uint8)
    rows = [row_of(Clip(frames, 10.0, f"clip {n}"), f"made/{n:03d}", "made", str(n)) for n in range(400)]
    commit(str(library.path), write_rows(str(library.path), rows))
    library = Library.open(library.path)
    rng = np.random.default_rng(0)
    vectors = np.sin(rng.normal(size=(400, 2)) @ rng.normal(size=(2, 12))).astype(np.float32)
    library.set_vectors(vectors)
    with pytest.raises(CuspError, match="no vectors 'other'"):
        library.index_vectors("other")
    lists = library.index_vectors("latents")
    assert 1 <= lists <= 20
    found = total = 0
    for query in vectors[:50] + 0.01:
        exact = [match.index for match in library.search(query, exact=True)]
        assert exact == np.argsort(((vectors - query) ** 2).sum(1), kind="stable")[:10].tolist()
        found += len({match.index for match in library.search(query)} & set(exact))
        total += 10
    assert found >= 0.98 * total
    late = Clip(frames, 10.0, "late")
    library.add(late, "late")
    assert len(library.search(vectors[0], k=400)) == 400
