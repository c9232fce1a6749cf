"""Things cut from plain ground: where they are, how much of the picture, what moves in them and what at the border."""

import numpy as np
import pytest

from cuspworld.audit.evidence.scene import observe
from cuspworld.audit.observations.object_tracks import followed, left_alone
from cuspworld.audit.observations.standing_apart import Apart, standing_apart

from ..scenes import BLUE, RED, draw, render, straight


def _apart(frames: np.ndarray) -> Apart:
    return standing_apart(observe(frames, 30.0))


def _still(*things: tuple[float, float, float, tuple[int, int, int]]) -> np.ndarray:
    return _balls([(np.full((40, 2), (x, y)), r, colour) for x, y, r, colour in things])


def _balls(balls: list[tuple[np.ndarray, float, tuple[int, int, int]]]) -> np.ndarray:
    """Balls on their paths, each lighter in its middle."""
    lit = [part for path, r, colour in balls for part in ((path, r, colour), (path, r / 2, _lighter(colour)))]
    places, radii, colours = (list(told) for told in zip(*lit, strict=True))
    return render(places, radii, colours, textured=False, noise=1.0)


def _lighter(colour: tuple[int, int, int]) -> tuple[int, int, int]:
    r, g, b = (min(255, c + 60) for c in colour)
    return r, g, b


def test_what_rests_is_seen_where_it_is_and_as_large_as_it_is() -> None:
    apart = _apart(_still((40, 40, 12, RED), (90, 60, 9, BLUE)))
    for things in apart.things:
        assert len(things) == 2
        for thing, (x, y, r) in zip(sorted(things, key=lambda t: t.centre), ((40, 40, 12), (90, 60, 9)), strict=True):
            assert np.hypot(thing.centre[0] - x, thing.centre[1] - y) < 1
            assert 0 <= np.sqrt(thing.share * 96 * 128 / np.pi) - r < 2.5  # its outline is an edge, and a part of it
            assert thing.crop.shape == (32, 32, 3)
    assert apart.plain.min() > 0.9 and apart.within.max() == apart.beyond.max() == 0


def test_what_touches_the_border_or_is_a_line_does_not_stand_apart() -> None:
    frames = _still((4, 40, 12, RED))
    frames[:, 60:62] = (60, 60, 70)
    assert not any(_apart(frames).things)


def test_what_is_drawn_in_one_colour_is_no_thing() -> None:
    flat = render([np.full((40, 2), (60, 48))], [16], [RED], textured=False, noise=2.0)
    assert not any(_apart(flat).things)


def test_what_moves_apart_moves_within_and_a_hand_moves_beyond() -> None:
    alone = _balls([(straight((30, 40), (1, 0), 60), 14, RED)])
    apart = _apart(alone)
    assert np.median(apart.within) > 0.01 and apart.beyond.max() == 0
    x0, y0, x1, y1 = apart.at.box(np.logical_or.reduce(apart.moving))
    assert x0 >= 12 and x1 <= 108 and y0 >= 20 and y1 <= 60
    arm = alone.copy()
    for t, frame in enumerate(arm):
        frame[:40, 20 + t : 32 + t] = (90, 60, 50)
    assert _apart(arm).beyond.max() > 0.01


def test_two_things_are_followed_past_each_other_and_their_sizes_told() -> None:
    balls = [(straight((20, 30), (1.2, 0), 60), 12, RED), (straight((100, 66), (-1.2, 0), 60), 10, BLUE)]
    tracks = followed(_apart(_balls(balls)))
    assert sorted(len(track.looks) for track in tracks) == [16, 16]
    assert all(np.ptp(track.size) < 0.15 and np.ptp(track.shape) < 0.15 for track in tracks)


def test_a_curve_tells_how_much_a_thing_grows() -> None:
    frames = []
    for t in range(60):
        frame = np.full((96, 128, 3), 170.0)
        draw(frame, (64, 48), 10 + t / 6, RED)
        draw(frame, (64, 48), 5 + t / 12, _lighter(RED))
        frames.append(frame + np.random.default_rng(t).normal(0, 1, frame.shape))
    (track,) = left_alone(_apart(np.clip(np.stack(frames), 0, 255).astype(np.uint8)))
    assert np.ptp(track.size) == pytest.approx(2 * np.log(19.8 / 10), abs=0.3)
    assert (np.diff(track.size) >= -0.01).all()
