"""The library as a page: what it says, and in a real browser, what it does."""

import shutil

import numpy as np
import pytest

from cuspworld import Library
from cuspworld.errors import CuspError
from cuspworld.library.pages import write_page
from cuspworld.library.pages.page import plane
from tests.browser import opened
from tests.helpers import moving_box

HOSTILE = "</script><script>document.title='taken'</script> {{DATA}} \u2028 <img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    folder = tmp_path_factory.mktemp("videos")
    for seed in range(4):
        moving_box(seed, 12, (32, 48)).write(folder / f"{seed}.mp4")
    shutil.copy(folder / "1.mp4", folder / "copy.mp4")
    (folder / "0.txt").write_text(HOSTILE)
    library = Library.create(tmp_path_factory.mktemp("library") / "real.lance")
    library.ingest(folder)
    library.set_vectors(np.random.default_rng(0).normal(size=(5, 6)))
    return library


def test_a_page_is_one_file_that_fetches_nothing(library, tmp_path):
    text = write_page(library, tmp_path / "page.html").read_text(encoding="utf-8")
    assert "http" not in text.replace("http-equiv", "").replace("http://www.w3.org/2000/svg", "")
    assert text.count("</script>") == 1 and text.count('"strip": "data:image/jpeg') == 5
    with pytest.raises(CuspError, match=r"must end in \.html"):
        write_page(library, tmp_path / "page.png")
    with pytest.raises(CuspError, match="no clips to show"):
        write_page(Library.create(tmp_path / "empty.lance"), tmp_path / "page.html")


def test_the_plane_holds_the_two_main_directions():
    rng = np.random.default_rng(0)
    flat = rng.normal(size=(50, 2)) @ rng.normal(size=(2, 7))
    points, share = plane(flat)
    assert share == pytest.approx(1.0) and points.min() == 0 and points.max() == pytest.approx(1.0)
    apart = np.linalg.norm(flat[:, None] - flat[None], axis=-1)
    drawn = np.linalg.norm(points[:, None] - points[None], axis=-1)
    assert np.ptp(drawn[apart > 0] / apart[apart > 0]) < 1e-9


@pytest.mark.browser
def test_the_page_in_a_browser(library, tmp_path):
    with opened(write_page(library, tmp_path / "page.html")) as (tab, said):
        assert tab.title() == "Library: real.lance" and tab.locator("#clips .clip").count() == 5
        assert HOSTILE.split(" {{")[0] in tab.locator("#clips .clip p").first.inner_text()
        strip = tab.locator("#clips .strip").nth(1)
        strip.hover()
        tab.wait_for_timeout(1000)
        assert int(strip.get_attribute("data-frame")) > 0
        tab.mouse.move(5, 5)
        assert strip.get_attribute("data-frame") == "0"
        assert tab.locator("#groups .group .clip").count() == 2
        assert "the same bytes" in tab.locator("#groups").inner_text()
        assert tab.locator("#map circle").count() == 5
        tab.select_option("#colour", "duplicate")
        assert "yes (1)" in tab.locator("#key").inner_text()
        tab.locator("#map circle").nth(2).hover()
        assert tab.locator("#pointed .clip").count() == 1
        tab.fill("#search", "copy")
        assert tab.locator("#count").inner_text() == "1 of 5"
        assert said == []
