"""Play: what the job says and obeys; and in a real browser, by keyboard alone, wide and narrow, light and dark."""

import json
import time

import numpy as np
import pytest

from cuspworld import worlds
from cuspworld.library import Library
from cuspworld.studio.play import play, worlds_of
from cuspworld.studio.settings import Settings
from tests.studio.browsing import opened, until
from tests.studio.spoken import Spoken, done
from tests.untrained import untrained


@pytest.fixture(scope="module")
def learned(tmp_path_factory):
    return untrained(tmp_path_factory.mktemp("learned") / "model")


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    return Library.create(tmp_path_factory.mktemp("library") / "kept.lance").path


def act(n, held=(0.0, 0.0), once=(0.0, 0.0)):
    return {"act": n, "held": list(held), "once": list(once)}


def test_the_worlds_and_which_are_learned(tmp_path, learned):
    (facts,) = done(worlds_of, Spoken(tmp_path, Settings(learned=str(learned)))).of("worlds")
    known = {world["name"]: world for world in facts["worlds"]}
    assert known["Collision"]["learned"] and len(known) >= 12 and not facts["library"]
    assert known["Juice"]["learned"]  # it is in the package
    assert not known["Planets"]["learned"] and known["Planets"]["scene"].endswith(".")


def test_a_run_shows_both_worlds_and_says_which_press_it_obeys(tmp_path, learned):
    job = Spoken(
        tmp_path, Settings(learned=str(learned)), [None, act(7, once=(5, 0)), None, None, act(8, (1, 0)), None]
    )
    done(play, job, world="Collision", seed=3, rate=30.0, size=32)
    (ready,) = job.of("ready")
    assert ready["learned"] and ready["trust"] and ready["hands_over"] and ready["unheard"] == 1
    assert [action["impulse"] for action in ready["actions"]] == [True, True]
    shown = job.of("moment")
    assert [moment["step"] for moment in shown] == list(range(1, 1 + len(shown)))
    assert shown[0]["heard"] == 0 and shown[-1]["heard"] == 8
    first = next(moment for moment in shown if moment["heard"] == 7)
    assert first["events"] == ["kick"] and 0 <= first["trust"] <= 1
    assert shown[0]["sizes"] == [(32, 32), (16, 16)]
    assert {len(data) for kind, _, data in job.said if kind == "moment"} == {3 * (32 * 32 + 16 * 16)}


def test_a_press_that_is_shorter_than_a_frame_acts_for_one(tmp_path, library):
    tells = [act(1, held=(3.0, 0.0)), act(2), None, None, {"pause": True}, {"save": True}]
    settings = Settings(library=str(library))
    done(play, Spoken(tmp_path, settings, tells), world="Collision", seed=9, learned=False, rate=30.0, size=32)
    opened = Library.open(library)
    clip = next(clip for clip in opened if clip.truth.parameters["seed"] == 9)
    assert clip.truth.action["kick_x"].tolist().count(3.0) == 1


def test_it_pauses_goes_on_by_frames_and_begins_anew(tmp_path):
    tells = [{"pause": True}, {"frame": True}, {"frame": True}, {"seed": 5}, {"rate": 30}, {"pause": False}, None]
    job = done(play, Spoken(tmp_path, tells=tells), world="Collision", seed=3, learned=False, rate=30.0, size=32)
    steps = [moment["step"] for moment in job.of("moment")]
    again = steps.index(0, 1)
    assert again in (3, 4) and steps[:again] == list(range(again)) and steps[again:] == [0, 1]
    assert not job.of("ready")[0]["learned"] and job.of("moment")[0]["trust"] is None


def test_a_paused_run_that_nobody_comes_back_to_ends(tmp_path):
    job = Spoken(tmp_path, tells=[{"pause": True}, None, {"frame": True}])
    play(job, "Collision", learned=False, rate=30.0, size=32)  # returns: it is not stopped
    assert len(job.of("moment")) <= 2


def test_first_principles_take_over_and_the_learned_world_looks_again(tmp_path, learned):
    tells = [{"least": 2}, None, None, {"look": True}, {"least": 0}, None, None]
    job = done(play, Spoken(tmp_path, Settings(learned=str(learned)), tells), world="Collision", rate=30.0, size=32)
    by = [moment["by"] for moment in job.of("moment")]
    assert by[0] == by[-1] == "learned" and "first principles" in by


def test_the_run_is_kept_as_a_clip_with_its_actions(tmp_path, library):
    tells = [act(1, once=(3, 0)), None, None, {"pause": True}, {"save": True}, {"save": True}]
    job = done(
        play,
        Spoken(tmp_path, Settings(library=str(library)), tells),
        world="Collision",
        learned=False,
        rate=30.0,
        size=32,
    )
    kept, again = job.of("saved")
    assert not kept["present"] and again["present"]
    clip = Library.open(library)[0]
    shown = [np.frombuffer(data, np.uint8) for kind, _, data in job.said if kind == "moment"]
    assert len(clip) == len(shown) == kept["frames"]
    assert all(np.array_equal(frame.ravel(), data) for frame, data in zip(clip.frames, shown, strict=True))
    assert clip.truth.action["kick_x"].max() == 3.0


@pytest.mark.parametrize(
    ("told", "message"),
    [
        ({"act": 1, "held": [0], "once": [0, 0]}, "must have shape"),
        ({"act": 1, "held": [float("nan"), 0], "once": [0, 0]}, "must be finite"),
        ({"act": 1, "held": ["x", 0], "once": [0, 0]}, "could not convert"),
        ({"act": "x", "held": [0, 0], "once": [0, 0]}, "act must be a whole number"),
        ({"seed": -1}, "seed must be"),
        ({"rate": 1e9}, "rate must be"),
        ({"least": 0.5}, "nothing can be handed over"),
        ({"look": True}, "no learned world"),
        ({"save": True}, "--library"),
    ],
)
def test_what_cannot_be_is_said_and_the_run_goes_on(told, message, tmp_path):
    job = done(play, Spoken(tmp_path, tells=[told, None, None]), world="Collision", learned=False, rate=30.0, size=32)
    (refused,) = job.of("refused")
    assert message in refused["text"] and len(job.of("moment")) >= 2


def test_the_shipped_juice_plays_and_first_principles_take_over(tmp_path):
    job = done(play, Spoken(tmp_path, tells=[{"least": 2}, None, None, None]), world="Juice", seed=1, rate=30.0)
    (ready,) = job.of("ready")
    assert ready["learned"] and ready["hands_over"] and ready["actions"][0]["unit"] == "N s"
    shown = job.of("moment")
    assert (
        shown[0]["by"] == "learned" and shown[-1]["by"] == "first principles" and shown[-1]["sizes"] == [(64, 64)] * 2
    )


@pytest.mark.long
@pytest.mark.parametrize("name", worlds.names())
def test_every_world_is_moved_by_hand_and_its_run_is_recorded_anew(name, tmp_path, library):
    """Their first keys at full strength: what was seen is what is kept, byte for byte."""
    pytest.importorskip("mujoco") if name in ("Ant", "Chair", "Treadmill") else None
    count = len(worlds.make(name).actions)
    tells = [
        None,
        None,
        act(1, [1e6] + [0.0] * (count - 1), [0.0] * count),
        None,
        None,
        {"pause": True},
        {"save": True},
    ]
    settings = Settings(library=str(library))
    job = done(play, Spoken(tmp_path, settings, tells), world=name, seed=1, learned=False, rate=30.0)
    shown = [np.frombuffer(data, np.uint8) for kind, _, data in job.said if kind == "moment"]
    assert not job.of("refused") and job.of("saved")[0]["frames"] == len(shown) >= 4
    opened = Library.open(library)
    clip = next(clip for clip in opened.where(f"world = '{name}'") if len(clip) == len(shown))
    assert all(np.array_equal(frame.ravel(), data) for frame, data in zip(clip.frames, shown, strict=True))


# ---- in the browser

LOOKS = [("wide", "light", "en-US", 1280), ("narrow", "dark", "zh-CN", 390)]


@pytest.mark.browser
@pytest.mark.parametrize(("size", "theme", "locale", "seed"), LOOKS)
def test_by_keyboard_alone_a_ball_is_kicked_and_the_run_is_kept(size, theme, locale, seed, learned, library):
    before = len(Library.open(library))
    given = ("--learned", str(learned), "--library", str(library))
    with opened("play", *given, size=size, theme=theme, locale=locale) as page:
        page.wait_for_selector("#play-world option[value=Collision]", state="attached")
        page.focus("#play-world")
        while page.input_value("#play-world") != "Collision":
            page.keyboard.press("ArrowUp")
        assert page.input_value("#play-world") == "Collision"
        page.keyboard.press("Tab")
        page.keyboard.type(str(seed))  # a seed of its own: a library takes no run twice
        assert page.input_value("#play-seed") == str(seed)
        for _ in range(2):
            page.keyboard.press("Tab")
        page.keyboard.press("Enter")  # Begin
        page.wait_for_selector("#play-stage:not([hidden])", timeout=120_000)
        assert page.evaluate("document.activeElement.id") == "play-pictures"
        waits(page, 3, "ArrowRight")
        assert page.inner_text("#play-knows") and page.inner_text("#play-events")
        page.keyboard.press("h")
        page.keyboard.press("h")
        until(page, "document.getElementById('play-stage').dataset.by === 'first principles'")
        page.keyboard.press("l")
        page.keyboard.press("k")
        said_of = "Kept" if locale == "en-US" else "已保存"
        until(page, f"document.getElementById('play-status').textContent.includes('{said_of}')")
        step = page.get_attribute("#play-stage", "data-step")
        page.keyboard.press(".")
        until(page, f"document.getElementById('play-stage').dataset.step == {int(step) + 1}")
        page.keyboard.press("x")
        page.wait_for_selector("#play-end:disabled")
    assert len(Library.open(library)) == before + 1


def waits(page, count, key):
    """Press a key so often; the milliseconds until each press was seen."""
    for k in range(count):
        page.keyboard.down(key)
        page.keyboard.up(key)
        until(page, f"JSON.parse(document.getElementById('play-stage').dataset.waits).length > {k}")
        time.sleep(0.05)
    return json.loads(page.get_attribute("#play-stage", "data-waits"))
