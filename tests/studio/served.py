"""A real `cusp studio` in a process of its own, and tabs of a real browser on it, for tests marked `browser`."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest


@contextmanager
def served(**options: str | Path | int) -> Iterator[str]:
    """The address, with its token, of a studio with these options: model=, library=, learned=, workers=."""
    model = [str(options.pop("model"))] if "model" in options else []
    given = [word for name, value in options.items() for word in (f"--{name}", str(value))]
    command = [sys.executable, "-m", "cuspworld", "studio", *model, *given, "--no-open"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONUNBUFFERED": "1"}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
    try:
        assert process.stdout is not None
        found = next((m for line in process.stdout if (m := re.search(r"http://\S+", line))), None)
        assert found is not None, "the studio did not say its address"
        yield found.group(0)
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(30)


@contextmanager
def tab(
    address: str, page: str = "", width: int = 1280, height: int = 900, dark: bool = False, language: str = "en-US"
) -> Iterator[tuple[Any, list[str]]]:
    """(a tab of Chromium on this page of the studio, everything that it complained about or asked of elsewhere)."""
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("Debian's chromium is not on this machine: apt-get install chromium")
    from playwright.sync_api import sync_playwright

    said: list[str] = []
    home = address.partition("?")[0]
    with sync_playwright() as play:
        browser = play.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-background-networking"]
        )
        context = browser.new_context(
            viewport={"width": width, "height": height}, color_scheme="dark" if dark else "light", locale=language
        )
        opened = context.new_page()
        opened.on("console", lambda message: said.append(message.text))
        opened.on("pageerror", lambda error: said.append(str(error)))
        opened.on("request", lambda r: said.append(r.url) if not r.url.startswith((home, "blob:", "data:")) else None)
        opened.goto(address)
        opened.wait_for_selector("nav a")
        opened.goto(f"{home}#{page}")
        opened.wait_for_selector(f"#page-{page or 'make'} h1")
        yield opened, said
        browser.close()


def until(page: Any, condition: str, seconds: float = 60.0) -> None:
    """Wait until a JavaScript expression is true (Playwright's own waiting is forbidden by the page's policy)."""
    end = time.monotonic() + seconds
    while not page.evaluate(condition):
        assert time.monotonic() < end, f"never came true: {condition}; {page.inner_text('main')[:600]}"
        time.sleep(0.02)
