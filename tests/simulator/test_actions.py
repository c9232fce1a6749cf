"""What was done in recorded clips, and that a path tells it: a toy kind in which a push comes before each fall."""

import dataclasses

import numpy as np
import pytest
import torch

from cuspworld import worlds
from cuspworld.clip import Clip
from cuspworld.errors import CuspError
from cuspworld.models import read_tensors, write_tensors
from cuspworld.simulator.actions import Actions, done_in
from cuspworld.simulator.branches import Branches
from cuspworld.simulator.kinds import Kind
from cuspworld.simulator.kinds_folder import load_kinds, save_kinds
from cuspworld.simulator.masses import Prompts
from cuspworld.simulator.paths import Paths
from cuspworld.simulator.route import DrawnRoute

CLIPS, FRAMES = 8, 12


@pytest.fixture(scope="module")
def pushed() -> Kind:
    """Clips of 12 frames; in every second one a push of 4 N in frames 3 and 4 moves all that is seen from frame 5."""
    rng = np.random.default_rng(0)
    done = [np.zeros((FRAMES, 1), np.float32) for _ in range(CLIPS)]
    latents = []
    for clip in range(CLIPS):
        seen = torch.from_numpy(0.1 * rng.normal(size=(FRAMES, 8, 8, 2)) + clip).float()
        if clip % 2:
            done[clip][3:5] = 4.0
            seen[5:] += 20.0
        latents.append(seen)
    captions = [(("a glass falls" if clip % 2 else "a glass stands"),) for clip in range(CLIPS)]
    kind = Kind.learn("things", latents, captions, 2, 2, 0)
    return dataclasses.replace(kind, actions=Actions.learn(done), branches=(kind.codes[:, 0] > 0).astype(int))


def test_steps_hold_what_is_done_in_their_frames(pushed):
    actions = pushed.actions
    assert actions is not None
    assert actions.largest.tolist() == [4.0]
    fresh = actions.steps(np.array([[0.0], [2.0], [4.0], [0.0]], np.float32), 2)
    assert fresh.tolist() == [[0.0, 0.5], [0.5, 1.0], [1.0, 0.0]]
    kept = actions.of(np.array([1, 1, 0, 1]), np.array([2, 4, 3, 11]), 2)
    assert kept.tolist() == [[0.0, 1.0], [1.0, 0.0], [0.0, 0.0], [0.0, 0.0]]  # the last is beyond the clip's end


def test_a_clip_shorter_than_a_step_and_one_in_which_nothing_can_be_done():
    actions = Actions.learn([np.array([[0.0], [-2.0]]), np.array([[1.0]])])
    assert actions.table.tolist() == [[[0.0], [-1.0]], [[0.5], [0.0]]]
    assert actions.steps(np.array([[2.0]]), 3).tolist() == [[1.0, 0.0, 0.0]]
    assert Actions.learn([np.zeros((3, 2))]).largest.tolist() == [1.0, 1.0]


def test_truth_tells_what_was_done():
    clip = worlds.make("Candles").record(seed=0, seconds=1.5, fps=10, size=32)
    done = done_in(clip)
    assert done.shape == (15, 1)
    breath = next(event for event in clip.truth.events if event.name == "breath")
    assert done[round(breath.time * 10), 0] == pytest.approx(breath.detail["speed"])
    assert not done[: round(breath.time * 10)].any()
    assert done_in(Clip(np.zeros((3, 8, 8, 3), np.uint8), 10.0)).shape == (3, 0)


def test_a_path_tells_what_was_done_in_the_clip_that_it_is_like(pushed):
    assert pushed.width == 4  # two of what is seen, one a frame of what is done
    graph = Branches(pushed, pushed.branches)
    for caption, times in (("a glass falls", (3, 4)), ("a glass stands", ())):
        masses = Prompts([pushed]).masses(caption, 0)
        path = DrawnRoute(Paths(graph, 0), masses, 0, 5, 5, torch.device("cpu")).next(None)
        told = path.codes[0, :, 2:].flatten().tolist()  # five steps of two frames
        assert told == np.isin(np.arange(10), times).astype(float).tolist()


def test_a_path_that_goes_on_tells_what_was_done_there(pushed):
    graph = Branches(pushed, pushed.branches)
    drawn = Paths(graph, 0).draw(np.eye(CLIPS)[1])
    Paths(graph, 0).go_on(drawn, 9)
    assert len(drawn.rows) == len(drawn.codes) == len(drawn.branches) == 9
    assert pushed.acts(np.array(drawn.rows)).shape == (9, 2)


def test_codes_alone_take_what_was_done_in_the_nearest_steps(pushed):
    codes = pushed.codes[pushed.clips == 3][::2]
    assert pushed.path(codes, None)[:, 2:].flatten()[3:6].tolist() == [1.0, 1.0, 0.0]


def test_a_folder_keeps_what_was_done(tmp_path, pushed):
    save_kinds(tmp_path / "paths", [dataclasses.replace(pushed, actions=None), pushed])
    assert not (tmp_path / "paths" / "0.actions.safetensors").exists()
    with pytest.raises(CuspError, match="two kinds have one name"):
        load_kinds(tmp_path / "paths")
    save_kinds(tmp_path / "paths", [pushed])
    (read,) = load_kinds(tmp_path / "paths")
    np.testing.assert_allclose(read.actions.table, pushed.actions.table, atol=1 / 254)
    assert read.actions.largest.tolist() == [4.0]


@pytest.mark.parametrize(
    "damage",
    [
        lambda t: t | {"table": t["table"][:-1]},
        lambda t: t | {"table": t["table"].float()},
        lambda t: t | {"largest": t["largest"] * 0},
        lambda t: t | {"largest": torch.ones(2)},
        lambda t: {"table": t["table"]},
    ],
    ids=["a clip is missing", "no bytes", "largest nothing", "another column", "a part is missing"],
)
def test_a_damaged_file_of_what_was_done_is_named(tmp_path, pushed, damage):
    save_kinds(tmp_path / "paths", [pushed])
    file = tmp_path / "paths" / "0.actions.safetensors"
    write_tensors(file, damage(read_tensors(file)))
    with pytest.raises(CuspError, match=r"0\.actions\.safetensors.*copy the whole folder again"):
        load_kinds(tmp_path / "paths")


def test_half_a_step_later_what_is_done_is_told_frame_by_frame(pushed):
    path = torch.from_numpy(pushed.path(pushed.codes[pushed.clips == 1][::2], None, pushed.acts(np.arange(11, 22, 2))))
    later = pushed.between(path.float())
    assert later.shape == (5, 4)
    np.testing.assert_allclose(later[:, :2], (path[:-1, :2] + path[1:, :2]) / 2, rtol=1e-5)
    assert later[:, 2:].flatten().tolist() == path[:, 2:].flatten()[1:-1].tolist()
    plain = dataclasses.replace(pushed, actions=None).between(path[:, :2])
    np.testing.assert_allclose(plain, (path[:-1, :2] + path[1:, :2]) / 2)
