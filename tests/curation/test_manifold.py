"""The manifold report: known dimensions, Juice's steady states untold, and a page."""

import numpy as np
import pytest
import torch

from cuspworld import Clip, Library
from cuspworld.curation import manifold
from cuspworld.curation.manifold import dimensions, manifold_of
from cuspworld.curation.manifold_page import manifold_page
from cuspworld.errors import CuspError


def test_dimensions_of_clouds_that_are_known(monkeypatch):
    monkeypatch.setattr(manifold, "HALVES", 3)
    rng = np.random.default_rng(0)
    for dimension in (2, 4):
        flat = rng.uniform(size=(400, dimension)) @ rng.normal(size=(dimension, 12))
        found = {d.estimator: d for d in dimensions(flat)}
        assert found["lPCA"].value == dimension
        for name in ("TwoNN", "MLE"):
            assert found[name].low <= found[name].high and abs(found[name].value - dimension) < 0.2 * dimension + 0.2
    with pytest.raises(CuspError, match="at least 40 different points"):
        dimensions(np.ones((500, 3)))


def states(clips: int, steps: int = 6) -> list[torch.Tensor]:
    """Latents of clips that rest in one of two states; every fourth passes from the first to the second."""
    rng = np.random.default_rng(1)
    made = []
    for clip in range(clips):
        at = np.zeros(steps) if clip % 4 < 2 else np.ones(steps) if clip % 4 == 2 else np.repeat([0, 1], steps // 2)
        look = np.zeros((steps, 8, 8, 2), np.float32)
        look[:, :4] += at[:, None, None, None] * 3
        look += 0.2 * rng.normal(size=(1, 1, 1, 2)) + 0.05 * rng.normal(size=(steps, 1, 1, 2))
        made.append(torch.from_numpy(look.astype(np.float32)))
    return made


def test_branches_and_the_clips_at_the_fold(monkeypatch):
    monkeypatch.setattr(manifold, "HALVES", 3)
    latents = states(48)
    found = manifold_of("two", latents, frames=1)
    assert len(found.branches) == 2 and sum(b.steps for b in found.branches) == 48 * 6
    top = np.array([latents[c][t, 0, 0, 0] > 1.5 for c, t in zip(found.clips, found.times, strict=True)])
    assert len({(bool(a), int(b)) for a, b in zip(top, found.branch, strict=True)}) == 2  # a state a branch
    assert found.boundary.any() and 0 < found.share_near <= 1
    frames = np.zeros((6, 8, 8, 3), np.uint8)
    page = manifold_page([found], lambda m, c: Clip(frames, 10.0, ""), [[f"<b>{c}" for c in range(48)]])
    assert "TwoNN" in page and "&lt;b&gt;" in page and "<b>0" not in page and page.count("<figure") == 2


@pytest.mark.long
def test_juice_stands_or_has_fallen_without_being_told(tmp_path):
    from cuspworld.codec.codec import Codec
    from cuspworld.curation.encoding import Latents, encode

    library = Library.create(tmp_path / "juice.lance")
    library.record("Juice", n=80, seed=0, size=64, seconds=3.0, fps=10)
    encode(library, Codec.from_pretrained("worlds"))
    found = manifold_of("Juice", list(Latents(library)))
    last = [int(found.branch[found.clips == clip][-1]) for clip in range(len(library))]
    truth = library.column("branch")
    assert len(found.branches) > 1
    for branch in set(last):  # a colour may have branches of its own; standing and fallen never share one
        own = [true for ended, true in zip(last, truth, strict=True) if ended == branch]
        assert max(map(own.count, own)) >= 0.95 * len(own)
