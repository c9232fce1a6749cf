"""What a person drops: bounded, under names that nobody chose, gone with its tab."""

import contextlib
import json
import socket
import time

import pytest

from cuspworld.audit.streaming import Limits


def given(studio, tab, body: bytes, **headers: str) -> tuple[int, dict]:
    status, _, answer = studio.request("POST", "/uploads", {"X-Tab": tab.name, **headers}, body)
    return status, json.loads(answer)


def kept(tmp_path) -> list:
    return sorted((tmp_path / "uploads").iterdir())


def gone(tmp_path) -> bool:
    until = time.monotonic() + 10
    while kept(tmp_path):
        if time.monotonic() > until:
            return False
        time.sleep(0.02)
    return True


def test_an_upload_is_there_for_its_tab_and_no_other_until_it_closes(studio, tmp_path):
    tab, other = studio.tab(), studio.tab()
    status, answer = given(studio, tab, b"x" * 100_000)
    assert status == 200
    (path,) = kept(tmp_path)
    assert path.name == answer["upload"] and path.stat().st_size == 100_000
    assert tab.ends(tab.start("size", video=answer))["kind"] == "done"
    assert tab.of("size")[0]["bytes"] == 100_000
    assert tab.of("size")[0]["text"] == "the file was read"  # where it lies is not told
    assert "no longer here" in other.ends(other.start("size", video=answer))["text"]
    tab.ask(do="forget", upload=answer["upload"])
    tab.ends(tab.start("echo"))
    assert not kept(tmp_path)
    given(studio, tab, b"again")
    tab.socket.close()
    assert gone(tmp_path)


def test_no_name_that_a_file_has_reaches_the_disk(studio, tmp_path):
    tab = studio.tab()
    for name in ("../../up.mp4", "<script>alert(1)</script>.mp4", "a\\b", "con", "x" * 3000):
        headers = {"Content-Disposition": f'form-data; filename="{name}"', "X-Name": name}
        assert given(studio, tab, b"video", **headers)[0] == 200
    assert all(len(path.name) == 32 and path.name.isalnum() for path in kept(tmp_path))
    assert not [path for path in tmp_path.rglob("*") if path.stem == "up" or "script" in path.name]


@pytest.mark.parametrize("studio", [{"limits": Limits(file_bytes=50_000)}], indirect=True)
def test_more_bytes_than_the_bound_are_refused_whatever_was_announced(studio, tmp_path):
    tab = studio.tab()
    status, answer = given(studio, tab, b"x" * 50_001)
    assert status == 413 and "50,000 bytes" in answer["text"]
    assert not kept(tmp_path)
    assert given(studio, tab, b"x" * 50_000)[0] == 200
    # announced as nothing at all: chunk after chunk
    chunk = b"%x\r\n" % 10_000 + b"x" * 10_000 + b"\r\n"
    answer = raw(studio, tab, "Transfer-Encoding: chunked", chunk * 8 + b"0\r\n\r\n")
    assert b" 413 " in answer
    assert len(kept(tmp_path)) == 1


@pytest.mark.parametrize("studio", [{"limits": Limits(file_bytes=50_000), "uploads": 120_000}], indirect=True)
def test_a_tab_keeps_no_more_than_it_may(studio, tmp_path):
    tab, other = studio.tab(), studio.tab()
    assert [given(studio, tab, b"x" * 50_000)[0] for _ in range(3)] == [200, 200, 413]
    assert given(studio, other, b"x" * 50_000)[0] == 200
    assert len(kept(tmp_path)) == 3


@pytest.mark.parametrize(
    ("announced", "sent", "status"),
    [
        ("Content-Length: 4000", b"x" * 100, b""),  # and then it hangs up
        ("Content-Length: 999999999999", b"x" * 100, b" 413 "),
        ("Content-Length: 10", b"x" * 5000, b" 200 "),  # ten bytes are the body; what follows is no request
        ("Content-Length: -1", b"x", b" 400 "),
        ("Content-Length: 1e3", b"x", b" 400 "),
        ("Content-Length: 0", b"", b" 400 "),
    ],
)
def test_a_length_that_lies_leaves_nothing_behind(studio, tmp_path, announced, sent, status):
    tab = studio.tab()
    assert status in raw(studio, tab, announced, sent)
    until = time.monotonic() + 5
    while any(size != 10 for size in sizes(tmp_path)):
        assert time.monotonic() < until
        time.sleep(0.02)
    assert tab.ends(tab.start("echo"))["kind"] == "done"


def test_a_tab_that_is_not_there_uploads_nothing(studio, tmp_path):
    tab = studio.tab()
    for name in ("", "0" * 32, "../../etc"):
        assert studio.request("POST", "/uploads", {"X-Tab": name}, b"video")[0] == 400
    tab.socket.close()
    time.sleep(0.2)
    assert studio.request("POST", "/uploads", {"X-Tab": tab.name}, b"video")[0] == 400
    assert not kept(tmp_path)


def sizes(folder) -> list[int]:
    """Of the files that are kept; one may be deleted while they are looked at, which is what is waited for."""
    found = []
    for path in kept(folder):
        with contextlib.suppress(FileNotFoundError):
            found.append(path.stat().st_size)
    return found


def raw(studio, tab, announced: str, body: bytes) -> bytes:
    """What comes back for a request as it was written; the connection is ended after it."""
    head = (
        f"POST /uploads HTTP/1.1\r\nHost: 127.0.0.1:{studio.port}\r\nOrigin: {studio.origin}\r\n"
        f"Cookie: {studio.cookie}\r\nX-Tab: {tab.name}\r\n{announced}\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", studio.port), timeout=2) as connection:
        connection.sendall(head.encode() + body)
        answer = b""
        try:
            while part := connection.recv(65536):
                answer += part
                if b"\r\n\r\n" in answer:
                    break
        except (TimeoutError, ConnectionError):
            pass
    return answer
