"""A page in a real browser, for tests marked `browser`."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest


@contextmanager
def opened(path: Path, width: int = 1200, height: int = 900) -> Iterator[tuple[Any, list[str]]]:
    """(the open page, everything that it asked for or complained about)."""
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("Debian's chromium is not on this machine: apt-get install chromium")
    from playwright.sync_api import sync_playwright

    said: list[str] = []
    with sync_playwright() as play:
        browser = play.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-background-networking"]
        )
        tab = browser.new_page(viewport={"width": width, "height": height})
        tab.on("console", lambda message: said.append(message.text))
        tab.on("pageerror", lambda error: said.append(str(error)))
        tab.on("request", lambda r: said.append(r.url) if not r.url.startswith(("file:", "data:")) else None)
        tab.goto(path.as_uri())
        yield tab, said
        browser.close()
