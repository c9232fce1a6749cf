"""How soon is the studio there, does it lose anything under load, and does its memory grow?

    python benchmarks/studio.py            # minutes; ten clients for two minutes, 200 generations
    python benchmarks/studio.py --quick    # ten clients for ten seconds, 20 generations

The studio is `cusp studio` as a person starts it, with the shipped model and two workers; the clients are a browser's
requests and websockets, spoken by hand on loopback. "Lost": a run without an end, a frame that did not come, a file
that is not whole, an audit without a report. Memory is resident memory of the studio's own process and of its workers.
"""

import argparse
import asyncio
import json
import os
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import contextmanager, suppress
from pathlib import Path

PROMPTS = (
    "a glass of red juice is pushed hard and tips over", "four candles on a cake are blown at and go out",
    "a red ball hits a blue ball", "a chair is dropped and tips over",
)  # fmt: skip
CLIENTS = 10
TYPED = 10.0  # seconds in which a person writes her first prompt


@contextmanager
def started():
    """(its process, its address, seconds until it printed that)."""
    begin = time.perf_counter()
    command = [sys.executable, "-m", "cuspworld", "studio", "--no-open", "--workers", "2"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True)
    try:
        address = re.search(r"http\S+", process.stdout.readline())[0]
        yield process, address, time.perf_counter() - begin
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(30)


class Client:
    """A tab: `cookie`, websocket, and requests."""

    def __init__(self, address: str):
        self.address, self.origin = address, address.partition("/?")[0]
        self.tab, self.count = "", 0

    async def open(self) -> None:
        from websockets.asyncio.client import connect

        _, headers, _ = await self.request("GET", self.address.removeprefix(self.origin))
        self.cookie = headers["set-cookie"].partition(";")[0]
        sent = {"Cookie": self.cookie}
        place = self.origin.replace("http", "ws") + "/runs"
        self.socket = await connect(place, additional_headers=sent, origin=self.origin, max_size=None)
        self.tab = json.loads(await self.socket.recv())["tab"]

    async def request(self, method: str, path: str, body: bytes = b"") -> tuple[int, dict[str, str], bytes]:
        """(status, headers, body), over a connection of its own."""
        host = self.origin.partition("//")[2]
        reader, writer = await asyncio.open_connection(*host.split(":"))
        head = {"Host": host, "Connection": "close", "Content-Length": str(len(body)), "X-Tab": self.tab}
        if self.tab:
            head |= {"Cookie": self.cookie, "Origin": self.origin}
        text = "".join(f"{name}: {value}\r\n" for name, value in head.items())
        writer.write(f"{method} {path} HTTP/1.1\r\n{text}\r\n".encode() + body)
        answer = await reader.read()
        writer.close()
        top, _, rest = answer.partition(b"\r\n\r\n")
        lines = top.decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
        return int(lines[0].split()[1]), headers, rest

    async def run(self, job: str, arguments: dict) -> tuple[list[dict], float, float]:
        """(what it said, seconds until its first picture, seconds until its end)."""
        self.count += 1
        name, begin, first, said = f"run-{self.count}", time.perf_counter(), float("nan"), []
        await self.socket.send(json.dumps({"do": "start", "run": name, "job": job, "arguments": arguments}))
        while True:
            data = await self.socket.recv()
            facts = json.loads(data if isinstance(data, str) else data.partition(b"\n")[0])
            assert facts["run"] == name, f"another's message: {facts}"
            if facts["kind"] == "picture" and first != first:
                first = time.perf_counter() - begin
            said.append(facts)
            if facts["kind"] in ("done", "failed", "stopped"):
                return said, first, time.perf_counter() - begin


async def made(client: Client, seed: int, seconds: float) -> Counter:
    """One clip made and fetched; what of it was lost."""
    arguments = {"prompt": PROMPTS[seed % len(PROMPTS)], "seconds": seconds, "seed": seed}
    said, _, _ = await client.run("make", arguments)
    kinds = Counter(facts["kind"] for facts in said)
    lost = Counter(runs=1, ended=int(said[-1]["kind"] == "done"))
    lost["frames lost"] = round(seconds * 10) - kinds["picture"]
    clips = [facts for facts in said if facts["kind"] == "clip"]
    for file in clips[0]["files"].values() if clips else ():
        status, headers, body = await client.request("GET", f"/files/{client.tab}/run-{client.count}/{file}")
        lost["files"] += 1
        lost["files lost"] += status != 200 or len(body) != int(headers["content-length"]) or not body
    lost["files lost"] += 0 if clips else 3
    return lost


async def judged(client: Client, video: bytes) -> Counter:
    """One video given and judged."""
    status, _, body = await client.request("POST", "/uploads", video)
    given = json.loads(body)
    if status != 200:
        return Counter({"runs": 1, "reports lost": 1})
    said, _, _ = await client.run("judge", {"video": given, "name": "a video"})
    await client.socket.send(json.dumps({"do": "forget", "upload": given["upload"]}))
    reports = sum(facts["kind"] == "report" for facts in said)
    return Counter({"runs": 1, "ended": int(said[-1]["kind"] == "done"), "reports lost": 1 - reports})


async def load(address: str, seconds: float, video: bytes, clients: int = CLIENTS) -> Counter:
    """`clients` tabs at once: the even ones make, the odd ones judge, one run after the other until the time is up."""
    counted: Counter = Counter()
    until = time.monotonic() + seconds

    async def one(number: int) -> None:
        client = Client(address)
        await client.open()
        while time.monotonic() < until:
            lost = await (judged(client, video) if number % 2 else made(client, 1000 * number + client.count, 0.5))
            counted.update(lost)
            counted[f"client {number}"] += 1
        await client.socket.close()

    await asyncio.gather(*(one(number) for number in range(clients)))
    return counted


def begun(process: int) -> list[int]:
    """The processes that a process has started."""
    found = []
    for entry in Path("/proc").iterdir():
        with suppress(OSError, ValueError, IndexError):
            if int((entry / "stat").read_text().rpartition(")")[2].split()[1]) == process:
                found.append(int(entry.name))
    return found


def resident(process: int) -> float:
    """MB of memory that a process and what it started hold."""
    total = sum(resident(one) for one in begun(process))
    return total + int(Path(f"/proc/{process}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


async def warmed(address: str, process: int) -> tuple[float, float]:
    """CPU seconds that the first worker takes until it waits for a prompt, and MB that it then holds."""
    client = Client(address)
    await client.open()
    await client.run("about", {})  # which waits for it
    (worker,) = begun(process)
    used = Path(f"/proc/{worker}/stat").read_text().rpartition(")")[2].split()[11:13]
    await client.socket.close()
    return sum(map(int, used)) / os.sysconf("SC_CLK_TCK"), resident(worker)


async def memory(address: str, process: int, generations: int, every: int) -> list[tuple[int, float, float]]:
    """(generations so far, MB of the studio's own process, MB of all) of one tab that makes clip after clip."""
    client = Client(address)
    await client.open()
    found = []
    for number in range(1, generations + 1):
        lost = await made(client, number, 0.5)
        assert lost["ended"] == 1, number
        if number % every == 0:
            whole = resident(process)
            own = int(Path(f"/proc/{process}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20
            found.append((number, own, whole))
    await client.socket.close()
    return found


def small_video() -> bytes:
    """A disc that crosses: 24 frames of 64 x 96."""
    import numpy as np

    from cuspworld.clip import Clip

    height, width = np.mgrid[:64, :96]
    frames = np.full((24, 64, 96, 3), (226, 224, 214), np.uint8)
    for k in range(24):
        frames[k][(height - 32) ** 2 + (width - 12 - 3 * k) ** 2 < 50] = (200, 40, 40)
    with tempfile.TemporaryDirectory() as folder:
        return Clip(frames, 24.0).write(Path(folder) / "disc.mp4").read_bytes()


async def first_frames(address: str, tries: int, wait: float) -> list[float]:
    """Seconds from asking to the first picture of so many clips in turn, the first asked `wait` s after opening."""
    client = Client(address)
    await client.open()
    await asyncio.sleep(wait)
    found = []
    for number in range(tries):
        _, first, _ = await client.run("make", {"prompt": PROMPTS[0], "seconds": 2, "seed": number})
        found.append(first)
    return found


def spread(values: list[float]) -> dict[str, float]:
    ordered = sorted(values)
    return {
        "median s": statistics.median(ordered),
        "least": ordered[0],
        "95 % below": ordered[int(0.95 * len(ordered))],
    }


def main() -> None:
    from results import Table, add_argument, wilson

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    add_argument(parser)
    arguments = parser.parse_args()
    tries, seconds, generations = (2, 10.0, 20) if arguments.quick else (5, 120.0, 200)
    with Table("studio", arguments.save) as table:

        def add(what: str, count: int, **told: object) -> None:
            columns = ("median s", "least", "95 % below", "lost", "95 % interval, %", "MB", "of it the server")
            table.add({"what": what, "n": count, **{name: told.get(name) for name in columns}})

        printed, later, first = [], [], {0.0: [], TYPED: []}
        for wait in first:
            for _ in range(tries):
                with started() as (_, address, took):
                    printed.append(took)
                    begun, *others = asyncio.run(first_frames(address, 5, wait))
                    first[wait].append(begun)
                    later += others
        ready = []
        for _ in range(tries):
            with started() as (process, address, _):
                ready.append(asyncio.run(warmed(address, process.pid)))
        add("the first worker until it waits for a prompt, CPU s", tries,
            MB=statistics.median(held for _, held in ready), **spread([used for used, _ in ready]))  # fmt: skip
        add("command to address", len(printed), **spread(printed))
        add("Make to first frame, right after the start (the model loads)", tries, **spread(first[0.0]))
        add(f"Make to first frame, {TYPED:g} s after the start", tries, **spread(first[TYPED]))
        add("Make to first frame, later (a chunk of 24 frames)", len(later), **spread(later))
        with started() as (process, address, _):
            counted = asyncio.run(load(address, seconds, small_video()))
            losses = {name: count for name, count in counted.items() if name.endswith("lost")}
            lost = counted["runs"] - counted["ended"]
            low, high = wilson(lost, counted["runs"])
            told = f"{lost} of {counted['runs']} runs; " + ", ".join(f"{v} {k}" for k, v in sorted(losses.items()))
            interval = f"{100 * low:.1f}-{100 * high:.1f}"
            least = min(counted[f"client {number}"] for number in range(CLIENTS))
            add(f"{CLIENTS} clients for {seconds:g} s, each at least {least} runs", counted["runs"],
                lost=told, **{"95 % interval, %": interval})  # fmt: skip
        with started() as (process, address, _):
            for number, own, whole in asyncio.run(memory(address, process.pid, generations, generations // 10)):
                add(f"memory after {number} generations", number, MB=whole, **{"of it the server": own})


if __name__ == "__main__":
    main()
