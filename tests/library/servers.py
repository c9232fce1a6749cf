"""Servers of this machine for tests: web servers that behave, and that do not, and a store that speaks enough of S3."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit


@contextmanager
def served(answer) -> Iterator[str]:
    """The address of a server whose every GET or HEAD is answered by `answer(handler, path)`."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            answer(self, self.path)

        do_HEAD = do_GET

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def say(handler, data: bytes = b"", code: int = 200, **headers) -> None:
    handler.send_response(code)
    for name, value in {"Content-Length": str(len(data)), **headers}.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.end_headers()
    if handler.command == "GET":
        handler.wfile.write(data)


def folder_pages(root: Path):
    """Files of a folder, and pages that list them, as web servers make them."""

    def answer(handler, path):
        place = root / urlsplit(path).path.strip("/")
        if place.is_dir():
            names = ["../", *(f"{child.name}/" if child.is_dir() else child.name for child in sorted(place.iterdir()))]
            say(handler, "".join(f'<a href="{name}">{name}</a>\n' for name in names).encode())
        elif place.is_file():
            say(handler, place.read_bytes())
        else:
            say(handler, b"", 404)

    return answer


def bucket(root: Path):
    """A bucket named `bucket` with the files of a folder: ListObjectsV2, HeadObject and GetObject."""

    def answer(handler, path):
        asked = urlsplit(path)
        key = asked.path.strip("/").removeprefix("bucket").strip("/")
        query = parse_qs(asked.query)
        if not key and "list-type" in query:
            prefix = query.get("prefix", [""])[0]
            names = [file.relative_to(root).as_posix() for file in sorted(root.rglob("*")) if file.is_file()]
            rows = "".join(
                f"<Contents><Key>{name}</Key><LastModified>2026-01-01T00:00:00.000Z</LastModified><ETag>&quot;e&quot;"
                f"</ETag><Size>{(root / name).stat().st_size}</Size><StorageClass>STANDARD</StorageClass></Contents>"
                for name in names
                if name.startswith(prefix)
            )
            text = (
                '<?xml version="1.0"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>bucket'
                f"</Name><Prefix>{prefix}</Prefix><KeyCount>{len(names)}</KeyCount><MaxKeys>1000</MaxKeys>"
                f"<IsTruncated>false</IsTruncated>{rows}</ListBucketResult>"
            )
            say(handler, text.encode(), Content_Type="application/xml")
        elif key and (root / key).is_file():
            date = formatdate(0, usegmt=True)
            say(handler, (root / key).read_bytes(), ETag='"e"', Last_Modified=date, Content_Type="binary/octet-stream")
        else:
            say(handler, b"", 404)

    return answer
