"""Paths: from a toy kind whose truth is known. Six clips stay standing, six fall; nothing ever stands up again."""

import dataclasses
import json

import numpy as np
import pytest
import torch

from cuspworld.codec.looks import Looks
from cuspworld.codec.scene_code import SceneCode
from cuspworld.errors import CuspError
from cuspworld.models import save_folder, write_tensors
from cuspworld.simulator.branches import Branches
from cuspworld.simulator.kinds import Kind
from cuspworld.simulator.kinds_folder import load_kinds, save_kinds
from cuspworld.simulator.masses import Prompts
from cuspworld.simulator.paths import Paths
from cuspworld.simulator.route import DrawnRoute

STANDS, FALLS, STEPS = 6, 6, 8


def kind() -> Kind:
    """Codes (height, place): clips stand at height 0; those that fall are at -5 from step 4 on."""
    rng = np.random.default_rng(0)
    codes, branches = [], []
    for clip in range(STANDS + FALLS):
        height = np.zeros(STEPS)
        if clip >= STANDS:
            height[4:] = -5.0
        codes.append(np.stack([height, np.full(STEPS, rng.normal())], axis=1) + 0.1 * rng.normal(size=(STEPS, 2)))
        branches.append((height < -1).astype(int))
    clips = np.repeat(np.arange(STANDS + FALLS), STEPS)
    captions = [("a glass stands",)] * STANDS + [("a glass falls",)] * FALLS
    code = SceneCode(torch.zeros(8 * 8), torch.eye(64)[:, :2], 1.0, 1)
    times = np.tile(np.arange(STEPS), STANDS + FALLS)
    return Kind(
        "", code, np.concatenate(codes).astype(np.float32), clips, times, tuple(captions), np.concatenate(branches)
    )


@pytest.fixture(scope="module")
def branches() -> Branches:
    made = kind()
    return Branches(made, made.branches)


def test_passages_are_those_that_were_recorded(branches):
    assert branches.count == 2
    assert branches.passages.tolist() == [[6 * 7 + 6 * 3, 6], [0, 6 * 3]]
    assert branches.branch(np.array([[0.1, 0.0], [-4.8, 0.0]])).tolist() == [0, 1]


@pytest.mark.parametrize(("critical", "falls"), [("seek", 1.0), ("avoid", 0.0), (None, 0.5)])
def test_critical_chooses_paths_that_cross_or_do_not(branches, critical, falls):
    drawn = [Paths(branches, seed, critical).draw(np.ones(12)) for seed in range(16)]
    crossed = [bool(path.passages) for path in drawn]
    assert np.mean(crossed) == pytest.approx(falls, abs=0.35 if critical is None else 0)
    for path in drawn:
        assert path.branches in ([0] * 8, [0] * 4 + [1] * 4)
        middle = np.abs(path.codes[:, 0] + 2.5)  # no step lies between the two states
        assert (middle > 2.0).all()


def test_masses_choose_and_critical_goes_before_them(branches):
    standing = np.r_[np.ones(6), np.zeros(6)]
    assert not any(Paths(branches, seed).draw(standing).passages for seed in range(10))
    assert all(Paths(branches, seed, "seek").draw(standing).passages for seed in range(10))


def test_new_paths_are_between_recorded_ones_and_seeds_repeat(branches):
    paths = [Paths(branches, seed).draw(np.ones(12)).codes for seed in (1, 1, 2)]
    assert np.array_equal(paths[0], paths[1]) and not np.array_equal(paths[0], paths[2])
    recorded = branches.kind.codes.reshape(12, 8, 2)
    assert min(np.abs(recorded - paths[0]).max((1, 2))) > 1e-3


def test_a_path_goes_on_by_recorded_passages_only(branches):
    """400 steps after lying: it never stands up; "avoid" never falls."""
    for seed in range(4):
        paths = Paths(branches, seed)
        drawn = paths.draw(np.ones(12))
        paths.go_on(drawn, 400)
        assert len(drawn.codes) == len(drawn.branches) == 400
        assert all((a, b) == (0, 1) for _, a, b in drawn.passages)
        calm = Paths(branches, seed, "avoid")
        drawn = calm.draw(np.ones(12))
        calm.go_on(drawn, 100)
        assert not drawn.passages


def test_what_is_seen_is_taken_up_and_a_forbidden_passage_is_not(branches):
    paths = Paths(branches, 0, "seek")
    drawn = paths.draw(np.ones(12))
    assert drawn.branches[-1] == 1
    paths.seen(drawn, 6, np.array([[0.0, 0.0], [0.0, 0.0]]))  # the glass seems to stand again
    assert drawn.branches[6:8] == [1, 1]
    paths.go_on(drawn, 12)
    assert drawn.branches[8:] == [1] * 4 and (drawn.codes[8:, 0] < -2.5).all()


def test_a_known_start_takes_the_paths_that_begin_there(branches):
    start = branches.kind.codes[STEPS * 7 : STEPS * 7 + 1].astype(float)
    places = [Paths(branches, seed).draw(np.ones(12), start).codes[0, 1] for seed in range(8)]
    assert np.abs(np.array(places) - start[0, 1]).mean() < np.abs(branches.kind.codes[::STEPS, 1] - start[0, 1]).mean()


def test_what_lies_at_the_start_stays_lying(branches):
    """What is known may be any moment of a recorded clip, not only the first ones."""
    lying = branches.kind.codes[(branches.kind.clips == 9)][5:7].astype(float)
    for seed in range(8):
        drawn = Paths(branches, seed).draw(np.ones(12), lying)
        assert drawn.branches and set(drawn.branches) == {1}


def test_a_path_like_another_moves_when_it_moves_wherever_it_is(branches):
    kind = branches.kind
    early = kind.codes.copy().reshape(12, 8, 2)
    early[9, 2:, 0] = early[9, 4:, 0].mean()  # one of those that fall does so two steps earlier
    of = (early[..., 0] < -2.5).astype(int).ravel()
    sooner = Branches(dataclasses.replace(kind, codes=early.reshape(-1, 2), branches=of), of)
    like = np.array([[7.0, 3.0]] * 2 + [[2.0, 3.0]] * 6)  # elsewhere, and falls at the second step
    drawn = [Paths(sooner, seed).draw(np.ones(12), like=like) for seed in range(8)]
    assert {path.nearest for path in drawn} >= {9}
    assert all(path.passages for path in drawn)


def test_a_path_goes_on_from_where_it_is_and_not_where_a_clip_of_its_looks_is(branches):
    """Things drift to the left for six steps. A clip that looks a little otherwise was where the path is; those that
    look the same never came so far."""
    place = np.concatenate([np.arange(8.0) - 8 * (clip < 8) for clip in range(16)])
    looks = np.where(np.arange(16) < 8, 6.0, 0.0)
    clips, of = np.repeat(np.arange(16), 8), np.zeros(128, int)
    codes = np.stack([place, 0 * place], axis=1).astype(np.float32)
    kind = dataclasses.replace(
        branches.kind, codes=codes, clips=clips, times=np.tile(np.arange(8), 16), branches=of, who=looks[:, None]
    )
    last = np.array([[-5.0, 0.0], [-4.0, 0.0]])
    rng = np.random.default_rng(0)
    after = [Branches(kind, of).successor(last, 0, rng, who=np.zeros(1))[0][0] for _ in range(20)]
    assert np.allclose(after, -3.0)


def test_a_world_without_folds_cannot_be_critical(branches):
    calm = dataclasses.replace(branches.kind, branches=np.zeros_like(branches.of))
    with pytest.raises(CuspError, match="no recorded clip of this model crosses a fold"):
        Paths(Branches(calm, calm.branches), 0, "seek").draw(np.ones(12))
    with pytest.raises(CuspError, match="avoid, seek or None"):
        Paths(branches, 0, "maybe")


def test_a_route_gives_the_codes_of_chunk_after_chunk(branches):
    masses = Prompts([branches.kind]).masses("a glass", 0)
    route = DrawnRoute(Paths(branches, 3, "seek"), masses, 0, steps=6, advance=4, device=torch.device("cpu"))
    first = route.next(None)
    assert first.codes.shape == (1, 6, 2) and first.kind.tolist() == [0] and first.given.tolist() == [True]
    known = torch.zeros(1, 2, 8, 8, 1)
    known[..., 0, 0, 0] = -5.0  # it lies, as planned
    second = route.next(known)
    assert second.codes.shape == (1, 6, 2) and len(route.drawn.codes) >= 10
    assert route.facts()["passages"] == [(4, 0, 1)] and route.facts()["kind"] == ""


def test_the_margin_is_half_the_way_to_another_branch(branches):
    near = branches.kind.codes[:1].astype(float)
    far = np.abs(branches.kind.codes[branches.of == 1] - near)
    assert branches.margin(near, [0]) == pytest.approx(np.sqrt((far**2).sum(1)).min() / 2)
    assert branches.margin(near, [1]) < 0


@pytest.mark.parametrize("moments", [True, False], ids=["with moments", "of before"])
def test_a_folder_keeps_who_is_in_each_clip(tmp_path, moments):
    generator = torch.Generator().manual_seed(0)
    latents = [torch.randn(8, 4, 4, 3, generator=generator) for _ in range(6)]
    kind = Kind.learn("things", latents, [("a thing",)] * 6, 2, 2, 0, identity_width=3, where_width=3)
    assert kind.identity is not None and kind.codes.shape[1] == 5 and kind.width == 5 + 3 + 3 * 3
    if not moments:  # the code of models that were trained before it had moments
        size = len(kind.identity.mean) // 3
        kind = dataclasses.replace(
            kind,
            identity=dataclasses.replace(
                kind.identity, mean=kind.identity.mean[:size], basis=kind.identity.basis[:size]
            ),
        )
    save_kinds(tmp_path / "paths", [kind])
    (read,) = load_kinds(tmp_path / "paths")
    assert read.identity is not None and kind.identity is not None and read.who is not None and kind.who is not None
    np.testing.assert_allclose(read.who, kind.who, atol=1e-2)
    np.testing.assert_allclose(read.code.of(latents[0]), kind.code.of(latents[0]), atol=2e-2)
    np.testing.assert_allclose(read.identity.of(latents[0]), kind.identity.of(latents[0]), atol=2e-2)


def test_a_folder_keeps_what_lies_where(tmp_path):
    generator = torch.Generator().manual_seed(0)
    latents = [torch.randn(8, 4, 4, 3, generator=generator) for _ in range(6)]
    kind = Kind.learn("things", latents, [("a thing",)] * 6, 2, 2, 0, where_width=3, looks_width=4)
    assert kind.codes.shape[1] == 2 + 3 + 4 == kind.width and kind.sketched == 3 + 3 + 1
    save_kinds(tmp_path / "paths", [kind])
    (read,) = load_kinds(tmp_path / "paths")
    np.testing.assert_allclose(read.code.of(latents[0]), kind.code.of(latents[0]), atol=2e-2)
    for name, wrong, said in (
        ("looks.scale", None, "lacks looks.scale"),
        ("looks.mean", torch.zeros(5), "do not fit each other"),
        ("looks.channels", torch.zeros(2, 3), "do not fit each other"),
        ("looks.basis", torch.full((192, 4), torch.nan), "do not fit each other"),
        ("looks.basis", torch.zeros(()), "do not fit each other"),
        ("codes", torch.zeros((), dtype=torch.int8), "do not fit each other"),
    ):
        tensors = kind.tensors() | ({} if wrong is None else {name: wrong})
        if wrong is None:
            del tensors[name]
        write_tensors(tmp_path / "paths" / "0.safetensors", tensors)
        with pytest.raises(CuspError, match=said):
            load_kinds(tmp_path / "paths")


def test_kinds_are_kept_in_a_folder(tmp_path, branches):
    save_kinds(tmp_path / "paths", [branches.kind])
    (read,) = load_kinds(tmp_path / "paths")
    assert (np.abs(read.codes - branches.kind.codes) <= np.abs(branches.kind.codes).max(0) / 250).all()
    save_kinds(tmp_path / "again", [read])
    assert (load_kinds(tmp_path / "again")[0].codes == read.codes).all()
    former = tmp_path / "former"  # as models of before 29 November 2026 have it
    save_folder(
        former,
        json.loads((tmp_path / "paths" / "config.json").read_text()),
        {f"0.{name}": tensor for name, tensor in branches.kind.tensors().items()},
    )
    assert (load_kinds(former)[0].codes == read.codes).all()
    floats = {**branches.kind.tensors(), "codes": torch.from_numpy(branches.kind.codes)}  # as of before 30 November
    scale = floats.pop("codes.scale")
    write_tensors(tmp_path / "paths" / "0.safetensors", floats)
    assert (load_kinds(tmp_path / "paths")[0].codes == branches.kind.codes).all()
    for wrong in (floats | {"codes.scale": scale}, branches.kind.tensors() | {"codes.scale": scale[:-1]}):
        write_tensors(tmp_path / "paths" / "0.safetensors", wrong)
        with pytest.raises(CuspError, match="do not fit each other"):
            load_kinds(tmp_path / "paths")
    save_kinds(tmp_path / "paths", [branches.kind])
    assert read.captions == branches.kind.captions and (read.branches == branches.of).all()
    assert (read.clips == branches.kind.clips).all() and read.code.frames == 1
    (tmp_path / "paths" / "config.json").write_text(
        json.dumps({"_class_name": "CuspWorldPaths", "kinds": [{"name": "x", "frames": 1, "captions": [["a"]]}]})
    )
    with pytest.raises(CuspError, match="do not fit each other"):
        load_kinds(tmp_path / "paths")
    (tmp_path / "paths" / "config.json").write_text('{"_class_name": "CuspWorldPaths", "kinds": [{"name": "x"}]}')
    with pytest.raises(CuspError, match="a kind has a name, frames"):
        load_kinds(tmp_path / "paths")


@pytest.mark.parametrize("looks", [False, True])
def test_where_codes_tell_what_lies_where_a_path_goes_on_with_clips_of_the_same_things(looks):
    """Six clips of other things pass exactly here, six of the same things half a step aside."""
    told = Looks(torch.eye(3, 2), torch.zeros(128), torch.zeros(128, 1), 1.0) if looks else None
    code = SceneCode(torch.zeros(192), torch.zeros(192, 1), 1.0, 1, looks=told)
    who = np.repeat([[1.0], [0.0]], 6, axis=0).astype(np.float32)
    codes = np.concatenate([np.arange(4) + (0.5 if own == 0 else 0.0) for own in who[:, 0]])[:, None]
    clips, times = np.repeat(np.arange(12), 4), np.tile(np.arange(4), 12)
    kind = Kind("things", code, codes.astype(np.float32), clips, times, (("a thing",),) * 12, 0 * clips, who=who)
    rng = np.random.default_rng(0)
    path = np.array([[0.0], [1.0]])
    for _ in range(5):
        found, _, _ = Branches(kind, kind.branches).successor(path, 0, rng, near=path[0], who=np.zeros(1))
        assert (found[0] == pytest.approx(2.0)) != looks
