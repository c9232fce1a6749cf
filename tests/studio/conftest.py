"""A studio that serves on this machine, in a thread, with the jobs of `jobs.py`; and a tab that speaks to it."""

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

REPOSITORY = Path(__file__).parent.parent.parent


@dataclass
class Tab:
    """A websocket of the studio, with what it has said so far."""

    studio: Any
    socket: Any
    name: str = ""
    said: list[tuple[dict[str, Any], bytes]] = field(default_factory=list)
    count: int = 0

    def ask(self, **message: Any) -> None:
        self.socket.send(json.dumps(message))

    def start(self, job: str, **arguments: Any) -> str:
        self.count += 1
        name = f"{job}-{self.count}"
        self.ask(do="start", run=name, job=job, arguments=arguments)
        return name

    def hear(self, *kinds: str, run: str | None = None, seconds: float = 120) -> dict[str, Any]:
        """The next message of one of these kinds (of this run)."""
        until = time.monotonic() + seconds
        while True:
            data = self.socket.recv(timeout=max(0.01, until - time.monotonic()))
            head, _, payload = (data if isinstance(data, bytes) else data.encode()).partition(b"\n")
            facts = json.loads(head)
            self.said.append((facts, payload))
            if facts["kind"] in kinds and (run is None or facts.get("run") == run):
                return facts

    def ends(self, run: str, seconds: float = 120) -> dict[str, Any]:
        return self.hear("done", "failed", "stopped", run=run, seconds=seconds)

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [facts for facts, _ in self.said if facts["kind"] == kind]


@dataclass
class Studio:
    """Where it serves, and what a browser that was let in knows."""

    port: int
    token: str
    app: Any
    folder: Path
    cookie: str = ""

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def request(
        self, method: str, path: str, headers: dict[str, str] | None = None, body: bytes = b"", **own: str
    ) -> tuple[int, dict[str, str], bytes]:
        """(status, headers, body) of a request as this page makes it; `headers` of None are left out."""
        import http.client

        usual = {"Host": f"127.0.0.1:{self.port}", "Cookie": self.cookie, "Origin": self.origin}
        sent = {name: value for name, value in {**usual, **(headers or {})}.items() if value}
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        connection.request(method, path, body or None, sent)
        answer = connection.getresponse()
        try:
            return answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read()
        finally:
            connection.close()

    def enter(self) -> None:
        """Open the first address, as a browser does."""
        status, headers, _ = self.request("GET", f"/?token={self.token}", {"Cookie": "", "Origin": ""})
        assert status == 200
        self.cookie = headers["set-cookie"].partition(";")[0]

    def tab(self, **headers: str) -> Tab:
        from websockets.sync.client import connect

        sent = {"Cookie": self.cookie, **headers}
        origin = sent.pop("Origin", self.origin)
        opened = connect(
            f"ws://127.0.0.1:{self.port}/runs", additional_headers=sent, origin=origin, max_size=None, open_timeout=120
        )
        made = Tab(self, opened)
        made.name = made.hear("tab")["tab"]
        return made


@contextmanager
def serving(folder: Path, **settings: Any) -> Iterator[Studio]:
    """A studio with these settings that keeps its files in `folder`."""
    uvicorn = pytest.importorskip("uvicorn")
    pytest.importorskip("fastapi")
    pytest.importorskip("websockets")
    from cuspworld.studio.app import create_app
    from cuspworld.studio.jobs import JOBS
    from cuspworld.studio.settings import Settings
    from tests.studio import jobs

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", f"{REPOSITORY / 'src'}:{REPOSITORY}")
        for name in jobs.NAMES:
            patch.setitem(JOBS, name, f"{jobs.HERE}:{name}")
        patch.setitem(JOBS, "warm", f"{jobs.HERE}:echo")
        listening = socket.create_server(("127.0.0.1", 0))
        port, token = listening.getsockname()[1], "secret-of-the-test"
        app = create_app(Settings(**settings), folder, port, token)
        options = {"lifespan": "on", "ws": "websockets-sansio", "timeout_graceful_shutdown": 2}
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", **options))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.01)
        served = Studio(port, token, app, folder)
        served.enter()
        yield served
        server.should_exit = True
        thread.join(10)
        assert not thread.is_alive()


@pytest.fixture
def studio(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Studio]:
    """Serves until the test ends. Indirect parameters are those of `Settings`."""
    with serving(tmp_path, **getattr(request, "param", {})) as served:
        yield served


def alive(process: int) -> bool:
    """Whether a process runs: not gone, and no zombie that its parent has not looked at yet."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def ends(process: int, seconds: float = 60) -> bool:
    """Whether it ends within so many seconds."""
    until = time.monotonic() + seconds
    while alive(process):
        if time.monotonic() > until:
            return False
        time.sleep(0.05)
    return True
