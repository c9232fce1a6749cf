"""Clips that are filmed, encoded and shown worse: what changes is what is said, and nothing else."""

import numpy as np
import pytest

from cuspworld.clip import Clip
from cuspworld.exam.audit import conditions, robust

FPS = 20.0


@pytest.fixture(scope="module")
def clip() -> Clip:
    """A ramp from left to right, with a bright disc that goes across."""
    rows, columns = np.mgrid[0:72, 0:96]
    frames = np.stack([np.repeat((40 + columns)[..., None], 3, 2) for _ in range(24)]).astype(np.uint8)
    for t, frame in enumerate(frames):
        frame[np.hypot(rows - 36, columns - 10 - 3 * t) < 8] = (200, 60, 40)
    return Clip(frames, FPS)


def _error(a: Clip, b: Clip) -> float:
    return float(np.abs(a.frames.astype(float) - b.frames).mean())


def test_encoding_costs_more_the_higher_the_crf(clip: Clip) -> None:
    made = [robust.encoded(clip, crf) for crf in (18, 28, 40)]
    assert all(c.frames.shape == clip.frames.shape and c.fps == FPS for c in made)
    errors = [_error(clip, c) for c in made]
    assert 0 < errors[0] < errors[1] < errors[2] < 12


def test_scaling_keeps_the_picture(clip: Clip) -> None:
    assert robust.scaled(clip, 2.0).size == (144, 192) and robust.scaled(clip, 0.05).size == (8, 8)
    assert _error(clip, robust.scaled(robust.scaled(clip, 2.0), 0.5)) < 1


@pytest.mark.parametrize("fps", [8.0, 15.0, 60.0])
def test_another_rate_shows_what_was_shown_at_that_second(clip: Clip, fps: float) -> None:
    shown = robust.at_rate(clip, fps)
    assert shown.fps == fps and abs(shown.seconds - clip.seconds) <= 1 / fps
    for t, frame in enumerate(shown.frames):
        assert (frame == clip.frames[int(t / fps * FPS + 1e-6)]).all()


def test_noise_has_the_deviation_that_is_asked_for_and_is_the_same_again(clip: Clip) -> None:
    noise = robust.noisy(clip, 8.0).frames.astype(float) - clip.frames
    assert abs(noise.mean()) < 0.1 and noise.std() == pytest.approx(8.0, rel=0.02)
    assert np.corrcoef(noise[0].ravel(), noise[1].ravel())[0, 1] < 0.05
    assert (robust.noisy(clip, 8.0).frames == robust.noisy(clip, 8.0).frames).all()


def test_light_is_multiplied_and_cut_off(clip: Clip) -> None:
    assert (robust.brighter(clip, 1.5).frames == np.minimum(np.rint(clip.frames * 1.5), 255)).all()
    assert robust.brighter(clip, 3.0).frames.max() == 255


def test_variants_leave_out_rates_that_are_no_change(clip: Clip) -> None:
    assert [name for name, _ in robust.variants(clip)] == [
        "CRF 18", "CRF 28", "CRF 40", "scale 0.25", "scale 0.5", "scale 2", "8 fps", "15 fps", "60 fps",
        "noise 3", "noise 8", "brightness 0.6", "brightness 1.3",
    ]  # fmt: skip
    slow = Clip(clip.frames, 15.5)
    assert "15 fps" not in [name for name, _ in robust.variants(slow)]


def test_a_pan_moves_the_picture_evenly_from_margin_to_margin(clip: Clip) -> None:
    panned = conditions.panned(clip)
    assert panned.size == (int(72 * 0.84), int(96 * 0.84)) and len(panned) == len(clip)
    left = panned.frames[:, 0, 0, 0].astype(float)  # of the ramp, one level a pixel
    assert left[0] == pytest.approx(40, abs=1) and left[-1] == pytest.approx(40 + 2 * 0.08 * 96, abs=1)
    assert np.diff(left).min() >= 0 and np.diff(left).max() <= 2


def test_a_shaken_camera_stays_within_its_margin_and_comes_back(clip: Clip) -> None:
    shaken = conditions.shaken(clip)
    offsets = shaken.frames[:, 0, 0, 0].astype(float) - 40 - 0.08 * 96
    assert np.abs(offsets).max() <= 0.4 * 0.08 * 96 + 1 and offsets.std() > 0.3
    assert (conditions.shaken(clip).frames == shaken.frames).all()


def test_a_crowd_is_in_front_and_leaves_the_rest(clip: Clip) -> None:
    crowded = conditions.crowded(clip)
    share = (crowded.frames != clip.frames).any(-1).mean((1, 2))
    assert 0.01 < share.mean() < 0.2 and crowded.frames.shape == clip.frames.shape


def test_dusk_is_a_quarter_of_the_light_with_noise(clip: Clip) -> None:
    dusk = conditions.dusk(clip).frames.astype(float)
    assert dusk.mean() == pytest.approx(clip.frames.mean() / 4, abs=0.5)
    assert (dusk - clip.frames * 0.25).std() == pytest.approx(4.0, rel=0.1)


def test_verdicts_that_change_are_counted_by_what_changed(capsys: pytest.CaptureFixture[str]) -> None:
    good = {"verdict": "possible", "score": 0.9}
    bad = {"verdict": "impossible", "score": 0.2}
    robust.show(
        [("CRF 18", "a", True, good, bad), ("CRF 18", "b", False, bad, good), ("60 fps", "a", True, good, good)]
    )
    rows = {line.split("  ")[0]: line.split()[-5:] for line in capsys.readouterr().out.splitlines()[2:] if line}
    assert rows["CRF 18"] == ["2", "100%", "1", "1", "0.700"]
    assert rows["60 fps"] == ["1", "0%", "0", "0", "0.000"] and rows["all"] == ["3", "67%", "1", "1", "0.467"]
