"""Learned judges through one interface; masks and points of other people's trackers."""

import sys
from dataclasses import dataclass

import cv2
import numpy as np
import pytest
import torch

from cuspworld.audit import audit_clip
from cuspworld.audit.judges.interface import LatentJudge, Surprise, masks_of_points, nothing
from cuspworld.audit.judges.vjepa import VJEPA2Judge
from cuspworld.clip import Clip
from cuspworld.errors import CuspError

from ..scenes import BLUE, FPS, RED, render, straight


@dataclass(frozen=True)
class Persistence:
    """The plainest predictor: cells of 8 x 8 mean colours, going on as they changed last."""

    stride: int = 1

    def encode(self, frames: np.ndarray) -> np.ndarray:
        size = frames.shape[2] // 8, frames.shape[1] // 8
        return np.stack([cv2.resize(f, size, interpolation=cv2.INTER_AREA).astype(np.float64) for f in frames])

    def predict(self, past: np.ndarray) -> np.ndarray:
        return 2 * past[-1] - past[-2]


def _discs(vanish: int | None) -> Clip:
    paths = [straight((25, 30), (1.2, 0), 60), straight((100, 65), (-1.1, 0.1), 60)]
    if vanish is not None:
        paths[1][vanish:] = np.nan
    return Clip(render(paths, [7, 9], [RED, BLUE]), FPS)


def test_a_latent_predictor_points_at_the_second_and_the_place() -> None:
    time, place, surprise = LatentJudge(Persistence()).score(_discs(33).frames)
    assert time.shape == surprise.shape and place.shape == (len(time), 4)
    top = int(surprise.argmax())
    assert abs(time[top] - 33.5) <= 1
    x0, y0, x1, y1 = place[top]
    x, y = straight((100, 65), (-1.1, 0.1), 60)[32]
    assert x0 - 9 <= x <= x1 + 9 and y0 - 9 <= y <= y1 + 9


def test_surprise_becomes_a_finding_of_its_own_law_and_calm_does_not() -> None:
    judge = LatentJudge(Persistence())
    found = [f for f in audit_clip(_discs(33), judges=[judge]).findings if f.law == "learned"]
    assert len(found) >= 1
    best = max(found, key=lambda f: f.probability)
    assert best.start - 0.1 <= 33 / FPS <= best.end + 0.1
    assert best.probability < 0.9, "no judge is calibrated: none is trusted like a law"
    calm = audit_clip(_discs(None), judges=[judge])
    assert [f for f in calm.findings if f.law == "learned"] == []
    assert "learned" in calm.suspicion
    assert "learned" not in audit_clip(_discs(None)).suspicion


@dataclass(frozen=True)
class Says:
    """A judge that returns what it is told."""

    surprise: Surprise
    name: str = "told"

    def score(self, frames: np.ndarray) -> Surprise:
        return self.surprise


def test_a_judge_that_cannot_tell_is_unchecked() -> None:
    report = audit_clip(_discs(None), judges=[Says(nothing())])
    assert report.unchecked["learned"] == "told: the shot is too short"


@pytest.mark.parametrize(
    ("surprise", "why"),
    [
        (Surprise(np.zeros(2), np.zeros((2, 4)), np.array([1.0, np.nan])), "not finite"),
        (Surprise(np.zeros(2), np.zeros((2, 4)), np.array([1.0, -1.0])), "negative"),
        (Surprise(np.zeros(3), np.zeros((2, 4)), np.zeros(2)), "as many"),
    ],
)
def test_nonsense_from_a_judge_is_an_error_that_names_it(surprise: Surprise, why: str) -> None:
    with pytest.raises(CuspError, match=f"'told'.*{why}"):
        audit_clip(_discs(None), judges=[Says(surprise)])


# -- V-JEPA 2 with random weights --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def tiny():
    """The true architecture, tiny."""
    pytest.importorskip("transformers")  # of the text extra
    from transformers import VJEPA2Config, VJEPA2Model

    torch.manual_seed(0)
    config = VJEPA2Config(
        patch_size=8, crop_size=32, frames_per_clip=8, tubelet_size=2, hidden_size=48, num_attention_heads=4,
        num_hidden_layers=2, mlp_ratio=2.0, pred_hidden_size=24, pred_num_attention_heads=2, pred_num_hidden_layers=2,
        pred_mlp_ratio=2.0, num_pooler_layers=1,
    )  # fmt: skip
    return VJEPA2Model(config).eval()


def test_vjepa_covers_the_future_of_every_window(tiny) -> None:
    time, place, surprise = VJEPA2Judge(tiny, window=8).score(_discs(None).frames[:20])
    # windows at 0, 4, 8, 12; each judges two tubelets of 4 x 4 patches
    assert len(time) == len(surprise) == len(place) == 4 * 2 * 16
    assert sorted(set(time)) == [5.0, 7.0, 9.0, 11.0, 13.0, 15.0, 17.0, 19.0]
    assert place.min() == 0 and place[:, 2].max() == 128 and place[:, 3].max() == 96
    assert np.isfinite(surprise).all() and (surprise > 0).all()


def test_vjepa_agrees_with_transformers_own_forward_where_the_future_is_hidden(tiny) -> None:
    """`VJEPA2Model.forward` on a window, its context computed apart: the same predictor output and target."""
    judge = VJEPA2Judge(tiny, window=8)
    frames = _discs(None).frames[:8]
    pixels = judge._pixels(frames)
    with torch.no_grad():
        whole = tiny(pixel_values_videos=pixels, skip_predictor=True).last_hidden_state
        context = tiny(pixel_values_videos=pixels[:, :4], skip_predictor=True).last_hidden_state
        places = torch.arange(64)[None]
        imagined = tiny.predictor(context, [places[:, :32]], [places[:, 32:]]).last_hidden_state
    target = whole[:, 32:]
    target = (target - target.mean(-1, keepdim=True)) / torch.sqrt(target.var(-1, unbiased=False, keepdim=True) + 1e-5)
    expected = (imagined - target).abs().mean(-1)[0].numpy()
    assert np.allclose(judge._surprise(frames), expected, atol=1e-5)


def test_vjepa_does_not_see_the_future_in_its_context(tiny) -> None:
    """Changing the future changes the targets alone: the prediction, which the context gives, stays."""
    seen = []
    original = tiny.predictor.forward

    def watch(*arguments, **named):
        output = original(*arguments, **named)
        seen.append(output.last_hidden_state.clone())
        return output

    judge = VJEPA2Judge(tiny, window=8)
    frames = _discs(None).frames[:8].copy()
    tiny.predictor.forward = watch
    try:
        judge._surprise(frames)
        frames[4:] = 255 - frames[4:]
        judge._surprise(frames)
    finally:
        tiny.predictor.forward = original
    assert torch.equal(seen[0], seen[1])


def test_vjepa_weights_load_from_a_folder_and_judge_a_clip(tiny, tmp_path) -> None:
    tiny.save_pretrained(tmp_path / "vjepa")
    judge = VJEPA2Judge.from_pretrained(str(tmp_path / "vjepa"), window=8)
    frames = _discs(None).frames[:16]
    assert np.allclose(judge.score(frames).surprise, VJEPA2Judge(tiny, window=8).score(frames).surprise)
    report = audit_clip(_discs(None), judges=[judge])
    assert "learned" in report.suspicion
    report.to_json()


def test_missing_weights_say_what_to_do(tmp_path) -> None:
    pytest.importorskip("transformers")
    with pytest.raises(CuspError, match="not on this machine: download them"):
        VJEPA2Judge.from_pretrained(str(tmp_path / "nowhere"))


def test_a_window_that_does_not_fit_the_tubelets_is_named(tiny) -> None:
    with pytest.raises(CuspError, match="window must be a multiple of 4 frames: got 10"):
        VJEPA2Judge(tiny, window=10)


def test_a_short_clip_is_not_judged(tiny) -> None:
    assert len(VJEPA2Judge(tiny, window=8).score(_discs(None).frames[:7]).time) == 0


def test_judges_cost_nothing_when_not_asked_for() -> None:
    """Neither torch nor transformers is imported by a plain audit."""
    import subprocess

    code = (
        "import sys, numpy as np; from cuspworld.audit import audit_clip; from cuspworld.clip import Clip; "
        "audit_clip(Clip(np.zeros((12, 32, 32, 3), np.uint8), 10.0)); "
        "print(sorted({'torch', 'transformers'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "[]"


# -- masks and points --------------------------------------------------------------------------------------------------


class TrueMasks:
    """A perfect segmenter of the two discs."""

    def __init__(self, paths: list[np.ndarray], radii: list[int]):
        self.paths, self.radii = paths, radii

    def masks(self, frames: np.ndarray) -> np.ndarray:
        rows, columns = np.mgrid[: frames.shape[1], : frames.shape[2]]
        result = np.zeros(frames.shape[:3], np.int64)
        for name, (path, radius) in enumerate(zip(self.paths, self.radii, strict=True), 7):
            for t in range(len(frames)):
                result[t][np.hypot(columns - path[t, 0], rows - path[t, 1]) <= radius] = name
        return result


def test_a_segmenters_masks_are_what_the_laws_read() -> None:
    """A disc that doubles its speed in mid-air, hidden in noise, seen by a segmenter."""
    path = straight((20, 48), (0.9, 0), 70)
    path[35:] = path[35] + np.arange(35)[:, None] * np.array([2.0, 0])
    clip = Clip(render([path], [8], [(165, 170, 174)], textured=False, noise=6), FPS)
    assert [f for f in audit_clip(clip).findings if f.law == "inertia"] == []
    found = [f for f in audit_clip(clip, segmenter=TrueMasks([path], [8])).findings if f.law == "inertia"]
    assert found and abs(found[0].start - 35 / FPS) < 4 / FPS


def test_masks_of_another_shape_are_refused() -> None:
    class Wrong:
        def masks(self, frames: np.ndarray) -> np.ndarray:
            return np.zeros((3, 4, 5), np.int64)

    with pytest.raises(CuspError, match="masks must have the frames' shape"):
        audit_clip(_discs(None), segmenter=Wrong())


@pytest.mark.parametrize("wrong", [-1, 2**16])
def test_mask_ids_that_16_bits_do_not_hold_are_refused(wrong: int) -> None:
    class Wrong:
        def masks(self, frames: np.ndarray) -> np.ndarray:
            masks = np.zeros(frames.shape[:3], np.int64)
            masks[:, 4:9, 4:9] = wrong
            return masks

    with pytest.raises(CuspError, match="mask ids must be from 0 to 65535"):
        audit_clip(_discs(None), segmenter=Wrong())


def test_tracked_points_become_masks() -> None:
    points = np.stack([straight((20.0, 30.0), (1.0, 0.0), 5), straight((50.0, 60.0), (0.0, 1.0), 5)], 1)
    points[3, 1] = np.nan
    masks = masks_of_points(points, (96, 128), radius=2)
    assert masks.shape == (5, 96, 128)
    for t in range(5):
        x, y = points[t, 0].astype(int)
        assert masks[t, y, x] == 1
        assert (masks[t] == 2).any() == (t != 3)
    assert (masks[0] == 1).sum() == pytest.approx(np.pi * 4, abs=6)
