"""The HTML report in a real browser: its video plays, the timeline seeks, boxes stand where the findings are."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cuspworld.audit import Finding, Measurement, Report, write_page
from cuspworld.audit.finding import Series
from cuspworld.audit.pages.page import percent
from cuspworld.clip import Clip

from ...browser import opened
from ..scenes import BLUE, FPS, RED, render, straight

HEIGHT, WIDTH = 96, 128


def _report() -> tuple[Report, Clip]:
    """Two findings at known times and places; a name and sentence that try to run a script."""
    clip = Clip(
        render([straight((25, 30), (1.2, 0), 60), straight((100, 65), (-1.1, 0), 60)], [7, 9], [RED, BLUE]), FPS
    )
    evil = "<img src=x onerror=\"document.title='hacked'\"><script>document.title='hacked'</script>"
    series = (Series("speed", "px/s", tuple(k / 30 for k in range(60)), tuple(float(k % 7) for k in range(60))),)
    findings = (
        Finding("inertia", 0.5, 0.5333, 0.8, f"First. {evil}", (20, 10, 60, 50), series=series),
        Finding("permanence", 1.4, 1.7, 0.999, "Second.", (64, 48, 96, 72), measured={"area": Measurement(276, "px²")}),
    )
    report = Report(evil, 2.0, FPS, (HEIGHT, WIDTH), findings, {"inertia": 0.8, "permanence": 0.999}, {"arrow": evil})
    return report, clip


def test_probabilities_are_never_certain() -> None:
    assert [percent(p) for p in (0.0, 0.001, 0.5, 0.949, 0.9999, 1.0)] == [
        "below 1%", "below 1%", "50%", "95%", "above 99%", "above 99%",
    ]  # fmt: skip


def test_each_finding_has_pictures_of_its_time(tmp_path: Path) -> None:
    report, clip = _report()
    text = write_page(report, tmp_path / "page.html", clip).read_text()
    captions = re.findall(r"<figcaption>(.*?)</figcaption>", text)
    assert captions == ["before, 0.50 s", "after, 0.53 s", "before, 1.37 s", "during, 1.53 s", "after, 1.73 s"]
    assert text.count("data:image/jpeg;base64,") == 5


def test_a_page_of_a_video_file_has_the_same_pictures(tmp_path: Path) -> None:
    report, clip = _report()
    clip.write(tmp_path / "clip.mp4")
    text = write_page(report, tmp_path / "page.html", tmp_path / "clip.mp4").read_text()
    assert text.count("<figcaption>") == 5


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Any, list[str]]]:
    """(the open page, everything that it asked for or complained about)."""
    report, clip = _report()
    path = write_page(report, tmp_path_factory.mktemp("page") / "page.html", clip)
    with opened(path) as (tab, said):
        tab.wait_for_function("document.getElementById('video').readyState >= 2", timeout=60_000)
        yield tab, said


def _time(tab: Any, expected: float) -> None:
    tab.wait_for_function(f"Math.abs(document.getElementById('video').currentTime - {expected}) < 0.06", timeout=30_000)


@pytest.mark.browser
def test_a_click_on_the_timeline_seeks_to_the_finding(page: tuple[Any, list[str]]) -> None:
    tab, _ = page
    marks = tab.locator(".mark")
    assert marks.count() == 2
    marks.nth(1).click()
    _time(tab, 1.55)
    assert tab.locator(".finding.active .law").inner_text() == "permanence"
    tab.locator(".finding").nth(0).click()
    _time(tab, 0.517)
    assert tab.locator(".finding.active .law").inner_text() == "inertia"


@pytest.mark.browser
def test_a_click_between_the_marks_seeks_there(page: tuple[Any, list[str]]) -> None:
    tab, _ = page
    box = tab.locator(".track").first.bounding_box()
    tab.mouse.click(box["x"] + 0.1 * box["width"], box["y"] + box["height"] / 2)
    _time(tab, 0.2)


@pytest.mark.browser
def test_enter_on_a_finding_seeks_too(page: tuple[Any, list[str]]) -> None:
    tab, _ = page
    tab.locator(".finding").nth(1).focus()
    tab.keyboard.press("Enter")
    _time(tab, 1.55)


@pytest.mark.browser
def test_the_box_lies_over_its_place_in_the_video(page: tuple[Any, list[str]]) -> None:
    tab, _ = page
    tab.locator(".finding").nth(1).click()
    _time(tab, 1.55)
    tab.wait_for_selector("#overlay rect")
    assert tab.locator("#overlay rect").count() == 1
    assert tab.locator("#overlay text").text_content() == "permanence"
    video, box = tab.locator("#video").bounding_box(), tab.locator("#overlay rect").bounding_box()
    expected = [64 / WIDTH, 48 / HEIGHT, 32 / WIDTH, 24 / HEIGHT]
    measured = [
        (box["x"] - video["x"]) / video["width"], (box["y"] - video["y"]) / video["height"],
        box["width"] / video["width"], box["height"] / video["height"],
    ]  # fmt: skip
    assert np.allclose(measured, expected, atol=0.02)
    tab.evaluate("document.getElementById('video').currentTime = 1.0")
    tab.wait_for_selector("#overlay rect", state="detached")


@pytest.mark.browser
def test_the_video_plays_and_its_size_is_right(page: tuple[Any, list[str]]) -> None:
    tab, _ = page
    assert tab.evaluate("[video.videoWidth, video.videoHeight]") == [WIDTH, HEIGHT]
    assert abs(tab.evaluate("video.duration") - 2.0) < 0.05
    tab.evaluate("video.currentTime = 0")
    tab.evaluate("video.play()")
    for _ in range(300):  # the page's policy forbids wait_for_function: it runs text as code
        if tab.evaluate("video.currentTime > 0.1"):
            break
        tab.wait_for_timeout(100)
    assert tab.evaluate("video.currentTime > 0.1")
    tab.evaluate("video.pause()")


@pytest.mark.browser
def test_pictures_and_plots_are_drawn(page: tuple[Any, list[str]]) -> None:
    tab, _ = page
    assert tab.evaluate("[...document.images].every(i => i.complete && i.naturalWidth > 50)")
    assert tab.locator("svg.plot polyline").count() == 1


@pytest.mark.browser
def test_text_from_the_video_runs_nothing_and_nothing_is_fetched(page: tuple[Any, list[str]]) -> None:
    tab, said = page
    assert "hacked" not in tab.title().split("<")[0]
    assert tab.evaluate("document.querySelectorAll('img[src=x]').length") == 0
    assert said == []


@pytest.mark.browser
def test_a_narrow_screen_has_one_column_and_no_sideways_scrolling(page: tuple[Any, list[str]]) -> None:
    tab, _ = page
    tab.set_viewport_size({"width": 400, "height": 800})
    assert tab.evaluate("document.documentElement.scrollWidth") <= 400
    tab.set_viewport_size({"width": 1200, "height": 900})


def test_a_name_that_reads_like_a_place_of_the_template_stays_a_name(tmp_path: Path) -> None:
    report = Report("{{DATA}}{{FINDINGS}}.mp4", 2.0, FPS, (HEIGHT, WIDTH), (), {"inertia": 0.1}, {})
    text = write_page(report, tmp_path / "page.html").read_text()
    assert text.count("{{DATA}}{{FINDINGS}}.mp4") == 2  # title and heading
    assert text.count('"findings"') == 1
