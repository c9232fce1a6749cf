"""Serve a studio on this machine alone, until Ctrl-C ends it and all its workers."""

from __future__ import annotations

import secrets
import socket
import webbrowser
from collections.abc import Callable
from types import FrameType

from cuspworld.checks import whole
from cuspworld.errors import CuspError, MissingExtraError
from cuspworld.files import scratch_folder
from cuspworld.studio.settings import Settings

HOST = "127.0.0.1"


def serve(settings: Settings, port: int = 0, browse: bool = True, told: Callable[[str], None] = print) -> None:
    """Serve until SIGINT or SIGTERM. `port`: 0 takes a free one. `told`: is given the address, with its token, once the
    page answers there. Raises CuspError where the port is taken, or the extra `studio` is not installed."""
    try:
        import uvicorn

        from cuspworld.studio.app import create_app
    except ImportError as error:
        raise MissingExtraError("cusp studio", "studio") from error

    token = secrets.token_urlsafe(32)
    with _listening(whole("port", port, 0, 65535)) as listening, scratch_folder("studio") as scratch:
        bound = listening.getsockname()[1]
        address = f"http://{HOST}:{bound}/?token={token}"

        class Server(uvicorn.Server):
            async def startup(self, sockets: list[socket.socket] | None = None) -> None:
                await super().startup(sockets)
                told(address)
                if browse:
                    webbrowser.open(address)

            def handle_exit(self, sig: int, frame: FrameType | None) -> None:
                if not self.should_exit:  # a second Ctrl-C while it ends would leave the workers and print a traceback
                    super().handle_exit(sig, frame)

        config = uvicorn.Config(
            create_app(settings, scratch, bound, token), log_level="warning", lifespan="on", server_header=False,
            ws="websockets-sansio", ws_max_size=1 << 19, timeout_graceful_shutdown=2, limit_concurrency=200,
        )  # fmt: skip
        Server(config).run(sockets=[listening])


def _listening(port: int) -> socket.socket:
    listening = socket.socket()
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((HOST, port))
    except OSError as error:
        listening.close()
        raise CuspError(f"port {port} cannot be used: {error.strerror}; leave --port out, and a free one is") from error
    return listening
