"""Library: what its jobs find and change; and in a real browser, by keyboard alone."""

import shutil

import numpy as np
import pytest

from cuspworld.errors import CuspError
from cuspworld.library import Library
from cuspworld.studio.settings import Settings
from cuspworld.studio.shelf import PAGE, browse, clip, correct, encode, mark, shelf
from tests.studio.browsing import opened, until
from tests.studio.spoken import Spoken, done


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    library = Library.create(tmp_path_factory.mktemp("shelf") / "balls.lance")
    library.record("Collision", 30, seconds=1, size=32)
    return library.path


@pytest.fixture
def library(recorded, tmp_path):
    return Library.open(shutil.copytree(recorded, tmp_path / "balls.lance"))


@pytest.fixture
def job(library, tmp_path):
    return Spoken(tmp_path, Settings(library=str(library.path)))


def test_no_library_and_what_one_holds(job, tmp_path):
    assert done(shelf, Spoken(tmp_path)).of("shelf") == [{"name": None}]
    with pytest.raises(CuspError, match="cusp studio --library"):
        browse(Spoken(tmp_path))
    (facts,) = done(shelf, job).of("shelf")
    assert facts["name"] == "balls.lance" and facts["facts"]["clips"] == 30 and not facts["codes"]


def test_pages_follow_one_another(job, library):
    done(browse, job)
    done(browse, job, first=PAGE)
    assert [facts["count"] for facts in job.of("found")] == [30, 30]
    assert [facts["key"] for facts in job.of("card")] == library.column("key")
    assert all(data[:2] == b"\xff\xd8" for kind, _, data in job.said if kind == "card")


def test_text_finds_the_captions_that_tell_it(job, library):
    captions = dict(zip(library.column("key"), library.column("caption"), strict=True))
    done(browse, job, text="a red ball and a blue ball collide")
    cards = job.of("card")
    best = captions[cards[0]["key"]]
    assert "red" in best and "blue" in best
    assert [card["value"] for card in cards] == sorted((card["value"] for card in cards), reverse=True)
    words = next(caption for caption in captions.values() if caption).split(".")[0]
    again = done(browse, Spoken(job.folder, job.settings), text="zyzzyva")
    assert again.of("found")[0]["count"] == 0 and again.of("warning")
    assert words


def test_conditions_and_marks_choose(job, library):
    keys = library.column("key")
    done(mark, job, keys=keys[3:5])
    assert job.of("marked")[-1]["count"] == 2
    done(browse, job, marked=True)
    assert [card["key"] for card in job.of("card")] == keys[3:5] and all(card["marked"] for card in job.of("card"))
    done(mark, job, keys=[keys[3]], marked=False)
    assert Library.open(library.path).where("marked").column("key") == [keys[4]]
    found = done(browse, Spoken(job.folder, job.settings), where=f"key = '{keys[0]}'").of("card")
    assert [card["key"] for card in found] == [keys[0]]
    with pytest.raises(CuspError, match="the columns are"):
        browse(job, where="nonsense ((")


def test_a_caption_is_corrected(job, library):
    key = library.column("key")[7]
    done(correct, job, key=key, caption=" two balls miss ")
    assert Library.open(library.path)[7].caption == "two balls miss"
    with pytest.raises(CuspError, match="at most 4000"):
        correct(job, key, "x" * 5000)


def test_clips_like_one(job, library):
    key = library.column("key")[0]
    with pytest.raises(CuspError, match="cusp encode"):
        browse(job, like=key)
    codes = np.column_stack([np.arange(30), np.zeros(30)]).astype(np.float32)
    library.set_vectors(codes, "scene_code")
    done(browse, job, like=key)
    assert [card["key"] for card in job.of("card")] == library.column("key")[1 : PAGE + 1]


def test_a_clip_is_played_with_what_is_known_of_it(job, library):
    done(clip, job, key=library.column("key")[2])
    (facts,) = job.of("clip")
    assert (job.folder / facts["file"]).stat().st_size > 0
    assert facts["actions"] == ["kick_x", "kick_y"] and facts["frames"] == 10 and facts["facts"]["world"] == "Collision"
    with pytest.raises(CuspError, match="not in the library"):
        clip(job, "nobody")


@pytest.mark.long
def test_scene_codes_are_made(job, library):
    done(encode, job)
    assert job.of("encoded")[0]["encoded"] == 30 and job.of("progress")[-1]["done"] == 30
    assert len(Library.open(library.path).like(library.column("key")[0], 5)) == 5
    done(browse, job, like=library[7].write(job.folder / "mine.mp4"))  # a video that was uploaded
    assert job.of("card")[0]["key"] == library.column("key")[7]


@pytest.mark.browser
@pytest.mark.parametrize(("size", "theme", "locale"), [("wide", "light", "en-US"), ("narrow", "dark", "zh-CN")])
def test_by_keyboard_alone_a_clip_is_found_corrected_and_marked(size, theme, locale, library):
    library.set_vectors(np.random.default_rng(0).normal(size=(30, 4)), "scene_code")
    with opened("library", "--library", str(library.path), size=size, theme=theme, locale=locale) as page:
        until(page, "document.querySelectorAll('#library-cards li').length == 24")
        page.focus("#library-more")
        page.keyboard.press("Enter")
        until(page, "document.querySelectorAll('#library-cards li').length == 30")
        page.focus("#library-text")
        page.keyboard.type("a red ball collides")
        page.keyboard.press("Enter")
        until(page, "document.querySelectorAll('#library-cards li').length < 30")  # all clips were shown before
        until(page, "document.querySelector('#library-cards .told')?.textContent.includes('red')")
        page.focus("#library-cards .open")
        key = page.get_attribute("#library-cards li", "data-key")
        page.keyboard.press("Enter")
        until(page, "document.getElementById('library-video').readyState >= 2")
        page.focus("#library-caption")
        page.keyboard.press("Control+A")
        page.keyboard.type("<b>told</b> anew")  # what is typed is text, not markup
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        until(page, "document.querySelector('#library-cards .told').textContent === '<b>told</b> anew'")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")  # mark
        until(page, "document.querySelector('#library-cards li').classList.contains('marked')")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")  # more like this
        until(page, "!document.getElementById('library-like').hidden")
        until(page, "document.querySelectorAll('#library-cards li').length == 24")
        assert page.query_selector("#library-cards b") is None
    again = Library.open(library.path)
    assert again.where("marked").column("key") == [key]
    assert again.where(f"key = '{key}'").column("caption") == ["<b>told</b> anew"]


@pytest.mark.browser
def test_clips_like_a_video_that_is_given(job, library, tmp_path):
    encode(job)
    mine = library[7].write(tmp_path / "<b>mine<b>.mp4")
    with opened("library", "--library", str(library.path)) as page:
        until(page, "document.querySelectorAll('#library-cards li').length == 24")
        page.set_input_files("#library-file", mine)
        until(page, f"document.querySelector('#library-cards li')?.dataset.key == '{library.column('key')[7]}'")
        assert "<b>mine<b>.mp4" in page.inner_text("#library-like-told")
        page.click("#library-unlike")
        until(page, "document.getElementById('library-like').hidden")
        (tmp_path / "none.mp4").write_bytes(b"no video")
        page.set_input_files("#library-file", tmp_path / "none.mp4")
        until(page, "document.getElementById('library-status').textContent.includes('cannot read the file')")


@pytest.mark.browser
def test_without_a_library_it_says_what_to_do():
    with opened("library") as page:
        until(page, "!document.getElementById('library-empty').hidden")
        assert "cusp record" in page.inner_text("#library-empty")
