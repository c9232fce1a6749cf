"""How quickly does the studio's page Play answer a hand? Frames a second, and the time from a key to its picture, in a
real Chromium on this machine.

    python benchmarks/play.py [--worlds Juice Snow] [--learned MODEL] [--presses 120] [--priority] [--quick] [--save]

A wait is from the key's event to the display frame after the one that has painted the first picture in which the press
is obeyed: the page's own clock, and up to a display frame more than a person sees. Presses come at random moments,
300 to 600 ms apart (seed 0); the key is that of a world's first action. Frames a second: steps shown over the same
seconds, 16 asked. The interval of the 95th percentile is a bootstrap's over presses. `load`: processes that wanted a
core at the end, this measurement's own
(server, worker, browser) among them. `--priority` puts these before the machine's other work (Linux's autogroups),
where somebody else keeps it busy; the row says so.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Thread
from typing import Any

import numpy as np

from cuspworld.worlds import names
from results import Table, add_argument

BATCH = 40  # presses that the page keeps the waits of


@contextmanager
def studio(learned: Path | None) -> Iterator[str]:
    """The address of a studio in a process of its own."""
    command = [sys.executable, "-m", "cuspworld", "studio", "--no-open"]
    command += [] if learned is None else ["--learned", str(learned)]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        try:
            yield next(m.group(0) for line in process.stdout if (m := re.search(r"http://\S+", line)))
        finally:
            process.send_signal(signal.SIGINT)


def prefer() -> None:
    """Until this process ends, each process that it began comes before the machine's other work."""
    done: set[int] = set()
    while True:
        parents = {}
        for status in Path("/proc").glob("[0-9]*/stat"):
            with suppress(OSError):
                parents[int(status.parent.name)] = int(status.read_text().rpartition(")")[2].split()[1])
        for process in set(parents) - done:
            line = process
            while line in parents and line != os.getpid():
                line = parents[line]
            if line == os.getpid():
                with suppress(OSError):
                    Path(f"/proc/{process}/autogroup").write_text("-12")
                    done.add(process)
        time.sleep(0.5)


def until(page: Any, condition: str) -> None:
    end = time.monotonic() + 180
    while not page.evaluate(condition):
        if time.monotonic() > end:
            raise TimeoutError(f"{condition}: {page.inner_text('main')[:400]}")
        time.sleep(0.05)


def facts(page: Any) -> dict[str, str]:
    return page.evaluate("({...document.getElementById('play-stage').dataset})")


def measured(page: Any, world: str, pixels: int, presses: int, priority: bool) -> dict[str, object]:
    page.select_option("#play-world", world)
    page.select_option("#play-size", str(pixels))
    page.fill("#play-seed", "0")
    page.click("#play-begin")
    until(page, "document.getElementById('play-stage').dataset.step > 20")  # kernels are compiled by then
    learned = page.is_visible("#play-right")
    drawn = random.Random(0)
    waits: list[float] = []
    shown, spent = 0, 0.0
    while len(waits) < presses:
        page.keyboard.press("r")
        time.sleep(0.7)
        before, began = int(facts(page)["step"]), time.perf_counter()
        for _ in range(min(BATCH, presses - len(waits))):
            page.keyboard.down("ArrowRight")
            time.sleep(0.03)
            page.keyboard.up("ArrowRight")
            time.sleep(drawn.uniform(0.27, 0.57))
        now = facts(page)
        shown, spent = shown + int(now["step"]) - before, spent + time.perf_counter() - began
        waits += json.loads(now["waits"])
    page.keyboard.press("x")
    until(page, "document.getElementById('play-end').disabled")
    sample = np.random.default_rng(0).choice(waits, (2000, len(waits)))
    low, high = np.percentile(np.percentile(sample, 95, axis=1), [2.5, 97.5])
    return {
        "world": world, "beside it a learned one": learned, "pixels": pixels, "presses": len(waits),
        "frames a second": round(shown / spent, 1), "key to picture, ms, median": float(np.median(waits)),
        "95th percentile": f"{np.percentile(waits, 95):.0f} ({low:.0f}-{high:.0f})", "worst": float(max(waits)),
        "load": round(os.getloadavg()[0], 1), "priority": priority,
    }  # fmt: skip


def main() -> None:
    learned = ("Juice", "Collision", "Candles")  # those that are shipped with a learned one beside them
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--worlds", nargs="+", default=[*learned, *(name for name in names() if name not in learned)])
    parser.add_argument("--learned", type=Path, help="the model/ of a run of cusp train --dynamics")
    parser.add_argument("--presses", type=int, default=120)
    parser.add_argument("--priority", action="store_true", help="before the machine's other work")
    parser.add_argument("--quick", action="store_true", help="ten presses in the first world")
    add_argument(parser)
    arguments = parser.parse_args()
    if (chromium := shutil.which("chromium")) is None:
        sys.exit("this needs Debian's chromium (apt-get install chromium) and pip install playwright")
    from playwright.sync_api import sync_playwright

    if arguments.priority:
        Thread(target=prefer, daemon=True).start()
    chosen = arguments.worlds[:1] if arguments.quick else arguments.worlds
    presses = 10 if arguments.quick else arguments.presses
    with studio(arguments.learned) as address, sync_playwright() as play, Table("play", arguments.save) as table:
        browser = play.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.goto(address)
        page.wait_for_selector("nav a")
        page.goto(address.partition("?")[0] + "#play")
        page.wait_for_selector("#play-world option", state="attached")
        for name in chosen:
            table.add(measured(page, name, 64, presses, arguments.priority))
        browser.close()


if __name__ == "__main__":
    main()
