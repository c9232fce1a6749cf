"""Make and Judge in Chromium, at both widths, in light and dark, by keyboard; and the attacks of another page."""

import http.server
import json
import os
import re
import signal
import threading
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from cuspworld.clip import Clip
from tests.studio.browsing import another, browser, focused, page, tabbed_to
from tests.studio.command import children, started

pytestmark = pytest.mark.browser
playwright = pytest.importorskip("playwright.sync_api")
expect = playwright.expect
SLOW = 180_000  # milliseconds: the machine may be busy with other tests
PAPER = {"light": "rgb(245, 247, 249)", "dark": "rgb(16, 22, 29)"}
BOTH = [("wide", "light"), ("narrow", "dark")]


@pytest.fixture(scope="module")
def place():
    with started() as (studio, process):
        yield studio, process


@pytest.fixture(scope="module")
def chromium():
    with browser() as launched:
        yield launched


@pytest.fixture(scope="module")
def videos(tmp_path_factory):
    """A disc that crosses, and the same that is gone in between, under a name that reads like a page."""
    folder = tmp_path_factory.mktemp("videos")
    height, width = np.mgrid[:96, :128]
    frames = np.full((48, 96, 128, 3), (226, 224, 214), np.uint8)
    for k in range(48):
        frames[k][(height - 48) ** 2 + (width - 14 - 2 * k) ** 2 < 100] = (200, 40, 40)
    crossing = Clip(frames, 24.0).write(folder / "crossing.mp4")
    gone = frames.copy()
    gone[20:30] = (226, 224, 214)
    vanishes = Clip(gone, 24.0).write(folder / "<img src=x onerror=document.title='mine'>.mp4")
    return crossing, vanishes


def made(tab, prompt: str, **values: str) -> None:
    tab.fill("#make-prompt", prompt)
    for name, value in values.items():
        tab.fill(f"#make-{name}", value)
    tab.click("#make-go")


def saved(tab, folder: Path) -> Path:
    """The newest clip, as a person saves it."""
    with tab.expect_download() as download:
        tab.locator(".result").first.get_by_text("Save the clip").click()
    download.value.save_as(folder / "saved.mp4")
    return folder / "saved.mp4"


@pytest.mark.parametrize(("size", "theme"), BOTH)
def test_a_clip_is_made_by_the_keyboard_alone(place, chromium, size, theme):
    with page(chromium, place[0], "make", size, theme) as tab:
        tabbed_to(tab, "make-prompt")
        tab.keyboard.type("a glass of red juice is pushed hard and tips over")
        tabbed_to(tab, "make-candidates")
        tab.keyboard.press("ArrowUp")  # two
        expect(tab.locator("#make-expansion")).not_to_have_value("", timeout=SLOW)
        tab.keyboard.press("Control+Enter")
        expect(tab.locator("#make-canvas")).to_be_visible(timeout=SLOW)  # frames come as they are made
        expect(tab.locator(".result .candidates button")).to_have_count(2, timeout=SLOW)
        assert tab.evaluate("getComputedStyle(document.body).backgroundColor") == PAPER[theme]
        # the finished clip beside its sheet, its path and its audit
        video = tab.locator(".result video")
        expect(video).to_be_visible()
        tab.wait_for_timeout(500)
        assert tab.evaluate("document.querySelector('.result video').duration") == pytest.approx(2, abs=0.1)
        assert tab.evaluate("document.querySelector('.result img').naturalWidth") > 200
        assert tab.locator(".result .verdict").inner_text() in ("possible", "impossible", "cannot tell")
        branches = tab.locator(".result .path button")
        assert branches.count() >= 2  # it tips over: a fold is crossed
        # a branch of the path seeks to its time, and so does a click on the timeline
        last = tab.locator(".result .mark.branch").last
        last.focus()
        tab.keyboard.press("Enter")
        assert tab.evaluate("document.querySelector('.result video').currentTime") > 0.3
        tab.locator(".result .track").first.click(position={"x": 2, "y": 5})
        assert tab.evaluate("document.querySelector('.result video').currentTime") < 0.3


def test_of_a_long_clip_one_is_shown_with_the_ways_that_were_kept(place, chromium):
    with page(chromium, place[0], "make") as tab:
        made(tab, "three blue candles on a cake are blown at and go out", seconds="3", candidates="2", steps="1")
        expect(tab.locator(".result .kept")).to_contain_text("each time the best of 2 ways to go on", timeout=SLOW)
        assert tab.locator(".result .candidates button").count() == 0


def test_a_run_can_be_stopped_and_the_next_one_begins_at_once(place, chromium):
    with page(chromium, place[0], "make") as tab:
        made(tab, "two balls collide", seconds="60", size="128")
        expect(tab.locator("#make-canvas")).to_be_visible(timeout=SLOW)
        tab.keyboard.press("Escape")
        expect(tab.locator("#make-status")).to_have_text("Stopped", timeout=10_000)
        assert tab.locator(".result").count() == 0
        prompt = "<script>document.title = 'mine'</script> a dragon flies over a castle"
        made(tab, prompt, seconds="0.5", size="")
        expect(tab.locator(".result h2")).to_have_text(prompt, timeout=SLOW)
        assert "two balls" not in tab.locator(".result").inner_text().lower()  # it was told anew
        assert "mine" not in tab.title() and tab.locator(".result script").count() == 0
        expect(tab.locator("#make-warnings .notice").first).to_contain_text("dragon")  # which no caption has


def test_an_image_that_is_dropped_becomes_the_first_frame(place, chromium, tmp_path):
    from PIL import Image

    Image.fromarray(np.full((64, 64, 3), (250, 30, 30), np.uint8)).save(tmp_path / "red.png")
    with page(chromium, place[0], "make") as tab:
        tab.set_input_files("#make-file", tmp_path / "red.png")
        expect(tab.locator("#make-given-name")).to_have_text("red.png is the first frame", timeout=10_000)
        made(tab, "", seconds="0.5")
        expect(tab.locator(".result h2")).to_have_text("Without a prompt", timeout=SLOW)
        red, green, _ = Clip.read(saved(tab, tmp_path)).frames[0].mean((0, 1))
        assert red > 180 and green < 100
        tab.click("#make-remove")
        expect(tab.locator("#make-given")).to_be_hidden()
        made(tab, "")
        expect(tab.locator("#make-status")).to_contain_text("Say what should happen")  # what to do when it is empty


@pytest.mark.parametrize(("size", "theme"), BOTH)
def test_videos_are_judged_one_after_the_other_and_side_by_side(place, chromium, videos, size, theme):
    with page(chromium, place[0], "judge", size, theme) as tab:
        expect(tab.locator("#judge-empty")).to_be_visible()
        tabbed_to(tab, "judge-files")
        tab.set_input_files("#judge-files", videos)
        expect(tab.locator("#judge-videos .verdict")).to_have_count(2, timeout=SLOW)
        assert "mine" not in tab.title() and tab.locator("#judge-videos img").count() == 0
        assert "<img src=x" in tab.locator("#judge-videos").inner_text()
        tab.locator("#judge-videos .open").nth(1).focus()
        tab.keyboard.press("Enter")
        expect(tab.locator("#judge-shown .name")).to_contain_text("<img src=x")
        tab.locator("#judge-shown .track").first.click(position={"x": 100, "y": 5})
        assert tab.evaluate("document.querySelector('#judge-shown video').currentTime") > 0
        for place_ in (0, 1):
            tab.locator("#judge-videos input").nth(place_).focus()
            tab.keyboard.press("Space")
        expect(tab.locator("#judge-shown video")).to_have_count(2)
        expect(tab.locator("#judge-shown table.pair tr")).not_to_have_count(0)
        with tab.context.expect_page() as opened:  # the audit's own page
            tab.locator("#judge-shown a").first.click()
        opened.value.wait_for_selector("#verdict")
        assert opened.value.evaluate("origin") == "null"  # it runs as if from nowhere


def test_a_report_is_in_chinese_and_what_has_no_translation_is_marked(place, chromium, videos):
    with page(chromium, place[0], "judge", locale="zh-CN") as tab:
        tab.set_input_files("#judge-files", videos[0])
        expect(tab.locator("#judge-videos .verdict")).to_have_count(1, timeout=SLOW)
        report = tab.locator("#judge-shown .report")
        assert report.locator("details td").count() > 10 and report.locator("[lang=en]").count() == 0
        assert not re.search(r"[a-z]+ [a-z]+ [a-z]+", report.inner_text())
        said = "A thing leaps 12 px from one frame to the next without being anywhere between."
        known, unknown = tab.evaluate(
            f"import('/pages/rooms.js').then(({{room, write}}) => ['{said}', 'nobody says <b>so</b>'].map(one => "
            "write(document.createElement('p'), room(one)).innerHTML))"
        )
        assert known == "物体在一帧之间跳过 12 像素，没有经过中间的任何位置。"
        assert unknown == '<span lang="en">nobody says &lt;b&gt;so&lt;/b&gt;</span>'


def test_a_folder_is_judged_and_what_is_no_video_is_left_out(place, chromium, videos, tmp_path):
    (tmp_path / "some" / "deep").mkdir(parents=True)
    (tmp_path / "some" / "notes.txt").write_text("no video")
    (tmp_path / "some" / "broken.mp4").write_bytes(b"no video either")
    (tmp_path / "some" / "deep" / "crossing.mp4").write_bytes(videos[0].read_bytes())
    with page(chromium, place[0], "judge") as tab:
        tab.set_input_files("#judge-folder", tmp_path / "some")
        expect(tab.locator("#judge-status")).to_contain_text("1 files are no videos", timeout=10_000)
        expect(tab.locator("#judge-videos .verdict")).to_have_count(1, timeout=SLOW)
        expect(tab.locator("#judge-videos .bad")).to_contain_text("It did not work: cannot read")
        expect(tab.locator("#judge-videos")).to_contain_text("some/deep/crossing.mp4")
        said = tab.locator("#judge-videos .bad").inner_text()
        assert "aside" not in said and "/uploads/" not in said  # where it lay here is nobody's business


def test_language_and_theme_are_switched_and_kept(place, chromium):
    with page(chromium, place[0], "make", locale="zh-CN") as tab:
        expect(tab.locator("#page-make h1")).to_have_text("生成")
        tab.select_option("#language", "en")
        expect(tab.locator("#page-make h1")).to_have_text("Make")
        tab.select_option("#theme", "dark")
        tab.reload()
        expect(tab.locator("#page-make h1")).to_have_text("Make")
        assert tab.evaluate("getComputedStyle(document.body).backgroundColor") == PAPER["dark"]


@pytest.mark.parametrize("size", ["wide", "narrow"])
def test_every_page_is_reached_by_the_keyboard(place, chromium, size):
    with page(chromium, place[0], "make", size) as tab:
        for name in ("Play", "Folds", "Judge", "Library", "Exam", "Make"):
            for _ in range(12):
                if focused(tab) == name:
                    break
                tab.keyboard.press("Shift+Tab" if name == "Make" else "Tab")  # back to the first of the row
            tab.keyboard.press("Enter")
            expect(tab.locator("section.page:visible h1").first).to_have_text(name)


def test_a_worker_that_is_killed_amid_a_run_is_told_and_the_page_lives_on(place, chromium):
    studio, process = place
    with page(chromium, studio, "make") as tab:
        made(tab, "two balls collide", seconds="60")
        expect(tab.locator("#make-canvas")).to_be_visible(timeout=SLOW)
        for worker in children(process.pid):
            os.kill(worker, signal.SIGKILL)
        expect(tab.locator("#make-status")).to_contain_text("has died", timeout=10_000)
        made(tab, "two balls collide", seconds="0.5")
        expect(tab.locator(".result")).to_be_visible(timeout=SLOW)


def test_a_closed_tab_stops_its_run(place, chromium):
    studio, process = place
    begun = [page(chromium, studio, "make") for _ in range(2)]  # as many as there are workers
    tabs = [one.__enter__() for one in begun]
    for tab in tabs:
        made(tab, "two balls collide", seconds="60")
        expect(tab.locator("#make-canvas")).to_be_visible(timeout=SLOW)
    with page(chromium, studio, "make") as waiting:
        made(waiting, "two balls collide", seconds="0.5")
        expect(waiting.locator("#make-status")).to_contain_text("in the queue")
        tabs[0].context.close()
        expect(waiting.locator(".result")).to_be_visible(timeout=SLOW)
    tabs[1].context.close()
    assert len(children(process.pid)) <= 2


@contextmanager
def stranger(body: str):
    """Another page of the same browser: it serves `body` on a port of its own."""

    class Page(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *told):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_address[1]
    server.shutdown()


ATTACK = (Path(__file__).parent / "attack.html").read_text()


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost", "evil.example"])
def test_another_page_of_the_same_browser_gets_nothing(place, chromium, name):
    """It knows the port; the browser has the studio's cookie. `localhost` is another site, 127.0.0.1 the same one on
    another port; `evil.example` is a stranger's name."""
    studio, _ = place
    rules = "--host-resolver-rules=MAP evil.example 127.0.0.1, MAP rebound.example 127.0.0.1"
    with another(chromium, rules) as launched, stranger(ATTACK.replace("ORIGIN", studio.origin)) as port:
        context = launched.new_context()
        own = context.new_page()
        own.goto(f"{studio.origin}/?token={studio.token}")
        own.wait_for_url(f"{studio.origin}/")
        evil = context.new_page()
        evil.goto(f"http://{name}:{port}/")
        expect(evil).to_have_title(re.compile("^got"), timeout=20_000)
        got = json.loads(evil.title()[4:])
        assert len(got) == 7 and all(one.endswith("failed") for one in got), got
        # DNS rebinding: the stranger's name now leads to the studio's own port
        evil.goto(f"http://rebound.example:{studio.port}/?token={studio.token}")
        assert "403" in evil.inner_text("body")
        context.close()
