"""Who is let in: the person who was given the address with its token, and no other page of the same browser.

- The host must be this one's own name: a name of a stranger's that leads here (DNS rebinding) is turned away.
- The token of the first address becomes a cookie that scripts cannot read and other sites' requests do not carry
  (HttpOnly, SameSite=Strict); the token leaves the address bar.
- What changes something, and a websocket, must come from this origin.
- Every answer says that the page may load nothing from elsewhere, and that nobody may frame it.
"""

from __future__ import annotations

import secrets
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qs

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_SAFE = ("GET", "HEAD")
_OWN = ("same-origin", "none")  # of Sec-Fetch-Site: this page, or the person herself
POLICY = (
    "default-src 'self'; img-src 'self' blob: data:; media-src 'self' blob:; object-src 'none'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)
# A report is a page by itself with its own scripts: it runs as if from nowhere, and can reach nothing of the studio's.
REPORT_POLICY = (
    "default-src 'none'; img-src data:; media-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'self'; sandbox allow-scripts"
)
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
# By a page of ours, not by a redirect: after a link of another site's a redirect would not carry the new cookie.
_WELCOME = '<!doctype html><meta charset="utf-8"><meta http-equiv="refresh" content="0;url=/"><title>CuspWorld</title>'


class Guard:
    """ASGI middleware. `port`: where the studio listens; `token`: of its address."""

    def __init__(self, app: ASGIApp, port: int, token: str):
        self.app, self.token, self.session = app, token, secrets.token_urlsafe(32)
        self.hosts = {f"{name}:{port}" for name in ("127.0.0.1", "localhost", "[::1]")}
        self.cookie = f"cuspworld-{port}"  # cookies know no ports

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        refused = self._refuses(scope, headers)
        if refused is not None and scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008, "reason": refused})  # before accepting: 403
        elif refused is not None:
            await PlainTextResponse(f"403: {refused}\n", 403, HEADERS)(scope, receive, send)
        elif self._is_first(scope):
            await self._welcome()(scope, receive, send)
        else:
            await self.app(scope, receive, _with_headers(send))

    def _refuses(self, scope: Scope, headers: Headers) -> str | None:
        """Why this is not let in, None where it is."""
        host, origin = headers.get("host", ""), headers.get("origin")
        if host not in self.hosts:
            return "this is no name of the studio's: open the address that `cusp studio` printed"
        if headers.get("sec-fetch-site", "none") not in _OWN and not self._is_first(scope):
            return "another page asks: only the studio's own page may"
        if self._is_first(scope):
            return None
        if not self._knows(headers.get("cookie", "")):
            return "open the address that `cusp studio` printed: it carries the token"
        unsafe = scope["type"] == "websocket" or scope["method"] not in _SAFE
        if (unsafe or origin is not None) and origin != f"http://{host}":
            return "it does not come from the studio's own page"
        return None

    def _is_first(self, scope: Scope) -> bool:
        """The address as it was printed, with the true token."""
        if scope["type"] != "http" or scope["method"] != "GET" or scope["path"] != "/":
            return False
        given = parse_qs(scope.get("query_string", b"").decode("latin-1")).get("token", [""])[0]
        return secrets.compare_digest(given.encode(), self.token.encode())

    def _knows(self, cookies: str) -> bool:
        try:
            given = SimpleCookie(cookies).get(self.cookie)
        except CookieError:
            return False
        return given is not None and secrets.compare_digest(given.value.encode(), self.session.encode())

    def _welcome(self) -> Response:
        answer = HTMLResponse(_WELCOME, headers={**HEADERS, "Content-Security-Policy": "default-src 'none'"})
        answer.set_cookie(self.cookie, self.session, httponly=True, samesite="strict", path="/")
        return answer


def _with_headers(send: Send) -> Send:
    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers.setdefault(name, value)
            headers.setdefault("Content-Security-Policy", POLICY)
        await send(message)

    return sent
