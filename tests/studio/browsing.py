"""The studio in a real browser, for tests marked `browser`."""

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.studio.command import started
from tests.studio.conftest import Studio

QUIET = ["--no-sandbox", "--disable-background-networking"]
SIZES = {"wide": (1280, 900), "narrow": (390, 844)}


@contextmanager
def browser() -> Iterator[Any]:
    """Chromium; `another(it, "--an-argument")` is one more."""
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("Debian's chromium is not on this machine: apt-get install chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        launched = play.chromium.launch(executable_path=chromium, args=QUIET)
        yield launched
        launched.close()


def another(launched: Any, *arguments: str) -> Any:
    return launched.browser_type.launch(executable_path=shutil.which("chromium"), args=[*QUIET, *arguments])


@contextmanager
def page(
    launched: Any, studio: Studio, name: str, size: str = "wide", theme: str = "light", locale: str = "en-US"
) -> Iterator[Any]:
    """A page of the studio, opened at the address that was printed. At its end nothing may have been complained about,
    asked of elsewhere, or wider than the window."""
    width, height = SIZES[size]
    context = launched.new_context(viewport={"width": width, "height": height}, color_scheme=theme, locale=locale)
    tab = context.new_page()
    wrong: list[str] = []
    tab.on("console", lambda message: wrong.append(message.text) if message.type in ("error", "warning") else None)
    tab.on("pageerror", lambda error: wrong.append(str(error)))
    own = (studio.origin, f"blob:{studio.origin}", "data:")
    tab.on("request", lambda request: None if request.url.startswith(own) else wrong.append(request.url))
    tab.goto(f"{studio.origin}/?token={studio.token}")
    tab.wait_for_url(f"{studio.origin}/")  # the token has left the address bar
    tab.goto(f"{studio.origin}/#{name}")
    tab.wait_for_selector(f"#page-{name}[data-ready] h1", timeout=60_000)
    yield tab
    assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth"), "wider than the window"
    assert not wrong, wrong
    context.close()


@contextmanager
def opened(
    name: str, *arguments: str, size: str = "wide", theme: str = "light", locale: str = "en-US"
) -> Iterator[Any]:
    """A page of a studio of its own, that `cusp studio` with these arguments serves."""
    with (
        started(*arguments) as (studio, _),
        browser() as launched,
        page(launched, studio, name, size, theme, locale) as tab,
    ):
        yield tab


def until(tab: Any, condition: str, seconds: float = 180.0) -> None:
    """Wait until a JavaScript expression is true (Playwright's own waiting is forbidden by the page's policy)."""
    end = time.monotonic() + seconds
    while not tab.evaluate(condition):
        assert time.monotonic() < end, f"never came true: {condition}; {tab.inner_text('main')[:600]}"
        time.sleep(0.02)


def focused(tab: Any) -> str:
    """The id, or else the text, of what has the keyboard."""
    return str(tab.evaluate("document.activeElement.id || document.activeElement.textContent"))


def tabbed_to(tab: Any, id: str, most: int = 60) -> None:
    """Press Tab until this has the keyboard; its focus must be seen."""
    for _ in range(most):
        tab.keyboard.press("Tab")
        if focused(tab) == id:
            outline = tab.evaluate("getComputedStyle(document.activeElement).outlineStyle")
            assert outline != "none", f"{id}: the focus is not seen"
            return
    raise AssertionError(f"Tab does not lead to {id}")
