"""The whole audit on small videos whose truth is known."""

import numpy as np
import pytest

import cuspworld
from cuspworld.audit import audit_clip, audit_frames
from cuspworld.audit.bars import Bars
from cuspworld.audit.finding import Evidence, Finding
from cuspworld.audit.report import Report
from cuspworld.audit.run import Collected
from cuspworld.clip import Clip
from cuspworld.errors import CuspError
from cuspworld.laws import Law

from .drawn import two_paths
from .scenes import BLUE, FPS, RED, render, straight


@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize("pan", [0.0, 0.7])
def test_uniform_motion_is_silent(seed: int, pan: float) -> None:
    paths = [straight((25, 30), (1.2, 0), 60), straight((90 + 60 * pan, 65), (-1.1, 0.1), 60)]
    report = cuspworld.audit(Clip(render(paths, [7, 9], [RED, BLUE], seed=seed, pan=pan), FPS))
    assert report.findings == ()
    assert report.verdict == "possible"
    assert report.score > 0.8
    assert "permanence" in report.suspicion


def test_a_thing_that_vanishes_in_mid_frame_is_found_in_time_and_place() -> None:
    paths = two_paths()
    paths[1][33:] = np.nan
    report = audit_clip(Clip(render(paths, [7, 9], [RED, BLUE]), FPS))
    finding = max(report.findings, key=lambda f: f.probability)
    assert finding.law == "permanence"
    assert finding.start <= 33 / FPS <= finding.end
    x, y = paths[1][32]
    assert finding.box is not None
    x0, y0, x1, y1 = finding.box
    assert x0 <= x <= x1 and y0 <= y <= y1
    assert report.score < 0.5


def test_a_thing_that_appears_in_mid_frame_is_found() -> None:
    paths = two_paths()
    paths[0][:25] = np.nan
    report = audit_clip(Clip(render(paths, [7, 9], [RED, BLUE]), FPS))
    assert [f.law for f in report.findings if f.start <= 25 / FPS <= f.end] == ["permanence"]


def test_a_velocity_that_doubles_in_mid_air_is_found_and_measured() -> None:
    path = straight((20, 48), (0.9, 0), 70)
    path[35:] = path[35] + np.arange(35)[:, None] * np.array([2.0, 0])
    report = audit_clip(Clip(render([path], [8], [RED], textured=False), FPS))
    finding = max(report.findings, key=lambda f: f.probability)
    assert finding.law == "inertia"
    assert abs(finding.start - 35 / FPS) < 3 / FPS
    assert finding.measured["speed before"].value == pytest.approx(0.9 * FPS, rel=0.1)
    assert finding.measured["speed after"].value == pytest.approx(2.0 * FPS, rel=0.1)


def test_known_scale_gives_metres() -> None:
    path = straight((20, 48), (0.9, 0), 70)
    path[35:] = path[35] + np.arange(35)[:, None] * np.array([2.0, 0])
    report = audit_clip(Clip(render([path], [8], [RED], textured=False), FPS), metres_per_pixel=0.01)
    measured = max(report.findings, key=lambda f: f.probability).measured["speed before"]
    assert measured.unit == "m/s"
    assert measured.value == pytest.approx(0.9 * FPS * 0.01, rel=0.1)


def test_a_shot_cut_is_an_edit_and_no_violation() -> None:
    first = render(two_paths(40), [7, 9], [RED, BLUE], seed=1)
    second = 255 - render(two_paths(40), [9, 7], [BLUE, RED], seed=2)
    report = audit_clip(Clip(np.concatenate([first, second]), FPS))
    assert report.findings == ()
    assert any("shot cut at 1.33" in note for note in report.notes)


@pytest.mark.parametrize("shape", [(1, 8, 8), (3, 64, 64), (30, 1, 1), (30, 3, 200), (12, 2, 2)])
def test_tiny_and_odd_videos_give_a_report(shape: tuple[int, int, int]) -> None:
    frames = np.random.default_rng(0).integers(0, 255, (*shape, 3), dtype=np.uint8)
    report = audit_clip(Clip(frames, FPS))
    assert 0 <= report.score <= 1
    report.to_json()


@pytest.mark.parametrize("options", [{"fps": 0.0}, {"fps": float("nan")}, {"metres_per_pixel": -1.0}, {"working": 3}])
def test_bad_options_are_named(options: dict) -> None:
    with pytest.raises(CuspError, match=next(iter(options))):
        audit_clip(Clip(np.zeros((8, 16, 16, 3), np.uint8), FPS), **options)


def test_streaming_finds_the_same_in_a_later_window() -> None:
    paths = [straight((25, 30), (0.1, 0), 700), straight((100, 65), (-0.08, 0), 700)]
    paths[1][620:] = np.nan
    report = audit_frames(iter(render(paths, [7, 9], [RED, BLUE])), FPS)
    found = [f for f in report.findings if f.law == "permanence"]
    assert len(found) == 1
    assert found[0].start <= 620 / FPS <= found[0].end


def test_where_too_few_laws_could_be_checked_nothing_is_a_finding() -> None:
    def after(checked: int) -> Report:
        collected = Collected((), None, False, (), Bars({}))
        odd = Finding("permanence", 0.0, 1.0, 0.9, "a thing is gone", check="yours")  # no bar lowers it
        collected.take({"permanence": Evidence((odd,))}, "home")
        for law in list(Law)[1:]:
            collected.take({law.value: Evidence() if checked > 1 else Evidence(unchecked="too dark")}, "home")
            checked -= 1
        return collected.report("clip", 1.0, 24.0, (9, 16))

    few, enough = after(3), after(4)
    assert few.verdict == "cannot tell" and not few.findings and few.suspicion["permanence"] == 0.9
    assert "3 of 11 laws checked" in few.notes[-1]
    assert enough.verdict == "impossible" and len(enough.findings) == 1
