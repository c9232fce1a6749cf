"""Data that comes as clips: branches are found across clips, and passages are the recorded steps between them."""

import json

import numpy as np
import pytest
import torch

from cuspworld import Brenier
from cuspworld.errors import CuspError
from cuspworld.transport.singular.clip_branches import find_clip_branches
from cuspworld.transport.singular.passages import Passages
from cuspworld.transport.singular.trajectories import Trajectories


def walks(seed, clips=20, steps=80, dimension=2, crossing=3, kinds=2, walk=0.15):
    """Slow random walks round rings 4 apart, in a turned plane with noise in every direction; the first `crossing`
    clips of the first ring leap to the second half-way. Points, clips, and the ring of each point."""
    generator = np.random.default_rng(seed)
    turn = np.linalg.qr(generator.normal(size=(dimension, dimension)))[0]
    kind = np.repeat(np.arange(clips) % kinds, steps).reshape(clips, steps)
    kind[: kinds * crossing : kinds, steps // 2 :] = kinds - 1
    angle = generator.uniform(0, 2 * np.pi, (clips, 1)) + np.cumsum(
        walk * generator.normal(size=(clips, steps)), axis=1
    )
    points = np.zeros((clips * steps, dimension))
    points[:, 0], points[:, 1] = (np.cos(angle) + 4 * kind).ravel(), np.sin(angle).ravel()
    points = points @ turn.T + 0.03 * generator.normal(size=points.shape)
    return points, np.repeat(np.arange(clips), steps), kind.ravel()


def agree(found, truth):
    """Whether two labellings are the same but for the names."""
    pairs = np.unique(np.stack([found, truth]), axis=1)
    return pairs.shape[1] == len(np.unique(found)) == len(np.unique(truth))


@pytest.mark.parametrize("dimension", [2, 8, 64])
def test_twenty_clips_of_two_kinds_are_two_branches_and_three_leaps(dimension):
    points, clips, ring = walks(0, dimension=dimension)
    brenier = Brenier(tolerance=0.2).fit(points, trajectories=clips)
    assert agree(brenier.branches_, ring)
    (passage,) = brenier.passages_
    first, second = brenier.branches_[0], brenier.branches_[79]
    assert (passage.before, passage.after, passage.count) == (first, second, 3)
    assert passage.times.tolist() == [40, 40, 40] and passage.clips.tolist() == [0, 2, 4]
    np.testing.assert_array_equal(passage.steps, [[39, 40], [199, 200], [359, 360]])
    assert brenier.passages_.allowed(first, second) and not brenier.passages_.allowed(second, first)
    singular = brenier.singular_set_
    across = brenier.branches_[singular.facets[:, 0]] != brenier.branches_[singular.facets[:, 1]]
    assert across.any()
    np.testing.assert_array_equal(singular.singular, across)  # two clips of one branch are no fold


@pytest.mark.parametrize("dimension", [2, 16])
def test_slow_clips_of_one_kind_are_one_branch(dimension):
    """Without the clips each would be a piece of its own."""
    whole = 0
    for seed in range(20):
        points, clips, _ = walks(seed, kinds=1, crossing=0, dimension=dimension)
        whole += find_clip_branches(points, Trajectories.of(clips, len(points))).max() == 0
    assert whole >= 18  # 19 of 20 are claimed


def test_the_unit_of_evidence_is_the_clip():
    """Three kinds; few clips are one branch; more frames of the same walks change nothing."""
    points, clips, ring = walks(3, clips=30, kinds=3, dimension=8, crossing=2)
    assert agree(find_clip_branches(points, Trajectories.of(clips, len(points))), ring)
    few = clips < 6
    assert find_clip_branches(points[few], Trajectories.of(clips[few], int(few.sum()))).max() == 0
    between = 0.5 * (points[:-1] + points[1:])
    inner = (clips[:-1] == clips[1:]) & (ring[:-1] == ring[1:])
    finer = np.concatenate([points, between[inner]])
    times = np.concatenate([np.arange(len(points)), np.flatnonzero(inner) + 0.5])
    of = np.concatenate([clips, clips[:-1][inner]])
    found = find_clip_branches(finer, Trajectories.of(np.column_stack([of, times]), len(finer)))
    assert agree(found, np.concatenate([ring, ring[:-1][inner]]))


def test_many_short_clips_that_pass_through_the_middle():
    """400 clips of six steps, as the step codes of a library: half of them go from one state to another in one step
    between. The middle belongs to either side; steady steps are told apart, and nobody ever came back."""
    generator = np.random.default_rng(5)
    place = np.tile(np.array([0, 0, 0, 0, 0, 0.0]), (400, 1))
    place[:100] = [0, 0, 0.5, 1, 1, 1]
    place[100:200] = 1
    noise = generator.normal(size=(400, 6, 8))
    for step in range(1, 6):
        noise[:, step] = 0.97 * noise[:, step - 1] + np.sqrt(1 - 0.97**2) * noise[:, step]
    noise[..., 0] += 10 * place
    points, state = noise.reshape(-1, 8), place.ravel()
    brenier = Brenier(tolerance=0.2).fit(points, trajectories=np.repeat(np.arange(400), 6))
    steady = state != 0.5
    assert agree(brenier.branches_[steady], state[steady])
    (passage,) = brenier.passages_
    assert passage.count == 100 and (np.unique(passage.clips) == np.arange(100)).all()


def test_states_in_which_clips_rest_though_all_pass_the_same_way():
    """Every clip stands still somewhere in a wide state; half of them then go, in four steps through one narrow tube,
    to lie still in another: as frames of glasses that tip. The tube is denser than the states, and joins nothing."""
    generator = np.random.default_rng(1)
    clips, steps = 60, 30
    place, falls = generator.normal(size=(clips, 1, 8)), np.arange(clips) % 2 == 0
    share = np.zeros((clips, steps, 1))
    share[falls] = np.clip((np.arange(steps)[None, :, None] - generator.integers(8, 18, (30, 1, 1))) / 5, 0, 1)
    width = np.abs(1 - 2 * share) * 0.9 + 0.1
    points = place * width + 1e-3 * generator.normal(size=(clips, steps, 8))
    points[..., :1] += 20 * share
    brenier = Brenier(tolerance=0.3).fit(points.reshape(-1, 8), trajectories=np.repeat(np.arange(clips), steps))
    resting = (share == 0) | (share == 1)
    assert agree(brenier.branches_[resting.ravel()], share[resting])
    (passage,) = brenier.passages_
    assert (passage.before, passage.after, passage.count) == (*brenier.branches_[[0, steps - 1]], 30)


def test_the_graph_of_passages():
    branches = np.array([0, 0, 1, 1, 0, 2, 2, 1, 1, 2])
    recorded = Trajectories.of([[7, 0.0], [7, 1], [7, 2], [7, 3], [3, 9], [3, 10], [3, 12], [5, 1], [5, 2], [5, 0]], 10)
    passages = Passages.between(branches, recorded)  # clip 7: 0 0 1 1, clip 3: 0 2 2, clip 5: 2 1 1
    assert [(p.before, p.after, p.count) for p in passages] == [(0, 1, 1), (0, 2, 1), (2, 1, 1)]
    assert [p.times.tolist() for p in passages] == [[2.0], [10.0], [1.0]]
    assert [p.steps.tolist() for p in passages] == [[[1, 2]], [[4, 5]], [[9, 7]]]
    assert passages.successors(0) == [1, 2] and passages.successors(1) == [] and passages.successors(2) == [1]
    np.testing.assert_array_equal(passages.counts, [[0, 1, 1], [0, 0, 0], [0, 1, 0]])
    np.testing.assert_array_equal(passages.allowed([0, 1, 1], [2, 1, 0]), [True, True, False])
    told = json.loads(json.dumps(passages.as_dict()))
    assert told["passages"][0] == {"from": 0, "to": 1, "count": 1, "times": [2.0]} and told["branches"] == 3
    assert passages.dot().count("->") == 3 and '0 -> 2 [label="1"];' in passages.dot()
    assert repr(passages) == "Passages(0 -> 1 (1 times), 0 -> 2 (1 times), 2 -> 1 (1 times))"
    assert len(passages) == 3 and len(Passages.between(np.zeros(10, np.int64), recorded)) == 0


def test_every_way_to_say_which_clip_is_read_alike():
    clips = np.array([4, 4, 9, 4, 9])
    times = np.array([0.0, 1, 0, 2, 1])
    named = np.zeros(5, dtype=[("clip", int), ("time", float)])
    named["clip"], named["time"] = clips, times
    for given in (clips, clips.tolist(), np.column_stack([clips, times]), named, torch.from_numpy(clips)):
        found = Trajectories.of(given, 5)
        np.testing.assert_array_equal(found.clips, clips)
        np.testing.assert_array_equal(found.times, times)
        np.testing.assert_array_equal(found.steps, [[0, 1], [1, 3], [2, 4]])


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (np.zeros(4, int), "for each of 5 points: got shape \\(4,\\)"),
        (np.zeros((5, 3)), "got shape \\(5, 3\\)"),
        (["a"] * 5, "np.unique"),
        ([0, 0, 0.5, 1, 1], "row 2 has 0.5"),
        ([0, 0, np.nan, 1, 1], "row 2 has nan"),
        ([[0, 0], [0, 1], [0, np.inf], [1, 0], [1, 1]], "row 2 has none"),
        ([[0, 0], [0, 1], [1, 1], [1, 0], [0, 1]], "rows 1 and 4 are at time 1 of clip 0"),
        (np.zeros(5, dtype=[("video", int)]), "fields clip and time: got video"),
    ],
)
def test_mistakes_in_trajectories_are_named(given, message):
    with pytest.raises(CuspError, match=message):
        Brenier().fit(np.random.default_rng(0).normal(size=(5, 2)), trajectories=given)


def test_trajectories_are_kept_and_go_on(tmp_path):
    points, clips, _ = walks(0)
    whole = Brenier(tolerance=0.3).fit(points, trajectories=clips)
    whole.save(tmp_path / "b.safetensors")
    loaded = Brenier.load(tmp_path / "b.safetensors")
    np.testing.assert_array_equal(loaded.branches_, whole.branches_)
    assert loaded.passages_.as_dict() == whole.passages_.as_dict()
    assert whole.condition(np.ones(len(points))).passages_.as_dict() == whole.passages_.as_dict()
    part = np.arange(len(points)) < 1200  # the last clips come later
    grown = Brenier(tolerance=0.3).fit(points[part], trajectories=clips[part])
    with pytest.raises(CuspError, match="for all points or for none: those of fit have them"):
        grown.update(points[~part])
    grown.update(points[~part], trajectories=clips[~part])
    assert grown.passages_.as_dict() == whole.passages_.as_dict()
    alone = Brenier(tolerance=0.3).fit(points[:100])
    assert not hasattr(alone, "passages_")
    with pytest.raises(CuspError, match="no passages were recorded"):
        alone.passages_  # noqa: B018
