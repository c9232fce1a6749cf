"""The studio as an ASGI application: its pages, the websocket of each tab, uploads, and the files that runs made."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.websockets import WebSocket

from cuspworld.errors import CuspError
from cuspworld.studio.guard import REPORT_POLICY, Guard
from cuspworld.studio.runs import Runs
from cuspworld.studio.settings import Settings
from cuspworld.studio.tabs import Tab
from cuspworld.studio.uploads import TooLarge, Uploads

HERE = Path(__file__).parent


def create_app(settings: Settings, scratch: Path, port: int, token: str) -> FastAPI:
    """The application. `scratch`: an empty folder for what is uploaded and made; `token`: of the first address."""
    (scratch / "runs").mkdir(mode=0o700)
    runs, uploads = Runs(settings, scratch / "runs"), Uploads(settings, scratch / "uploads")

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        runs.warm()
        yield
        runs.close()

    async def frame(request: Request) -> Response:
        return FileResponse(HERE / "pages" / "frame.html")

    async def upload(request: Request) -> Response:
        """The body is the file; who sends it is the tab that X-Tab names."""
        announced = request.headers.get("content-length", "0")
        try:
            size = int(announced) if announced.isdecimal() and len(announced) < 20 else 0
            name = await uploads.take(request.headers.get("x-tab", ""), size, request.stream())
        except TooLarge as error:
            return JSONResponse({"text": str(error)}, 413, {"Connection": "close"})
        except (CuspError, KeyError, ClientDisconnect) as error:
            return JSONResponse({"text": str(error)}, 400, {"Connection": "close"})
        return JSONResponse({"upload": name})

    async def made(request: Request) -> Response:
        """A file that a run of a tab made."""
        asked: dict[str, Any] = request.path_params
        path = runs.file(asked["tab"], asked["run"], asked["name"])
        if path is None:
            return Response("404: this is not kept any more; make it again\n", 404, media_type="text/plain")
        headers = {"Content-Security-Policy": REPORT_POLICY} if path.suffix == ".html" else {}
        return FileResponse(path, headers=headers)

    async def tab(socket: WebSocket) -> None:
        await Tab(socket, runs, uploads).serve()

    routes = [
        Route("/", frame),
        Route("/uploads", upload, methods=["POST"]),
        Route("/files/{tab}/{run}/{name}", made),
        WebSocketRoute("/runs", tab),
        Mount("/pages", StaticFiles(directory=HERE / "pages")),
        Mount("/texts", StaticFiles(directory=HERE / "texts")),
    ]
    app = FastAPI(routes=routes, lifespan=lifespan, openapi_url=None, docs_url=None, redoc_url=None)
    app.add_middleware(Guard, port=port, token=token)
    app.state.runs, app.state.uploads = runs, uploads
    return app
