"""The judge that was taught by twins: what it says of worlds that it knows, its silence elsewhere, its weight."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from cuspworld import worlds
from cuspworld.audit import audit_clip
from cuspworld.audit.calibration import TAUGHT, Weights
from cuspworld.audit.evidence.scene import observe
from cuspworld.audit.finding import Evidence, Finding
from cuspworld.audit.judges.interface import Judge
from cuspworld.audit.judges.twin_look import GRID, LAWS
from cuspworld.audit.judges.twin_network import TwinNetwork
from cuspworld.audit.judges.twins import TwinJudge, _weighed, mixed, own_suspects, shipped
from cuspworld.clip import Clip
from cuspworld.errors import CuspError
from cuspworld.laws import Law

from ..scenes import BLUE, FPS, RED, render, straight

DEVELOPMENT = 3  # a world's seed of the development split


@pytest.fixture(scope="module")
def heat() -> tuple[Clip, Clip]:
    world, how = worlds.make("Heat"), {"size": 128, "fps": 24.0}
    return world.record(DEVELOPMENT, **how), world.record(DEVELOPMENT, twin="maximum_principle", **how)


def test_it_points_at_the_second_place_and_law_of_a_twin(heat: tuple[Clip, Clip]) -> None:
    possible, impossible = heat
    assert impossible.truth is not None and impossible.truth.violation is not None
    broken = impossible.truth.violation
    calm, seen = (shipped().look(clip.frames, clip.fps) for clip in (possible, impossible))
    assert calm is not None and seen is not None
    assert calm.world == seen.world == "Heat" and max(calm.distance, seen.distance) < 1
    assert seen.broken.max() > calm.broken.max() + 2
    t, row, column = np.unravel_index(int(seen.broken.argmax()), seen.broken.shape)
    assert broken.start - 0.2 <= seen.times[t] / impossible.fps <= broken.end + 0.2
    x0, y0, x1, y1 = (side / 128 * GRID for side in broken.box)
    assert x0 - 1.5 <= column <= x1 + 0.5 and y0 - 1.5 <= row <= y1 + 0.5
    np.testing.assert_allclose(seen.which.sum(-1), 1, atol=1e-5)


def test_a_report_says_what_it_sees_and_the_laws_alone_can_be_asked(heat: tuple[Clip, Clip]) -> None:
    clip = worlds.make("Treadmill").record(DEVELOPMENT, twin="belt_against_step", size=128, fps=24.0)
    found = [f for f in audit_clip(clip).findings if f.sentence.startswith("Taught by impossible twins of Treadmill")]
    assert found and found[0].law == "consistency"
    assert not any("Taught" in finding.sentence for finding in audit_clip(clip, taught=False).findings)
    assert audit_clip(heat[0]).verdict == "possible"
    assert audit_clip(heat[1]).verdict == "impossible"


def test_it_sees_the_light_as_it_is_and_not_as_the_laws_do() -> None:
    clip = worlds.make("Candles").record(DEVELOPMENT, size=128, fps=24.0)
    said = audit_clip(clip)
    assert any("tint" in note for note in said.notes), "the flames' light changes, and the laws take it out"
    assert said.verdict == "possible"


@pytest.mark.parametrize("size", [48, 100, 200])
def test_another_size_and_half_the_rate_change_little(size: int) -> None:
    world, how = worlds.make("Heat"), {"size": size, "fps": 12.0}
    look = shipped().look(world.record(DEVELOPMENT, twin="maximum_principle", **how).frames, 12.0)
    calm = shipped().look(world.record(DEVELOPMENT, **how).frames, 12.0)
    assert look is not None and calm is not None
    assert look.broken.max() > calm.broken.max() + 1


def test_a_world_is_known_in_less_light(heat: tuple[Clip, Clip]) -> None:
    dim = np.rint(heat[1].frames * 0.6).astype(np.uint8)
    look = shipped().look(dim, 24.0)
    assert look is not None and look.world == "Heat" and look.distance < 1


def test_it_is_silent_on_what_looks_like_no_world_and_the_laws_speak_alone() -> None:
    rng = np.random.default_rng(0)
    noise = Clip(rng.integers(0, 256, (30, 64, 64, 3)).astype(np.uint8), 24.0)
    look = shipped().look(noise.frames, 24.0)
    assert look is not None and look.distance > 1
    paths = [straight((25, 30), (1.2, 0), 50), straight((100, 65), (-1.1, 0.1), 50)]
    paths[1][30:] = np.nan
    clip = Clip(render(paths, [7, 9], [RED, BLUE]), FPS)
    with_it, without = audit_clip(clip), audit_clip(clip, taught=False)
    assert any("looks like none of the worlds" in note for note in with_it.notes)
    assert with_it.suspicion == without.suspicion and with_it.findings == without.findings


def test_a_clip_of_a_few_frames_is_not_judged() -> None:
    assert shipped().look(np.zeros((5, 32, 32, 3), np.uint8), 24.0) is None
    assert len(shipped().score(np.zeros((5, 32, 32, 3), np.uint8)).time) == 0


def test_it_is_a_judge_among_others(heat: tuple[Clip, Clip]) -> None:
    judge: Judge = shipped()
    time, place, surprise = judge.score(heat[1].frames)
    assert len(time) == len(place) == len(surprise) == len(heat[1]) * GRID * GRID
    assert surprise.min() >= 0 and surprise.max() <= 1
    assert place.min() == 0 and place.max() == 128


class Anywhere(TwinJudge):
    """To which everything is one world."""

    def _distance(self, seen: np.ndarray) -> tuple[float, str]:
        return 0.0, "any"


def test_it_knows_every_law_that_a_moving_scene_can_break() -> None:
    assert set(LAWS) == set(Law) - {Law.STILLNESS}


def _judge(value: float) -> TwinJudge:
    """A judge that sees the same log-odds everywhere."""
    network = TwinNetwork().eval()
    for parameter in network.head.parameters():
        torch.nn.init.zeros_(parameter)
    assert network.head.bias is not None
    torch.nn.init.constant_(network.head.bias[:1], value)
    return Anywhere(lambda: network, ("any",), np.zeros((1, 256)), np.zeros(1, int))


def test_a_suspect_is_likelier_where_the_judge_sees_more() -> None:
    scene = observe(render([straight((25, 30), (1.2, 0), 40)], [7], [RED]), FPS)
    suspect = Finding("inertia", 0.3, 0.5, 0.6, "It turns.", box=(20.0, 20.0, 40.0, 40.0))
    looks = [_judge(value).look(scene.frames, scene.fps) for value in (-4.0, 0.0, 4.0)]
    said = [_weighed(scene, look, suspect, TAUGHT).probability for look in looks if look is not None]
    assert said[0] < said[1] < said[2]


def test_an_event_that_breaks_one_law_is_less_likely_to_break_another() -> None:
    scene = observe(render([straight((25, 30), (1.2, 0), 40)], [7], [RED]), FPS)
    look = _judge(4.0).look(scene.frames, scene.fps)
    assert look is not None
    place = (20.0, 20.0, 40.0, 40.0)
    strong = Finding("inertia", 0.3, 0.5, 0.99, "It turns.", box=place)
    weak = Finding("gravity", 0.4, 0.5, 0.9, "It hovers.", box=place)
    elsewhere = Finding("identity", 0.4, 0.5, 0.9, "It changes.", box=(90.0, 60.0, 110.0, 80.0))
    evidence = {f.law: Evidence((f,)) for f in (strong, weak, elsewhere)}
    found = mixed(scene, replace(look, broken=look.broken - 40), evidence, Weights(1, 0, 0, 1, 0))
    said = {f.sentence: f.probability for e in found.values() for f in e.suspects}
    assert said["It turns."] == pytest.approx(0.99) and said["It changes."] == pytest.approx(0.9)
    assert said["It hovers."] == pytest.approx(0.9 * 0.01)


def test_its_own_suspects_lie_where_it_sees_them() -> None:
    scene = observe(render([straight((25, 30), (1.2, 0), 40)], [7], [RED]), FPS)
    look = _judge(-5.0).look(scene.frames, scene.fps)
    assert look is not None
    broken, which = look.broken.copy(), look.which.copy()
    broken[10:14, 2, 5] = 6.0
    which[10:14, 2, 5] = np.eye(len(LAWS))[LAWS.index("contact")]
    found = own_suspects(scene, replace(look, broken=broken, which=which), Weights(1, 1, 0, 1, 0))
    assert found[0].law == "contact"
    assert found[0].start == pytest.approx(9.5 / FPS) and found[0].end == pytest.approx(13.5 / FPS)
    assert found[0].box == pytest.approx((5 * 128 / 12, 16, 64, 24))  # cell (2, 5) of 12 x 12 on 128 x 96 pixels
    assert all(later.probability <= found[0].probability for later in found)


def test_weights_that_are_missing_or_damaged_are_named(tmp_path: Path) -> None:
    with pytest.raises(CuspError, match="no taught judge at"):
        TwinJudge.load(tmp_path / "absent")
    (tmp_path / "config.json").write_text('{"worlds": ["Heat"]}')
    (tmp_path / "model.safetensors").write_bytes(b"not tensors at all")
    with pytest.raises(CuspError, match="is not a taught judge, or a damaged one"):
        TwinJudge.load(tmp_path)


def test_it_is_silent_below_the_rates_that_it_was_taught(heat: tuple[Clip, Clip]) -> None:
    slow = Clip(heat[1].frames[::3], 8.0)
    assert any("12 frames a second and more, not at 8" in note for note in audit_clip(slow).notes)
