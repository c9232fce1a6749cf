"""In a notebook: every value shows itself in a few lines, clips play, long work shows how far it is."""

import re
import sys
from base64 import b64decode
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest
import torch

from cuspworld import Brenier, Clip, Simulator, audit, worlds
from cuspworld.errors import CuspError
from cuspworld.progress import progress_bar
from cuspworld.simulator.critical import CriticalEvent
from cuspworld.training.loop import Process, Trainer
from cuspworld.training.presets import Phase
from tests.helpers import moving_box


@pytest.fixture(scope="module")
def recorded() -> Clip:
    return worlds.make("Collision").record(seed=4, size=32, seconds=3.0)


@pytest.fixture
def notebook(monkeypatch):
    """A stand-in for IPython in a kernel: what cells were given to show, in order."""
    shown = []

    class Handle:
        def update(self, picture):
            shown.append(picture)

    def display(picture, display_id):
        shown.append(picture)
        return Handle()

    ipython, room = ModuleType("IPython"), ModuleType("IPython.display")
    ipython.get_ipython = lambda: SimpleNamespace(kernel=object())
    room.HTML, room.display = str, display
    monkeypatch.setitem(sys.modules, "IPython", ipython)
    monkeypatch.setitem(sys.modules, "IPython.display", room)
    return shown


def test_no_repr_is_long(recorded, tmp_path):
    simulator = Simulator.from_pretrained("default")
    values = [recorded, recorded.truth, audit(moving_box(0)), worlds.make("Juice"), simulator, Brenier()]
    values += [Clip(np.zeros((3, 8, 8, 3), np.uint8), 10.0, "long " * 9999), *recorded.truth.events]
    assert max(len(repr(part)) for part in (*simulator.modules(), *vars(simulator).values())) < 15_000
    sides = np.zeros((2, 64, 64, 3), np.uint8)
    values += [CriticalEvent("Juice", 0, 1, 40, sides, recorded, "it tips"), *simulator.kinds]
    for value in values:
        assert len(repr(value)) < 1000, (type(value), len(repr(value)))
        assert "object at 0x" not in repr(value)


def test_a_clip_plays_in_a_notebook_and_its_caption_is_no_markup(tmp_path):
    clip = Clip(moving_box(0, 12).frames, 8.0, "<script>alert(1)</script>")
    shown = clip._repr_html_()
    (tmp_path / "back.mp4").write_bytes(b64decode(re.search(r"base64,([^\"]+)", shown)[1]))
    back = Clip.read(tmp_path / "back.mp4")
    assert len(back) == 12 and back.fps == 8.0 and "<script>" not in shown and "12 frames" in shown


@pytest.mark.parametrize("fps", [0.001, 5000.0])
def test_a_clip_that_no_player_plays_is_shown(fps):
    assert "data:video/mp4" in Clip(moving_box(0, 3).frames, fps)._repr_html_()


def test_what_is_shown_is_short_and_can_be_kept(recorded):
    """A notebook is a file of UTF-8; halves of characters come from names in no encoding."""
    shown = Clip(moving_box(0, 3).frames, 8.0, "caf\udce9 " + "long " * 9999)._repr_html_()
    assert shown.encode() and len(shown) < 15_000 + len(recorded._repr_html_())


def test_everything_shows_itself_in_a_notebook(recorded):
    for value, said in (
        (recorded.truth, "Collision"),
        (audit(moving_box(0)), "score"),
        (worlds.make("Juice"), "pouring_skipped"),
        (Simulator.from_pretrained("default"), "parameters"),
        (Brenier(), "not fitted"),
    ):
        assert said in value._repr_html_() and len(value._repr_html_()) < 15_000


def test_a_library_shows_its_clips(tmp_path, recorded):
    pytest.importorskip("lance", reason="needs cuspworld[library]")
    from cuspworld import Library

    library = Library.create(tmp_path / "l.lance")
    library.add(recorded, "mine")
    assert repr(library).endswith("1 clips)") and len(repr(library.split("train"))) < 100
    assert "data:image/png" in library._repr_html_() and "Collision" in library._repr_html_()


def test_a_clip_is_a_sequence_of_frames(recorded):
    assert np.array_equal(np.asarray(recorded), recorded.frames) and np.asarray(recorded, float).dtype == float
    assert sum(1 for frame in recorded if frame.shape == (32, 32, 3)) == len(recorded)
    assert np.array_equal(recorded[-1], recorded.frames[-1])
    part = recorded[10:20]
    assert len(part) == 10 and part.fps == recorded.fps and part.caption == recorded.caption
    half = recorded[::2]
    assert half.fps == recorded.fps / 2 and half.seconds == pytest.approx(recorded.seconds, abs=0.11)
    for wrong in (slice(5, 5), slice(None, None, -1), slice(99, 120)):
        with pytest.raises(CuspError):
            recorded[wrong]


def test_a_slice_keeps_the_truth_of_its_frames(recorded):
    whole = recorded.truth
    first = whole.events[0].time
    start = int(first * recorded.fps) - 2
    part = recorded[start : start + 8 : 2].truth
    assert np.array_equal(part.state, whole.state[start : start + 8 : 2]) and len(part.masks) == 4
    assert part.events[0].time == pytest.approx(first - start / recorded.fps)
    for part in (recorded[3:9], recorded[20:]):
        assert all(0 <= event.time < part.seconds for event in part.truth.events)
    assert recorded[:2].truth.branch == "" and recorded[3:].truth.branch == whole.branch
    world = worlds.make("Collision")
    twin = world.record(seed=world.twin_seed("stops"), twin="stops", size=32)
    broken = twin.truth.violation
    frame = round(broken.start * twin.fps)
    assert twin[:frame].truth.violation is None
    assert twin[frame - 1 :].truth.violation.start == pytest.approx(1 / twin.fps)


def test_a_notebook_sees_how_far_a_recording_and_an_ingest_are(tmp_path, notebook):
    pytest.importorskip("lance", reason="needs cuspworld[library]")
    from cuspworld import Library

    Library.create(tmp_path / "l.lance").record("Collision", 3, size=16, seconds=0.3)
    assert "<progress" in notebook[0] and "3 of 3" in notebook[-1]
    (tmp_path / "videos").mkdir()
    moving_box(0, 3).write(tmp_path / "videos" / "a.mp4")
    Library.create(tmp_path / "own.lance").ingest(tmp_path / "videos")
    assert "own.lance" in notebook[-1] and "1 of 1" in notebook[-1]


def test_a_notebook_sees_how_far_a_fit_and_an_audit_are(notebook):
    points = np.random.default_rng(0).normal(size=(50, 3))
    Brenier(tolerance=0.3).fit(points)
    audit(moving_box(0))
    assert "batches" in notebook[0] and "25 frames" in notebook[-1]


class Halved(torch.nn.Module):
    """The smallest thing that can be trained."""

    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.ones(1))

    def forward(self, batch):
        return (self.weight * batch).square().sum(), {}


def test_a_notebook_sees_how_far_a_training_is(tmp_path, notebook):
    phase = Phase(3, batch=1, learning_rate=0.1)
    options = {"process": Process(), "bfloat16": False}
    Trainer("codec", Halved(), lambda step, process: torch.ones(1), phase, tmp_path, **options).run()
    assert "codec: 3 of 3 steps" in notebook[-1] and "loss" in notebook[-1]


def test_a_script_sees_no_bar(capfd):
    with progress_bar("work", "things") as move:
        move(1, 2)
    assert capfd.readouterr() == ("", "")


def test_what_there_is_to_see_can_be_plotted(recorded):
    import matplotlib

    matplotlib.use("agg")
    assert recorded.plot(frames=4).get_images() and recorded.truth.plot().get_lines()
    report = audit(moving_box(0))
    assert len(report.plot().get_yticks()) == len(report.suspicion)
    with pytest.raises(CuspError, match="take some of"):
        recorded.truth.plot(["nothing"])
