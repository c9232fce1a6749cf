"""Folds: what its jobs say of a model; and in a real browser, by keyboard alone."""

import numpy as np
import pytest

from cuspworld.simulator.simulator import Simulator
from cuspworld.studio.folds import LOOKS, fold, kinds, state, walk
from cuspworld.studio.settings import Settings
from tests.simulator.test_folds_pages import simulator  # noqa: F401
from tests.studio.browsing import opened, until
from tests.studio.spoken import Spoken, done


@pytest.fixture
def job(simulator, tmp_path):  # noqa: F811
    spoken = Spoken(tmp_path, Settings())
    spoken.kept("simulator", lambda: simulator)
    return spoken


def test_the_kinds_of_a_model(job):
    (facts,) = done(kinds, job).of("kinds")
    calm, glass = facts["kinds"]
    assert (calm["name"], calm["branches"], calm["passages"]) == ("Calm", 1, 0)
    assert (glass["name"], glass["clips"], glass["branches"], glass["passages"]) == ("Glass", 8, 2, 8)


def test_the_graph_the_map_and_what_its_states_look_like(job):
    done(fold, job, kind="Glass")
    (graph,), (drawn,) = job.of("graph"), job.of("map")
    assert graph["passages"] == [[0, 1, 8]] and sum(graph["branches"]) == pytest.approx(1)
    assert len(job.of("side")) == 2
    assert len(drawn["rows"]) == len(drawn["places"]) == len(drawn["branches"]) == 8 * 11
    looked = [facts["row"] for facts in job.of("look")]
    assert len(looked) == min(LOOKS, 88) == len(set(looked)) and set(looked) <= set(drawn["rows"])


def test_a_clip_goes_on_as_its_recording_did(job):
    done(state, job, kind="Glass", row=11)  # the second clip, which falls
    (clip,) = job.of("clip")
    assert (job.folder / clip["file"]).stat().st_size > 0
    assert clip["caption"] == "it falls" and clip["branches"] == [0, 0, 0, 1, 1, 1]


def test_a_walk_is_shown_straight_and_reflected(job):
    done(fold, job, kind="Glass")
    (drawn,) = job.of("map")
    ends = [drawn["places"][drawn["branches"].index(branch)] for branch in (0, 1)]
    done(walk, job, kind="Glass", places=ends)
    straight, reflected = job.of("strip")
    assert straight["branches"][0] == 0 and straight["branches"][-1] == 1 and not straight["turned"]
    assert set(reflected["branches"]) == {0} and reflected["turned"]
    assert np.allclose(straight["places"][0], ends[0], atol=1e-3)
    assert [facts["walk"] for facts in job.of("clip")] == ["straight", "reflected"]


@pytest.mark.parametrize(
    ("work", "arguments", "message"),
    [
        (fold, {"kind": "Nobody"}, "no kind 'Nobody'"),
        (state, {"kind": "Glass", "row": 10**9}, "row must be"),
        (state, {"kind": "Glass", "row": "x"}, "row must be"),
        (walk, {"kind": "Glass", "places": [[0, 0]]}, "two places or more"),
        (walk, {"kind": "Glass", "places": [[0, 0]] * 65}, "at most 64"),
        (walk, {"kind": "Glass", "places": [[0, float("nan")], [1, 1]]}, "two places or more"),
    ],
)
def test_what_cannot_be_is_said(work, arguments, message, job):
    with pytest.raises(ValueError, match=message):
        work(job, **arguments)


@pytest.mark.browser
@pytest.mark.parametrize(("size", "theme", "locale"), [("wide", "light", "en-US"), ("narrow", "dark", "zh-CN")])
def test_by_keyboard_alone_a_walk_is_drawn(size, theme, locale, simulator, tmp_path):  # noqa: F811
    simulator.save_pretrained(tmp_path / "model")
    with opened("folds", str(tmp_path / "model"), size=size, theme=theme, locale=locale) as page:
        until(page, "document.getElementById('folds-status')?.textContent.includes('88')")
        assert page.input_value("#folds-kind") == "Glass"  # it has passages
        page.focus("#folds-kind")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.id") == "folds-map"
        assert page.is_visible("#folds-look img")
        page.keyboard.press("Enter")  # a clip from here
        until(page, "document.querySelector('#folds-results video')?.readyState >= 2")
        for key in (*["Shift+ArrowLeft"] * 8, "Space", *["Shift+ArrowRight"] * 16, "Space", "Enter"):
            page.keyboard.press(key)
        until(page, "document.querySelectorAll('#folds-results .strip').length >= 1")
        until(page, "document.getElementById('folds-stop').disabled")
        page.focus("#folds-graph [data-branch='1']")
        page.keyboard.press("Enter")
        until(page, "document.querySelector('#folds-results h3')?.dataset.walk === 'state'")


@pytest.mark.browser
def test_a_model_without_paths_says_what_to_do(simulator, tmp_path):  # noqa: F811
    bare = Simulator(simulator.config, simulator.codec, simulator.experts)
    bare.save_pretrained(tmp_path / "bare")
    with opened("folds", str(tmp_path / "bare")) as page:
        until(page, "!document.getElementById('folds-empty').hidden")
        assert "cusp train" in page.inner_text("#folds-empty") and page.is_hidden("#folds-all")
