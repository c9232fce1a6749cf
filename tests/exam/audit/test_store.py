"""A second run asks only what is new, and gets back the same."""

import json
from pathlib import Path

import numpy as np
import pytest

from cuspworld import worlds
from cuspworld.clip import Clip
from cuspworld.exam.audit.store import Store


def _pair() -> tuple[Clip, Clip]:
    world = worlds.make("Collision", size=32, fps=12.0)
    return world.record(0, seconds=0.5), world.record(1, seconds=0.5)


def test_clips_come_back_to_the_byte_and_are_made_once(tmp_path: Path) -> None:
    store, made = Store(tmp_path), []

    def make() -> tuple[Clip, Clip]:
        made.append(_pair())
        return made[-1]

    first, second = store.pair(("Collision", 0), make), Store(tmp_path).pair(("Collision", 0), make)
    assert len(made) == 1 and first is not None and second is not None
    for clip, again, true in zip(first, second, made[0], strict=True):
        assert clip.truth is not None and again.truth is not None and true.truth is not None
        assert clip.fps == again.fps == true.fps
        assert (clip.frames == true.frames).all() and (again.frames == true.frames).all()
        assert clip.truth.to_bytes() == again.truth.to_bytes() == true.truth.to_bytes()
    assert store.pair(("Collision", 1), lambda: None) is None
    assert store.pair(("Collision", 1), _pair) is None  # that there is no occasion is kept as well


def test_nothing_kept_is_a_pickle(tmp_path: Path) -> None:
    Store(tmp_path).pair(("Collision", 0), _pair)
    for file in (tmp_path / "clips").iterdir():
        with np.load(file, allow_pickle=False) as arrays:
            assert all(arrays[name].dtype != object for name in arrays.files)


def test_a_report_is_kept_by_the_clips_pixels(tmp_path: Path) -> None:
    store = Store(tmp_path, taught=False)
    clip = Clip(np.zeros((12, 32, 32, 3), np.uint8), 10.0)
    said = store.report(clip)
    (file,) = (tmp_path / "reports").iterdir()
    kept = json.loads(file.read_text())
    assert said == kept and "cpu" in kept
    file.write_text(json.dumps({**kept, "name": "from the store"}))
    assert store.report(clip)["name"] == "from the store"
    other = clip.frames.copy()
    other[3, 4, 5] = 1
    assert store.report(Clip(other, 10.0))["name"] != "from the store"
    assert store.report(Clip(clip.frames, 12.0))["name"] != "from the store"
    assert store.report(clip, working=64)["name"] != "from the store"


def test_without_a_folder_nothing_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Store(None, taught=False).report(Clip(np.zeros((12, 32, 32, 3), np.uint8), 10.0))
    assert not list(tmp_path.rglob("*"))
