"""Video comes from strangers: limits hold, nothing is fetched, and damage is an error or a report."""

import http.server
import importlib.util
import itertools
import struct
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import av
import numpy as np
import pytest

from cuspworld.audit import audit_clip, audit_frames
from cuspworld.audit.streaming import Limits, check_bytes, guarded
from cuspworld.clip import Clip
from cuspworld.errors import CuspError

from .scenes import BLUE, FPS, RED, render, straight


@pytest.fixture(scope="module")
def fuzz() -> ModuleType:
    """benchmarks/audit_fuzz.py"""
    path = Path(__file__).resolve().parents[2] / "benchmarks" / "audit_fuzz.py"
    spec = importlib.util.spec_from_file_location("audit_fuzz", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["audit_fuzz"] = module
    spec.loader.exec_module(module)
    return module


def test_a_hundred_mutated_files_give_a_report_or_an_error(fuzz: ModuleType) -> None:
    outcomes, wrong, peak, _ = fuzz.run(100, first=1_000_000, progress=False)
    assert wrong == []
    assert outcomes["report"] > 10 and outcomes["error"] > 10, "both happen, or the mutations are not worth much"
    assert 0 < peak < fuzz.BOUND


@pytest.mark.long
def test_two_thousand_mutated_files_give_a_report_or_an_error(fuzz: ModuleType) -> None:
    assert fuzz.run(2000, first=2_000_000, progress=False)[1] == []


def test_the_mutations_leave_the_originals_readable_and_change_them(fuzz: ModuleType, tmp_path: Path) -> None:
    files = fuzz.originals(tmp_path)
    for path in sorted(tmp_path.iterdir()):
        assert audit_clip(path).seconds > 0.5, path
    assert all(fuzz.mutant(files, seed)[0] not in files for seed in range(20))
    assert fuzz.mutant(files, 7) == fuzz.mutant(files, 7)


# -- nothing is fetched ------------------------------------------------------------------------------------------------


@pytest.fixture
def server() -> Iterator[tuple[str, list[str]]]:
    """(address, requests so far) of a web server on this machine."""
    asked: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(404)

        do_HEAD = do_GET

        def log_message(self, *arguments: object) -> None:
            pass

    machine = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=machine.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{machine.server_address[1]}", asked
    machine.shutdown()


def _atom(name: bytes, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return struct.pack(">I", 8 + len(body)) + name + body


def _referring_movie(address: str) -> bytes:
    """A QuickTime reference movie: all that it holds is where the true movie lies."""
    url = address.encode() + b"\0"
    reference = _atom(b"rdrf", struct.pack(">I", 0), b"url ", struct.pack(">I", len(url)), url)
    return _atom(b"ftyp", b"qt  ", bytes(4), b"qt  ") + _atom(b"moov", _atom(b"rmra", _atom(b"rmda", reference)))


def _elsewhere(address: str) -> dict[str, bytes]:
    return {
        "hls": f"#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n{address}/a.ts\n#EXT-X-ENDLIST\n".encode(),
        "concat": f"ffconcat version 1.0\nfile '{address}/b.mp4'\n".encode(),
        "concat-local": b"ffconcat version 1.0\nfile '/etc/passwd'\nfile '/etc/hostname'\n",
        "dash": (
            '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" '
            'mediaPresentationDuration="PT2S"><Period><AdaptationSet mimeType="video/mp4"><Representation id="1" '
            f'bandwidth="1"><BaseURL>{address}/c.mp4</BaseURL></Representation></AdaptationSet></Period></MPD>'
        ).encode(),
        "sdp": b"v=0\nc=IN IP4 127.0.0.1\nm=video 5004 RTP/AVP 96\na=rtpmap:96 H264/90000\n",
        "reference movie": _referring_movie(f"{address}/d.mov"),
        "address": address.encode() + b"/e.mp4",
    }


def test_no_container_makes_the_audit_fetch_or_open_another_file(server: tuple[str, list[str]], tmp_path: Path) -> None:
    address, asked = server
    for (name, data), suffix in itertools.product(_elsewhere(address).items(), (".mp4", ".mov", ".webm", ".m3u8")):
        path = tmp_path / f"{name.replace(' ', '-')}{suffix}"
        path.write_bytes(data)
        with pytest.raises(CuspError):
            audit_clip(path)
    assert asked == []


def test_an_address_in_the_place_of_a_file_is_not_fetched(server: tuple[str, list[str]]) -> None:
    address, asked = server
    for path in (f"{address}/a.mp4", f"concat:{address}/a.mp4|{address}/b.mp4", "data:video/mp4;base64,AAAA"):
        with pytest.raises(CuspError, match="no file at"):
            audit_clip(path)
    assert asked == []


def test_an_external_data_reference_is_not_followed(tmp_path: Path) -> None:
    """A movie whose samples are said to lie in another file: that file's bytes are not decoded."""
    movie = tmp_path / "true.mov"
    Clip(render([straight((25, 30), (1.2, 0), 20)], [7], [RED]), FPS).write(movie)
    data = movie.read_bytes()
    # a data entry that is self-contained has flag 1; taken away, and named "alis", the samples lie elsewhere
    place = data.find(b"dref")
    entry = data.find(b"url \0\0\0\1", place)
    assert place > 0 and entry > place
    outside = data[:entry] + b"alis\0\0\0\0" + data[entry + 8 :]
    (tmp_path / "outside.mov").write_bytes(outside)
    try:
        report = audit_clip(tmp_path / "outside.mov")
    except CuspError:
        return
    assert report.seconds <= 20 / FPS + 0.01  # read from the movie itself, as if the reference were not there


# -- limits ------------------------------------------------------------------------------------------------------------


def _gif(width: int, height: int) -> bytes:
    """The header of a gif of any size, with one frame of one pixel."""
    return (
        b"GIF89a" + struct.pack("<HH", width, height) + b"\x80\0\0" + b"\0\0\0\xff\xff\xff"
        + b"\x2c" + struct.pack("<HHHH", 0, 0, 1, 1) + b"\0" + b"\x02\x02\x44\x01\0" + b"\x3b"
    )  # fmt: skip


def test_declared_dimensions_are_checked_before_decoding(tmp_path: Path) -> None:
    (tmp_path / "bomb.gif").write_bytes(_gif(65535, 65535))
    with pytest.raises(CuspError, match=r"bomb\.gif"):
        audit_clip(tmp_path / "bomb.gif")


def test_a_file_beyond_the_limit_of_bytes_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "big.mp4"
    path.write_bytes(bytes(2000))
    check_bytes(path, Limits(file_bytes=2000))
    with pytest.raises(CuspError, match="more than the limit"):
        audit_clip(path, limits=Limits(file_bytes=1999))


def test_a_frame_rate_that_is_a_lie_ends_in_an_error_and_soon(tmp_path: Path) -> None:
    """Nine decoded frames declared to be 1000 a second, and each on screen for 500 s: 4.5 million frames to look at."""
    path = tmp_path / "lie.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=1000)
        stream.width, stream.height, stream.pix_fmt = 32, 32, "yuv420p"
        for t in range(9):
            frame = av.VideoFrame.from_ndarray(np.full((32, 32, 3), 20 * t, np.uint8), format="rgb24")
            frame.pts = t
            for packet in stream.encode(frame):
                packet.pts = packet.dts = packet.pts * 500_000
                container.mux(packet)
    begin = time.process_time()
    try:
        report = audit_clip(path)
    except CuspError as error:
        assert "timestamps" in str(error)
    else:
        assert report.seconds * report.fps < 1000
    assert time.process_time() - begin < 60


def test_repeats_beyond_belief_are_an_error_and_a_slide_show_is_not() -> None:
    pictures = [np.zeros((8, 8, 3), np.uint8) for _ in range(40)]
    slides = guarded((p for p in pictures for _ in range(40)), 10.0, Limits(), [])
    assert sum(1 for _ in slides) == 1600
    endless = guarded(itertools.repeat(pictures[0]), 1000.0, Limits(), [])
    with pytest.raises(CuspError, match="timestamps cannot be true"):
        sum(1 for _ in endless)


@pytest.mark.parametrize("limits", [Limits(frames=25), Limits(seconds=2.5)])
def test_what_is_too_long_is_judged_up_to_there(limits: Limits) -> None:
    notes: list[str] = []
    frames = (np.zeros((8, 8, 3), np.uint8) for _ in range(100))
    assert sum(1 for _ in guarded(frames, 10.0, limits, notes)) == 25
    assert notes == ["audited up to 2.50 s: longer than the limit"]


def test_the_time_limit_gives_a_report_of_what_was_seen(tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    Clip(render([straight((25, 30), (1.2, 0), 30)], [7], [RED]), FPS).write(path)
    notes: list[str] = []

    def slow() -> Iterator[np.ndarray]:
        for _ in range(100):
            time.sleep(0.02)
            yield np.zeros((8, 8, 3), np.uint8)

    seen = sum(1 for _ in guarded(slow(), 10.0, Limits(timeout=0.2), notes))
    assert 1 <= seen <= 12
    assert "time limit of 0.2 s" in notes[0]
    assert audit_clip(path, limits=Limits(timeout=600), taught=False).notes == ()


@pytest.mark.parametrize("values", [{"timeout": 0.0}, {"timeout": -1.0}, {"frames": 0}, {"seconds": -2.0}])
def test_limits_that_are_none_are_named(values: dict) -> None:
    with pytest.raises(CuspError, match=next(iter(values))):
        Limits(**values)


def test_damage_on_the_way_is_a_note(tmp_path: Path) -> None:
    path = tmp_path / "clip.webm"
    Clip(render([straight((25, 30), (1.2, 0), 40)], [7], [RED]), FPS).write(path)
    (tmp_path / "cut.webm").write_bytes(path.read_bytes()[: int(0.6 * path.stat().st_size)])
    report = audit_clip(tmp_path / "cut.webm")
    assert 0 < report.seconds < 40 / FPS
    assert any("damage" in note for note in report.notes)


# -- frames ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(12))
def test_any_frames_give_a_report(seed: int) -> None:
    """Noise, stripes, flashes, constants, in odd sizes: frames that no camera made."""
    rng = np.random.default_rng(seed)
    height, width, count = (int(rng.integers(1, top)) for top in (70, 90, 40))
    kind = seed % 4
    if kind == 0:
        frames = rng.integers(0, 256, (count, height, width, 3), dtype=np.uint8)
    elif kind == 1:
        frames = np.repeat(rng.integers(0, 256, (count, 1, 1, 3), dtype=np.uint8), height * width, 1)
        frames = frames.reshape(count, height, width, 3)
    elif kind == 2:
        frames = np.where(rng.random((count, 1, 1, 1)) < 0.5, 0, 255) * np.ones((1, height, width, 3))
        frames = frames.astype(np.uint8)
    else:
        frames = (np.arange(width)[None, None, :, None] * 7 + np.arange(count)[:, None, None, None] * 31) % 256
        frames = np.broadcast_to(frames, (count, height, width, 3)).astype(np.uint8)
    report = audit_frames(iter(frames), float(rng.choice([0.01, 1, 24, 1000])))
    assert 0 <= report.score <= 1
    report.to_json()


def test_a_size_that_changes_is_a_note() -> None:
    frames = render([straight((25, 30), (1.2, 0), 30), straight((100, 65), (-1.1, 0), 30)], [7, 9], [RED, BLUE])
    report = audit_frames(itertools.chain(frames, frames[:, ::2]), FPS)
    assert report.seconds == pytest.approx(30 / FPS)
    assert any("size changes" in note for note in report.notes)


@pytest.mark.parametrize("size", [(16, 128), (17, 250), (31, 256), (128, 16), (33, 256), (97, 480)])
def test_low_and_wide_frames_do_not_crash(size: tuple[int, int]) -> None:
    """The fuzzer's find (file 9280): OpenCV's DIS flow crashes on pictures lower than 32 pixels."""
    frames = np.random.default_rng(0).integers(0, 256, (8, *size, 3), dtype=np.uint8)
    assert audit_frames(iter(frames), 10.0).size == size
