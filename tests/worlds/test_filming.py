"""Filming: camera, light, background, distractors and slow motion change the picture and its truth, and no physics."""

import colorsys
from importlib.util import find_spec

import numpy as np
import pytest

from cuspworld.errors import CuspError
from cuspworld.worlds import make, names, registry
from cuspworld.worlds.drawing.camera import homography, project, through
from cuspworld.worlds.drawing.canvas import COLOURS, Canvas
from cuspworld.worlds.drawing.scenery import DISTRACTOR, LEAN, LIGHTS, PATTERNS, Scenery
from cuspworld.worlds.filming import PLAIN, filming_parameters

HERE = [name for name in names() if all(find_spec(package) for package in registry._entries[name].needs)]
every_world = pytest.mark.parametrize("name", HERE)


def test_plain_values_are_the_picture_of_today():
    """A shot whose every value is plain is no shot: the same bytes, the same truth."""
    plain, said = make("Juice").record(3, size=24, seconds=0.5), make("Juice", **PLAIN).record(3, size=24, seconds=0.5)
    assert plain.frames.tobytes() == said.frames.tobytes() and plain.truth.to_bytes() == said.truth.to_bytes()
    assert plain.caption == said.caption and "look" not in plain.truth.parameters


@every_world
def test_the_varied_split_films_the_same_physics_otherwise(name):
    world = make(name)
    at_speed = {"slow_motion": 1.0}
    plain = world.record(4, size=16, seconds=0.2)
    varied, again = (world.record(4, size=16, seconds=0.2, split="varied", options=at_speed) for _ in range(2))
    assert varied.frames.tobytes() == again.frames.tobytes() and varied.truth.to_bytes() == again.truth.to_bytes()
    assert bool(world.varied) != np.array_equal(varied.truth.state, plain.truth.state)
    assert varied.frames.tobytes() != plain.frames.tobytes()
    assert varied.truth.parameters["look"] == "varied" and varied.truth.parameters["split"] == "varied"
    assert varied.caption.startswith(world.caption("rich").split(" Filmed")[0])


@every_world
def test_its_parameters_have_names_of_their_own(name):
    assert not set(PLAIN) & set(make(name).ranges)


def test_a_value_that_is_fixed_changes_no_other():
    world = make("Juice")
    drawn = world.record(1, size=8, seconds=0.1, split="varied").truth.parameters
    fixed = world.record(1, size=8, seconds=0.1, split="varied", options={"camera_roll": 0.0}).truth.parameters
    assert {k for k in drawn if drawn[k] != fixed[k]} == {"camera_roll"}
    hard = make("Juice", split="out", look="varied").record(1, size=8, seconds=0.1).truth.parameters
    assert hard["split"] == "out" and hard["camera_zoom"] != 1.0
    for bad in ({"time_of_day": "teatime"}, {"camera_zoom": 9.0}, {"distractors": 5}, {"slow_motion": 0.1}):
        with pytest.raises(CuspError, match=next(iter(bad))):
            make("Juice", **bad)
    with pytest.raises(CuspError, match="varied"):
        make("Juice", split="Varied")


def test_the_cameras_numbers_say_where_a_ball_is_seen():
    """The pinhole of the truth against the centre of the ball's pixels, of any camera."""
    for seed in range(3):
        clip = make("Collision", split="varied").record(seed, size=96, seconds=0.1)
        truth = clip.truth
        for k in (1, 2):
            rows, columns = np.nonzero(truth.masks[0] == k)
            x, y = project(truth.camera, (truth.state[f"ball_{k}_x"][0], truth.state[f"ball_{k}_y"][0], 0.0))
            assert abs(columns.mean() + 0.5 - x) < 0.7 and abs(rows.mean() + 0.5 - y) < 0.7


@pytest.mark.skipif("Treadmill" not in HERE, reason="needs mujoco")
def test_the_cameras_numbers_say_where_the_dog_is_seen():
    for seed in (0, 1):
        truth = make("Treadmill", split="varied", distractors=2).record(seed, size=96, seconds=0.1).truth
        x, y = project(truth.camera, [truth.state[f"dog_{axis}"][0] for axis in "xyz"])
        rows, columns = np.nonzero(truth.masks[0] == 1)
        assert abs(columns.mean() - x) < 6 and abs(rows.mean() - y) < 6  # the head is not where the trunk is
        assert (truth.masks[0] >= DISTRACTOR).any()


def test_a_homography_is_the_pinhole_of_the_plane():
    camera = make("Heat", split="varied").record(2, size=32, seconds=0.1).truth.camera
    points = np.random.default_rng(0).uniform(0, 0.1, (5, 2))
    seen = [project(camera, (x, y, 0.0)) for x, y in points]
    assert np.allclose(through(homography(camera), points), seen)


def test_slow_motion_shows_the_same_states_and_says_what_a_second_is():
    """Half speed at 10 frames a second is the world at 20; events stand at the seconds of the clip."""
    slow = make("Collision", slow_motion=0.5).record(0, size=16)
    true = make("Collision").record(0, size=16, fps=20)
    assert slow.truth.state.tobytes() == true.truth.state.tobytes() and (slow.fps, true.fps) == (10, 20)
    assert slow.seconds == 2 * true.seconds
    assert [e.time for e in slow.truth.events] == pytest.approx([2 * e.time for e in true.truth.events], abs=1e-12)
    assert slow.truth.parameters["slow_motion"] == 0.5
    contact = slow.truth.events[0].time
    assert f"Contact at {contact:.1f} s" in slow.caption and "half its speed" in slow.caption
    twin = make("Collision", slow_motion=0.5).record(0, size=16, twin="passes_through")
    first = round(twin.truth.violation.start * twin.fps)
    assert (first - 1) / 10 < contact <= first / 10 + 1e-9
    assert np.array_equal(twin.frames[:first], slow.frames[:first])


def test_distractors_do_nothing_and_are_in_the_truth():
    clip = make("Juice", distractors=3).record(0, size=96, seconds=0.6)
    things = {k: v for k, v in clip.truth.instances.items() if k >= DISTRACTOR}
    assert list(things.values()) == ["distractor 1", "distractor 2", "distractor 3"]
    boxes = clip.truth.boxes()
    for name in things.values():
        assert np.isfinite(boxes[name]).all() and not np.ptp(boxes[name], axis=0).any()
    assert "three things that do nothing" in clip.caption


def test_what_stands_before_a_distractor_hides_it():
    """Also where it has no mask id of its own, as floors and tables; a shadow on it does not."""
    canvas = Canvas(8, 8, (0.0, 0.0, 1.0, 1.0))
    canvas.background((255, 255, 255), (255, 255, 255))
    canvas.box(0.5, 0.5, 2.0, 2.0, (9, 9, 9), instance=DISTRACTOR)
    canvas.box(0.5, 0.5, 2.0, 2.0, (0, 0, 0), alpha=0.3)
    canvas.band(0.0, 0.5, (90, 90, 90))
    canvas.box(0.0, 1.0, 1.0, 0.5, (1, 1, 1), instance=3)
    canvas.band(0.75, 1.0, (90, 90, 90))
    assert (canvas.mask[4:] == 0).all() and (canvas.mask[2:4] == DISTRACTOR).all()
    assert (canvas.mask[:2] == [3] * 4 + [0] * 4).all()


@pytest.mark.parametrize("light", LIGHTS)
def test_colours_keep_their_names_in_every_light(light):
    """What a caption calls red still looks most like red: the eye takes out how bright and how warm the light is
    only in part (von Kries); here, a third of its colour, and how bright it is."""
    gain = np.array(LIGHTS[light])
    for lean in (1 - LEAN / 2, 1.0, 1 + LEAN / 2):
        for name, colour in COLOURS.items():
            seen = np.minimum(np.array(colour) * gain * lean, 255)
            adapted = np.clip(seen / (gain.mean() * (gain / gain.mean()) ** (1 / 3)), 0, 255)
            assert _nearest(adapted) == name or {name, _nearest(adapted)} in ALIKE, (name, light, lean)


ALIKE = [{"golden", "orange"}, {"golden", "yellow"}]


def _nearest(colour) -> str:
    def places(rgb):
        hue, saturation, value = colorsys.rgb_to_hsv(*(np.asarray(rgb) / 255))
        angle = 2 * np.pi * hue
        return np.array([saturation * value * np.cos(angle), saturation * value * np.sin(angle), 0.7 * value])

    here = places(colour)
    return min(COLOURS, key=lambda name: float(np.linalg.norm(places(COLOURS[name]) - here)))


def test_how_it_is_filmed_is_told_in_both_languages():
    options = {
        "time_of_day": "dusk", "background": "bricks", "distractors": 1, "slow_motion": 0.75, "camera_zoom": 0.8,
        "camera_turn": -9.0, "camera_tilt": 8.0,
    }  # fmt: skip
    world = make("Juice", **options)
    world.record(0, size=8, seconds=0.1)
    assert world.caption().endswith(
        " Filmed at dusk, from further away, from the left, from above, before a brick wall, with one thing that does "
        "nothing, in slow motion at three quarters of its speed."
    )
    assert world.caption(language="zh").endswith(
        "拍摄：在黄昏，从较远处，从左侧，从上方，背景是砖墙，另有一件不动的东西，慢动作，四分之三的速度。"
    )
    assert "Filmed" not in world.caption("poor")


@pytest.mark.parametrize("kind", PATTERNS)
def test_every_background_is_another_one(kind):
    parameters = filming_parameters(Scenery(kind))
    assert parameters["background"].out_choices == PATTERNS[kind]


def test_varied_balls_meet_aside_of_their_centres_and_are_still_seen_at_the_end():
    world = make("Collision", split="varied")
    clips = [world.record(seed, size=32, fps=4) for seed in range(5000, 5012)]
    offsets = [clip.truth.parameters["offset"] for clip in clips]
    assert len(set(offsets)) > 9 and min(offsets) < 0 < max(offsets)
    late = [mask for clip in clips for mask in clip.truth.masks[int(1.8 * clip.fps) :]]
    assert np.mean([np.isin(mask, (1, 2)).any() for mask in late]) > 0.95
