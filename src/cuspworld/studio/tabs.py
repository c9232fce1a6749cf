"""A tab of the browser: one websocket, over which its page starts, tells and stops runs, and hears what they say.

The page sends JSON: {"do": "start", "run": NAME, "job": JOB, "arguments": {}}, {"do": "stop", "run": NAME},
{"do": "tell", "run": NAME, "data": {}}, {"do": "forget", "run": NAME} or {"do": "forget", "upload": NAME}. It hears
{"run": NAME, "kind": ..., ...}: of the queue "queued" (its `place`) and "started"; of its job whatever that says; last
"done", "stopped" or "failed" (with its `text`). Bytes come as a binary message: a line of such JSON, then the bytes.
"""

from __future__ import annotations

import asyncio
import json
import secrets
from contextlib import suppress
from typing import Any

from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from cuspworld.errors import CuspError
from cuspworld.studio.runs import Runs
from cuspworld.studio.uploads import Uploads

_SLOW = 60.0  # seconds that a page may take to read one message
LONGEST = 1 << 18  # characters of a message from a page


class Tab:
    """Serves one websocket until it closes."""

    def __init__(self, socket: WebSocket, runs: Runs, uploads: Uploads):
        self.socket, self.runs, self.uploads = socket, runs, uploads
        self.id, self.gone = secrets.token_hex(16), False
        self._lock = asyncio.Lock()

    async def serve(self) -> None:
        await self.socket.accept()
        self.uploads.open(self.id)
        try:
            await self.send({"kind": "tab", "tab": self.id})
            while True:
                await self._do(await self.socket.receive_text())
        except (WebSocketDisconnect, KeyError):  # KeyError: it sent bytes, which no page of ours does
            pass
        finally:
            self.gone = True
            self.uploads.close(self.id)
            await self.runs.leave(self)

    async def send(self, facts: dict[str, Any], data: bytes = b"") -> None:
        """To the page; nothing where it is gone, or where it does not read any more."""
        text = json.dumps(facts, ensure_ascii=False)
        with suppress(WebSocketDisconnect, RuntimeError, OSError):
            async with self._lock:
                if self.gone or self.socket.client_state is not WebSocketState.CONNECTED:
                    return
                try:
                    async with asyncio.timeout(_SLOW):
                        if data:
                            await self.socket.send_bytes(text.encode() + b"\n" + data)
                        else:
                            await self.socket.send_text(text)
                except TimeoutError:
                    self.gone = True
                    await self.socket.close(1008, "the page does not read")

    async def _do(self, text: str) -> None:
        try:
            asked = json.loads(text) if len(text) <= LONGEST else None
        except (ValueError, RecursionError):
            asked = None
        if not isinstance(asked, dict) or not isinstance(asked.get("run", ""), str):
            return
        id, what = asked.get("run", ""), asked.get("do")
        if what == "start":
            await self._start(id, asked)
        elif what == "forget":
            self.uploads.forget(self.id, str(asked.get("upload", "")))
            self.runs.forget(self, id)
        elif (run := self.runs.find(self, id)) is None:
            return
        elif what == "stop":
            await self.runs.stop(run)
            await self.runs.turn()
        elif what == "tell" and isinstance(asked.get("data"), dict):
            self.runs.tell(run, asked["data"])

    async def _start(self, id: str, asked: dict[str, Any]) -> None:
        try:
            arguments = asked.get("arguments", {})
            if not isinstance(arguments, dict):
                raise CuspError("arguments must be names with values")
            self.runs.start(self, id, str(asked.get("job", "")), self.uploads.given(self.id, arguments))
            await self.runs.turn()
        except CuspError as error:
            await self.send({"run": id, "kind": "failed", "text": str(error)})
