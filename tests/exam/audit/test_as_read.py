"""At home a world's detector is asked what happens: silent on true clips, and elsewhere."""

from dataclasses import replace

import numpy as np
import pytest

from cuspworld import worlds
from cuspworld.audit import audit_clip
from cuspworld.audit.evidence.scene import observe
from cuspworld.audit.observations.readings import UNKNOWN, UNREADABLE, events
from cuspworld.clip import Clip
from cuspworld.exam.audit import robust

READ = {"comes or goes as read", "another as read", "moves untouched as read", "no passage as read", "undone as read",
        "melts as read"}  # fmt: skip
NAMES = ("Collision", "Juice", "Puppies")


def read(clip: Clip) -> set[str]:
    """The checks of findings that a detector read."""
    return READ & {finding.check for finding in audit_clip(Clip(clip.frames, clip.fps)).findings}


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_read_in_a_true_clip(name: str) -> None:
    for seed in (7_700_100, 7_700_101):
        assert not read(worlds.make(name).record(seed, seconds=2.0, fps=10.0, size=64, caption="none"))


def test_a_ball_that_is_gone_in_the_middle_of_the_picture_is_missed() -> None:
    clip = worlds.make("Collision").record(7_700_102, seconds=2.0, fps=10.0, size=64, caption="none")
    assert clip.truth is not None and clip.truth.masks is not None
    masks, frames, inside = clip.truth.masks, clip.frames.copy(), (slice(8, 56), slice(8, 56))
    whole = [(mask == 1).sum() > 0 and (mask[inside] == 1).sum() == (mask == 1).sum() for mask in masks]
    first = next(t for t in range(1, len(frames)) if whole[t - 1] and whole[t])  # of the frames without it
    ground = np.median(clip.frames, axis=0)
    for t in range(first, len(frames)):
        frames[t][masks[t] == 1] = ground[masks[t] == 1]
    assert not read(clip)
    found = [f for f in audit_clip(Clip(frames, clip.fps)).findings if f.check == "comes or goes as read"]
    assert found and all(finding.law == "permanence" for finding in found)
    assert any(finding.start <= first / clip.fps <= finding.end for finding in found)
    ys, xs = np.nonzero(masks[first] == 1)
    x0, y0, x1, y1 = found[0].box
    assert x0 < xs.mean() < x1 and y0 < ys.mean() < y1


def test_elsewhere_nobody_asks_a_detector() -> None:
    frames = np.random.default_rng(0).integers(0, 255, (20, 64, 64, 3), dtype=np.uint8)
    assert events(observe(frames, 10.0)) == UNKNOWN


def test_small_frames_that_a_file_keeps_badly_are_not_read() -> None:
    """The detector calls most of these true frames no true state, and read a puppy's coming in some of them."""
    clip = worlds.make("Puppies").record(70_000_000, size=64, fps=8.0, caption="none")
    assert not isinstance(events(replace(observe(clip.frames, clip.fps), world="Puppies")), str)
    kept = robust.encoded(clip, 33)
    assert events(replace(observe(kept.frames, kept.fps), world="Puppies")) == UNREADABLE
    assert not read(kept)
