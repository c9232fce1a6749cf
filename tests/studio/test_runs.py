"""Runs: each tab has its own or a place in the queue; they end when they are stopped, left, or their worker dies."""

import os
import signal
import time
from pathlib import Path

import pytest

from tests.studio.conftest import alive, ends


def test_a_run_says_what_its_job_says_and_ends(studio):
    tab = studio.tab()
    run = tab.start("echo", number=3, text="中文 <script>", list=[1, None])
    assert tab.ends(run)["kind"] == "done"
    assert tab.of("echo")[0]["arguments"] == {"number": 3, "text": "中文 <script>", "list": [1, None]}
    assert tab.of("echo")[0]["odd"] == [None, None, 3, {"1": []}]  # no browser reads NaN
    kinds = [facts["kind"] for facts, _ in tab.said if facts.get("run") == run]
    assert kinds[-3:] == ["started", "echo", "done"] and set(kinds[:-3]) <= {"queued"}


def test_pictures_come_as_bytes(studio):
    import cv2
    import numpy as np

    tab = studio.tab()
    tab.ends(tab.start("frames", number=3))
    tab.ends(tab.start("frames", number=1, side=300))
    sent = [(facts, data) for facts, data in tab.said if facts["kind"] == "picture"]
    seen = [cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR) for _, data in sent]
    assert [facts["index"] for facts, _ in sent] == [0, 1, 2, 0]
    assert [picture.shape[0] for picture in seen] == [64, 64, 64, 300] and [int(p.mean()) for p in seen[:3]] == [
        0,
        40,
        80,
    ]


@pytest.mark.parametrize(
    ("job", "arguments", "said"),
    [
        ("wrong", {}, "size must be 2 to 4096: got 1"),
        ("fault", {}, "KeyError"),
        ("none", {}, "no job 'none'"),
        ("wrong", {"other": 1}, "no such arguments"),
        ("size", {"video": "/etc/passwd"}, "must be a file that the page uploaded"),
        ("size", {"video": {"file": "/etc/passwd"}}, "a page names no file"),
        ("size", {"video": {"upload": "../../etc/passwd"}}, "no longer here"),
    ],
)
def test_what_goes_wrong_is_told_and_the_next_run_works(studio, job, arguments, said):
    tab = studio.tab()
    ended = tab.ends(tab.start(job, **arguments))
    assert ended["kind"] == "failed" and said in ended["text"]
    assert tab.ends(tab.start("echo"))["kind"] == "done"


NOT_MADE = (
    ({"prompt": "", "seconds": 2}, "say what should happen"),
    ({"prompt": "a glass", "seconds": 1e9}, "seconds must be a number from 0.1 to 60"),
    ({"prompt": "a glass", "size": 100_000}, "size must be a whole number from 16 to 512"),
    ({"prompt": "a glass", "candidates": "2"}, "candidates must be a whole number"),
    ({"prompt": "a glass", "image": "/etc/passwd"}, "must be a file that the page uploaded"),
)


def test_make_says_what_it_does_not_take(studio):
    tab = studio.tab()
    for arguments, said in NOT_MADE:
        ended = tab.ends(tab.start("make", **arguments), seconds=60)
        assert ended["kind"] == "failed" and said in ended["text"]


def test_warnings_of_the_rooms_reach_the_page(studio):
    tab = studio.tab()
    tab.ends(tab.start("warned"))
    assert [facts["text"] for facts in tab.of("warning")] == ["nobody taught it that"]


@pytest.mark.parametrize("studio", [{"workers": 2}], indirect=True)
def test_two_tabs_have_each_their_run_and_the_third_a_place(studio):
    first, second, third = studio.tab(), studio.tab(), studio.tab()
    one, two = first.start("count"), second.start("count")
    first.hear("number")
    second.hear("number")
    three, four = third.start("echo"), third.start("echo")
    assert third.hear("queued", run=three)["place"] == 1 and third.hear("queued", run=four)["place"] == 2
    first.ask(do="stop", run=one)
    assert first.ends(one)["kind"] == "stopped"
    assert third.ends(three)["kind"] == third.ends(four)["kind"] == "done"
    second.hear("number", run=two)  # it went on


def test_what_waits_for_a_model_that_is_loaded_can_be_stopped_at_once(studio):
    """And the load goes on, in one worker alone: a page that asks and takes back begins nothing anew."""
    first, second = studio.tab(), studio.tab()
    going = first.start("load")
    process = first.hear("process")["process"]
    first.hear("loading")
    waits = second.start("load")
    assert second.hear("queued", run=waits)["loading"]
    second.ask(do="stop", run=waits)
    assert second.ends(waits, seconds=2)["kind"] == "stopped"
    other = second.start("load")
    assert first.ends(going)["kind"] == "done" and second.ends(other)["kind"] == "done"
    assert [facts["process"] for facts in second.of("process")] == [process]


@pytest.mark.parametrize("studio", [{"workers": 1}], indirect=True)
def test_a_tab_that_asks_for_much_does_not_keep_others_waiting(studio):
    greedy, modest = studio.tab(), studio.tab()
    greedy.start("count", to=100)
    greedy.hear("number")
    many = [greedy.start("echo") for _ in range(9)]
    greedy.hear("queued", run=many[-1])
    mine = modest.start("echo")
    assert modest.hear("queued", run=mine)["place"] == 1
    modest.ends(mine)
    assert all(greedy.ends(run)["kind"] == "done" for run in many)


def test_a_closed_tab_stops_its_run_and_its_files_go(studio, tmp_path):
    tab = studio.tab()
    tab.ends(tab.start("files"))
    tab.start("count")
    process = tab.hear("process")["process"]
    tab.hear("number")
    assert any((tmp_path / "runs").iterdir())
    tab.socket.close()
    other = studio.tab()
    until = time.monotonic() + 10
    while list((tmp_path / "runs").iterdir()):
        assert time.monotonic() < until
        time.sleep(0.05)
    assert not studio.app.state.runs.runs and alive(process)  # the worker is there for the next run
    other.ends(other.start("echo"))


@pytest.mark.parametrize("how", ["stop", "close"])
def test_a_job_that_does_not_heed_a_stop_is_killed(studio, how, monkeypatch):
    monkeypatch.setattr("cuspworld.studio.runs.GRACE", 0.3)
    tab = studio.tab()
    run = tab.start("stubborn")
    process = tab.hear("process")["process"]
    if how == "stop":
        tab.ask(do="stop", run=run)
        assert tab.ends(run)["kind"] == "stopped"
    else:
        tab.socket.close()
        tab = studio.tab()
    assert ends(process)
    assert tab.ends(tab.start("echo"))["kind"] == "done"


def test_a_worker_that_dies_is_told_and_the_page_lives_on(studio):
    tab, other = studio.tab(), studio.tab()
    going = other.start("count")
    other.hear("number", run=going)
    ended = tab.ends(tab.start("crash"))
    assert ended["kind"] == "failed" and "signal 9" in ended["text"]
    other.hear("number", run=going)  # another's run is another's
    run = tab.start("count")
    process = tab.hear("process")["process"]
    os.kill(process, signal.SIGKILL)  # from outside, amid a run
    assert "signal 9" in tab.ends(run)["text"]
    assert tab.ends(tab.start("echo"))["kind"] == "done"


def test_what_a_killed_worker_had_started_goes_with_it(studio, monkeypatch):
    monkeypatch.setattr("cuspworld.studio.runs.GRACE", 0.1)
    tab = studio.tab()
    tab.start("child")
    child = tab.hear("child")["process"]
    worker = int(Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()[1])
    for held in studio.app.state.runs.workers:
        if held.process.pid == worker:
            held.kill()
    assert ends(worker) and ends(child)


def test_a_page_speaks_to_its_run_and_to_no_others(studio):
    tab, other = studio.tab(), studio.tab()
    run = tab.start("hear")
    tab.hear("ready")
    other.ask(do="tell", run=run, data={"over": True})
    other.ask(do="stop", run=run)
    tab.ask(do="tell", run=run, data={"key": "left"})
    assert tab.hear("heard")["told"] == {"key": "left"}
    tab.ask(do="tell", run=run, data={"over": True})
    assert tab.ends(run)["kind"] == "done"


NONSENSE = (
    "", "no json", "[]", "{}", '{"do": 3}', '{"do": "start"}', '{"do": "start", "run": 7}', "[" * 100_000,
    '{"do": "start", "run": "a", "job": "echo", "arguments": []}', '{"do": "stop", "run": "x"}',
    '{"do": "start", "run": "../x", "job": "echo"}', '{"do": "forget", "upload": ["x"]}',
)  # fmt: skip


def test_nonsense_of_a_page_does_no_harm(studio):
    tab = studio.tab()
    for text in NONSENSE:
        tab.socket.send(text)
        assert tab.ends(tab.start("echo"))["kind"] == "done", text[:80]


def test_files_of_a_run_are_served_by_their_bare_names_alone(studio):
    tab = studio.tab()
    run = tab.start("files")
    tab.ends(run)
    status, headers, body = studio.request("GET", f"/files/{tab.name}/{run}/made.png")
    assert (status, body) == (200, b"picture")
    status, headers, _ = studio.request("GET", f"/files/{tab.name}/{run}/made.html")
    assert status == 200 and "sandbox allow-scripts" in headers["content-security-policy"]
    assert studio.request("GET", f"/files/{tab.name}/{run}/made.png", {"Range": "bytes=0-2"})[2] == b"pic"
    for name in ("kept.safetensors", "link.png", "none.png", "..%2fmade.png", "../made.png", ".made.png"):
        assert studio.request("GET", f"/files/{tab.name}/{run}/{name}")[0] in (403, 404), name
    assert studio.request("GET", f"/files/{'0' * 32}/{run}/made.png")[0] == 404
    tab.ask(do="forget", run=run)
    tab.ends(tab.start("echo"))
    assert studio.request("GET", f"/files/{tab.name}/{run}/made.png")[0] == 404


def test_a_page_that_does_not_read_slows_its_own_run_alone(studio):
    slow, quick = studio.tab(), studio.tab()
    slow.start("frames", number=400, side=400)
    for _ in range(5):
        assert quick.ends(quick.start("echo"), seconds=10)["kind"] == "done"
