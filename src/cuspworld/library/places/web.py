"""Files of a web server, fetched with care: pauses when it is busy, a limit on size, and no redirect to where a page
must not lead."""

from __future__ import annotations

import http.client
import ipaddress
import re
import socket
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

from cuspworld.errors import CuspError
from cuspworld.library.places.place import LARGEST_FILE

PAUSES = (0.5, 2.0, 8.0)  # seconds before asking again
_LONGEST_PAUSE = 60.0  # that a server may ask for
_TIMEOUT = 30.0  # seconds without a byte
_PAGE = 16 << 20  # bytes of a page that lists files
_DEEP = 4  # folders below the address


class WebFiles:
    def __init__(self, url: str):
        self.url = url
        self.open = urllib.request.build_opener(_Redirects(url)).open
        self.places: dict[str, str] = {}

    def listing(self) -> dict[str, int]:
        """The address itself if it is a file; else what its page links to below it."""
        path = urllib.parse.urlsplit(self.url).path
        if not path.endswith("/"):
            name = urllib.parse.unquote(path.rpartition("/")[2]) or "video.mp4"
            self.places = {name: self.url}
        else:
            self._walk(self.url, "", _DEEP)
        return dict.fromkeys(self.places, 0)

    def _walk(self, url: str, inside: str, deep: int) -> None:
        with self._asked(url) as answer:
            page = answer.read(_PAGE).decode("utf-8", "replace")
        for link in re.findall(r"""<a\s[^>]*?href\s*=\s*["']?([^"'\s>]+)""", page, re.IGNORECASE):
            whole = urllib.parse.urljoin(url, link.partition("#")[0].partition("?")[0])
            if not whole.startswith(url) or whole == url:
                continue  # up, or elsewhere
            name = inside + urllib.parse.unquote(whole[len(url) :])
            if whole.endswith("/"):
                if deep and whole.count("/") == url.count("/") + 1:
                    self._walk(whole, name, deep - 1)
            else:
                self.places[name] = whole

    def fetch(self, name: str, path: Path) -> None:
        """Raises CuspError for whatever comes instead of the whole file."""
        for pause in (*PAUSES, None):
            try:
                with self._asked(self.places[name]) as answer, path.open("wb") as out:
                    promised = answer.headers.get("Content-Length", "")
                    count = 0
                    while part := answer.read(1 << 20):
                        count += len(part)
                        if count > LARGEST_FILE:
                            raise CuspError(f"is larger than {LARGEST_FILE >> 30} GiB")
                        out.write(part)
                if promised.isdecimal() and count < int(promised):
                    raise http.client.IncompleteRead(b"", int(promised) - count)
                return
            except (http.client.HTTPException, TimeoutError, ConnectionError) as error:
                if pause is None:
                    raise CuspError(f"the server broke off {len(PAUSES) + 1} times: {error!r}") from error
                time.sleep(pause)

    def _asked(self, url: str) -> Any:
        """The server's answer, asked again while it is busy. Raises CuspError."""
        for pause in (*PAUSES, None):
            try:
                return self.open(urllib.request.Request(url, headers={"User-Agent": "cuspworld"}), timeout=_TIMEOUT)
            except urllib.error.HTTPError as error:
                if pause is None or error.code not in (408, 425, 429, 500, 502, 503, 504):
                    raise CuspError(f"{url} answers {error.code} {str(error.reason)[:100]}") from error
                asked = error.headers.get("Retry-After", "")
                time.sleep(min(float(asked), _LONGEST_PAUSE) if asked.isdecimal() else pause)
            except (urllib.error.URLError, http.client.HTTPException, OSError, ValueError) as error:
                if pause is None or isinstance(getattr(error, "reason", None), CuspError | socket.gaierror):
                    raise CuspError(f"{url} cannot be reached: {str(error)[:200] or type(error).__name__}") from error
                time.sleep(pause)
        raise AssertionError("unreachable")


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follows to http and https alone, and never from the open net to this machine or its private network."""

    def __init__(self, url: str):
        self.private = _private(url)

    def redirect_request(self, request: Any, *rest: Any) -> Any:
        target = rest[-1]
        scheme = urllib.parse.urlsplit(target).scheme.lower()
        if scheme not in ("http", "https"):
            raise CuspError(f"{request.full_url} redirects to {target[:200]}, which is no web address: not followed")
        if not self.private and _private(target):
            raise CuspError(f"{request.full_url} redirects into a private network, to {target[:200]}: not followed")
        return super().redirect_request(request, *rest)


def _private(url: str) -> bool:
    """Whether an address is of this machine or a private network, by every address that its name has."""
    try:
        found = socket.getaddrinfo(urllib.parse.urlsplit(url).hostname, None)
    except (OSError, UnicodeError):
        return False
    return any(not ipaddress.ip_address(str(entry[4][0]).partition("%")[0]).is_global for entry in found)
